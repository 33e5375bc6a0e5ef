// SPDX-License-Identifier: Apache-2.0
// The only file that sees toml++. Built without its exceptions: a syntax error is a value here.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include "config/document.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <tuple>

namespace bellhop::core {

namespace {

Position position_of(const toml::source_region &region, const std::string &name) {
  return Position{name, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

template <class T>
std::string date_text(const T &value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Node converted(const toml::node &from, const std::string &name);

void convert_members(const toml::table &from, const std::string &name, Node &node) {
  node.type = Node::Type::table;
  for (const auto &[key, value] : from) {
    node.members.push_back(Member{std::string(key.str()), position_of(key.source(), name), converted(value, name)});
  }
  // toml++ keeps a table sorted by name; people read files from the top.
  std::stable_sort(node.members.begin(), node.members.end(), [](const Member &a, const Member &b) {
    return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
  });
}

Node converted(const toml::node &from, const std::string &name) {
  Node node;
  node.at = position_of(from.source(), name);
  if (const auto *table = from.as_table()) {
    convert_members(*table, name, node);
  } else if (const auto *array = from.as_array()) {
    node.type = Node::Type::array;
    for (const toml::node &item : *array) node.items.push_back(converted(item, name));
  } else if (const auto *text = from.as_string()) {
    node.type = Node::Type::text;
    node.text = text->get();
  } else if (const auto *whole = from.as_integer()) {
    node.type = Node::Type::whole;
    node.whole = whole->get();
  } else if (const auto *fraction = from.as_floating_point()) {
    node.type = Node::Type::fraction;
    node.fraction = fraction->get();
  } else if (const auto *truth = from.as_boolean()) {
    node.type = Node::Type::truth;
    node.truth = truth->get();
  } else {
    node.type = Node::Type::date;
    if (const auto *date = from.as_date()) node.text = date_text(date->get());
    if (const auto *time = from.as_time()) node.text = date_text(time->get());
    if (const auto *both = from.as_date_time()) node.text = date_text(both->get());
  }
  return node;
}

}  // namespace

const Member *Node::find(std::string_view key) const {
  for (const Member &member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

std::variant<Node, Finding> parse_document(std::string_view text, const std::string &name) {
  const toml::parse_result result = toml::parse(text, name);
  if (!result) {
    return Finding{position_of(result.error().source(), name),
                   "not TOML: " + std::string(result.error().description())};
  }
  return converted(result.table(), name);
}

std::string_view type_name(Node::Type type) {
  switch (type) {
    case Node::Type::text:
      return "text";
    case Node::Type::whole:
      return "a whole number";
    case Node::Type::fraction:
      return "a number with a fraction";
    case Node::Type::truth:
      return "true or false";
    case Node::Type::date:
      return "a date or time";
    case Node::Type::array:
      return "a list";
    case Node::Type::table:
      return "a table";
  }
  return "something else";
}

}  // namespace bellhop::core
