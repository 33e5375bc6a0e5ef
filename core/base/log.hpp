// SPDX-License-Identifier: Apache-2.0
// Log: one line per fact, to a sink that the daemon chooses (standard error by default; `<N>` priorities for journald).
//
// Lines are single lines: control bytes of untrusted text are escaped here, so that no payload can forge a line or
// drive a terminal. Levels are those of the SDK. Secrets are the caller's duty: nothing here knows what a secret is.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace bellhop::core {

enum class Level { debug, info, warn, error };

// Escapes bytes below 0x20, 0x7f, and the C1 controls in their UTF-8 form (\xNN), backslash untouched. [any]
std::string printable(std::string_view text);

class Log {
 public:
  using Sink = std::function<void(Level, std::string_view line)>;  // called under no lock of ours; must be thread safe

  Log();  // standard error
  explicit Log(Sink sink, Level threshold = Level::info);

  void set_threshold(Level threshold) { threshold_ = threshold; }  // before threads start
  // `room` is the speaker ("journal", "instance crm"); text is made printable. [any]
  void line(Level level, std::string_view room, std::string_view text) const;
  void debug(std::string_view room, std::string_view text) const { line(Level::debug, room, text); }
  void info(std::string_view room, std::string_view text) const { line(Level::info, room, text); }
  void warn(std::string_view room, std::string_view text) const { line(Level::warn, room, text); }
  void error(std::string_view room, std::string_view text) const { line(Level::error, room, text); }

 private:
  Sink sink_;
  Level threshold_ = Level::info;
};

}  // namespace bellhop::core
