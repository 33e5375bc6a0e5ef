// SPDX-License-Identifier: Apache-2.0
#include "answer.hpp"

namespace forward {

using bellhop::Verdict;

Verdict verdict_of(const bellhop::Response &answer) {
  if (answer.error != 0 || answer.ok()) return answer.verdict();
  switch (answer.status) {
    case 401:
    case 403:
      return Verdict::hold(answer.sentence + ": the receiver does not accept our credentials; check url and secrets",
                           answer.retry_after_ms);
    case 404:
    case 405:
      return Verdict::hold(answer.sentence + ": nobody takes webhooks at this URL now; is the workflow active?",
                           answer.retry_after_ms);
    case 410:
      return Verdict::hold(answer.sentence + ": the receiver wants no more events; set enabled = false or another url",
                           answer.retry_after_ms);
    case 413:
      return Verdict::fail(answer.sentence + ": the event is too large for the receiver");
    default:
      break;
  }
  if (answer.status / 100 == 3) {
    const std::string_view location = answer.header("Location");
    return Verdict::hold(answer.sentence + ": the receiver has moved" +
                         (location.empty() ? std::string() : " to " + std::string(location.substr(0, 200))) +
                         "; redirects are not followed, write the new address into url");
  }
  return Verdict::retry(answer.sentence, answer.retry_after_ms);
}

}  // namespace forward
