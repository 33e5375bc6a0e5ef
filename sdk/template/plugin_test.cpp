// SPDX-License-Identifier: Apache-2.0
// What @NAME@ does with the answers that it may get. No daemon, no network, no clock: bellhop/testing.hpp.
#include <bellhop/testing.hpp>

using bellhop::testing::FakeHost;
using bellhop::testing::Sample;

static const char settings[] = R"({"url":"https://api.example.org/bookings"})";

static void posts_once() {
  FakeHost host(BELLHOP_PLUGIN_FILE);
  host.settings(settings).http.on("POST", "https://api.example.org/bookings").answer(200);

  const auto first = host.deliver("booking.confirmed");
  const auto again = host.deliver(Sample("booking.confirmed").flags(BHP_EV_REDELIVERY).attempt(2));

  BELLHOP_EXPECT(first.is_ok());
  BELLHOP_EXPECT(again.is_skip());
  BELLHOP_EXPECT(host.http.requests().size() == 1);
  BELLHOP_EXPECT(host.http.requests()[0].body == R"({"text":"John Doe booked 2026-03-02T17:00:00Z"})");
}

static void comes_again_when_it_is_told_to() {
  FakeHost host(BELLHOP_PLUGIN_FILE);
  host.settings(settings).http.on("POST", "*").answer(429, "", {{"Retry-After", "30"}}).answer(200);

  const auto first = host.deliver("booking.confirmed");

  BELLHOP_EXPECT(first.is_retry() && first.retry_after_ms == 30'000);
  BELLHOP_EXPECT(host.deliver("booking.confirmed").is_ok());
}

static void keeps_the_backlog_when_it_is_not_let_in() {
  FakeHost host(BELLHOP_PLUGIN_FILE);
  host.settings(settings).http.on("POST", "*").answer(401);

  BELLHOP_EXPECT(host.deliver("booking.confirmed").is_hold());
}

int main() {
  posts_once();
  comes_again_when_it_is_told_to();
  keeps_the_backlog_when_it_is_not_let_in();
  return bellhop::testing::failures_count() == 0 ? 0 : 1;
}
