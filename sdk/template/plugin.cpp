// SPDX-License-Identifier: Apache-2.0
// @NAME@: posts a line for every confirmed booking to a URL, once.
#include <bellhop/http.hpp>
#include <bellhop/kv.hpp>

struct @CLASS@ : bellhop::Plugin {
  using Plugin::Plugin;
  std::string url = setting("url").str(), text = setting("text").str();

  static bellhop::Manifest manifest() {
    return bellhop::Manifest("@NAME@", "0.1.0", "Posts a line for every confirmed booking")
        .on("booking.confirmed")
        .needs(BHP_SVC_HTTP, BHP_SVC_KV)
        .destination("url", "Where to")
        .text("text", "The line", "{{/data/booking/attendee/name}} booked {{/data/booking/start}}");
  }

  bellhop::Verdict deliver(const bellhop::Event &event) override {
    const bellhop::Kv kv(context());
    const std::string key = "posted/" + std::string(event.id());
    if (kv.get(key)) return bellhop::Verdict::skip("was posted before");  // a redelivery, or a replay

    const bellhop::Http http(context());
    const auto answer = http.post_json(url, bellhop::Obj().set("text", event.render(text)));
    if (answer.ok()) kv.put(key, "", bellhop::Kv::now);
    return answer;  // 2xx is OK, 429 and 5xx are tried again, 401 and 403 hold, the rest fails
  }
};
BELLHOP_PLUGIN(@CLASS@)
