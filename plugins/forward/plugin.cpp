// SPDX-License-Identifier: Apache-2.0
// forward: every event to a URL of yours, signed by the Standard Webhooks specification, so that n8n, Zapier, Make or
// your own server can tell it from a forgery. Keeps nothing and decides nothing about the event.
#include <bellhop/http.hpp>

#include <string>
#include <vector>

#include "answer.hpp"
#include "signature.hpp"

namespace {

using bellhop::Event;
using bellhop::Json;
using bellhop::Manifest;
using bellhop::Verdict;

constexpr int64_t ms_per_s = 1'000;

std::vector<std::string> keys_of(const Json &secrets) {
  std::vector<std::string> keys;
  for (std::size_t index = 0; index < secrets.size(); ++index) {
    std::optional<std::string> key = forward::key_of(secrets.at(index).str());
    if (!key) {
      throw bellhop::Abort(Verdict::fail("secrets[" + std::to_string(index) +
                                         "] is not a Standard Webhooks secret: it wants \"whsec_\" and 24 to 64 bytes "
                                         "in base64; make one with: echo whsec_$(openssl rand -base64 32)"));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

class Forward : public bellhop::Plugin {
 public:
  explicit Forward(const bellhop::Context &context)
      : Plugin(context),
        url_(setting("url").str()),
        keys_(keys_of(setting("secrets"))),
        is_raw_(setting("body").str() == "raw"),
        http_(context) {
    http_.limit(setting("limit").str());
    for (std::size_t index = 0; index < setting("headers").size(); ++index) {
      const Json header = setting("headers").at(index);
      headers_.push_back({header["name"].str(), header["value"].str()});
    }
  }

  static Manifest manifest() {
    return Manifest("forward", "1.0.0", "Sends every event to a URL, signed by the Standard Webhooks specification")
        .license("Apache-2.0")
        .needs(BHP_SVC_HTTP)
        .secret_destination("url", "Where to: an http or https URL")
        .property("secrets",
                  R"({"type":"array","title":"Signing secrets, \"whsec_…\"; two while one replaces the other",)"
                  R"("items":{"type":"string","x-secret":true},"maxItems":8,"default":[]})")
        .choice("body", "What is sent: the normalised event, or the webhook's body byte for byte", {"event", "raw"})
        .property("headers",
                  R"({"type":"array","title":"Header fields for the receiver, e.g. Authorization","items":)"
                  R"({"type":"object","additionalProperties":false,"required":["name","value"],"properties":)"
                  R"({"name":{"type":"string","pattern":"^[A-Za-z0-9-]{1,64}$"},)"
                  R"("value":{"type":"string","x-secret":true}}},"maxItems":16,"default":[]})")
        .text("limit", "A named rate limit of the configuration", "")
        .integer("timeout_ms", "Time for one request, in milliseconds", 15'000, 100, 600'000);
  }

  Verdict deliver(const Event &event) override {
    return forward::verdict_of(post(event.id(), is_raw_ ? event.body() : event.json()));
  }

  // A receiver must take a test for what it is: {"type":"bellhop.test"} is no type of an event.
  Verdict check_health() override {
    const std::string id = "test-" + std::to_string(now_ms());
    return forward::verdict_of(post(id, R"({"specversion":"1.0","type":"bellhop.test"})"));
  }

 private:
  // The id stays the same over retries and replays: it is the receiver's idempotency key. The timestamp is that of the
  // attempt, which the receiver compares with its clock.
  bellhop::Response post(std::string_view id, std::string_view body) {
    const int64_t timestamp_s = now_ms() / ms_per_s;
    bellhop::Request request{"POST", url_, std::string(body), headers_, setting("timeout_ms").integer(), {}};
    request.headers.push_back({"Content-Type", "application/json"});
    request.headers.push_back({"webhook-id", std::string(id)});
    request.headers.push_back({"webhook-timestamp", std::to_string(timestamp_s)});
    if (!keys_.empty()) {
      request.headers.push_back({"webhook-signature", forward::signatures(keys_, id, timestamp_s, body)});
    }
    return http_.send(request);
  }

  const std::string url_;
  const std::vector<std::string> keys_;
  const bool is_raw_;
  std::vector<bellhop::Header> headers_;
  bellhop::Http http_;
};

}  // namespace

BELLHOP_PLUGIN(Forward)
