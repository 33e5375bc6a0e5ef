// SPDX-License-Identifier: Apache-2.0
#include "journal/backlog.hpp"

#include <algorithm>

namespace bellhop::core {

void Backlog::reset(Seq before_first, Seq newest, std::int64_t bytes) {
  interval_ = events_per_mark;
  marks_ = {{std::min(before_first, newest), 0}, {newest, bytes}};
}

void Backlog::add(Seq newest, std::int64_t bytes) {
  if (marks_.empty()) reset(0, 0, 0);
  const Mark last = marks_.back();
  if (newest <= last.seq) return;
  const Mark next{newest, last.sum + bytes};
  // The last mark is moved until it is an interval away from the one before it.
  if (marks_.size() >= 2 && last.seq - marks_[marks_.size() - 2].seq < interval_) {
    marks_.back() = next;
    return;
  }
  marks_.push_back(next);
  if (marks_.size() <= marks_max) return;
  std::deque<Mark> half;
  for (std::size_t i = 0; i < marks_.size(); i += 2) half.push_back(marks_[i]);
  if (half.back().seq != next.seq) half.push_back(next);
  marks_ = std::move(half);
  interval_ *= 2;
}

std::int64_t Backlog::bytes_above(Seq floor) const {
  if (marks_.empty() || floor >= marks_.back().seq) return 0;
  const auto after =
      std::upper_bound(marks_.begin(), marks_.end(), floor, [](Seq seq, const Mark &mark) { return seq < mark.seq; });
  if (after == marks_.begin()) return marks_.back().sum;
  const Mark &before = *(after - 1);
  const double part = static_cast<double>(floor - before.seq) / static_cast<double>(after->seq - before.seq);
  return marks_.back().sum - before.sum -
         static_cast<std::int64_t>(static_cast<double>(after->sum - before.sum) * part);
}

}  // namespace bellhop::core
