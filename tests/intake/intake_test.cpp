// SPDX-License-Identifier: Apache-2.0
// The webhook handlers over real sockets: what is stored, what is answered, what a stranger learns.
#include "intake/intake.hpp"

#include "event/event.hpp"
#include "intake/webhook_server.hpp"

namespace bellhop::core {
namespace {

bool contains(const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; }

TEST(Intake, accepts_an_event_with_its_id_and_seq) {
  WebhookServer server;

  const RawAnswer answer = server.post("{\"test\":true}");

  EXPECT_EQ(answer.status, 202);
  ASSERT_EQ(server.journal().newest(), 1);
  const Result<EventDetail> stored = server.journal().event("1");
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->body, "{\"test\":true}");
  EXPECT_EQ(answer.body, "{\"id\":\"" + stored->row.id.text() + "\",\"seq\":1,\"status\":\"accepted\"}\n");
  ASSERT_EQ(server.arrivals().size(), 1U);
  EXPECT_EQ(server.arrivals()[0].what, Arrival::What::accepted);
  EXPECT_EQ(server.arrivals()[0].seq, 1);
  EXPECT_TRUE(server.arrivals()[0].is_test);
}

TEST(Intake, answers_quarantine_with_202_and_a_repetition_as_duplicate) {
  WebhookServer server;

  const RawAnswer first = server.post("[1,2,3]"), second = server.post("[1,2,3]");

  EXPECT_EQ(first.status, 202);
  EXPECT_TRUE(contains(first.body, "\"seq\":1,\"status\":\"quarantined\"")) << first.body;
  EXPECT_EQ(second.status, 202);
  EXPECT_TRUE(contains(second.body, "\"seq\":1,\"status\":\"duplicate\"")) << second.body;
  EXPECT_EQ(server.journal().newest(), 1);
  ASSERT_EQ(server.arrivals().size(), 2U);
  EXPECT_EQ(server.arrivals()[0].what, Arrival::What::quarantined);
  EXPECT_FALSE(server.arrivals()[0].reason.empty());
  EXPECT_EQ(server.arrivals()[1].what, Arrival::What::duplicate);
}

TEST(Intake, takes_the_older_token_too) {
  WebhookServer server;

  EXPECT_EQ(server.post("{\"test\":true}", "", "/hooks/appointlet/the-older-token").status, 202);
}

TEST(Intake, tells_strangers_nothing) {
  WebhookServer server;
  const std::string right = webhook_token;
  std::string bodies, heads;
  for (const std::string &path :
       {std::string("/"), std::string("/hooks"), std::string("/hooks/"), std::string("/hooks/appointlet"),
        std::string("/hooks/appointlet/"), "/hooks/appointlet/" + right.substr(1), "/hooks/appointlet/" + right + "0",
        "/hooks/other/" + right, "/hooks/nobody/" + right, "/hooks/" + right, webhook_path + "/",
        webhook_path + "/more", std::string("/healthz"), std::string("/HOOKS/appointlet/" + right)}) {
    for (const char *method : {"POST", "GET", "DELETE"}) {
      const RawAnswer answer = server.send(WebhookServer::request(method, path, "Content-Type: x/y\r\n", "{}"));
      EXPECT_EQ(answer.status, 404) << path;
      std::string head;
      for (const auto &[name, value] : answer.headers)
        if (name != "Date") head += name + ":" + value + ";";
      if (bodies.empty()) {
        bodies = answer.body;
        heads = head;
      }
      EXPECT_EQ(answer.body, bodies) << path;
      EXPECT_EQ(head, heads) << path;
    }
  }
  EXPECT_EQ(server.journal().newest(), 0);
  EXPECT_TRUE(server.arrivals().empty());
  ASSERT_EQ(server.lines().size(), 1U) << "one line for all of them";
  EXPECT_TRUE(contains(server.lines()[0], "127.0.0.1")) << server.lines()[0];
  EXPECT_FALSE(contains(server.lines()[0], right));
}

TEST(Intake, explains_itself_to_a_browser) {
  WebhookServer server;

  const RawAnswer answer = server.send("GET " + webhook_path + " HTTP/1.1\r\nHost: a\r\n\r\n");
  RawHttp client(server.port());
  ASSERT_TRUE(client.send("HEAD " + webhook_path + " HTTP/1.1\r\nHost: a\r\n\r\n"));
  const std::optional<RawAnswer> head = client.read_answer(RawHttp::patience, true);

  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(contains(answer.header("Content-Type"), "text/plain"));
  EXPECT_TRUE(contains(answer.body, "It wants POST"));
  EXPECT_FALSE(contains(answer.body, webhook_token));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header("Content-Length"), std::to_string(answer.body.size()));
}

TEST(Intake, allows_no_other_method) {
  WebhookServer server;

  for (const char *method : {"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"}) {
    const RawAnswer answer = server.send(WebhookServer::request(method, webhook_path, "", "{}"));

    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.header("Allow"), "GET, HEAD, POST");
  }
}

TEST(Intake, takes_json_types_and_no_others) {
  WebhookServer server;

  for (const char *type : {"application/json", "Application/JSON; charset=utf-8", "application/json ; x=y",
                           "application/vnd.appointlet+json", "text/json"})
    EXPECT_EQ(server.post("{\"test\":true}", std::string("Content-Type: ") + type + "\r\n").status, 202) << type;
  EXPECT_EQ(server.post("{\"test\":true}", "").status, 202) << "a missing type is taken";
  for (const char *type : {"text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/+json",
                           "multipart/form-data; boundary=x"})
    EXPECT_EQ(server.post("{\"test\":true}", std::string("Content-Type: ") + type + "\r\n").status, 415) << type;
}

TEST(Intake, says_where_a_body_stops_being_json) {
  WebhookServer server;

  const RawAnswer answer = server.post("{\n  \"a\": \"\xff\" 1}");

  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_TRUE(contains(answer.body, "\"line\":2,\"column\":")) << answer.body;
  EXPECT_TRUE(contains(answer.body, "\"expected\":\"")) << answer.body;
  EXPECT_EQ(server.journal().newest(), 0);
  ASSERT_EQ(server.arrivals().size(), 1U);
  EXPECT_EQ(server.arrivals()[0].what, Arrival::What::rejected);
}

TEST(Intake, hints_at_no_break_spaces) {
  WebhookServer server;

  const RawAnswer answer = server.post("{\n\xc2\xa0\xc2\xa0\"a\": 1}");

  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(contains(answer.body, "\"line\":2,\"column\":1")) << answer.body;
  EXPECT_TRUE(contains(answer.body, "\"hint\":\"")) << answer.body;
}

TEST(Intake, refuses_an_empty_body) {
  WebhookServer server;

  const RawAnswer answer = server.post("");

  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(contains(answer.body, "\"line\":1,\"column\":1")) << answer.body;
}

TEST(Intake, keeps_secrets_out_of_the_journal) {
  WebhookServer server;

  EXPECT_EQ(server
                .post("{\"test\":true}",
                      "AUTHORIZATION: Bearer s3cret\r\nCookie: a=s3cret\r\nX-Other: kept\r\n"
                      "Proxy-Authorization: s3cret\r\n")
                .status,
            202);

  const Result<EventDetail> stored = server.journal().event("1");
  ASSERT_TRUE(stored.ok());
  int redacted_count = 0;
  bool is_other_kept = false;
  for (const auto &[name, value] : stored->headers) {
    EXPECT_FALSE(contains(value, "s3cret")) << name;
    if (value == "[redacted]") ++redacted_count;
    if (name == "X-Other" && value == "kept") is_other_kept = true;
  }
  EXPECT_EQ(redacted_count, 3);
  EXPECT_TRUE(is_other_kept);
}

TEST(Intake, asks_to_come_again_when_the_journal_is_full_or_broken) {
  WebhookServer server;

  server.journal().fail_appends(Error{Kind::full, "append: disk full"});
  const RawAnswer full = server.post("{\"test\":true}");
  server.journal().fail_appends(Error{Kind::unavailable, "append: I/O error"});
  const RawAnswer broken = server.post("{\"test\":true}");
  const RawAnswer healed = server.post("{\"test\":true}");

  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.header("Retry-After"), "30");
  EXPECT_EQ(broken.status, 503);
  EXPECT_EQ(broken.header("Retry-After"), "5");
  EXPECT_EQ(healed.status, 202);
  EXPECT_EQ(server.journal().newest(), 1);
  ASSERT_EQ(server.arrivals().size(), 2U) << "one for both failures";
  EXPECT_EQ(server.arrivals()[0].what, Arrival::What::unavailable);
  EXPECT_EQ(server.arrivals()[0].reason, "append: disk full");
  EXPECT_EQ(server.lines().size(), 1U) << "one line for both failures";
}

TEST(Intake, stores_bytes_exactly_as_they_came) {
  WebhookServer server;
  const std::string body = " \r\n{\"text\":\"caf\xc3\xa9 \\u0000 \\ud800\", \"n\":1.50e3}\t";

  EXPECT_EQ(server.post(body).status, 202);

  const Result<EventDetail> stored = server.journal().event("1");
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->body, body);
}

}  // namespace
}  // namespace bellhop::core
