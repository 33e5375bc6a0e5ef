// SPDX-License-Identifier: Apache-2.0
// The life of a booking, delivered to crm as delivery does it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "life.hpp"
#include "support/plugin_street.hpp"
#include "vendor.hpp"

namespace bellhop::test {

// As delivery does it: again until it is no RETRY, with a new child each time, so that only kv is remembered.
inline core::PluginAnswer deliver_until_done(PluginStreet &street, const std::string &body,
                                             std::uint32_t attempts_max = 6) {
  core::PluginAnswer answer;
  for (std::uint32_t attempt = 1; attempt <= attempts_max; ++attempt) {
    answer = street.deliver(body, {attempt == 1 ? 0U : BHP_EV_REDELIVERY, attempt});
    if (answer.code != BHP_RETRY) break;
    street.restart();
  }
  return answer;
}

// A whole life in that way. The answers, of all attempts.
inline std::vector<core::PluginAnswer> live(PluginStreet &street, const std::vector<std::string> &events) {
  constexpr std::uint32_t attempts_max = 4;
  std::vector<core::PluginAnswer> answers;
  for (const std::string &event : events) {
    for (std::uint32_t attempt = 1; attempt <= attempts_max; ++attempt) {
      answers.push_back(street.deliver(event, {attempt == 1 ? 0U : BHP_EV_REDELIVERY, attempt}));
      if (answers.back().code != BHP_RETRY) break;
      street.restart();
    }
    EXPECT_EQ(answers.back().code, BHP_OK) << answers.back().message << street.death();
  }
  return answers;
}

inline std::vector<Fault> lost_answers() { return {{Fault::What::lost, ""}}; }
inline std::vector<Fault> all_faults() {
  return {{Fault::What::answer, http_answer(429, "{}", "Retry-After: 7\r\n")},
          {Fault::What::answer, http_answer(503, "<html>down</html>")},
          {Fault::What::reset, ""},
          {Fault::What::lost, ""}};
}

// Each fault in place of each request of a life: options_for(vendor) builds the options, check(vendor) sees the end.
template <class Vendor, class Make, class Check>
void expect_life_survives(const std::vector<std::string> &events, const std::vector<Fault> &faults,
                          const Make &options_for, const Check &check) {
  std::size_t requests_count = 0;
  {
    Vendor vendor;
    PluginStreet street(options_for(vendor));
    EXPECT_EQ(live(street, events).size(), events.size());
    check(vendor);
    requests_count = vendor.requests_count();
  }
  ASSERT_GT(requests_count, events.size());
  for (const Fault &fault : faults) {
    for (std::size_t request = 0; request < requests_count; ++request) {
      SCOPED_TRACE("fault " + fault.bytes.substr(0, 12) + " at request " + std::to_string(request));
      Vendor vendor;
      vendor.fail_at(request, fault);
      PluginStreet street(options_for(vendor));
      const std::vector<core::PluginAnswer> answers = live(street, events);
      check(vendor);
      bool is_told = fault.bytes.find("Retry-After") == std::string::npos;  // the time that it names is told on
      for (const core::PluginAnswer &answer : answers) is_told = is_told || answer.retry_after_ms == 7'000;
      EXPECT_TRUE(is_told);
    }
  }
}

// A secret that the vendor gave or got is nowhere in what Bellhop keeps or tells.
inline void expect_untold(PluginStreet &street, const std::string &secret) {
  for (const std::string &exchange : street.exchanges())
    EXPECT_EQ(exchange.find(secret), std::string::npos) << exchange;
  for (const std::string &line : street.log()) EXPECT_EQ(line.find(secret), std::string::npos) << line;
  for (const auto &[key, value] : street.kv_all()) EXPECT_EQ((key + value).find(secret), std::string::npos) << key;
}

}  // namespace bellhop::test
