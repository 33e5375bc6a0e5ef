// SPDX-License-Identifier: Apache-2.0
// The plugin forward on the real street: child, services, egress and a server that misbehaves to order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/plugin_street.hpp"
#include "support/wayward_server.hpp"

namespace bellhop::test {
namespace {

using core::WaywardServer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

StreetOptions forward_to(const WaywardServer &server, const std::string &more = "") {
  return {BELLHOP_PLUGIN_DIR "/forward.so", R"({"url":")" + server.url("/hook-s3cr3t") + "\"" + more + "}"};
}

TEST(ForwardStreet, a_booking_reaches_the_server_and_its_url_is_in_no_record) {
  WaywardServer server;
  PluginStreet street({BELLHOP_PLUGIN_DIR "/forward.so", R"({"url":")" + server.url("/hook-s3cr3t") + R"("})"});

  const core::PluginAnswer answer = street.deliver(payload_text("legacy_booking_confirmed.json"));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message << street.death();
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].target, "/hook-s3cr3t");
  EXPECT_NE(server.requests()[0].body.find(R"("type":"booking.confirmed")"), std::string::npos);
  ASSERT_EQ(street.exchanges().size(), 1U);
  EXPECT_EQ(street.exchanges()[0].find("s3cr3t"), std::string::npos) << street.exchanges()[0];
}

TEST(ForwardStreet, a_busy_server_is_tried_again_when_it_says_and_a_closed_one_is_a_retry) {
  WaywardServer server;
  server.answer(429, {{"Retry-After", "7"}}, "slow down");
  server.script({core::close_it()});
  PluginStreet street({BELLHOP_PLUGIN_DIR "/forward.so", R"({"url":")" + server.url("/hook") + R"("})"});
  const std::string body = payload_text("legacy_booking_confirmed.json");

  const core::PluginAnswer busy = street.deliver(body);
  const core::PluginAnswer closed = street.deliver(body, {BHP_EV_REDELIVERY, 2});

  EXPECT_EQ(busy.code, BHP_RETRY);
  EXPECT_EQ(busy.retry_after_ms, 7'000);
  EXPECT_EQ(closed.code, BHP_RETRY) << closed.message;
}

// What the Standard Webhooks specification says of answers: anything but 2xx is a failure, a redirect too; 410 ends the
// sending. The order of the rows is that in which one receiver could give them.
TEST(ForwardStreet, what_the_receiver_says_decides_whether_to_wait_to_hold_or_to_give_up) {
  WaywardServer server, elsewhere;
  PluginStreet street(forward_to(server));
  struct Row {
    int status;
    std::int32_t code;
    const char *sentence;
  };
  for (const Row &row :
       {Row{204, BHP_OK, ""}, Row{302, BHP_HOLD, "write the new address into url"},
        Row{307, BHP_HOLD, "write the new address into url"}, Row{308, BHP_HOLD, "write the new address into url"},
        Row{400, BHP_RETRY, "400"}, Row{401, BHP_HOLD, "check url and secrets"},
        Row{404, BHP_HOLD, "is the workflow active?"}, Row{410, BHP_HOLD, "wants no more events"},
        Row{413, BHP_FAIL, "too large"}, Row{502, BHP_RETRY, "502"}}) {
    SCOPED_TRACE(row.status);
    std::vector<std::pair<std::string, std::string>> headers;
    if (row.status / 100 == 3) headers.emplace_back("Location", elsewhere.url("/taken"));
    server.answer(row.status, headers, "");

    const core::PluginAnswer answer = street.deliver(payload_text("legacy_booking_confirmed.json"));

    EXPECT_EQ(answer.code, row.code) << answer.message << street.death();
    EXPECT_THAT(answer.message, AllOf(HasSubstr(row.sentence), Not(HasSubstr("s3cr3t"))));
  }
  EXPECT_THAT(server.requests(), SizeIs(10)) << "nothing is repeated within a delivery";
  EXPECT_EQ(elsewhere.connections_count(), 0) << "a redirect is not followed";
}

TEST(ForwardStreet, a_large_body_arrives_byte_for_byte_and_a_large_answer_is_no_failure) {
  WaywardServer server;
  server.answer(200, {}, std::string(100'000, 'x'));
  PluginStreet street(forward_to(server, R"(,"body":"raw")"));
  const std::string body = with_edits(payload_text("legacy_booking_confirmed.json"),
                                      {{R"("John")", "\"" + std::string(500'000, 'J') + "\""}});

  const core::PluginAnswer answer = street.deliver(body);

  EXPECT_EQ(answer.code, BHP_OK) << answer.message << street.death();
  ASSERT_THAT(server.requests(), SizeIs(1));
  EXPECT_TRUE(server.requests()[0].body == body) << server.requests()[0].body.size() << " of " << body.size();
}

// The Test button: signed like an event, of a type that no event has.
TEST(ForwardStreet, the_health_check_sends_a_signed_test_and_says_what_came_back) {
  WaywardServer server;
  PluginStreet street(forward_to(server, R"(,"secrets":["whsec_)" + std::string(32, 'A') + R"("])"));

  EXPECT_EQ(street.ask(core::Question::What::health).answers.at(0).code, BHP_OK) << street.death();
  server.answer(404, {}, "");
  const core::PluginAnswer gone = street.ask(core::Question::What::health).answers.at(0);

  EXPECT_EQ(gone.code, BHP_HOLD);
  EXPECT_THAT(gone.message, AllOf(HasSubstr("is the workflow active?"), Not(HasSubstr("s3cr3t"))));
  ASSERT_THAT(server.requests(), SizeIs(2));
  const core::RecordedRequest test = server.requests()[0];
  EXPECT_EQ(test.body, R"({"specversion":"1.0","type":"bellhop.test"})");
  EXPECT_THAT(test.header("webhook-id"), testing::StartsWith("test-"));
  EXPECT_THAT(test.header("webhook-signature"), testing::StartsWith("v1,"));
}

}  // namespace
}  // namespace bellhop::test
