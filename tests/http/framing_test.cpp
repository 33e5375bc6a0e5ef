// SPDX-License-Identifier: Apache-2.0
// The pure parsers: every refusal, at every way of cutting the input into pieces.
#include "http/framing.hpp"

#include <gtest/gtest.h>

#include "http/chunked_body.hpp"
#include "http/request_head.hpp"
#include "http/target.hpp"

namespace bellhop::core {
namespace {

constexpr std::string_view post_head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n";

// 0 when the head is taken, -1 when it wants more, else the status of the refusal; the same however it is cut.
int head_status(const std::string &bytes, HeadLimits limits = {}) {
  const auto outcome = [&](Progress progress, const RequestHead &head) {
    return progress == Progress::complete ? 0 : progress == Progress::need_more ? -1 : head.refusal().status;
  };
  RequestHead whole(limits);
  const int at_once = outcome(whole.advance(bytes), whole);
  RequestHead dripped(limits);
  Progress progress = Progress::need_more;
  for (std::size_t size = 1; size <= bytes.size() && progress == Progress::need_more; ++size)
    progress = dripped.advance(std::string_view(bytes).substr(0, size));
  const int in_pieces = outcome(progress, dripped);
  EXPECT_EQ(at_once, in_pieces) << bytes.substr(0, 200);
  return at_once;
}

TEST(RequestHead, takes_plain_requests) {
  EXPECT_EQ(head_status("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(head_status("GET / HTTP/1.0\r\nHost: a:80\r\n\r\n"), 0);
  EXPECT_EQ(head_status("\r\n\r\nGET /?a=b&c=%20 HTTP/1.1\r\nhost:\t[::1]:80 \t\r\nx: \r\n\r\n"), 0);
  EXPECT_EQ(head_status("GET http://A:80/x?y HTTP/1.1\r\nHost: a:80\r\n\r\n"), 0);
  EXPECT_EQ(head_status(std::string(post_head) + "\r\n"), 0);
}

TEST(RequestHead, keeps_what_it_read) {
  RequestHead head{HeadLimits{}};
  const std::string bytes =
      "PUT /a/b%2e?q HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nX: caf\xc3\xa9 \r\n"
      "Expect: 100-continue\r\nConnection: a , CLOSE\r\n\r\nrest";

  ASSERT_EQ(head.advance(bytes), Progress::complete);

  EXPECT_EQ(head.size(), bytes.size() - 4);
  EXPECT_EQ(head.request().path, "/a/b.");
  EXPECT_EQ(head.request().query, "q");
  EXPECT_EQ(head.request().header("X"), "caf\xc3\xa9");
  EXPECT_EQ(head.body_form(), BodyForm::chunked);
  EXPECT_TRUE(head.expects_continue());
  EXPECT_FALSE(head.keeps_alive());
}

TEST(RequestHead, forgets_everything_at_reset) {
  RequestHead head{HeadLimits{}};
  ASSERT_EQ(head.advance("POST /a?b HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\nX: y\r\n\r\n"), Progress::complete);

  head.reset();

  ASSERT_EQ(head.advance("GET / HTTP/1.1\r\nHost: b\r\n\r\n"), Progress::complete);
  EXPECT_EQ(head.request().headers.size(), 1U);
  EXPECT_EQ(head.request().query, "");
  EXPECT_EQ(head.body_form(), BodyForm::none);
  EXPECT_EQ(head.content_length(), 0);
  EXPECT_TRUE(head.keeps_alive());
}

TEST(RequestHead, refuses_wrong_request_lines) {
  const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const char *line :
       {" GET /",          "GET  /",      "GET",     "GET /\t",      "GET\t/",        "G(T /",
        "GET / x",         "GET x",       "GET *",   "CONNECT a:80", "GET http://b/", "GET http://a",
        "GET //",          "GET /a//b",   "GET /.",  "GET /../x",    "GET /a/./b",    "GET /a/..",
        "GET /%2e%2e/a",   "GET /%",      "GET /%4", "GET /%zz",     "GET /%00",      "GET /%0a",
        "GET /%2f",        "GET /%5C",    "GET /#a", "GET /\"",      "GET /\\",       "GET /\xc3\xa9",
        "GET http://a@a/", "GET ftp://a/"})
    EXPECT_EQ(head_status(line + rest), std::string_view(line) == "GET http://a" ? 0 : 400) << line;
  EXPECT_EQ(head_status("OPTIONS *" + rest), 405);
  EXPECT_EQ(head_status("GET / HTTP/2.0\r\n"), 505);
  EXPECT_EQ(head_status("GET / HTTP/1.2\r\n"), 505);
  EXPECT_EQ(head_status("GET / HTTP/1.1x\r\n"), 400);
  EXPECT_EQ(head_status("GET / http/1.1\r\n"), 400);
  EXPECT_EQ(head_status("GET /\r\n"), 400);
  EXPECT_EQ(head_status(std::string(33, 'A') + " /" + rest), 501);
  EXPECT_EQ(head_status("GET /" + std::string(8000, 'a') + rest), 414);
  EXPECT_EQ(head_status("GET /" + std::string(7999, 'a') + rest), 0);
  EXPECT_EQ(head_status("GET /" + std::string(17'000, 'a')), 414);
  EXPECT_EQ(head_status(std::string(17'000, 'A')), 501);
}

TEST(RequestHead, refuses_wrong_header_lines) {
  const std::string line = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (const char *field : {"x", "x : y", " x: y", ": y", "x\x01: y", "x: \x01", "x: a\rb", "x: \x7f", "(x): y",
                            "x\xc3\xa9: y", "Host: b", "x: y\r\n z"})
    EXPECT_EQ(head_status(line + field + "\r\n\r\n"), 400) << field;
  EXPECT_EQ(head_status(line + "x: y\n\r\n"), 400);
  EXPECT_EQ(head_status(line + std::string("x: \0y\r\n\r\n", 9)), 400);
  EXPECT_EQ(head_status("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
  for (const char *host : {"", "a b", "a/b", "u@h", "a\"b"})
    EXPECT_EQ(head_status(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n"), 400) << host;
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 63; ++i) many += "x: y\r\n";
  EXPECT_EQ(head_status(many + "\r\n"), 0);
  EXPECT_EQ(head_status(many + "x: y\r\n\r\n"), 431);
  EXPECT_EQ(head_status(line + "x: " + std::string(16'400, 'y')), 431);
  EXPECT_EQ(head_status(std::string("\r\n\r\n\r\n\r\n\r\n")), 400);
}

TEST(RequestHead, refuses_every_doubtful_framing) {
  const std::string line = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const char *length : {"", "-1", "+3", "0x3", "1 3", "3,3", "3, 5", "3.0", "\xd9\xa3"})
    EXPECT_EQ(head_status(line + "Content-Length: " + length + "\r\n\r\n"), 400) << length;
  EXPECT_EQ(head_status(std::string(post_head) + "content-length: 3\r\n\r\n"), 400);
  EXPECT_EQ(head_status(std::string(post_head) + "Transfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(head_status(line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(head_status("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  for (const char *coding :
       {"", "identity", "gzip, chunked", "chunked, chunked", "chunked;q=1", "\"chunked\"", "xchunked"})
    EXPECT_EQ(head_status(line + "Transfer-Encoding: " + coding + "\r\n\r\n"), 501) << coding;
  for (const char *method : {"POST", "PUT", "PATCH"})
    EXPECT_EQ(head_status(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n"), 411) << method;
  EXPECT_EQ(head_status(line + "Content-Length: 1048576\r\n\r\n"), 0);
  EXPECT_EQ(head_status(line + "Content-Length: 1048577\r\n\r\n"), 413);
  EXPECT_EQ(head_status(line + "Content-Length: 9999999999999999999999\r\n\r\n"), 413);
  EXPECT_EQ(head_status(std::string(post_head) + "Content-Encoding: gzip\r\n\r\n"), 415);
  EXPECT_EQ(head_status(std::string(post_head) + "Expect: 200-ok\r\n\r\n"), 417);
  for (const char *name : {"Content-Type", "Authorization", "Expect"})
    EXPECT_EQ(head_status(std::string(post_head) + name + ": 100-continue\r\n" + name + ": 100-continue\r\n\r\n"), 400)
        << name;
}

// The decoded body, or the status as text; the same however it is cut.
std::string decoded(const std::string &bytes, std::int64_t body_bytes_max = 1000) {
  std::string results[2];
  for (const std::size_t step : {bytes.size(), std::size_t{1}}) {
    ChunkedBody chunked;
    std::string body;
    Progress progress = Progress::need_more;
    std::size_t at = 0;
    while (at < bytes.size() && progress == Progress::need_more) {
      std::size_t consumed = 0;
      progress = chunked.advance(std::string_view(bytes).substr(at, step), consumed, body, body_bytes_max);
      at += consumed;
    }
    EXPECT_LE(static_cast<std::int64_t>(body.size()), body_bytes_max);
    std::string &result = results[step == 1];
    if (progress == Progress::refused) result = std::to_string(chunked.refusal().status);
    if (progress == Progress::need_more) result = "more";
    if (progress == Progress::complete) result = "'" + body + "'" + bytes.substr(at);
  }
  EXPECT_EQ(results[0], results[1]) << bytes.substr(0, 100);
  return results[0];
}

TEST(ChunkedBody, decodes_what_is_right) {
  EXPECT_EQ(decoded("0\r\n\r\n"), "''");
  EXPECT_EQ(decoded("3\r\nabc\r\n00000002;x;y=\"z\"\r\nde\r\n0;end\r\nA: b\r\nC:\r\n\r\nnext"), "'abcde'next");
  EXPECT_EQ(decoded("3\r\nab"), "more");
  EXPECT_EQ(decoded("3\r\nabc\r\n0\r\n"), "more");
}

TEST(ChunkedBody, refuses_what_is_wrong) {
  for (const char *bytes : {"-1\r\n",
                            "+1\r\n",
                            " 1\r\n",
                            "\r\n",
                            "g\r\n",
                            "1 \r\na",
                            "1\na\n",
                            "1\r\rna",
                            "1\r\nab\r\n",
                            "1\r\naXX",
                            "1\r\na\rX",
                            "1\r\na\n",
                            "000000001\r\na",
                            "1;\x01\r\na",
                            "0\r\nbad\r\n\r\n",
                            "0\r\n: x\r\n\r\n",
                            "0\r\na b: c\r\n\r\n",
                            "0\r\n a: b\r\n\r\n",
                            "0\r\na: \x01\r\n\r\n",
                            "0\r\na: b\rX",
                            "0\r\n\rX"})
    EXPECT_EQ(decoded(bytes), "400") << bytes;
  EXPECT_EQ(decoded("3E9\r\n"), "413");
  EXPECT_EQ(decoded("FFFFFFFF\r\n"), "413");
  EXPECT_EQ(decoded("1;" + std::string(255, 'e') + "\r\na\r\n0\r\n\r\n"), "'a'");
  EXPECT_EQ(decoded("1;" + std::string(256, 'e') + "\r\na\r\n0\r\n\r\n"), "400");
  std::string trailers = "0\r\n";
  for (int i = 0; i < 16; ++i) trailers += "a: b\r\n";
  EXPECT_EQ(decoded(trailers + "\r\n"), "''");
  EXPECT_EQ(decoded(trailers + "a: b\r\n\r\n"), "431");
  EXPECT_EQ(decoded("0\r\na: " + std::string(4100, 'b')), "431");
}

}  // namespace
}  // namespace bellhop::core
