// SPDX-License-Identifier: Apache-2.0
// Document: a TOML text as a plain tree in which every key and value knows its line and column. The TOML library stays
// behind document.cpp; what the keys mean is somebody else's business (reader.cpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.hpp"

namespace bellhop::core {

struct Member;

struct Node {
  enum class Type { text, whole, fraction, truth, date, array, table };

  Type type = Type::table;
  Position at;
  std::string text;             // text; date: as TOML writes it
  std::int64_t whole = 0;       // whole
  double fraction = 0;          // fraction
  bool truth = false;           // truth
  std::vector<Node> items;      // array
  std::vector<Member> members;  // table, in the order of the file

  const Member *find(std::string_view key) const;  // nullptr: not there
};

struct Member {
  std::string key;
  Position at;  // of the key
  Node value;
};

// The root table, or the first thing that is not TOML.
std::variant<Node, Finding> parse_document(std::string_view text, const std::string &name);

// "text", "a whole number", "a table" …: for sentences.
std::string_view type_name(Node::Type type);

}  // namespace bellhop::core
