// SPDX-License-Identifier: Apache-2.0
#include "egress/call_queue.hpp"

#include <gtest/gtest.h>

namespace bellhop::core {
namespace {

QueuedCall call(const std::string &instance, const std::string &limit, const std::string &body,
                Milliseconds end_ms = 10'000) {
  QueuedCall made;
  made.caller = {instance, 0};
  made.call.limit = limit;
  made.call.body = body;
  made.end_ms = end_ms;
  return made;
}

std::string taken(CallQueue &queue, Milliseconds now_ms) {
  const std::optional<QueuedCall> ready = queue.take_ready(now_ms);
  return ready ? ready->call.body : "";
}

TEST(CallQueue, serves_in_the_order_of_arrival) {
  CallQueue queue({}, 10, 5, 0);
  ASSERT_TRUE(queue.try_add(call("a", "", "1")));
  ASSERT_TRUE(queue.try_add(call("b", "", "2")));

  EXPECT_EQ(taken(queue, 0), "1");
  EXPECT_EQ(taken(queue, 0), "2");
  EXPECT_EQ(taken(queue, 0), "");
}

TEST(CallQueue, gives_one_instance_no_more_than_its_share) {
  CallQueue queue({}, 10, 2, 0);
  for (const char *body : {"a1", "a2", "a3"}) ASSERT_TRUE(queue.try_add(call("a", "", body)));
  ASSERT_TRUE(queue.try_add(call("b", "", "b1")));

  EXPECT_EQ(taken(queue, 0), "a1");
  EXPECT_EQ(taken(queue, 0), "a2");
  EXPECT_EQ(taken(queue, 0), "b1");
  EXPECT_EQ(taken(queue, 0), "");
  queue.finished({"a", 0});
  EXPECT_EQ(taken(queue, 0), "a3");
}

TEST(CallQueue, lets_a_bucket_hold_its_own_calls_only) {
  CallQueue queue({{"slack", {1, 1'000, 1}}}, 10, 5, 0);
  for (const char *body : {"s1", "s2"}) ASSERT_TRUE(queue.try_add(call("a", "slack", body)));
  ASSERT_TRUE(queue.try_add(call("a", "", "free")));

  EXPECT_EQ(taken(queue, 0), "s1");
  EXPECT_EQ(taken(queue, 0), "free");
  EXPECT_EQ(queue.next_change_ms(0), 1'000);
  EXPECT_EQ(taken(queue, 999), "");
  EXPECT_EQ(taken(queue, 1'000), "s2");
}

TEST(CallQueue, tells_those_that_cannot_be_in_time_at_once) {
  CallQueue queue({{"slack", {1, 1'000, 1}}}, 10, 5, 0);
  for (const char *body : {"s1", "s2", "s3", "s4"}) ASSERT_TRUE(queue.try_add(call("a", "slack", body, 2'500)));

  const std::vector<CallQueue::Late> late = queue.take_late(0);

  ASSERT_EQ(late.size(), 1u);  // the places are at 0, 1000, 2000, 3000
  EXPECT_EQ(late[0].call.call.body, "s4");
  EXPECT_EQ(late[0].wait_ms, 3'000);
}

TEST(CallQueue, pauses_a_bucket_for_all) {
  CallQueue queue({{"slack", {1, 1'000, 1}}}, 10, 5, 0);
  ASSERT_TRUE(queue.try_add(call("a", "slack", "patient", 60'000)));
  ASSERT_TRUE(queue.try_add(call("b", "slack", "hasty", 1'500)));

  queue.pause("slack", 30'000);

  EXPECT_EQ(taken(queue, 1'000), "");
  const std::vector<CallQueue::Late> late = queue.take_late(1'000);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].call.call.body, "hasty");
  EXPECT_EQ(taken(queue, 30'000), "patient");
}

TEST(CallQueue, gives_up_a_call_that_no_thread_took_in_time) {
  CallQueue queue({}, 10, 1, 0);
  ASSERT_TRUE(queue.try_add(call("a", "", "1")));
  ASSERT_TRUE(queue.try_add(call("a", "", "2", 700)));
  ASSERT_EQ(taken(queue, 0), "1");

  EXPECT_EQ(queue.next_change_ms(0), 700);
  EXPECT_TRUE(queue.take_late(699).empty());
  ASSERT_EQ(queue.take_late(700).size(), 1u);
}

TEST(CallQueue, is_bounded_and_gives_back_the_calls_of_one_worker) {
  CallQueue queue({}, 2, 5, 0);
  ASSERT_TRUE(queue.try_add(call("a", "", "1")));
  ASSERT_TRUE(queue.try_add(call("b", "", "2")));
  QueuedCall third = call("a", "", "3");
  EXPECT_FALSE(queue.try_add(std::move(third)));
  EXPECT_EQ(third.call.body, "3");  // untouched

  EXPECT_TRUE(queue.take_of({"a", 1}).empty());
  EXPECT_EQ(queue.take_of({"a", 0}).size(), 1u);
  EXPECT_EQ(queue.size(), 1u);
}

}  // namespace
}  // namespace bellhop::core
