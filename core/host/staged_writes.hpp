// SPDX-License-Identifier: Apache-2.0
// StagedWrites: what a plugin wrote by kv and publish during one delivery and is not durable yet. The last write of a
// key or path counts; all together stay within staged_bytes_max. One thread's.
#pragma once

#include <bellhop/plugin.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "event/staged.hpp"

namespace bellhop::core {

// Of a call whose verdicts are all of these, what it staged is kept. DEFER says that nothing was begun, so nothing
// failed.
inline bool keeps_staged(std::int32_t code) { return code == BHP_OK || code == BHP_SKIP || code == BHP_DEFER; }

class StagedWrites {
 public:
  using Entries = std::map<std::string, std::optional<std::string>>;

  // False: it does not fit, and nothing has changed.
  bool add(KvWrite write) {
    const auto old = kv_.find(write.key);
    const std::size_t old_bytes = old == kv_.end() ? 0 : bytes_of(*old);
    if (!has_room(old_bytes, staged_bytes(write))) return false;
    kv_[std::move(write.key)] = std::move(write.value);
    return true;
  }
  bool add(DocumentWrite write) {
    const auto old = documents_.find(write.path);
    const std::size_t old_bytes = old == documents_.end() ? 0 : staged_bytes(old->second);
    if (!has_room(old_bytes, staged_bytes(write))) return false;
    documents_[write.path] = std::move(write);
    return true;
  }
  // A later write of the same key or path is durable already: the staged one must not undo it.
  void forget(const KvWrite &write) {
    const auto old = kv_.find(write.key);
    if (old == kv_.end()) return;
    bytes_ -= bytes_of(*old);
    kv_.erase(old);
  }
  void forget(const DocumentWrite &write) {
    const auto old = documents_.find(write.path);
    if (old == documents_.end()) return;
    bytes_ -= staged_bytes(old->second);
    documents_.erase(old);
  }

  const Entries &kv() const { return kv_; }
  void clear() {
    kv_.clear();
    documents_.clear();
    bytes_ = 0;
  }
  // All of it, by key and by path; empty afterwards.
  Staged take() {
    Staged staged;
    for (auto &[key, value] : kv_) staged.kv.push_back({key, std::move(value)});
    for (auto &[path, document] : documents_) staged.documents.push_back(std::move(document));
    clear();
    return staged;
  }

 private:
  static std::size_t bytes_of(const Entries::value_type &entry) {
    return staged_bytes(KvWrite{entry.first, std::nullopt}) + (entry.second ? entry.second->size() : 0);
  }
  bool has_room(std::size_t old_bytes, std::size_t new_bytes) {
    const std::size_t bytes = bytes_ - old_bytes + new_bytes;
    if (bytes > staged_bytes_max) return false;
    bytes_ = bytes;
    return true;
  }

  Entries kv_;
  std::map<std::string, DocumentWrite> documents_;
  std::size_t bytes_ = 0;  // <= staged_bytes_max
};

}  // namespace bellhop::core
