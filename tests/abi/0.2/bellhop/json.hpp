// SPDX-License-Identifier: Apache-2.0
// bellhop/json.hpp -- JSON for plugins: Json views a value that the host has parsed (an event, the settings),
// JsonDocument parses text of one's own, Obj writes an object. Part of plugin.hpp.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>

#include "plugin.h"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

namespace detail {

inline void quote(std::string &out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char escaped[8];
          std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
          out += escaped;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace detail

// A view of one value; valid as long as its document (an event: until deliver returns). A value that is not there is a
// Json too: it is false, and everything asked of it gives the fallback.
class Json {
 public:
  Json() = default;
  Json(const bhp_json_v1 *api, const bhp_node *node, std::string_view key = {}) : api_(api), node_(node), key_(key) {}

  explicit operator bool() const { return type() != BHP_JSON_NULL; }  // there, and not null
  int32_t type() const { return node_ != nullptr ? api_->type(node_) : BHP_JSON_NULL; }
  bool is_string() const { return type() == BHP_JSON_STRING; }
  bool is_number() const { return type() == BHP_JSON_NUMBER; }
  bool is_array() const { return type() == BHP_JSON_ARRAY; }
  bool is_object() const { return type() == BHP_JSON_OBJECT; }

  // RFC 6901: "/data/booking/id". A pointer without its leading slash gets one.
  Json operator[](std::string_view pointer) const {
    if (node_ == nullptr) return {};
    if (pointer.empty() || pointer.front() == '/') return {api_, api_->find(node_, pointer.data(), pointer.size())};
    const std::string full = "/" + std::string(pointer);
    return {api_, api_->find(node_, full.data(), full.size())};
  }
  // A string's value; of anything else its JSON text; the fallback for null and what is not there.
  std::string_view text(std::string_view fallback = {}) const {
    if (!*this) return fallback;
    size_t size = 0;
    const char *ptr = api_->text(node_, &size);
    return {ptr, size};
  }
  std::string str(std::string_view fallback = {}) const { return std::string(text(fallback)); }
  int64_t integer(int64_t fallback = 0) const {
    int64_t out = fallback;
    return node_ != nullptr && api_->integer(node_, &out) == 0 ? out : fallback;
  }
  double number(double fallback = 0) const {
    double out = fallback;
    return node_ != nullptr && api_->number(node_, &out) == 0 ? out : fallback;
  }
  bool boolean(bool fallback = false) const { return type() == BHP_JSON_BOOL ? text() == "true" : fallback; }

  size_t size() const { return node_ != nullptr ? api_->size(node_) : 0; }
  Json at(size_t index) const {
    if (node_ == nullptr) return {};
    const char *key = nullptr;
    size_t key_size = 0;
    const bhp_node *child = api_->child(node_, index, &key, &key_size);
    return {api_, child, key != nullptr ? std::string_view(key, key_size) : std::string_view()};
  }
  std::string_view key() const { return key_; }  // of a member met while iterating

  // Elements of an array, members of an object.
  class Iterator {
   public:
    Iterator(const Json *json, size_t index) : json_(json), index_(index) {}
    Json operator*() const { return json_->at(index_); }
    Iterator &operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator &other) const { return index_ != other.index_; }

   private:
    const Json *json_;
    size_t index_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  const bhp_json_v1 *api_ = nullptr;
  const bhp_node *node_ = nullptr;
  std::string_view key_;
};

// A JSON document of your own, parsed by the host: JsonDocument document(...); document.root()["/error"].
class JsonDocument {
 public:
  JsonDocument(const bhp_host *host, const bhp_json_v1 *api, std::string_view text)
      : host_(host), api_(api), node_(api->parse(host, text.data(), text.size())) {}
  ~JsonDocument() {
    if (node_ != nullptr) api_->release(host_, node_);
  }
  JsonDocument(const JsonDocument &) = delete;
  JsonDocument &operator=(const JsonDocument &) = delete;

  explicit operator bool() const { return node_ != nullptr; }  // false: it is not JSON
  Json root() const { return {api_, node_}; }

 private:
  const bhp_host *host_;
  const bhp_json_v1 *api_;
  const bhp_node *node_;
};

// Writes a JSON object: Obj().set("text", text).set("count", 3).str()
class Obj {
 public:
  Obj &set(std::string_view key, std::string_view value) {
    detail::quote(begin(key), value);
    return *this;
  }
  Obj &set(std::string_view key, const char *value) { return set(key, std::string_view(value)); }
  Obj &set(std::string_view key, const std::string &value) { return set(key, std::string_view(value)); }
  Obj &set(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  template <class Int, class = std::enable_if_t<std::is_integral_v<Int> && !std::is_same_v<Int, bool>>>
  Obj &set(std::string_view key, Int value) {
    return raw(key, std::to_string(value));
  }
  Obj &set(std::string_view key, const Obj &value) { return raw(key, value.str()); }
  Obj &raw(std::string_view key, std::string_view json) {  // json: any JSON text
    begin(key) += json;
    return *this;
  }
  std::string str() const { return text_ + "}"; }

 private:
  std::string &begin(std::string_view key) {
    if (text_.size() > 1) text_ += ',';
    detail::quote(text_, key);
    return text_ += ':';
  }
  std::string text_ = "{";
};

}  // namespace bellhop

#pragma GCC visibility pop
