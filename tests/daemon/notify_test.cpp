// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <filesystem>

namespace bellhop::core {
namespace {

// A service manager's end of the protocol, bound to a path or, with a leading '@', to an abstract name.
class Listener {
 public:
  explicit Listener(const std::string &name) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    is_bound_ = bind(fd_, reinterpret_cast<sockaddr *>(&address),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) == 0;
  }
  ~Listener() { close(fd_); }
  bool is_bound() const { return is_bound_; }
  std::string receive() const {
    char text[512];
    const ssize_t size = recv(fd_, text, sizeof text, MSG_DONTWAIT);
    return size < 0 ? "" : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  int fd_;
  bool is_bound_ = false;
};

TEST(Notify, sends_the_state_to_a_path) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("bellhop-notify-" + std::to_string(getpid()))).string();
  const Listener listener(path);
  ASSERT_TRUE(listener.is_bound());

  EXPECT_TRUE(Notify(path).send("READY=1\nSTATUS=x"));

  EXPECT_EQ(listener.receive(), "READY=1\nSTATUS=x");
  std::filesystem::remove(path);
}

TEST(Notify, sends_the_state_to_an_abstract_name) {
  const std::string name = "@bellhop-notify-" + std::to_string(getpid());
  const Listener listener(name);
  ASSERT_TRUE(listener.is_bound());

  EXPECT_TRUE(Notify(name).send("STOPPING=1"));

  EXPECT_EQ(listener.receive(), "STOPPING=1");
}

TEST(Notify, is_silent_when_there_is_nobody) { EXPECT_TRUE(Notify("").send("READY=1")); }

TEST(Notify, tells_when_it_could_not) {
  EXPECT_FALSE(Notify("/nonexistent/notify.sock").send("READY=1"));
  EXPECT_FALSE(Notify("relative").send("READY=1"));
  EXPECT_FALSE(Notify("/" + std::string(200, 'x')).send("READY=1"));
}

}  // namespace
}  // namespace bellhop::core
