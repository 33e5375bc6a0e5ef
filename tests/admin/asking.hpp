// SPDX-License-Identifier: Apache-2.0
// Asks the admin API of a FrontDesk and reads its answers, for the tests of this room.
#pragma once

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "admin/fixture.hpp"

namespace bellhop::core {

inline HttpRequest request_of(const std::string &method, const std::string &target, const std::string &body = "") {
  HttpRequest request;
  request.method = method;
  request.target = target;
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  request.query = mark == std::string::npos ? "" : target.substr(mark + 1);
  request.body = body;
  return request;
}

class Admin : public testing::Test {
 protected:
  HttpAnswer get(const std::string &target) { return desk.api.on_request(request_of("GET", target)); }
  HttpAnswer post(const std::string &target, const std::string &body = "") {
    return desk.api.on_request(request_of("POST", target, body));
  }
  // The body of an answer that must be a JSON object with this status.
  rapidjson::Document parsed(const HttpAnswer &answer, int status = 200) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.content_type, status == 200 ? "application/json" : "application/problem+json");
    rapidjson::Document document;
    document.Parse(answer.body.data(), answer.body.size());
    EXPECT_TRUE(document.IsObject()) << answer.body;
    if (!document.IsObject()) document.SetObject();
    return document;
  }
  std::string detail(const HttpAnswer &answer, int status) {
    const rapidjson::Document document = parsed(answer, status);
    return document.HasMember("detail") ? document["detail"].GetString() : "";
  }

  FrontDesk desk;
};

inline std::vector<std::string> names_in(const rapidjson::Value &rows, const char *member) {
  std::vector<std::string> names;
  for (const auto &row : rows.GetArray()) names.emplace_back(row[member].GetString());
  return names;
}

}  // namespace bellhop::core
