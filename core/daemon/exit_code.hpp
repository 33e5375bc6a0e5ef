// SPDX-License-Identifier: Apache-2.0
// What bellhopd exits with, from sysexits.h where that has a word for it. docs/operating.md explains each; the service
// restarts on all but those that asking again cannot mend (RestartPreventExitStatus=).
#pragma once

#include <string>

namespace bellhop::core {

enum DaemonExit : int {
  daemon_stopped = 0,          // told to stop, and did
  daemon_internal = 1,         // a fault of ours
  daemon_usage = 64,           // the command line is wrong
  daemon_unavailable = 69,     // cannot listen: address in use, not permitted
  daemon_cannot_create = 73,   // the state directory or the journal cannot be made or opened
  daemon_journal_failed = 74,  // the journal's storage failed three times in a row
  daemon_second = 75,          // another daemon holds the journal, or it is another program's or a newer version's
  daemon_config = 78,          // the config is refused
};

// Why the daemon did not start.
struct Failure {
  DaemonExit exit_code = daemon_internal;
  std::string sentence;  // may be several lines: one per finding
};

}  // namespace bellhop::core
