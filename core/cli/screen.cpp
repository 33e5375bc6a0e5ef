// SPDX-License-Identifier: Apache-2.0
#include "cli/screen.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <cwchar>

#include "base/log.hpp"

namespace bellhop::core {
namespace {

// The longest beginning of `text` that takes at most `columns`, with "…" when something was cut.
std::string cut(const std::string &text, int columns) {
  if (columns < 1 || width_of(text) <= columns) return text;
  std::size_t end = 0;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    const bool is_boundary = i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (!is_boundary) continue;
    if (width_of(std::string_view(text).substr(0, i)) > columns - 1) break;
    end = i;
  }
  return text.substr(0, end) + "…";
}

std::string padding(int columns) { return std::string(static_cast<std::size_t>(std::max(0, columns)), ' '); }

}  // namespace

int width_of(std::string_view text) {
  std::mbstate_t state{};
  int columns = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    wchar_t wide = 0;
    const std::size_t size = std::mbrtowc(&wide, text.data() + i, text.size() - i, &state);
    if (size == 0 || size > text.size() - i) {  // NUL or not UTF-8: a terminal shows one mark for the byte
      state = std::mbstate_t{};
      ++columns;
      ++i;
      continue;
    }
    columns += std::max(0, ::wcwidth(wide));
    i += size;
  }
  return columns;
}

Milliseconds unix_ms_of(std::string_view rfc3339) {
  std::tm parts{};
  int milliseconds = 0, taken = 0;
  const std::string text(rfc3339);
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &taken) != 6) {
    return -1;
  }
  if (text.size() > static_cast<std::size_t>(taken) && text[static_cast<std::size_t>(taken)] == '.') {
    if (std::sscanf(text.c_str() + taken, ".%3d", &milliseconds) != 1) return -1;
  }
  if (text.back() != 'Z') return -1;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<Milliseconds>(::timegm(&parts)) * 1000 + milliseconds;
}

std::string Screen::paint(std::string_view text, Colour colour) const {
  if (!has_colours || colour == Colour::none) return std::string(text);
  const char *code = colour == Colour::good      ? "32"
                     : colour == Colour::warning ? "33"
                     : colour == Colour::bad     ? "31"
                                                 : "2";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string Screen::when(std::string_view rfc3339) const {
  if (rfc3339.empty()) return "-";
  const Milliseconds at_ms = unix_ms_of(rfc3339);
  if (!is_terminal || at_ms < 0) return std::string(rfc3339);
  const Milliseconds distance_s = (now_ms > at_ms ? now_ms - at_ms : at_ms - now_ms) / 1000;
  if (distance_s == 0) return "now";
  if (distance_s > 30 * 86'400) return std::string(rfc3339.substr(0, 10));
  const std::string amount = distance_s < 60       ? std::to_string(distance_s) + " s"
                             : distance_s < 3600   ? std::to_string(distance_s / 60) + " min"
                             : distance_s < 86'400 ? std::to_string(distance_s / 3600) + " h"
                                                   : std::to_string(distance_s / 86'400) + " d";
  return now_ms > at_ms ? amount + " ago" : "in " + amount;
}

Table::Cell::Cell(std::string t, Colour c) : text(printable(t)), colour(c) {}
Table::Cell::Cell(std::int64_t number) : text(std::to_string(number)), is_number(true) {}

void Table::print(const Screen &screen) const {
  std::vector<int> widths;
  for (const std::string &title : titles_) widths.push_back(width_of(title));
  for (const auto &row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  std::vector<Cell> heading;
  for (const std::string &title : titles_) heading.emplace_back(title, Colour::faint);
  const auto print_row = [&](const std::vector<Cell> &row) {
    int used = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_last = i + 1 == row.size();
      const int room = is_last && screen.is_terminal ? std::max(12, screen.columns_count - used) : 0;
      const std::string text = cut(row[i].text, room);
      const bool is_right = !rows_.empty() && rows_[0][i].is_number;
      const std::string pad = padding(widths[i] - width_of(text));
      if (is_right) screen.out << pad;
      screen.out << screen.paint(text, row[i].colour);
      if (is_last) break;
      screen.out << (is_right ? "" : pad) << "  ";
      used += widths[i] + 2;
    }
    screen.out << '\n';
  };
  print_row(heading);
  for (const auto &row : rows_) print_row(row);
}

}  // namespace bellhop::core
