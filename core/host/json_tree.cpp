// SPDX-License-Identifier: Apache-2.0
#include "host/json_tree.hpp"

#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>

#include "event/utf8.hpp"
#include "host/sentence.hpp"

namespace bellhop::core {

// Receives RapidJSON's events. A finished value waits in pending_ until its container is closed and takes its children
// from the back; so the children of a container are one array, and child() costs nothing. Strings are decoded in
// place, in a copy of the source; the source itself stays for the text of containers.
class JsonTreeBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, JsonTreeBuilder> {
 public:
  JsonTreeBuilder(JsonDocument &document, rapidjson::InsituStringStream &stream)
      : document_(document), stream_(stream), source_(document.text_.data()) {}

  bool Null() { return add(BHP_JSON_NULL, "null", 4); }
  bool Bool(bool value) { return value ? add(BHP_JSON_BOOL, "true", 4) : add(BHP_JSON_BOOL, "false", 5); }
  // In place a number has no room for a 0 behind it.
  bool RawNumber(const char *text, rapidjson::SizeType size, bool) {
    return add(BHP_JSON_NUMBER, document_.keep({text, size}), size);
  }
  bool String(const char *text, rapidjson::SizeType size, bool) { return add(BHP_JSON_STRING, text, size); }
  bool Key(const char *text, rapidjson::SizeType size, bool) {
    document_.keys_.emplace_back(text, size);
    return true;
  }
  bool StartObject() { return start(); }
  bool StartArray() { return start(); }
  bool EndObject(rapidjson::SizeType count) {
    const bhp_node node = container(BHP_JSON_OBJECT, count);
    std::vector<std::string_view> &keys = document_.keys_;
    for (std::size_t index = 0; index < count; ++index) {
      const std::string_view key = keys[keys.size() - count + index];
      node.children[index].key = key.data();
      node.children[index].key_size = key.size();
    }
    keys.resize(keys.size() - count);
    return end(node);
  }
  bool EndArray(rapidjson::SizeType count) { return end(container(BHP_JSON_ARRAY, count)); }

 private:
  bool add(int type, const char *text, std::size_t size) {
    bhp_node &node = document_.pending_.emplace_back();
    node.type = type;
    node.text = text;
    node.text_size = size;
    return true;
  }
  bool start() {
    if (document_.open_.size() >= json_depth_max) return false;
    document_.open_.push_back(stream_.Tell() - 1);
    return true;
  }
  bhp_node container(int type, std::size_t count) {
    const std::size_t offset = document_.open_.back();
    bhp_node node;
    node.type = type;
    node.text = source_ + offset;
    node.text_size = stream_.Tell() - offset;
    node.is_terminated = false;
    node.owner = &document_;
    node.children_count = count;
    node.children = document_.keep(document_.pending_.data() + document_.pending_.size() - count, count);
    document_.pending_.resize(document_.pending_.size() - count);
    return node;
  }
  bool end(const bhp_node &node) {
    document_.open_.pop_back();
    document_.pending_.push_back(node);
    return true;
  }

  JsonDocument &document_;
  rapidjson::InsituStringStream &stream_;
  const char *source_;
};

void JsonDocument::assign(std::string_view text, Utf8 utf8) {
  text_ = text;
  utf8_ = utf8;
  is_parsed_ = is_valid_ = false;
  root_ = bhp_node();
  root_.owner = this;
  if (blocks_.size() > 1) blocks_.resize(1);
  used_bytes_ = 0;
}

const bhp_node *JsonDocument::root() { return &root_; }

bool JsonDocument::is_valid() {
  resolve();
  return is_valid_;
}

void JsonDocument::resolve() {
  if (is_parsed_) return;
  is_parsed_ = true;
  pending_.clear();
  keys_.clear();
  open_.clear();
  char *copy = const_cast<char *>(keep(text_));  // the arena's memory, which is ours to write
  rapidjson::InsituStringStream stream(copy);
  rapidjson::Reader reader;
  JsonTreeBuilder builder(*this, stream);
  constexpr unsigned trusting = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag;
  constexpr unsigned checking = trusting | rapidjson::kParseValidateEncodingFlag;
  const bool is_read = utf8_ == Utf8::trusted ? !reader.Parse<trusting>(stream, builder).IsError()
                                              : !reader.Parse<checking>(stream, builder).IsError();
  // A 0 byte ends RapidJSON's stream: behind it anything could stand.
  is_valid_ = is_read && stream.Tell() == text_.size();
  if (!is_valid_) return;
  root_ = pending_.back();
  root_.owner = this;
}

std::byte *JsonDocument::take(std::size_t size) {
  constexpr std::size_t block_bytes_min = 16 << 10;
  if (blocks_.empty() || blocks_.back().size - used_bytes_ < size) {
    Block block;
    block.size = std::max(size, block_bytes_min);
    block.bytes = std::make_unique<std::byte[]>(block.size);
    blocks_.push_back(std::move(block));
    used_bytes_ = 0;
  }
  std::byte *taken = blocks_.back().bytes.get() + used_bytes_;
  used_bytes_ += size;
  return taken;
}

const char *JsonDocument::keep(std::string_view text) {
  char *copy = reinterpret_cast<char *>(take(text.size() + 1));
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

bhp_node *JsonDocument::keep(const bhp_node *nodes, std::size_t count) {
  if (count == 0) return nullptr;
  constexpr std::size_t alignment = alignof(bhp_node);
  std::byte *memory = take(count * sizeof(bhp_node) + alignment);
  memory += (alignment - reinterpret_cast<std::uintptr_t>(memory) % alignment) % alignment;
  auto *copies = reinterpret_cast<bhp_node *>(memory);
  std::uninitialized_copy_n(nodes, count, copies);
  return copies;
}

void JsonDocument::terminate(bhp_node &container) {
  container.text = keep({container.text, container.text_size});
  container.is_terminated = true;
}

namespace {

const bhp_node *resolved(const bhp_node *node) {
  if (node != nullptr && node->owner != nullptr) node->owner->resolve();
  return node;
}

std::int32_t type(const bhp_node *node) { return node == nullptr ? BHP_JSON_NULL : resolved(node)->type; }

const char *text(const bhp_node *node, std::size_t *size) {
  static const bhp_node null;
  const bhp_node *value = node == nullptr ? &null : resolved(node);
  if (!value->is_terminated) value->owner->terminate(*const_cast<bhp_node *>(value));  // ours, and never made const
  if (size != nullptr) *size = value->text_size;
  return value->text;
}

std::int32_t number(const bhp_node *node, double *out) {
  if (type(node) != BHP_JSON_NUMBER) return BHP_E_INVALID;
  double value = 0;
  const auto end = std::from_chars(node->text, node->text + node->text_size, value);
  if (end.ec != std::errc()) return BHP_E_RANGE;
  *out = value;
  return 0;
}

std::int32_t integer(const bhp_node *node, std::int64_t *out) {
  if (type(node) != BHP_JSON_NUMBER) return BHP_E_INVALID;
  std::int64_t value = 0;
  const char *end = node->text + node->text_size;
  const auto read = std::from_chars(node->text, end, value);
  if (read.ec == std::errc() && read.ptr == end) {
    *out = value;
    return 0;
  }
  double real = 0;  // 1800.0 and 1e3 are whole numbers too
  constexpr double limit = 9223372036854775808.0;
  if (number(node, &real) != 0 || std::trunc(real) != real || real < -limit || real >= limit) return BHP_E_RANGE;
  *out = static_cast<std::int64_t>(real);
  return 0;
}

std::size_t size(const bhp_node *node) { return node == nullptr ? 0 : resolved(node)->children_count; }

const bhp_node *child(const bhp_node *node, std::size_t index, const char **key, std::size_t *key_size) {
  if (index >= size(node)) return nullptr;
  const bhp_node *found = node->children + index;
  if (key != nullptr) *key = found->key;
  if (key_size != nullptr) *key_size = found->key_size;
  return found;
}

// Is `token` of a pointer this key? "~1" stands for '/', "~0" for '~'.
bool names(std::string_view token, std::string_view key) {
  std::size_t at = 0;
  for (std::size_t index = 0; index < token.size(); ++index, ++at) {
    char c = token[index];
    if (c == '~' && index + 1 < token.size() && (token[index + 1] == '0' || token[index + 1] == '1')) {
      c = token[++index] == '1' ? '/' : '~';
    }
    if (at >= key.size() || key[at] != c) return false;
  }
  return at == key.size();
}

const bhp_node *element(const bhp_node *array, std::string_view token) {
  std::size_t index = 0;
  const auto read = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool is_index = !token.empty() && read.ec == std::errc() && read.ptr == token.data() + token.size() &&
                        (token.size() == 1 || token[0] != '0');
  return is_index ? child(array, index, nullptr, nullptr) : nullptr;
}

const bhp_node *member(const bhp_node *object, std::string_view token) {
  for (std::size_t index = 0; index < object->children_count; ++index) {
    const bhp_node *candidate = object->children + index;
    if (names(token, {candidate->key, candidate->key_size})) return candidate;
  }
  return nullptr;
}

//   source  RFC 6901
const bhp_node *find(const bhp_node *node, const char *pointer, std::size_t pointer_size) {
  std::string_view rest = pointer_size == 0 ? std::string_view() : std::string_view(pointer, pointer_size);
  const bhp_node *at = resolved(node);
  while (at != nullptr && !rest.empty()) {
    if (rest.front() != '/') return nullptr;
    const std::string_view token = rest.substr(1, rest.find('/', 1) - 1);
    rest.remove_prefix(1 + token.size());
    if (at->type == BHP_JSON_OBJECT) {
      at = member(at, token);
    } else {
      at = at->type == BHP_JSON_ARRAY ? element(at, token) : nullptr;
    }
  }
  return at;
}

// What parse() hands out: the document with the text that it reads from.
class OwnedDocument : public JsonDocument {
 public:
  explicit OwnedDocument(std::string_view text) : text_(text) { assign(text_, Utf8::checked); }

 private:
  std::string text_;
};

const bhp_node *parse(const bhp_host *, const char *text, std::size_t text_size) noexcept {
  auto document = std::make_unique<OwnedDocument>(std::string_view(text_size == 0 ? "" : text, text_size));
  return document->is_valid() ? document.release()->root() : nullptr;  // found again through bhp_node::owner
}

void release(const bhp_host *, const bhp_node *root) noexcept {
  if (root != nullptr) delete static_cast<OwnedDocument *>(root->owner);
}

void append_escaped(std::string &out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;  // any other byte
  }
  if (static_cast<unsigned char>(c) >= 0x20) {
    out += c;
  } else {
    out.append("\\u00").append(1, digits[static_cast<unsigned char>(c) >> 4]).append(1, digits[c & 15]);
  }
}

std::int32_t quote(const char *text, std::size_t text_size, char *buffer, std::size_t capacity,
                   std::size_t *size) noexcept {
  std::string out = "\"";
  for (const char c : clean_utf8({text_size == 0 ? "" : text, text_size}, text_size * replacement_character.size())) {
    append_escaped(out, c);
  }
  out += '"';
  const bool fits = out.size() < capacity;
  if (size != nullptr) *size = fits ? out.size() : out.size() + 1;
  if (!fits) return BHP_E_RANGE;
  std::memcpy(buffer, out.c_str(), out.size() + 1);
  return 0;
}

}  // namespace

const bhp_json_v1 *json_service() {
  static const bhp_json_v1 table{&find, &type, &text, &integer, &number, &size, &child, &parse, &release, &quote};
  return &table;
}

}  // namespace bellhop::core
