// SPDX-License-Identifier: Apache-2.0
// The promises of the source room over any bytes: it answers; the same bytes give the same answer; an event is valid
// UTF-8, is JSON for both readers, and keeps its attributes within their limits; a rejection points into the body; the
// quick and the exact reader never disagree.
#include <simdjson.h>

#include <string>
#include <string_view>
#include <variant>

#include "base/check.hpp"
#include "event/event_json.hpp"
#include "event/utf8.hpp"
#include "fuzz/check.hpp"
#include "source/json_text.hpp"
#include "source/source.hpp"

namespace bellhop::test {
namespace {

using namespace bellhop::core;

constexpr Milliseconds received_ms = 1'767'225'600'000;
constexpr std::size_t depth_max = 128;

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Sequence sequence = utf8_sequence(text, at);
    if (!sequence.is_valid) return false;
    at += sequence.size;
  }
  return true;
}

bool is_type(std::string_view type) {
  if (type == "ping") return true;
  const auto dot = type.find('.');
  const auto is_word = [](std::string_view word) {
    return !word.empty() && word.size() <= 64 &&
           word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
  };
  return dot != std::string_view::npos && is_word(type.substr(0, dot)) && is_word(type.substr(dot + 1));
}

void check_event(const Event &event) {
  CHECK(is_type(event.type));
  CHECK(!event.subject.empty() && event.subject.size() <= 256);
  CHECK(is_utf8(event.subject));
  CHECK(is_utf8(event.json));
  const JsonText text = read_json_text(event.json, depth_max + 8);  // the envelope adds levels around `object`
  CHECK(!text.rejection && !text.invalid_utf8_offset);
  simdjson::dom::parser parser;
  std::string_view id, type, subject;
  for (const std::string &json : {event.json, with_late(event.json, true)}) {
    const auto root = parser.parse(json);
    CHECK(root.error() == simdjson::SUCCESS);
    CHECK(root["id"].get(id) == simdjson::SUCCESS && id == event.id.text());
    CHECK(root["type"].get(type) == simdjson::SUCCESS && type == event.type);
    CHECK(root["subject"].get(subject) == simdjson::SUCCESS && subject == event.subject);
    CHECK(root["data"]["vendor"].is_object());
  }
}

void check_rejection(const Rejection &rejection, std::string_view bytes) {
  CHECK(rejection.offset <= bytes.size());
  CHECK(rejection.line >= 1 && rejection.column >= 1);
  CHECK(!rejection.expected.empty());
  CHECK(is_utf8(rejection.expected) && is_utf8(rejection.hint));
}

void check_same(const Outcome &one, const Outcome &other) {
  CHECK(one.index() == other.index());
  if (const auto *event = std::get_if<Event>(&one)) {
    CHECK(event->id == std::get<Event>(other).id);
    CHECK(event->json == std::get<Event>(other).json);
  }
}

// Whatever simdjson takes is JSON for the exact reader, too, but for the limit of depth.
void check_readers(std::string_view bytes) {
  const JsonText text = read_json_text(bytes, 1023);
  simdjson::dom::parser parser;
  const bool is_quickly_read = parser.parse(bytes.data(), bytes.size(), true).error() == simdjson::SUCCESS;
  if (is_quickly_read) CHECK(!text.rejection);
  if (!text.rejection && !text.invalid_utf8_offset) CHECK(parser.parse(text.rewritten).error() == simdjson::SUCCESS);
}

}  // namespace

void check_bytes(std::string_view bytes) {
  const Normalize normalize = find_source_kind("appointlet");
  const Body body{"web", bytes, received_ms, depth_max};
  const Outcome outcome = normalize(body);
  if (const auto *event = std::get_if<Event>(&outcome)) check_event(*event);
  if (const auto *rejection = std::get_if<Rejection>(&outcome)) check_rejection(*rejection, bytes);
  if (const auto *quarantine = std::get_if<Quarantine>(&outcome)) {
    CHECK(quarantine->id == EventId::of("web", bytes));
    CHECK(!quarantine->reason.empty() && is_utf8(quarantine->reason));
    CHECK(quarantine->reason.find("disagree:") == std::string::npos);
  }
  check_same(outcome, normalize(body));
  check_readers(bytes);
}

}  // namespace bellhop::test
