// SPDX-License-Identifier: Apache-2.0
// bellhop/testing/json.hpp -- the service bellhop.json/1 for tests: a small reader of its own, so that a plugin's test
// links nothing of Bellhop. Strict about what JSON is, as the real host; slower, and nobody minds. Part of testing.hpp.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../json.hpp"
#include "../plugin.h"

#pragma GCC visibility push(hidden)

namespace bellhop::testing {

struct Member;

// One value, by value. `text` is a string's value, of a number, true and false its spelling.
struct Value {
  int32_t type = BHP_JSON_NULL;
  std::string text = "null";
  std::vector<Member> children;  // their names are empty in an array

  static Value of_string(std::string_view text);
  Value *find_child(std::string_view name);
  // The member, made when it is not there; what stood in its way is replaced by an object.
  Value &child(std::string_view name);
  void remove_child(std::string_view name);
  std::string str() const;  // as JSON
};

struct Member {
  std::string name;
  Value value;
};

// The number that a segment of a pointer is, or one that no array has.
inline size_t index_of(std::string_view name) {
  const size_t none = static_cast<size_t>(-1);
  if (name.empty() || name.size() > 9 || name.find_first_not_of("0123456789") != name.npos) return none;
  if (name.size() > 1 && name[0] == '0') return none;
  return static_cast<size_t>(std::strtoul(std::string(name).c_str(), nullptr, 10));
}

inline Value Value::of_string(std::string_view text) { return {BHP_JSON_STRING, std::string(text), {}}; }

inline Value *Value::find_child(std::string_view name) {
  if (type == BHP_JSON_ARRAY) {
    const size_t index = index_of(name);
    return index < children.size() ? &children[index].value : nullptr;
  }
  for (Member &member : children) {
    if (type == BHP_JSON_OBJECT && member.name == name) return &member.value;
  }
  return nullptr;
}

inline Value &Value::child(std::string_view name) {
  if (Value *found = find_child(name)) return *found;
  if (type != BHP_JSON_OBJECT) *this = {BHP_JSON_OBJECT, "", {}};
  children.push_back({std::string(name), Value()});
  return children.back().value;
}

inline void Value::remove_child(std::string_view name) {
  for (auto member = children.begin(); member != children.end(); ++member) {
    if (type != BHP_JSON_OBJECT || member->name != name) continue;
    children.erase(member);
    return;
  }
}

inline std::string Value::str() const {
  if (type == BHP_JSON_STRING) {
    std::string out;
    detail::quote(out, text);
    return out;
  }
  if (type != BHP_JSON_ARRAY && type != BHP_JSON_OBJECT) return text;
  std::string out(1, type == BHP_JSON_ARRAY ? '[' : '{');
  for (const Member &member : children) {
    if (out.size() > 1) out += ',';
    if (type == BHP_JSON_OBJECT) {
      detail::quote(out, member.name);
      out += ':';
    }
    out += member.value.str();
  }
  return out += type == BHP_JSON_ARRAY ? ']' : '}';
}

// The segments of an RFC 6901 pointer.
inline std::vector<std::string> segments_of(std::string_view pointer) {
  std::vector<std::string> segments;
  for (size_t at = 0; at < pointer.size();) {
    const size_t end = pointer.find('/', at + 1);
    std::string segment(pointer.substr(at + 1, end == pointer.npos ? end : end - at - 1));
    for (size_t tilde = 0; (tilde = segment.find('~', tilde)) != segment.npos; ++tilde) {
      if (tilde + 1 >= segment.size()) break;
      segment.replace(tilde, 2, segment[tilde + 1] == '1' ? "/" : "~");
    }
    segments.push_back(std::move(segment));
    at = end == pointer.npos ? pointer.size() : end;
  }
  return segments;
}

// Reads one JSON text; false when it is none.
class Reader {
 public:
  static bool read(std::string_view text, Value &out) {
    Reader reader(text);
    reader.space();
    if (!reader.value(out, 0)) return false;
    reader.space();
    return reader.at_ == text.size();
  }

 private:
  static constexpr int depth_max = 512;
  explicit Reader(std::string_view text) : text_(text) {}

  void space() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr && text_[at_] != '\0') ++at_;
  }
  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view wanted, int32_t type, Value &out) {
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    at_ += wanted.size();
    out = {type, std::string(wanted), {}};
    return true;
  }
  bool value(Value &out, int depth) {
    if (at_ >= text_.size() || depth > depth_max) return false;
    switch (text_[at_]) {
      case '{':
      case '[':
        return container(out, depth);
      case '"':
        out = {BHP_JSON_STRING, "", {}};
        return string(out.text);
      case 't':
        return word("true", BHP_JSON_BOOL, out);
      case 'f':
        return word("false", BHP_JSON_BOOL, out);
      case 'n':
        return word("null", BHP_JSON_NULL, out);
      default:
        return number(out);
    }
  }
  bool container(Value &out, int depth) {
    const bool is_object = text_[at_++] == '{';
    const char end = is_object ? '}' : ']';
    out = {is_object ? BHP_JSON_OBJECT : BHP_JSON_ARRAY, "", {}};
    space();
    if (take(end)) return true;
    do {
      std::string key;
      space();
      if (is_object && (!string(key) || (space(), !take(':')))) return false;
      space();
      out.children.push_back({std::move(key), Value()});
      if (!value(out.children.back().value, depth + 1)) return false;
      space();
    } while (take(','));
    return take(end);
  }
  bool digits() {
    const size_t from = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > from;
  }
  bool number(Value &out) {
    const size_t from = at_;
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    out = {BHP_JSON_NUMBER, std::string(text_.substr(from, at_ - from)), {}};
    return true;
  }
  bool hex(uint32_t &code) {
    code = 0;
    for (int count = 0; count < 4; ++count, ++at_) {
      const char *found = at_ < text_.size() ? std::strchr("0123456789abcdef", text_[at_] | 0x20) : nullptr;
      if (found == nullptr || *found == '\0') return false;
      code = code * 16 + static_cast<uint32_t>(found - "0123456789abcdef");
    }
    return true;
  }
  static void put_utf8(std::string &out, uint32_t code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
      return;
    }
    const int more_count = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static constexpr unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    out += static_cast<char>(lead[more_count] | (code >> (6 * more_count)));
    for (int left = more_count - 1; left >= 0; --left) {
      out += static_cast<char>(0x80 | ((code >> (6 * left)) & 0x3F));
    }
  }
  bool escape(std::string &out) {
    if (at_ >= text_.size()) return false;
    static constexpr char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char letter = text_[at_++];
    if (letter != 'u') {
      const char *found = std::strchr(from, letter);
      if (found == nullptr || letter == '\0') return false;
      out += to[found - from];
      return true;
    }
    uint32_t code = 0, low = 0;
    if (!hex(code)) return false;
    if (code >= 0xDC00 && code < 0xE000) return false;
    if (code >= 0xD800 && code < 0xDC00) {  // half of a pair
      if (!take('\\') || !take('u') || !hex(low) || low < 0xDC00 || low >= 0xE000) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    put_utf8(out, code);
    return true;
  }
  bool string(std::string &out) {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char letter = text_[at_++];
      if (letter == '"') return true;
      if (static_cast<unsigned char>(letter) < 0x20) return false;
      if (letter != '\\') {
        out += letter;
      } else if (!escape(out)) {
        return false;
      }
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
};

// A parsed document and, for containers that were asked for, their JSON text.
class Document {
 public:
  explicit Document(Value root) : root_{std::move(root), this, {}} { grow(root_); }
  Document(const Document &) = delete;
  Document &operator=(const Document &) = delete;

  const bhp_node *root() const { return reinterpret_cast<const bhp_node *>(&root_); }
  static const bhp_json_v1 &service();  // without parse and release: they belong to a host

 private:
  struct Node {
    Value value;
    Document *document;
    std::vector<std::unique_ptr<Node>> children;
    mutable std::string json{};  // of a container, once asked for
  };
  void grow(Node &node) {
    for (const Member &child : node.value.children) {
      node.children.push_back(std::unique_ptr<Node>(new Node{child.value, this, {}}));
      grow(*node.children.back());
    }
  }
  static const Node *node(const bhp_node *opaque) { return reinterpret_cast<const Node *>(opaque); }

  static const bhp_node *find(const bhp_node *from, const char *pointer, size_t size) {
    const Node *at = node(from);
    if (size != 0 && pointer[0] != '/') return nullptr;
    for (const std::string &segment : segments_of({pointer, size})) {
      if (at == nullptr) return nullptr;
      Value &value = const_cast<Node *>(at)->value;
      const Value *found = value.find_child(segment);
      size_t index = 0;
      while (index < at->children.size() && &value.children[index].value != found) ++index;
      at = found != nullptr ? at->children[index].get() : nullptr;
    }
    return reinterpret_cast<const bhp_node *>(at);
  }
  static int32_t type(const bhp_node *opaque) { return opaque != nullptr ? node(opaque)->value.type : BHP_JSON_NULL; }
  static const char *text(const bhp_node *opaque, size_t *size) {
    static const std::string null = "null";
    const std::string *out = &null;
    if (opaque != nullptr) {
      const Node &asked = *node(opaque);
      out = &asked.value.text;
      if (asked.value.type == BHP_JSON_ARRAY || asked.value.type == BHP_JSON_OBJECT) {
        if (asked.json.empty()) asked.json = asked.value.str();
        out = &asked.json;
      }
    }
    if (size != nullptr) *size = out->size();
    return out->c_str();
  }
  static int32_t integer(const bhp_node *opaque, int64_t *out) {
    if (type(opaque) != BHP_JSON_NUMBER) return BHP_E_INVALID;
    const std::string &text = node(opaque)->value.text;
    char *end = nullptr;
    errno = 0;
    const long long value = std::strtoll(text.c_str(), &end, 10);
    if (errno == 0 && *end == '\0') {
      *out = value;
      return 0;
    }
    const double real = std::strtod(text.c_str(), nullptr);  // 30.0 and 3e1 are whole numbers too
    if (!(real > -9e18 && real < 9e18) || real != static_cast<double>(static_cast<int64_t>(real))) return BHP_E_RANGE;
    *out = static_cast<int64_t>(real);
    return 0;
  }
  static int32_t number(const bhp_node *opaque, double *out) {
    if (type(opaque) != BHP_JSON_NUMBER) return BHP_E_INVALID;
    *out = std::strtod(node(opaque)->value.text.c_str(), nullptr);
    return 0;
  }
  static size_t size(const bhp_node *opaque) { return opaque != nullptr ? node(opaque)->children.size() : 0; }
  static const bhp_node *child(const bhp_node *opaque, size_t index, const char **key, size_t *key_size) {
    if (index >= size(opaque)) return nullptr;
    const std::string &name = node(opaque)->value.children[index].name;
    if (key != nullptr) *key = node(opaque)->value.type == BHP_JSON_OBJECT ? name.c_str() : nullptr;
    if (key_size != nullptr) *key_size = name.size();
    return reinterpret_cast<const bhp_node *>(node(opaque)->children[index].get());
  }
  static int32_t quote(const char *text, size_t text_size, char *buffer, size_t capacity, size_t *size) {
    std::string out;
    detail::quote(out, {text, text_size});
    if (size != nullptr) *size = out.size() + (capacity > out.size() ? 0 : 1);
    if (capacity <= out.size()) return BHP_E_RANGE;
    std::memcpy(buffer, out.c_str(), out.size() + 1);
    return 0;
  }

  Node root_;
};

inline const bhp_json_v1 &Document::service() {
  static const bhp_json_v1 table{&find, &type, &text, &integer, &number, &size, &child, nullptr, nullptr, &quote};
  return table;
}

}  // namespace bellhop::testing

#pragma GCC visibility pop
