// SPDX-License-Identifier: Apache-2.0
// HubSpot: CRM API v3, or a dated one of the same shape (hubspot.path). Contacts are found by e-mail, meetings are
// objects of their own, associated with every contact. All values of properties are strings.
#include <bellhop/booking.hpp>

#include <algorithm>
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

constexpr std::size_t value_units_max = 65'536;  // of a text property
constexpr std::size_t batch_max = 100;           // of a batch read
constexpr std::size_t id_digits_max = 20;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= id_digits_max && text.find_first_not_of("0123456789") == text.npos;
}

// Found again by find_meeting: internal notes are never shown to attendees.
std::string mark_of(const Meeting &meeting) { return "bellhop:" + meeting.key; }

std::string_view outcome_of(MeetingState state) {
  switch (state) {
    case MeetingState::rescheduled:
      return "RESCHEDULED";
    case MeetingState::canceled:
      return "CANCELED";
    case MeetingState::scheduled:
      return "SCHEDULED";
  }
  return "SCHEDULED";
}

Obj properties_of(const Meeting &meeting) {
  Obj properties;
  properties.set("hs_timestamp", bellhop::utc_text(meeting.start_ms))
      .set("hs_meeting_title", meeting.title)
      .set("hs_meeting_body", html(meeting.text))
      .set("hs_meeting_start_time", bellhop::utc_text(meeting.start_ms))
      .set("hs_meeting_end_time", bellhop::utc_text(meeting.end_ms))
      .set("hs_meeting_outcome", outcome_of(meeting.state))
      .set("hs_internal_meeting_notes", mark_of(meeting));
  if (!meeting.location.empty()) properties.set("hs_meeting_location", meeting.location);
  return properties;
}

class HubSpot : public Driver {
 public:
  HubSpot(const Link &link, const Settings &settings)
      : link_(link), token_(settings.token), settings_(settings.hubspot), objects_(settings_.path + "/objects") {}

  std::vector<FieldRule> own_rules() const override {
    return {{"first_name", "firstname"}, {"last_name", "lastname"}, {"phone", "phone"}};
  }

  Found find_contact(const std::string &email, const std::vector<FieldRule> &rules) override {
    return get_contact(percent_encoded(email) + "?idProperty=email&", rules);
  }
  Found read_contact(const std::string &id, const std::vector<FieldRule> &rules) override {
    return get_contact(percent_encoded(id) + "?", rules);
  }

  Outcome<Created> create_contact(const Person &person, const Properties &properties) override {
    Obj values = written(properties);
    values.set("email", person.email);
    const Reply reply = send("POST", objects_ + "/contacts", Obj().set("properties", values).str());
    if (reply.said.status == 409) {
      const std::string existing = existing_id_of(reply.root()["message"].text());
      if (!existing.empty()) return Created{existing, false};
    }
    const Outcome<std::string> id = id_of(reply);
    if (!id) return id.verdict();
    return Created{*id, true};
  }

  Outcome<Change> update_contact(const std::string &id, const Person &, const Properties &properties) override {
    return change("contacts", id, written(properties));
  }

  // By the contact, whose associations are exact at once; HubSpot's search lags behind and is counted dearly.
  Outcome<std::optional<std::string>> find_meeting(const Meeting &meeting) override {
    const std::string path = objects_ + "/contacts/" + percent_encoded(meeting.contacts.front());
    std::vector<std::string> ids;
    std::string after;
    do {
      const Reply reply = send("GET", path + "/associations/meetings?limit=500" + after, "");
      if (is_missing(reply)) break;
      if (!reply.said.is_2xx()) return verdict_of(reply);
      for (const Json &one : reply.root()["results"]) {
        const std::string id = one["id"].str(one["toObjectId"].text());
        if (is_id(id)) ids.push_back(id);
      }
      const std::string next = reply.root()["paging"]["next"]["after"].str();
      after = next.empty() ? "" : "&after=" + percent_encoded(next);
    } while (!after.empty());
    for (std::size_t begin = 0; begin < ids.size(); begin += batch_max) {
      Outcome<std::optional<std::string>> found = find_among(ids, begin, mark_of(meeting));
      if (!found || *found) return found;
    }
    return std::optional<std::string>();
  }

  Outcome<std::string> create_meeting(const Meeting &meeting) override {
    std::string associations;
    for (const std::string &contact : meeting.contacts) {
      associations += (associations.empty() ? "" : ",") + std::string(R"({"to":{"id":)") + json_quoted(contact) +
                      R"(},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":)" +
                      settings_.association_type + "}]}";
    }
    const Obj body = Obj().set("properties", properties_of(meeting)).raw("associations", "[" + associations + "]");
    return id_of(send("POST", objects_ + "/meetings", body.str()));
  }

  Outcome<Change> update_meeting(const std::string &id, const Meeting &meeting) override {
    Outcome<Change> changed = change("meetings", id, properties_of(meeting));
    if (!changed || *changed == Change::gone) return changed;
    for (const std::string &contact : meeting.added) {
      const Reply reply = send("PUT", association_path(id, contact), "");
      if (!reply.said.is_2xx()) return verdict_of(reply);
    }
    for (const std::string &contact : meeting.removed) {
      const Reply reply = send("DELETE", association_path(id, contact), "");
      if (!reply.said.is_2xx() && !is_missing(reply)) return verdict_of(reply);
    }
    return Change::done;
  }

  Verdict check() override {
    const Reply reply = send("GET", objects_ + "/contacts?limit=1", "");
    return reply.said.is_2xx() ? Verdict::ok("HubSpot knows the token and lets us read contacts") : verdict_of(reply);
  }

 private:
  std::string association_path(const std::string &meeting_id, const std::string &contact_id) const {
    return objects_ + "/meetings/" + percent_encoded(meeting_id) + "/associations/contacts/" +
           percent_encoded(contact_id) + "/" + settings_.association_type;
  }
  static Obj written(const Properties &properties) {
    Obj out;
    for (const Property &property : properties) {
      out.set(property.name, cut(property.value, value_units_max, Lines::many));
    }
    return out;
  }

  Reply send(const std::string &method, const std::string &path, const std::string &body) const {
    Reply reply = link_.send(method, path, body, {{"Authorization", "Bearer " + token_}});
    const Json root = reply.root();
    // 207: the answer is 2xx, and what was asked for is partly not done.
    const bool is_partial = reply.said.status == 207 && root["errors"].size() > 0;
    const Json error = is_partial ? root["errors"].at(0) : root;
    if (!reply.said.is_2xx() || is_partial) {
      reply.said.code = shown(error["category"].text());
      reply.said.detail = shown(error["message"].text());
      reply.said.policy = shown(root["policyName"].text());
      reply.said.trace = shown(root["correlationId"].str(error["correlationId"].text()));
    }
    return reply;
  }

  Verdict verdict_of(const Reply &reply) const {
    return hubspot_verdict(reply.said, link_.now_ms(), settings_.utc_offset_min);
  }

  // HubSpot's own 404 names a correlationId; a proxy's or a wrong path's does not.
  static bool is_missing(const Reply &reply) {
    return reply.said.status == 404 && (!reply.said.trace.empty() || reply.said.code == "OBJECT_NOT_FOUND");
  }

  Outcome<std::string> id_of(const Reply &reply) const {
    if (!reply.said.is_2xx() || !reply.said.code.empty()) return verdict_of(reply);
    const std::string id = reply.root()["id"].str();
    if (!is_id(id)) return Verdict::retry(reply.said.sentence + ": HubSpot gave no id");
    return id;
  }

  Found get_contact(const std::string &path, const std::vector<FieldRule> &rules) const {
    std::string names;
    for (const FieldRule &rule : rules) names += (names.empty() ? "" : ",") + rule.to;
    const Reply reply = send("GET", objects_ + "/contacts/" + path + "properties=" + percent_encoded(names), "");
    if (is_missing(reply)) return std::optional<Contact>();
    const Outcome<std::string> id = id_of(reply);
    if (!id) return id.verdict();
    Contact contact{*id, {}};
    for (const FieldRule &rule : rules) {
      const std::string value = reply.root()["properties"][rule.to].str();
      if (!value.empty()) contact.values.push_back({rule.to, value});
    }
    return std::optional<Contact>(std::move(contact));
  }

  Outcome<Change> change(const std::string &object, const std::string &id, const Obj &properties) const {
    const Reply reply =
        send("PATCH", objects_ + "/" + object + "/" + percent_encoded(id), Obj().set("properties", properties).str());
    if (is_missing(reply)) return Change::gone;
    if (!reply.said.is_2xx() || !reply.said.code.empty()) return verdict_of(reply);
    return Change::done;
  }

  // A 207 names those that are gone meanwhile; the others are in the results.
  Outcome<std::optional<std::string>> find_among(const std::vector<std::string> &ids, std::size_t begin,
                                                 const std::string &mark) const {
    std::string inputs;
    for (std::size_t i = begin; i < std::min(begin + batch_max, ids.size()); ++i) {
      inputs += (inputs.empty() ? "" : ",") + Obj().set("id", ids[i]).str();
    }
    const Obj body = Obj()
                         .raw("properties", R"(["hs_internal_meeting_notes"])")
                         .raw("propertiesWithHistory", "[]")  // required by HubSpot's own types
                         .raw("inputs", "[" + inputs + "]");
    const Reply reply = send("POST", objects_ + "/meetings/batch/read", body.str());
    if (!reply.said.is_2xx()) return verdict_of(reply);
    for (const Json &one : reply.root()["results"]) {
      const std::string id = one["id"].str();
      if (is_id(id) && one["properties"]["hs_internal_meeting_notes"].text().find(mark) != std::string_view::npos) {
        return std::optional<std::string>(id);
      }
    }
    if (!reply.said.code.empty() && reply.said.code != "OBJECT_NOT_FOUND") return verdict_of(reply);
    return std::optional<std::string>();
  }

  const Link &link_;
  const std::string token_;
  const HubSpotSettings settings_;
  const std::string objects_;
};

}  // namespace

std::unique_ptr<Driver> make_hubspot(const Link &link, const Settings &settings) {
  return std::make_unique<HubSpot>(link, settings);
}

}  // namespace crm
