// SPDX-License-Identifier: Apache-2.0
// Line cutter: bytes that a plugin prints → lines of text. A line that is too long for the log becomes several; empty
// lines are left out.
#pragma once

#include <string>
#include <string_view>

#include "host/sentence.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

class LineCutter {
 public:
  template <class Line>
  void feed(std::string_view bytes, Line line) {
    for (const char c : bytes) {
      if (c == '\n' || line_.size() == wire::log_line_bytes_max) finish(line);
      if (c != '\n') line_ += c;
    }
  }
  template <class Line>
  void finish(Line line) {
    if (!line_.empty()) line(clean_utf8(line_, wire::log_line_bytes_max));
    line_.clear();
  }

 private:
  std::string line_;
};

}  // namespace bellhop::core
