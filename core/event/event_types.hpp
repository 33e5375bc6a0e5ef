// SPDX-License-Identifier: Apache-2.0
// The words of which event types are made. A source may pass on words that are not here, since a vendor may invent
// some; a config that names one of those most likely has a slip.
#pragma once

#include <array>
#include <string_view>

namespace bellhop::core {

inline constexpr std::string_view ping_type = "ping";
inline constexpr std::array<std::string_view, 5> known_nouns{"booking", "attendee", "meeting_type", "member", "field"};
inline constexpr std::array<std::string_view, 14> known_actions{
    "confirmed", "scheduled", "approved", "canceled", "rescheduled", "reassigned", "declined",
    "requested", "tagged",    "untagged", "reminded", "created",     "updated",    "deleted"};

}  // namespace bellhop::core
