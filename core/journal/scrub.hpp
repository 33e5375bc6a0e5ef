// SPDX-License-Identifier: Apache-2.0
// Scrub: SQLite zeroes what it deletes, but not the copies that stay in the unallocated middle of a page when rows move
// to another one. This zeroes that middle, in the file, on pages that still mention a person.
//
// Why that is safe: the middle belongs to nobody; the write-ahead log is empty, so that the file's pages are the
// current ones; only the writer's thread writes them, and it lets its cached copies go before; only the middle is
// written, so that a write, torn or not, changes nothing else. A page of another kind has no mark of its own: one whose
// header and cells do not all make sense for a tree is left alone.
//   source  the SQLite file format, sections 1.6: B-tree Pages, and 1.8: Pointer Map or Ptrmap Pages
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/sqlite.hpp"

namespace bellhop::core {

// Where the middle of a B-tree's page is; nothing when it is no such page, or none that makes sense. Pages of overflow
// and of the pointer map may begin with the byte of a B-tree's page, but what follows is no list of places behind the
// middle.
struct PageRange {
  std::size_t begin = 0, size = 0;
};
std::optional<PageRange> middle_of(const std::string &page, bool is_first);

// Pages of the file, from `first` (1-based) on and at most count_max of them, that mention the address.
//   next      where to go on; 0: the file ends
int find_pages(Database &database, std::string_view email, std::int64_t first, int count_max,
               std::vector<std::int64_t> &found, std::int64_t &next);

// Outside a transaction, in the writer's thread, while the log is empty.
//   returns   an SQLite code
int scrub_pages(Database &database, const std::vector<std::int64_t> &pages);

}  // namespace bellhop::core
