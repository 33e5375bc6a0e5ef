// SPDX-License-Identifier: Apache-2.0
// What a reader finds in the tables after events went in.
#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/Session.h>
#include <rapidjson/document.h>

#include <fstream>
#include <iterator>

#include "event/event_json.hpp"
#include "plugins/sqlite_fixture.hpp"

namespace bellhop::test {
namespace {

std::string read_file(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(SqlitePlugin, shows_the_published_sample_with_its_answers) {
  const std::string body = payload("legacy_booking_confirmed.json");

  const core::PluginAnswer answer = host().deliver(parcel_of(body, 1));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_EQ(ask("SELECT id, status, start, start_epoch, timezone, attendee_name, attendee_email, attendee_phone, "
                "meeting_type_name, duration_s, price_amount, price_currency, host_name, organization_name, "
                "created, reschedule_count, event_count, last_event_seq, last_event_time FROM booking"),
            "BOOKING_ID|confirmed|2014-01-01T00:00:00Z|1388534400|US/Pacific|John Smith|webhooks+sample@appointlet.com|"
            "+1.888.555.1212|Meeting Type 1|1800|0.00|USD|Member 1|Organization 1|2017-06-29T20:00:05Z|0|1|1|"
            "2014-01-01T00:00:00.000Z");
  EXPECT_EQ(ask("SELECT position, slug, label, kind, value, text FROM answer ORDER BY position"),
            "0|first-name|First Name|CharField|\"John\"|John\n"
            "1|last-name|Last Name|CharField|\"Smith\"|Smith\n"
            "2|phone-number|Phone Number|CharField|\"+1.888.555.1212\"|+1.888.555.1212");
  EXPECT_EQ(ask("SELECT position, email, name FROM attendee"), "0|webhooks+sample@appointlet.com|John Smith");
  EXPECT_EQ(ask("SELECT seq, type, field, old, new, late FROM change"), "1|booking.confirmed|status|-|confirmed|0");
  EXPECT_EQ(ask("SELECT seq, type, subject, received, late, test FROM event"),
            "1|booking.confirmed|booking/BOOKING_ID|2026-09-21T14:13:20.000Z|0|0");
}

TEST_F(SqlitePlugin, keeps_the_body_and_the_event_byte_for_byte) {
  const core::Parcel parcel = parcel_of(payload("legacy_booking_confirmed.json"), 1);

  host().deliver(parcel);

  EXPECT_EQ(ask("SELECT raw FROM event"), parcel.body);
  EXPECT_EQ(ask("SELECT json FROM event"), parcel.json);
  EXPECT_EQ(ask("SELECT id FROM event"), parcel.id.text());
}

TEST_F(SqlitePlugin, keeps_no_body_when_told_so) {
  host_ = make(R"({"path":"bookings.db","keep_raw":false,"busy_timeout_ms":0})");
  ASSERT_EQ(host_->start().code, BHP_OK);

  host_->deliver(parcel_of(payload("legacy_booking_confirmed.json"), 1));

  EXPECT_EQ(ask("SELECT raw IS NULL, length(json) > 0 FROM event"), "1|1");
}

TEST_F(SqlitePlugin, shows_all_five_utm_values_and_reports_on_them) {
  const std::string body =
      edited(payload("legacy_booking_confirmed.json"), {{R"("utm_source": null)", R"("utm_source": "news")"},
                                                        {R"("utm_medium": null)", R"("utm_medium": "mail")"},
                                                        {R"("utm_campaign": null)", R"("utm_campaign": "spring")"},
                                                        {R"("utm_term": null)", R"("utm_term": "haircut")"},
                                                        {R"("utm_content": null)", R"("utm_content": "button")"},
                                                        {R"("price": "0.00")", R"("price": "49.50")"}});

  host().deliver(parcel_of(body, 1));
  host().deliver(parcel_of(edited(body, {{"BOOKING_ID", "SECOND"}}), 2));
  host().deliver(parcel_of(legacy_body({.booking_id = "THIRD"}), 3));

  EXPECT_EQ(ask("SELECT utm_source, utm_medium, utm_campaign, utm_term, utm_content FROM booking WHERE id = 'SECOND'"),
            "news|mail|spring|haircut|button");
  EXPECT_EQ(ask("SELECT utm_source, utm_medium, utm_campaign, bookings, confirmed, canceled, confirmed_price, "
                "price_currency FROM utm_report"),
            "news|mail|spring|2|2|0|99.0|USD\n(none)|(none)|(none)|1|1|0|0.0|USD");
}

TEST_F(SqlitePlugin, offers_views_for_export_days_and_answers) {
  host().deliver(parcel_of(legacy_body({}), 1));
  host().deliver(parcel_of(legacy_body({.booking_id = "B2"}), 2));
  host().deliver(parcel_of(legacy_body({.action = "canceled", .time = "2014-01-02T00:00:00Z", .booking_id = "B2"}), 3));

  EXPECT_EQ(ask("SELECT day, bookings, confirmed, canceled, rescheduled FROM bookings_by_day"), "2014-02-01|2|1|1|0");
  EXPECT_EQ(ask("SELECT id, status, duration_min, answers FROM booking_export WHERE id = 'B2'"),
            "B2|canceled|30|First Name: John\nLast Name: Smith\nPhone Number: +1.888.555.1212");
  EXPECT_EQ(ask("SELECT booking_id, label, text FROM answer_report WHERE slug = 'last-name' ORDER BY 1"),
            "B2|Last Name|Smith\nBOOKING_ID|Last Name|Smith");
}

TEST_F(SqlitePlugin, takes_what_the_v5_dialect_says) {
  host().deliver(parcel_of(payload("v5_meeting_scheduled.partial.json"), 1));

  EXPECT_EQ(ask("SELECT id, status, start, end, meeting_type_name, location, location_type, attendee_email "
                "FROM booking"),
            "2751918|confirmed|2024-06-03T14:00:00Z|2024-06-03T14:30:00Z|Example Meeting Type (Group)|"
            "123 Address Street|place|-");
}

TEST_F(SqlitePlugin, records_tests_without_touching_a_booking) {
  const core::Parcel ping = parcel_of(payload("legacy_test_ping.json"), 1);
  core::Parcel whole = parcel_of(legacy_body({}), 2);
  whole.flags |= BHP_EV_TEST;

  EXPECT_EQ(host().deliver(ping).code, BHP_OK);
  EXPECT_EQ(host().deliver(whole).code, BHP_OK);

  EXPECT_EQ(ask("SELECT type, test FROM event ORDER BY no"), "ping|1\nbooking.confirmed|1");
  EXPECT_EQ(ask("SELECT (SELECT count(*) FROM booking), (SELECT count(*) FROM change)"), "0|0");
}

TEST_F(SqlitePlugin, writes_nothing_in_a_dry_run) {
  core::Parcel parcel = parcel_of(legacy_body({}), 1);
  parcel.flags |= BHP_EV_DRYRUN;

  const core::PluginAnswer answer = host().deliver(parcel);

  EXPECT_EQ(answer.code, BHP_OK);
  EXPECT_EQ(answer.message, "dry run: would be recorded for booking BOOKING_ID");
  EXPECT_EQ(ask("SELECT count(*) FROM event"), "0");
}

TEST_F(SqlitePlugin, fails_an_unreadable_event_alone_and_keeps_the_rest_of_its_batch) {
  core::Parcel broken = parcel_of(legacy_body({.booking_id = "BROKEN"}), 2);
  broken.json = "{\"no\":\"data\"}";

  const auto answers = host().deliver_batch(
      {parcel_of(legacy_body({.booking_id = "A"}), 1), broken, parcel_of(legacy_body({.booking_id = "C"}), 3)});

  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].code, BHP_OK);
  EXPECT_EQ(answers[1].code, BHP_FAIL);
  EXPECT_EQ(answers[1].message, "the event is not JSON with an object \"data\"");
  EXPECT_EQ(answers[2].code, BHP_OK);
  EXPECT_EQ(ask("SELECT group_concat(id) FROM (SELECT id FROM booking ORDER BY id)"), "A,C");
}

TEST_F(SqlitePlugin, fails_what_the_tables_refuse_alone_and_leaves_nothing_of_it) {
  host();
  run_sql(
      "CREATE TRIGGER theirs AFTER INSERT ON answer WHEN NEW.booking_id = 'BROKEN' AND NEW.position = 1 "
      "BEGIN SELECT RAISE(ABORT, 'not that one'); END");

  const auto answers = host().deliver_batch({parcel_of(legacy_body({.booking_id = "A"}), 1),
                                             parcel_of(legacy_body({.booking_id = "BROKEN"}), 2),
                                             parcel_of(legacy_body({.booking_id = "C"}), 3)});

  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].code, BHP_OK) << answers[0].message;
  EXPECT_EQ(answers[1].code, BHP_FAIL);
  EXPECT_NE(answers[1].message.find("not that one: the tables do not take what this event says"), std::string::npos)
      << answers[1].message;
  EXPECT_EQ(answers[2].code, BHP_OK) << answers[2].message;
  EXPECT_EQ(ask("SELECT group_concat(id) FROM (SELECT id FROM booking ORDER BY id)"), "A,C");
  EXPECT_EQ(ask("SELECT group_concat(seq) FROM event"), "1,3");
  EXPECT_EQ(ask("SELECT count(*) FROM answer"), "6");
}

TEST_F(SqlitePlugin, gives_a_batch_back_that_somebodys_trigger_undid_whole) {
  host();
  run_sql(
      "CREATE TRIGGER theirs AFTER INSERT ON booking WHEN NEW.id = 'BROKEN' "
      "BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END");
  const core::Parcel broken = parcel_of(legacy_body({.booking_id = "BROKEN"}), 2);
  core::PluginAnswer whole;

  host().deliver_batch({parcel_of(legacy_body({.booking_id = "A"}), 1), broken}, &whole);
  const core::PluginAnswer alone = host().deliver(broken);

  EXPECT_EQ(whole.code, BHP_RETRY) << whole.message;
  EXPECT_EQ(alone.code, BHP_FAIL) << alone.message;
  EXPECT_EQ(ask("SELECT count(*) FROM event"), "0");
}

TEST_F(SqlitePlugin, takes_a_batch_of_many_bookings) {
  std::vector<core::Parcel> parcels;
  for (int i = 0; i < 64; ++i)
    parcels.push_back(parcel_of(legacy_body({.booking_id = "B" + std::to_string(i)}), i + 1));

  const auto answers = host().deliver_batch(parcels);

  ASSERT_EQ(answers.size(), 64u);
  for (const auto &answer : answers) EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_EQ(ask("SELECT count(*), count(DISTINCT id) FROM booking"), "64|64");
  EXPECT_EQ(ask("SELECT count(*) FROM answer"), "192");
}

TEST_F(SqlitePlugin, keeps_naughty_strings_byte_for_byte) {
  rapidjson::Document list;
  const std::string file = read_file(BELLHOP_TEST_DATA "/strings/blns.json");
  list.Parse(file.data(), file.size());
  ASSERT_TRUE(list.IsArray());
  std::vector<std::string> strings{std::string("nul \0 inside", 12)};
  for (const auto &value : list.GetArray()) {
    if (value.GetStringLength() > 0) strings.emplace_back(value.GetString(), value.GetStringLength());
  }
  ASSERT_GT(strings.size(), 400u);

  std::vector<core::Parcel> parcels;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    std::string quoted;
    core::append_json_string(quoted, strings[i]);
    const std::string body = edited(
        legacy_body({.booking_id = "B" + std::to_string(i)}),
        {{R"("value": "John")", "\"value\": " + quoted}, {R"("utm_campaign": null)", R"("utm_campaign": )" + quoted}});
    parcels.push_back(parcel_of(body, static_cast<core::Seq>(i + 1)));
  }
  for (const auto &answer : host().deliver_batch(parcels)) EXPECT_EQ(answer.code, BHP_OK) << answer.message;

  Reader reader(path());
  for (std::size_t i = 0; i < strings.size(); ++i) {
    const std::string id = "B" + std::to_string(i);
    EXPECT_EQ(reader.ask("SELECT text FROM answer WHERE booking_id = ? AND position = 0", id), strings[i]);
    EXPECT_EQ(reader.ask("SELECT utm_campaign FROM booking WHERE id = ?", id), strings[i]);
    EXPECT_EQ(reader.ask("SELECT raw FROM event WHERE subject = 'booking/' || ?", id), parcels[i].body);
  }
}

TEST_F(SqlitePlugin, keeps_any_json_as_the_value_of_an_answer) {
  const std::string body =
      edited(legacy_body({}), {{R"("value": "John")", R"("value": ["a \"b\"", 1.50, {"c": null}])"},
                               {R"("value": "Smith")", R"("value": null)"}});

  host().deliver(parcel_of(body, 1));

  EXPECT_EQ(ask("SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM answer WHERE position = 0"),
            "a \"b\"|1.5");
  EXPECT_EQ(ask("SELECT value FROM answer WHERE position = 1"), "null");
  EXPECT_EQ(ask("SELECT min(json_valid(value)) FROM answer"), "1");
}

TEST_F(SqlitePlugin, is_readable_through_poco_data_while_it_is_open) {
  using namespace Poco::Data::Keywords;
  host().deliver(parcel_of(legacy_body({.utm_source = "news"}), 1));
  Poco::Data::SQLite::Connector::registerConnector();
  Poco::Data::Session session("SQLite", path().string());
  std::string email, utm_source;
  std::vector<std::string> answers;

  session << "SELECT attendee_email, utm_source FROM booking WHERE id = 'BOOKING_ID'", into(email), into(utm_source),
      now;
  session << "SELECT text FROM answer ORDER BY position", into(answers), now;

  EXPECT_EQ(email, "webhooks+sample@appointlet.com");
  EXPECT_EQ(utm_source, "news");
  EXPECT_EQ(answers, (std::vector<std::string>{"John", "Smith", "+1.888.555.1212"}));
}

TEST_F(SqlitePlugin, has_the_schema_that_is_documented) {
  host();

  const std::string golden = read_file(BELLHOP_SOURCE_DIR "/tests/plugins/sqlite_schema.sql");
  const std::string actual = ask("SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid") + "\n";

  EXPECT_EQ(actual, golden) << "a schema that was released changes by a new migration only (plugins/sqlite/schema.cpp)";
  EXPECT_EQ(ask("SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"), "1112040043|2");
  EXPECT_EQ(ask("SELECT min(strict) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE "
                "'sqlite_%'"),
            "1");
}

TEST_F(SqlitePlugin, is_a_singleton_that_wants_every_event_and_pings) {
  const bhp_plugin &plugin = host().plugin();

  EXPECT_EQ(std::string(plugin.id), "sqlite");
  EXPECT_TRUE(plugin.flags & BHP_PLUGIN_SINGLETON);
  ASSERT_NE(plugin.events, nullptr);
  EXPECT_EQ(std::string(plugin.events[0]), "*");
  EXPECT_EQ(std::string(plugin.events[1]), "ping");
  rapidjson::Document schema;
  schema.Parse(plugin.settings_schema);
  ASSERT_TRUE(schema.IsObject());
  EXPECT_EQ(std::string(schema["properties"]["path"]["default"].GetString()), "bookings.db");
  EXPECT_TRUE(schema["properties"]["keep_raw"]["default"].GetBool());
  EXPECT_EQ(schema["properties"]["busy_timeout_ms"]["default"].GetInt(), 5000);
}

TEST_F(SqlitePlugin, refuses_a_path_that_names_no_file) {
  const auto refused = make(R"({"path":"","keep_raw":true,"busy_timeout_ms":0})");

  EXPECT_EQ(refused->created().code, BHP_FAIL);
  EXPECT_EQ(refused->created().message, "path: \"\" does not name a file");
}

}  // namespace
}  // namespace bellhop::test
