// SPDX-License-Identifier: Apache-2.0
// A directory of a test's own. Its name comes from mkdtemp and not from the pid: a run that was killed leaves its
// directory behind, and its pid comes again.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace bellhop::test {

// A new directory; the caller removes it.
inline std::filesystem::path new_temporary_directory(const std::string &name) {
  std::string pattern = (std::filesystem::temp_directory_path() / ("bellhop-" + name + "-XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("mkdtemp " + pattern + ": " + std::strerror(errno));
  return pattern;
}

// A new directory that is removed with everything in it at the end, unless BELLHOP_TEST_KEEP is set.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string &name) : path_(new_temporary_directory(name)) {}
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (std::getenv("BELLHOP_TEST_KEEP") == nullptr) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
  const std::filesystem::path &path() const { return path_; }

 private:
  const std::filesystem::path path_;
};

}  // namespace bellhop::test
