// SPDX-License-Identifier: Apache-2.0
// What the config tests share: a directory that goes away with the test and holds a plugin called sqlite, surroundings
// that name it, and a way to look at findings as text.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace bellhop::core {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string name = (std::filesystem::temp_directory_path() / "bellhop-config-XXXXXX").string();
    dir_ = mkdtemp(name.data());
    write("lib/bellhop/plugins/sqlite.so", "not a library");
    write("lib/bellhop/plugins/slack.so", "not a library");
    write("credentials/appointlet-token", "0123456789abcdef0123456789abcdef\n");
    surroundings_.executable_dir = dir_ + "/bin";
    surroundings_.credentials_dir = dir_ + "/credentials";
    surroundings_.environment = {{"TOKEN_A", "aaaaaaaaaaaaaaaa"}, {"TOKEN_B", "bbbbbbbbbbbbbbbb"}};
  }
  ~ConfigTest() override { std::filesystem::remove_all(dir_); }

  std::string write(const std::string &name, const std::string &text) const {
    const std::filesystem::path path = std::filesystem::path(dir_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  Loaded parse(const std::string &text) const { return parse_config(text, "bellhop.toml", surroundings_); }
  // The findings, one per line; "" when there are none.
  static std::string errors(const Loaded &loaded) { return lines(loaded.errors); }
  static std::string warnings(const Loaded &loaded) { return lines(loaded.warnings); }
  std::string errors_of(const std::string &text) const { return errors(parse(text)); }

  std::string dir_;
  Surroundings surroundings_;

 private:
  static std::string lines(const std::vector<Finding> &findings) {
    std::string out;
    for (const Finding &finding : findings) out += (out.empty() ? "" : "\n") + finding.text();
    return out;
  }
};

}  // namespace bellhop::core
