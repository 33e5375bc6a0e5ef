// SPDX-License-Identifier: Apache-2.0
// Staged: what a plugin wrote for its own instance by the services kv and publish, as one value: it becomes durable in
// the transaction that settles the delivery, or at once when the plugin asked for that.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bellhop::core {

inline constexpr std::size_t kv_key_bytes_max = 512;          // 1 at least
inline constexpr std::size_t kv_value_bytes_max = 256 << 10;  //
inline constexpr std::size_t document_path_bytes_max = 512;   // 1 at least; see is_document_path
inline constexpr std::size_t document_bytes_max = 8 << 20;    // of one published document
inline constexpr std::size_t staged_bytes_max = 12 << 20;     // of one delivery, all together

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

}  // namespace bellhop::core
