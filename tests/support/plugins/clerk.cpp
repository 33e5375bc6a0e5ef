// SPDX-License-Identifier: Apache-2.0
// Uses every service in one delivery, so that a test of the whole street sees what became of each:
//   kv       lists what was there before, then puts staged/SEQ, and now/SEQ at once
//   publish  ledger.txt: a line for every entry that was there before
//   http     POSTs the ledger's public URL to `url`
//   metrics  counts the call
// With behave = "retry" it asks for another attempt after all that. Its health is what GET `url` says; its command
// `entries` lists what it keeps, below the argument `prefix`.
#include <bellhop/http.hpp>
#include <bellhop/kv.hpp>
#include <bellhop/metrics.hpp>
#include <bellhop/plugin.hpp>
#include <bellhop/publish.hpp>

struct Clerk : bellhop::Plugin {
  using Plugin::Plugin;
  const std::string url{setting("url").text()};
  const bool is_retrying = setting("behave").text() == "retry";

  static bellhop::Manifest manifest() {
    return bellhop::Manifest("clerk", "1.0.0", "Uses every service; for the tests")
        .needs(BHP_SVC_HTTP, BHP_SVC_KV, BHP_SVC_PUBLISH)
        .wants(BHP_SVC_METRICS)
        .destination("url", "Where to tell about a booking")
        .choice("behave", "What to answer", {"ok", "retry"})
        .command("entries", "Lists what is kept",
                 R"({"type":"object","properties":{"prefix":{"type":"string","default":"now/"}}})");
  }
  bellhop::Verdict check_health() override { return bellhop::Http(context()).get(url); }
  bellhop::Verdict run(std::string_view, const bellhop::Json &arguments, const bellhop::Output &output) override {
    for (const bellhop::KvEntry &entry : bellhop::Kv(context()).list(arguments["/prefix"].text())) {
      if (!output.line(entry.key + "=" + entry.value)) break;
    }
    return bellhop::Verdict::ok("listed");
  }
  bellhop::Verdict deliver(const bellhop::Event &event) override {
    const bellhop::Kv kv(context());
    const bellhop::Publish publish(context());
    const std::string seq = std::to_string(event.seq());
    std::string ledger = "ledger\n";
    for (const bellhop::KvEntry &entry : kv.list("")) ledger += entry.key + "=" + entry.value + "\n";
    kv.put("staged/" + seq, std::to_string(event.attempt()));
    kv.put("now/" + seq, std::to_string(event.attempt()), bellhop::Kv::now);
    publish.put("ledger.txt", "text/plain; charset=utf-8", ledger);
    bellhop::Metrics(context()).count("visits", 1, {{"type", event.type()}});
    const bellhop::Response told =
        bellhop::Http(context()).send("POST", url, publish.url("ledger.txt"), "text/plain; charset=utf-8");
    if (!told.ok()) return told;
    return is_retrying ? bellhop::Verdict::retry("as asked by behave") : bellhop::Verdict::ok();
  }
};
BELLHOP_PLUGIN(Clerk)
