// SPDX-License-Identifier: Apache-2.0
// ChildVoice: what a child says to the operator, as reports: its log frames and the lines that it prints, so many a
// second, and one sentence about the rest. Of a crash it remembers the frames, for the sentence about the child's end.
#pragma once

#include <string>
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
    cutter_.feed(bytes, [&](const std::string &line) {
      note_frame(line);
      is_first_dropped |= say(Level::info, line, reports);
    });
    return is_first_dropped;
  }
  void tell_dropped(std::vector<Report> &reports) {
    const std::string sentence = limit_.take_sentence();
    if (!sentence.empty()) add(Level::warn, sentence, reports);
  }
  // The child has ended: the line that it did not finish, and what was dropped.
  void finish(std::vector<Report> &reports) {
    cutter_.finish([&](const std::string &line) {
      note_frame(line);
      say(Level::info, line, reports);
    });
    tell_dropped(reports);
  }

  // "module+0x12, module+0x34": of the last crash that it told about.
  const std::string &frames() const { return frames_; }

 private:
  static constexpr std::size_t frames_bytes_max = 500;

  // The lines of host/program/last_words.cpp; the last crash of several counts. Whatever else prints such lines is
  // shown as it would be in the log.
  void note_frame(std::string_view line) {
    constexpr std::string_view begin = "crashed with ", frame = "  at ";
    if (line.substr(0, begin.size()) == begin) frames_.clear();
    if (line.substr(0, frame.size()) != frame || frames_.size() + line.size() > frames_bytes_max) return;
    frames_ += (frames_.empty() ? "" : ", ") + std::string(line.substr(frame.size()));
  }
  static void add(Level level, std::string_view text, std::vector<Report> &reports) {
    Report &report = reports.emplace_back();
    report.what = Report::What::log;
    report.level = level;
    report.text = text;
  }

  const Clock &clock_;
  LogLimit limit_;
  LineCutter cutter_;
  std::string frames_;
};

}  // namespace bellhop::core
