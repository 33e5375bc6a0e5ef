// SPDX-License-Identifier: Apache-2.0
#include "admin/monitor.hpp"

#include <gtest/gtest.h>

#include "admin/fixture.hpp"

namespace bellhop::core {
namespace {

HttpRequest request(const std::string &method, const std::string &path) {
  HttpRequest out;
  out.method = method;
  out.target = out.path = path;
  return out;
}

TEST(Monitor, metrics_are_a_page_of_text_that_nobody_caches) {
  FrontDesk desk;
  desk.control.metrics_ = "# HELP a b.\n";

  const HttpAnswer answer = desk.api.on_request(request("GET", "/metrics"));

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(answer.body, "# HELP a b.\n");
}

TEST(Monitor, a_daemon_that_is_well_says_ok) {
  FrontDesk desk;

  const HttpAnswer answer = desk.api.on_request(request("GET", "/health"));

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"status\":\"ok\",\"live\":true,\"ready\":true,\"reasons\":[]}\n");
}

TEST(Monitor, a_held_instance_degrades_it_and_webhooks_that_are_not_stored_make_it_not_ready) {
  FrontDesk desk;
  desk.control.health_.reasons = {"instance crm is held: the \"login\" was revoked"};

  const HttpAnswer degraded = desk.api.on_request(request("GET", "/health"));
  desk.control.health_.is_ready = false;
  const HttpAnswer failing = desk.api.on_request(request("GET", "/health"));

  EXPECT_EQ(degraded.status, 200);
  EXPECT_EQ(degraded.body,
            "{\"status\":\"degraded\",\"live\":true,\"ready\":true,\"reasons\":[\"instance crm is held: the "
            "\\\"login\\\" was revoked\"]}\n");
  EXPECT_EQ(failing.status, 503);
  EXPECT_NE(failing.body.find("\"ready\":false"), std::string::npos);
}

TEST(Monitor, takes_get_only_and_leaves_other_paths_alone) {
  FrontDesk desk;

  EXPECT_EQ(monitor_answer(desk.control, request("POST", "/metrics"))->status, 405);
  EXPECT_EQ(monitor_answer(desk.control, request("HEAD", "/health"))->status, 200);
  EXPECT_FALSE(monitor_answer(desk.control, request("GET", "/v1/status")));
  EXPECT_FALSE(monitor_answer(desk.control, request("GET", "/metrics/")));
}

}  // namespace
}  // namespace bellhop::core
