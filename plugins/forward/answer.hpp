// SPDX-License-Identifier: Apache-2.0
// What an answer to a forwarded event means. A receiver of webhooks says little: the status is all there is.
#pragma once

#include <bellhop/http.hpp>

namespace forward {

//   2xx                      delivered
//   3xx                      HOLD: the URL has moved; nothing is sent to where a stranger points
//   401 403 404 405 410      HOLD: a wrong or switched off URL is wrong for every event (n8n answers 404 while a
//   workflow
//                            is inactive; 410 is the specification's word for "send no more")
//   413                      FAIL: this event is too large for it
//   everything else          RETRY, as the specification asks; 429 and 503 with their Retry-After
bellhop::Verdict verdict_of(const bellhop::Response &answer);

}  // namespace forward
