// SPDX-License-Identifier: Apache-2.0
// bellhop/draft/http.hpp -- the C++17 face of bellhop/draft/http.h: Http http(context()); http.post_json(url, Obj()…).
// A draft: no released host offers the service yet.
#pragma once

#include "../plugin.hpp"
#include "http.h"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

struct Response {
  int32_t error = 0;  // BHP_E_*, 0 when there is an answer
  int32_t status = 0;
  int64_t retry_after_ms = 0;
  std::string body;

  bool ok() const { return error == 0 && status / 100 == 2; }
  // The usual mapping, once. A destination that explains itself in the body deserves its own.
  operator Verdict() const {  // NOLINT: implicit on purpose
    if (ok()) return Verdict::ok("HTTP " + std::to_string(status));
    if (error == BHP_E_DENIED) return Verdict::hold("the operator's policy does not allow this request");
    if (error == BHP_E_INVALID) return Verdict::fail("the request is not valid");
    if (error != 0) return Verdict::retry("no answer (" + std::to_string(error) + ")");
    std::string sentence = "HTTP " + std::to_string(status) + ": " + body.substr(0, 120);
    if (status == 401 || status == 403) return Verdict::hold(std::move(sentence), retry_after_ms);
    if (status == 408 || status == 425 || status == 429 || status >= 500) {
      return Verdict::retry(std::move(sentence), retry_after_ms);
    }
    return Verdict::fail(std::move(sentence));
  }
};

class Http {
 public:
  explicit Http(const Context &context)
      : host_(context.host), api_(static_cast<const bhp_http_v1 *>(host_->service(host_, BHP_SVC_HTTP))) {}

  Response send(std::string_view method, std::string_view url, std::string_view body, std::string_view type) const {
    if (api_ == nullptr) throw Abort(Verdict::hold("the manifest does not name " BHP_SVC_HTTP " in needs()"));
    const bhp_header header{{"Content-Type", 12}, {type.data(), type.size()}};
    bhp_http_request request{};
    request.struct_size = sizeof request;
    request.method = {method.data(), method.size()};
    request.url = {url.data(), url.size()};
    request.headers = &header;
    request.headers_count = type.empty() ? 0 : 1;
    request.body = {body.data(), body.size()};
    const bhp_http_response *answer = nullptr;
    Response response;
    response.error = api_->send(host_, &request, &answer);
    const Lent lent{host_, api_, answer};
    if (answer != nullptr) {
      response.status = answer->status;
      response.retry_after_ms = answer->retry_after_ms;
      response.body = detail::view(answer->body);
    }
    return response;
  }
  Response post_json(std::string_view url, const Obj &body) const {
    return send("POST", url, body.str(), "application/json");
  }
  Response get(std::string_view url) const { return send("GET", url, {}, {}); }

 private:
  struct Lent {  // gives the host its answer back, whatever is thrown
    const bhp_host *host;
    const bhp_http_v1 *api;
    const bhp_http_response *answer;
    ~Lent() {
      if (answer != nullptr) api->release(host, answer);
    }
  };
  const bhp_host *host_;
  const bhp_http_v1 *api_;
};

}  // namespace bellhop

#pragma GCC visibility pop
