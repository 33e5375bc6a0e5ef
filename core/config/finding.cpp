// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "config/config.hpp"

namespace bellhop::core {

std::string Position::text() const {
  if (line <= 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Finding::text() const {
  const std::string where = at.text();
  return where.empty() ? sentence : where + ": " + sentence;
}

namespace {

// Edits between two words, where swapping two neighbours counts as one (optimal string alignment).
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::string folded(std::string_view word) {
  std::string out;
  for (const char c : word) out += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::vector<std::string> pieces_of(const std::string &word) {
  std::vector<std::string> pieces;
  for (std::size_t begin = 0; begin <= word.size();) {
    const std::size_t end = std::min(word.find('_', begin), word.size());
    if (end > begin) pieces.push_back(word.substr(begin, end - begin));
    begin = end + 1;
  }
  return pieces;
}

// Every piece of the shorter name stands in the longer one, and there are two or more: body_max means body_bytes_max.
bool shares_pieces(const std::string &a, const std::string &b) {
  std::vector<std::string> few = pieces_of(a), many = pieces_of(b);
  if (few.size() > many.size()) std::swap(few, many);
  return few.size() >= 2 && std::all_of(few.begin(), few.end(), [&](const std::string &piece) {
           return std::find(many.begin(), many.end(), piece) != many.end();
         });
}

}  // namespace

std::string nearest_name(std::string_view word, const std::vector<std::string> &names) {
  constexpr std::size_t word_bytes_max = 128;  // the comparison is quadratic
  if (word.empty() || word.size() > word_bytes_max) return "";
  const std::string wanted = folded(word);
  std::string best;
  std::size_t best_edits = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string &name : names) {
    const std::size_t edits = edits_between(wanted, folded(name));
    if (edits < best_edits) {
      best_edits = edits;
      best = name;
    }
  }
  if (!best.empty()) return best;
  for (const std::string &name : names) {
    if (shares_pieces(wanted, folded(name))) return name;
  }
  return "";
}

}  // namespace bellhop::core
