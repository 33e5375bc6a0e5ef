// SPDX-License-Identifier: Apache-2.0
// What `bellhop` exits with. From sysexits.h where that has a word for it, so that a script can tell "ask again later"
// from "fix the input" without reading a sentence. docs/cli.md lists them: a contract.
#pragma once

#include "base/result.hpp"

namespace bellhop::core {

enum ExitCode : int {
  exit_ok = 0,
  exit_refused = 1,       // the answer is no: not found, damage found, the webhook was not taken
  exit_usage = 64,        // the command line is wrong
  exit_data = 65,         // the FILE is not what it should be
  exit_no_input = 66,     // the FILE cannot be read
  exit_unavailable = 69,  // nobody answers
  exit_internal = 70,     // an answer that we do not understand
  exit_later = 75,        // overloaded, full or timed out: the same again may work later
  exit_denied = 77,       // not permitted
  exit_config = 78,       // the config is refused
};

inline int exit_code_of(Kind kind) {
  switch (kind) {
    case Kind::invalid:
      return exit_usage;
    case Kind::not_found:
    case Kind::conflict:
    case Kind::too_large:
    case Kind::corrupt:
      return exit_refused;
    case Kind::full:
    case Kind::timeout:
      return exit_later;
    case Kind::unavailable:
      return exit_unavailable;
    case Kind::denied:
      return exit_denied;
    case Kind::internal:
      return exit_internal;
  }
  return exit_internal;
}

}  // namespace bellhop::core
