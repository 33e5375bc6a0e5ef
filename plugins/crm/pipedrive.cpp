// SPDX-License-Identifier: Apache-2.0
// Pipedrive, API v2: a contact is a person, a meeting an activity of type "meeting" in which the persons take part.
// Custom fields are named by their 40 hex digits.
#include <bellhop/booking.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "driver.hpp"
#include "link.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace crm {
namespace {

using bellhop::Json;
using bellhop::Obj;
using bellhop::percent_encoded;
using bellhop::Verdict;

constexpr std::size_t value_units_max = 255, id_digits_max = 18, custom_name_size = 40;
constexpr std::int64_t ms_per_min = 60'000;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= id_digits_max && text.find_first_not_of("0123456789") == text.npos;
}
bool is_custom(std::string_view name) {
  return name.size() == custom_name_size && name.find_first_not_of("0123456789abcdef") == name.npos;
}
std::string mark_of(const Meeting &meeting) { return "bellhop:" + meeting.key; }

std::string duration_of(const Meeting &meeting) {
  constexpr std::int64_t minutes_max = 99 * 60 + 59;
  const std::int64_t minutes = std::min((meeting.end_ms - meeting.start_ms) / ms_per_min, minutes_max);
  std::array<char, 16> out{};
  std::snprintf(out.data(), out.size(), "%02d:%02d", static_cast<int>(minutes / 60), static_cast<int>(minutes % 60));
  return out.data();
}

Obj values_of(const Properties &properties) {
  Obj out, custom;
  bool has_custom = false;
  for (const Property &property : properties) {
    const std::string value = cut(property.value, value_units_max);
    if (property.name == "phone") {
      out.raw("phones", "[" + Obj().set("value", value).set("primary", true).set("label", "work").str() + "]");
    } else if (is_custom(property.name)) {
      custom.set(property.name, value);
      has_custom = true;
    } else {
      out.set(property.name, value);
    }
  }
  return has_custom ? out.set("custom_fields", custom) : out;
}

std::string activity_of(const Meeting &meeting) {
  const std::string start = bellhop::utc_text(meeting.start_ms);  // 2014-01-01T00:00:00Z
  const bool is_canceled = meeting.state == MeetingState::canceled;
  std::string participants;
  for (const std::string &contact : meeting.contacts) {
    participants += (participants.empty() ? "" : ",") +
                    Obj().raw("person_id", contact).set("primary", contact == meeting.contacts.front()).str();
  }
  Obj out;
  out.set("subject", cut((is_canceled ? "Canceled: " : "") + meeting.title, value_units_max))
      .set("type", "meeting")
      .set("due_date", start.substr(0, 10))
      .set("due_time", start.substr(11, 5))
      .set("duration", duration_of(meeting))
      .set("done", is_canceled)
      .set("note", html(meeting.text) + "<br>" + mark_of(meeting))
      .raw("participants", "[" + participants + "]");
  if (!meeting.location.empty()) out.set("location", Obj().set("value", meeting.location));
  return out.str();
}

class Pipedrive : public Driver {
 public:
  Pipedrive(const Link &link, const Settings &settings) : link_(link), token_(settings.token) {}

  std::vector<FieldRule> own_rules() const override { return {{"name", "name"}, {"phone", "phone"}}; }

  Found find_contact(const std::string &email, const std::vector<FieldRule> &rules) override {
    const Reply reply =
        send("GET", "/api/v2/persons/search?fields=email&exact_match=true&limit=1&term=" + percent_encoded(email), "");
    if (!is_success(reply)) return verdict_of(reply);
    const std::string id = reply.root()["data"]["items"].at(0)["item"]["id"].str();
    if (!is_id(id)) return std::optional<Contact>();
    return read_contact(id, rules);
  }

  Found read_contact(const std::string &id, const std::vector<FieldRule> &rules) override {
    const Reply reply = send("GET", "/api/v2/persons/" + percent_encoded(id), "");
    if (is_missing(reply)) return std::optional<Contact>();
    if (!is_success(reply)) return verdict_of(reply);
    const Json person = reply.root()["data"];
    if (person["is_deleted"].boolean()) return std::optional<Contact>();
    Contact contact{id, {}};
    for (const FieldRule &rule : rules) {
      const Json value = is_custom(rule.to)   ? person["custom_fields"][rule.to]
                         : rule.to == "phone" ? person["phones"].at(0)["value"]
                                              : person[rule.to];
      if (const std::string text = value.str(); !text.empty()) contact.values.push_back({rule.to, text});
    }
    return std::optional<Contact>(std::move(contact));
  }

  Outcome<Created> create_contact(const Person &person, const Properties &properties) override {
    Obj values = values_of(properties);
    const bool has_name = std::any_of(properties.begin(), properties.end(),
                                      [](const Property &property) { return property.name == "name"; });
    if (!has_name) values.set("name", cut(person.name.empty() ? person.email : person.name, value_units_max));
    const Obj email = Obj().set("value", person.email).set("primary", true).set("label", "work");
    const Outcome<std::string> id =
        id_of(send("POST", "/api/v2/persons", values.raw("emails", "[" + email.str() + "]").str()));
    if (!id) return id.verdict();
    return Created{*id, true};
  }
  Outcome<Change> update_contact(const std::string &id, const Person &, const Properties &properties) override {
    return change("/api/v2/persons/" + percent_encoded(id), values_of(properties).str());
  }

  Outcome<std::optional<std::string>> find_meeting(const Meeting &meeting) override {
    const Reply reply = send("GET",
                             "/api/v2/activities?limit=500&sort_by=add_time&sort_direction=desc&person_id=" +
                                 percent_encoded(meeting.contacts.front()),
                             "");
    if (!is_success(reply)) return verdict_of(reply);
    for (const Json &activity : reply.root()["data"]) {
      const std::string id = activity["id"].str();
      if (is_id(id) && activity["note"].text().find(mark_of(meeting)) != std::string_view::npos) {
        return std::optional<std::string>(id);
      }
    }
    return std::optional<std::string>();
  }
  Outcome<std::string> create_meeting(const Meeting &meeting) override {
    return id_of(send("POST", "/api/v2/activities", activity_of(meeting)));
  }
  Outcome<Change> update_meeting(const std::string &id, const Meeting &meeting) override {
    return change("/api/v2/activities/" + percent_encoded(id), activity_of(meeting));
  }

  Verdict check() override {
    const Reply reply = send("GET", "/api/v2/persons?limit=1", "");
    return is_success(reply) ? Verdict::ok("Pipedrive knows the token and lets us read persons") : verdict_of(reply);
  }

 private:
  Reply send(const std::string &method, const std::string &path, const std::string &body) const {
    Reply reply = link_.send(method, path, body, {{"x-api-token", token_}});
    if (!reply.said.is_2xx()) reply.said.detail = shown(reply.root()["error"].text());
    return reply;
  }
  Verdict verdict_of(const Reply &reply) const { return pipedrive_verdict(reply.said, link_.now_ms()); }
  // A 2xx of a proxy's, taken for "there is nobody", would make a second person.
  static bool is_success(const Reply &reply) { return reply.said.is_2xx() && reply.root()["success"].boolean(); }
  static bool is_missing(const Reply &reply) {
    const bool is_own = reply.root()["success"].type() == BHP_JSON_BOOL;  // not a proxy's page
    return (reply.said.status == 404 || reply.said.status == 410) && is_own;
  }
  Outcome<std::string> id_of(const Reply &reply) const {
    if (!is_success(reply)) return verdict_of(reply);
    const std::string id = reply.root()["data"]["id"].str();
    if (!is_id(id)) return Verdict::retry(reply.said.sentence + ": Pipedrive gave no id");
    return id;
  }
  Outcome<Change> change(const std::string &path, const std::string &body) const {
    const Reply reply = send("PATCH", path, body);
    if (is_missing(reply)) return Change::gone;
    if (!is_success(reply)) return verdict_of(reply);
    return Change::done;
  }

  const Link &link_;
  const std::string token_;
};

}  // namespace

std::unique_ptr<Driver> make_pipedrive(const Link &link, const Settings &settings) {
  return std::make_unique<Pipedrive>(link, settings);
}

}  // namespace crm
