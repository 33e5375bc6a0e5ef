// SPDX-License-Identifier: Apache-2.0
// Where the daemon's admin socket is, and its journal when there is no daemon. In this order: --socket,
// $BELLHOP_SOCKET, --state-dir, the state_dir of a config file (--config, else /etc/bellhop/bellhop.toml),
// /var/lib/bellhop, ./bellhop-state (what `./dev run` uses). What a person named is taken as it is; of the guesses the
// first that exists is.
#pragma once

#include <string>

#include "base/result.hpp"
#include "cli/http_client.hpp"
#include "config/config.hpp"

namespace bellhop::core {

struct SocketChoice {
  std::string socket, state_dir, config;  // options; "" = not given
};

// The path of the socket.
//   errors    unavailable: none of the guesses exists, with all of them; denied: one may be there but may not be looked
//             at; invalid: the config named cannot be read
Result<std::string> find_socket(const SocketChoice &choice, const Surroundings &surroundings);

// The journal file, for `verify --offline`: of --state-dir, of a config, else the first guess that exists.
//   errors    not_found: none of the guesses exists; invalid: the config named cannot be read
Result<std::string> find_journal(const SocketChoice &choice, const Surroundings &surroundings);

// Turns a refused connection to the admin socket into a sentence that says what to do next.
Error explain_socket(const Error &error, const std::string &path);

}  // namespace bellhop::core
