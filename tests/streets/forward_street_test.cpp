// SPDX-License-Identifier: Apache-2.0
// The plugin forward on the real street: child, services, egress and a server that misbehaves to order.
#include <gtest/gtest.h>

#include "support/plugin_street.hpp"
#include "support/wayward_server.hpp"

namespace bellhop::test {
namespace {

using core::WaywardServer;

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

}  // namespace
}  // namespace bellhop::test
