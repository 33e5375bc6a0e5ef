// SPDX-License-Identifier: Apache-2.0
// The whole Egress against a server that misbehaves to order, over real sockets.
#include "egress/egress.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "egress/fixture.hpp"

namespace bellhop::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(EgressTest, carries_a_request_there_and_the_answer_back) {
  WaywardServer server;
  server.answer(201, {{"X-Id", "7"}, {"X-Id", "8"}}, "made");

  const HttpReply reply =
      call(trusting({server.url()}),
           {"POST", server.url("/v3/contacts?x=1"), {{"Content-Type", "text/plain"}}, "body", 0, ""});

  EXPECT_EQ(reply.failure, HttpFailure::none) << reply.sentence;
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "made");
  EXPECT_EQ(reply.headers[1], (HttpFields::value_type{"X-Id", "8"}));
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].method, "POST");
  EXPECT_EQ(server.requests()[0].target, "/v3/contacts?x=1");
  EXPECT_EQ(server.requests()[0].body, "body");
  EXPECT_EQ(server.requests()[0].header("Host"), server.host_port());
  EXPECT_EQ(server.requests()[0].header("Accept-Encoding"), "");
}

TEST_F(EgressTest, carries_large_bodies_both_ways) {
  options_.response_bytes_max = 3 << 20;
  WaywardServer server;
  server.answer(200, {}, std::string(2 << 20, 'r'));

  const HttpReply reply = post(server, std::string(5 << 20, 'q'));

  EXPECT_EQ(reply.body.size(), 2u << 20) << reply.sentence;
  EXPECT_EQ(server.requests().at(0).body.size(), 5u << 20);
}

TEST_F(EgressTest, keeps_the_connection_for_the_next_call) {
  WaywardServer server;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(server).status, 200);

  EXPECT_EQ(server.connections_count(), 1);
  EXPECT_EQ(egress().idle_channels_count(), 1u);
}

TEST_F(EgressTest, notices_before_use_that_a_kept_connection_was_closed) {
  WaywardServer server;
  EXPECT_EQ(get(server).status, 200);
  server.close_idle_connections();

  EXPECT_EQ(post(server, "once").status, 200);

  EXPECT_EQ(server.connections_count(), 2);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(EgressTest, repeats_only_what_may_be_repeated_when_a_kept_connection_dies) {
  WaywardServer server;
  EXPECT_EQ(get(server).status, 200);
  server.script({reset_it()});

  EXPECT_EQ(get(server).status, 200);  // sent twice: the first time on the dying connection
  EXPECT_EQ(server.requests().size(), 3u);
  server.script({close_it()});
  const HttpReply reply = post(server, "never twice");

  EXPECT_EQ(reply.failure, HttpFailure::connect);
  EXPECT_THAT(reply.sentence, HasSubstr("closed without an answer"));
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST_F(EgressTest, repeats_nothing_on_a_new_connection) {
  WaywardServer server;
  server.script({reset_it()});

  EXPECT_EQ(get(server).failure, HttpFailure::connect);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(EgressTest, repeats_nothing_once_an_answer_has_begun) {
  WaywardServer server;
  EXPECT_EQ(get(server).status, 200);
  server.script({send_bytes("HTTP/1.1 200 OK\r\n"), close_it()});

  EXPECT_EQ(get(server).failure, HttpFailure::connect);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(EgressTest, gives_up_a_server_that_never_answers_after_the_first_byte_time_out) {
  options_.first_byte_timeout_ms = 150;
  WaywardServer server;
  server.script({hold()});
  lap();

  const HttpReply reply = get(server);

  EXPECT_EQ(reply.failure, HttpFailure::timeout);
  EXPECT_THAT(reply.sentence, HasSubstr("no answer began in time"));
  const Milliseconds took_ms = lap();
  EXPECT_GE(took_ms, 150);
  EXPECT_LT(took_ms, soon_ms);
}

TEST_F(EgressTest, ends_at_the_total_time_out_however_the_answer_drips) {
  const char *const drips[] = {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"};
  for (const char *start_of_answer : drips) {
    SCOPED_TRACE(start_of_answer);
    WaywardServer server;
    server.script({send_bytes(start_of_answer), drip("1\r\na\r\n")});
    lap();

    const HttpReply reply = call(trusting({server.url()}), {"GET", server.url(), {}, "", 1'000, ""});

    const Milliseconds took_ms = lap();
    EXPECT_LT(took_ms, soon_ms);
    if (reply.failure != HttpFailure::connect) {  // a dripped head is soon no HTTP any more
      EXPECT_EQ(reply.failure, HttpFailure::timeout) << reply.sentence;
      EXPECT_THAT(reply.sentence, HasSubstr("not complete in time"));
      EXPECT_GE(took_ms, 1'000);
    }
  }
}

TEST_F(EgressTest, takes_no_half_answer_for_a_whole_one) {
  const std::pair<std::vector<ServerStep>, const char *> rows[] = {
      {{send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), close_it()},
       "5 bytes of its body are missing"},
      {{send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), reset_it()}, "lost"},
      {{send_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), close_it()}, "last chunk"},
      {{send_bytes("HTTP/1.1 200 OK\r\nContent-Le"), close_it()}, "in the middle of the answer's head"},
      {{close_it()}, "closed without an answer"},
      {{send_bytes("220 smtp ready\r\n"), hold()}, "not HTTP"},
  };
  for (const auto &[steps, wanted] : rows) {
    SCOPED_TRACE(wanted);
    WaywardServer server;
    server.script(steps);
    const HttpReply reply = get(server);
    EXPECT_EQ(reply.failure, HttpFailure::connect);
    EXPECT_EQ(reply.status, 0);
    EXPECT_THAT(reply.sentence, HasSubstr(wanted));
  }
}

TEST_F(EgressTest, bounds_what_an_answer_may_hold) {
  std::string many_fields = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100'000; ++i) many_fields += "A: b\r\n";
  const std::vector<ServerStep> rows[] = {
      {send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"), drip("x")},
      {send_bytes("HTTP/1.1 200 OK\r\n\r\n" + std::string(10'000, 'x')), close_it()},
      {send_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n"), drip("x")},
      {send_bytes(many_fields)},
  };
  for (const std::vector<ServerStep> &steps : rows) {
    WaywardServer server;
    server.script(steps);
    const HttpReply reply = get(server);
    EXPECT_EQ(reply.failure, HttpFailure::too_large) << reply.sentence;
  }
}

TEST_F(EgressTest, follows_no_redirect_and_unpacks_nothing) {
  WaywardServer elsewhere, server;
  server.answer(302, {{"Location", elsewhere.url()}});
  server.answer(200, {{"Content-Encoding", "gzip"}}, "\x1f\x8b not unpacked");

  const HttpReply redirect = get(server), packed = get(server);

  EXPECT_EQ(redirect.status, 302);
  EXPECT_EQ(elsewhere.connections_count(), 0);
  EXPECT_EQ(packed.body, "\x1f\x8b not unpacked");
}

TEST_F(EgressTest, hears_the_answer_of_a_busy_server_that_closes) {
  WaywardServer server;
  server.script({send_bytes("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n"), close_it()});

  const HttpReply reply = post(server, "small");

  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.retry_after_ms, 7'000);
}

TEST_F(EgressTest, reads_retry_after_by_the_answers_own_clock) {
  WaywardServer server;
  server.answer(503, {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"}});

  EXPECT_EQ(get(server).retry_after_ms, 30'000);
}

// A port that is taken, so that nobody else gets it, and that nobody listens on.
class UnheardPort {
 public:
  UnheardPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    at_.sin_family = AF_INET;
    at_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at_;
    auto *const address = reinterpret_cast<sockaddr *>(&at_);
    EXPECT_TRUE(::bind(socket_, address, size) == 0 && ::getsockname(socket_, address, &size) == 0);
  }
  UnheardPort(const UnheardPort &) = delete;
  UnheardPort &operator=(const UnheardPort &) = delete;
  ~UnheardPort() { ::close(socket_); }
  std::string host_port() const { return "127.0.0.1:" + std::to_string(ntohs(at_.sin_port)); }

 private:
  const int socket_;
  sockaddr_in at_{};
};

TEST_F(EgressTest, says_that_nobody_listens) {
  const UnheardPort port;
  const std::string url = "http://" + port.host_port() + "/";

  const HttpReply reply = call(trusting({url}), {"GET", url, {}, "", 0, ""});

  EXPECT_EQ(reply.failure, HttpFailure::connect);
  EXPECT_THAT(reply.sentence, AllOf(HasSubstr("no connection to 127.0.0.1"), HasSubstr("refused")));
}

TEST_F(EgressTest, refuses_at_once_what_has_the_wrong_form) {
  const HttpReply bad_url = call(trusting({}), {"GET", "https://user:SECRET@a.example/", {}, "", 0, ""});
  const HttpReply bad_header = call(trusting({}), {"GET", "https://a.example/", {{"Host", "b"}}, "", 0, ""});

  EXPECT_EQ(bad_url.failure, HttpFailure::invalid);
  EXPECT_THAT(bad_url.sentence + bad_url.exchange, Not(HasSubstr("SECRET")));
  EXPECT_EQ(bad_header.failure, HttpFailure::invalid);
}

TEST_F(EgressTest, records_what_happened_without_a_secret) {
  WaywardServer server;
  server.answer(200, {}, "the answer");
  const auto policy = trusting({server.url()}, {"hunter2"});

  const HttpReply reply = call(
      policy,
      {"POST", server.url("/hunter2/B00/XXXX?token=abc"), {{"Authorization", "Bearer hunter2"}}, "hunter2", 0, ""});

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(server.requests().at(0).header("Authorization"), "Bearer hunter2");
  EXPECT_EQ(reply.sentence, "POST http://" + server.host_port() + "/***/…?token=***: answered 200");
  EXPECT_THAT(reply.exchange, AllOf(HasSubstr("\"method\":\"POST\""), HasSubstr("\"status\":200"),
                                    HasSubstr("\"request_bytes\":7"), HasSubstr("\"response_bytes\":10")));
  EXPECT_THAT(reply.exchange, AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("XXXX")), Not(HasSubstr("abc"))));
}

TEST_F(EgressTest, cancels_the_calls_of_one_worker_and_no_others) {
  WaywardServer server;
  server.script({hold()});
  auto running = start(trusting({server.url()}), {"GET", server.url(), {}, "", 0, ""}, {"crm", 0});
  ASSERT_TRUE(server.wait_for_requests(1));
  server.script({hold()});
  auto other = start(trusting({server.url()}), {"GET", server.url(), {}, "", 400, ""}, {"crm", 1});
  lap();

  egress().cancel({"crm", 0});

  EXPECT_EQ(wait(running).failure, HttpFailure::cancelled);
  EXPECT_LT(lap(), soon_ms);  // and not the seconds that the call had
  EXPECT_EQ(wait(other).failure, HttpFailure::timeout);
}

TEST_F(EgressTest, ends_what_is_under_way_when_it_is_destroyed) {
  WaywardServer server;
  server.script({hold()});
  auto running = start(trusting({server.url()}), {"GET", server.url(), {}, "", 0, ""});
  ASSERT_TRUE(server.wait_for_requests(1));

  egress_.reset();

  EXPECT_EQ(wait(running).failure, HttpFailure::cancelled);
}

TEST_F(EgressTest, answers_at_once_when_too_many_wait) {
  options_.threads_max = 1;
  options_.calls_max = 2;
  WaywardServer server;
  server.script({hold()});
  const auto policy = trusting({server.url()});
  const HttpCall one{"GET", server.url(), {}, "", 0, ""};
  auto running = start(policy, one);
  ASSERT_TRUE(server.wait_for_requests(1));
  auto second = start(policy, one), third = start(policy, one);

  const HttpReply refused = call(policy, one);

  EXPECT_EQ(refused.failure, HttpFailure::timeout);
  EXPECT_EQ(refused.retry_after_ms, 1'000);
  EXPECT_THAT(refused.sentence, HasSubstr("too many calls"));
  egress().cancel({"crm", 0});
  for (auto *future : {&running, &second, &third}) EXPECT_EQ(wait(*future).failure, HttpFailure::cancelled);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(EgressTest, ends_a_call_that_no_thread_took_in_its_time) {
  options_.threads_max = 1;
  WaywardServer server;
  server.script({hold()});
  const auto policy = trusting({server.url()});
  auto running = start(policy, {"GET", server.url(), {}, "", 0, ""});
  ASSERT_TRUE(server.wait_for_requests(1));

  const HttpReply late = call(policy, {"GET", server.url(), {}, "", 200, ""});

  EXPECT_EQ(late.failure, HttpFailure::timeout);
  EXPECT_THAT(late.sentence, HasSubstr("no thread came free in time"));
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(EgressTest, counts_calls_in_named_buckets) {
  options_.limits = {{"slack", {1, 100, 1}}};
  WaywardServer server;
  const auto policy = trusting({server.url()});
  std::vector<std::future<HttpReply>> calls;
  lap();
  for (int i = 0; i < 4; ++i) calls.push_back(start(policy, {"GET", server.url(), {}, "", 0, "slack"}));

  for (auto &future : calls) EXPECT_EQ(wait(future).status, 200);

  EXPECT_GE(lap(), 300);
  const HttpReply unknown = call(policy, {"GET", server.url(), {}, "", 0, "salck"});
  EXPECT_EQ(unknown.failure, HttpFailure::denied);
  EXPECT_THAT(unknown.sentence, HasSubstr("[limit.salck] rate"));
}

TEST_F(EgressTest, a_429_pauses_its_bucket_and_tells_the_others_how_long) {
  options_.limits = {{"slack", {100, 1'000, 10}}};
  WaywardServer server;
  server.answer(429, {{"Retry-After", "30"}});
  const auto policy = trusting({server.url()});
  EXPECT_EQ(call(policy, {"GET", server.url(), {}, "", 0, "slack"}).retry_after_ms, 30'000);

  const HttpReply held = call(policy, {"GET", server.url(), {}, "", 0, "slack"});
  const HttpReply free = call(policy, {"GET", server.url(), {}, "", 0, ""});

  EXPECT_EQ(held.failure, HttpFailure::timeout);
  EXPECT_GT(held.retry_after_ms, 25'000);
  EXPECT_EQ(free.status, 200);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(EgressTest, goes_through_a_proxy_but_for_the_hosts_that_are_spared) {
  WaywardServer proxy, server;
  options_.proxy = "http://" + proxy.host_port();
  options_.proxy_except = {"127.0.0.1"};
  const auto policy = allowing({"http://api.example.org", "tls.example.org", "http://10.0.0.1"});
  proxy.answer(200, {}, "by proxy");
  proxy.answer(403, {}, "no");

  const HttpReply plain = call(policy, {"GET", "http://api.example.org/x", {}, "", 0, ""});
  const HttpReply tunnelled = call(policy, {"GET", "https://tls.example.org/x", {}, "", 0, ""});
  const HttpReply inside = call(policy, {"GET", "http://10.0.0.1/", {}, "", 0, ""});

  EXPECT_EQ(plain.body, "by proxy") << plain.sentence;
  EXPECT_EQ(proxy.requests().at(0).target, "http://api.example.org/x");
  EXPECT_EQ(tunnelled.failure, HttpFailure::connect);
  EXPECT_THAT(tunnelled.sentence, HasSubstr("answered 403 when asked for a tunnel to tls.example.org:443"));
  EXPECT_EQ(proxy.requests().at(1).method, "CONNECT");
  EXPECT_EQ(inside.failure, HttpFailure::denied);
  EXPECT_EQ(get(server).body, "ok");
  EXPECT_EQ(proxy.requests().size(), 2u);
}

TEST_F(EgressTest, does_not_open_with_options_that_cannot_be_meant) {
  const auto sentence_of = [&](EgressOptions options) {
    const auto opened = Egress::open(std::move(options), clock_, log_);
    return opened ? "" : opened.error().sentence;
  };
  EgressOptions proxy, ca_file;
  proxy.proxy = "https://proxy.example:3128";
  ca_file.ca_file = "/nowhere/ca.pem";

  EXPECT_THAT(sentence_of(proxy), HasSubstr("\"http://host:port\""));
  EXPECT_THAT(sentence_of(ca_file), HasSubstr("ca_file"));
}

}  // namespace
}  // namespace bellhop::core
