// SPDX-License-Identifier: Apache-2.0
#include "journal/scrub.hpp"

#include <algorithm>

#include "journal/mention.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {
namespace {

// SQLite's own descriptor: opening and closing another one would give up its locks.
sqlite3_file *file_of(Database &database) {
  sqlite3_file *file = nullptr;
  sqlite3_file_control(database.raw(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file != nullptr && file->pMethods != nullptr ? file : nullptr;
}

std::size_t two_bytes(const std::string &page, std::size_t at) {
  return static_cast<std::size_t>(static_cast<unsigned char>(page[at])) << 8 | static_cast<unsigned char>(page[at + 1]);
}

// Pages of other kinds carry no mark of theirs, and may begin with the number that a tree's page begins with: those of
// the pointer map do. So the whole header has to make sense, and every cell has to be where contents are.
bool is_tree(const std::string &page, std::size_t header, std::size_t pointers_at, std::size_t pointers_end) {
  const std::size_t cells_count = two_bytes(page, header + 3), contents = two_bytes(page, header + 5);
  const bool is_inner = page[header] == 2 || page[header] == 5;
  if ((is_inner && cells_count == 0) || pointers_end > contents || contents > page.size()) return false;
  const std::size_t first_free = two_bytes(page, header + 1);
  if (first_free != 0 && (first_free < contents || first_free >= page.size())) return false;
  for (std::size_t at = pointers_at; at < pointers_end; at += 2) {
    const std::size_t cell = two_bytes(page, at);
    if (cell < contents || cell >= page.size()) return false;
  }
  return true;
}

}  // namespace

std::optional<PageRange> middle_of(const std::string &page, bool is_first) {
  const std::size_t header = is_first ? 100 : 0;
  const int kind = page[header];
  const bool is_leaf = kind == 10 || kind == 13;
  if (!is_leaf && kind != 2 && kind != 5) return std::nullopt;
  const std::size_t pointers_at = header + (is_leaf ? 8 : 12);
  const std::size_t pointers_end = pointers_at + 2 * two_bytes(page, header + 3);
  if (!is_tree(page, header, pointers_at, pointers_end)) return std::nullopt;
  return PageRange{pointers_end, two_bytes(page, header + 5) - pointers_end};
}

int find_pages(Database &database, std::string_view email, std::int64_t first, int count_max,
               std::vector<std::int64_t> &found, std::int64_t &next) {
  sqlite3_file *file = file_of(database);
  if (file == nullptr) return SQLITE_ERROR;
  sqlite3_int64 size = 0;
  if (const int code = file->pMethods->xFileSize(file, &size); code != SQLITE_OK) return code;
  std::string page(page_bytes, '\0');
  next = first;
  for (int count = 0; count < count_max && next * page_bytes <= size; ++count, ++next) {
    const int code = file->pMethods->xRead(file, page.data(), static_cast<int>(page_bytes), (next - 1) * page_bytes);
    if (code != SQLITE_OK) return code;
    if (mentions(page, email)) found.push_back(next);
  }
  if (next * page_bytes > size) next = 0;
  return SQLITE_OK;
}

int scrub_pages(Database &database, const std::vector<std::int64_t> &pages) {
  sqlite3_file *file = file_of(database);
  if (file == nullptr) return SQLITE_ERROR;
  sqlite3_db_release_memory(database.raw());
  std::string page(page_bytes, '\0');
  for (const std::int64_t number : pages) {
    const sqlite3_int64 at = (number - 1) * page_bytes;
    int code = file->pMethods->xRead(file, page.data(), static_cast<int>(page_bytes), at);
    if (code != SQLITE_OK) return code;
    const std::optional<PageRange> middle = middle_of(page, number == 1);
    if (!middle || middle->size == 0) continue;
    const std::string zeroes(middle->size, '\0');
    code = file->pMethods->xWrite(file, zeroes.data(), static_cast<int>(zeroes.size()),
                                  at + static_cast<sqlite3_int64>(middle->begin));
    if (code != SQLITE_OK) return code;
  }
  return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

}  // namespace bellhop::core
