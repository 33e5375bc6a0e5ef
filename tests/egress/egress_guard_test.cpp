// SPDX-License-Identifier: Apache-2.0
// The whole Egress against forged names and addresses. Names are resolved by the test; a connection to loopback that
// must not happen would be seen by the server.
#include <atomic>

#include "egress/fixture.hpp"

namespace bellhop::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<IpAddress> addresses(std::initializer_list<const char *> texts) {
  std::vector<IpAddress> made;
  for (const char *text : texts) made.push_back(*IpAddress::parse(text));
  return made;
}

class EgressGuard : public EgressTest {
 protected:
  std::atomic<int> lookups_count_{0};
};

TEST_F(EgressGuard, denies_a_name_that_resolves_to_an_inside) {
  WaywardServer server;
  resolve_ = [](const std::string &) { return addresses({"127.0.0.1", "::1", "10.0.0.1"}); };
  const std::string port = std::to_string(server.port());

  const HttpReply reply = call(allowing({"http://rebound.example:" + port}),
                               {"GET", "http://rebound.example:" + port + "/", {}, "", 0, ""});

  EXPECT_EQ(reply.failure, HttpFailure::denied);
  EXPECT_THAT(reply.sentence, AllOf(HasSubstr("rebound.example has the address 127.0.0.1, which is loopback"),
                                    HasSubstr("never by an allow rule")));
  EXPECT_EQ(server.connections_count(), 0);
}

TEST_F(EgressGuard, reaches_the_same_name_when_it_is_the_operators_destination) {
  WaywardServer server;
  resolve_ = [this](const std::string &) { return ++lookups_count_, addresses({"127.0.0.1"}); };
  const std::string base = "http://calendar.lan:" + std::to_string(server.port());

  EXPECT_EQ(call(trusting({base}), {"GET", base + "/x", {}, "", 0, ""}).status, 200);

  EXPECT_EQ(lookups_count_, 1);
  EXPECT_EQ(server.requests().at(0).header("Host"), "calendar.lan:" + std::to_string(server.port()));
}

// The name is asked once a call. Where it answers with an inside the second time, that call is denied; the one before
// went to the address that was checked, or nowhere.
TEST_F(EgressGuard, never_connects_to_an_address_that_it_has_not_checked) {
  WaywardServer server;
  resolve_ = [this](const std::string &) {
    return ++lookups_count_ == 1 ? addresses({"192.0.0.9"}) : addresses({"127.0.0.1"});
  };
  const std::string port = std::to_string(server.port());
  const auto policy = allowing({"http://rebound.example:" + port});
  HttpCall get_it{"GET", "http://rebound.example:" + port + "/", {}, "", 2'000, ""};

  const HttpReply first = call(policy, get_it);  // nobody answers there
  EXPECT_EQ(lookups_count_, 1);
  get_it.timeout_ms = 0;
  const HttpReply second = call(policy, get_it);

  EXPECT_NE(first.failure, HttpFailure::none);
  EXPECT_EQ(second.failure, HttpFailure::denied);
  EXPECT_EQ(lookups_count_, 2);
  EXPECT_EQ(server.connections_count(), 0);
}

// A kept connection dies and the request is sent again: on a new connection, but to the addresses of the one lookup of
// this call, whatever the name would say by now.
TEST_F(EgressGuard, does_not_ask_a_name_again_within_a_call) {
  WaywardServer server;
  resolve_ = [this](const std::string &) {
    return ++lookups_count_ <= 2 ? addresses({"127.0.0.1"}) : addresses({"127.0.0.2"});
  };
  const std::string url = "http://calendar.lan:" + std::to_string(server.port()) + "/";
  EXPECT_EQ(call(trusting({url}), {"GET", url, {}, "", 0, ""}).status, 200);
  server.script({reset_it()});

  EXPECT_EQ(call(trusting({url}), {"GET", url, {}, "", 0, ""}).status, 200);

  EXPECT_EQ(lookups_count_, 2);
  EXPECT_EQ(server.requests().size(), 3u);
  EXPECT_EQ(server.connections_count(), 2);
}

TEST_F(EgressGuard, denies_a_literal_address_that_only_an_allow_rule_names) {
  WaywardServer server;

  const HttpReply reply = call(allowing({"http://" + server.host_port()}), {"GET", server.url(), {}, "", 0, ""});

  EXPECT_EQ(reply.failure, HttpFailure::denied);
  EXPECT_THAT(reply.sentence, HasSubstr("its host is 127.0.0.1, which is loopback"));
  EXPECT_EQ(server.connections_count(), 0);
}

TEST_F(EgressGuard, denies_what_nobody_has_listed_without_looking_it_up) {
  resolve_ = [this](const std::string &) { return ++lookups_count_, addresses({"127.0.0.1"}); };

  const HttpReply reply = call(allowing({"api.example.org"}), {"GET", "https://api.example.com/", {}, "", 0, ""});

  EXPECT_EQ(reply.failure, HttpFailure::denied);
  EXPECT_THAT(reply.sentence, HasSubstr("[instance.crm.http] allow = [\"api.example.com\"]"));
  EXPECT_EQ(lookups_count_, 0);
}

TEST_F(EgressGuard, sends_no_packet_for_any_hostile_link) {
  resolve_ = [this](const std::string &) { return ++lookups_count_, addresses({"127.0.0.1"}); };
  const auto policy = allowing({"api.appointlet.com"});
  std::ifstream in(BELLHOP_TEST_DATA "/ssrf/urls.txt");
  int links_count = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#' || line.rfind("BEHAVIOUR ", 0) == 0 || line.rfind("OK ", 0) == 0) continue;
    const HttpReply reply = call(policy, {"GET", line, {}, "", 0, ""});
    EXPECT_TRUE(reply.failure == HttpFailure::denied || reply.failure == HttpFailure::invalid) << line;
    ++links_count;
  }
  EXPECT_GT(links_count, 55);
  EXPECT_EQ(lookups_count_, 0);
}

TEST_F(EgressGuard, waits_for_a_name_no_longer_than_for_a_connection) {
  options_.connect_timeout_ms = 150;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  resolve_ = [released](const std::string &) {
    released.wait();
    return addresses({"127.0.0.1"});
  };
  lap();

  const HttpReply reply = call(trusting({"http://slow.example"}), {"GET", "http://slow.example/", {}, "", 0, ""});

  EXPECT_EQ(reply.failure, HttpFailure::timeout);
  EXPECT_THAT(reply.sentence, HasSubstr("looking up the name slow.example"));
  EXPECT_LT(lap(), soon_ms);
  release.set_value();
}

TEST_F(EgressGuard, says_that_a_name_does_not_exist) {
  resolve_ = [](const std::string &) -> Result<std::vector<IpAddress>> {
    return Error{Kind::unavailable, "Name or service not known"};
  };

  const HttpReply reply = call(trusting({"http://nowhere.example"}), {"GET", "http://nowhere.example/", {}, "", 0, ""});

  EXPECT_EQ(reply.failure, HttpFailure::connect);
  EXPECT_THAT(reply.sentence, HasSubstr("cannot look up the name nowhere.example: Name or service not known"));
}

}  // namespace
}  // namespace bellhop::core
