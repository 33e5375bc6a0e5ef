// SPDX-License-Identifier: Apache-2.0
// See plugin_json.hpp. A document owns its values and the texts that were asked for; a node is one of its values.
#include "support/plugin_json.hpp"

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

struct bhp_node {
  const rapidjson::Value *value;
  struct Tree *tree;
};

struct Tree {
  rapidjson::Document document;
  std::unordered_map<const rapidjson::Value *, bhp_node> nodes;
  std::deque<std::string> texts;

  const bhp_node *node(const rapidjson::Value *value) {
    return value ? &nodes.try_emplace(value, bhp_node{value, this}).first->second : nullptr;
  }
};

namespace bellhop::test {

namespace {

const bhp_node *find(const bhp_node *node, const char *pointer, std::size_t size) {
  if (!node) return nullptr;
  const rapidjson::Pointer path(pointer, size);
  return path.IsValid() ? node->tree->node(path.Get(*node->value)) : nullptr;
}

std::int32_t type(const bhp_node *node) {
  if (!node) return BHP_JSON_NULL;
  switch (node->value->GetType()) {
    case rapidjson::kNullType:
      return BHP_JSON_NULL;
    case rapidjson::kFalseType:
    case rapidjson::kTrueType:
      return BHP_JSON_BOOL;
    case rapidjson::kObjectType:
      return BHP_JSON_OBJECT;
    case rapidjson::kArrayType:
      return BHP_JSON_ARRAY;
    case rapidjson::kStringType:
      return BHP_JSON_STRING;
    case rapidjson::kNumberType:
      return BHP_JSON_NUMBER;
  }
  return BHP_JSON_NULL;
}

const char *text(const bhp_node *node, std::size_t *size) {
  if (!node) {
    *size = 4;
    return "null";
  }
  if (node->value->IsString()) {
    *size = node->value->GetStringLength();
    return node->value->GetString();
  }
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  node->value->Accept(writer);
  node->tree->texts.emplace_back(buffer.GetString(), buffer.GetSize());
  *size = node->tree->texts.back().size();
  return node->tree->texts.back().c_str();
}

std::int32_t integer(const bhp_node *node, std::int64_t *out) {
  if (!node || !node->value->IsNumber()) return BHP_E_INVALID;
  if (!node->value->IsInt64()) return BHP_E_RANGE;
  *out = node->value->GetInt64();
  return 0;
}

std::int32_t number(const bhp_node *node, double *out) {
  if (!node || !node->value->IsNumber()) return BHP_E_INVALID;
  *out = node->value->GetDouble();
  return 0;
}

std::size_t size(const bhp_node *node) {
  if (!node) return 0;
  if (node->value->IsArray()) return node->value->Size();
  return node->value->IsObject() ? node->value->MemberCount() : 0;
}

const bhp_node *child(const bhp_node *node, std::size_t index, const char **key, std::size_t *key_size) {
  if (index >= size(node)) return nullptr;
  if (node->value->IsArray()) return node->tree->node(&(*node->value)[static_cast<rapidjson::SizeType>(index)]);
  const auto member = node->value->MemberBegin() + static_cast<std::ptrdiff_t>(index);
  if (key) *key = member->name.GetString();
  if (key_size) *key_size = member->name.GetStringLength();
  return node->tree->node(&member->value);
}

const bhp_node *parse(const bhp_host *, const char *json, std::size_t json_size) {
  auto tree = std::make_unique<Tree>();
  tree->document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(json, json_size);
  if (tree->document.HasParseError()) return nullptr;
  const bhp_node *root = tree->node(&tree->document);
  static_cast<void>(tree.release());  // freed by release() through the root
  return root;
}

void release(const bhp_host *, const bhp_node *root) {
  if (root) delete root->tree;
}

std::int32_t quote(const char *value, std::size_t value_size, char *buffer, std::size_t capacity,
                   std::size_t *written) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  writer.String(value, static_cast<rapidjson::SizeType>(value_size));
  *written = out.GetSize();
  if (out.GetSize() + 1 > capacity) {
    *written = out.GetSize() + 1;
    return BHP_E_RANGE;
  }
  std::memcpy(buffer, out.GetString(), out.GetSize() + 1);
  return 0;
}

}  // namespace

const bhp_json_v1 &json_service() {
  static constexpr bhp_json_v1 table{find, type, text, integer, number, size, child, parse, release, quote};
  return table;
}

}  // namespace bellhop::test
