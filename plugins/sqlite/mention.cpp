// SPDX-License-Identifier: Apache-2.0
// See mention.hpp.
#include "mention.hpp"

#include <bellhop/mention.hpp>

#include <string_view>

namespace bellhop_sqlite {

namespace {

void call_mentions(sqlite3_context *context, int, sqlite3_value **values) {
  const auto bytes = [](sqlite3_value *value) {
    const void *start = sqlite3_value_blob(value);
    const int size = sqlite3_value_bytes(value);
    return start ? std::string_view(static_cast<const char *>(start), static_cast<std::size_t>(size))
                 : std::string_view();
  };
  try {
    sqlite3_result_int(context, bellhop::mentions(bytes(values[0]), bytes(values[1])) ? 1 : 0);
  } catch (const std::exception &) {  // memory; nothing may be thrown through SQLite
    sqlite3_result_error_nomem(context);
  }
}

}  // namespace

void add_mentions_function(Database &database) {
  const int code =
      sqlite3_create_function_v2(database.raw(), "mentions", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                 nullptr, call_mentions, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) database.fail(code, "add a function");
}

}  // namespace bellhop_sqlite
