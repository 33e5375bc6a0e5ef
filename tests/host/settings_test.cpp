// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "host/describe.hpp"

namespace bellhop::core {
namespace {

PluginManifest with_schema(const std::string &schema) {
  PluginManifest manifest;
  manifest.id = "slack";
  manifest.settings_schema = schema;
  return manifest;
}

const PluginManifest slack = with_schema(R"({"type":"object","additionalProperties":false,"required":["webhook_url"],
  "properties":{
    "webhook_url":{"type":"string","title":"Incoming webhook URL","x-secret":true},
    "text":{"type":"string","default":"{{/data/booking/id}}","maxLength":40},
    "render":{"type":"string","enum":["blocks","attachments","text"],"default":"blocks"},
    "retries":{"type":"integer","minimum":0,"maximum":9,"default":3},
    "ratio":{"type":"number"},
    "is_quiet":{"type":"boolean"},
    "channels":{"type":"array","items":{"type":"string","pattern":"^#"}},
    "proxy":{"type":"object","additionalProperties":false,"properties":{
      "host":{"type":"string"},"password":{"type":"string","x-secret":true},"port":{"type":"integer","default":3128}}},
    "tokens":{"type":"array","items":{"type":"string","x-secret":true}}}})");

std::string findings_of(const PluginManifest &manifest, const std::string &settings) {
  std::string text;
  for (const SettingsFinding &finding : check_settings(manifest, settings).findings) {
    text += (text.empty() ? "" : "\n") + finding.pointer + ": " + finding.sentence;
  }
  return text;
}

TEST(Settings, defaults_are_filled_in_at_every_level) {
  const SettingsCheck check = check_settings(slack, R"({"webhook_url":"env:URL","proxy":{"host":"h"}})");

  EXPECT_TRUE(check.findings.empty());
  EXPECT_EQ(check.settings_json,
            R"({"webhook_url":"env:URL","proxy":{"host":"h","port":3128},"text":"{{/data/booking/id}}",)"
            R"("render":"blocks","retries":3})");
}

TEST(Settings, an_unknown_key_comes_with_the_nearest_name) {
  EXPECT_EQ(
      findings_of(slack, R"({"webhook_url":"u","rendr":"text"})"),
      "/rendr: unknown setting \"rendr\"; did you mean \"render\"? allowed: webhook_url, text, render, retries, ratio, "
      "is_quiet, channels, proxy, tokens");
  EXPECT_EQ(findings_of(slack, R"({"webhook_url":"u","proxy":{"hst":"x","a/b~c":1}})"),
            "/proxy/hst: unknown setting \"hst\"; did you mean \"host\"? allowed: host, password, port\n"
            "/proxy/a~1b~0c: unknown setting \"a/b~c\"; allowed: host, password, port");
}

TEST(Settings, all_findings_come_at_once) {
  EXPECT_EQ(findings_of(slack, R"({"render":"block","retries":10,"ratio":"half","is_quiet":1})"),
            ": the setting \"webhook_url\" is missing (Incoming webhook URL)\n"
            "/render: render: \"block\" is not allowed; did you mean \"blocks\"? allowed: \"blocks\", \"attachments\", "
            "\"text\"\n"
            "/retries: retries: 10 is too large, the maximum is 9\n"
            "/ratio: ratio: must be a number, not a string\n"
            "/is_quiet: is_quiet: must be a boolean, not a whole number");
}

TEST(Settings, types_and_ranges_are_told_in_words) {
  EXPECT_EQ(findings_of(slack, R"({"webhook_url":"u","retries":-1})"),
            "/retries: retries: -1 is too small, the minimum is 0");
  EXPECT_EQ(findings_of(slack, R"({"webhook_url":"u","retries":1.5})"),
            "/retries: retries: must be a whole number, not a number with a fraction");
  EXPECT_EQ(findings_of(slack, R"({"webhook_url":"u","proxy":[]})"), "/proxy: proxy: must be a table, not a list");
  EXPECT_EQ(findings_of(slack, R"({"webhook_url":"u","channels":{}})"),
            "/channels: channels: must be a list, not a table");
  EXPECT_EQ(findings_of(slack, R"({"webhook_url":null})"), "/webhook_url: webhook_url: must be a string, not null");
  EXPECT_EQ(findings_of(slack, R"({"webhook_url":"u","channels":["#a",7]})"),
            "/channels/1: channels[1]: must be a string, not a whole number");
}

TEST(Settings, the_rest_of_the_schema_is_checked_too) {
  EXPECT_EQ(findings_of(slack, R"({"webhook_url":"u","text":")" + std::string(41, 'x') + "\"}"),
            "/text: String should be no more than 40 characters in length.");
  EXPECT_EQ(findings_of(slack, R"({"webhook_url":"u","channels":["#ok","general"]})"),
            "/channels/1: Failed to match regex specified by 'pattern' constraint.");
}

TEST(Settings, secrets_are_named_and_never_shown) {
  const std::string settings =
      R"({"webhook_url":"https://secret","proxy":{"password":"hunter2"},"tokens":["t-1","t-2"],"retries":99})";

  const SettingsCheck check = check_settings(slack, settings);

  EXPECT_EQ(check.secret_pointers,
            (std::vector<std::string>{"/webhook_url", "/proxy/password", "/tokens/0", "/tokens/1"}));
  const std::string shown = redact(check.settings_json, check.secret_pointers);
  for (const char *secret : {"https://secret", "hunter2", "t-1", "t-2"}) {
    EXPECT_EQ(shown.find(secret), std::string::npos) << shown;
  }
  const PluginManifest choosy =
      with_schema(R"({"properties":{"key":{"type":"string","x-secret":true,"enum":["right"]}}})");
  EXPECT_EQ(findings_of(choosy, R"({"key":"wrong-secret"})").find("wrong-secret"), std::string::npos);
}

TEST(Settings, a_resolved_secret_is_put_in_its_place) {
  EXPECT_EQ(with_setting(R"({"a":{"b":"env:X"}})", "/a/b", "va\"lue"), R"({"a":{"b":"va\"lue"}})");
  EXPECT_EQ(with_setting(R"({"a":1})", "/b", "value"), R"({"a":1})");
  EXPECT_EQ(with_setting("{", "/b", "value"), "{");
}

TEST(Settings, a_plugin_without_a_schema_takes_none) {
  EXPECT_EQ(findings_of(with_schema(""), "{}"), "");
  EXPECT_EQ(findings_of(with_schema(""), R"({"a":1,"b":2})"),
            "/a: plugin slack takes no settings\n/b: plugin slack takes no settings");
  EXPECT_EQ(findings_of(with_schema(R"({"type":"object","additionalProperties":false,"properties":{}})"), R"({"a":1})"),
            "/a: unknown setting \"a\"; no settings are taken here");
}

TEST(Settings, what_is_no_table_is_told) {
  EXPECT_EQ(findings_of(slack, "[]"), ": the settings are not a table");
  EXPECT_EQ(findings_of(slack, "{"), ": the settings are not a table");
}

TEST(Settings, a_schema_that_is_none_is_the_plugins_fault) {
  EXPECT_EQ(findings_of(with_schema("{"), "{}"), ": plugin slack declares a settings schema that is not a JSON object");
  EXPECT_EQ(findings_of(with_schema(R"({"type":"object","properties":7})"), "{}")
                .rfind(": plugin slack declares settings that cannot be checked: ", 0),
            0U)
      << findings_of(with_schema(R"({"type":"object","properties":7})"), "{}");
}

TEST(Settings, nesting_without_end_is_refused) {
  std::string schema = R"({"type":"object"})", settings = "{}";
  for (int depth = 0; depth < 20; ++depth) {
    schema = R"({"type":"object","properties":{"a":)" + schema + "}}";
    settings = "{\"a\":" + settings + "}";
  }

  EXPECT_NE(findings_of(with_schema(schema), settings).find("nested deeper than 16 tables"), std::string::npos);
}

}  // namespace
}  // namespace bellhop::core
