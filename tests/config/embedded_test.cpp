// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/fixture.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

using Embedded = ConfigTest;

TEST_F(Embedded, loads_without_a_finding) {
  const Loaded loaded = parse(*embedded_config(dir_ + "/state"));

  EXPECT_EQ(errors(loaded), "");
  EXPECT_EQ(warnings(loaded), "");
  EXPECT_EQ(loaded.config.state_dir, dir_ + "/state");
  ASSERT_EQ(loaded.config.sources.size(), 1u);
  EXPECT_EQ(loaded.config.sources[0].tokens[0].size(), 64u);  // 256 bits in hex
  ASSERT_EQ(loaded.config.instances.size(), 1u);
  EXPECT_EQ(loaded.config.instances[0].name, "sqlite");
}

TEST_F(Embedded, keeps_its_token_from_start_to_start) {
  const Loaded first = parse(*embedded_config(dir_ + "/state"));
  const Loaded second = parse(*embedded_config(dir_ + "/state"));
  const Loaded other = parse(*embedded_config(dir_ + "/other"));

  EXPECT_EQ(first.config.sources[0].tokens, second.config.sources[0].tokens);
  EXPECT_NE(first.config.sources[0].tokens, other.config.sources[0].tokens);
}

TEST_F(Embedded, lets_nobody_else_read_what_it_makes) {
  ASSERT_TRUE(embedded_config(dir_ + "/state").ok());
  struct stat dir {
  }, token{};

  ASSERT_EQ(stat((dir_ + "/state").c_str(), &dir), 0);
  ASSERT_EQ(stat((dir_ + "/state/appointlet.token").c_str(), &token), 0);

  EXPECT_EQ(dir.st_mode & 0777, 0700u);
  EXPECT_EQ(token.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_ + "/state"), {}), 1);  // no draft left behind
}

TEST_F(Embedded, takes_a_path_with_any_bytes) {
  const Loaded loaded = parse(*embedded_config(dir_ + "/a \"b\" ü"));

  EXPECT_EQ(errors(loaded), "");
  EXPECT_EQ(loaded.config.state_dir, dir_ + "/a \"b\" ü");
}

TEST_F(Embedded, says_which_directory_it_could_not_make) {
  const Result<std::string> text = embedded_config(write("file", "x") + "/state");

  ASSERT_FALSE(text.ok());
  EXPECT_THAT(text.error().sentence, HasSubstr("cannot make the state directory " + dir_ + "/file/state: "));
}

TEST_F(Embedded, says_that_the_state_directory_is_a_file) {
  const Result<std::string> text = embedded_config(write("file", "x"));

  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().sentence, "the state directory " + dir_ + "/file is there, but it is no directory");
}

}  // namespace
}  // namespace bellhop::core
