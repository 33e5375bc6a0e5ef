// SPDX-License-Identifier: Apache-2.0
// Console: what the operator sees. One line per webhook as it arrives and per delivery as it ends, and the log, all
// through one queue and one thread, so that a terminal that stands still never holds up a request or a delivery: when
// the queue is full, lines are dropped and counted. Text from outside is made printable here; tokens are printed by
// ready() only, and never in journald or syslog form.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/bounded_queue.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "delivery/delivery.hpp"
#include "intake/intake.hpp"

namespace bellhop::core {

struct ConsoleStyle {
  enum class Form { plain, journald, syslog };
  Form form = Form::plain;
  bool has_colour = false;
  int out = 1, err = 2;           // descriptors, not owned
  Level threshold = Level::info;  // [log] level: webhooks and deliveries below it are not told
};

// "auto", "plain" or "journald" → form, by what standard error is connected to ($JOURNAL_STREAM names its device and
// inode); a daemon in the background has no standard error and writes to syslog.
ConsoleStyle console_style(const std::string &format, bool is_background, const std::string &journal_stream,
                           bool no_colour);

// The text of a line, without time, colour and newline. Pure.
std::string arrival_text(const Arrival &arrival);
std::string attempt_text(const Attempt &attempt);

// What ready() prints.
struct Welcome {
  std::string version;
  std::vector<std::string> urls;  // webhook URLs with their tokens
  std::string send_command;       // paste-ready; "" = none
  std::string curl_command;
  std::string state_dir;
  std::vector<std::string> instances;  // "log (sqlite)"
};

class Console {
 public:
  Console(ConsoleStyle style, const Clock &clock);
  ~Console();  // writes what is queued, for at most a second

  void arrival(const Arrival &arrival);  // [any]
  void attempt(const Attempt &attempt);  // [any]
  void ready(const Welcome &welcome);    // returns when it is written, at most a second later. [any]
  Log::Sink sink();                      // lives no longer than the console

 private:
  struct Line {
    int fd = 1;
    int priority = 6;  // syslog's
    std::string text;
  };

  bool is_told(int priority) const;
  void put(int fd, int priority, const char *colour, std::string_view text);
  void push(Line line);
  void wait_until_written();
  void write_lines();
  void write(const Line &line);
  std::string stamp() const;

  const ConsoleStyle style_;
  const Clock &clock_;
  BoundedQueue<Line> queue_;
  std::atomic<std::int64_t> dropped_count_{0};
  std::atomic<bool> is_closing_{false};
  Mutex mutex_;
  CondVar written_;
  std::int64_t pushed_count_ GUARDED_BY(mutex_) = 0;
  std::int64_t written_count_ GUARDED_BY(mutex_) = 0;  // never above pushed_count_
  bool is_stuck_ = false;  // the writer's own: the output took nothing while closing; the rest is given up
  std::thread thread_;
};

}  // namespace bellhop::core
