// SPDX-License-Identifier: Apache-2.0
#include "http/listener.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace bellhop::core {
namespace {

constexpr int backlog_max = 1024;  // the kernel cuts it to net.core.somaxconn
constexpr mode_t socket_file_mode = 0660;

Error failed(const std::string &what) { return Error{Kind::unavailable, what + ": " + std::strerror(errno)}; }

// Connects as a client would: the only way to tell a live socket file from one whose process died.
Result<void> remove_if_stale(const std::string &path, const sockaddr_un &name) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return failed("look at " + path);
  }
  if (!S_ISSOCK(status.st_mode))
    return Error{Kind::conflict, "listen on unix:" + path + ": a file that is no socket stands there"};
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return failed("make a socket");
  const bool is_refused = ::connect(probe, reinterpret_cast<const sockaddr *>(&name), sizeof name) != 0 &&
                          (errno == ECONNREFUSED || errno == ENOENT);
  ::close(probe);
  if (!is_refused)
    return Error{Kind::conflict, "listen on unix:" + path + ": another running program listens there; stop it first"};
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove the stale socket file " + path);
  return {};
}

}  // namespace

Listener::Listener(int descriptor, int port, std::string path)
    : descriptor_(descriptor), port_(port), path_(std::move(path)) {}

Listener::Listener(Listener &&other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), port_(other.port_), path_(std::move(other.path_)) {}

Listener::~Listener() { close(); }

void Listener::close() {
  if (descriptor_ < 0) return;
  if (is_unix()) ::unlink(path_.c_str());
  ::close(std::exchange(descriptor_, -1));
}

Result<Listener> Listener::open(const std::string &listen) {
  constexpr std::string_view prefix = "unix:";
  if (listen.compare(0, prefix.size(), prefix) == 0) return open_unix(listen.substr(prefix.size()));
  return open_tcp(listen);
}

Result<Listener> Listener::open_unix(const std::string &path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path)
    return Error{Kind::invalid, "listen on unix:" + path + ": the path must have 1 to " +
                                    std::to_string(sizeof name.sun_path - 1) + " bytes"};
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  if (Result<void> removed = remove_if_stale(path, name); !removed) return removed.error();
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return failed("make a socket");
  // Before bind, so that the file never exists with more rights than it will have.
  ::fchmod(descriptor, socket_file_mode);
  if (::bind(descriptor, reinterpret_cast<const sockaddr *>(&name), sizeof name) != 0) {
    const Error error = failed("listen on unix:" + path);
    ::close(descriptor);
    return error;
  }
  Listener listener(descriptor, 0, path);
  if (::chmod(path.c_str(), socket_file_mode) != 0 || ::listen(descriptor, backlog_max) != 0)
    return failed("listen on unix:" + path);
  return listener;
}

Result<Listener> Listener::open_tcp(const std::string &listen) {
  Poco::Net::SocketAddress address;
  try {  // Poco's parser and resolver throw
    address = Poco::Net::SocketAddress(listen);
  } catch (const Poco::Exception &e) {
    return Error{Kind::invalid, "read '" + listen + "' as host:port: " + e.displayText()};
  }
  const int descriptor = ::socket(address.af(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return failed("make a socket for " + listen);
  Listener listener(descriptor, 0, {});
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(descriptor, address.addr(), address.length()) != 0 || ::listen(descriptor, backlog_max) != 0) {
    if (errno == EADDRINUSE)
      return Error{Kind::conflict, "listen on " + listen + ": another program uses that address and port"};
    return failed("listen on " + listen);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr *>(&bound), &size) != 0)
    return failed("ask for the port of " + listen);
  listener.port_ = Poco::Net::SocketAddress(reinterpret_cast<const sockaddr *>(&bound), size).port();
  return listener;
}

}  // namespace bellhop::core
