// SPDX-License-Identifier: Apache-2.0
// Notify: tells systemd how the service fares (READY=1, STATUS=…, STOPPING=1), by one datagram to $NOTIFY_SOCKET. The
// protocol is stable and these few lines; libsystemd would bring four compression and crypto libraries into the
// process (docs/decisions/0071-own-sd-notify.md). Without the variable every call does nothing.
#pragma once

#include <string>
#include <string_view>

namespace bellhop::core {

class Notify {
 public:
  explicit Notify(std::string socket) : socket_(std::move(socket)) {}  // "" = nobody to tell

  // Sends "STATE" lines, e.g. "READY=1\nSTATUS=…".
  //   returns   false when there was somebody to tell and it did not work; never a reason to stop. [any]
  bool send(std::string_view state) const;

 private:
  std::string socket_;  // a path, or '@' and a name in the abstract namespace
};

}  // namespace bellhop::core
