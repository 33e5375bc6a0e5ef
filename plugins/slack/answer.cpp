// SPDX-License-Identifier: Apache-2.0
#include "answer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "text.hpp"

namespace slack {
namespace {

using bellhop::Response;
using bellhop::Verdict;

constexpr std::size_t word_bytes_max = 64, shown_units_max = 200;

constexpr std::array<std::string_view, 27> destination_is_wrong{"no_service",
                                                                "no_service_id",
                                                                "no_active_hooks",
                                                                "no_team",
                                                                "team_disabled",
                                                                "invalid_token",
                                                                "channel_not_found",
                                                                "channel_is_archived",
                                                                "is_archived",
                                                                "action_prohibited",
                                                                "not_authed",
                                                                "posting_to_general_channel_denied",
                                                                "invalid_auth",
                                                                "account_inactive",
                                                                "token_revoked",
                                                                "missing_scope",
                                                                "token_expired",
                                                                "no_permission",
                                                                "org_login_required",
                                                                "ekm_access_denied",
                                                                "not_in_channel",
                                                                "access_denied",
                                                                "not_allowed_token_type",
                                                                "team_access_not_granted",
                                                                "two_factor_setup_required",
                                                                "restricted_action",
                                                                "cannot_dm_bot"};

constexpr std::array<std::string_view, 14> message_is_wrong{
    "invalid_payload",     "no_text",           "msg_too_long",          "too_many_attachments",
    "user_not_found",      "invalid_blocks",    "invalid_blocks_format", "metadata_too_large",
    "invalid_arguments",   "invalid_arg_name",  "invalid_array_arg",     "message_not_found",
    "cant_update_message", "edit_window_closed"};

// It broke on the way: something may have been done.
constexpr std::array<std::string_view, 4> nobody_knows{"internal_error", "fatal_error", "service_unavailable",
                                                       "request_timeout"};

template <std::size_t N>
bool has(const std::array<std::string_view, N> &words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The body when it is one of Slack's words, "" when it is a page of somebody else's.
std::string word_of(std::string_view body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r' || body.back() == ' ')) body.remove_suffix(1);
  const bool is_word = !body.empty() && body.size() <= word_bytes_max &&
                       body.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == body.npos;
  return is_word ? std::string(body) : std::string();
}

Verdict verdict_of_word(const Response &response, const std::string &error) {
  const std::string sentence = "Slack says " + error + " (" + response.sentence + ")";
  switch (code_of(error)) {
    case BHP_HOLD:
      return Verdict::hold(sentence, response.retry_after_ms);
    case BHP_FAIL:
      return Verdict::fail(sentence);
    default:
      return Verdict::retry(sentence, response.retry_after_ms);
  }
}

// Without a word of Slack's own: by the status alone.
Verdict verdict_of_status(const Response &response) {
  const std::string sentence =
      response.sentence + (response.body.empty() ? "" : ": " + cut(response.body, shown_units_max));
  const int status = response.status;
  if (status == 429 || status == 408 || status >= 500) return Verdict::retry(sentence, response.retry_after_ms);
  if (status == 400 || status == 413) return Verdict::fail(sentence);
  return Verdict::hold(sentence, response.retry_after_ms);  // 3xx, 401, 403, 404, 410: wrong for every event
}

}  // namespace

std::int32_t code_of(std::string_view error) {
  if (has(destination_is_wrong, error)) return BHP_HOLD;
  constexpr std::string_view blocks = "invalid_blocks";
  if (has(message_is_wrong, error) || error.substr(0, blocks.size()) == blocks) return BHP_FAIL;
  return BHP_RETRY;
}

Answer read_webhook(const Response &response) {
  Answer answer;
  if (response.error != 0) {
    answer.verdict = response.verdict();
    return answer;
  }
  answer.error = word_of(response.body);
  // "ok"; workflow webhooks say nothing, Rocket.Chat {"success":true}.
  if (response.ok() && (answer.error.empty() || answer.error == "ok")) {
    answer.error.clear();
    answer.verdict = Verdict::ok();
  } else if (!answer.error.empty() && answer.error != "ok") {
    answer.verdict = verdict_of_word(response, answer.error);
  } else {
    answer.verdict = verdict_of_status(response);
  }
  return answer;
}

Answer read_web_api(const Response &response, const bellhop::Json &root) {
  Answer answer;
  if (response.error != 0) {
    answer.verdict = response.verdict();
    return answer;
  }
  if (root["ok"].boolean()) {
    answer.channel = root["channel"].str();
    answer.ts = root["ts"].str();
    answer.verdict = Verdict::ok();
    return answer;
  }
  answer.error = word_of(root["error"].text());
  answer.is_refused = answer.error.empty() ? response.status >= 400 && response.status < 500 && response.status != 408
                                           : !has(nobody_knows, answer.error);
  if (answer.error.empty()) {
    answer.verdict = response.ok() ? Verdict::retry(response.sentence + ": this is no answer of Slack's Web API")
                                   : verdict_of_status(response);
    return answer;
  }
  Response asked = response;  // 429 says {"retry_after":1,"ok":false,"error":"rate_limited"}
  if (asked.retry_after_ms == 0) asked.retry_after_ms = std::max<int64_t>(root["retry_after"].integer(), 0) * 1'000;
  answer.verdict = verdict_of_word(asked, answer.error);
  return answer;
}

}  // namespace slack
