// SPDX-License-Identifier: Apache-2.0
// Times as a reader of Slack sees them, and as the fallback tells them.
#include "when.hpp"

#include <gtest/gtest.h>

namespace slack {
namespace {

constexpr std::int64_t start = 1'388'592'000'000, end = start + 1'800'000;  // 2014-01-01T16:00:00Z

TEST(SlackWhen, tells_a_time_in_the_bookings_zone) {
  EXPECT_EQ(in_zone(start, "US/Pacific"), "Wed 1 Jan 2014, 08:00 (US/Pacific)");
  EXPECT_EQ(in_zone(start, "Asia/Kolkata"), "Wed 1 Jan 2014, 21:30 (Asia/Kolkata)");
  EXPECT_EQ(in_zone(start, ""), "Wed 1 Jan 2014, 16:00 (UTC)");
}

TEST(SlackWhen, takes_utc_for_a_zone_that_nobody_knows) {
  EXPECT_EQ(in_zone(start, "Mars/Olympus"), "Wed 1 Jan 2014, 16:00 (UTC)");
  EXPECT_EQ(in_zone(start, "../../etc/passwd"), "Wed 1 Jan 2014, 16:00 (UTC)");
  EXPECT_EQ(in_zone(start, "|>\n<!channel>"), "Wed 1 Jan 2014, 16:00 (UTC)");
}

TEST(SlackWhen, names_the_second_day_only_when_it_is_another) {
  EXPECT_EQ(span_in_zone(start, end, "US/Pacific"), "Wed 1 Jan 2014, 08:00 – 08:30 (US/Pacific)");
  EXPECT_EQ(span_in_zone(start, start + 86'400'000, ""), "Wed 1 Jan 2014, 16:00 – Thu 2 Jan 2014, 16:00 (UTC)");
  EXPECT_EQ(span_in_zone(start, start, ""), "Wed 1 Jan 2014, 16:00 (UTC)")
      << "the vendor's own sample ends as it starts";
}

TEST(SlackWhen, lets_slack_tell_it_in_the_readers_zone) {
  EXPECT_EQ(as_mrkdwn(start, std::nullopt, "US/Pacific"),
            "<!date^1388592000^{date_long_pretty} {time}|Wed 1 Jan 2014, 08:00 (US/Pacific)>");
  EXPECT_EQ(as_mrkdwn(start, end, "|><!here>"),
            "<!date^1388592000^{date_long_pretty} {time}|Wed 1 Jan 2014, 16:00 – 16:30 (UTC)> – "
            "<!date^1388593800^{time}|Wed 1 Jan 2014, 16:30 (UTC)>");
}

TEST(SlackWhen, knows_the_hour_that_is_there_twice) {
  EXPECT_EQ(in_zone(1'414'285'200'000, "Europe/Berlin"), "Sun 26 Oct 2014, 02:00 (Europe/Berlin)");
  EXPECT_EQ(in_zone(1'414'285'200'000 - 3'600'000, "Europe/Berlin"), "Sun 26 Oct 2014, 02:00 (Europe/Berlin)");
}

}  // namespace
}  // namespace slack
