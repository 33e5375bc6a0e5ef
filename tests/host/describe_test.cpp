// SPDX-License-Identifier: Apache-2.0
#include "host/describe.hpp"

#include <gtest/gtest.h>

#include "host/stage.hpp"

namespace bellhop::core {
namespace {

std::string library(const std::string &name) { return plugin_dir + name + ".so"; }

class Describe : public testing::Test {
 protected:
  void SetUp() override { descriptors_before_ = open_descriptors_count(); }
  void TearDown() override {
    EXPECT_EQ(open_descriptors_count(), descriptors_before_);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  }

 private:
  std::size_t descriptors_before_ = 0;
};

TEST_F(Describe, tells_all_that_a_plugin_says_of_itself) {
  const auto manifests = describe_plugin(library("host_obedient"), host_program);

  ASSERT_TRUE(manifests.ok()) << manifests.error().sentence;
  ASSERT_EQ(manifests->size(), 1U);
  const PluginManifest &manifest = (*manifests)[0];
  EXPECT_EQ(manifest.library, library("host_obedient"));
  EXPECT_EQ(manifest.index, 0U);
  EXPECT_EQ(manifest.id, "obedient");
  EXPECT_EQ(manifest.name, "Obedient");
  EXPECT_EQ(manifest.version, "1.2.3");
  EXPECT_EQ(manifest.summary, "Does what the event says");
  EXPECT_EQ(manifest.vendor, "The tests");
  EXPECT_EQ(manifest.license, "Apache-2.0");
  EXPECT_EQ(manifest.url, "https://example.com/obedient");
  EXPECT_EQ(manifest.sdk.substr(0, 8), "cpp/1.0 ");
  EXPECT_EQ(manifest.abi_major, 1);
  EXPECT_EQ(manifest.abi_minor, 0);
  EXPECT_FALSE(manifest.is_singleton);
  EXPECT_FALSE(manifest.is_batching);
  EXPECT_EQ(manifest.events, (std::vector<std::string>{"booking.*", "!booking.tagged"}));
  EXPECT_EQ(manifest.needs, std::vector<std::string>{"bellhop.json/1"});
  EXPECT_TRUE(manifest.needs_missing.empty());
  EXPECT_NE(manifest.settings_schema.find("Sentence to refuse the settings with"), std::string::npos);
}

TEST_F(Describe, tells_flags_and_extensions) {
  const auto manifests = describe_plugin(library("host_batching"), host_program);

  ASSERT_TRUE(manifests.ok());
  EXPECT_TRUE((*manifests)[0].is_singleton);
  EXPECT_TRUE((*manifests)[0].is_batching);
  EXPECT_EQ((*describe_plugin(library("example_hello_c"), host_program))[0].settings_schema, "");
}

TEST_F(Describe, a_plugin_that_needs_too_much_is_described_all_the_same) {
  const auto manifests = describe_plugin(library("host_odd_needs"), host_program);

  ASSERT_TRUE(manifests.ok());
  EXPECT_EQ((*manifests)[0].needs_missing, std::vector<std::string>{"bellhop.teleport/7"});
  EXPECT_EQ(
      missing_services((*manifests)[0]),
      "plugin odd needs bellhop.teleport/7, this host (0.1.0) offers bellhop.json/1, bellhop.http/1, bellhop.kv/1, "
      "bellhop.publish/1, bellhop.metrics/1");
}

TEST_F(Describe, refusals_come_through_in_one_sentence) {
  EXPECT_EQ(describe_plugin("/no/such.so", host_program).error().sentence,
            "/no/such.so: cannot open the plugin library: No such file or directory");
  EXPECT_EQ(describe_plugin(library("host_odd_major"), host_program).error().sentence,
            library("host_odd_major") + ": built for the plugin ABI 2.4, this host (0.1.0) speaks ABI 1.0");
  EXPECT_EQ(describe_plugin(library("host_obedient"), "/no/bellhop-host").error().sentence,
            "cannot start /no/bellhop-host: No such file or directory");
}

TEST_F(Describe, a_library_that_crashes_while_loading_is_named_with_its_last_words) {
  const auto manifests = describe_plugin(library("host_load_throws"), host_program);

  ASSERT_FALSE(manifests.ok());
  EXPECT_EQ(manifests.error().sentence.rfind("cannot look at the plugin library " + library("host_load_throws") +
                                                 ": bellhop-host was killed by SIGABRT after it said: terminate called",
                                             0),
            0U)
      << manifests.error().sentence;
}

TEST_F(Describe, a_library_that_hangs_while_loading_is_given_up) {
  const auto manifests = describe_plugin(library("host_load_hangs"), host_program, 100);

  ASSERT_FALSE(manifests.ok());
  EXPECT_EQ(manifests.error().kind, Kind::timeout);
  EXPECT_EQ(manifests.error().sentence, "looking at the plugin library " + library("host_load_hangs") +
                                            " took longer than 100 ms: it hangs while it is loaded");
}

TEST_F(Describe, the_plugin_itself_looks_at_its_settings) {
  PluginManifest manifest = (*describe_plugin(library("host_obedient"), host_program))[0];

  EXPECT_TRUE(check_create(manifest, "x", R"({"refuse":""})", host_program).ok());
  const auto refused = check_create(manifest, "x", R"({"refuse":"webhook_url is not a URL"})", host_program);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().sentence, "plugin obedient refuses its settings: webhook_url is not a URL");
  manifest.index = 9;
  EXPECT_EQ(check_create(manifest, "x", "{}", host_program).error().sentence,
            library("host_obedient") + " holds no plugin number 9");
}

TEST_F(Describe, settings_of_any_size_reach_the_plugin) {
  const PluginManifest manifest = (*describe_plugin(library("host_obedient"), host_program))[0];

  const auto refused =
      check_create(manifest, "x", R"({"refuse":"no","pad":")" + std::string(2 << 20, 'p') + "\"}", host_program);

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().sentence, "plugin obedient refuses its settings: no");
}

TEST_F(Describe, a_crash_in_create_is_named) {
  const PluginManifest manifest = (*describe_plugin(library("host_hostile"), host_program))[0];

  const auto refused = check_create(manifest, "x", R"({"when":"create","how":"segfault"})", host_program);

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().sentence,
            "cannot look at the plugin library " + library("host_hostile") + ": bellhop-host was killed by SIGSEGV");
}

}  // namespace
}  // namespace bellhop::core
