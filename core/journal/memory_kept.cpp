// SPDX-License-Identifier: Apache-2.0
// What instances keep, and attempts, in memory.
#include <algorithm>

#include "journal/kept.hpp"
#include "journal/memory_journal.hpp"

namespace bellhop::core {

void MemoryJournal::put_attempt(Delivery &delivery, const Settlement &settlement) {
  const bool is_asked_for = settlement.key.replay != 0 && delivery.last.key.seq == 0;
  if (is_asked_for || !is_attempt_stored(settlement)) return;
  std::vector<AttemptRow> &attempts = delivery.attempts;
  AttemptRow row;
  row.key = settlement.key;
  row.number = std::max({attempts.empty() ? 1 : attempts.back().number + 1, settlement.attempts, 1});
  row.state = settlement.state;
  row.verdict = settlement.verdict;
  row.settled_ms = settlement.settled_ms;
  row.took_ms = settlement.took_ms;
  row.due_ms = settlement.due_ms;
  row.message = settlement.message;
  row.exchanges = cut_exchanges(settlement.exchanges);
  attempts.push_back(std::move(row));
  if (attempts.size() > static_cast<std::size_t>(attempts_kept_max)) attempts.erase(attempts.begin() + 1);
}

void MemoryJournal::put_staged(Instance &instance, const Staged &staged, Milliseconds written_ms) {
  for (const KvWrite &write : staged.kv) {
    const auto before = instance.kv.find(write.key);
    if (before != instance.kv.end()) {
      instance.kept.kv -= kv_bytes(write.key, before->second.value.size());
      instance.kv.erase(before);
    }
    if (!write.value) continue;
    instance.kept.kv += kv_bytes(write.key, write.value->size());
    instance.kv[write.key] = {*write.value, true};
  }
  for (const DocumentWrite &write : staged.documents) put_document(instance, write, written_ms);
}

void MemoryJournal::put_document(Instance &instance, const DocumentWrite &write, Milliseconds written_ms) {
  const auto before = instance.documents.find(write.path);
  if (before != instance.documents.end()) {
    const Document &old = before->second.document;
    const bool is_same = write.body && *write.body == old.body && write.content_type == old.content_type;
    if (is_same && before->second.is_intact) return;
    instance.kept.documents -= document_bytes(write.path, old.content_type.size(), old.body.size());
    instance.documents.erase(before);
  }
  if (!write.body) return;
  instance.kept.documents += document_bytes(write.path, write.content_type.size(), write.body->size());
  const std::string etag = etag_of(write.content_type, *write.body);
  instance.documents[write.path] = {{write.content_type, *write.body, etag, written_ms}, true};
}

Result<std::optional<std::string>> MemoryJournal::kv_get(InstanceId instance, std::string_view key) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  const auto known = instances_.find(instance);
  if (known == instances_.end()) return std::optional<std::string>();
  const auto found = known->second.kv.find(key);
  if (found == known->second.kv.end()) return std::optional<std::string>();
  if (!found->second.is_intact) return Error{Kind::corrupt, kept_damage("the key", key, instance)};
  return std::optional<std::string>(found->second.value);
}

Result<std::vector<std::pair<std::string, std::string>>> MemoryJournal::kv_list(InstanceId instance,
                                                                                std::string_view prefix,
                                                                                std::string_view after, int count_max) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  std::vector<std::pair<std::string, std::string>> found;
  const auto known = instances_.find(instance);
  if (known == instances_.end()) return found;
  const auto &kv = known->second.kv;
  std::size_t bytes = 0;
  for (auto one = after < prefix ? kv.lower_bound(prefix) : kv.upper_bound(after);
       one != kv.end() && static_cast<int>(found.size()) < count_max; ++one) {
    if (one->first.compare(0, prefix.size(), prefix) != 0) break;
    bytes += one->first.size() + one->second.value.size();
    if (!found.empty() && bytes > kv_list_bytes_max) break;
    if (!one->second.is_intact) return Error{Kind::corrupt, kept_damage("the key", one->first, instance)};
    found.emplace_back(one->first, one->second.value);
  }
  return found;
}

Result<std::optional<Document>> MemoryJournal::document(InstanceId instance, std::string_view path) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  const auto known = instances_.find(instance);
  if (known == instances_.end()) return std::optional<Document>();
  const auto found = known->second.documents.find(path);
  if (found == known->second.documents.end()) return std::optional<Document>();
  if (!found->second.is_intact) return Error{Kind::corrupt, kept_damage("the document", path, instance)};
  return std::optional<Document>(found->second.document);
}

Result<KeptBytes> MemoryJournal::kept_bytes(InstanceId instance) {
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  const auto known = instances_.find(instance);
  return known == instances_.end() ? KeptBytes{} : known->second.kept;
}

KeptBytes MemoryJournal::replaced_by(const Instance &instance, const StagedSizes &sizes) {
  KeptBytes replaced;
  for (const auto &[key, bytes] : sizes.kv) {
    const auto before = instance.kv.find(key);
    if (before != instance.kv.end()) replaced.kv += kv_bytes(key, before->second.value.size());
  }
  for (const auto &[path, bytes] : sizes.documents) {
    const auto before = instance.documents.find(path);
    if (before == instance.documents.end()) continue;
    const Document &old = before->second.document;
    replaced.documents += document_bytes(path, old.content_type.size(), old.body.size());
  }
  return replaced;
}

Result<void> MemoryJournal::check_staged(InstanceId instance, const Staged &staged) {
  if (Result<void> checked = check_sizes(staged); !checked.ok()) return checked;
  Lock lock(mutex_);
  if (is_due(read_failure_)) return read_failure_.error;
  const auto known = instances_.find(instance);
  if (known == instances_.end()) {
    return Error{Kind::invalid, "stage: there is no instance " + std::to_string(instance)};
  }
  const StagedSizes sizes = sizes_of(staged);
  return check_quota(known->second.kept, replaced_by(known->second, sizes), sizes.all);
}

Result<std::vector<KvRow>> MemoryJournal::kv_of(InstanceId instance, std::string_view after, int count_max) {
  Lock lock(mutex_);
  std::vector<KvRow> found;
  const auto known = instances_.find(instance);
  if (known == instances_.end()) return found;
  for (auto one = known->second.kv.upper_bound(after); one != known->second.kv.end(); ++one) {
    if (static_cast<int>(found.size()) >= std::min(count_max, inspect_rows_max)) break;
    found.push_back({one->first, static_cast<std::int64_t>(one->second.value.size())});
  }
  return found;
}

Result<std::vector<DocumentRow>> MemoryJournal::documents_of(InstanceId instance, std::string_view after,
                                                             int count_max) {
  Lock lock(mutex_);
  std::vector<DocumentRow> found;
  const auto known = instances_.find(instance);
  if (known == instances_.end()) return found;
  const auto &documents = known->second.documents;
  for (auto one = documents.upper_bound(after); one != documents.end(); ++one) {
    if (static_cast<int>(found.size()) >= std::min(count_max, inspect_rows_max)) break;
    const Document &document = one->second.document;
    found.push_back({one->first, document.content_type, document.etag, static_cast<std::int64_t>(document.body.size()),
                     document.modified_ms});
  }
  return found;
}

void MemoryJournal::corrupt_key(InstanceId instance, const std::string &key) {
  Lock lock(mutex_);
  instances_.at(instance).kv.at(key).is_intact = false;
}

void MemoryJournal::corrupt_document(InstanceId instance, const std::string &path) {
  Lock lock(mutex_);
  instances_.at(instance).documents.at(path).is_intact = false;
}

}  // namespace bellhop::core
