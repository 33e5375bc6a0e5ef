// SPDX-License-Identifier: Apache-2.0
// The whole Egress against servers whose TLS is good, and against every kind that is not.
#include <unistd.h>

#include "egress/fixture.hpp"
#include "support/certificates.hpp"

namespace bellhop::core {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class EgressTls : public EgressTest {
 protected:
  EgressTls() {
    char name[] = "/tmp/bellhop-ca-XXXXXX";
    const int descriptor = mkstemp(name);
    ca_file_ = name;
    std::ofstream(ca_file_) << authority_.certificate_pem();
    ::close(descriptor);
    options_.ca_file = ca_file_;
    options_.tls_timeout_ms = 20'000;
    resolve_ = [](const std::string &) { return std::vector<IpAddress>{*IpAddress::parse("127.0.0.1")}; };
  }
  ~EgressTls() override { std::remove(ca_file_.c_str()); }

  static WaywardServer::Tls tls(const Certificate &certificate) {
    return {certificate.certificate_pem, certificate.key_pem};
  }
  HttpReply refused(const Certificate &certificate) {
    WaywardServer server(tls(certificate));
    HttpReply reply = get(server);
    EXPECT_EQ(reply.failure, HttpFailure::tls);
    EXPECT_TRUE(server.requests().empty());
    return reply;
  }

  TestAuthority authority_;
  std::string ca_file_;
};

TEST_F(EgressTls, trusts_the_operators_authority_and_keeps_the_connection) {
  WaywardServer server(tls(authority_.issue("IP:127.0.0.1")));

  for (int i = 0; i < 3; ++i) {
    const HttpReply reply = get(server);
    EXPECT_EQ(reply.body, "ok") << reply.sentence;
  }
  EXPECT_EQ(server.connections_count(), 1);
}

TEST_F(EgressTls, checks_the_name_of_the_url_while_it_connects_to_the_address) {
  WaywardServer server(tls(authority_.issue("DNS:calendar.example.org,DNS:*.wild.example.org")));
  const std::string port = ":" + std::to_string(server.port());
  const auto status_of = [&](const std::string &host) {
    const std::string url = "https://" + host + port + "/";
    return call(trusting({url}), {"GET", url, {}, "", 0, ""});
  };

  EXPECT_EQ(status_of("calendar.example.org").status, 200);
  EXPECT_EQ(status_of("a.wild.example.org").status, 200);
  for (const char *host : {"other.example.org", "localhost", "a.b.wild.example.org", "127.0.0.1"}) {
    const HttpReply reply = status_of(host);
    EXPECT_EQ(reply.failure, HttpFailure::tls) << host;
    EXPECT_THAT(reply.sentence, HasSubstr("not one for " + std::string(host)));
  }
}

TEST_F(EgressTls, refuses_an_expired_certificate) {
  EXPECT_THAT(refused(authority_.issue("IP:127.0.0.1", -2)).sentence, HasSubstr("certificate has expired"));
}

TEST_F(EgressTls, refuses_a_self_signed_certificate) {
  EXPECT_THAT(refused(TestAuthority::self_signed("IP:127.0.0.1")).sentence, HasSubstr("self-signed"));
}

TEST_F(EgressTls, refuses_a_certificate_of_an_authority_that_nobody_named) {
  const TestAuthority stranger("Somebody else's authority");
  EXPECT_THAT(refused(stranger.issue("IP:127.0.0.1")).sentence, HasSubstr("unable to get local issuer certificate"));
}

TEST_F(EgressTls, refuses_a_certificate_for_another_host) {
  EXPECT_THAT(refused(authority_.issue("DNS:other.example.org")).sentence, HasSubstr("not one for 127.0.0.1"));
}

TEST_F(EgressTls, refuses_a_version_older_than_1_2) {
  WaywardServer::Tls old = tls(authority_.issue("IP:127.0.0.1"));
  old.is_tls11_only = true;
  WaywardServer server(std::move(old));

  EXPECT_EQ(get(server).failure, HttpFailure::tls);
}

TEST_F(EgressTls, gives_up_a_handshake_that_stops) {
  options_.tls_timeout_ms = 150;
  WaywardServer::Tls stuck = tls(authority_.issue("IP:127.0.0.1"));
  stuck.stops_in_handshake = true;
  WaywardServer server(std::move(stuck));
  lap();

  const HttpReply reply = get(server);

  EXPECT_EQ(reply.failure, HttpFailure::timeout);
  EXPECT_THAT(reply.sentence, HasSubstr("the TLS handshake"));
  EXPECT_LT(lap(), soon_ms);
}

TEST_F(EgressTls, is_not_fooled_by_a_server_that_speaks_no_tls) {
  WaywardServer server;
  const std::string url = "https://" + server.host_port() + "/";
  server.greet_next(WaywardServer::Greeting::closes);

  EXPECT_THAT(call(trusting({url}), {"GET", url, {}, "", 0, ""}).failure,
              AnyOf(HttpFailure::tls, HttpFailure::connect));
}

TEST_F(EgressTls, takes_a_body_that_is_cut_off_for_a_failure) {
  WaywardServer server(tls(authority_.issue("IP:127.0.0.1")));
  server.script({send_bytes("HTTP/1.1 200 OK\r\n\r\nhalf of"), cut_it()});
  server.script({send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), cut_it()});
  server.script({send_bytes("HTTP/1.1 200 OK\r\n\r\nthe whole"), close_it()});

  const HttpReply endless = get(server), counted = get(server), whole = get(server);

  EXPECT_EQ(endless.failure, HttpFailure::connect);
  EXPECT_THAT(endless.sentence, HasSubstr("cut off"));
  EXPECT_EQ(counted.failure, HttpFailure::connect);
  EXPECT_EQ(whole.body, "the whole") << whole.sentence;
}

TEST_F(EgressTls, notices_that_a_kept_connection_was_closed) {
  WaywardServer server(tls(authority_.issue("IP:127.0.0.1")));
  EXPECT_EQ(get(server).status, 200);
  server.close_idle_connections();

  EXPECT_EQ(post(server, "once").status, 200);
  EXPECT_EQ(server.requests().size(), 2u);
}

// One failed handshake leaves OpenSSL's errors behind in its thread; the next call there must not stumble over them.
TEST_F(EgressTls, a_bad_server_does_not_harm_the_next_good_one) {
  options_.threads_max = 1;
  WaywardServer bad(tls(TestAuthority::self_signed("IP:127.0.0.1"))), good(tls(authority_.issue("IP:127.0.0.1")));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(get(bad).failure, HttpFailure::tls);
    const HttpReply reply = get(good);
    EXPECT_EQ(reply.status, 200) << reply.sentence;
  }
}

}  // namespace
}  // namespace bellhop::core
