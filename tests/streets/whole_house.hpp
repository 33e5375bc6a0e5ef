// SPDX-License-Identifier: Apache-2.0
// WholeHouse: the real daemon with all five built-in plugins at once, their other ends on loopback, and an operator's
// hands: the webhook, the admin API, the command line, the bookings database.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/daemon_process.hpp"
#include "whole_life_vendors.hpp"

namespace bellhop::test {

struct Faults {
  FaultPlan slack, hubspot, caldav, receiver;
};
// Of all four ends, from one seed.
Faults faults_of(std::uint64_t seed);

class WholeHouse {
 public:
  explicit WholeHouse(const Faults &faults = {});

  // The daemon runs; false: log() says why not.
  bool start() { return daemon_->start(); }
  std::string log() const { return daemon_->log(); }

  int post(const std::string &body);  // the status; 202 is good
  // Waits until every instance has settled that many events, none of them waiting. "" or what is not so.
  std::string wait_until_delivered(std::int64_t events_count);

  Ran bellhop(std::vector<std::string> words) const;
  // The admin API's answer to a GET, as text.
  std::string admin(const std::string &path) const;
  // A published document; "" when there is none.
  std::string published(const std::string &url) const;

  std::filesystem::path file_of(const std::string &instance, const std::string &name) const {
    return daemon_->state() / "instances" / instance / name;
  }
  // Rows of the bookings database as "a|b", lines; bytes as they are. `argument` is bound to ?1.
  std::string ask(const std::string &sql, const std::string &argument = "") const;

  SlackVendor slack;
  HubSpotVendor hubspot;
  CalDavVendor caldav;
  ReceiverVendor receiver;

 private:
  TemporaryDirectory directory_{"house"};
  std::unique_ptr<DaemonProcess> daemon_;  // gone before the ends that it talks to
};

}  // namespace bellhop::test
