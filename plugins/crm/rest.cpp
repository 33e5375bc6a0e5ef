// SPDX-License-Identifier: Apache-2.0
// rest: any REST end with JSON bodies, by one template per request. What is put into a URL is percent-encoded, what is
// put into a body is escaped for the inside of a JSON string: no value can add a segment, a parameter or a member.
#include <bellhop/booking.hpp>

#include <algorithm>
#include <functional>
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

constexpr std::size_t id_bytes_max = 200;

using ValueOf = std::function<std::string(std::string_view)>;

// "properties" and "meeting.contacts" are JSON themselves; they stand in a body without quotes around them.
bool is_json(std::string_view name) { return name == "properties" || name == "meeting.contacts"; }

std::string rendered_url(const std::string &pattern, const ValueOf &value_of) {
  return bellhop::fill_pattern(pattern, [&](std::string_view name) { return percent_encoded(value_of(name)); });
}

std::string rendered_body(const std::string &pattern, const ValueOf &value_of) {
  return bellhop::fill_pattern(pattern, [&](std::string_view name) {
    const std::string value = value_of(name);
    if (is_json(name)) return value;
    const std::string quoted = json_quoted(cut(value, value.size(), Lines::many));
    return quoted.substr(1, quoted.size() - 2);
  });
}

std::string field_of_contact(std::string_view name, const std::string &id, const Person &person,
                             const Properties &properties) {
  if (name == "contact.id") return id;
  if (name == "properties") {
    Obj out;
    for (const Property &property : properties) out.set(property.name, property.value);
    return out.str();
  }
  return field_of({}, person, name);
}

std::string field_of_meeting(std::string_view name, const std::string &id, const Meeting &meeting) {
  if (name == "meeting.id") return id;
  if (name == "meeting.key") return meeting.key;
  if (name == "meeting.title") return meeting.title;
  if (name == "meeting.text") return meeting.text;
  if (name == "meeting.state") return std::string(name_of(meeting.state));
  if (name == "meeting.contacts") {
    std::string out;
    for (const std::string &contact : meeting.contacts) out += (out.empty() ? "" : ",") + json_quoted(contact);
    return "[" + out + "]";
  }
  return field_of(*meeting.booking, meeting.booking->first(), name);
}

class Rest : public Driver {
 public:
  Rest(const Link &link, const Settings &settings) : link_(link), settings_(settings.rest) {}

  std::vector<FieldRule> own_rules() const override { return {}; }
  bool has_meetings() const override { return !settings_.create_meeting.method.empty(); }

  Found find_contact(const std::string &email, const std::vector<FieldRule> &rules) override {
    return get_contact(settings_.find_contact, {}, Person{email, {}, {}, {}, {}}, rules);
  }
  // Without a request of its own for that, an id that is known is believed; its values count as unknown and are not
  // filled in again.
  Found read_contact(const std::string &id, const std::vector<FieldRule> &rules) override {
    if (!settings_.read_contact.method.empty()) return get_contact(settings_.read_contact, id, {}, rules);
    Contact contact{id, {}};
    for (const FieldRule &rule : rules) contact.values.push_back({rule.to, "?"});
    return std::optional<Contact>(std::move(contact));
  }

  Outcome<Created> create_contact(const Person &person, const Properties &properties) override {
    const RestCall &call = settings_.create_contact;
    const Reply reply =
        send(call, [&](std::string_view name) { return field_of_contact(name, {}, person, properties); });
    const Outcome<std::string> id = id_of(call, reply);
    if (!id) return id.verdict();
    return Created{*id, true};
  }

  Outcome<Change> update_contact(const std::string &id, const Person &person, const Properties &properties) override {
    const RestCall &call = settings_.update_contact;
    if (call.method.empty()) return Change::done;
    return change(call, [&](std::string_view name) { return field_of_contact(name, id, person, properties); });
  }

  Outcome<std::optional<std::string>> find_meeting(const Meeting &meeting) override {
    const RestCall &call = settings_.find_meeting;
    if (call.method.empty()) return std::optional<std::string>();
    const Reply reply = send(call, [&](std::string_view name) { return field_of_meeting(name, {}, meeting); });
    if (is_missing(call, reply)) return std::optional<std::string>();
    if (!is_success(call, reply) || !reply.root()) return rest_verdict(reply.said);
    const std::string id = found_id(call, reply);
    return id.empty() ? std::optional<std::string>() : std::optional<std::string>(id);
  }

  Outcome<std::string> create_meeting(const Meeting &meeting) override {
    const RestCall &call = settings_.create_meeting;
    return id_of(call, send(call, [&](std::string_view name) { return field_of_meeting(name, {}, meeting); }));
  }

  Outcome<Change> update_meeting(const std::string &id, const Meeting &meeting) override {
    const RestCall &call = settings_.update_meeting;
    if (call.method.empty()) return Change::done;
    return change(call, [&](std::string_view name) { return field_of_meeting(name, id, meeting); });
  }

  Verdict check() override {
    const RestCall &call = settings_.check;
    if (call.method.empty()) return Verdict::ok("http.check is not set: nothing was asked");
    const Reply reply = send(call, [](std::string_view) { return std::string(); });
    return is_success(call, reply) ? Verdict::ok(reply.said.sentence) : rest_verdict(reply.said);
  }

 private:
  Reply send(const RestCall &call, const ValueOf &value_of) const {
    Reply reply = link_.send(call.method, rendered_url(call.url, value_of), rendered_body(call.body, value_of),
                             settings_.headers);
    if (reply.said.status >= 300) reply.said.detail = shown(reply.body);
    return reply;
  }

  static bool is_success(const RestCall &call, const Reply &reply) {
    if (call.success.empty()) return reply.said.is_2xx() && reply.said.status != 207;
    return std::find(call.success.begin(), call.success.end(), reply.said.status) != call.success.end();
  }
  static bool is_missing(const RestCall &call, const Reply &reply) {
    return std::find(call.missing.begin(), call.missing.end(), reply.said.status) != call.missing.end();
  }

  static std::string found_id(const RestCall &call, const Reply &reply) {
    const Json id = reply.root()[call.id];
    return (id.is_string() || id.is_number()) && id.text().size() <= id_bytes_max ? id.str() : std::string();
  }

  static Outcome<std::string> id_of(const RestCall &call, const Reply &reply) {
    if (!is_success(call, reply)) return rest_verdict(reply.said);
    const std::string id = found_id(call, reply);
    if (id.empty()) return Verdict::retry(reply.said.sentence + ": nothing that is an id stands at " + call.id);
    return id;
  }

  // An answer without an id where it should be is an empty list.
  Found get_contact(const RestCall &call, const std::string &known_id, const Person &person,
                    const std::vector<FieldRule> &rules) const {
    const Reply reply = send(call, [&](std::string_view name) { return field_of_contact(name, known_id, person, {}); });
    if (is_missing(call, reply)) return std::optional<Contact>();
    if (!is_success(call, reply) || !reply.root()) return rest_verdict(reply.said);
    const std::string id = call.id.empty() ? known_id : found_id(call, reply);
    if (id.empty()) return std::optional<Contact>();
    Contact contact{id, {}};
    const Json values = reply.root()[call.properties];
    for (const FieldRule &rule : rules) {
      const std::string value = values[rule.to].str();
      if (!value.empty()) contact.values.push_back({rule.to, value});
    }
    return std::optional<Contact>(std::move(contact));
  }

  Outcome<Change> change(const RestCall &call, const ValueOf &value_of) const {
    const Reply reply = send(call, value_of);
    if (is_missing(call, reply)) return Change::gone;
    if (!is_success(call, reply)) return rest_verdict(reply.said);
    return Change::done;
  }

  const Link &link_;
  const RestSettings settings_;
};

}  // namespace

std::unique_ptr<Driver> make_rest(const Link &link, const Settings &settings) {
  return std::make_unique<Rest>(link, settings);
}

}  // namespace crm
