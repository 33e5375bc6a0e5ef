// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/fixture.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

class Settings : public ConfigTest {
 protected:
  Loaded with(const std::string &settings) const {
    return parse(
        "[source.a]\ntokens = [\"env:TOKEN_A\"]\n[instance.log]\nplugin = \"sqlite\"\n[instance.log.settings]\n" +
        settings);
  }
};

TEST_F(Settings, become_json_in_the_order_of_the_file) {
  const Loaded loaded = with(
      "path = \"a \\\"b\\\"\"\nkeep = 3\nratio = 0.5\nwhole = 2.0\non = true\nlist = [1, \"x\"]\n"
      "[instance.log.settings.map]\nfirst-name = \"John\"\n");

  ASSERT_EQ(errors(loaded), "");
  EXPECT_EQ(loaded.config.instances[0].settings_json,
            "{\"path\":\"a \\\"b\\\"\",\"keep\":3,\"ratio\":0.5,\"whole\":2.0,\"on\":true,\"list\":[1,\"x\"],"
            "\"map\":{\"first-name\":\"John\"}}");
}

TEST_F(Settings, know_the_place_of_every_key) {
  const Loaded loaded = with("path = \"x\"\nlist = [1, 2]\n[instance.log.settings.\"a/b~c\"]\ninner = 1\n");
  const auto &at = loaded.config.instances[0].settings_at;

  EXPECT_EQ(at.at("").text(), "bellhop.toml:5:15");
  EXPECT_EQ(at.at("/path").text(), "bellhop.toml:6:1");
  EXPECT_EQ(at.at("/list/1").text(), "bellhop.toml:7:12");
  EXPECT_EQ(at.at("/a~1b~0c").text(), "bellhop.toml:8:24");
  EXPECT_EQ(at.at("/a~1b~0c/inner").text(), "bellhop.toml:9:1");
}

TEST_F(Settings, that_are_absent_are_an_empty_object_at_the_instance) {
  const Loaded loaded = parse("[source.a]\ntokens = [\"env:TOKEN_A\"]\n[instance.log]\nplugin = \"sqlite\"\n");

  EXPECT_EQ(loaded.config.instances[0].settings_json, "{}");
  EXPECT_EQ(loaded.config.instances[0].settings_at.at("").text(), "bellhop.toml:3:11");
}

TEST_F(Settings, keep_secrets_as_references) {
  const InstanceConfig instance = with("url = \"env:TOKEN_B\"\nlist = [\"x\"]\nn = 1\n").config.instances[0];

  EXPECT_EQ(instance.settings_json, "{\"url\":\"env:TOKEN_B\",\"list\":[\"x\"],\"n\":1}");
  EXPECT_EQ(instance.settings_texts, (std::map<std::string, std::string>{{"/url", "env:TOKEN_B"}, {"/list/0", "x"}}));
}

TEST_F(Settings, refuse_what_json_cannot_say) {
  EXPECT_THAT(errors(with("day = 2024-01-01\n")),
              HasSubstr("6:1: a date or time cannot be a setting as it is; put it in quotes: \"2024-01-01\""));
  EXPECT_THAT(errors(with("x = inf\n")), HasSubstr("6:1: inf and nan cannot be settings"));
  EXPECT_THAT(errors(with("x = " + std::string(70, '[') + std::string(70, ']') + "\n")),
              HasSubstr("settings nest deeper than 64 levels"));
}

TEST_F(Settings, must_be_a_table) {
  EXPECT_THAT(errors_of("[instance.log]\nplugin = \"sqlite\"\nsettings = 1\n"),
              HasSubstr("3:1: \"settings\" must be a table, [instance.log.settings], found a whole number"));
}

}  // namespace
}  // namespace bellhop::core
