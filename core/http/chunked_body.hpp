// SPDX-License-Identifier: Apache-2.0
// ChunkedBody: the chunked transfer coding, decoded strictly from bytes that may arrive in any pieces.
//
// Chunk sizes are 1 to 8 hex digits, line ends are CR LF, extensions are read over but bounded in sum, trailers are
// checked, counted and thrown away. It never holds more than the decoded body. A pure function of its input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/framing.hpp"

namespace bellhop::core {

inline constexpr int chunk_size_digits_max = 8;
inline constexpr std::size_t chunk_extension_bytes_max = 256;  // of a whole body
inline constexpr int trailers_max = 16;
inline constexpr std::size_t trailer_bytes_max = 4096;

class ChunkedBody {
 public:
  // Decodes from `bytes` into the end of `body`; `consumed` says how many bytes were used (all of them, unless the body
  // ended before). A body over `body_bytes_max` is refused before it is stored.
  Progress advance(std::string_view bytes, std::size_t &consumed, std::string &body, std::int64_t body_bytes_max);
  void reset() { *this = ChunkedBody(); }
  const Refusal &refusal() const { return refusal_; }
  // How many more bytes of data are announced and not yet there.
  std::int64_t pending() const { return left_; }

 private:
  enum class State { size, extension, size_lf, data, data_cr, data_lf, trailer_begin, trailer, trailer_lf, last_lf };

  bool on_byte(char c, const std::string &body, std::int64_t body_bytes_max);  // false: refused
  bool on_size_byte(char c);
  bool count_extension_byte();
  bool on_size_line_end(const std::string &body, std::int64_t body_bytes_max);
  bool on_trailer_byte(char c);
  bool refuse(int status, std::string sentence);

  State state_ = State::size;
  std::int64_t left_ = 0;
  int digits_count_ = 0;
  std::size_t extension_bytes_ = 0;
  int trailers_count_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t trailer_name_bytes_ = 0;
  bool is_in_trailer_value_ = false;
  bool is_complete_ = false;
  Refusal refusal_;
};

}  // namespace bellhop::core
