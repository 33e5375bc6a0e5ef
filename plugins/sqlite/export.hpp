// SPDX-License-Identifier: Apache-2.0
// Export: all bookings as CSV, one row each, with a column for every field of the booking forms. One state of the
// database, whatever others write meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "csv.hpp"
#include "database.hpp"

namespace bellhop_sqlite {

// Takes a row after the other, with its end; false: no more.
using RowSink = std::function<bool(std::string_view)>;

// The columns: those of the table booking without the epochs and the counters of Bellhop's own; then "answer/SLUG" for
// each field of the forms, the most used ones; then, if there are more fields than columns, "other answers".
//   returns   bookings written
//   throws    DatabaseError
std::int64_t export_bookings(Database &database, Cells cells, const RowSink &sink);

// A file that cannot be written, in one sentence.
class FileRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The same into a new file beside the database, which takes the name only when it is complete and on stable storage.
//   name      a plain name that ends in ".csv": an export never replaces anything else
//   throws    FileRefused, DatabaseError
std::int64_t export_to_file(Database &database, Cells cells, const std::string &name);

}  // namespace bellhop_sqlite
