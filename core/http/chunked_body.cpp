// SPDX-License-Identifier: Apache-2.0
#include "http/chunked_body.hpp"

#include <algorithm>
#include <utility>

namespace bellhop::core {

bool ChunkedBody::refuse(int status, std::string sentence) {
  refusal_ = Refusal{status, std::move(sentence)};
  return false;
}

Progress ChunkedBody::advance(std::string_view bytes, std::size_t &consumed, std::string &body,
                              std::int64_t body_bytes_max) {
  consumed = 0;
  while (consumed < bytes.size() && !is_complete_) {
    if (state_ == State::data) {
      const std::size_t size = std::min(static_cast<std::size_t>(left_), bytes.size() - consumed);
      body.append(bytes.data() + consumed, size);
      consumed += size;
      left_ -= static_cast<std::int64_t>(size);
      if (left_ == 0) state_ = State::data_cr;
      continue;
    }
    if (!on_byte(bytes[consumed], body, body_bytes_max)) return Progress::refused;
    ++consumed;
  }
  return is_complete_ ? Progress::complete : Progress::need_more;
}

bool ChunkedBody::on_byte(char c, const std::string &body, std::int64_t body_bytes_max) {
  switch (state_) {
    case State::size:
      return on_size_byte(c);
    case State::extension:
      if (c == '\r') {
        state_ = State::size_lf;
        return true;
      }
      if (!is_byte_of(value_byte, c)) return refuse(400, "a chunk extension contains a control byte");
      return count_extension_byte();
    case State::size_lf:
      if (c != '\n') return refuse(400, "a chunk size line must end with CR LF");
      return on_size_line_end(body, body_bytes_max);
    case State::data_cr:
      if (c != '\r') return refuse(400, "a chunk must be followed by CR LF; its size does not fit its data");
      state_ = State::data_lf;
      return true;
    case State::data_lf:
      if (c != '\n') return refuse(400, "a chunk must be followed by CR LF");
      state_ = State::size;
      digits_count_ = 0;
      return true;
    case State::trailer_begin:
      if (c == '\r') {
        state_ = State::last_lf;
        return true;
      }
      if (++trailers_count_ > trailers_max) return refuse(431, "there are more than 16 trailer fields");
      state_ = State::trailer;
      trailer_name_bytes_ = 0;
      is_in_trailer_value_ = false;
      return on_trailer_byte(c);
    case State::trailer:
      return on_trailer_byte(c);
    case State::trailer_lf:
      if (c != '\n') return refuse(400, "a trailer line must end with CR LF");
      state_ = State::trailer_begin;
      return true;
    case State::last_lf:
      if (c != '\n') return refuse(400, "the body must end with CR LF");
      is_complete_ = true;
      return true;
    case State::data:
      break;  // advance() copies data itself
  }
  return refuse(400, "the chunked body is damaged");
}

bool ChunkedBody::count_extension_byte() {
  return ++extension_bytes_ <= chunk_extension_bytes_max ||
         refuse(400, "the chunk extensions are longer than 256 bytes in sum");
}

bool ChunkedBody::on_size_byte(char c) {
  const int digit = hex_digit(c);
  if (digit >= 0) {
    if (++digits_count_ > chunk_size_digits_max) return refuse(400, "a chunk size has more than 8 hex digits");
    left_ = left_ * 16 + digit;
    return true;
  }
  if (digits_count_ == 0) return refuse(400, "a chunk must start with its size in hex digits");
  if (c == ';') {
    state_ = State::extension;
    return count_extension_byte();
  }
  if (c != '\r') return refuse(400, "a chunk size must be hex digits, then CR LF");
  state_ = State::size_lf;
  return true;
}

bool ChunkedBody::on_size_line_end(const std::string &body, std::int64_t body_bytes_max) {
  if (static_cast<std::int64_t>(body.size()) + left_ > body_bytes_max)
    return refuse(413, "the body is larger than body_bytes_max (" + std::to_string(body_bytes_max) + " bytes)");
  state_ = left_ > 0 ? State::data : State::trailer_begin;
  return true;
}

bool ChunkedBody::on_trailer_byte(char c) {
  if (++trailer_bytes_ > trailer_bytes_max) return refuse(431, "the trailer fields are larger than 4096 bytes");
  if (c == '\r') {
    if (!is_in_trailer_value_) return refuse(400, "a trailer line has no colon");
    state_ = State::trailer_lf;
    return true;
  }
  if (is_in_trailer_value_) return is_byte_of(value_byte, c) || refuse(400, "a trailer value contains a control byte");
  if (c == ':' && trailer_name_bytes_ > 0) {
    is_in_trailer_value_ = true;
    return true;
  }
  ++trailer_name_bytes_;
  return is_byte_of(token_byte, c) || refuse(400, "a trailer name contains a byte that is not allowed there");
}

}  // namespace bellhop::core
