// SPDX-License-Identifier: Apache-2.0
// Sync: what is done for one event, in which order, and what is remembered so that a retry after half of it does
// nothing twice. Knows no vendor. Everything learnt goes into kv at once, before the next request is made:
//
//   contact/DIGEST   id of the contact with an address (its SHA-256: addresses are not kept here in plain)
//   meeting/SUBJECT  {"id","state","contacts"}; {"trying":true} before the first attempt to make it, because an answer
//                    may be lost after the CRM has made it: then it is looked for before it is made again
//   result/SUBJECT   what became of the last event, for `bellhop explain` and for people
#pragma once

#include <bellhop/kv.hpp>

#include <string>
#include <vector>

#include "driver.hpp"
#include "settings.hpp"

namespace crm {

class Sync {
 public:
  Sync(const bellhop::Context &context, Driver &driver, const Settings &settings);

  bellhop::Verdict run(const bellhop::Event &event);

 private:
  struct Known {  // of a meeting
    std::string id, state;
    bool is_tried = false;
    std::vector<std::string> contacts;
  };
  struct Work;  // one event's

  bellhop::Verdict carry_out(Work &work);
  Outcome<std::string> sync_contact(Work &work, const Person &person);
  Driver::Found look_for(const Person &person, const std::string &key);
  Outcome<std::string> fill(Work &work, const Person &person, const Contact &contact, const std::string &key);
  std::vector<std::string> contacts_of_old(const Work &work) const;
  bellhop::Verdict sync_meeting(Work &work, std::vector<std::string> contacts);
  bellhop::Verdict make_meeting(Work &work, Meeting &meeting, Known &known);
  Meeting meeting_of(const Work &work, const Known &known, std::vector<std::string> contacts) const;
  Known known_of(const std::string &subject) const;
  void keep(const std::string &subject, const Known &known) const;

  const bellhop::Context context_;
  Driver &driver_;
  const Settings &settings_;
  const std::vector<FieldRule> rules_;
  bellhop::Kv kv_;
};

}  // namespace crm
