// SPDX-License-Identifier: Apache-2.0
#include "cli/json_text.hpp"

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

namespace bellhop::core {
namespace {

constexpr std::string_view no_break_space = "\xc2\xa0";

void new_line(std::string &out, int depth) {
  out += '\n';
  out.append(static_cast<std::size_t>(std::max(0, depth)) * 2, ' ');
}

// Walks JSON text and says whether each byte is inside a string.
class StringTracker {
 public:
  bool is_inside(char byte) {  // true for the quotes as well
    if (!is_inside_) return is_inside_ = byte == '"';
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (byte == '\\') {
      is_escaped_ = true;
    } else if (byte == '"') {
      is_inside_ = false;
    }
    return true;
  }

 private:
  bool is_inside_ = false, is_escaped_ = false;
};

}  // namespace

std::string indent_json(std::string_view json) {
  std::string out;
  StringTracker strings;
  int depth = 0;
  bool is_just_opened = false;
  for (const char byte : json) {
    if (strings.is_inside(byte)) {
      if (is_just_opened) new_line(out, depth);
      is_just_opened = false;
      out += byte;
      continue;
    }
    if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') continue;
    const bool is_closing = byte == '}' || byte == ']';
    if (is_closing) --depth;
    if (is_just_opened != is_closing) new_line(out, depth);  // "{}" stays on one line
    is_just_opened = byte == '{' || byte == '[';
    if (is_just_opened) ++depth;
    out += byte;
    if (byte == ',') new_line(out, depth);
    if (byte == ':') out += ' ';
  }
  return out;
}

TextPosition position_of(std::string_view text, std::size_t offset) {
  TextPosition at;
  for (std::size_t i = 0; i < std::min(offset, text.size()); ++i) {
    if (text[i] == '\n') {
      ++at.line;
      at.column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
      ++at.column;
    }
  }
  return at;
}

StraySpaces find_stray_spaces(std::string_view text) {
  StraySpaces found;
  StringTracker strings;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (strings.is_inside(text[i]) || text.substr(i, 2) != no_break_space) continue;
    if (found.count++ == 0) found.first = i;
  }
  return found;
}

std::string repair_stray_spaces(std::string_view text) {
  std::string out;
  StringTracker strings;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!strings.is_inside(text[i]) && text.substr(i, 2) == no_break_space) {
      out += ' ';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

Result<std::string> set_members(const std::string &json, const std::vector<std::string> &assignments) {
  if (assignments.empty()) return json;
  constexpr unsigned flags = rapidjson::kParseFullPrecisionFlag | rapidjson::kParseIterativeFlag;
  rapidjson::Document document;
  if (document.Parse<flags>(json.data(), json.size()).HasParseError()) {
    return Error{Kind::invalid, "--set needs a body that is JSON"};
  }
  for (const std::string &assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos) {
      return Error{Kind::invalid,
                   "--set " + assignment + ": want POINTER=VALUE, as in --set /object/email=a@b.example"};
    }
    const std::string path = assignment.substr(0, equals), value_text = assignment.substr(equals + 1);
    const rapidjson::Pointer pointer(path.data(), path.size());
    if (!pointer.IsValid()) {
      return Error{Kind::invalid, "--set " + assignment + ": \"" + path +
                                      "\" is no JSON pointer; it begins with '/', "
                                      "as in /object/email"};
    }
    const std::size_t parent_end = path.rfind('/');
    const std::string parent = path.substr(0, parent_end == std::string::npos ? 0 : parent_end);
    const rapidjson::Value *at = rapidjson::Pointer(parent.data(), parent.size()).Get(document);
    if (at == nullptr || (!path.empty() && !at->IsObject() && !at->IsArray())) {
      return Error{Kind::invalid,
                   "--set " + assignment + ": there is no " + (parent.empty() ? "object" : parent) + " in the body"};
    }
    rapidjson::Document value(&document.GetAllocator());
    if (value.Parse<flags>(value_text.data(), value_text.size()).HasParseError()) {
      value.SetString(value_text.data(), static_cast<rapidjson::SizeType>(value_text.size()), document.GetAllocator());
    }
    pointer.Set(document, value);
  }
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  document.Accept(writer);
  return std::string(out.GetString(), out.GetSize());
}

}  // namespace bellhop::core
