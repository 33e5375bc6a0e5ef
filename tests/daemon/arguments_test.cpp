// SPDX-License-Identifier: Apache-2.0
#include "daemon/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bellhop::core {
namespace {

using testing::HasSubstr;

std::string error_of(const std::vector<std::string> &words) {
  const Result<Arguments> arguments = parse_arguments(words);
  return arguments ? "" : arguments.error().sentence;
}

TEST(Arguments, take_values_beside_or_behind_an_equals_sign) {
  const Result<Arguments> arguments = parse_arguments(
      {"--config", "a.toml", "--state-dir=/x=y", "--listen", "127.0.0.1:0", "--daemon", "--pidfile=/p"});

  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(arguments->config, "a.toml");
  EXPECT_EQ(arguments->state_dir, "/x=y");
  EXPECT_EQ(arguments->listen, "127.0.0.1:0");
  EXPECT_EQ(arguments->pidfile, "/p");
  EXPECT_TRUE(arguments->is_daemon);
  EXPECT_FALSE(arguments->is_check);
}

TEST(Arguments, know_the_short_form_of_help_only) {
  EXPECT_TRUE(parse_arguments({"-h"})->is_help);
  EXPECT_TRUE(parse_arguments({"--help"})->is_help);
  EXPECT_NE(error_of({"-c", "x"}), "");
}

TEST(Arguments, name_the_nearest_option) {
  EXPECT_EQ(error_of({"--confg", "x"}), "unknown option \"--confg\"; did you mean \"--config\"?");
  EXPECT_EQ(error_of({"--statedir=x"}), "unknown option \"--statedir=x\"; did you mean \"--state-dir\"?");
  EXPECT_EQ(error_of({"--colour"}), "unknown option \"--colour\"; see bellhopd --help");
}

TEST(Arguments, refuse_abbreviations_values_that_miss_and_words_that_stray) {
  EXPECT_NE(error_of({"--conf", "x"}), "");
  EXPECT_EQ(error_of({"--config"}), "--config wants a value, FILE");
  EXPECT_EQ(error_of({"--config="}), "--config wants a value, FILE");
  EXPECT_EQ(error_of({"--daemon=yes"}), "--daemon takes no value");
  EXPECT_THAT(error_of({"bellhop.toml"}),
              HasSubstr("unexpected argument \"bellhop.toml\"; a config file is given with"));
  EXPECT_NE(error_of({"-"}), "");
  EXPECT_NE(error_of({""}), "");
  EXPECT_NE(error_of({"--"}), "");
}

TEST(Arguments, want_a_pidfile_in_the_background_only) {
  EXPECT_THAT(error_of({"--pidfile", "/p"}), HasSubstr("--pidfile goes with --daemon"));
}

TEST(Arguments, are_all_in_the_help) {
  for (const char *option : {"--config FILE", "--state-dir DIR", "--listen HOST:PORT", "--check", "--daemon",
                             "--pidfile FILE", "--version", "--help"}) {
    EXPECT_THAT(help_text(), HasSubstr(option));
  }
}

}  // namespace
}  // namespace bellhop::core
