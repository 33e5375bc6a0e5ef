// SPDX-License-Identifier: Apache-2.0
// The library as it is shipped, under a clock that only the test moves: what a receiver sees of a second attempt.
#include <gtest/gtest.h>
#include <bellhop/testing.hpp>

#include "signature.hpp"

namespace forward {
namespace {

using bellhop::testing::FakeHost;
using bellhop::testing::Sample;

const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", url = "https://hooks.example.org/in";

std::string signature_of(const bellhop::testing::Sent &sent) {
  return signatures({*key_of(secret)}, sent.header("webhook-id"),
                    std::stoll(std::string(sent.header("webhook-timestamp"))), sent.body);
}

TEST(ForwardRetry, is_of_the_same_id_and_body_and_of_a_new_time_and_signature) {
  FakeHost host(BELLHOP_FORWARD_PLUGIN);
  host.settings(R"({"url":")" + url + R"(","secrets":[")" + secret + R"("]})");
  host.http.on("POST", url).answer(503, "", {{"Retry-After", "90"}}).answer(204);

  const auto busy = host.deliver(Sample("booking.confirmed"));
  host.now_ms += 90'000;
  const auto taken = host.deliver(Sample("booking.confirmed").attempt(2).flags(BHP_EV_REDELIVERY));

  EXPECT_TRUE(busy.is_retry() && busy.retry_after_ms == 90'000) << busy.message;
  EXPECT_TRUE(taken.is_ok()) << taken.message;
  ASSERT_EQ(host.http.requests().size(), 2U);
  const bellhop::testing::Sent first = host.http.requests()[0], second = host.http.requests()[1];
  const auto time_of = [](const auto &sent) { return std::stoll(std::string(sent.header("webhook-timestamp"))); };
  EXPECT_EQ(first.header("webhook-id"), second.header("webhook-id"));
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(time_of(second) - time_of(first), 90);
  EXPECT_EQ(first.header("webhook-signature"), signature_of(first));
  EXPECT_EQ(second.header("webhook-signature"), signature_of(second));
  EXPECT_NE(first.header("webhook-signature"), second.header("webhook-signature"));
}

}  // namespace
}  // namespace forward
