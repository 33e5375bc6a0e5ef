// SPDX-License-Identifier: Apache-2.0
// Tryton 6.0 by JSON-RPC: a contact is a party with an e-mail among its contact mechanisms, a meeting a note of the
// party of the primary attendee (docs/decisions/0066). A session is kept in memory and taken anew when it has ended.
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

constexpr std::size_t value_units_max = 1'000, id_digits_max = 18;
constexpr int mechanisms_max = 100;  // of one party
constexpr std::array<std::string_view, 10> mechanism_types{"phone", "mobile", "fax", "email",  "website",
                                                           "skype", "sip",    "irc", "jabber", "other"};

bool is_mechanism(std::string_view name) {
  return std::find(mechanism_types.begin(), mechanism_types.end(), name) != mechanism_types.end();
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= id_digits_max && text.find_first_not_of("0123456789") == text.npos;
}

std::string mark_of(const Meeting &meeting) { return "bellhop:" + meeting.key; }

std::string note_of(const Meeting &meeting) {
  std::string state(name_of(meeting.state));
  state.front() = static_cast<char>(state.front() - ('a' - 'A'));
  std::string out = state + ": " + meeting.title + "\n" + bellhop::utc_text(meeting.start_ms) + " to " +
                    bellhop::utc_text(meeting.end_ms);
  if (!meeting.location.empty()) out += "\n" + meeting.location;
  for (std::size_t i = 1; i < meeting.booking->people.size(); ++i) {
    const Person &person = meeting.booking->people[i];
    out += "\nwith " + cut(person.name.empty() ? person.email : person.name, value_units_max);
  }
  return out + "\n" + meeting.text + "\n" + mark_of(meeting);
}

class Tryton : public Driver {
 public:
  Tryton(const Link &link, const Settings &settings) : link_(link), settings_(settings.tryton) {}

  std::vector<FieldRule> own_rules() const override { return {{"name", "name"}, {"phone", "phone"}}; }

  Found find_contact(const std::string &email, const std::vector<FieldRule> &rules) override {
    const std::string domain = R"([["type","=","email"],["value","ilike",)" + json_quoted(like_of(email)) + "]]";
    const Reply reply = call("party.contact_mechanism.search_read", domain + R"(,0,2,[["id","ASC"]],["party"])");
    if (const Verdict verdict = verdict_of(reply); verdict.code != BHP_OK) return verdict;
    const std::string id = reply.root()["result"].at(0)["party"].str();
    if (!is_id(id)) return std::optional<Contact>();
    return read_contact(id, rules);
  }

  Found read_contact(const std::string &id, const std::vector<FieldRule> &rules) override {
    const Outcome<bool> there = is_there("party.party", id);
    if (!there) return there.verdict();
    if (!*there) return std::optional<Contact>();
    std::string names = R"("name")";
    for (const FieldRule &rule : rules) {
      if (!is_mechanism(rule.to) && rule.to != "name") names += "," + json_quoted(rule.to);
    }
    const Reply party = call("party.party.read", "[" + id + "],[" + names + "]");
    if (const Verdict verdict = verdict_of(party); verdict.code != BHP_OK) return verdict;
    const Reply mechanisms = call(
        "party.contact_mechanism.search_read",
        R"([["party","=",)" + id + "]],0," + std::to_string(mechanisms_max) + R"(,[["id","ASC"]],["type","value"])");
    if (const Verdict verdict = verdict_of(mechanisms); verdict.code != BHP_OK) return verdict;
    Contact contact{id, {}};
    const Json values = party.root()["result"].at(0);
    for (const FieldRule &rule : rules) {
      std::string value = is_mechanism(rule.to) ? std::string() : values[rule.to].str();
      for (const Json &one : mechanisms.root()["result"]) {
        if (value.empty() && one["type"].text() == rule.to) value = one["value"].str();
      }
      if (!value.empty()) contact.values.push_back({rule.to, value});
    }
    return std::optional<Contact>(std::move(contact));
  }

  Outcome<Created> create_contact(const Person &person, const Properties &properties) override {
    std::string mechanisms = Obj().set("type", "email").set("value", person.email).str();
    Obj values;
    bool has_name = false;
    for (const Property &property : properties) {
      const std::string value = cut(property.value, value_units_max);
      has_name = has_name || property.name == "name";
      if (is_mechanism(property.name)) {
        mechanisms += "," + Obj().set("type", property.name).set("value", value).str();
      } else {
        values.set(property.name, value);
      }
    }
    if (!has_name) values.set("name", cut(person.name.empty() ? person.email : person.name, value_units_max));
    values.raw("contact_mechanisms", R"([["create",[)" + mechanisms + "]]]");
    const Outcome<std::string> id = created("party.party", values);
    if (!id) return id.verdict();
    return Created{*id, true};
  }

  Outcome<Change> update_contact(const std::string &id, const Person &, const Properties &properties) override {
    std::string mechanisms;
    Obj values;
    for (const Property &property : properties) {
      const std::string value = cut(property.value, value_units_max);
      if (is_mechanism(property.name)) {
        mechanisms += (mechanisms.empty() ? "" : ",") + Obj().set("type", property.name).set("value", value).str();
      } else {
        values.set(property.name, value);
      }
    }
    if (!mechanisms.empty()) values.raw("contact_mechanisms", R"([["create",[)" + mechanisms + "]]]");
    return write("party.party", id, values);
  }

  Outcome<std::optional<std::string>> find_meeting(const Meeting &meeting) override {
    const Reply reply =
        call("ir.note.search", R"([["resource","=",)" + resource_of(meeting) + R"(],["message","like",)" +
                                   json_quoted("%" + mark_of(meeting) + "%") + R"(]],0,1,[["id","ASC"]])");
    if (const Verdict verdict = verdict_of(reply); verdict.code != BHP_OK) return verdict;
    const std::string id = reply.root()["result"].at(0).str();
    return is_id(id) ? std::optional<std::string>(id) : std::optional<std::string>();
  }

  Outcome<std::string> create_meeting(const Meeting &meeting) override {
    return created("ir.note", Obj().raw("resource", resource_of(meeting)).set("message", note_of(meeting)));
  }
  Outcome<Change> update_meeting(const std::string &id, const Meeting &meeting) override {
    return write("ir.note", id, Obj().set("message", note_of(meeting)));
  }

  Verdict check() override {
    const Reply reply = call("party.party.search", "[],0,1,null");
    const Verdict verdict = verdict_of(reply);
    return verdict.code == BHP_OK ? Verdict::ok("Tryton lets " + settings_.user + " read parties") : verdict;
  }

 private:
  static std::string resource_of(const Meeting &meeting) {
    return json_quoted("party.party," + meeting.contacts.front());
  }
  // For ilike: an address is not a pattern.
  static std::string like_of(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '%' || c == '_' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  }

  Reply post(const std::string &method, const std::string &parameters, std::vector<bellhop::Header> headers) const {
    const std::string body = Obj().set("id", 1).set("method", method).raw("params", "[" + parameters + "]").str();
    Reply reply = link_.send("POST", "/" + percent_encoded(settings_.database) + "/", body, std::move(headers));
    const Json error = reply.root()["error"];  // ["UserError", ["sentence", …]], or ["what went wrong", "traceback"]
    if (error.is_array()) {
      const bool is_named = error.at(1).is_array();
      reply.said.code = is_named ? shown(error.at(0).text()) : "server error";
      reply.said.detail = shown(is_named ? error.at(1).at(0).text() : error.at(0).text());
    }
    return reply;
  }

  Reply log_in() {
    Reply reply = post("common.db.login",
                       json_quoted(settings_.user) + "," + Obj().set("password", settings_.password).str(), {});
    const Json session = reply.root()["result"];
    if (session.is_array() && session.size() == 2) {
      session_ = base64(settings_.user + ":" + session.at(0).str() + ":" + session.at(1).str());
    } else if (reply.said.is_2xx() && reply.said.code.empty()) {
      reply.said.code = "LoginException";
    }
    return reply;
  }

  // A session that has ended is answered 401, once more after a new login it is our rights that are missing.
  Reply call(const std::string &method, const std::string &parameters) {
    for (int round = 0;; ++round) {
      if (session_.empty()) {
        Reply reply = log_in();
        if (session_.empty()) return reply;
      }
      Reply reply = post("model." + method, parameters + ",{}", {{"Authorization", "Session " + session_}});
      if (reply.said.status != 401 || round > 0) return reply;
      session_.clear();
    }
  }

  static Verdict verdict_of(const Reply &reply) {
    const bool is_answer = reply.said.is_2xx() && reply.said.code.empty() && reply.root().is_object();
    return is_answer ? Verdict::ok() : tryton_verdict(reply.said);
  }

  Outcome<bool> is_there(const std::string &model, const std::string &id) {
    if (!is_id(id)) return false;
    const Reply reply = call(model + ".search", R"([["id","=",)" + id + "]],0,1,null");
    if (const Verdict verdict = verdict_of(reply); verdict.code != BHP_OK) return verdict;
    return reply.root()["result"].size() == 1;
  }

  Outcome<std::string> created(const std::string &model, const Obj &values) {
    const Reply reply = call(model + ".create", "[" + values.str() + "]");
    if (const Verdict verdict = verdict_of(reply); verdict.code != BHP_OK) return verdict;
    const std::string id = reply.root()["result"].at(0).str();
    if (!is_id(id)) return Verdict::retry(reply.said.sentence + ": Tryton gave no id");
    return id;
  }

  Outcome<Change> write(const std::string &model, const std::string &id, const Obj &values) {
    const Outcome<bool> there = is_there(model, id);
    if (!there) return there.verdict();
    if (!*there) return Change::gone;
    const Reply reply = call(model + ".write", "[" + id + "]," + values.str());
    if (const Verdict verdict = verdict_of(reply); verdict.code != BHP_OK) return verdict;
    return Change::done;
  }

  const Link &link_;
  const TrytonSettings settings_;
  std::string session_;  // base64 of "user:id:key"; "" = none
};

}  // namespace

std::unique_ptr<Driver> make_tryton(const Link &link, const Settings &settings) {
  return std::make_unique<Tryton>(link, settings);
}

}  // namespace crm
