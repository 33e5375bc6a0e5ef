// SPDX-License-Identifier: Apache-2.0
// Where the server listens: ports, and Unix sockets with the file of a dead or a living predecessor.
#include "http/listener.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "http/addresses.hpp"
#include "http/echo_server.hpp"

namespace bellhop::core {
namespace {

class UnixSocket : public testing::Test {
 protected:
  UnixSocket() {
    std::string name = (std::filesystem::temp_directory_path() / "bellhop-http-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/admin.sock";
  }
  ~UnixSocket() override { std::filesystem::remove_all(folder_); }

  std::string folder_, path_;
};

TEST_F(UnixSocket, serves_requests_without_a_cap_or_a_peer_address) {
  HttpLimits limits;
  limits.connections_per_address_max = 2;
  EchoServer echo(limits, {}, {}, "unix:" + path_);
  std::vector<RawHttp> clients;

  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(path_);
    ASSERT_TRUE(clients.back().send(post("/", "over a file")));
    const std::optional<RawAnswer> answer = clients.back().read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "over a file");
  }

  EXPECT_EQ(echo.server().port(), 0);
  EXPECT_EQ(echo.seen().at(0).peer, "");
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
}

TEST_F(UnixSocket, removes_its_file_when_it_stops) {
  { EchoServer echo({}, {}, {}, "unix:" + path_); }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixSocket, replaces_the_file_of_a_dead_program) {
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path_.c_str(), sizeof name.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr *>(&name), sizeof name), 0);
  ::close(dead);
  ASSERT_TRUE(std::filesystem::exists(path_));

  const Result<Listener> listener = Listener::open("unix:" + path_);

  EXPECT_TRUE(listener.ok()) << (listener.ok() ? "" : listener.error().sentence);
}

TEST_F(UnixSocket, refuses_to_push_out_a_living_program) {
  const Result<Listener> living = Listener::open("unix:" + path_);
  ASSERT_TRUE(living.ok());

  const Result<Listener> second = Listener::open("unix:" + path_);

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, Kind::conflict);
  EXPECT_NE(second.error().sentence.find(path_), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixSocket, never_removes_a_file_that_is_no_socket) {
  std::ofstream(path_) << "precious";

  const Result<Listener> listener = Listener::open("unix:" + path_);

  ASSERT_FALSE(listener.ok());
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixSocket, refuses_paths_that_do_not_fit) {
  EXPECT_FALSE(Listener::open("unix:").ok());
  EXPECT_FALSE(Listener::open("unix:/" + std::string(200, 'x')).ok());
  EXPECT_FALSE(Listener::open("unix:" + folder_ + "/no/such/folder/a.sock").ok());
}

TEST(Listener, says_which_address_is_taken) {
  const Result<Listener> first = Listener::open("127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  const std::string same = "127.0.0.1:" + std::to_string(first->port());

  const Result<Listener> second = Listener::open(same);

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, Kind::conflict);
  EXPECT_NE(second.error().sentence.find(same), std::string::npos);
}

TEST(Listener, refuses_what_is_no_address) {
  for (const char *text : {"", "nonsense", "127.0.0.1", "127.0.0.1:port", "300.0.0.1:0"}) {
    const Result<Listener> listener = Listener::open(text);
    ASSERT_FALSE(listener.ok()) << text;
    EXPECT_FALSE(listener.error().sentence.empty());
  }
}

TEST(Addresses, sets_hold_addresses_and_blocks_of_both_families) {
  const Result<AddressSet> set = AddressSet::parse({"10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "::1"});
  ASSERT_TRUE(set.ok());
  const auto holds = [&](const char *text) {
    sockaddr_storage from{};
    auto &v4 = reinterpret_cast<sockaddr_in &>(from);
    auto &v6 = reinterpret_cast<sockaddr_in6 &>(from);
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
      from.ss_family = AF_INET;
    } else {
      EXPECT_EQ(inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
      from.ss_family = AF_INET6;
    }
    return set->contains(Address::of(from));
  };

  EXPECT_TRUE(holds("10.255.1.2"));
  EXPECT_TRUE(holds("::ffff:10.1.1.1"));
  EXPECT_FALSE(holds("11.0.0.0"));
  EXPECT_TRUE(holds("192.0.2.7"));
  EXPECT_FALSE(holds("192.0.2.6"));
  EXPECT_TRUE(holds("2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8:8000::1"));
  EXPECT_TRUE(holds("::1"));
}

TEST(Addresses, refuse_what_is_none) {
  for (const char *text : {"", "x", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "10.0.0"})
    EXPECT_FALSE(AddressSet::parse({text}).ok()) << text;
}

}  // namespace
}  // namespace bellhop::core
