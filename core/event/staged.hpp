// SPDX-License-Identifier: Apache-2.0
// Staged: what a plugin wrote for its own instance by the services kv and publish, as one value: it becomes durable in
// the transaction that settles the delivery, or at once when the plugin asked for that.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::core {

inline constexpr std::size_t kv_key_bytes_max = 512;          // 1 at least
inline constexpr std::size_t kv_value_bytes_max = 256 << 10;  //
inline constexpr std::size_t document_path_bytes_max = 512;   // 1 at least; see is_document_path
inline constexpr std::size_t document_bytes_max = 8 << 20;    // of one published document
inline constexpr std::size_t content_type_bytes_max = 128;    // 1 at least
inline constexpr std::size_t staged_bytes_max = 12 << 20;     // of one delivery, all together: see staged_bytes

struct KvWrite {
  std::string key;
  std::optional<std::string> value;  // nullopt: remove
};

struct DocumentWrite {
  std::string path;                 // relative: "feed.ics", "members/7.ics"
  std::string content_type;         // "text/calendar; charset=utf-8"
  std::optional<std::string> body;  // nullopt: remove
  std::string etag{};               // the journal's business: worked out when it is settled
};

// In the order of the calls; a later write of the same key or path wins.
struct Staged {
  std::vector<KvWrite> kv;
  std::vector<DocumentWrite> documents;
  bool empty() const { return kv.empty() && documents.empty(); }
};

// What a write counts towards staged_bytes_max: its bytes, and a little for being one.
std::size_t staged_bytes(const KvWrite &write);
std::size_t staged_bytes(const DocumentWrite &write);
std::size_t staged_bytes(const Staged &staged);

// Relative, segments of [A-Za-z0-9._~-] with single slashes between, none of them "." or "..", 1 to
// document_path_bytes_max bytes. Pure. [any]
bool is_document_path(std::string_view path);
// Printable ASCII, 1 to content_type_bytes_max bytes: fit to be a header's value. Pure. [any]
bool is_content_type(std::string_view text);
// Within the limits above. Pure. [any]
bool is_sound(const KvWrite &write);
bool is_sound(const DocumentWrite &write);

}  // namespace bellhop::core
