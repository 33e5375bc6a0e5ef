// SPDX-License-Identifier: Apache-2.0
// bellhop/http.hpp -- outbound HTTP through the host: Http http(context()); return http.post_json(url, Obj()...);
// The manifest names BHP_SVC_HTTP in needs().
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin.hpp"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

// All but the unreserved characters of RFC 3986, so that a value stays one path segment or one query value: "../" is
// written "..%2F". The segments "." and ".." cannot be escaped (their dots are unreserved and decoded by every server):
// they become "%2E" and "%2E%2E", which servers that normalise late still take for text.
inline std::string percent_encoded(std::string_view text) {
  constexpr std::string_view hex_digits = "0123456789ABCDEF";
  if (text == "." || text == "..") return text.size() == 1 ? "%2E" : "%2E%2E";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                               c == '.' || c == '_' || c == '~';
    if (is_unreserved) {
      out += c;
    } else {
      out += {'%', hex_digits[byte >> 4U], hex_digits[byte & 15U]};
    }
  }
  return out;
}

struct Header {
  std::string name, value;
};

struct Response {
  int32_t error = 0;   // BHP_E_*, 0 when there is an answer
  int32_t status = 0;  // 0 when there is none
  int64_t retry_after_ms = 0;
  std::string body;
  std::string sentence;  // for the operator: what was tried, on what, what came back
  std::vector<Header> headers;

  bool ok() const { return error == 0 && status / 100 == 2; }
  std::string_view header(std::string_view name) const {  // "" when it is not there; any letter case
    for (const Header &header : headers) {
      if (is_same(header.name, name)) return header.value;
    }
    return {};
  }
  // The usual mapping, once. A destination that explains itself in the body deserves its own.
  Verdict verdict() const {
    if (ok()) return Verdict::ok(sentence);
    if (error == BHP_E_DENIED) return Verdict::hold(sentence);
    if (error == BHP_E_INVALID || error == BHP_E_TOO_LARGE) return Verdict::fail(sentence);
    if (error != 0) return Verdict::retry(sentence);
    std::string text = sentence + (body.empty() ? "" : ": " + body.substr(0, shown_bytes_max));
    if (status == 401 || status == 403) return Verdict::hold(std::move(text), retry_after_ms);
    if (status == 408 || status == 425 || status == 429 || status >= 500) {
      return Verdict::retry(std::move(text), retry_after_ms);
    }
    return Verdict::fail(std::move(text));
  }
  operator Verdict() const { return verdict(); }  // NOLINT: implicit on purpose

 private:
  static constexpr size_t shown_bytes_max = 120;
  static bool is_same(std::string_view left, std::string_view right) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    if (left.size() != right.size()) return false;
    for (size_t at = 0; at < left.size(); ++at) {
      if (lower(left[at]) != lower(right[at])) return false;
    }
    return true;
  }
};

struct Request {
  std::string method = "GET", url, body;
  std::vector<Header> headers;
  int64_t timeout_ms = 0;  // 0 = the host's own, or what is left of the budget
  std::string limit;       // named rate limit of the configuration; "" = none
};

// Cheap to make; may be used by any thread of the plugin.
class Http {
 public:
  explicit Http(const Context &context)
      : host_(context.host), api_(static_cast<const bhp_http_v1 *>(host_->service(host_, BHP_SVC_HTTP))) {}
  explicit operator bool() const { return api_ != nullptr; }  // does this host offer it?

  // Every request of this Http waits for its turn in that rate limit of the configuration.
  Http &limit(std::string name) {
    limit_ = std::move(name);
    return *this;
  }

  Response send(const Request &request) const {
    if (api_ == nullptr) throw Abort(Verdict::hold("the manifest does not name " BHP_SVC_HTTP " in needs()"));
    std::vector<bhp_pair> headers;
    for (const Header &header : request.headers) headers.push_back({str(header.name), str(header.value)});
    bhp_http_request asked{};
    asked.struct_size = sizeof asked;
    asked.method = str(request.method);
    asked.url = str(request.url);
    asked.headers = headers.data();
    asked.headers_count = headers.size();
    asked.body = str(request.body);
    asked.timeout_ms = request.timeout_ms;
    asked.limit = str(request.limit.empty() ? limit_ : request.limit);
    Lent lent{host_, api_, nullptr};
    Response response;
    response.error = api_->send(host_, &asked, &lent.answer);
    if (lent.answer != nullptr) read(*lent.answer, response);
    return response;
  }
  Response send(std::string_view method, std::string_view url, std::string_view body, std::string_view type,
                std::initializer_list<Header> more = {}) const {
    Request request{std::string(method), std::string(url), std::string(body), more, 0, {}};
    if (!type.empty()) request.headers.push_back({"Content-Type", std::string(type)});
    return send(request);
  }
  Response post_json(std::string_view url, const Obj &body, std::initializer_list<Header> more = {}) const {
    return send("POST", url, body.str(), "application/json", more);
  }
  Response get(std::string_view url, std::initializer_list<Header> more = {}) const {
    return send("GET", url, {}, {}, more);
  }

 private:
  struct Lent {  // gives the host its answer back, whatever is thrown
    const bhp_host *host;
    const bhp_http_v1 *api;
    const bhp_http_response *answer;
    ~Lent() {
      if (answer != nullptr) api->release(host, answer);
    }
  };
  static bhp_str str(std::string_view text) { return {text.data(), text.size()}; }
  static void read(const bhp_http_response &answer, Response &response) {
    response.status = answer.status;
    response.retry_after_ms = answer.retry_after_ms;
    response.body = detail::view(answer.body);
    response.sentence = detail::view(answer.sentence);
    for (size_t index = 0; index < answer.headers_count; ++index) {
      const bhp_pair &header = answer.headers[index];
      response.headers.push_back({std::string(detail::view(header.name)), std::string(detail::view(header.value))});
    }
  }
  const bhp_host *host_;
  const bhp_http_v1 *api_;
  std::string limit_;
};

}  // namespace bellhop

#pragma GCC visibility pop
