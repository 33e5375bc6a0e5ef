// SPDX-License-Identifier: Apache-2.0
// JsonWriter: writes one JSON text front to back into a string; commas are its business, nesting is the caller's. It
// exists because an answer embeds stored documents byte for byte (raw), which a document model would read and rewrite.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "event/event_json.hpp"

namespace bellhop::core {

class JsonWriter {
 public:
  JsonWriter &open(char bracket) { return put(std::string_view(&bracket, 1), false); }  // '{' or '['
  JsonWriter &close(char bracket) {                                                     // '}' or ']'
    out_ += bracket;
    is_comma_due_ = true;
    return *this;
  }
  JsonWriter &key(std::string_view name) {  // of ours: never needs escaping
    put("\"", false);
    out_.append(name).append("\":");
    return *this;
  }
  JsonWriter &text(std::string_view value) {
    put("", true);
    append_json_string(out_, value);
    return *this;
  }
  JsonWriter &number(std::int64_t value) { return put(std::to_string(value), true); }
  JsonWriter &boolean(bool value) { return put(value ? "true" : "false", true); }
  JsonWriter &null() { return put("null", true); }
  JsonWriter &raw(std::string_view json) { return put(json, true); }  // one complete JSON value
  JsonWriter &time(Milliseconds unix_ms) { return unix_ms == 0 ? null() : text(format_time(unix_ms)); }

  std::string take() { return std::move(out_); }

 private:
  JsonWriter &put(std::string_view piece, bool is_value) {
    if (is_comma_due_) out_ += ',';
    out_ += piece;
    is_comma_due_ = is_value;
    return *this;
  }

  std::string out_;
  bool is_comma_due_ = false;
};

}  // namespace bellhop::core
