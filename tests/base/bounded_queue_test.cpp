// SPDX-License-Identifier: Apache-2.0
#include "base/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace bellhop::core {
namespace {

TEST(BoundedQueue, gives_back_in_order_what_it_took) {
  BoundedQueue<int> queue(2);

  EXPECT_TRUE(queue.try_push(1));
  EXPECT_TRUE(queue.try_push(2));

  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
}

TEST(BoundedQueue, refuses_what_is_over_its_limit_and_leaves_it_with_the_caller) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  ASSERT_TRUE(queue.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);

  EXPECT_FALSE(queue.try_push(std::move(second)));

  ASSERT_NE(second, nullptr);
  EXPECT_EQ(*second, 2);
}

TEST(BoundedQueue, takes_nothing_after_it_was_closed_but_gives_what_it_has) {
  BoundedQueue<int> queue(4);
  ASSERT_TRUE(queue.try_push(1));

  queue.close();

  EXPECT_FALSE(queue.try_push(2));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, drains_at_once_without_waiting) {
  BoundedQueue<int> queue(4);
  EXPECT_TRUE(queue.drain().empty());
  ASSERT_TRUE(queue.try_push(1));
  ASSERT_TRUE(queue.try_push(2));

  EXPECT_EQ(queue.drain(), (std::deque<int>{1, 2}));
  EXPECT_TRUE(queue.drain().empty());
}

TEST(BoundedQueue, wakes_a_waiting_reader_when_it_is_closed) {
  BoundedQueue<int> queue(1);
  std::thread reader([&] { EXPECT_EQ(queue.pop(), std::nullopt); });

  queue.close();

  reader.join();
}

TEST(BoundedQueue, loses_nothing_between_many_writers_and_one_reader) {
  constexpr int writers_count = 4, values_count = 500;
  BoundedQueue<int> queue(8);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < writers_count; ++writer) {
    writers.emplace_back([&] {
      for (int value = 1; value <= values_count; ++value) {
        while (!queue.try_push(int(value))) std::this_thread::yield();
      }
    });
  }

  long sum = 0;
  for (int i = 0; i < writers_count * values_count; ++i) sum += queue.pop().value();
  for (std::thread &writer : writers) writer.join();

  EXPECT_EQ(sum, long(writers_count) * values_count * (values_count + 1) / 2);
}

}  // namespace
}  // namespace bellhop::core
