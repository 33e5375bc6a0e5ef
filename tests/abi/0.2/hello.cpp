// SPDX-License-Identifier: Apache-2.0
#include <bellhop/plugin.hpp>

struct Hello : bellhop::Plugin {
  using Plugin::Plugin;
  static bellhop::Manifest manifest() { return {"hello", "1.0.0", "Greets every booking"}; }
  bellhop::Verdict deliver(const bellhop::Event &event) override {
    log("hello " + event["/data/booking/attendee/email"].str());
    return bellhop::Verdict::ok();
  }
};
BELLHOP_PLUGIN(Hello)
