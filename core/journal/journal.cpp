// SPDX-License-Identifier: Apache-2.0
// The words for the journal's enums.
#include "journal/journal.hpp"

namespace bellhop::core {

std::string_view text_of(DeliveryState state) {
  switch (state) {
    case DeliveryState::waiting:
      return "waiting";
    case DeliveryState::delivered:
      return "delivered";
    case DeliveryState::dead:
      return "dead";
    case DeliveryState::dropped:
      return "dropped";
  }
  return "unknown";
}

std::string_view text_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::skip:
      return "skip";
    case Verdict::retry:
      return "retry";
    case Verdict::fail:
      return "fail";
    case Verdict::hold:
      return "hold";
  }
  return "unknown";
}

}  // namespace bellhop::core
