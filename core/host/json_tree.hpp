// SPDX-License-Identifier: Apache-2.0
// JSON tree: what stands behind the service bellhop.json/1. RapidJSON's reader fills a tree of our own, because a
// plugin gets numbers with all their digits ("12.50", ids over 64 bits) and the JSON text of any value as it was
// written. Not simdjson: Debian has it as a shared library only, and the child links nothing that a plugin may link
// too (docs/decisions/0050).
#pragma once

#include <bellhop/plugin.h>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace bellhop::core {
class JsonDocument;
}

// One value. The C name is the ABI's; the members are the host's business.
struct bhp_node {
  int type = BHP_JSON_NULL;
  bool is_terminated = true;  // text[text_size] == 0; a container's text points into the source until somebody asks
  std::size_t text_size = 4;
  const char *text = "null";
  std::size_t children_count = 0;
  bhp_node *children = nullptr;
  std::size_t key_size = 0;
  const char *key = nullptr;                     // of a member
  bellhop::core::JsonDocument *owner = nullptr;  // of a root and of containers
};

namespace bellhop::core {

constexpr std::size_t json_depth_max = 512;

// A document that is parsed when somebody looks. Reusable: assign() keeps the memory for the next one.
class JsonDocument {
 public:
  JsonDocument() = default;
  JsonDocument(const JsonDocument &) = delete;
  JsonDocument &operator=(const JsonDocument &) = delete;

  // Is the text known to be UTF-8 (the daemon's own events) or to be looked at (a plugin's)?
  enum class Utf8 { trusted, checked };
  // `text` must stay until the next assign().
  void assign(std::string_view text, Utf8 utf8);
  bool is_valid();                      // it is JSON in UTF-8, not deeper than json_depth_max; parses
  const bhp_node *root();               // reads as null when the text is not valid; does not parse
  void resolve();                       // parses if that was not done yet
  void terminate(bhp_node &container);  // gives its text a copy with a 0 at the end

 private:
  friend class JsonTreeBuilder;
  std::byte *take(std::size_t size);
  const char *keep(std::string_view text);
  bhp_node *keep(const bhp_node *nodes, std::size_t count);

  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };
  std::string_view text_;
  Utf8 utf8_ = Utf8::checked;
  bool is_parsed_ = true, is_valid_ = false;
  bhp_node root_;
  std::vector<Block> blocks_;   // memory of the tree, never moved
  std::size_t used_bytes_ = 0;  // of the last block
  // While reading: finished values whose container is open, keys of open objects, where the open containers begin.
  std::vector<bhp_node> pending_;
  std::vector<std::string_view> keys_;
  std::vector<std::size_t> open_;
};

// The table that plugins get.
const bhp_json_v1 *json_service();

}  // namespace bellhop::core
