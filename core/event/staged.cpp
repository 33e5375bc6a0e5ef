// SPDX-License-Identifier: Apache-2.0
#include "event/staged.hpp"

#include <algorithm>

namespace bellhop::core {

namespace {

constexpr std::size_t write_bytes = 64;  // of one write beside its text, about

bool is_path_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '~' || c == '-';
}

}  // namespace

std::size_t staged_bytes(const KvWrite &write) {
  return write_bytes + write.key.size() + (write.value ? write.value->size() : 0);
}

std::size_t staged_bytes(const DocumentWrite &write) {
  return write_bytes + write.path.size() + write.content_type.size() + (write.body ? write.body->size() : 0);
}

std::size_t staged_bytes(const Staged &staged) {
  std::size_t bytes = 0;
  for (const KvWrite &write : staged.kv) bytes += staged_bytes(write);
  for (const DocumentWrite &write : staged.documents) bytes += staged_bytes(write);
  return bytes;
}

bool is_document_path(std::string_view path) {
  if (path.empty() || path.size() > document_path_bytes_max) return false;
  for (;;) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (segment.empty() || segment == "." || segment == "..") return false;
    if (!std::all_of(segment.begin(), segment.end(), is_path_byte)) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool is_content_type(std::string_view text) {
  return !text.empty() && text.size() <= content_type_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_sound(const KvWrite &write) {
  return !write.key.empty() && write.key.size() <= kv_key_bytes_max &&
         (!write.value || write.value->size() <= kv_value_bytes_max);
}

bool is_sound(const DocumentWrite &write) {
  if (!is_document_path(write.path)) return false;
  return !write.body || (is_content_type(write.content_type) && write.body->size() <= document_bytes_max);
}

}  // namespace bellhop::core
