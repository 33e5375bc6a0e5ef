// SPDX-License-Identifier: Apache-2.0
#include "egress/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bellhop::core {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string fault_of(HttpCall call) {
  const Result<void> checked = check_request(call);
  return checked ? "" : checked.error().sentence;
}

TEST(Request, is_written_with_the_daemons_framing) {
  const HttpCall call{"POST", "", {{"Content-Type", "application/json"}}, "{}", 0, ""};
  const Url url = Url::parse("https://api.example.org/v3?x=1").value();

  const std::string head = request_head(call, url, Form::origin);

  EXPECT_THAT(head, StartsWith("POST /v3?x=1 HTTP/1.1\r\nHost: api.example.org\r\nUser-Agent: Bellhop/"));
  EXPECT_THAT(head, EndsWith("\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"));
}

TEST(Request, to_a_proxy_names_the_whole_url) {
  const HttpCall call{"GET", "", {{"User-Agent", "mine"}}, "", 0, ""};

  EXPECT_EQ(request_head(call, Url::parse("http://a.example:81/x").value(), Form::absolute),
            "GET http://a.example:81/x HTTP/1.1\r\nHost: a.example:81\r\nUser-Agent: mine\r\n\r\n");
}

TEST(Request, that_could_become_two_is_refused) {
  EXPECT_EQ(fault_of({"GET", "", {{"A", "b"}}, "", 0, ""}), "");
  EXPECT_THAT(fault_of({"get", "", {}, "", 0, ""}), HasSubstr("method"));
  EXPECT_THAT(fault_of({"GET /x", "", {}, "", 0, ""}), HasSubstr("method"));
  EXPECT_THAT(fault_of({"CONNECT", "", {}, "", 0, ""}), HasSubstr("not allowed"));
  EXPECT_THAT(fault_of({"GET", "", {{"A", "b\r\nHost: c"}}, "", 0, ""}), HasSubstr("control byte"));
  EXPECT_THAT(fault_of({"GET", "", {{"A: b\r\nC", "d"}}, "", 0, ""}), HasSubstr("no token"));
  EXPECT_THAT(fault_of({"GET", "", {{"", "d"}}, "", 0, ""}), HasSubstr("no token"));
  for (const char *name : {"host", "Content-length", "Transfer-Encoding", "Connection", "Expect", "Accept-Encoding"}) {
    EXPECT_THAT(fault_of({"GET", "", {{name, "x"}}, "", 0, ""}), HasSubstr("the daemon's to set")) << name;
  }
  EXPECT_THAT(fault_of({"GET", "", HttpFields(65, {"A", "b"}), "", 0, ""}), HasSubstr("64"));
  EXPECT_THAT(fault_of({"GET", "", {{"A", std::string(40'000, 'a')}}, "", 0, ""}), HasSubstr("32 KiB"));
}

TEST(Request, is_repeatable_only_when_twice_is_once) {
  for (const char *method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "REPORT"}) {
    EXPECT_TRUE(is_repeatable({method, "", {}, "", 0, ""})) << method;
  }
  EXPECT_FALSE(is_repeatable({"POST", "", {}, "", 0, ""}));
  EXPECT_FALSE(is_repeatable({"PATCH", "", {}, "", 0, ""}));
  EXPECT_FALSE(is_repeatable({"PUT", "", {{"if-none-match", "*"}}, "", 0, ""}));
}

}  // namespace
}  // namespace bellhop::core
