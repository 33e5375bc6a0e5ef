// SPDX-License-Identifier: Apache-2.0
// A Slack of our own on loopback: chat.postMessage, chat.update, conversations.history and .replies, auth.test and an
// incoming webhook, as the public documentation describes them. Strict: the token, the content type, every argument and
// block by name, Block Kit's limits; and no text of a stranger may call anybody.
#pragma once

#include <rapidjson/document.h>

#include <map>
#include <string>
#include <vector>

#include "vendor.hpp"

namespace bellhop::test {

class SlackVendor {
 public:
  struct Message {
    std::string channel, thread_ts;  // "" = begins a thread
    std::string text, body;          // the fallback, and all arguments as they came last
    std::string metadata;            // JSON, "" = none
    int updates_count = 0;
  };

  SlackVendor();
  std::string api_url() const { return server_.url("/api/"); }
  std::string webhook_url() const { return server_.url("/services/T0/B0/s3cr3t"); }

  void fail_by(FaultPlan plan) { plan_ = std::move(plan); }
  // The next request gets this and nothing is done.
  void answer_next(int status, const std::string &body, const std::string &more_headers = "");
  void forbid_reading() { may_read_ = false; }        // the token lacks the scope
  void page_by(std::size_t count) { page_ = count; }  // messages on a page at most, whatever is asked for
  // Somebody else's message in a channel.
  void add_message(const std::string &channel, const std::string &text) {
    messages_[next_ts()] = {channel, "", text, "", "", 0};
  }
  void remove_message(const std::string &ts) { messages_.erase(ts); }

  const std::map<std::string, Message> &messages() const { return messages_; }  // by ts, webhook's too
  std::vector<std::string> roots() const;                                       // ts of those that begin a thread
  std::vector<std::string> posted_roots() const;                                // without somebody else's
  std::vector<std::string> replies_to(const std::string &ts) const;             // ts
  const std::vector<std::string> &complaints() const { return complaints_; }    // what no Slack would take
  std::size_t requests_count() const { return requests_count_; }

 private:
  using Request = core::RecordedRequest;
  std::vector<core::ServerStep> take(const Request &request);
  std::string answer(const Request &request);
  std::string api(const Request &request, const std::string &method, const rapidjson::Document &body);
  std::string refuse(const std::string &error, const std::string &why);
  std::string read(const Request &request, const std::string &method);
  std::string next_ts();

  FaultPlan plan_;
  std::vector<std::string> next_answers_;
  std::map<std::string, Message> messages_;
  std::vector<std::string> complaints_;
  std::size_t requests_count_ = 0;
  int next_ts_ = 1;
  bool may_read_ = true;
  std::size_t page_ = 1'000;
  core::WaywardServer server_;  // the last member: its threads use all the others
};

}  // namespace bellhop::test
