// SPDX-License-Identifier: Apache-2.0
// Link: requests to the one address of the settings, and answers as JSON. What the drivers share, and no vendor's word.
#pragma once

#include <bellhop/http.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "answer.hpp"

namespace crm {

struct Reply {
  Said said;
  std::shared_ptr<bellhop::JsonDocument> document;  // shared by copies of the Reply: an Outcome may carry one on
  std::string body;
  std::string location;  // the header

  bellhop::Json root() const { return document ? document->root() : bellhop::Json(); }
};

class Link {
 public:
  // url: without a slash at its end
  Link(const bellhop::Context &context, std::string url, std::string limit, std::int64_t timeout_ms);

  const std::string &url() const { return url_; }
  std::int64_t now_ms() const { return host_->now_ms(host_); }

  // The path begins with '/'. A body that is not empty is JSON unless a header says otherwise.
  Reply send(const std::string &method, const std::string &path, const std::string &body,
             std::vector<bellhop::Header> headers) const;
  Reply send_to(const std::string &method, const std::string &url, const std::string &body,
                std::vector<bellhop::Header> headers) const;

 private:
  const bhp_host *host_;
  const bhp_json_v1 *json_;
  bellhop::Http http_;
  const std::string url_;
  const std::int64_t timeout_ms_;
};

// A vendor's sentence as part of ours.
std::string shown(std::string_view text);

}  // namespace crm
