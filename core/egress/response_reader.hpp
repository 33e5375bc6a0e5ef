// SPDX-License-Identifier: Apache-2.0
// ResponseReader: one answer of an HTTP/1.1 server, read strictly from bytes that may arrive in any pieces. What Poco's
// client takes for a whole answer (a body shorter than announced, a missing last chunk, two different lengths) is a
// fault here. A pure function of its input: no socket, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "egress/fault.hpp"
#include "egress/http_call.hpp"
#include "http/chunked_body.hpp"

namespace bellhop::core {

struct ResponseLimits {
  std::size_t header_bytes_max = 64 << 10;
  std::size_t header_fields_max = 256;
  std::int64_t body_bytes_max = 1 << 20;
};
inline constexpr int interim_answers_max = 8;  // 1xx before the answer

class ResponseReader {
 public:
  ResponseReader(std::string_view method, ResponseLimits limits);

  Progress advance(std::string_view bytes);
  Progress end();  // the far end has closed, properly
  const Fault &fault() const { return fault_; }
  std::size_t bytes_count() const { return bytes_count_; }  // of the whole answer so far

  // Valid when complete.
  int status() const { return status_; }
  HttpFields &fields() { return fields_; }
  std::string &body() { return body_; }
  std::string_view field(std::string_view name) const;  // the first of that name, or ""
  bool is_head_complete() const { return stage_ != Stage::head; }
  bool keeps_alive() const { return keeps_alive_; }
  void forbid_reuse() { keeps_alive_ = false; }
  // Seconds of "Keep-Alive: timeout=N", when given.
  std::optional<int> keep_alive_s() const;

 private:
  enum class Stage { head, length, chunked, until_end, complete };

  Progress refuse(std::string sentence, HttpFailure failure = HttpFailure::connect);
  Progress read_head(std::string_view bytes, std::size_t &used);
  Progress on_line(std::string_view line);
  Progress on_status_line(std::string_view line);
  Progress on_field(std::string_view line);
  Progress on_head_end();
  Progress choose_body();
  Progress read_body(std::string_view bytes);

  ResponseLimits limits_;
  bool has_head_only_, is_connect_;
  Stage stage_ = Stage::head;
  std::string line_;
  std::size_t head_bytes_ = 0, bytes_count_ = 0;
  int interim_count_ = 0;
  bool is_http10_ = false;
  int status_ = 0;
  HttpFields fields_;
  std::int64_t left_ = 0;  // length: bytes still to come
  ChunkedBody chunked_;
  std::string body_;
  bool keeps_alive_ = true;
  Fault fault_;
};

}  // namespace bellhop::core
