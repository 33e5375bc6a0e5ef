// SPDX-License-Identifier: Apache-2.0
// Listener: a listening descriptor for "host:port" or "unix:/path", and the tidying of a Unix socket's file.
#pragma once

#include <string>

#include "base/result.hpp"

namespace bellhop::core {

class Listener {
 public:
  //   errors    invalid: not an address; unavailable: what the system said; conflict: somebody listens there
  static Result<Listener> open(const std::string &listen);
  Listener(Listener &&other) noexcept;
  Listener &operator=(Listener &&) = delete;
  ~Listener();

  int descriptor() const { return descriptor_; }
  int port() const { return port_; }  // 0 for a Unix socket
  bool is_unix() const { return !path_.empty(); }
  void close();  // also removes the Unix socket's file

 private:
  Listener(int descriptor, int port, std::string path);
  static Result<Listener> open_unix(const std::string &path);
  static Result<Listener> open_tcp(const std::string &listen);

  int descriptor_;
  int port_;
  std::string path_;
};

}  // namespace bellhop::core
