// SPDX-License-Identifier: Apache-2.0
// crm: a contact for every attendee and a meeting for every booking, in the CRM that `driver` names. What is done when
// is in sync.hpp, what is written in mapping.hpp; each driver speaks one vendor's language.
#include <bellhop/http.hpp>
#include <bellhop/kv.hpp>

#include <memory>

#include "driver.hpp"
#include "link.hpp"
#include "settings.hpp"
#include "sync.hpp"

namespace crm {
namespace {

using bellhop::Verdict;

std::unique_ptr<Driver> make_driver(const Link &link, const Settings &settings) {
  if (settings.driver == "hubspot") return make_hubspot(link, settings);
  if (settings.driver == "salesforce") return make_salesforce(link, settings);
  if (settings.driver == "pipedrive") return make_pipedrive(link, settings);
  if (settings.driver == "tryton") return make_tryton(link, settings);
  return make_rest(link, settings);
}

class Crm : public bellhop::Plugin {
 public:
  explicit Crm(const bellhop::Context &context)
      : Plugin(context),
        settings_(read_settings(context.settings)),
        link_(context, settings_.url, settings_.limit, settings_.timeout_ms),
        driver_(make_driver(link_, settings_)),
        sync_(context, *driver_, settings_) {}
  static bellhop::Manifest manifest() { return crm::manifest(); }

  Verdict deliver(const bellhop::Event &event) override { return sync_.run(event); }
  Verdict check_health() override { return driver_->check(); }

 private:
  const Settings settings_;
  const Link link_;
  const std::unique_ptr<Driver> driver_;
  Sync sync_;
};

}  // namespace
}  // namespace crm

BELLHOP_PLUGIN(crm::Crm)
