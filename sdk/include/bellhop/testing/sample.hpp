// SPDX-License-Identifier: Apache-2.0
// bellhop/testing/sample.hpp -- Sample: an event for tests, complete as the daemon would write it, changed member by
// member: Sample("booking.canceled").set("/data/booking/attendee/email", "ann@example.org"). Part of testing.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "../plugin.h"
#include "json.hpp"

#pragma GCC visibility push(hidden)

namespace bellhop::testing {

class Sample {
 public:
  // A booking of one `number`, so one subject; another number is another booking.
  explicit Sample(std::string_view type = "booking.confirmed", int number = 1)
      : number_(number), type_(type), subject_(noun() + "/" + std::to_string(number)) {
    static const char document[] =
        R"({"specversion":"1.0","source":"appointlet/organization/1","datacontenttype":"application/json",)"
        R"("dataschema":"urn:bellhop:event:1","data":{"vendor":{"name":"appointlet","dialect":"legacy",)"
        R"("type":"booking","action":"confirmed"},"organization":{"id":"1","name":"Organization 1"}}})";
    static const char booking[] =
        R"({"status":"confirmed","start":"2026-03-02T17:00:00Z","end":"2026-03-02T17:30:00Z",)"
        R"("timezone":"Europe/Berlin","created":"2026-01-01T00:00:00Z","attendee":{"email":"john@example.org",)"
        R"("name":"John Doe","first_name":"John","last_name":"Doe","timezone":"Europe/Berlin"},)"
        R"("host":{"id":"7","name":"Ann Host","email":"ann@example.org"},)"
        R"("meeting_type":{"id":"3","name":"Demo","slug":"demo","duration_s":1800},)"
        R"("answers":[{"slug":"company","label":"Company","kind":"CharField","value":"Acme","text":"Acme"}],)"
        R"("utm":{"source":"newsletter","campaign":"spring"}})";
    Reader::read(document, root_);
    Value &data = root_.child("data");
    if (type_ == "ping") {
      root_.child("test") = {BHP_JSON_BOOL, "true", {}};
      data.remove_child("organization");
    } else if (is_about("booking") || is_about("attendee")) {
      Value &about = data.child("booking");
      Reader::read(booking, about);
      about.child("id") = Value::of_string(std::to_string(number));
      if (type_ == "booking.canceled" || type_ == "booking.requested" || type_ == "booking.declined") {
        about.child("status") = Value::of_string(type_.substr(8));
      }
    } else {
      Value &about = data.child(noun());
      about.child("id") = Value::of_string(std::to_string(number));
      about.child("name") = Value::of_string("Number " + std::to_string(number));
    }
  }

  // `json` is any JSON text; what is not there yet is made.
  Sample &set_json(std::string_view pointer, std::string_view json) {
    Value value;
    if (Reader::read(json, value)) at(pointer) = std::move(value);
    return *this;
  }
  Sample &set(std::string_view pointer, std::string_view text) {
    at(pointer) = Value::of_string(text);
    return *this;
  }
  Sample &remove(std::string_view pointer) {
    const size_t slash = pointer.rfind('/');
    if (slash != pointer.npos) at(pointer.substr(0, slash)).remove_child(pointer.substr(slash + 1));
    return *this;
  }
  Sample &flags(uint32_t flags) {  // BHP_EV_*
    flags_ = flags;
    return *this;
  }
  Sample &attempt(uint32_t number) {
    attempt_ = number;
    return *this;
  }
  Sample &budget_ms(int64_t ms) {
    budget_ms_ = ms;
    return *this;
  }

  std::string id() const {  // the same for the same booking and type: it is the idempotency key
    uint64_t digest = 14695981039346656037ULL;
    for (const char letter : type_ + subject_) {
      digest = (digest ^ static_cast<unsigned char>(letter)) * 1099511628211ULL;
    }
    std::string out(32, '0');
    for (size_t at = 0; at < 16; ++at) out[16 + at] = "0123456789abcdef"[(digest >> (60 - 4 * at)) & 15];
    return out;
  }
  const std::string &type() const { return type_; }
  const std::string &subject() const { return subject_; }
  uint32_t flags() const { return flags_; }
  uint32_t attempt() const { return attempt_; }
  int64_t budget_ms() const { return budget_ms_; }
  int number() const { return number_; }
  // The document, with the attributes that the host writes.
  Value json() const {
    Value out = root_;
    out.child("id") = Value::of_string(id());
    out.child("type") = Value::of_string(type_);
    out.child("subject") = Value::of_string(subject_);
    out.child("time") = Value::of_string("2026-01-01T00:00:00Z");
    if ((flags_ & BHP_EV_LATE) != 0) out.child("late") = {BHP_JSON_BOOL, "true", {}};
    if ((flags_ & BHP_EV_TEST) != 0) out.child("test") = {BHP_JSON_BOOL, "true", {}};
    return out;
  }

 private:
  std::string noun() const { return type_.substr(0, type_.find('.')); }
  bool is_about(std::string_view what) const { return noun() == what; }
  Value &at(std::string_view pointer) {
    Value *value = &root_;
    for (const std::string &segment : segments_of(pointer)) value = &value->child(segment);
    return *value;
  }

  const int number_;
  std::string type_, subject_;
  Value root_;
  uint32_t flags_ = 0, attempt_ = 1;
  int64_t budget_ms_ = 30'000;
};

}  // namespace bellhop::testing

#pragma GCC visibility pop
