// SPDX-License-Identifier: Apache-2.0
#include "http/answer.hpp"

#include <ctime>

#include "http/framing.hpp"
#include "http/http_date.hpp"

namespace bellhop::core {
namespace {

// The Date field. One per thread, so that no thread waits for another's formatting.
std::string_view date_of(Milliseconds wall_ms) {
  thread_local std::time_t cached_s = -1;
  thread_local std::string text;
  const std::time_t now_s = static_cast<std::time_t>(wall_ms / 1000);
  if (now_s != cached_s) {
    text = http_date(wall_ms);
    cached_s = now_s;
  }
  return text;
}

void append_json_text(std::string &out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_writable(const HttpAnswer &answer) {
  if (!all_bytes_of(value_byte, answer.content_type)) return false;
  for (const auto &[name, value] : answer.headers)
    if (name.empty() || !all_bytes_of(token_byte, name) || !all_bytes_of(value_byte, value)) return false;
  return true;
}

void append_field(std::string &out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view status_phrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr Phrase phrases[] = {{200, "OK"},
                                       {201, "Created"},
                                       {202, "Accepted"},
                                       {204, "No Content"},
                                       {301, "Moved Permanently"},
                                       {303, "See Other"},
                                       {304, "Not Modified"},
                                       {400, "Bad Request"},
                                       {401, "Unauthorized"},
                                       {403, "Forbidden"},
                                       {404, "Not Found"},
                                       {405, "Method Not Allowed"},
                                       {406, "Not Acceptable"},
                                       {408, "Request Timeout"},
                                       {409, "Conflict"},
                                       {410, "Gone"},
                                       {411, "Length Required"},
                                       {412, "Precondition Failed"},
                                       {413, "Content Too Large"},
                                       {414, "URI Too Long"},
                                       {415, "Unsupported Media Type"},
                                       {417, "Expectation Failed"},
                                       {421, "Misdirected Request"},
                                       {422, "Unprocessable Content"},
                                       {429, "Too Many Requests"},
                                       {431, "Request Header Fields Too Large"},
                                       {500, "Internal Server Error"},
                                       {501, "Not Implemented"},
                                       {502, "Bad Gateway"},
                                       {503, "Service Unavailable"},
                                       {504, "Gateway Timeout"},
                                       {505, "HTTP Version Not Supported"},
                                       {507, "Insufficient Storage"}};
  for (const Phrase &phrase : phrases)
    if (phrase.status == status) return phrase.text;
  return "Unknown";
}

HttpAnswer problem(int status, std::string_view detail, std::string_view members) {
  HttpAnswer answer;
  answer.status = status;
  answer.content_type = "application/problem+json";
  answer.body = "{\"type\":\"about:blank\",\"title\":";
  append_json_text(answer.body, status_phrase(status));
  answer.body.append(",\"status\":").append(std::to_string(status)).append(",\"detail\":");
  append_json_text(answer.body, detail);
  if (!members.empty()) answer.body.append(",").append(members);
  answer.body.append("}\n");
  return answer;
}

HttpAnswer busy(std::string_view detail, int retry_after_s) {
  HttpAnswer answer = problem(503, detail);
  answer.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  return answer;
}

void write_answer(std::string &out, const HttpAnswer &answer, Persistence persistence, BodyWanted body,
                  Milliseconds wall_ms) {
  if (!is_writable(answer)) {
    write_answer(out, problem(500, "the server made an answer that it must not send"), Persistence::close, body,
                 wall_ms);
    return;
  }
  const bool has_body = answer.status >= 200 && answer.status != 204 && answer.status != 304;
  out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ").append(status_phrase(answer.status));
  out.append("\r\n");
  append_field(out, "Date", date_of(wall_ms));
  if (has_body) {
    append_field(out, "Content-Type", answer.content_type);
    append_field(out, "Content-Length", std::to_string(answer.body.size()));
  }
  for (const auto &[name, value] : answer.headers) append_field(out, name, value);
  if (persistence == Persistence::close) append_field(out, "Connection", "close");
  out.append("\r\n");
  if (has_body && body == BodyWanted::yes) out.append(answer.body);
}

}  // namespace bellhop::core
