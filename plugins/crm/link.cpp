// SPDX-License-Identifier: Apache-2.0
#include "link.hpp"

#include <algorithm>
#include <utility>

#include "text.hpp"

namespace crm {

namespace {
constexpr std::size_t shown_units_max = 300;
}

Link::Link(const bellhop::Context &context, std::string url, std::string limit, std::int64_t timeout_ms)
    : host_(context.host), json_(context.json), http_(context), url_(std::move(url)), timeout_ms_(timeout_ms) {
  http_.limit(std::move(limit));
}

Reply Link::send(const std::string &method, const std::string &path, const std::string &body,
                 std::vector<bellhop::Header> headers) const {
  return send_to(method, url_ + path, body, std::move(headers));
}

Reply Link::send_to(const std::string &method, const std::string &url, const std::string &body,
                    std::vector<bellhop::Header> headers) const {
  const auto is_type = [](const bellhop::Header &header) { return lower(header.name) == "content-type"; };
  if (!body.empty() && std::none_of(headers.begin(), headers.end(), is_type)) {
    headers.push_back({"Content-Type", "application/json"});
  }
  const bellhop::Response response = http_.send({method, url, body, std::move(headers), timeout_ms_, {}});
  Reply reply;
  reply.said.sentence = response.sentence;
  if (response.error != 0) {
    reply.said.transport = response.verdict();
    return reply;
  }
  reply.said.status = response.status;
  reply.said.retry_after_ms = response.retry_after_ms;
  reply.body = response.body;
  reply.location = std::string(response.header("Location"));
  if (!response.body.empty()) reply.document = std::make_shared<bellhop::JsonDocument>(host_, json_, response.body);
  return reply;
}

std::string shown(std::string_view text) { return cut(text, shown_units_max); }

}  // namespace crm
