// SPDX-License-Identifier: Apache-2.0
#include "multistatus.hpp"

#include <array>
#include <optional>
#include <utility>

namespace calendar {
namespace {

constexpr std::size_t resources_max = 1'000;

struct Tag {
  std::string_view name;  // without prefix
  bool is_end = false;
  std::size_t after = 0;  // where the text behind it begins
};

// The next tag at or behind `at`; comments, declarations and CDATA sections are stepped over.
std::optional<Tag> next_tag(std::string_view xml, std::size_t at) {
  for (;;) {
    const std::size_t open = xml.find('<', at);
    if (open == xml.npos) return std::nullopt;
    const std::string_view rest = xml.substr(open);
    std::string_view closing = ">";
    if (rest.substr(0, 4) == "<!--") closing = "-->";
    if (rest.substr(0, 9) == "<![CDATA[") closing = "]]>";
    const std::size_t close = xml.find(closing, open);
    if (close == xml.npos) return std::nullopt;
    at = close + closing.size();
    if (rest.size() < 2 || rest[1] == '!' || rest[1] == '?') continue;
    std::string_view inside = xml.substr(open + 1, close - open - 1);
    const bool is_end = !inside.empty() && inside.front() == '/';
    if (is_end) inside.remove_prefix(1);
    inside = inside.substr(0, inside.find_first_of(" \t\r\n/"));
    const std::size_t colon = inside.rfind(':');
    if (colon != inside.npos) inside.remove_prefix(colon + 1);
    return Tag{inside, is_end, at};
  }
}

std::string unescaped(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> entities{
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string out;
  while (!text.empty()) {
    std::size_t size = 1;
    char c = text.front();
    for (const auto &[entity, meaning] : entities) {
      if (text.substr(0, entity.size()) != entity) continue;
      size = entity.size();
      c = meaning;
    }
    out += c;
    text.remove_prefix(size);
  }
  return out;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

}  // namespace

std::vector<Resource> resources_of(std::string_view xml) {
  std::vector<Resource> resources;
  bool is_inside = false;
  for (std::size_t at = 0; resources.size() < resources_max;) {
    const std::optional<Tag> tag = next_tag(xml, at);
    if (!tag) break;
    at = tag->after;
    if (tag->name == "response") {
      is_inside = !tag->is_end;
      if (is_inside) resources.emplace_back();
    } else if (is_inside && !tag->is_end && tag->name == "href" && resources.back().href.empty()) {
      const std::size_t end = xml.find('<', at);
      if (end != xml.npos) resources.back().href = unescaped(trimmed(xml.substr(at, end - at)));
    } else if (is_inside && !tag->is_end && tag->name == "calendar") {
      resources.back().is_calendar = true;
    }
  }
  return resources;
}

bool has_element(std::string_view xml, std::string_view name) {
  for (std::size_t at = 0;;) {
    const std::optional<Tag> tag = next_tag(xml, at);
    if (!tag) return false;
    if (!tag->is_end && tag->name == name) return true;
    at = tag->after;
  }
}

}  // namespace calendar
