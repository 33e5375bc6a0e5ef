// SPDX-License-Identifier: Apache-2.0
#include "multistatus.hpp"

#include <gtest/gtest.h>

namespace calendar {
namespace {

TEST(CalendarMultistatus, names_resources_whatever_the_prefixes) {
  const auto resources = resources_of(
      R"(<?xml version="1.0"?><!-- <href>/no</href> --><ns0:multistatus xmlns:ns0="DAV:"><ns0:response>)"
      "<ns0:href> /a&amp;b.ics </ns0:href><ns0:propstat><ns0:prop><ns0:getetag>\"x\"</ns0:getetag></ns0:prop>"
      "</ns0:propstat></ns0:response><response xmlns=\"DAV:\"><href>/cal/</href><propstat><prop><resourcetype>"
      "<collection/><C:calendar xmlns:C=\"urn:ietf:params:xml:ns:caldav\" /></resourcetype></prop></propstat>"
      "</response></ns0:multistatus>");

  ASSERT_EQ(resources.size(), 2U);
  EXPECT_EQ(resources[0].href, "/a&b.ics");
  EXPECT_FALSE(resources[0].is_calendar);
  EXPECT_EQ(resources[1].href, "/cal/");
  EXPECT_TRUE(resources[1].is_calendar);
}

TEST(CalendarMultistatus, what_is_no_xml_names_nothing_and_comes_to_an_end) {
  for (const char *text : {"", "<", "<<<<", "<response", "<response><href>", "<!--", "<![CDATA[", "</>", "< >",
                           "<href>/a</href>", "not xml at all > < >"}) {
    for (const Resource &resource : resources_of(text)) EXPECT_EQ(resource.href, "") << text;
  }
  std::string many;
  for (int i = 0; i < 5'000; ++i) many += "<response><href>/x</href></response>";
  EXPECT_EQ(resources_of(many).size(), 1'000U);
}

TEST(CalendarMultistatus, an_element_is_found_by_its_own_name) {
  EXPECT_TRUE(has_element("<error><C:no-uid-conflict/></error>", "no-uid-conflict"));
  EXPECT_FALSE(has_element("<error>no-uid-conflict</error>", "no-uid-conflict"));
  EXPECT_FALSE(has_element("<error><C:no-uid-conflicts/></error>", "no-uid-conflict"));
}

}  // namespace
}  // namespace calendar
