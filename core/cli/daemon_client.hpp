// SPDX-License-Identifier: Apache-2.0
// DaemonClient: asks the running daemon over its admin socket. An answer of 2xx is a text; everything else is an Error
// whose sentence is the daemon's own, or says what to do when there is no daemon.
#pragma once

#include <memory>
#include <string>

#include "cli/http_client.hpp"
#include "cli/socket_path.hpp"

namespace bellhop::core {

class DaemonClient {
 public:
  //   errors    as find_socket
  static Result<DaemonClient> find(const SocketChoice &choice, const Surroundings &surroundings,
                                   Milliseconds timeout_ms);

  Result<std::string> get(const std::string &target) { return ask("GET", target, ""); }
  Result<std::string> post(const std::string &target, const std::string &body) { return ask("POST", target, body); }

 private:
  DaemonClient(std::string path, Milliseconds timeout_ms);
  Result<std::string> ask(const std::string &method, const std::string &target, const std::string &body);

  std::string path_;
  Milliseconds timeout_ms_;
  HttpClient client_;
};

// The `detail` of a problem+json answer; without one, the status in words.
std::string problem_detail(const Reply &reply);
// What kind of refusal a status is.
Kind kind_of_status(int status);

}  // namespace bellhop::core
