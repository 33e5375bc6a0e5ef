// SPDX-License-Identifier: Apache-2.0
// What a stranger may type into a booking form, through all plugins at once: nothing leaves its field, every end takes
// every request, and the database has each byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "event/event_json.hpp"
#include "support/plugin_street.hpp"
#include "whole_house.hpp"

namespace bellhop::test {
namespace {

using testing::IsEmpty;

// The list of naughty strings; what is meant for one of our ends; and characters of four bytes where a limit cuts.
std::vector<std::string> hostile_texts() {
  std::vector<std::string> texts{"<!channel>",
                                 "<!here|x> <@U012AB3CD> <#C0BOOKINGS> <https://evil.example|your bank>",
                                 "*bold* `code` &lt;!everyone&gt; &amp;lt;",
                                 "a\r\nATTENDEE:mailto:victim@example.org",
                                 "a\nEND:VEVENT\nBEGIN:VALARM\nACTION:EMAIL",
                                 "\r\n X-SMUGGLED:1",
                                 "a;b,c\\n:\"d\"",
                                 "a\r\nX-Injected: 1\r\n\r\n",
                                 "=HYPERLINK(\"http://evil.example\",\"x\")",
                                 "+1.888.555.1212",
                                 "-2+3+cmd|' /C calc'!A0",
                                 "@SUM(1+1)*cmd|' /C calc'!A0",
                                 "\t=1+1",
                                 "\r=1+1",
                                 "\n=1+1",
                                 "../../etc/passwd",
                                 "..%2f..%2fetc%2fpasswd",
                                 "'; DROP TABLE booking; --",
                                 std::string("nul \0 inside", 12),
                                 "\xE2\x80\xAE"
                                 "desrever",
                                 "{{/data/booking/attendee/email}} {{name}}"};
  for (const std::size_t limit : {75U, 150U, 1'999U, 2'000U, 3'000U, 4'000U, 13'000U}) {
    for (const std::size_t length : {limit - 1, limit, limit + 1}) {
      texts.push_back(std::string(length - 2, 'a') + "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80");
    }
  }
  const std::string file = contents(BELLHOP_TEST_DATA "/strings/blns.json");
  rapidjson::Document list;
  list.Parse(file.data(), file.size());
  EXPECT_TRUE(list.IsArray());
  for (const auto &value : list.GetArray()) {
    if (value.GetStringLength() > 0) texts.emplace_back(value.GetString(), value.GetStringLength());
  }
  return texts;
}

struct Hostile {
  std::string id, address, name, label, company, campaign;

  std::string body() const {
    const auto quoted = [](const std::string &text) {
      std::string json;
      core::append_json_string(json, text);
      return json;
    };
    // A field of the form whose own name is hostile too.
    const std::string fields = R"({"field":{"kind":"CharField","slug":)" + quoted(label) + R"(,"kwargs":{"label":)" +
                               quoted(label) + R"(}},"value":)" + quoted(label) +
                               R"(},{"field":{"kind":"CharField","slug":"company"},"value":)" + quoted(company) + "},";
    std::string body = payload_text("legacy_booking_confirmed.json");
    const std::size_t mark = body.find('[', body.find("\"fields\""));
    body.insert(mark + 1, fields);
    return with_edits(body, {{R"("value": "John")", "\"value\": " + quoted(name)},
                             {R"("utm_campaign": null)", R"("utm_campaign": )" + quoted(campaign)},
                             {"BOOKING_ID", id},
                             {"webhooks+sample@appointlet.com", address}});
  }
};

std::vector<Hostile> hostile_bookings() {
  const std::vector<std::string> texts = hostile_texts();
  std::vector<Hostile> bookings;
  for (std::size_t at = 0; at < texts.size(); at += 4) {
    const auto text = [&](std::size_t offset) { return texts[(at + offset) % texts.size()]; };
    const std::string number = std::to_string(bookings.size());
    bookings.push_back({"H" + number, "hostile" + number + "@example.org", text(0), text(1), text(2), text(3)});
  }
  return bookings;
}

// RFC 4180, strictly: rows end with CRLF, quotes only around whole cells, and double inside.
std::vector<std::vector<std::string>> parsed_csv(const std::string &text) {
  std::vector<std::vector<std::string>> rows{{""}};
  bool is_quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string &cell = rows.back().back();
    if (is_quoted) {
      const bool is_double = text.compare(at, 2, "\"\"") == 0;
      if (text[at] == '"' && !is_double) {
        is_quoted = false;
        EXPECT_TRUE(text[at + 1] == ',' || text[at + 1] == '\r') << "after the quote at " << at;
        continue;
      }
      cell += text[at];
      at += is_double ? 1 : 0;
    } else if (text[at] == '"') {
      EXPECT_EQ(cell, "") << "a quote within a cell at " << at;
      is_quoted = true;
    } else if (text[at] == ',') {
      rows.back().emplace_back();
    } else if (text.compare(at, 2, "\r\n") == 0) {
      rows.push_back({""});
      ++at;
    } else {
      EXPECT_TRUE(text[at] != '\r' && text[at] != '\n') << "a bare end of line at " << at;
      cell += text[at];
    }
  }
  EXPECT_EQ(rows.back(), std::vector<std::string>{""}) << "the last row has no end";
  rows.pop_back();
  return rows;
}

// As a spreadsheet may be given it.
std::string neutral(const std::string &text) {
  return (std::string("=+-@\t\r\n").find(text[0]) != std::string::npos ? "'" : "") + text;
}

void expect_neutral_csv(const WholeHouse &house, const std::vector<Hostile> &bookings) {
  const Ran exported = house.bellhop({"run", "log", "export", "file=bookings.csv"});
  ASSERT_EQ(exported.status, 0) << exported.output;
  const auto rows = parsed_csv(contents(house.file_of("log", "bookings.csv")));
  ASSERT_EQ(rows.size(), bookings.size() + 1);
  std::map<std::string, std::size_t> column_of;
  for (std::size_t i = 0; i < rows[0].size(); ++i) column_of[rows[0][i]] = i;
  ASSERT_EQ(column_of.count("answer/company"), 1U);
  std::map<std::string, const std::vector<std::string> *> row_of;
  for (const auto &row : rows) {
    EXPECT_EQ(row.size(), rows[0].size());
    row_of[row[0]] = &row;
    for (const std::string &cell : row) {
      EXPECT_TRUE(cell.empty() || std::string("=+-@\t\r\n").find(cell[0]) == std::string::npos) << cell;
    }
  }
  for (const Hostile &booking : bookings) {
    ASSERT_EQ(row_of.count(booking.id), 1U);
    const std::vector<std::string> &row = *row_of[booking.id];
    EXPECT_EQ(row[column_of.at("attendee_email")], booking.address);
    EXPECT_EQ(row[column_of.at("utm_campaign")], neutral(booking.campaign));
    EXPECT_EQ(row[column_of.at("answer/company")], neutral(booking.company));
    EXPECT_EQ(row[column_of.at("answer/first-name")], neutral(booking.name));
  }
}

TEST(HostileTexts, stay_in_their_fields_at_every_end) {
  ASSERT_EQ(hostile_texts().size(), 556U);  // docs/guarantees.md, P17, names it
  const std::vector<Hostile> bookings = hostile_bookings();
  WholeHouse house;
  ASSERT_TRUE(house.start()) << house.log();

  for (const Hostile &booking : bookings) ASSERT_EQ(house.post(booking.body()), 202) << booking.id << house.log();

  ASSERT_EQ(house.wait_until_delivered(static_cast<std::int64_t>(bookings.size())), "") << house.log();
  expect_neutral_csv(house, bookings);
  EXPECT_EQ(house.stop(), 0);
  EXPECT_THAT(house.slack.complaints(), IsEmpty());
  EXPECT_THAT(house.hubspot.complaints(), IsEmpty());
  EXPECT_THAT(house.caldav.complaints(), IsEmpty());
  EXPECT_THAT(house.receiver.complaints(), IsEmpty());
  EXPECT_EQ(house.slack.roots().size(), bookings.size());
  EXPECT_EQ(house.hubspot.contacts().size(), bookings.size());
  EXPECT_EQ(house.hubspot.meetings().size(), bookings.size());
  EXPECT_EQ(house.caldav.resources().size(), bookings.size());
  for (const auto &[path, resource] : house.caldav.resources()) {
    EXPECT_THAT(property_of(resource.body, "UID"), testing::MatchesRegex("[0-9a-f]+@bellhop"));
    EXPECT_THAT(path, testing::MatchesRegex("/cal/[A-Za-z0-9_-]+\\.ics"));
  }
  for (const auto &entry : std::filesystem::directory_iterator(house.file_of("calendar", "ics"))) {
    EXPECT_EQ(wrong_calendar(contents(entry.path())), "") << entry.path();
  }
  ASSERT_EQ(house.receiver.received().size(), bookings.size());
  for (const auto &[id, body] : house.receiver.received()) {
    EXPECT_EQ(house.ask("SELECT json FROM event WHERE id = ?1", id), body);
  }
  for (const Hostile &booking : bookings) {
    EXPECT_EQ(house.ask("SELECT utm_campaign FROM booking WHERE id = ?1", booking.id), booking.campaign);
    EXPECT_EQ(house.ask("SELECT text FROM answer WHERE slug = 'company' AND booking_id = ?1", booking.id),
              booking.company);
    EXPECT_EQ(house.ask("SELECT text FROM answer WHERE slug = 'first-name' AND booking_id = ?1", booking.id),
              booking.name);
    EXPECT_EQ(house.ask("SELECT slug FROM answer WHERE position = 0 AND booking_id = ?1", booking.id), booking.label);
    EXPECT_EQ(house.ask("SELECT raw FROM event WHERE subject = 'booking/' || ?1", booking.id), booking.body());
  }
}

}  // namespace
}  // namespace bellhop::test
