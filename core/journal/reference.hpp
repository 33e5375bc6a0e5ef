// SPDX-License-Identifier: Apache-2.0
// Reference: how people name an event ("4711", "9f86d0", the 32 digits of its id), and the glob with which they ask for
// types. Pure; both journals answer Inspect with these, so that they agree.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "event/event.hpp"

namespace bellhop::core {

inline constexpr std::size_t reference_digits_min = 6;  // of an id's prefix: 16 million prefixes

struct Reference {
  std::optional<Seq> seq;  // the text read as decimal
  std::string id_prefix;   // the text read as the beginning of an id, lower case; "" when it cannot be one

  // Ids that begin with id_prefix have id keys in [low, high].
  std::int64_t low = 0, high = 0;

  bool fits(const EventId &id) const;
};

//   errors    invalid: neither
Result<Reference> parse_reference(std::string_view text);

// The first 8 bytes of an id, big-endian: the compact key of the duplicate index. Two ids may share it.
std::int64_t id_key(const EventId &id);

// '*' stands for any run of characters, everything else for itself; "" matches all.
bool matches_glob(std::string_view glob, std::string_view text);

}  // namespace bellhop::core
