// SPDX-License-Identifier: Apache-2.0
// bellhop/testing/scripted_http.hpp -- ScriptedHttp: the internet of a test. Nothing leaves the process; a request gets
// the answer that the script has for it, and is kept to be looked at. Part of testing.hpp.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../http.hpp"
#include "../plugin.h"

#pragma GCC visibility push(hidden)

namespace bellhop::testing {

struct Answer {
  int32_t error = 0;  // BHP_E_*: there is no answer
  int32_t status = 200;
  std::string body;
  std::vector<Header> headers;
  int64_t takes_ms = 0;  // the virtual clock goes on by so much; more than the request allows is a time-out
};

struct Sent {  // a request as the plugin made it
  std::string method, url, body, limit;
  std::vector<Header> headers;
  int64_t timeout_ms = 0;

  std::string_view header(std::string_view name) const {  // letter case as written
    for (const Header &header : headers) {
      if (header.name == name) return header.value;
    }
    return {};
  }
};

class ScriptedHttp {
 public:
  // The answers to requests of this method and URL, in the order of the calls; the last of them stays. "*" is any
  // method, a URL that ends in '*' any URL that begins so. The first rule that fits counts.
  class Rule {
   public:
    Rule &answer(int32_t status, std::string body = {}, std::vector<Header> headers = {}) {
      answers_.push_back({0, status, std::move(body), std::move(headers), 0});
      return *this;
    }
    Rule &fails(int32_t error) {  // BHP_E_CONNECT, BHP_E_TLS, BHP_E_DENIED …
      answers_.push_back({error, 0, {}, {}, 0});
      return *this;
    }
    Rule &takes(int64_t ms) {  // the answer named last
      if (!answers_.empty()) answers_.back().takes_ms = ms;
      return *this;
    }

   private:
    friend class ScriptedHttp;
    bool fits(const Sent &sent) const {
      const bool is_open = !url_.empty() && url_.back() == '*';
      const std::string_view wanted = std::string_view(url_).substr(0, url_.size() - (is_open ? 1 : 0));
      return (method_ == "*" || method_ == sent.method) &&
             (is_open ? std::string_view(sent.url).substr(0, wanted.size()) == wanted : sent.url == wanted);
    }
    std::string method_, url_;
    std::deque<Answer> answers_;
  };
  Rule &on(std::string method, std::string url) {
    rules_.emplace_back();
    rules_.back().method_ = std::move(method);
    rules_.back().url_ = std::move(url);
    return rules_.back();
  }
  const std::vector<Sent> &requests() const { return sent_; }

  // Keeps the request and gives its answer. Without a rule it is refused, as every destination that the operator has
  // not allowed.
  Answer take(Sent sent) {
    sent_.push_back(sent);
    for (Rule &rule : rules_) {
      if (!rule.fits(sent) || rule.answers_.empty()) continue;
      Answer answer = rule.answers_.front();
      if (rule.answers_.size() > 1) rule.answers_.pop_front();
      return answer;
    }
    return {BHP_E_DENIED, 0, {}, {}, 0};
  }

 private:
  std::deque<Rule> rules_;  // a reference to one stays good
  std::vector<Sent> sent_;
};

// Whole seconds of Retry-After as milliseconds; 0 = not given. (The real host reads dates too.)
inline int64_t retry_after_ms_of(const std::vector<Header> &headers) {
  for (const Header &header : headers) {
    if (header.name != "Retry-After" || header.value.empty() || header.value.size() > 9) continue;
    if (header.value.find_first_not_of("0123456789") == std::string::npos) return std::stoll(header.value) * 1000;
  }
  return 0;
}

}  // namespace bellhop::testing

#pragma GCC visibility pop
