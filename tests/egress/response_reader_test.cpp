// SPDX-License-Identifier: Apache-2.0
#include "egress/response_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bellhop::core {
namespace {

using testing::HasSubstr;

struct Outcome {
  Progress progress = Progress::need_more;
  HttpFailure failure = HttpFailure::none;
  std::string sentence, body;
  int status = 0;
  bool keeps_alive = false;
};

// The answer in pieces of `piece` bytes, then, if it is not complete, the end of the connection.
Outcome read(const std::string &bytes, std::size_t piece, const char *method = "GET", ResponseLimits limits = {}) {
  ResponseReader reader(method, limits);
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size() && outcome.progress == Progress::need_more; at += piece) {
    outcome.progress = reader.advance(std::string_view(bytes).substr(at, piece));
  }
  if (outcome.progress == Progress::need_more) outcome.progress = reader.end();
  outcome.failure = reader.fault().failure;
  outcome.sentence = reader.fault().sentence;
  outcome.body = reader.body();
  outcome.status = reader.status();
  outcome.keeps_alive = reader.keeps_alive();
  return outcome;
}

TEST(ResponseReader, reads_whole_answers_however_they_are_cut) {
  struct Row {
    const char *bytes, *body;
    int status;
    bool keeps_alive;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 200, true},
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "", 200, true},
      {"HTTP/1.1 404 \r\nContent-Length:2\r\n\r\nno", "no", 404, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n", "abcde",
       200, true},
      {"HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n", "", 204, true},
      {"HTTP/1.1 304 No\r\n\r\n", "", 304, true},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end", 200, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "x", 200, false},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", "x", 200, true},
      {"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\nx", "x", 200, false},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 302 Found\r\nLocation: "
       "http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
       "", 302, true},
  };
  for (const Row &row : rows) {
    for (const std::size_t piece : {std::size_t(1), std::size_t(2), std::size_t(7), std::size_t(10'000)}) {
      SCOPED_TRACE(std::string(row.bytes) + " in pieces of " + std::to_string(piece));
      const Outcome outcome = read(row.bytes, piece);
      EXPECT_EQ(outcome.progress, Progress::complete) << outcome.sentence;
      EXPECT_EQ(outcome.body, row.body);
      EXPECT_EQ(outcome.status, row.status);
      EXPECT_EQ(outcome.keeps_alive, row.keeps_alive);
    }
  }
}

TEST(ResponseReader, says_that_something_is_not_http_however_long_it_is_and_however_it_is_cut) {
  ResponseLimits small;
  small.header_bytes_max = 100;
  const std::string bytes = "SSH-2.0-" + std::string(500, 'x') + "\r\n";
  for (const std::size_t piece : {std::size_t(1), std::size_t(7), std::size_t(10'000)}) {
    const Outcome outcome = read(bytes, piece, "GET", small);
    EXPECT_EQ(outcome.failure, HttpFailure::connect) << piece;
    EXPECT_THAT(outcome.sentence, HasSubstr("is not HTTP/1.1")) << piece;
  }
}

TEST(ResponseReader, refuses_what_is_not_whole_or_not_clear) {
  const std::pair<const char *, const char *> rows[] = {
      {"", "closed without an answer"},
      {"HTTP/1.1 200 OK\r\nContent-Le", "in the middle of the answer's head"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "5 bytes of its body are missing"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "last chunk is missing"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n", "damaged"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "more than once"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "more than once"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "no number"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "no number"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "no number"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "not plain chunked"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "not plain chunked"},
      {"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "lacks its CR"},
      {"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "header line"},
      {"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", "header name"},
      {"HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n", "control byte"},
      {"HTTP/1.1 20 OK\r\n\r\n", "status line"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "status line"},
      {"HTTP/1.1 999 OK\r\n\r\n", "status line"},
      {"HTTP/2 200\r\n\r\n", "not HTTP/1.1"},
      {"SSH-2.0-OpenSSH\r\n", "not HTTP/1.1"},
      {"HTTP/1.1 101 Switching\r\n\r\n", "another protocol"},
  };
  for (const auto &[bytes, wanted] : rows) {
    for (const std::size_t piece : {std::size_t(1), std::size_t(10'000)}) {
      SCOPED_TRACE(bytes);
      const Outcome outcome = read(bytes, piece);
      EXPECT_EQ(outcome.progress, Progress::refused);
      EXPECT_EQ(outcome.failure, HttpFailure::connect);
      EXPECT_THAT(outcome.sentence, HasSubstr(wanted));
    }
  }
}

TEST(ResponseReader, ends_at_its_limits) {
  const ResponseLimits small{.header_bytes_max = 100, .header_fields_max = 3, .body_bytes_max = 4};
  for (const char *bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n\r\n"}) {
    EXPECT_EQ(read(bytes, 1, "GET", small).failure, HttpFailure::too_large) << bytes;
  }
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nA: " + std::string(200, 'a'), 1, "GET", small).failure, HttpFailure::too_large);
  std::string interim;
  for (int i = 0; i < 9; ++i) interim += "HTTP/1.1 100 C\r\n\r\n";
  EXPECT_THAT(read(interim, 50).sentence, HasSubstr("interim"));
}

TEST(ResponseReader, expects_no_body_after_head_and_does_not_reuse_after_surplus) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 3, "HEAD").progress, Progress::complete);
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n", 10'000).keeps_alive);
}

TEST(ResponseReader, reads_how_long_the_server_keeps_the_connection) {
  ResponseReader reader("GET", {});
  ASSERT_EQ(reader.advance("HTTP/1.1 204 OK\r\nKeep-Alive: max=3, timeout=15\r\n\r\n"), Progress::complete);
  EXPECT_EQ(reader.keep_alive_s(), 15);
}

}  // namespace
}  // namespace bellhop::core
