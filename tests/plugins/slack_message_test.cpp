// SPDX-License-Identifier: Apache-2.0
// A booking as a message: what is shown, what is left out, and that no field grows beyond its limit.
#include "message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slack {
namespace {

using testing::HasSubstr;
using testing::Not;

Booking booking() {
  Booking made;
  made.id = "B1";
  made.attendee.name = "John Smith";
  made.attendee.email = "john@example.org";
  made.timezone = "US/Pacific";
  made.start_ms = 1'388'592'000'000;
  made.end_ms = 1'388'593'800'000;
  made.meeting_type.name = "Haircut";
  made.url = "https://salon.example/booking/B1";
  made.google_link = "https://api.example/google";
  made.answers = {{"company", "Company", "ACME & Sons"}};
  made.utm = {{"source", "mail"}};
  return made;
}

const Occasion confirmed{"booking.confirmed", "New booking: John Smith"};

TEST(SlackTemplate, puts_fields_in_and_leaves_braces_alone) {
  EXPECT_EQ(render("{{name}} / {{ answer.company }} / {{utm.source}}{{phone}}", booking()),
            "John Smith / ACME & Sons / mail");
  EXPECT_EQ(render("{{when}}", booking()), "Wed 1 Jan 2014, 08:00 – 08:30 (US/Pacific)");
  EXPECT_EQ(render("{name} {{name", booking()), "{name} {{name");
}

TEST(SlackTemplate, puts_nothing_in_twice) {
  Booking sly = booking();
  sly.attendee.name = "{{email}}";

  EXPECT_EQ(render("{{name}}", sly), "{{email}}") << "a stranger's text is no template";
}

TEST(SlackTemplate, names_the_field_that_nobody_knows) {
  EXPECT_EQ(unknown_field_of("{{name}} {{answer.x}} {{utm.term}}"), "");
  EXPECT_EQ(unknown_field_of("{{name}} {{nmae}}"), "nmae");
  EXPECT_EQ(unknown_field_of("{{utm.foo}}"), "utm.foo");
  EXPECT_EQ(unknown_field_of("{{answer.}}"), "answer.");
  EXPECT_EQ(unknown_field_of("{{}}"), "{{}}");
}

TEST(SlackMessage, shows_a_booking_in_blocks) {
  const std::string json = message_of(booking(), confirmed, {}).str();

  EXPECT_THAT(
      json,
      HasSubstr(R"("type":"header","text":{"type":"plain_text","emoji":false,"text":"New booking: John Smith"})"));
  EXPECT_THAT(json, HasSubstr("<!date^1388592000^{date_long_pretty} {time}|"));
  EXPECT_THAT(json, HasSubstr(R"("text":"Company\nACME &amp; Sons")"));
  EXPECT_THAT(json, HasSubstr(R"("action_id":"google")"));
  EXPECT_THAT(json, HasSubstr(R"("parse":"none","link_names":false)"));
  EXPECT_THAT(json, Not(HasSubstr("UTM")));
  EXPECT_THAT(json, Not(HasSubstr(R"("action_id":"outlook")"))) << "there is no such link";
}

TEST(SlackMessage, says_who_of_a_group_is_not_coming_unless_nobody_is) {
  Booking group = booking();
  group.status = "confirmed";
  group.others.resize(2);
  group.others[0].name = "Ann";
  group.others[1].name = "Jane Doe";
  group.others[1].status = "cancelled";

  EXPECT_THAT(message_of(group, confirmed, {}).str(), HasSubstr("\"text\":\"Others\\nAnn, Jane Doe (not coming)\""));

  group.attendee.status = "declined";
  EXPECT_THAT(message_of(group, confirmed, {}).str(), HasSubstr("\"text\":\"Who\\nJohn Smith (not coming)\""));

  group.status = "canceled";
  EXPECT_THAT(message_of(group, {"booking.canceled", "Booking canceled"}, {}).str(), Not(HasSubstr("not coming")));
}

TEST(SlackMessage, calls_nobody_whatever_a_stranger_writes) {
  Booking sly = booking();
  sly.attendee.name = sly.attendee.email = sly.meeting_type.name = sly.host.name = sly.location =
      "<!channel> <@U1> <https://evil|click>";
  sly.answers = {{"x", "<!here>", "<!everyone>"}};
  sly.url = "javascript:alert(1)";
  sly.timezone = "<!here>";
  const Occasion occasion{"booking.confirmed", render("New: {{name}}", sly)};

  for (const Render how : {Render::blocks, Render::attachments, Render::text}) {
    Style style;
    style.render = how;
    std::string json = message_of(sly, occasion, style).str();
    for (std::size_t at = json.find("<!date^"); at != json.npos; at = json.find("<!date^")) json.erase(at, 7);  // ours
    EXPECT_THAT(json, Not(HasSubstr("<!"))) << static_cast<int>(how);
    EXPECT_THAT(json, Not(HasSubstr("<@"))) << static_cast<int>(how);
    EXPECT_THAT(json, Not(HasSubstr("<http"))) << static_cast<int>(how);
    EXPECT_THAT(json, Not(HasSubstr("javascript:"))) << static_cast<int>(how);
  }
}

TEST(SlackMessage, stays_within_slacks_limits_whatever_the_form_holds) {
  Booking long_one = booking();
  for (int i = 0; i < 300; ++i)
    long_one.answers.push_back({"", "Question " + std::to_string(i), std::string(3'000, '&')});

  for (const Render how : {Render::blocks, Render::attachments, Render::text}) {
    Style style;
    style.render = how;
    const std::string json = message_of(long_one, {"booking.confirmed", std::string(500, 'h')}, style).str();
    EXPECT_LT(json.size(), 20'000U) << static_cast<int>(how);
    EXPECT_THAT(json, HasSubstr("john@example.org")) << "what comes first stays";
  }
}

TEST(SlackMessage, has_the_colour_of_what_happened_as_an_attachment) {
  Style style;
  style.render = Render::attachments;

  EXPECT_THAT(message_of(booking(), {"booking.canceled", "x"}, style).str(), HasSubstr("#c0392b"));
  EXPECT_THAT(message_of(booking(), {"booking.rescheduled", "x"}, style).str(), HasSubstr("#e67e22"));
  EXPECT_THAT(message_of(booking(), confirmed, style).str(),
              HasSubstr(R"("title_link":"https://salon.example/booking/B1")"));
}

TEST(SlackDigest, tells_the_first_lines_and_how_many_more) {
  std::vector<std::string> lines(25, "Booking <moved>");

  const std::string json = digest_of(lines, {}).str();

  EXPECT_THAT(json, HasSubstr("25 bookings changed"));
  EXPECT_THAT(json, HasSubstr("and 5 more"));
  EXPECT_THAT(json, HasSubstr("Booking &lt;moved&gt;"));
}

}  // namespace
}  // namespace slack
