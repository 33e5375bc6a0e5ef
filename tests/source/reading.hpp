// SPDX-License-Identifier: Apache-2.0
// What the tests of the source room share: normalise a body or a file, and look into the event's JSON by pointer.
// RapidJSON reads it here, so that the writer is not checked by the parser that the room itself uses.
#pragma once

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "source/source.hpp"

namespace bellhop::core {

inline constexpr Milliseconds received_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

inline std::string bytes_of(const std::filesystem::path &file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::filesystem::path data(const std::string &path) { return std::filesystem::path(BELLHOP_TEST_DATA) / path; }

inline std::vector<std::filesystem::path> files_in(const std::string &folder) {
  std::vector<std::filesystem::path> files;
  for (const auto &entry : std::filesystem::directory_iterator(data(folder))) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline Outcome normalize(std::string_view bytes, std::size_t depth_max = 128) {
  return find_source_kind("appointlet")(Body{"web", bytes, received_ms, depth_max});
}

inline std::string name_of(const Outcome &outcome) {
  static constexpr const char *names[] = {"accept", "quarantine", "reject"};
  return names[outcome.index()];
}

inline Event event_of(std::string_view bytes) {
  Outcome outcome = normalize(bytes);
  if (auto *event = std::get_if<Event>(&outcome)) return std::move(*event);
  ADD_FAILURE() << name_of(outcome) << ": " << bytes.substr(0, 200);
  return {};
}

inline std::string quarantine_reason(std::string_view bytes) {
  const Outcome outcome = normalize(bytes);
  const auto *quarantine = std::get_if<Quarantine>(&outcome);
  return quarantine != nullptr ? quarantine->reason : "not quarantined but " + name_of(outcome);
}

// The member at the pointer: a string as it is, anything else as JSON, "(absent)" when there is none.
inline std::string at(const std::string &json, const std::string &pointer) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag>(json.data(), json.size());
  EXPECT_FALSE(document.HasParseError()) << json;
  const rapidjson::Value *value = rapidjson::Pointer(pointer.c_str(), pointer.size()).Get(document);
  if (value == nullptr) return "(absent)";
  if (value->IsString()) return {value->GetString(), value->GetStringLength()};
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value->Accept(writer);
  return buffer.GetString();
}

// The published legacy body with one replacement in its text.
inline std::string sample_with(const std::string &from, const std::string &to) {
  std::string body = bytes_of(data("payloads/legacy_booking_confirmed.json"));
  const auto place = body.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  if (place != std::string::npos) body.replace(place, from.size(), to);
  return body;
}

}  // namespace bellhop::core
