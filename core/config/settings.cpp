// SPDX-License-Identifier: Apache-2.0
#include "config/settings.hpp"

#include <charconv>
#include <cmath>

#include "event/event_json.hpp"

namespace bellhop::core {

namespace {

constexpr int settings_depth_max = 64;

std::string pointer_step(std::string_view key) {
  std::string out = "/";
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

// Shortest text that reads back as the same number, and stays a number with a fraction.
std::string fraction_text(double value) {
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  std::string out(digits, error == std::errc() ? end : digits);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

class Writer {
 public:
  explicit Writer(SettingsText &text) : text_(text) {}

  void write(const Node &node, const Position &at, const std::string &pointer, int depth) {
    text_.at[pointer] = at;
    if (depth > settings_depth_max) {
      text_.errors.push_back({at, "settings nest deeper than 64 levels"});
      text_.json += "null";
      return;
    }
    switch (node.type) {
      case Node::Type::text:
        append_json_string(text_.json, node.text);
        text_.texts[pointer] = node.text;
        break;
      case Node::Type::whole:
        text_.json += std::to_string(node.whole);
        break;
      case Node::Type::truth:
        text_.json += node.truth ? "true" : "false";
        break;
      case Node::Type::fraction:
        write_fraction(node, at);
        break;
      case Node::Type::date:
        text_.errors.push_back(
            {at, "a date or time cannot be a setting as it is; put it in quotes: \"" + node.text + "\""});
        text_.json += "null";
        break;
      case Node::Type::array:
        write_array(node, pointer, depth);
        break;
      case Node::Type::table:
        write_table(node, pointer, depth);
        break;
    }
  }

 private:
  void write_fraction(const Node &node, const Position &at) {
    if (std::isfinite(node.fraction)) {
      text_.json += fraction_text(node.fraction);
      return;
    }
    text_.errors.push_back({at, "inf and nan cannot be settings: JSON has no such numbers"});
    text_.json += "null";
  }

  void write_array(const Node &node, const std::string &pointer, int depth) {
    text_.json += '[';
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (i > 0) text_.json += ',';
      write(node.items[i], node.items[i].at, pointer + "/" + std::to_string(i), depth + 1);
    }
    text_.json += ']';
  }

  void write_table(const Node &node, const std::string &pointer, int depth) {
    text_.json += '{';
    bool is_first = true;
    for (const Member &member : node.members) {
      if (!is_first) text_.json += ',';
      is_first = false;
      append_json_string(text_.json, member.key);
      text_.json += ':';
      write(member.value, member.at, pointer + pointer_step(member.key), depth + 1);
    }
    text_.json += '}';
  }

  SettingsText &text_;
};

}  // namespace

SettingsText settings_text(const Member &settings) {
  SettingsText text;
  Writer(text).write(settings.value, settings.at, "", 0);
  return text;
}

}  // namespace bellhop::core
