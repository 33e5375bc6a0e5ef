// SPDX-License-Identifier: Apache-2.0
#include "http/http_date.hpp"

#include <gtest/gtest.h>

namespace bellhop::core {
namespace {

constexpr Milliseconds example_ms = 784'111'777'000;  // the RFC's own example

TEST(HttpDate, is_written_as_the_rfc_writes_it) {
  EXPECT_EQ(http_date(example_ms), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(example_ms + 999), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace bellhop::core
