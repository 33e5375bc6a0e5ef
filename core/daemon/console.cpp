// SPDX-License-Identifier: Apache-2.0
#include "daemon/console.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace bellhop::core {

namespace {

constexpr std::size_t lines_max = 10'000;
constexpr std::size_t line_bytes_max = 4'000;  // below PIPE_BUF: one write, never torn, never blocking after POLLOUT
constexpr int write_wait_ms = 100;
constexpr int close_waits_max = 10;

constexpr const char *green = "\033[32m", *yellow = "\033[33m", *red = "\033[31m", *dim = "\033[2m", *plain = "";

std::string padded(std::string_view text, std::size_t columns) {
  std::string out(text);
  if (out.size() < columns) out.resize(columns, ' ');
  return out;
}

std::string wait_text(Milliseconds wait_ms) {
  char text[32];
  if (wait_ms < 60'000) {
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(wait_ms) / 1'000);
  } else {
    std::snprintf(text, sizeof text, "%.1f min", static_cast<double>(wait_ms) / 60'000);
  }
  return text;
}

std::string_view arrival_name(Arrival::What what) {
  switch (what) {
    case Arrival::What::accepted:
      return "arrived";
    case Arrival::What::duplicate:
      return "duplicate";
    case Arrival::What::quarantined:
      return "quarantine";
    case Arrival::What::rejected:
      return "rejected";
    case Arrival::What::unavailable:
      return "refused";
  }
  return "arrived";
}

int priority_of(Level level) {
  switch (level) {
    case Level::debug:
      return LOG_DEBUG;
    case Level::info:
      return LOG_INFO;
    case Level::warn:
      return LOG_WARNING;
    case Level::error:
      return LOG_ERR;
  }
  return LOG_INFO;
}

const char *colour_of(Level level) {
  switch (level) {
    case Level::debug:
      return dim;
    case Level::info:
      return plain;
    case Level::warn:
      return yellow;
    case Level::error:
      return red;
  }
  return plain;
}

}  // namespace

ConsoleStyle console_style(const std::string &format, bool is_background, const std::string &journal_stream,
                           bool no_colour) {
  ConsoleStyle style;
  if (is_background) {
    style.form = ConsoleStyle::Form::syslog;
    return style;
  }
  struct stat status {};
  const bool is_journal = !journal_stream.empty() && fstat(STDERR_FILENO, &status) == 0 &&
                          journal_stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  if (format == "journald" || (format == "auto" && is_journal)) style.form = ConsoleStyle::Form::journald;
  style.has_colour = style.form == ConsoleStyle::Form::plain && !no_colour && isatty(style.out) == 1;
  return style;
}

// untrusted: type, subject and reason come from whoever may post
std::string arrival_text(const Arrival &arrival) {
  std::string text = padded(arrival_name(arrival.what), 10);
  if (arrival.seq > 0) text += "  #" + std::to_string(arrival.seq);
  if (!arrival.type.empty()) text += "  " + printable(arrival.type);
  if (!arrival.subject.empty()) text += "  " + printable(arrival.subject);
  text += "  from " + printable(arrival.source_name);
  if (arrival.is_test) text += ", test";
  if (arrival.is_late) text += ", late";
  if (arrival.what == Arrival::What::duplicate) text += ", stored before";
  text += ", " + std::to_string(arrival.took_ms) + " ms";
  if (!arrival.reason.empty()) text += ": " + printable(arrival.reason);
  return text;
}

// untrusted: message comes from a plugin, and through it from a destination
std::string attempt_text(const Attempt &attempt) {
  std::string text = padded(text_of(attempt.state), 10) + "  #" + std::to_string(attempt.seq);
  text += "  " + printable(attempt.type) + "  " + printable(attempt.subject);
  text += "  to " + printable(attempt.instance) + ": " + std::string(text_of(attempt.verdict));
  text += ", " + std::to_string(attempt.took_ms) + " ms";
  if (attempt.is_replay) text += ", replay";
  if (attempt.attempt > 1 || attempt.state == DeliveryState::waiting) {
    text += ", attempt " + std::to_string(attempt.attempt);
  }
  if (attempt.state == DeliveryState::waiting) text += ", again in " + wait_text(attempt.retry_in_ms);
  if (!attempt.message.empty()) text += ": " + printable(attempt.message);
  return text;
}

Console::Console(ConsoleStyle style, const Clock &clock) : style_(style), clock_(clock), queue_(lines_max) {
  if (style_.form == ConsoleStyle::Form::syslog) openlog("bellhopd", LOG_PID, LOG_DAEMON);
  thread_ = std::thread([this] { write_lines(); });
}

Console::~Console() {
  is_closing_ = true;
  queue_.close();
  thread_.join();
}

// Asked before a line is written out: at level "warn" a webhook that went well costs nothing here.
bool Console::is_told(int priority) const { return priority <= priority_of(style_.threshold); }

void Console::arrival(const Arrival &arrival) {
  using What = Arrival::What;
  const bool is_refused = arrival.what == What::rejected || arrival.what == What::unavailable;
  const bool is_quarantined = arrival.what == What::quarantined;
  const char *colour = is_refused ? red : is_quarantined ? yellow : arrival.what == What::duplicate ? dim : plain;
  const int priority = is_refused ? LOG_WARNING : is_quarantined ? LOG_NOTICE : LOG_INFO;
  if (is_told(priority)) put(style_.out, priority, colour, arrival_text(arrival));
}

void Console::attempt(const Attempt &attempt) {
  const bool is_dead = attempt.state == DeliveryState::dead, is_waiting = attempt.state == DeliveryState::waiting;
  const int priority = is_dead ? LOG_WARNING : is_waiting ? LOG_NOTICE : LOG_INFO;
  const char *colour = is_dead ? red : is_waiting ? yellow : green;
  if (is_told(priority)) put(style_.out, priority, colour, attempt_text(attempt));
}

void Console::ready(const Welcome &welcome) {
  std::string instances;
  for (const std::string &name : welcome.instances) instances += (instances.empty() ? "" : ", ") + name;
  if (style_.form != ConsoleStyle::Form::plain) {
    put(style_.err, LOG_INFO, plain, "bellhopd " + welcome.version + " is ready; instances: " + instances);
    return wait_until_written();
  }
  std::string text = "bellhopd " + welcome.version + " is ready\n";
  for (const std::string &url : welcome.urls) text += "  webhook URL  " + url + "\n";
  text += "  delivers to  " + (instances.empty() ? "nobody" : instances) + "\n";
  text += "  state        " + welcome.state_dir + "\n";
  if (!welcome.send_command.empty()) text += "  try it       " + welcome.send_command + "\n";
  if (!welcome.curl_command.empty()) text += "  or           " + welcome.curl_command + "\n";
  push(Line{style_.out, LOG_INFO, text});
  wait_until_written();
}

Log::Sink Console::sink() {
  return [this](Level level, std::string_view line) { put(style_.err, priority_of(level), colour_of(level), line); };
}

std::string Console::stamp() const {
  const Milliseconds now_ms = clock_.wall_ms();
  const std::time_t seconds = static_cast<std::time_t>(now_ms / 1'000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03d  ", local.tm_hour, local.tm_min, local.tm_sec,
                static_cast<int>(now_ms % 1'000));
  return text;
}

void Console::put(int fd, int priority, const char *colour, std::string_view text) {
  const std::string_view cut = text.substr(0, line_bytes_max);
  std::string line;
  switch (style_.form) {
    case ConsoleStyle::Form::plain:
      line = stamp();
      if (style_.has_colour && *colour != '\0') {
        line += colour + std::string(cut) + "\033[0m";
      } else {
        line += cut;
      }
      break;
    case ConsoleStyle::Form::journald:
      fd = style_.err;
      line = "<" + std::to_string(priority) + ">" + std::string(cut);
      break;
    case ConsoleStyle::Form::syslog:
      line = cut;
      break;
  }
  line += '\n';
  push(Line{fd, priority, std::move(line)});
}

void Console::push(Line line) {
  Lock lock(mutex_);  // so that the writer never counts a line before this does
  if (queue_.try_push(std::move(line))) {
    ++pushed_count_;
  } else {
    ++dropped_count_;
  }
}

// Whoever is told that the daemon is ready shall find the URL in the output.
void Console::wait_until_written() {
  Lock lock(mutex_);
  const std::int64_t wanted_count = pushed_count_;
  for (int waits = 0; written_count_ < wanted_count && waits < close_waits_max; ++waits) {
    written_.wait_for(mutex_, std::chrono::milliseconds(write_wait_ms));
  }
}

void Console::write_lines() {
  while (std::optional<Line> line = queue_.pop()) {
    write(*line);
    {
      Lock lock(mutex_);
      ++written_count_;
      written_.notify_all();
    }
    if (const std::int64_t dropped = dropped_count_.exchange(0); dropped > 0) {
      write(Line{style_.err, LOG_WARNING,
                 "console: " + std::to_string(dropped) + " lines were dropped, the output is too slow\n"});
    }
  }
}

void Console::write(const Line &line) {
  if (style_.form == ConsoleStyle::Form::syslog) {
    ::syslog(line.priority, "%.*s", static_cast<int>(line.text.size() - 1), line.text.data());
    return;
  }
  for (int waits = 0; !is_stuck_; ++waits) {
    pollfd writable{line.fd, POLLOUT, 0};
    if (poll(&writable, 1, write_wait_ms) > 0) break;
    if (!is_closing_) waits = 0;
    is_stuck_ = waits >= close_waits_max;
  }
  if (is_stuck_) return;
  // What a closed terminal or pipe does not take is lost: there is nobody left to tell.
  [[maybe_unused]] const ssize_t ignored = ::write(line.fd, line.text.data(), line.text.size());
}

}  // namespace bellhop::core
