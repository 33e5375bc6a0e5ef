// SPDX-License-Identifier: Apache-2.0
// slack against somebody else's Slack (npm emulate), directly and behind an nginx that lets through so many requests a
// second, as Slack does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <fstream>
#include <memory>

#include "interop/npm_folder.hpp"
#include "interop/served_program.hpp"
#include "support/plugin_street.hpp"

namespace bellhop::test {
namespace {

using namespace interop;

using testing::HasSubstr;

const std::string general = "C000000001";  // emulate's own
const std::string confirmed = "legacy_booking_full.assumed.json", moved = "legacy_booking_rescheduled.assumed.json",
                  canceled = "legacy_booking_canceled.assumed.json";

class SlackEmulate : public testing::Test {
 protected:
  void SetUp() override {
    BELLHOP_NEEDS_NPM();
    slack_ = std::make_unique<ServedProgram>(
        std::vector<std::string>{npm_folder().node(), npm_folder().module("emulate/dist/index.js"), "start", "-s",
                                 "slack", "-p", std::to_string(port_)},
        port_, directory_.path() / "slack.log");
    ASSERT_TRUE(slack_->is_ready()) << slack_->said();
  }
  static std::string settings(int port) {
    return R"({"token":"xoxb-s3cr3t","channel":")" + general + R"(","api_url":"http://127.0.0.1:)" +
           std::to_string(port) + "/api/\"}";
  }
  rapidjson::Document ask(const std::string &method, const std::string &arguments) const {
    const Ran ran = run(
        {"curl", "-sS", "-H", "Authorization: Bearer xoxb-other", "-H", "Content-Type: application/json; charset=utf-8",
         "-d", arguments, "http://127.0.0.1:" + std::to_string(port_) + "/api/" + method},
        directory_.path());
    rapidjson::Document document;
    document.Parse(ran.output.c_str());
    EXPECT_TRUE(document.IsObject() && document["ok"].GetBool()) << ran.output;
    return document;
  }
  // The booking's message, its text as it is now, and the answers in its thread.
  void expect_one_thread(const std::string &text, std::size_t replies_count) const {
    const rapidjson::Document history = ask("conversations.history", R"({"channel":")" + general + "\"}");
    std::vector<std::string> roots;
    for (const auto &message : history["messages"].GetArray()) {
      const std::string ts = message["ts"].GetString();
      if (message.HasMember("thread_ts") && message["thread_ts"].GetString() != ts) continue;
      if (!message.HasMember("blocks")) continue;  // emulate's own greeting
      roots.push_back(ts);
      EXPECT_THAT(message["text"].GetString(), HasSubstr(text));
    }
    ASSERT_EQ(roots.size(), 1U);
    const rapidjson::Document replies =
        ask("conversations.replies", R"({"channel":")" + general + R"(","ts":")" + roots[0] + "\"}");
    EXPECT_EQ(replies["messages"].Size(), 1 + replies_count);
  }

  TemporaryDirectory directory_{"interop"};
  const int port_ = free_port();
  std::unique_ptr<ServedProgram> slack_;
};

TEST_F(SlackEmulate, a_bookings_life_is_one_message_and_one_thread) {
  PluginStreet street({BELLHOP_PLUGIN_DIR "/slack.so", settings(port_)});
  ASSERT_EQ(street.ask(core::Question::What::health).answers.at(0).code, BHP_OK);

  for (const std::string &file : {confirmed, moved, canceled}) {
    const core::PluginAnswer answer = street.deliver(payload_text(file));
    EXPECT_EQ(answer.code, BHP_OK) << answer.message << slack_->said();
  }

  expect_one_thread("Booking canceled", 2);
}

TEST_F(SlackEmulate, a_rate_limit_is_obeyed_and_nothing_is_posted_twice) {
  if (run({"/usr/sbin/nginx", "-v"}, directory_.path()).code != 0) GTEST_SKIP() << "nginx is not installed";
  const int port = free_port();
  const std::string folder = directory_.path();
  std::ofstream(directory_.path() / "nginx.conf")
      << "daemon off;\nmaster_process off;\npid " << folder << "/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\n"
      << "  access_log off;\n  client_body_temp_path " << folder << "/body;\n  proxy_temp_path " << folder
      << "/proxy;\n"
      << "  fastcgi_temp_path " << folder << "/f;\n  uwsgi_temp_path " << folder << "/u;\n  scgi_temp_path " << folder
      << "/s;\n  limit_req_zone $binary_remote_addr zone=slack:1m rate=2r/s;\n  server {\n    listen 127.0.0.1:" << port
      << ";\n"
      << "    location / {\n      limit_req zone=slack;\n      limit_req_status 429;\n      error_page 429 = @busy;\n"
      << "      proxy_pass http://127.0.0.1:" << port_ << ";\n    }\n    location @busy {\n"
      << "      add_header Retry-After 1 always;\n      return 429 '{\"ok\":false,\"error\":\"rate_limited\"}';\n    "
         "}\n  }\n}\n";
  const ServedProgram nginx({"/usr/sbin/nginx", "-p", folder, "-c", folder + "/nginx.conf"}, port,
                            directory_.path() / "nginx.log");
  ASSERT_TRUE(nginx.is_ready()) << nginx.said();
  PluginStreet street({BELLHOP_PLUGIN_DIR "/slack.so", settings(port)});

  int refused_count = 0;
  for (const std::string &file : {confirmed, moved, canceled}) {
    core::PluginAnswer answer = street.deliver(payload_text(file));
    for (std::uint32_t attempt = 2; answer.code == BHP_RETRY && attempt < 10'000; ++attempt) {
      EXPECT_EQ(answer.retry_after_ms, 1'000) << answer.message;
      ++refused_count;
      answer = street.deliver(payload_text(file), {BHP_EV_REDELIVERY, attempt});  // sooner than it was told to
    }
    EXPECT_EQ(answer.code, BHP_OK) << answer.message << nginx.said();
  }

  EXPECT_GT(refused_count, 0);
  expect_one_thread("Booking canceled", 2);
}

}  // namespace
}  // namespace bellhop::test
