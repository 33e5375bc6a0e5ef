// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/fixture.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

using Secret = ConfigTest;

TEST_F(Secret, comes_from_the_environment_a_file_or_a_credential) {
  const std::string file = write("token", "from a file\r\n");

  EXPECT_EQ(*resolve_secret("env:TOKEN_A", surroundings_), "aaaaaaaaaaaaaaaa");
  EXPECT_EQ(*resolve_secret("file:" + file, surroundings_), "from a file");
  EXPECT_EQ(*resolve_secret("credential:appointlet-token", surroundings_), "0123456789abcdef0123456789abcdef");
}

TEST_F(Secret, is_itself_when_it_is_no_reference) {
  EXPECT_EQ(*resolve_secret("xoxb-1234", surroundings_), "xoxb-1234");
  EXPECT_EQ(*resolve_secret("https://hooks.example/x", surroundings_), "https://hooks.example/x");
}

TEST_F(Secret, loses_one_newline_only) {
  EXPECT_EQ(*resolve_secret("file:" + write("two", "x\n\n"), surroundings_), "x\n");
}

TEST_F(Secret, that_is_not_there_says_where_it_was_looked_for) {
  EXPECT_EQ(resolve_secret("env:NOBODY", surroundings_).error().sentence, "the environment variable NOBODY is not set");
  EXPECT_EQ(resolve_secret("file:" + dir_ + "/none", surroundings_).error().sentence,
            "the secret file " + dir_ + "/none cannot be read: No such file or directory");
  EXPECT_EQ(resolve_secret("credential:none", surroundings_).error().sentence,
            "the credential none in " + dir_ + "/credentials cannot be read: No such file or directory");
}

TEST_F(Secret, without_systemd_says_what_to_use_instead) {
  surroundings_.credentials_dir.clear();

  EXPECT_THAT(resolve_secret("credential:x", surroundings_).error().sentence,
              HasSubstr("CREDENTIALS_DIRECTORY is not set); outside systemd use env: or file:"));
}

TEST_F(Secret, refuses_paths_that_lead_elsewhere) {
  EXPECT_EQ(resolve_secret("credential:../x", surroundings_).error().kind, Kind::invalid);
  EXPECT_EQ(resolve_secret("credential:", surroundings_).error().kind, Kind::invalid);
  EXPECT_EQ(resolve_secret("file:relative", surroundings_).error().kind, Kind::invalid);
}

TEST_F(Secret, is_refused_when_it_is_empty_or_huge_or_a_directory) {
  surroundings_.environment["EMPTY"] = "";

  EXPECT_EQ(resolve_secret("env:EMPTY", surroundings_).error().sentence, "the environment variable EMPTY is empty");
  EXPECT_THAT(resolve_secret("file:" + write("empty", "\n"), surroundings_).error().sentence, HasSubstr("is empty"));
  EXPECT_EQ(resolve_secret("file:" + write("huge", std::string(70'000, 'x')), surroundings_).error().kind,
            Kind::too_large);
  EXPECT_FALSE(resolve_secret("file:" + dir_, surroundings_).ok());
}

}  // namespace
}  // namespace bellhop::core
