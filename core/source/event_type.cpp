// SPDX-License-Identifier: Apache-2.0
#include "source/event_type.hpp"

#include <algorithm>
#include <array>

#include "event/event_types.hpp"
#include "event/sha256.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t word_bytes_max = 64;      // see Event::type
constexpr std::size_t subject_bytes_max = 256;  // see Event::subject

struct Word {
  std::string_view spelled;  // in small letters, without _ - and spaces
  std::string_view meant;
};

// Published as literals: booking (legacy), Meeting (v5). In prose: meeting type, member, field, Attendee. The API's own
// words for meeting type and member are service and bookable.
constexpr std::array<Word, 8> nouns{{{"booking", "booking"},
                                     {"meeting", "booking"},
                                     {"attendee", "attendee"},
                                     {"service", "meeting_type"},
                                     {"meetingtype", "meeting_type"},
                                     {"bookable", "member"},
                                     {"member", "member"},
                                     {"field", "field"}}};

// Published as literals: confirmed (legacy), scheduled (v5). The others are in the vendor's prose; spellings are
// assumed.
constexpr std::array<Word, 30> actions{{
    {"confirmed", "confirmed"},    {"confirm", "confirmed"},     {"scheduled", "scheduled"},
    {"schedule", "scheduled"},     {"approved", "approved"},     {"approve", "approved"},
    {"canceled", "canceled"},      {"cancelled", "canceled"},    {"cancel", "canceled"},
    {"cancelation", "canceled"},   {"cancellation", "canceled"}, {"rescheduled", "rescheduled"},
    {"reschedule", "rescheduled"}, {"reassigned", "reassigned"}, {"reassign", "reassigned"},
    {"declined", "declined"},      {"decline", "declined"},      {"requested", "requested"},
    {"request", "requested"},      {"tagged", "tagged"},         {"tag", "tagged"},
    {"untagged", "untagged"},      {"untag", "untagged"},        {"reminded", "reminded"},
    {"remind", "reminded"},        {"create", "created"},        {"update", "updated"},
    {"delete", "deleted"},         {"reminder", "reminded"},     {"reassignment", "reassigned"},
}};

template <std::size_t words_count, std::size_t known_count>
constexpr bool are_known(const std::array<Word, words_count> &table,
                         const std::array<std::string_view, known_count> &known) {
  return std::all_of(table.begin(), table.end(), [&known](const Word &word) {
    return std::find(known.begin(), known.end(), word.meant) != known.end();
  });
}
static_assert(are_known(nouns, known_nouns) && are_known(actions, known_actions));

std::string in_small_letters(std::string_view word) {
  std::string small(word);
  for (char &c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

template <std::size_t count>
std::string_view meaning_of(std::string_view small, const std::array<Word, count> &table) {
  std::array<char, word_bytes_max> compact;
  std::size_t size = 0;
  for (const char c : small) {
    if (c == '_' || c == '-' || c == ' ') continue;
    if (size == compact.size()) return {};
    compact[size++] = c;
  }
  for (const Word &word : table) {
    if (word.spelled == std::string_view(compact.data(), size)) return word.meant;
  }
  return {};
}

template <std::size_t count>
std::string word_of(std::string_view vendor_word, const std::array<Word, count> &table) {
  if (vendor_word.empty() || vendor_word.size() > 2 * word_bytes_max) return "unknown";
  std::string small = in_small_letters(vendor_word);
  const std::string_view meaning = meaning_of(small, table);
  if (!meaning.empty()) return std::string(meaning);
  const bool is_fit = small.size() <= word_bytes_max && std::all_of(small.begin(), small.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                      });
  return is_fit ? small : "unknown";
}

}  // namespace

EventType event_type_of(std::string_view vendor_noun, std::string_view vendor_action) {
  EventType type{word_of(vendor_noun, nouns), word_of(vendor_action, actions)};
  if (type.noun == "unknown") type.action = "unknown";
  return type;
}

std::string subject_of(std::string_view noun, std::string_view id) {
  const bool has_controls =
      std::any_of(id.begin(), id.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  std::string subject(noun);
  subject += '/';
  if (!has_controls && subject.size() + id.size() <= subject_bytes_max) return subject.append(id);
  const Sha256 digest = sha256({id});
  return subject + "sha256:" + hex_of(digest.data(), digest.size());
}

}  // namespace bellhop::core
