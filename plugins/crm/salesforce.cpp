// SPDX-License-Identifier: Apache-2.0
// Salesforce: REST API with OAuth client credentials. A token says nothing of its end: it lives in memory, and a 401
// INVALID_SESSION_ID fetches a new one, once. An Event has a key of ours (salesforce.event_key, an external id), so
// that making it and changing it are one idempotent PATCH.
#include <bellhop/booking.hpp>

#include <algorithm>
#include <array>
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

constexpr std::size_t text_units_max = 32'000, value_units_max = 255;

struct Limit {
  std::string_view name;
  std::size_t units_max;
};
// Longer ones are refused with STRING_TOO_LONG, and a long name should not cost the booking its place.
constexpr std::array<Limit, 4> limits{{{"FirstName", 40}, {"LastName", 80}, {"Phone", 40}, {"MobilePhone", 40}}};

std::string cut_for(const std::string &name, const std::string &value) {
  const auto limit = std::find_if(limits.begin(), limits.end(), [&](const Limit &one) { return one.name == name; });
  return cut(value, limit == limits.end() ? value_units_max : limit->units_max);
}

bool is_id(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  return (text.size() == 15 || text.size() == 18) && text.find_first_not_of(letters) == text.npos;
}

class Salesforce : public Driver {
 public:
  Salesforce(const Link &link, const Settings &settings)
      : link_(link), settings_(settings.salesforce), base_("/services/data/v" + settings_.version) {}

  std::vector<FieldRule> own_rules() const override {
    return {{"first_name", "FirstName"}, {"last_name", "LastName"}, {"phone", "Phone"}};
  }

  // Several contacts with one address: the oldest.
  Found find_contact(const std::string &email, const std::vector<FieldRule> &rules) override {
    const std::string query = "SELECT " + names_of(rules) + " FROM Contact WHERE Email = '" + soql_escaped(email) +
                              "' ORDER BY CreatedDate LIMIT 1";
    const Reply reply = send("GET", base_ + "/query?q=" + percent_encoded(query), "");
    // A 200 without records is a proxy's: taken for "there is nobody", it would make a second contact.
    if (reply.said.status != 200 || !reply.root()["records"].is_array()) return salesforce_verdict(reply.said);
    const Json record = reply.root()["records"].at(0);
    if (!record) return std::optional<Contact>();
    return contact_of(record, rules, reply);
  }
  Found read_contact(const std::string &id, const std::vector<FieldRule> &rules) override {
    const Reply reply =
        send("GET", base_ + "/sobjects/Contact/" + percent_encoded(id) + "?fields=" + names_of(rules), "");
    if (is_missing(reply)) return std::optional<Contact>();
    if (reply.said.status != 200) return salesforce_verdict(reply.said);
    return contact_of(reply.root(), rules, reply);
  }

  Outcome<Created> create_contact(const Person &person, const Properties &properties) override {
    Obj values = written(properties);
    values.set("Email", person.email);
    const bool has_last_name = std::any_of(properties.begin(), properties.end(),
                                           [](const Property &property) { return property.name == "LastName"; });
    if (!has_last_name) values.set("LastName", cut_for("LastName", person.name.empty() ? person.email : person.name));
    const Reply reply = send("POST", base_ + "/sobjects/Contact", values.str());
    if (!reply.said.is_2xx()) return salesforce_verdict(reply.said);
    const std::string id = reply.root()["id"].str();
    if (!is_id(id)) return Verdict::retry(reply.said.sentence + ": Salesforce gave no id");
    return Created{id, true};
  }
  Outcome<Change> update_contact(const std::string &id, const Person &, const Properties &properties) override {
    const Reply reply = send("PATCH", base_ + "/sobjects/Contact/" + percent_encoded(id), written(properties).str());
    if (is_missing(reply)) return Change::gone;
    if (!reply.said.is_2xx()) return salesforce_verdict(reply.said);
    return Change::done;
  }

  // Nothing is ever doubled: the key decides.
  Outcome<std::optional<std::string>> find_meeting(const Meeting &) override { return std::optional<std::string>(); }
  Outcome<std::string> create_meeting(const Meeting &meeting) override {
    const std::string path = base_ + "/sobjects/Event/" + settings_.event_key + "/" + meeting.key;
    const Reply reply = send("PATCH", path, event_of(meeting));
    if (!reply.said.is_2xx()) return salesforce_verdict(reply.said);
    std::string id = reply.root()["id"].str();
    if (!is_id(id)) {  // 204 of older versions: it was there
      const Reply read = send("GET", path + "?fields=Id", "");
      id = read.root()["Id"].str();
      if (read.said.status == 404) return salesforce_verdict(reply.said);  // it was not written after all
      if (read.said.status != 200) return salesforce_verdict(read.said);
      if (!is_id(id)) return Verdict::retry(read.said.sentence + ": Salesforce gave no id");
    }
    if (const Verdict verdict = invite(id, meeting); verdict.code != BHP_OK) return verdict;
    return id;
  }
  Outcome<Change> update_meeting(const std::string &id, const Meeting &meeting) override {
    const Reply reply = send("PATCH", base_ + "/sobjects/Event/" + percent_encoded(id), event_of(meeting));
    if (is_missing(reply)) return Change::gone;
    if (!reply.said.is_2xx()) return salesforce_verdict(reply.said);
    if (const Verdict verdict = invite(id, meeting); verdict.code != BHP_OK) return verdict;
    for (const std::string &contact : meeting.removed) {
      if (const Verdict verdict = uninvite(id, contact); verdict.code != BHP_OK) return verdict;
    }
    return Change::done;
  }

  Verdict check() override {
    const Reply reply = send("GET", base_ + "/sobjects/Contact", "");
    return reply.said.status == 200 ? Verdict::ok("Salesforce lets us read contacts") : salesforce_verdict(reply.said);
  }

 private:
  static std::string names_of(const std::vector<FieldRule> &rules) {
    std::string names = "Id";
    for (const FieldRule &rule : rules) {
      if ((names + ",").find("," + rule.to + ",") == std::string::npos) names += "," + rule.to;
    }
    return names;
  }
  static Obj written(const Properties &properties) {
    Obj out;
    for (const Property &property : properties) out.set(property.name, cut_for(property.name, property.value));
    return out;
  }
  // An Event has no state: the subject and the free time say it.
  static std::string event_of(const Meeting &meeting) {
    const bool is_canceled = meeting.state == MeetingState::canceled;
    return Obj()
        .set("Subject", cut((is_canceled ? "Canceled: " : "") + meeting.title, value_units_max))
        .set("Description", cut(meeting.text, text_units_max, Lines::many))
        .set("Location", meeting.location)
        .set("StartDateTime", bellhop::utc_text(meeting.start_ms))
        .set("EndDateTime", bellhop::utc_text(meeting.end_ms))
        .set("ShowAs", is_canceled ? "Free" : "Busy")
        .set("WhoId", meeting.contacts.front())
        .str();
  }
  static bool is_missing(const Reply &reply) {
    return reply.said.status == 404 && (reply.said.code == "NOT_FOUND" || reply.said.code == "ENTITY_IS_DELETED");
  }
  static Found contact_of(const Json &record, const std::vector<FieldRule> &rules, const Reply &reply) {
    Contact contact{record["Id"].str(), {}};
    if (!is_id(contact.id)) return Verdict::retry(reply.said.sentence + ": Salesforce gave no id");
    for (const FieldRule &rule : rules) {
      const std::string value = record[rule.to].str();
      if (!value.empty()) contact.values.push_back({rule.to, value});
    }
    return std::optional<Contact>(std::move(contact));
  }

  // The primary attendee is WhoId, the others are invited. Who is there already is told as a duplicate.
  Verdict invite(const std::string &id, const Meeting &meeting) {
    for (const std::string &contact : meeting.added) {
      if (contact == meeting.contacts.front()) continue;
      const Obj relation = Obj().set("EventId", id).set("RelationId", contact).set("IsInvitee", true);
      const Reply reply = send("POST", base_ + "/sobjects/EventRelation", relation.str());
      const bool is_there = reply.said.code == "DUPLICATE_VALUE" || reply.said.code == "DUPLICATES_DETECTED";
      if (!reply.said.is_2xx() && !is_there) return salesforce_verdict(reply.said);
    }
    return Verdict::ok();
  }

  // Who was WhoId is not among the relations: the update has put somebody else there.
  Verdict uninvite(const std::string &id, const std::string &contact) {
    const std::string soql = "SELECT Id FROM EventRelation WHERE EventId = '" + soql_escaped(id) +
                             "' AND RelationId = '" + soql_escaped(contact) + "'";
    const Reply found = send("GET", base_ + "/query?q=" + percent_encoded(soql), "");
    if (found.said.status != 200) return salesforce_verdict(found.said);
    if (!found.root()["records"].is_array())
      return Verdict::retry(found.said.sentence + ": there are no records in it");
    for (const Json &relation : found.root()["records"]) {
      const Reply gone =
          send("DELETE", base_ + "/sobjects/EventRelation/" + percent_encoded(relation["Id"].text()), "");
      if (!gone.said.is_2xx() && !is_missing(gone)) return salesforce_verdict(gone.said);
    }
    return Verdict::ok();
  }

  Reply fetch_token() {
    const std::string form = "grant_type=client_credentials&client_id=" + percent_encoded(settings_.client_id) +
                             "&client_secret=" + percent_encoded(settings_.client_secret);
    Reply reply =
        link_.send("POST", "/services/oauth2/token", form, {{"Content-Type", "application/x-www-form-urlencoded"}});
    token_ = reply.said.status == 200 ? reply.root()["access_token"].str() : std::string();
    reply.said.code = shown(reply.root()["error"].text());
    reply.said.detail = shown(reply.root()["error_description"].text());
    if (token_.empty() && reply.said.is_2xx()) {  // not taken for the answer to the request that wanted the token
      reply.said.status = 502;
      reply.said.detail = "there is no access_token in it";
    }
    return reply;
  }

  Reply send(const std::string &method, const std::string &path, const std::string &body) {
    for (int round = 0;; ++round) {
      if (token_.empty()) {
        Reply reply = fetch_token();
        if (token_.empty()) return reply;
      }
      Reply reply = link_.send(method, path, body, {{"Authorization", "Bearer " + token_}});
      if (!reply.said.is_2xx()) {
        const Json error = reply.root().is_array() ? reply.root().at(0) : reply.root();
        reply.said.code = shown(error["errorCode"].text());
        reply.said.detail = shown(error["message"].text());
      }
      if (reply.said.status != 401 || round > 0) return reply;
      token_.clear();
    }
  }

  const Link &link_;
  const SalesforceSettings settings_;
  const std::string base_;
  std::string token_;  // "" = none
};

}  // namespace

std::unique_ptr<Driver> make_salesforce(const Link &link, const Settings &settings) {
  return std::make_unique<Salesforce>(link, settings);
}

}  // namespace crm
