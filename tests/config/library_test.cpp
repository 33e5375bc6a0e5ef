// SPDX-License-Identifier: Apache-2.0
#include "config/library.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/fixture.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

using Library = ConfigTest;

TEST_F(Library, is_found_in_the_first_directory_that_has_it) {
  const std::string second = write("more/slack.so", "x");
  const std::string third = write("more/crm.so", "x");
  const std::vector<std::string> dirs{dir_ + "/lib/bellhop/plugins", dir_ + "/more"};

  EXPECT_EQ(*find_library("slack", dirs), dir_ + "/lib/bellhop/plugins/slack.so");
  EXPECT_EQ(*find_library("crm", dirs), third);
  EXPECT_EQ(*find_library(second, dirs), second);
}

TEST_F(Library, that_is_not_there_lists_where_and_what_is) {
  EXPECT_EQ(find_library("slak", {dir_ + "/lib/bellhop/plugins", dir_ + "/none"}).error().sentence,
            "no plugin \"slak\": looked for slak.so in " + dir_ + "/lib/bellhop/plugins, " + dir_ +
                "/none; did you mean \"slack\"? there are: slack, sqlite");
  EXPECT_EQ(find_library("slack", {dir_ + "/none"}).error().sentence,
            "no plugin \"slack\": looked for slack.so in " + dir_ + "/none; no plugin is there");
  EXPECT_EQ(find_library("/none/x.so", {}).error().sentence, "the plugin /none/x.so is not there (no such file)");
}

TEST_F(Library, is_named_without_its_ending) {
  EXPECT_THAT(find_library("sqlite.so", {dir_ + "/lib/bellhop/plugins"}).error().sentence,
              HasSubstr("did you mean \"sqlite\"?"));
}

TEST_F(Library, cannot_be_a_relative_path) {
  EXPECT_EQ(find_library("../sqlite", {dir_}).error().kind, Kind::invalid);
  EXPECT_EQ(find_library("./sqlite.so", {dir_}).error().kind, Kind::invalid);
}

}  // namespace
}  // namespace bellhop::core
