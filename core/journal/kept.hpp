// SPDX-License-Identifier: Apache-2.0
// Kept: the rules of what instances keep (keys, documents) and of what is kept of attempts, as pure functions; both
// journals use them. How much: quotas are per instance, sizes are those of KeptBytes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "event/staged.hpp"
#include "journal/inspect.hpp"
#include "journal/journal.hpp"

namespace bellhop::core {

inline constexpr std::int64_t kv_bytes_max = 64 << 20;         // of one instance
inline constexpr std::int64_t documents_bytes_max = 64 << 20;  // of one instance
inline constexpr std::size_t kv_list_bytes_max = 4 << 20;      // of one answer, but one entry at least
inline constexpr std::size_t exchanges_bytes_max = 8 << 10;    // of one attempt

inline std::int64_t kv_bytes(std::string_view key, std::size_t value_size) {
  return static_cast<std::int64_t>(key.size() + value_size);
}
inline std::int64_t document_bytes(std::string_view path, std::size_t type_size, std::size_t body_size) {
  return static_cast<std::int64_t>(path.size() + type_size + body_size);
}

std::string etag_of(std::string_view content_type, std::string_view body);

// The part of check_staged that needs no journal: sizes of each write and of all together.
Result<void> check_sizes(const Staged &staged);

// What is left of the writes when a later one of a key or path wins, as sizes: 0 = removed.
struct StagedSizes {
  std::map<std::string_view, std::int64_t> kv, documents;  // views into the Staged
  KeptBytes all;                                           // if none of them replaces anything
};
StagedSizes sizes_of(const Staged &staged);

// The part that needs the journal: `before` is what the instance keeps, `replaced` what the writes would replace of it.
Result<void> check_quota(const KeptBytes &before, const KeptBytes &replaced, const KeptBytes &written);

// Errors that both journals give in the same words.
Error too_many_replays(std::size_t count);
Error no_dead_letter(InstanceId instance, Seq seq);
// "the key "guest/7" of instance 3 is not what was written …"; a name is printed as far as a terminal can take it.
std::string kept_damage(std::string_view what, std::string_view name, InstanceId instance);

// A JSON array of objects, cut at whole objects so that it has at most exchanges_bytes_max bytes. The newest stay,
// since they tell why the attempt ended as it did; {"left_out":N} stands for the others. "" for what is no such array.
std::string cut_exchanges(std::string_view array);

// Is this attempt to be stored, or does its DeliveryRow tell it all (for ever: a dead letter may change later)?
inline bool is_attempt_stored(const Settlement &s) {
  return s.state != DeliveryState::delivered || !s.exchanges.empty();
}
// The attempt that only its delivery tells of; nullopt when it is stored, or there was none.
//   newest    the newest stored one of the delivery, nullptr: none
std::optional<AttemptRow> attempt_of(const DeliveryRow &row, const AttemptRow *newest);

}  // namespace bellhop::core
