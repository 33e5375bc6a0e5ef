// SPDX-License-Identifier: Apache-2.0
#include "journal/kept.hpp"

#include <algorithm>
#include <vector>

#include "event/sha256.hpp"

namespace bellhop::core {
namespace {

std::string number(std::size_t value) { return std::to_string(value); }

Error size_error(Kind kind, const std::string &what, std::size_t bytes, std::size_t bytes_max) {
  return {kind, what + " has " + number(bytes) + " bytes; " + number(bytes_max) + " are the limit"};
}

Result<void> check_quota_of(const char *what, std::int64_t before, std::int64_t after, std::int64_t bytes_max) {
  if (after <= bytes_max || after <= before) return {};
  return Error{Kind::full, std::string(what) + " of the instance would have " + std::to_string(after) + " bytes; " +
                               std::to_string(bytes_max) + " are the limit"};
}

// Where the objects of an array begin and end. Only brackets outside of strings count.
std::optional<std::vector<std::string_view>> objects_of(std::string_view array) {
  if (array.size() < 2 || array.front() != '[' || array.back() != ']') return std::nullopt;
  std::vector<std::string_view> objects;
  std::size_t depth = 0, begin = 0;
  bool is_string = false;
  for (std::size_t at = 1; at + 1 < array.size(); ++at) {
    const char c = array[at];
    if (is_string) {
      if (c == '\\') ++at;
      if (c == '"') is_string = false;
    } else if (c == '"') {
      if (depth == 0) return std::nullopt;
      is_string = true;
    } else if (c == '{' || c == '[') {
      if (depth++ == 0) begin = at;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return std::nullopt;
      if (--depth == 0) objects.push_back(array.substr(begin, at + 1 - begin));
    }
  }
  if (depth != 0 || is_string) return std::nullopt;
  return objects;
}

}  // namespace

std::string etag_of(std::string_view content_type, std::string_view body) {
  const Sha256 digest = sha256({content_type, std::string_view("\0", 1), body});
  return '"' + hex_of(digest.data(), 16) + '"';
}

Result<void> check_sizes(const Staged &staged) {
  std::size_t all = 0;
  for (const KvWrite &write : staged.kv) {
    if (write.key.empty()) return Error{Kind::invalid, "kv: a key is empty"};
    if (write.key.size() > kv_key_bytes_max) {
      return size_error(Kind::invalid, "kv: a key", write.key.size(), kv_key_bytes_max);
    }
    const std::size_t size = write.value ? write.value->size() : 0;
    if (size > kv_value_bytes_max) return size_error(Kind::too_large, "kv: a value", size, kv_value_bytes_max);
    all += write.key.size() + size;
  }
  for (const DocumentWrite &write : staged.documents) {
    if (write.path.empty()) return Error{Kind::invalid, "publish: a path is empty"};
    if (write.path.size() > document_path_bytes_max) {
      return size_error(Kind::invalid, "publish: a path", write.path.size(), document_path_bytes_max);
    }
    const std::size_t size = write.body ? write.body->size() : 0;
    if (size > document_bytes_max) {
      return size_error(Kind::too_large, "publish: the document \"" + write.path + '"', size, document_bytes_max);
    }
    all += write.path.size() + write.content_type.size() + size;
  }
  if (all > staged_bytes_max) return size_error(Kind::too_large, "what was staged", all, staged_bytes_max);
  return {};
}

StagedSizes sizes_of(const Staged &staged) {
  StagedSizes sizes;
  for (const KvWrite &write : staged.kv) {
    sizes.kv[write.key] = write.value ? kv_bytes(write.key, write.value->size()) : 0;
  }
  for (const DocumentWrite &write : staged.documents) {
    sizes.documents[write.path] =
        write.body ? document_bytes(write.path, write.content_type.size(), write.body->size()) : 0;
  }
  for (const auto &[key, bytes] : sizes.kv) sizes.all.kv += bytes;
  for (const auto &[path, bytes] : sizes.documents) sizes.all.documents += bytes;
  return sizes;
}

Result<void> check_quota(const KeptBytes &before, const KeptBytes &replaced, const KeptBytes &written) {
  const std::int64_t kv = before.kv - replaced.kv + written.kv;
  if (Result<void> checked = check_quota_of("kv", before.kv, kv, kv_bytes_max); !checked.ok()) return checked;
  const std::int64_t documents = before.documents - replaced.documents + written.documents;
  return check_quota_of("documents", before.documents, documents, documents_bytes_max);
}

Error too_many_replays(std::size_t count) {
  return {Kind::invalid,
          "replay: " + number(count) + " events at once; " + number(Journal::replays_max) + " are the limit"};
}

Error no_dead_letter(InstanceId instance, Seq seq) {
  return {Kind::not_found,
          "drop: event " + std::to_string(seq) + " is no dead letter of instance " + std::to_string(instance)};
}

std::string kept_damage(std::string_view what, std::string_view name, InstanceId instance) {
  std::string printed(name.substr(0, 60));
  for (char &c : printed) {
    if (c < ' ' || c > '~') c = '?';
  }
  return std::string(what) + " \"" + printed + "\" of instance " + std::to_string(instance) +
         " is not what was written (its checksum differs)";
}

std::string cut_exchanges(std::string_view array) {
  const std::optional<std::vector<std::string_view>> objects = objects_of(array);
  if (!objects || objects->empty()) return "";
  if (array.size() <= exchanges_bytes_max) return std::string(array);
  constexpr std::size_t mark_bytes_max = 48;  // {"left_out":N}, and the brackets
  std::size_t kept_count = 0, size = mark_bytes_max;
  while (kept_count < objects->size()) {
    size += (*objects)[objects->size() - 1 - kept_count].size() + 1;
    if (size > exchanges_bytes_max) break;
    ++kept_count;
  }
  const std::size_t left_out_count = objects->size() - kept_count;
  std::string cut = "[{\"left_out\":" + number(left_out_count) + "}";
  for (std::size_t at = left_out_count; at < objects->size(); ++at) (cut += ',') += (*objects)[at];
  return cut + ']';
}

std::optional<AttemptRow> attempt_of(const DeliveryRow &row, const AttemptRow *newest) {
  const bool was_tried = row.settled_ms != 0 || row.attempts != 0;  // a replay that was only asked for is neither
  // Its last attempt is stored: always, unless it was delivered, or was written before attempts were kept.
  const bool is_last_stored =
      newest != nullptr && (row.state == DeliveryState::waiting || newest->state != DeliveryState::waiting);
  if (!was_tried || is_last_stored) return std::nullopt;
  AttemptRow attempt;
  attempt.key = row.key;
  attempt.instance_name = row.instance_name;
  attempt.number = std::max({newest != nullptr ? newest->number + 1 : 1, row.attempts, 1});
  attempt.state = row.state;
  attempt.verdict = row.verdict;
  attempt.settled_ms = row.settled_ms;
  attempt.took_ms = row.took_ms;
  attempt.due_ms = row.due_ms;
  attempt.message = row.message;
  return attempt;
}

}  // namespace bellhop::core
