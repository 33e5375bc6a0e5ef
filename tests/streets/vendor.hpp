// SPDX-License-Identifier: Apache-2.0
// What the vendors of the street tests share: servers of our own on loopback that keep what they were told, are as
// strict as the real ones, and fail to order.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/wayward_server.hpp"

namespace bellhop::test {

inline std::string http_answer(int status, const std::string &body, const std::string &more_headers = "") {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         more_headers + "\r\n" + body;
}

std::string json_text(const std::string &text);
std::string percent_decoded(const std::string &text);

// What happens to one request instead of its answer.
struct Fault {
  enum class What { none, answer, reset, lost };  // lost: it is done, and then the connection is reset
  What what = What::none;
  std::string bytes;  // of `answer`
};
using FaultPlan = std::function<Fault()>;  // asked once for each request, one at a time

// The steps of the server: `answer` is called unless the fault comes before it.
std::vector<core::ServerStep> with_fault(const Fault &fault, const std::function<std::string()> &answer);

// 429, 503, a reset, and an answer that is lost, for so many requests in a hundred; and one of the
// first requests is answered so slowly that nobody waits for it.
FaultPlan random_faults(std::uint64_t seed, int percent);

}  // namespace bellhop::test
