// SPDX-License-Identifier: Apache-2.0
// WholeHouse: the real daemon with all five built-in plugins at once, their other ends on loopback, and an operator's
// hands: the webhook, the admin API, the command line, the bookings database.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "caldav_vendor.hpp"
#include "crm_vendor_hubspot.hpp"
#include "slack_vendor.hpp"
#include "support/daemon_process.hpp"

namespace bellhop::test {

// Takes what forward sends. A receiver knows a delivery again by its id.
class ForwardVendor {
 public:
  struct Received {
    std::string id, body;
  };
  ForwardVendor();
  std::string url() const { return server_.url("/hook"); }
  void fail_by(FaultPlan plan) { plan_ = std::move(plan); }
  const std::vector<Received> &received() const { return received_; }  // in the order of arrival, each id once
  const std::vector<std::string> &complaints() const { return complaints_; }

 private:
  std::string answer(const core::RecordedRequest &request);

  FaultPlan plan_;
  std::vector<Received> received_;
  std::vector<std::string> complaints_;
  core::WaywardServer server_;  // the last member: its threads use all the others
};

// Other ends than our own vendors; "" = ours.
struct HouseEnds {
  std::string crm_settings;  // TOML lines
  std::string caldav_url;    // of ann's calendar, whose password is s3cr3t
};

class WholeHouse {
 public:
  explicit WholeHouse(const HouseEnds &ends = {});

  // From now on every end fails at random.
  void fail_by(std::uint64_t seed);
  // The daemon runs; false: log() says why not.
  bool start() { return daemon_->start(); }
  std::string log() const { return daemon_->log(); }

  // After it nobody asks the vendors any more, and what they have may be read. The exit status.
  int stop();

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
  ForwardVendor receiver;

 private:
  TemporaryDirectory directory_{"house"};
  std::unique_ptr<DaemonProcess> daemon_;  // gone before the ends that it talks to
};

}  // namespace bellhop::test
