// SPDX-License-Identifier: Apache-2.0
#include "egress/response_reader.hpp"

#include <algorithm>
#include <charconv>

namespace bellhop::core {

namespace {

constexpr std::size_t length_digits_max = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Of an answer whose first bytes, before_count of them, were found to be right: are the next ones?
bool may_begin_http(std::size_t before_count, std::string_view next) {
  std::string_view start = "HTTP/1.";
  start.remove_prefix(std::min(before_count, start.size()));
  return next.substr(0, start.size()) == start.substr(0, next.size());
}

// The items of a comma-separated list, one after the other.
template <class Visit>
void each_item(std::string_view list, const Visit &visit) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    visit(trim(list.substr(begin, end - begin)));
    begin = end + 1;
  }
}

}  // namespace

ResponseReader::ResponseReader(std::string_view method, ResponseLimits limits)
    : limits_(limits), has_head_only_(method == "HEAD"), is_connect_(method == "CONNECT") {}

Progress ResponseReader::refuse(std::string sentence, HttpFailure failure) {
  fault_ = {failure, std::move(sentence)};
  return Progress::refused;
}

Progress ResponseReader::advance(std::string_view bytes) {
  bytes_count_ += bytes.size();
  std::size_t used = 0;
  while (stage_ == Stage::head && used < bytes.size()) {
    if (const Progress progress = read_head(bytes, used); progress == Progress::refused) return progress;
  }
  if (stage_ == Stage::head) return Progress::need_more;
  return read_body(bytes.substr(used));
}

// Line by line, so that what is no HTTP is refused at its first line and not after a deadline.
Progress ResponseReader::read_head(std::string_view bytes, std::size_t &used) {
  const std::string_view rest = bytes.substr(used);
  const std::size_t line_end = rest.find('\n');
  const std::size_t size = line_end == std::string_view::npos ? rest.size() : line_end + 1;
  if (status_ == 0 && !may_begin_http(line_.size(), rest)) return refuse("the answer is not HTTP/1.1");
  head_bytes_ += size;
  if (head_bytes_ > limits_.header_bytes_max) {
    return refuse("the answer's head is larger than " + std::to_string(limits_.header_bytes_max) + " bytes",
                  HttpFailure::too_large);
  }
  line_.append(rest.substr(0, size));
  used += size;
  if (line_end == std::string_view::npos) return Progress::need_more;
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r') return refuse("a line of the answer's head lacks its CR");
  line_.resize(line_.size() - 2);
  const Progress progress = on_line(line_);
  line_.clear();
  return progress;
}

Progress ResponseReader::on_line(std::string_view line) {
  if (status_ == 0) return on_status_line(line);
  return line.empty() ? on_head_end() : on_field(line);
}

Progress ResponseReader::on_status_line(std::string_view line) {
  // "HTTP/1.1 200 OK"; the reason may be empty, and some leave out the space before it.
  const bool has_form = line.size() >= 12 && (line[7] == '0' || line[7] == '1') && line[8] == ' ' && line[9] >= '1' &&
                        line[9] <= '5' && is_digit(line[10]) && is_digit(line[11]) &&
                        (line.size() == 12 || line[12] == ' ') && all_bytes_of(value_byte, line);
  if (!has_form) return refuse("the answer's status line has not the form of HTTP/1.1");
  is_http10_ = line[7] == '0';
  std::from_chars(line.data() + 9, line.data() + 12, status_);
  return Progress::need_more;
}

Progress ResponseReader::on_field(std::string_view line) {
  if (fields_.size() >= limits_.header_fields_max) {
    return refuse("the answer has more than " + std::to_string(limits_.header_fields_max) + " header fields",
                  HttpFailure::too_large);
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return refuse("a header line of the answer has no name");
  const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
  if (!all_bytes_of(token_byte, name)) return refuse("a header name of the answer has a byte that may not be there");
  if (!all_bytes_of(value_byte, value)) return refuse("a header value of the answer has a control byte");
  fields_.emplace_back(name, value);
  return Progress::need_more;
}

Progress ResponseReader::on_head_end() {
  if (status_ == 101) return refuse("the answer switches to another protocol, which nobody asked for");
  if (status_ < 200) {  // 100, 103: the answer itself is still to come
    if (++interim_count_ > interim_answers_max) return refuse("there are more than 8 interim answers");
    status_ = 0;
    fields_.clear();
    return Progress::need_more;
  }
  return choose_body();
}

//   source  RFC 9112 section 6.3, and stricter where it leaves a choice: a length together with a transfer coding, two
//           lengths, or a coding in HTTP/1.0 are refused, because the next answer on the connection could be forged
Progress ResponseReader::choose_body() {
  int lengths_count = 0, codings_count = 0;
  std::string_view length, coding;
  bool says_close = false, says_keep = false;
  for (const auto &[name, value] : fields_) {
    if (equals_ignoring_case(name, "Content-Length")) ++lengths_count, length = value;
    if (equals_ignoring_case(name, "Transfer-Encoding")) ++codings_count, coding = value;
    if (!equals_ignoring_case(name, "Connection")) continue;
    each_item(value, [&](std::string_view item) {
      says_close = says_close || equals_ignoring_case(item, "close");
      says_keep = says_keep || equals_ignoring_case(item, "keep-alive");
    });
  }
  keeps_alive_ = !says_close && (!is_http10_ || says_keep);
  if (lengths_count > 1 || codings_count > 1 || (lengths_count > 0 && codings_count > 0)) {
    return refuse("the answer says more than once how long its body is");
  }
  if (codings_count > 0 && (is_http10_ || !equals_ignoring_case(coding, "chunked"))) {
    return refuse("the answer has a transfer coding that is not plain chunked");
  }
  if (lengths_count > 0) {
    const bool is_number =
        !length.empty() && length.size() <= length_digits_max && std::all_of(length.begin(), length.end(), is_digit);
    if (!is_number) return refuse("the answer's Content-Length is no number");
    std::from_chars(length.data(), length.data() + length.size(), left_);
  }
  const bool has_no_body = has_head_only_ || status_ == 204 || status_ == 304 || (is_connect_ && status_ / 100 == 2);
  if (has_no_body) {
    stage_ = Stage::complete;
  } else if (codings_count > 0) {
    stage_ = Stage::chunked;
  } else if (lengths_count > 0) {
    if (left_ > limits_.body_bytes_max) {
      return refuse("the answer's body of " + std::to_string(left_) + " bytes is larger than response_bytes_max (" +
                        std::to_string(limits_.body_bytes_max) + ")",
                    HttpFailure::too_large);
    }
    stage_ = left_ == 0 ? Stage::complete : Stage::length;
  } else {
    stage_ = Stage::until_end;
    keeps_alive_ = false;
  }
  return Progress::need_more;
}

Progress ResponseReader::read_body(std::string_view bytes) {
  std::size_t used = 0;
  const std::string over =
      "the answer's body is larger than response_bytes_max (" + std::to_string(limits_.body_bytes_max) + " bytes)";
  if (stage_ == Stage::length) {
    used = std::min(bytes.size(), static_cast<std::size_t>(left_));
    body_.append(bytes.substr(0, used));
    left_ -= static_cast<std::int64_t>(used);
    if (left_ == 0) stage_ = Stage::complete;
  } else if (stage_ == Stage::chunked) {
    const Progress progress = chunked_.advance(bytes, used, body_, limits_.body_bytes_max);
    if (progress == Progress::refused) {
      if (chunked_.refusal().status == 413) return refuse(over, HttpFailure::too_large);
      return refuse("the answer's body is damaged: " + chunked_.refusal().sentence);
    }
    if (progress == Progress::complete) stage_ = Stage::complete;
  } else if (stage_ == Stage::until_end) {
    used = bytes.size();
    if (static_cast<std::int64_t>(body_.size() + used) > limits_.body_bytes_max) {
      return refuse(over, HttpFailure::too_large);
    }
    body_.append(bytes);
  }
  if (stage_ != Stage::complete) return Progress::need_more;
  if (used < bytes.size()) keeps_alive_ = false;  // nobody asked for more; what it is, nobody wants to know
  return Progress::complete;
}

Progress ResponseReader::end() {
  switch (stage_) {
    case Stage::head:
      if (bytes_count_ == 0) return refuse("the connection was closed without an answer");
      return refuse("the connection was closed in the middle of the answer's head");
    case Stage::length:
      return refuse("the answer was cut off: " + std::to_string(left_) + " bytes of its body are missing");
    case Stage::chunked:
      return refuse("the answer was cut off: its last chunk is missing");
    case Stage::until_end:
      stage_ = Stage::complete;
      return Progress::complete;
    case Stage::complete:
      return Progress::complete;
  }
  return Progress::refused;
}

std::string_view ResponseReader::field(std::string_view name) const {
  for (const auto &[known, value] : fields_) {
    if (equals_ignoring_case(known, name)) return value;
  }
  return {};
}

std::optional<int> ResponseReader::keep_alive_s() const {
  std::optional<int> found;
  each_item(field("Keep-Alive"), [&](std::string_view item) {
    constexpr std::string_view key = "timeout=";
    if (item.size() <= key.size() || !equals_ignoring_case(item.substr(0, key.size()), key)) return;
    int seconds = 0;
    const auto [stop, error] = std::from_chars(item.data() + key.size(), item.data() + item.size(), seconds);
    if (error == std::errc() && stop == item.data() + item.size() && seconds >= 0) found = seconds;
  });
  return found;
}

}  // namespace bellhop::core
