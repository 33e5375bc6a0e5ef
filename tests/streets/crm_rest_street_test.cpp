// SPDX-License-Identifier: Apache-2.0
// crm with any REST end by templates: real child, real services and egress, and a CRM of our own making. Its requests
// are compared whole, so that a value that leaves its place in a URL or a body is a complaint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <map>

#include "crm_life.hpp"

namespace bellhop::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class RestVendor {
 public:
  struct Person {
    std::string email, name, source;
  };
  struct Meeting {
    std::string key, title, state, start, contacts;
  };

  RestVendor() {
    server_.serve([this](const core::RecordedRequest &request) {
      const auto fault = faults_.find(requests_count_++);
      return with_fault(fault == faults_.end() ? Fault{} : fault->second, [&] { return answer(request); });
    });
  }
  std::string url() const { return server_.url(""); }
  void fail_at(std::size_t request, Fault fault) { faults_[request] = std::move(fault); }
  const std::map<std::string, Person> &people() const { return people_; }
  const std::map<std::string, Meeting> &meetings() const { return meetings_; }
  const std::vector<std::string> &complaints() const { return complaints_; }
  std::size_t requests_count() const { return requests_count_; }

 private:
  std::string refuse(const core::RecordedRequest &request) {
    complaints_.push_back(request.method + " " + request.target + " " + request.body);
    return http_answer(400, "{}");
  }

  // All of these members, all of them strings but the objects and lists, and no others.
  static bool has_only(const rapidjson::Document &body, const std::vector<std::string> &names) {
    if (!body.IsObject() || body.MemberCount() != names.size()) return false;
    for (const std::string &name : names) {
      if (!body.HasMember(name.c_str())) return false;
      const bool is_text = name != "values" && name != "people";
      if (is_text != body[name.c_str()].IsString()) return false;
    }
    return true;
  }
  static std::string text(const rapidjson::Document &body, const char *name) {
    return {body[name].GetString(), body[name].GetStringLength()};
  }

  std::string answer(const core::RecordedRequest &request) {
    const std::string &target = request.target;
    rapidjson::Document body;
    body.Parse<rapidjson::kParseValidateEncodingFlag>(request.body.data(), request.body.size());
    if (request.header("Authorization") != "Key r3st-s3cr3t" || !request.header("X-Injected").empty() ||
        (!request.body.empty() && (body.HasParseError() || request.header("Content-Type") != "application/json"))) {
      return refuse(request);
    }
    if (request.method == "GET" && target == "/ping") return http_answer(200, "{}");
    if (target.compare(0, 7, "/people") == 0) return person(request, target.substr(7), body);
    if (target.compare(0, 9, "/meetings") == 0) return meeting(request, target.substr(9), body);
    return refuse(request);
  }

  std::string person(const core::RecordedRequest &request, const std::string &rest, const rapidjson::Document &body) {
    const std::string by_email = "?email=";
    if (request.method == "GET" && rest.compare(0, by_email.size(), by_email) == 0) {
      const std::string value = rest.substr(by_email.size());
      if (value.find_first_of("&#/?+ ") != std::string::npos) return refuse(request);
      for (const auto &[id, one] : people_) {
        if (one.email == percent_decoded(value)) return http_answer(200, "[" + told(id, one) + "]");
      }
      return http_answer(200, "[]");
    }
    if (request.method == "POST" && rest.empty() && has_only(body, {"email", "name", "values"})) {
      const std::string id = "p/" + std::to_string(next_id_++);  // an id that must be encoded
      people_[id] = {text(body, "email"), text(body, "name"), source_of(body)};
      return http_answer(201, told(id, people_[id]));
    }
    const auto at = people_.find(rest.empty() ? "" : percent_decoded(rest.substr(1)));
    if (rest.find('/', 1) != std::string::npos || at == people_.end()) return refuse(request);
    if (request.method == "GET") return http_answer(200, told(at->first, at->second));
    if (request.method != "PATCH" || !has_only(body, {"values"})) return refuse(request);
    at->second.source = source_of(body);
    return http_answer(200, "{}");
  }

  static std::string source_of(const rapidjson::Document &body) {
    const auto &values = body["values"];
    return values.IsObject() && values.HasMember("source") ? values["source"].GetString() : "";
  }
  static std::string told(const std::string &id, const Person &one) {
    return R"({"id":)" + json_text(id) + R"(,"source":)" + json_text(one.source) + "}";
  }

  std::string meeting(const core::RecordedRequest &request, const std::string &rest, const rapidjson::Document &body) {
    const std::string by_key = "?key=";
    if (request.method == "GET" && rest.compare(0, by_key.size(), by_key) == 0) {
      for (const auto &[id, one] : meetings_) {
        if (one.key == rest.substr(by_key.size())) return http_answer(200, R"({"id":)" + id + "}");
      }
      return http_answer(404, "{}");
    }
    if (!has_only(body, {"key", "title", "state", "start", "people"}) || !body["people"].IsArray()) {
      return refuse(request);
    }
    std::string contacts;
    for (const auto &one : body["people"].GetArray()) {
      if (!one.IsString() || people_.count(one.GetString()) == 0) return refuse(request);
      contacts += std::string(one.GetString()) + " ";
    }
    const bool is_new = request.method == "POST" && rest.empty();
    const std::string id = is_new ? std::to_string(next_id_++) : rest.substr(rest.empty() ? 0 : 1);
    if (!is_new && (request.method != "PUT" || meetings_.count(id) == 0)) return refuse(request);
    meetings_[id] = {text(body, "key"), text(body, "title"), text(body, "state"), text(body, "start"), contacts};
    return http_answer(is_new ? 201 : 200, R"({"id":)" + id + "}");
  }

  std::map<std::size_t, Fault> faults_;
  std::map<std::string, Person> people_;
  std::map<std::string, Meeting> meetings_;
  std::vector<std::string> complaints_;
  std::size_t requests_count_ = 0;
  int next_id_ = 1;
  core::WaywardServer server_;  // the last member: its threads use all the others
};

StreetOptions options_for(const RestVendor &vendor) {
  const std::string meeting =
      json_text(R"({"key":"{{meeting.key}}","title":"{{meeting.title}}","state":"{{meeting.state}}",)"
                R"("start":"{{start}}","people":{{meeting.contacts}}})");
  const std::string person = json_text(R"({"email":"{{email}}","name":"{{name}}","values":{{properties}}})");
  return {
      BELLHOP_PLUGIN_DIR "/crm.so",
      R"({"driver":"http","url":")" + vendor.url() +
          R"(","fields":[{"from":"utm.source","to":"source"}],"http":{)"
          R"("headers":[{"name":"Authorization","value":"Key r3st-s3cr3t"}],)"
          R"("find_contact":{"method":"GET","url":"/people?email={{email}}","id":"/0/id","properties":"/0"},)"
          R"("read_contact":{"method":"GET","url":"/people/{{contact.id}}","id":"/id","missing":[404]},)"
          R"("create_contact":{"method":"POST","url":"/people","id":"/id","body":)" +
          person +
          R"(},"update_contact":{"method":"PATCH","url":"/people/{{contact.id}}","body":"{\"values\":{{properties}}}"},)"
          R"("find_meeting":{"method":"GET","url":"/meetings?key={{meeting.key}}","id":"/id","missing":[404]},)"
          R"("create_meeting":{"method":"POST","url":"/meetings","id":"/id","body":)" +
          meeting + R"(},"update_meeting":{"method":"PUT","url":"/meetings/{{meeting.id}}","body":)" + meeting +
          R"(},"check":{"method":"GET","url":"/ping"}}})"};
}

void expect_one_canceled(const RestVendor &vendor, std::size_t people_count) {
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_THAT(vendor.people(), SizeIs(people_count));
  ASSERT_THAT(vendor.meetings(), SizeIs(1));
  const RestVendor::Meeting &meeting = vendor.meetings().begin()->second;
  EXPECT_EQ(meeting.state, "canceled");
  EXPECT_EQ(meeting.start.substr(0, 10), last_day);
  EXPECT_EQ(std::count(meeting.contacts.begin(), meeting.contacts.end(), ' '), static_cast<long>(people_count));
}

TEST(CrmRest, a_life_of_the_legacy_dialect_ends_the_same_whatever_request_fails) {
  expect_life_survives<RestVendor>(legacy_life(), all_faults(), options_for, [](const RestVendor &vendor) {
    expect_one_canceled(vendor, 1);
    EXPECT_EQ(vendor.people().begin()->second.source, "newsletter");
  });
}

TEST(CrmRest, a_life_of_the_v5_dialect_ends_the_same_and_everybody_takes_part) {
  RestVendor vendor;
  PluginStreet street(options_for(vendor));

  live(street, v5_life());

  expect_one_canceled(vendor, 2);
  expect_untold(street, "r3st-s3cr3t");
}

TEST(CrmRest, hostile_texts_stay_in_their_places_of_urls_and_bodies) {
  const std::vector<std::string> texts{"<!channel>",
                                       "a\r\nX-Injected: 1",
                                       "=HYPERLINK(\"http://evil.example\")",
                                       "../../etc/passwd",
                                       "\",\"admin\":true,\"x\":\"",
                                       "\\",
                                       "{{email}}",
                                       "\xF0\x9F\x98\x80"};
  RestVendor vendor;
  PluginStreet street(options_for(vendor));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    SCOPED_TRACE(texts[i]);
    const std::string quoted = json_text(texts[i]), text = quoted.substr(1, quoted.size() - 2);
    const core::PluginAnswer answer = street.deliver(
        with_edits(legacy_life().front(), {{"BOOKING_ID", "B" + std::to_string(i)},
                                           {"webhooks+sample@", "a/../b?c&d=e+" + std::to_string(i) + "%2F#@"},
                                           {"Ada  King Lovelace", text},
                                           {"newsletter\"", text + "\""},
                                           {"Meeting Type 1", text}}));
    EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  }
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_THAT(vendor.people(), SizeIs(texts.size()));
  EXPECT_THAT(vendor.meetings(), SizeIs(texts.size()));
}

TEST(CrmRest, the_health_check_asks_what_the_settings_say_and_leaves_nothing) {
  RestVendor vendor;
  PluginStreet street(options_for(vendor));

  const core::Report report = street.ask(core::Question::What::health);

  ASSERT_THAT(report.answers, SizeIs(1));
  EXPECT_EQ(report.answers[0].code, BHP_OK) << report.answers[0].message;
  EXPECT_EQ(vendor.requests_count(), 1U);
  EXPECT_THAT(vendor.people(), IsEmpty());
}

}  // namespace
}  // namespace bellhop::test
