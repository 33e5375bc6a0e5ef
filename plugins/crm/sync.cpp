// SPDX-License-Identifier: Apache-2.0
#include "sync.hpp"

#include <bellhop/booking.hpp>

#include <algorithm>
#include <utility>

#include "text.hpp"

namespace crm {
namespace {

using bellhop::Event;
using bellhop::JsonDocument;
using bellhop::Kv;
using bellhop::Obj;
using bellhop::Verdict;

constexpr std::size_t title_units_max = 255, text_units_max = 5'000, location_units_max = 255;
constexpr std::size_t result_units_max = 2'000;

std::vector<FieldRule> rules_of(const Driver &driver, const Settings &settings) {
  std::vector<FieldRule> rules = settings.fields;
  for (FieldRule &rule : driver.own_rules()) rules.push_back(std::move(rule));
  return rules;
}

std::string contact_key(const Person &person) { return "contact/" + digest(lower(person.email)); }
std::string meeting_key(const std::string &subject) { return "meeting/" + subject; }

bool has(const std::vector<std::string> &ids, const std::string &id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string list_of(const std::vector<std::string> &texts) {
  std::string out;
  for (const std::string &text : texts) out += (out.empty() ? "" : ",") + json_quoted(text);
  return "[" + out + "]";
}

std::string render(const std::string &pattern, const Booking &booking) {
  return bellhop::fill_pattern(pattern,
                               [&](std::string_view name) { return field_of(booking, booking.first(), name); });
}

void keep_primary(Booking &booking) {
  for (std::vector<Person> *people : {&booking.people, &booking.left}) {
    const auto is_other = [&](const Person &person) { return person.email != booking.primary_email; };
    people->erase(std::remove_if(people->begin(), people->end(), is_other), people->end());
  }
}

std::string_view word_of(std::int32_t code) {
  switch (code) {
    case BHP_OK:
      return "ok";
    case BHP_SKIP:
      return "skip";
    case BHP_FAIL:
      return "fail";
    case BHP_HOLD:
      return "hold";
    default:
      return "retry";
  }
}

}  // namespace

struct Sync::Work {
  std::string subject, type;
  bool is_late;
  Booking booking;
  std::string done;     // "contact 51 made, meeting 7 moved"
  std::string refused;  // whom the CRM does not take, in its words

  void note(const std::string &text) { done += (done.empty() ? "" : ", ") + text; }
};

Sync::Sync(const bellhop::Context &context, Driver &driver, const Settings &settings)
    : context_(context), driver_(driver), settings_(settings), rules_(rules_of(driver, settings)), kv_(context) {}

Verdict Sync::run(const Event &event) {
  if (event.is_test()) return Verdict::skip("a test is not written into a CRM");
  Work work{
      std::string(event.subject()), std::string(event.type()), event.is_late(), read_booking(event.root()), {}, {}};
  if (!event["/data/booking"]) return Verdict::skip("no booking in it");
  if (work.booking.people.empty() && work.booking.left.empty()) {
    return Verdict::skip("nobody with an e-mail address: there is nothing to match by");
  }
  if (settings_.is_primary_only) keep_primary(work.booking);
  Verdict verdict = carry_out(work);
  if (!work.done.empty()) verdict.message = work.done + (verdict.message.empty() ? "" : "; then: " + verdict.message);
  kv_.put("result/" + work.subject,
          Obj()
              .set("event", event.id())
              .set("type", work.type)
              .set("verdict", word_of(verdict.code))
              .set("text", cut(verdict.message, result_units_max))
              .str(),
          Kv::now);
  return verdict;
}

Verdict Sync::carry_out(Work &work) {
  std::vector<std::string> contacts;
  for (const Person &person : work.booking.people) {
    const Outcome<std::string> id = sync_contact(work, person);
    if (!id && id.verdict().code != BHP_FAIL) return id.verdict();
    if (!id) {  // this one only: the others and the meeting do not suffer for an address that the CRM refuses
      work.refused += (work.refused.empty() ? "" : "; ") + id.verdict().message;
    } else if (!has(contacts, *id)) {
      contacts.push_back(*id);
    }
  }
  if (work.booking.people.empty()) {
    contacts = contacts_of_old(work);
    if (contacts.empty()) return Verdict::skip("everybody in it has canceled, and the CRM has heard of none of them");
  }
  if (!contacts.empty()) {
    Verdict verdict = sync_meeting(work, std::move(contacts));
    if (verdict.code != BHP_OK) return verdict;
  }
  return work.refused.empty() ? Verdict::ok() : Verdict::fail(work.refused);
}

// ---- contacts -----------------------------------------------------------------------------------------------------

Outcome<std::string> Sync::sync_contact(Work &work, const Person &person) {
  const std::string key = contact_key(person);
  const Driver::Found found = look_for(person, key);
  if (!found) return found.verdict();
  if (*found) return fill(work, person, **found, key);

  const Outcome<Created> created = driver_.create_contact(person, wanted_of(rules_, work.booking, person));
  if (!created) return created.verdict();
  kv_.put(key, created->id, Kv::now);
  if (created->is_ours) {
    work.note("contact " + created->id + " made");
    return created->id;
  }
  const Driver::Found read = driver_.read_contact(created->id, rules_);
  if (!read) return read.verdict();
  if (!*read) return Verdict::retry("contact " + created->id + " is there by the CRM's word, but cannot be read");
  return fill(work, person, **read, key);
}

// By the id that was learnt, which outlives a change of the address in the CRM; by address when there is none, or when
// that contact has been removed.
Driver::Found Sync::look_for(const Person &person, const std::string &key) {
  if (const std::optional<std::string> id = kv_.get(key)) {
    Driver::Found read = driver_.read_contact(*id, rules_);
    if (!read || *read) return read;
    kv_.remove(key, Kv::now);
  }
  return driver_.find_contact(person.email, rules_);
}

Outcome<std::string> Sync::fill(Work &work, const Person &person, const Contact &contact, const std::string &key) {
  if (kv_.get(key) != contact.id) kv_.put(key, contact.id, Kv::now);
  const Properties missing = to_write(rules_, wanted_of(rules_, work.booking, person), contact.values, work.is_late);
  if (missing.empty()) {
    work.note("contact " + contact.id + " as it was");
    return contact.id;
  }
  const Outcome<Change> changed = driver_.update_contact(contact.id, person, missing);
  if (!changed) return changed.verdict();
  if (*changed == Change::gone) {
    kv_.remove(key, Kv::now);
    return Verdict::retry("contact " + contact.id + " was removed from the CRM just now");
  }
  work.note("contact " + contact.id + " filled in");
  return contact.id;
}

// When nobody comes any more, the meeting keeps those who were in it: one without anybody is found by nobody.
std::vector<std::string> Sync::contacts_of_old(const Work &work) const {
  std::vector<std::string> contacts = known_of(work.subject).contacts;
  if (!contacts.empty()) return contacts;
  for (const Person &person : work.booking.left) {
    if (std::optional<std::string> id = kv_.get(contact_key(person))) contacts.push_back(std::move(*id));
  }
  return contacts;
}

// ---- meetings -----------------------------------------------------------------------------------------------------

Sync::Known Sync::known_of(const std::string &subject) const {
  const std::optional<std::string> kept = kv_.get(meeting_key(subject));
  if (!kept) return {};
  const JsonDocument document(context_.host, context_.json, *kept);
  Known known{document.root()["id"].str(), document.root()["state"].str(), true, {}};
  for (const bellhop::Json &id : document.root()["contacts"]) known.contacts.push_back(id.str());
  return known;
}

void Sync::keep(const std::string &subject, const Known &known) const {
  Obj value;
  if (known.id.empty()) {
    value.set("trying", true);
  } else {
    value.set("id", known.id).set("state", known.state).raw("contacts", list_of(known.contacts));
  }
  kv_.put(meeting_key(subject), value.str(), Kv::now);
}

Meeting Sync::meeting_of(const Work &work, const Known &known, std::vector<std::string> contacts) const {
  const Booking &booking = work.booking;
  Meeting meeting;
  meeting.key = digest(context_.host->instance + ("/" + work.subject));
  meeting.title = cut(render(settings_.title, booking), title_units_max);
  meeting.text = cut(render(settings_.text, booking), text_units_max, Lines::many);
  meeting.location = cut(booking.location, location_units_max);
  meeting.url = booking.url;
  meeting.start_ms = *booking.start;
  meeting.end_ms = std::max(booking.end.value_or(*booking.start), *booking.start);
  meeting.state = state_of(work.type, booking.status, known.state);
  meeting.contacts = std::move(contacts);
  for (const std::string &id : meeting.contacts) {
    if (!has(known.contacts, id)) meeting.added.push_back(id);
  }
  // Only who is said to have left: a contact that is not told of this time may have been refused.
  for (const Person &person : booking.left) {
    const std::optional<std::string> id = kv_.get(contact_key(person));
    if (id && has(known.contacts, *id) && !has(meeting.contacts, *id)) meeting.removed.push_back(*id);
  }
  meeting.booking = &booking;
  return meeting;
}

Verdict Sync::sync_meeting(Work &work, std::vector<std::string> contacts) {
  if (!driver_.has_meetings()) return Verdict::ok();
  if (work.is_late || !work.booking.start) {
    work.note(work.is_late ? "meeting left alone: something newer has come before this" : "no meeting: no start in it");
    return Verdict::ok();
  }
  Known known = known_of(work.subject);
  Meeting meeting = meeting_of(work, known, std::move(contacts));
  if (known.id.empty() && known.is_tried) {
    const Outcome<std::optional<std::string>> found = driver_.find_meeting(meeting);
    if (!found) return found.verdict();
    if (*found) {
      known.id = **found;
      keep(work.subject, known);
    }
  }
  if (known.id.empty()) return make_meeting(work, meeting, known);

  const Outcome<Change> changed = driver_.update_meeting(known.id, meeting);
  if (!changed) return changed.verdict();
  if (*changed == Change::gone) {
    work.note("meeting " + known.id + " had been removed from the CRM");
    known = {};
    meeting.added = meeting.contacts;
    return make_meeting(work, meeting, known);
  }
  known.state = name_of(meeting.state);
  known.contacts = meeting.contacts;
  keep(work.subject, known);
  work.note("meeting " + known.id + " " + known.state);
  for (const std::string &id : meeting.removed) work.note("contact " + id + " taken out of it");
  return Verdict::ok();
}

// A cancel makes no meeting: there is none to be marked. Nor does one that nobody comes to.
Verdict Sync::make_meeting(Work &work, Meeting &meeting, Known &known) {
  if (meeting.state == MeetingState::canceled || work.booking.people.empty()) {
    work.note(meeting.state == MeetingState::canceled ? "no meeting to cancel" : "no meeting: nobody comes");
    kv_.remove(meeting_key(work.subject), Kv::now);
    return Verdict::ok();
  }
  keep(work.subject, {});
  const Outcome<std::string> id = driver_.create_meeting(meeting);
  if (!id) return id.verdict();
  known = {*id, std::string(name_of(meeting.state)), true, meeting.contacts};
  keep(work.subject, known);
  work.note("meeting " + known.id + " made, " + known.state);
  return Verdict::ok();
}

}  // namespace crm
