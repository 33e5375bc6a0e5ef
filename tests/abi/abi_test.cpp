// SPDX-License-Identifier: Apache-2.0
// The ABI over time: what will be built tomorrow and what is written in another language runs in today's host, in a
// child and in this process alike; what cannot is refused with a sentence that names both sides. What was built
// yesterday runs in tests/host, through the same tests as the plugins of today.
#include "host/describe.hpp"
#include "host/library.hpp"
#include "host/served.hpp"

namespace bellhop::core {
namespace {

// ---- newer than this host
// ---------------------------------------------------------------------------------------------

class Newer : public Served {};
INSTANTIATE_TEST_SUITE_P(Abi, Newer, testing::Values(Hosting(Where::child), Hosting(Where::here)), name_of);

TEST_P(Newer, a_table_that_has_grown_is_used_as_far_as_it_is_known) {
  begin("{}", "abi_newer");

  EXPECT_EQ(hear("{}").answers.at(0).message, "weight absent, kv/2 absent");
}

TEST_P(Newer, a_service_that_this_host_does_not_offer_is_refused_by_name) {
  Stage stage(GetParam(), "abi_newer_needs");
  stage.desk = &desk_;
  stage.raise_curtain();

  const Report died = stage.await(Report::What::died);

  EXPECT_TRUE(died.is_refusal);
  EXPECT_NE(died.text.find("plugin newer needs bellhop.kv/2, this host (" BELLHOP_VERSION
                           ") offers bellhop.json/1, bellhop.http/1, bellhop.kv/1, bellhop.publish/1, "
                           "bellhop.metrics/1"),
            std::string::npos)
      << died.text;
}

// A host that has nothing but JSON: what hosts of 1.0 that serve no services would say.
TEST_P(Newer, a_host_that_offers_less_names_both_sides) {
  Stage stage({GetParam().where, Headers::frozen_0_2}, "host_c_services");
  stage.raise_curtain();

  const Report died = stage.await(Report::What::died);

  EXPECT_TRUE(died.is_refusal);
  EXPECT_NE(died.text.find("plugin relay-c needs bellhop.http/1, bellhop.kv/1, this host (" BELLHOP_VERSION
                           ") offers bellhop.json/1"),
            std::string::npos)
      << died.text;
}

TEST(Newer, is_told_before_anything_is_started) {
  const auto described = describe_plugin(plugin_dir + "abi_newer_needs.so", host_program);

  ASSERT_TRUE(described.ok()) << described.error().sentence;
  EXPECT_EQ(described->at(0).abi_minor, BHP_ABI_MINOR + 3);
  EXPECT_EQ(described->at(0).needs_missing, std::vector<std::string>{"bellhop.kv/2"});
  EXPECT_NE(missing_services(described->at(0)).find("newer needs bellhop.kv/2"), std::string::npos);
}

// ---- another language
// ---------------------------------------------------------------------------------------------------

class Rust : public Served {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(plugin_dir + "abi_greeter_rust.so")) {
      GTEST_SKIP() << "rustc was not found when this was configured: the plugin in Rust has not been built";
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Abi, Rust, testing::Values(Hosting(Where::child), Hosting(Where::here)), name_of);

TEST_P(Rust, a_plugin_greets_and_counts) {
  begin("{}", "abi_greeter_rust");
  const std::string document = R"({"data":{"booking":{"attendee":{"email":"ann@example.org"}}}})";

  for (const char *expected : {"greeted 1 so far", "greeted 2 so far"}) {
    const Report report = hear(document);
    desk_.apply(report.staged);
    EXPECT_EQ(report.answers.at(0).code, BHP_OK);
    EXPECT_EQ(report.answers.at(0).message, expected);
  }

  ASSERT_FALSE(stage().lines().empty());
  EXPECT_EQ(stage().lines()[0].text, "hello ann@example.org");
  EXPECT_EQ(desk_.kv().at("count"), "2");
}

}  // namespace
}  // namespace bellhop::core
