// SPDX-License-Identifier: Apache-2.0
// Driver: what every CRM can do, in the words of the sync (sync.hpp), which alone decides what is done when. A driver
// translates and classifies; it keeps nothing but a session. Five implementations: hubspot, salesforce, pipedrive, rest
// (any end, by templates), tryton.
#pragma once

#include <bellhop/verdict.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "booking.hpp"
#include "mapping.hpp"

namespace crm {

// A value, or the verdict that ends this attempt.
template <class T>
class Outcome {
 public:
  Outcome(T value) : value_(std::move(value)) {}                       // NOLINT: implicit on purpose
  Outcome(bellhop::Verdict verdict) : verdict_(std::move(verdict)) {}  // NOLINT
  explicit operator bool() const { return value_.has_value(); }
  const T &operator*() const { return *value_; }
  const T *operator->() const { return &*value_; }
  const bellhop::Verdict &verdict() const { return verdict_; }

 private:
  std::optional<T> value_;
  bellhop::Verdict verdict_ = bellhop::Verdict::ok();
};

struct Contact {
  std::string id;
  Properties values;  // of the properties that were asked for, those that are not empty
};

enum class Change { done, gone };  // gone: the record is not there any more

struct Meeting {
  std::string key;  // 32 hex digits, the same for all events of a booking: finds a meeting whose answer was lost
  std::string title, text, location, url;
  std::int64_t start_ms = 0, end_ms = 0;
  MeetingState state = MeetingState::scheduled;
  std::vector<std::string> contacts;  // ids, the primary attendee's first
  std::vector<std::string> added;     // those of them that the meeting, as far as is known, does not have
  std::vector<std::string> removed;   // who had been in the meeting, and canceled or was declined
  const Booking *booking = nullptr;   // outlives it; for templates
};

struct Created {
  std::string id;
  bool is_ours = true;  // false: it had come into being meanwhile, and nothing was written
};

class Driver {
 public:
  virtual ~Driver() = default;

  // Rules of the driver's own, for names and the phone number; the operator's stand before them.
  virtual std::vector<FieldRule> own_rules() const = 0;

  using Found = Outcome<std::optional<Contact>>;
  virtual Found find_contact(const std::string &email, const std::vector<FieldRule> &rules) = 0;
  virtual Found read_contact(const std::string &id, const std::vector<FieldRule> &rules) = 0;
  virtual Outcome<Created> create_contact(const Person &person, const Properties &properties) = 0;
  virtual Outcome<Change> update_contact(const std::string &id, const Person &person, const Properties &properties) = 0;

  virtual bool has_meetings() const { return true; }
  // The id of the meeting with that key; asked only when an answer to create_meeting was lost.
  virtual Outcome<std::optional<std::string>> find_meeting(const Meeting &meeting) = 0;
  virtual Outcome<std::string> create_meeting(const Meeting &meeting) = 0;
  virtual Outcome<Change> update_meeting(const std::string &id, const Meeting &meeting) = 0;

  // Leaves nothing behind.
  virtual bellhop::Verdict check() = 0;
};

class Link;
struct Settings;

std::unique_ptr<Driver> make_hubspot(const Link &link, const Settings &settings);
std::unique_ptr<Driver> make_salesforce(const Link &link, const Settings &settings);
std::unique_ptr<Driver> make_pipedrive(const Link &link, const Settings &settings);
std::unique_ptr<Driver> make_rest(const Link &link, const Settings &settings);
std::unique_ptr<Driver> make_tryton(const Link &link, const Settings &settings);

}  // namespace crm
