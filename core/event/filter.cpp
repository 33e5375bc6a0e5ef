// SPDX-License-Identifier: Apache-2.0
// Globs over event types: '*' stands for any letters within one of the two words, or alone for every type but ping.
#include "event/filter.hpp"

#include <algorithm>
#include <string>

namespace bellhop::core {
namespace {

constexpr std::size_t word_bytes_max = 64;  // of noun and action, see Event::type
constexpr std::string_view ping = "ping";
constexpr const char *allowed =
    "allowed are \"NOUN.ACTION\" in small letters, digits and _, \"*\" for any word (\"booking.*\", \"*.canceled\"), "
    "\"*\" "
    "alone for every type but ping, \"ping\", and a leading ! to take away";

bool is_word(std::string_view word) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '*';
  };
  const auto letters_count =
      static_cast<std::size_t>(std::count_if(word.begin(), word.end(), [](char c) { return c != '*'; }));
  return !word.empty() && letters_count <= word_bytes_max && std::all_of(word.begin(), word.end(), is_letter);
}

// What keeps the glob from ever matching, or "".
std::string fault_of(std::string_view pattern) {
  if (pattern == "*" || pattern == ping) return "";
  const auto dot = pattern.find('.');
  if (dot == std::string_view::npos) return "has no dot";
  const std::string_view noun = pattern.substr(0, dot), action = pattern.substr(dot + 1);
  if (!is_word(noun) || !is_word(action)) return "is not two words with a dot between them";
  if (action == "cancelled") return "is never a type: it is spelled canceled, whatever the sender writes";
  return "";
}

// Linear but for the backtracking to the last star; both texts are short.
bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos && text[mark] != '.') {  // a star never swallows the dot
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool matches_pattern(std::string_view pattern, std::string_view type) {
  if (type == ping) return pattern == ping;
  return pattern == "*" || matches_glob(pattern, type);
}

}  // namespace

Result<Filter> Filter::parse(const std::vector<std::string> &globs) {
  Filter filter;
  for (const std::string &text : globs) {
    Glob glob{text, text, false};
    glob.is_exclusion = !text.empty() && text[0] == '!';
    if (glob.is_exclusion) glob.pattern.erase(0, 1);
    if (glob.is_exclusion && filter.globs_.empty()) {
      return Error{Kind::invalid,
                   "event glob \"" + text + "\" takes away from nothing: put what is wanted before it, \"*\" say"};
    }
    const std::string fault = fault_of(glob.pattern);
    if (!fault.empty()) return Error{Kind::invalid, "event glob \"" + text + "\" " + fault + "; " + allowed};
    filter.globs_.push_back(std::move(glob));
  }
  return filter;
}

bool Filter::matches(std::string_view type) const {
  if (globs_.empty()) return type != ping;
  for (auto glob = globs_.rbegin(); glob != globs_.rend(); ++glob) {
    if (matches_pattern(glob->pattern, type)) return !glob->is_exclusion;
  }
  return false;
}

std::string_view Filter::deciding_glob(std::string_view type) const {
  for (auto glob = globs_.rbegin(); glob != globs_.rend(); ++glob) {
    if (matches_pattern(glob->pattern, type)) return glob->text;
  }
  return "";
}

}  // namespace bellhop::core
