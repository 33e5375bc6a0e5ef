// SPDX-License-Identifier: Apache-2.0
// What instances keep: each row's checksum is verified before anything of it is used.
#include <algorithm>

#include "journal/kept.hpp"
#include "journal/reader.hpp"

namespace bellhop::core {

using Blob = Statement::Blob;

namespace {

// nullopt: there is no such instance. A damaged count is as good as none: the quota is not worth a refusal, and the
// next start counts anew.
Result<std::optional<KeptBytes>> find_kept(Database &database, Statement &row, InstanceId instance) {
  Result<std::optional<KeptBytes>> found = std::optional<KeptBytes>();
  const int code = row.bind(instance).step();
  if (code == SQLITE_ROW) {
    const KeptRecord record = read_kept(row);
    found = std::optional<KeptBytes>(is_intact_kept(row, record) ? record.bytes : KeptBytes{});
  } else if (code != SQLITE_DONE) {
    found = database.error("read what instance " + std::to_string(instance) + " keeps from");
  }
  row.reset();
  return found;
}

}  // namespace

Result<std::optional<std::string>> Reader::kv_get(InstanceId instance, std::string_view key) {
  Statement &row = statements_.kv_get.bind(instance, Blob{key});
  Result<std::optional<std::string>> found = std::optional<std::string>();
  const int code = row.step();
  if (code == SQLITE_ROW) {
    const std::string_view value = row.bytes(1);
    if (row.integer(0) == kv_crc(instance, key, value)) {
      found = std::optional<std::string>(value);
    } else {
      found = Error{Kind::corrupt, kept_damage("the key", key, instance)};
    }
  } else if (code != SQLITE_DONE) {
    found = database_.error("read a key of instance " + std::to_string(instance) + " from");
  }
  row.reset();
  return found;
}

Result<std::vector<std::pair<std::string, std::string>>> Reader::kv_list(InstanceId instance, std::string_view prefix,
                                                                         std::string_view after, int count_max) {
  const std::string first = after < prefix ? std::string(prefix) : std::string(after) + '\0';
  Statement &row = statements_.kv_list.bind(instance, Blob{first}, std::max(count_max, 0));
  std::vector<std::pair<std::string, std::string>> found;
  std::optional<Error> damage;
  std::size_t bytes = 0;
  int code = SQLITE_DONE;
  while (!damage && (code = row.step()) == SQLITE_ROW) {
    const std::string_view key = row.bytes(0);
    if (key.substr(0, prefix.size()) != prefix) break;
    const std::string_view value = row.bytes(2);
    bytes += key.size() + value.size();
    if (!found.empty() && bytes > kv_list_bytes_max) break;
    if (row.integer(1) != kv_crc(instance, key, value)) {
      damage = Error{Kind::corrupt, kept_damage("the key", key, instance)};
    } else {
      found.emplace_back(key, value);
    }
  }
  const bool is_read = code == SQLITE_ROW || code == SQLITE_DONE;
  if (!is_read) damage = database_.error("list the keys of instance " + std::to_string(instance) + " in");
  row.reset();
  if (damage) return *damage;
  return found;
}

Result<std::optional<Document>> Reader::document(InstanceId instance, std::string_view path) {
  Statement &row = statements_.document.bind(instance, path);
  Result<std::optional<Document>> found = std::optional<Document>();
  const int code = row.step();
  if (code == SQLITE_ROW) {
    const std::string_view type = row.bytes(0), etag = row.bytes(1), body = row.bytes(4);
    const Milliseconds modified_ms = row.integer(2);
    if (row.integer(3) == document_crc(instance, path, type, etag, modified_ms, body)) {
      found = std::optional<Document>({std::string(type), std::string(body), std::string(etag), modified_ms});
    } else {
      found = Error{Kind::corrupt, kept_damage("the document", path, instance)};
    }
  } else if (code != SQLITE_DONE) {
    found = database_.error("read a document of instance " + std::to_string(instance) + " from");
  }
  row.reset();
  return found;
}

Result<KeptBytes> Reader::kept_bytes(InstanceId instance) {
  const Result<std::optional<KeptBytes>> found = find_kept(database_, statements_.kept, instance);
  if (!found.ok()) return found.error();
  return found->value_or(KeptBytes{});
}

// Of one row that a write would replace, 0 when there is none.
Result<std::int64_t> Reader::replaced_bytes(Statement &size, std::string_view what) {
  const int code = size.step();
  const std::int64_t bytes = code == SQLITE_ROW ? size.integer(0) : 0;
  size.reset();
  if (code == SQLITE_ROW || code == SQLITE_DONE) return bytes;
  return database_.error("read the size of " + std::string(what) + " from");
}

// What would be replaced is looked at only when it decides.
Result<void> Reader::check_staged(InstanceId instance, const Staged &staged) {
  if (Result<void> checked = check_sizes(staged); !checked.ok()) return checked;
  const Result<std::optional<KeptBytes>> found = find_kept(database_, statements_.kept, instance);
  if (!found.ok()) return found.error();
  if (!*found) return Error{Kind::invalid, "stage: there is no instance " + std::to_string(instance)};
  const KeptBytes before = **found;
  const StagedSizes sizes = sizes_of(staged);
  if (check_quota(before, {}, sizes.all).ok()) return {};
  KeptBytes replaced;
  for (const auto &[key, size] : sizes.kv) {
    const Result<std::int64_t> bytes = replaced_bytes(statements_.kv_bytes.bind(instance, Blob{key}), "a key");
    if (!bytes.ok()) return bytes.error();
    replaced.kv += *bytes;
  }
  for (const auto &[path, size] : sizes.documents) {
    const Result<std::int64_t> bytes = replaced_bytes(statements_.document_bytes.bind(instance, path), "a document");
    if (!bytes.ok()) return bytes.error();
    replaced.documents += *bytes;
  }
  return check_quota(before, replaced, sizes.all);
}

}  // namespace bellhop::core
