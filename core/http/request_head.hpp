// SPDX-License-Identifier: Apache-2.0
// RequestHead: the request line and the header section, parsed strictly from bytes that may arrive in any pieces.
//
// Line by line, so that garbage is refused at its first bad line and not after a deadline. Stricter than RFC 9112 where
// that allows a choice: bare LF, folding, repeated framing fields, HTTP/0.9 and Transfer-Encoding in HTTP/1.0 are
// refused, because a proxy in front may read them differently. A pure function of its input: no socket, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/framing.hpp"
#include "http/server.hpp"

namespace bellhop::core {

inline constexpr std::size_t method_bytes_max = 32;
inline constexpr std::size_t target_bytes_max = 8000;  // RFC 9112 section 3 asks for at least that
inline constexpr int leading_empty_lines_max = 4;      // RFC 9112 section 2.2: "at least one"

struct HeadLimits {
  std::size_t header_bytes_max = 16 << 10;
  std::size_t header_fields_max = 64;
  std::int64_t body_bytes_max = 1 << 20;
};

enum class BodyForm { none, length, chunked };

class RequestHead {
 public:
  explicit RequestHead(HeadLimits limits) : limits_(limits) {}

  // Reads on. `bytes` starts where the head starts and may have grown since the last call; what was there is unchanged.
  Progress advance(std::string_view bytes);
  void reset();  // for the next request; keeps the strings' memory

  bool has_started() const { return line_begin_ > 0 || is_in_line_; }  // any byte of a request seen
  std::size_t size() const { return line_begin_; }                     // complete: bytes of the head
  const Refusal &refusal() const { return refusal_; }

  // Valid when complete; the body is the caller's to fill in.
  HttpRequest &request() { return request_; }
  BodyForm body_form() const { return body_form_; }
  std::int64_t content_length() const { return content_length_; }
  bool keeps_alive() const { return keeps_alive_; }
  bool expects_continue() const { return expects_continue_; }

 private:
  enum class Stage { request_line, fields };
  static constexpr int absent = -1;
  // Index into request_.headers of the fields that may stand only once.
  struct Known {
    int host = absent, content_length = absent, transfer_encoding = absent, content_type = absent;
    int content_encoding = absent, expect = absent, authorization = absent;
  };

  Progress refuse(int status, std::string_view sentence);
  Progress check_tail(std::string_view tail);
  Progress on_line(std::string_view line);
  Progress on_request_line(std::string_view line);
  Progress on_version(std::string_view version);
  Progress on_field(std::string_view line);
  Progress note_field(std::string_view name, std::string_view value, int index);
  Progress finish();
  Progress finish_host_and_target();
  Progress finish_body_form();
  Progress finish_expect();

  const HeadLimits limits_;
  Stage stage_ = Stage::request_line;
  std::size_t line_begin_ = 0;  // of the line that is not complete yet
  std::size_t searched_ = 0;    // no LF before this
  bool is_in_line_ = false;     // the incomplete line has a byte
  int empty_lines_count_ = 0;
  std::size_t fields_count_ = 0;
  Known known_;
  bool is_http10_ = false;
  bool keeps_alive_ = true;
  bool expects_continue_ = false;
  BodyForm body_form_ = BodyForm::none;
  std::int64_t content_length_ = 0;
  HttpRequest request_;
  Refusal refusal_;
};

}  // namespace bellhop::core
