// SPDX-License-Identifier: Apache-2.0
// See export.hpp.
#include "export.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <vector>

#include "record.hpp"

namespace bellhop_sqlite {

namespace {

// Who forges bookings could make up a field for each: those beyond this share the last column.
constexpr std::int64_t fields_max = 200;
constexpr const char *other_answers = "other answers";
constexpr const char *field_sql = "coalesce(slug, label, 'answer ' || (position + 1))";

std::vector<std::string> booking_columns() {
  std::vector<std::string> names{"id"};
  for (const Column &column : columns) {
    if (column.kind != Column::Kind::epoch) names.emplace_back(column.name);
  }
  for (const char *name : {"canceled", "reschedule_count", "updated"}) names.emplace_back(name);
  return names;
}

// The fields of the forms in the order in which people see them.
struct Fields {
  std::map<std::string, std::size_t> column_of;  // from 0
  bool has_more = false;
};

Fields read_fields(Database &database, std::vector<std::string> &header) {
  Statement select(database, "SELECT field FROM (SELECT " + std::string(field_sql) +
                                 " AS field, count(*) AS uses, min(position) AS place FROM answer GROUP BY field "
                                 "ORDER BY uses DESC, field LIMIT ?1) ORDER BY place, field");
  Fields fields;
  std::vector<std::string> names;
  select.bind(1, fields_max);
  while (select.step()) names.emplace_back(select.text(0));
  for (const std::string &name : names) {
    fields.column_of.emplace(name, fields.column_of.size());
    header.push_back("answer/" + name);
  }
  fields.has_more =
      database.integer(("SELECT count(DISTINCT " + std::string(field_sql) + ") FROM answer").c_str()) > fields_max;
  if (fields.has_more) header.emplace_back(other_answers);
  return fields;
}

// The answers of one booking, each under its field; two to one field are two lines.
std::vector<std::string> answers_of(Statement &select, std::string_view booking_id, const Fields &fields) {
  std::vector<std::string> cells(fields.column_of.size() + (fields.has_more ? 1 : 0));
  const Resetting resetting(select);
  select.bind(1, booking_id);
  while (select.step()) {
    const auto column = fields.column_of.find(std::string(select.text(0)));
    const bool is_known = column != fields.column_of.end();
    std::string &cell = is_known ? cells[column->second] : cells.back();
    if (!cell.empty()) cell += '\n';
    if (!is_known) cell += std::string(select.text(0)) + ": ";
    cell += select.text(1);
  }
  return cells;
}

std::string system_sentence(const std::string &attempt, const std::string &path) {
  return attempt + " " + path + ": " + std::strerror(errno);
}

// A file under a name for the time being; removed unless it was put into place.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)), draft_path_(path_ + ".part") {
    unlink(draft_path_.c_str());
    const int descriptor = ::open(draft_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (descriptor >= 0) file_ = fdopen(descriptor, "wb");
    if (!file_) throw FileRefused(system_sentence("make", draft_path_));
  }
  ~Draft() {
    if (file_) std::fclose(file_);
    if (!is_placed_) unlink(draft_path_.c_str());
  }
  Draft(const Draft &) = delete;
  Draft &operator=(const Draft &) = delete;

  void write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) refuse();
  }
  void place() {
    if (std::fflush(file_) != 0 || fsync(fileno(file_)) != 0) refuse();
    if (std::rename(draft_path_.c_str(), path_.c_str()) != 0) refuse();
    is_placed_ = true;
  }

 private:
  [[noreturn]] void refuse() const { throw FileRefused(system_sentence("write", path_)); }

  std::string path_, draft_path_;
  std::FILE *file_ = nullptr;
  bool is_placed_ = false;
};

}  // namespace

std::int64_t export_bookings(Database &database, Cells cells, const RowSink &sink) {
  Transaction snapshot(database, Transaction::Kind::read);
  std::vector<std::string> header = booking_columns();
  std::string list;
  for (const std::string &name : header) list += (list.empty() ? "\"" : ", \"") + name + '"';
  const std::size_t columns_count = header.size();
  const Fields fields = read_fields(database, header);

  std::string row;
  for (std::size_t i = 0; i < header.size(); ++i) append_cell(row, header[i], cells, i == 0);
  end_row(row);
  std::int64_t count = 0;
  if (!sink(row)) return count;

  Statement bookings(database, "SELECT " + list + " FROM booking ORDER BY start_epoch, id");
  Statement answers(database, "SELECT " + std::string(field_sql) +
                                  ", text FROM answer WHERE booking_id = ? "
                                  "ORDER BY position");
  while (bookings.step()) {
    row.clear();
    for (std::size_t i = 0; i < columns_count; ++i) {
      append_cell(row, bookings.text(static_cast<int>(i)), cells, i == 0);
    }
    for (const std::string &answer : answers_of(answers, bookings.text(0), fields)) append_cell(row, answer, cells);
    end_row(row);
    if (!sink(row)) break;
    ++count;
  }
  return count;
}

std::int64_t export_to_file(Database &database, Cells cells, const std::string &name) {
  const std::filesystem::path database_path(database.path());
  const bool is_plain = name.size() > 4 && name.compare(name.size() - 4, 4, ".csv") == 0 && name[0] != '.' &&
                        name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
  if (!is_plain || name == database_path.filename()) {
    throw FileRefused("file: want a name like bookings.csv; it is made beside the database, in " +
                      database_path.parent_path().string());
  }
  Draft draft((database_path.parent_path() / name).string());
  const std::int64_t count = export_bookings(database, cells, [&](std::string_view row) {
    draft.write(row);
    return true;
  });
  draft.place();
  return count;
}

}  // namespace bellhop_sqlite
