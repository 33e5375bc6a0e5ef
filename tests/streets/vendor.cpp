// SPDX-License-Identifier: Apache-2.0
#include "vendor.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <memory>

#include "base/random.hpp"

namespace bellhop::test {

std::string json_text(const std::string &text) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {out.GetString(), out.GetSize()};
}

std::string percent_decoded(const std::string &text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_escape = text[at] == '%' && at + 2 < text.size();
    out += is_escape ? static_cast<char>(std::stoi(text.substr(at + 1, 2), nullptr, 16)) : text[at];
    if (is_escape) at += 2;
  }
  return out;
}

std::vector<core::ServerStep> with_fault(const Fault &fault, const std::function<std::string()> &answer) {
  if (fault.what == Fault::What::reset) return {core::reset_it()};
  if (fault.what == Fault::What::answer) return {core::send_bytes(fault.bytes)};
  const std::string bytes = answer();
  if (fault.what == Fault::What::lost) return {core::reset_it()};
  return {core::send_bytes(bytes)};
}

FaultPlan random_faults(std::uint64_t seed, int percent) {
  struct Dice {
    core::Random random;
    std::uint64_t slow_request, requests_count = 0;
  };
  const auto dice = std::make_shared<Dice>(Dice{core::Random(seed), seed % 5});
  return [dice, percent]() -> Fault {
    // Not one byte: the client's patience ends it.
    if (dice->requests_count++ == dice->slow_request) return {Fault::What::answer, ""};
    if (dice->random.below(100) >= static_cast<std::uint64_t>(percent)) return {};
    switch (dice->random.below(4)) {
      case 0:
        return {Fault::What::answer, http_answer(429, "slow down", "Retry-After: 1\r\n")};
      case 1:
        return {Fault::What::answer, http_answer(503, "<html>down</html>")};
      case 2:
        return {Fault::What::reset, ""};
      default:
        return {Fault::What::lost, ""};
    }
  };
}

}  // namespace bellhop::test
