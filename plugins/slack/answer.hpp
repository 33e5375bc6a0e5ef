// SPDX-License-Identifier: Apache-2.0
// What Slack's answers mean. Its word stands in the body; the status is only a hint: chat.postMessage says 200 to
// everything, and a webhook's 403 and 404 name their causes in the text.
#pragma once

#include <bellhop/http.hpp>

#include <string>
#include <string_view>

namespace slack {

struct Answer {
  bellhop::Verdict verdict;
  std::string channel, ts;  // of the message, when the Web API said so
  std::string error;        // Slack's word, "" when there is none
  bool is_refused = false;  // it says that nothing was done; false also when nobody knows
};

// The meaning of Slack's word for an error: HOLD when the destination is wrong for every event (no_service,
// invalid_auth, channel_not_found …), FAIL when this message is (invalid_blocks, msg_too_long …), RETRY for the rest.
//   source    Slack, "Incoming webhooks: handling errors" and the error tables of chat.postMessage and chat.update
std::int32_t code_of(std::string_view error);

// Of an incoming webhook, or of one of those that imitate it (Mattermost, Rocket.Chat).
Answer read_webhook(const bellhop::Response &response);
// Of a method of the Web API: `root` is the body as JSON, empty when it is none.
Answer read_web_api(const bellhop::Response &response, const bellhop::Json &root);

}  // namespace slack
