// SPDX-License-Identifier: Apache-2.0
// Scratch: a directory for what trials of a plugin keep (their state directories, below instances/), removed with
// everything in it when its owner goes.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace bellhop::core {

class Scratch {
 public:
  Scratch() {
    std::error_code failed;
    std::string pattern = (std::filesystem::temp_directory_path(failed) / "bellhop-trial-XXXXXX").string();
    if (failed || ::mkdtemp(pattern.data()) == nullptr) return;
    path_ = pattern;
    std::filesystem::create_directories(path_ / "instances", failed);
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;

  const std::filesystem::path &path() const { return path_; }  // empty: it could not be made

 private:
  std::filesystem::path path_;
};

}  // namespace bellhop::core
