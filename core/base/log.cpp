// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <cstdio>

namespace bellhop::core {

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                       static_cast<unsigned char>(text[i + 1]) <= 0x9f;
    if (byte >= 0x20 && byte != 0x7f && !is_c1) {
      out += text[i];
      continue;
    }
    char escaped[12];
    if (is_c1) {
      std::snprintf(escaped, sizeof escaped, "\\xc2\\x%02x", static_cast<unsigned char>(text[++i]));
    } else {
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    }
    out += escaped;
  }
  return out;
}

namespace {

void to_standard_error(Level level, std::string_view line) {
  static constexpr const char *names[] = {"debug", "info", "warn", "error"};
  std::fprintf(stderr, "%s %.*s\n", names[static_cast<int>(level)], static_cast<int>(line.size()), line.data());
}

}  // namespace

Log::Log() : sink_(to_standard_error) {}

Log::Log(Sink sink, Level threshold) : sink_(std::move(sink)), threshold_(threshold) {}

void Log::line(Level level, std::string_view room, std::string_view text) const {
  if (level < threshold_) return;
  std::string out(room);
  out += ": ";
  out += printable(text);
  sink_(level, out);
}

}  // namespace bellhop::core
