// SPDX-License-Identifier: Apache-2.0
#include "source/vendor_time.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace bellhop::core {
namespace {

constexpr Milliseconds new_year_2014_ms = 1'388'534'400'000;

Milliseconds ms_of(std::string_view text) {
  const auto time = parse_time(text);
  EXPECT_TRUE(time) << text;
  return time ? time->unix_ms : 0;
}

TEST(Time, is_read_with_any_number_of_fractional_digits_up_to_nine) {
  EXPECT_EQ(ms_of("2014-01-01T00:00:00Z"), new_year_2014_ms);
  EXPECT_EQ(ms_of("2014-01-01T00:00:00.1Z"), new_year_2014_ms + 100);
  EXPECT_EQ(ms_of("2014-01-01T00:00:00.12Z"), new_year_2014_ms + 120);
  EXPECT_EQ(ms_of("2014-01-01T00:00:00.810173Z"), new_year_2014_ms + 810);
  EXPECT_EQ(ms_of("2014-01-01T00:00:00.123456789Z"), new_year_2014_ms + 123);
  EXPECT_FALSE(parse_time("2014-01-01T00:00:00.1234567890Z"));
  EXPECT_FALSE(parse_time("2014-01-01T00:00:00.Z"));
}

TEST(Time, is_read_with_an_offset) {
  EXPECT_EQ(ms_of("2014-01-01T02:00:00+02:00"), new_year_2014_ms);
  EXPECT_EQ(ms_of("2013-12-31T18:15:00-05:45"), new_year_2014_ms);
  EXPECT_EQ(ms_of("2014-01-01T00:00:00-00:00"), new_year_2014_ms);
}

TEST(Time, says_whether_it_is_written_as_the_schema_promises) {
  for (const char *text : {"2014-01-01T00:00:00Z", "2014-01-01t00:00:00z", "2014-01-01T00:00:00.5+00:00"}) {
    ASSERT_TRUE(parse_time(text)) << text;
    EXPECT_TRUE(parse_time(text)->is_rfc3339) << text;
  }
  for (const char *text : {"2014-01-01 00:00:00Z", "2014-01-01T02:00:00+0200", "2014-01-01T02:00:00+02"}) {
    ASSERT_TRUE(parse_time(text)) << text;
    EXPECT_FALSE(parse_time(text)->is_rfc3339) << text;
    EXPECT_EQ(parse_time(text)->unix_ms, new_year_2014_ms) << text;
  }
}

TEST(Time, is_not_guessed) {
  for (const char *text : {"",
                           "2014",
                           "2014-01-01",
                           "2014-01-01T00:00:00",
                           "2014-01-01T00:00Z",
                           "1388534400",
                           "2014-13-45T99:99:99Z",
                           "0000-00-00T00:00:00Z",
                           "2014-02-30T00:00:00Z",
                           "2014-01-01T24:00:00Z",
                           "2014-01-01T00:60:00Z",
                           "2014-01-01T00:00:61Z",
                           "2014-01-01T00:00:00+99:99",
                           "2014-01-01T00:00:00+24:00",
                           "-0001-01-01T00:00:00Z",
                           "2014-01-01T00:00:00Z ",
                           " 2014-01-01T00:00:00Z",
                           "2014-01-01T00:00:00ZZ",
                           "2014-1-1T00:00:00Z",
                           "2014-01-01T00:00:00,5Z",
                           "2014-01-01T00:00:00+2",
                           "2014-01-01T00:00:00+02:0",
                           "２014-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Time, knows_leap_years_and_leap_seconds) {
  EXPECT_TRUE(parse_time("2000-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_time("1900-02-29T00:00:00Z"));
  EXPECT_EQ(ms_of("2016-12-31T23:59:60Z"), 1'483'228'799'999);
  EXPECT_EQ(ms_of("9999-12-31T23:59:60Z"), 253'402'300'799'999);
}

TEST(Time, stays_within_four_digits_of_a_year_in_utc) {
  EXPECT_TRUE(parse_time("0000-01-01T00:00:00Z"));
  EXPECT_FALSE(parse_time("0000-01-01T00:00:00+01:00"));
  EXPECT_FALSE(parse_time("9999-12-31T23:59:59-01:00"));
}

TEST(Zone, is_passed_on_as_it_is_when_it_can_be_a_name) {
  for (const char *name :
       {"US/Pacific", "UTC", "Etc/GMT+5", "America/Port-au-Prince", "UTC+25", "EST5EDT", "Europe/Berlin"}) {
    EXPECT_EQ(zone_name(name), name);
  }
}

TEST(Zone, is_left_out_when_it_cannot_be_a_name) {
  for (const char *text :
       {"", "../../../etc/passwd", "..", "Europe/Ber lin", "Europe\\Berlin", "US/Pacific\r\nX:Y", "Zürich"}) {
    EXPECT_EQ(zone_name(text), std::nullopt) << text;
  }
  EXPECT_EQ(zone_name(std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_EQ(zone_name(std::string(65, 'a')), std::nullopt);
}

TEST(Zone, is_turned_back_from_its_enumeration_form) {
  EXPECT_EQ(zone_name("AMERICA_INDIANA_INDIANAPOLIS"), "America/Indiana/Indianapolis");
  EXPECT_EQ(zone_name("AMERICA_NEW_YORK"), "America/New_York");
  EXPECT_EQ(zone_name("US_PACIFIC"), "US/Pacific");
  EXPECT_EQ(zone_name("AMERICA_PORT_AU_PRINCE"), "America/Port-au-Prince");
  EXPECT_EQ(zone_name("ETC_UTC"), "Etc/UTC");
  EXPECT_EQ(zone_name("ETC_GMT_5"), std::nullopt);  // GMT+5 or GMT-5
}

TEST(Zone, gives_back_every_name_of_the_time_zone_database) {
  std::ifstream in("/usr/share/zoneinfo/tzdata.zi");
  if (!in) GTEST_SKIP() << "no tzdata.zi on this machine";
  std::multimap<std::string, std::string> names;  // by enumeration form
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string kind, first, second;
    words >> kind >> first >> second;
    if (kind != "Z" && kind != "L") continue;
    const std::string name = kind == "Z" ? first : second;
    std::string form;
    for (const char c : name) form += c == '/' || c == '-' || c == '+' ? '_' : static_cast<char>(std::toupper(c));
    names.emplace(form, name);
  }
  ASSERT_GT(names.size(), 400U);

  for (const auto &[form, name] : names) {
    EXPECT_EQ(zone_name(name), name);
    if (name.find('/') == std::string::npos) continue;  // has no area to know it by: "CUBA" stays
    const std::optional<std::string> back = zone_name(form);
    if (form.rfind("ETC_GMT_", 0) == 0) {
      EXPECT_EQ(back, std::nullopt) << form;
    } else {
      EXPECT_EQ(back, name) << form;
    }
  }
}

}  // namespace
}  // namespace bellhop::core
