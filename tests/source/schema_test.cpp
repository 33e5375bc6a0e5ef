// SPDX-License-Identifier: Apache-2.0
// The schema in sdk/schema is the contract: every event of the test data conforms to it, and none has a member that it
// does not name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Woverloaded-virtual"
#endif
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <string>
#include <vector>

#include "event/event_json.hpp"
#include "source/reading.hpp"

namespace bellhop::core {
namespace {

rapidjson::Document parsed(const std::string &json) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  EXPECT_FALSE(document.HasParseError()) << json;
  return document;
}

std::string schema_text() {
  return bytes_of(std::filesystem::path(BELLHOP_SOURCE_DIR) / "sdk/schema/event-1.schema.json");
}

// The published schema lets members through that it does not name, for what comes later. Here they would be mistakes.
void forbid_other_members(rapidjson::Value &value, rapidjson::Document &document) {
  if (value.IsArray()) {
    for (rapidjson::Value &child : value.GetArray()) forbid_other_members(child, document);
  }
  if (!value.IsObject()) return;
  for (auto &member : value.GetObject()) forbid_other_members(member.value, document);
  if (value.HasMember("properties") && value["properties"].IsObject() && value.HasMember("type")) {
    value.AddMember("additionalProperties", false, document.GetAllocator());
  }
}

class Schema {
 public:
  explicit Schema(bool is_closed) {
    rapidjson::Document document = parsed(schema_text());
    if (is_closed) forbid_other_members(document, document);
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::RapidJsonAdapter(document), schema_);
  }

  // What is wrong with the document, "" when nothing is.
  std::string fault_of(const std::string &json) {
    const rapidjson::Document document = parsed(json);
    valijson::Validator validator;
    valijson::ValidationResults results;
    if (validator.validate(schema_, valijson::adapters::RapidJsonAdapter(document), &results)) return "";
    std::string faults = "refused";
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
      faults += "\n ";
      for (const std::string &step : error.context) faults += step;
      faults += ": " + error.description;
    }
    return faults;
  }

 private:
  valijson::Schema schema_;
};

std::vector<std::filesystem::path> all_bodies() {
  std::vector<std::filesystem::path> files;
  for (const char *folder : {"payloads", "events"}) {
    for (const auto &file : files_in(folder)) files.push_back(file);
  }
  return files;
}

TEST(EventSchema, holds_for_every_accepted_body_of_the_test_data) {
  Schema open(false), closed(true);
  int events_count = 0;
  for (const auto &file : all_bodies()) {
    const Outcome outcome = normalize(bytes_of(file));
    const auto *event = std::get_if<Event>(&outcome);
    if (event == nullptr) continue;
    ++events_count;
    EXPECT_EQ(open.fault_of(event->json), "") << file << event->json;
    EXPECT_EQ(closed.fault_of(event->json), "") << file << event->json;
    EXPECT_EQ(closed.fault_of(with_late(event->json, true)), "") << file;
  }
  EXPECT_GT(events_count, 75);
}

TEST(EventSchema, refuses_what_is_no_event) {
  Schema schema(false);
  const std::string good = event_of(bytes_of(data("payloads/legacy_booking_confirmed.json"))).json;
  const auto with = [&](const std::string &from, const std::string &to) {
    std::string json = good;
    const auto place = json.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    return json.replace(place, from.size(), to);
  };

  EXPECT_EQ(schema.fault_of(good), "");
  EXPECT_NE(schema.fault_of("{}"), "");
  EXPECT_NE(schema.fault_of(with("\"specversion\":\"1.0\"", "\"specversion\":\"0.3\"")), "");
  EXPECT_NE(schema.fault_of(with("\"type\":\"booking.confirmed\"", "\"type\":\"Booking\"")), "");
  EXPECT_NE(schema.fault_of(with("\"status\":\"confirmed\"", "\"status\":\"sure\"")), "");
  EXPECT_NE(schema.fault_of(with("\"amount\":\"0.00\"", "\"amount\":0.00")), "");
  EXPECT_NE(schema.fault_of(with("\"timezone\":\"US/Pacific\"", "\"timezone\":\"..\"")), "");
  EXPECT_NE(schema.fault_of(with("\"start\":\"2014-01-01T00:00:00Z\"", "\"start\":\"2014-01-01\"")), "");
  EXPECT_NE(schema.fault_of(with("\"ics\":\"https:", "\"ics\":\"file:")), "");
}

TEST(EventSchema, lets_members_of_later_versions_through) {
  Schema open(false), closed(true);
  std::string json = event_of(bytes_of(data("payloads/legacy_booking_confirmed.json"))).json;
  json.replace(json.find("\"status\""), 0, "\"invented_later\":1,");

  EXPECT_EQ(open.fault_of(json), "");
  EXPECT_NE(closed.fault_of(json), "");
}

// Every member that was ever published, so that none is lost. Lines may be added, never taken away.
void member_paths(const rapidjson::Value &value, const std::string &path, std::vector<std::string> &paths) {
  if (!value.IsObject()) return;
  for (const auto &member : value.GetObject()) {
    const std::string name = member.name.GetString();
    if (name != "properties" && name != "definitions") {
      if (member.value.IsObject() && path.empty() && name == "definitions") member_paths(member.value, path, paths);
      continue;
    }
    for (const auto &child : member.value.GetObject()) {
      const std::string child_path = path + "/" + child.name.GetString();
      if (name == "properties") paths.push_back(child_path);
      EXPECT_TRUE(name == "definitions" || child.value.HasMember("$ref") || child.value.HasMember("description"))
          << child_path;
      member_paths(child.value, child_path, paths);
    }
  }
}

TEST(EventSchema, only_grows) {
  std::vector<std::string> paths;
  member_paths(parsed(schema_text()), "", paths);

  std::ifstream in(std::filesystem::path(BELLHOP_SOURCE_DIR) / "tests/source/event-1.members.txt");
  int members_count = 0;
  for (std::string path; std::getline(in, path); ++members_count) EXPECT_THAT(paths, testing::Contains(path));
  EXPECT_GT(members_count, 80);
}

}  // namespace
}  // namespace bellhop::core
