// SPDX-License-Identifier: Apache-2.0
// ChildVoice: what a child says to the operator, as reports: its log frames and the lines that it prints, so many a
// second, and one sentence about the rest.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "host/instance.hpp"
#include "host/line_cutter.hpp"
#include "host/log_limit.hpp"

namespace bellhop::core {

class ChildVoice {
 public:
  ChildVoice(const Clock &clock, int lines_per_second_max) : clock_(clock), limit_(lines_per_second_max) {}

  // One line, UTF-8. True when it is the first to be dropped of its second: tell_dropped() is then to be called when
  // the second is over, even if the child falls silent.
  bool say(Level level, std::string_view text, std::vector<Report> &reports) {
    const Milliseconds now_ms = clock_.steady_ms();
    if (limit_.is_over(now_ms)) tell_dropped(reports);
    if (!limit_.admits(now_ms)) return limit_.dropped_count() == 1;
    add(level, text, reports);
    return false;
  }
  // Bytes from its standard output or error. Like say().
  bool print(std::string_view bytes, std::vector<Report> &reports) {
    bool is_first_dropped = false;
    cutter_.feed(bytes, [&](const std::string &line) { is_first_dropped |= say(Level::info, line, reports); });
    return is_first_dropped;
  }
  void tell_dropped(std::vector<Report> &reports) {
    const std::string sentence = limit_.take_sentence();
    if (!sentence.empty()) add(Level::warn, sentence, reports);
  }
  // The child has ended: the line that it did not finish, and what was dropped.
  void finish(std::vector<Report> &reports) {
    cutter_.finish([&](const std::string &line) { say(Level::info, line, reports); });
    tell_dropped(reports);
  }

 private:
  static void add(Level level, std::string_view text, std::vector<Report> &reports) {
    Report &report = reports.emplace_back();
    report.what = Report::What::log;
    report.level = level;
    report.text = text;
  }

  const Clock &clock_;
  LogLimit limit_;
  LineCutter cutter_;
};

}  // namespace bellhop::core
