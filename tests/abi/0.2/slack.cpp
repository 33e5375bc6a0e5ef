// SPDX-License-Identifier: Apache-2.0
#include <bellhop/http.hpp>

struct Slack : bellhop::Plugin {
  using Plugin::Plugin;
  std::string url = setting("webhook_url").str(), text = setting("text").str();

  static bellhop::Manifest manifest() {
    return bellhop::Manifest("slack-notify", "1.0.0", "Tells a Slack channel about bookings")
        .on("booking.confirmed", "booking.canceled")
        .needs(BHP_SVC_HTTP)
        .secret_destination("webhook_url", "Incoming webhook URL")
        .text("text", "Message", "{{/data/booking/attendee/email}} booked {{/data/booking/start}}");
  }
  bellhop::Verdict deliver(const bellhop::Event &event) override {
    return bellhop::Http(context()).post_json(url, bellhop::Obj().set("text", event.render(text)));
  }
};
BELLHOP_PLUGIN(Slack)
