// SPDX-License-Identifier: Apache-2.0
// The other ends of a whole house of plugins, on loopback: each keeps what it was told and is strict about the form it
// is told in, and each fails to a plan that a seed makes. HubSpot has a file of its own (crm_vendor_hubspot.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "crm_vendor_hubspot.hpp"
#include "support/wayward_server.hpp"

namespace bellhop::test {

// request number (from 0) → what happens to it
using FaultPlan = std::map<std::size_t, Fault>;

// About every third of the first requests fails: 429 with Retry-After, 503, a reset before anything is done, one answer
// that never comes; and, where the vendor's interface lets a client find out what became of it, a reset after.
enum class LostAnswers { happen, never };
FaultPlan random_faults(std::mt19937_64 &random, LostAnswers lost);

// A server with a plan. What it does with a request that is let through is its heirs' business.
class FaultyVendor {
 public:
  explicit FaultyVendor(FaultPlan faults);
  FaultyVendor(const FaultyVendor &) = delete;
  FaultyVendor &operator=(const FaultyVendor &) = delete;

  std::string url(const std::string &path) const { return server_.url(path); }
  std::vector<std::string> complaints() const;  // requests that no such vendor would take
  std::size_t requests_count() const;

 protected:
  using Request = core::RecordedRequest;
  ~FaultyVendor() = default;
  void serve();  // by the heir, when it is whole
  virtual std::string answer(const Request &request) = 0;
  std::string refuse(int status, const std::string &sentence);  // under mutex_

  mutable std::mutex mutex_;

 private:
  const FaultPlan faults_;
  std::size_t requests_count_ = 0;
  std::vector<std::string> complaints_;

 protected:
  core::WaywardServer server_;  // the last member: its threads use all the others
};

// Slack's Web API as far as messages go.
class SlackVendor final : public FaultyVendor {
 public:
  explicit SlackVendor(FaultPlan faults) : FaultyVendor(std::move(faults)) { serve(); }

  struct Message {
    std::string thread_ts;  // "" = begins one
    std::string text, body;
    int updates_count = 0;
  };
  std::map<std::string, Message> messages() const;  // by ts

 private:
  std::string answer(const Request &request) override;

  std::map<std::string, Message> messages_;
};

// A CalDAV collection at /cal/.
class CalDavVendor final : public FaultyVendor {
 public:
  explicit CalDavVendor(FaultPlan faults) : FaultyVendor(std::move(faults)) { serve(); }

  std::map<std::string, std::string> resources() const;  // path → iCalendar text

 private:
  struct Resource {
    std::string text, etag;
  };
  std::string answer(const Request &request) override;
  std::string put(const Request &request);
  std::string report(const Request &request) const;

  std::map<std::string, Resource> resources_;
  int etags_count_ = 0;
};

// Somebody's receiver of forwarded events.
class ReceiverVendor final : public FaultyVendor {
 public:
  explicit ReceiverVendor(FaultPlan faults) : FaultyVendor(std::move(faults)) { serve(); }

  struct Received {
    std::string id, body;
  };
  std::vector<Received> received() const;  // in the order of arrival, each id once

 private:
  std::string answer(const Request &request) override;

  std::vector<Received> received_;
};

// What is wrong with an iCalendar text of one event; "" = nothing. Lines, folding, UTF-8, and no property or component
// that the calendar plugin does not write: one more would have been smuggled in.
std::string complaint_about_calendar(const std::string &text);
// The value of the first such property, unfolded; "" = it is not there.
std::string property_of(const std::string &calendar, const std::string &name);

}  // namespace bellhop::test
