// SPDX-License-Identifier: Apache-2.0
#include "life.hpp"

#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

#include "support/plugin_street.hpp"

namespace bellhop::test {

namespace {

const std::vector<std::string> starts{"2027-02-01T10:00:00Z", "2027-02-01T10:00:00Z", "2027-02-02T11:00:00Z",
                                      "2027-02-03T12:00:00Z", "2027-02-03T12:00:00Z"};

}  // namespace

std::string legacy_step(std::size_t step) {
  const std::vector<std::string> actions{"requested", "confirmed", "rescheduled", "rescheduled", "canceled"};
  const std::string start = starts[step];
  return with_edits(payload_text("legacy_booking_confirmed.json"),
                    {{R"("action": "confirmed")", R"("action": ")" + actions[step] + '"'},
                     {"\"organization\": 1,\n  \"date_created\": \"2014-01-01T00:00:00Z\"",
                      "\"organization\": 1, \"date_created\": \"2026-01-0" + std::to_string(step + 1) + "T00:00:00Z\""},
                     {R"("start": "2014-01-01T00:00:00Z")", R"("start": ")" + start + '"'},
                     {R"("end": "2014-01-01T00:00:00Z")", R"("end": ")" + start + '"'},
                     {R"("confirmed": true)", std::string(R"("confirmed": )") + (step == 0 ? "false" : "true")},
                     {R"("canceled": false)", std::string(R"("canceled": )") + (step == 4 ? "true" : "false")}});
}

std::string v5_step(std::size_t step) {
  const std::vector<std::string> actions{"scheduled", "approved", "rescheduled", "rescheduled", "cancelled"};
  const std::string start = starts[step], end = start.substr(0, 14) + "30:00Z";
  const std::string other =
      ",\n      {\n        \"id\": 502,\n        \"email\": \"jane@example.com\",\n        "
      "\"name\": \"Jane Doe\",\n        \"status\": \"cancelled\"\n      }";
  return with_edits(payload_text("v5_meeting_full.assumed.json"),
                    {{"Meeting.scheduled", "Meeting." + actions[step]},
                     {"2024-05-29T18:56:43.249804Z", "2026-01-0" + std::to_string(step + 1) + "T00:00:00Z"},
                     {"2024-06-03T14:00:00Z", start},
                     {"2024-06-03T14:30:00Z", end},
                     {other, ""},
                     {R"("approved": null)", std::string(R"("approved": )") + (step == 0 ? "false" : "true")},
                     {R"("cancelled": false)", std::string(R"("cancelled": )") + (step == 4 ? "true" : "false")}});
}

std::uint64_t seed_of_this_run() {
  const char *given = std::getenv("BELLHOP_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "seed " << seed << " (again: BELLHOP_TEST_SEED=" << seed << ")\n";
  return seed;
}

}  // namespace bellhop::test
