// SPDX-License-Identifier: Apache-2.0
// The vendor's two words for what happened → our event type. One table of spelling variants for both dialects; words
// that are in no table are passed on as they are when they are fit to be a type, so nothing the vendor invents is lost.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bellhop::core {

struct EventType {
  std::string noun;    // [a-z0-9_]{1,64}
  std::string action;  // the same; "unknown" when the vendor's word is not fit
  std::string text() const { return noun + "." + action; }
};

// "Booking" and "Cancelled" → booking, canceled. [any]
EventType event_type_of(std::string_view vendor_noun, std::string_view vendor_action);

// The subject of a noun's id: "booking/17"; an id that is too long or holds control bytes is replaced by its digest.
// [any]
std::string subject_of(std::string_view noun, std::string_view id);

}  // namespace bellhop::core
