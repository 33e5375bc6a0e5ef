// SPDX-License-Identifier: Apache-2.0
#include "source/source.hpp"

#include <array>
#include <utility>

#include "source/appointlet.hpp"

namespace bellhop::core {
namespace {

constexpr std::array<std::pair<std::string_view, Normalize>, 1> kinds{{{"appointlet", normalize_appointlet}}};

// Looks at every byte of `presented`, whatever was found before; the volatile keeps the compiler from leaving early.
bool is_same(std::string_view token, std::string_view presented) {
  volatile unsigned difference = token.size() == presented.size() && !token.empty() ? 0U : 1U;
  for (std::size_t i = 0; i < presented.size(); ++i) {
    const unsigned expected = token.empty() ? 0U : static_cast<unsigned char>(token[i % token.size()]);
    difference = difference | (expected ^ static_cast<unsigned char>(presented[i]));
  }
  return difference == 0;
}

}  // namespace

Normalize find_source_kind(std::string_view kind) {
  for (const auto &[name, normalize] : kinds) {
    if (name == kind) return normalize;
  }
  return nullptr;
}

std::vector<std::string_view> source_kinds() {
  std::vector<std::string_view> names;
  for (const auto &[name, normalize] : kinds) names.push_back(name);
  return names;
}

bool token_matches(const std::vector<std::string> &tokens, std::string_view presented) {
  volatile bool has_match = false;
  for (const std::string &token : tokens) has_match = is_same(token, presented) || has_match;
  return has_match;
}

}  // namespace bellhop::core
