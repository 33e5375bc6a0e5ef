// SPDX-License-Identifier: Apache-2.0
#include "http/request_head.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "http/target.hpp"

namespace bellhop::core {
namespace {

constexpr char tls_handshake = 0x16;  // the first byte of a TLS ClientHello

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Reuses the strings of earlier requests on this connection: no allocation in the steady state.
void put_header(HttpRequest &request, std::size_t index, std::string_view name, std::string_view value) {
  if (index == request.headers.size()) request.headers.emplace_back();
  request.headers[index].first.assign(name);
  request.headers[index].second.assign(value);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_host(std::string_view host) {
  if (host.empty()) return false;
  for (const char c : host) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_plain && std::string_view("-._~:[]!$&'()*+,;=%").find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool has_token(std::string_view list, std::string_view token) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (equals_ignoring_case(trim(list.substr(begin, end - begin)), token)) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

void RequestHead::reset() {
  stage_ = Stage::request_line;
  line_begin_ = searched_ = fields_count_ = 0;
  is_in_line_ = false;
  empty_lines_count_ = 0;
  known_ = {};
  is_http10_ = false;
  keeps_alive_ = true;
  expects_continue_ = false;
  body_form_ = BodyForm::none;
  content_length_ = 0;
  request_.body.clear();
}

Progress RequestHead::refuse(int status, std::string_view sentence) {
  refusal_.status = status;
  refusal_.sentence.assign(sentence);
  return Progress::refused;
}

Progress RequestHead::advance(std::string_view bytes) {
  for (;;) {
    const void *found =
        searched_ < bytes.size() ? std::memchr(bytes.data() + searched_, '\n', bytes.size() - searched_) : nullptr;
    if (found == nullptr) break;
    const std::size_t lf = static_cast<std::size_t>(static_cast<const char *>(found) - bytes.data());
    if (lf + 1 > limits_.header_bytes_max) break;
    if (lf == line_begin_ || bytes[lf - 1] != '\r') return refuse(400, "lines must end with CR LF, not with a bare LF");
    const std::string_view line = bytes.substr(line_begin_, lf - 1 - line_begin_);
    line_begin_ = searched_ = lf + 1;
    is_in_line_ = false;
    const Progress progress = on_line(line);
    if (progress != Progress::need_more) return progress;
  }
  searched_ = bytes.size();
  is_in_line_ = bytes.size() > line_begin_;
  return check_tail(bytes.substr(line_begin_));
}

// An incomplete line: refuse what no continuation can mend. Looks at no byte beyond the limit, so that the verdict does
// not depend on how much has arrived.
Progress RequestHead::check_tail(std::string_view tail) {
  tail = tail.substr(0, limits_.header_bytes_max - line_begin_);
  const bool is_full = line_begin_ + tail.size() >= limits_.header_bytes_max;
  const bool has_method = tail.find(' ') != std::string_view::npos;
  if (!tail.empty() && tail.back() == '\r') tail.remove_suffix(1);
  if (stage_ == Stage::request_line && !tail.empty() && tail.front() == tls_handshake)
    return refuse(400, "this port speaks plain HTTP, not TLS; use http:// or put a TLS proxy in front");
  if (!all_bytes_of(value_byte, tail)) return refuse(400, "the header section contains a control byte");
  if (!is_full) return Progress::need_more;
  if (stage_ == Stage::fields) return refuse(431, "the header section is larger than header_bytes_max");
  if (!has_method) return refuse(501, "the method is longer than any this server knows");
  return refuse(414, "the request target is longer than header_bytes_max allows");
}

Progress RequestHead::on_line(std::string_view line) {
  // The same check as on an incomplete line comes first, again so that the verdict does not depend on the pieces.
  if (!all_bytes_of(value_byte, line)) return refuse(400, "the header section contains a control byte");
  if (stage_ == Stage::request_line) {
    if (!line.empty()) return on_request_line(line);
    if (++empty_lines_count_ > leading_empty_lines_max) return refuse(400, "too many empty lines before the request");
    return Progress::need_more;
  }
  return line.empty() ? finish() : on_field(line);
}

Progress RequestHead::on_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::string_view method = line.substr(0, first);
  if (method.empty() || !all_bytes_of(token_byte, method))
    return refuse(400, "the request line must be METHOD SP TARGET SP HTTP/1.1");
  if (method.size() > method_bytes_max) return refuse(501, "the method is longer than any this server knows");
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos)
    return refuse(400, "the request line has no HTTP version; HTTP/1.1 is spoken here");
  const std::string_view target = line.substr(first + 1, second - first - 1);
  if (target.size() > target_bytes_max) return refuse(414, "the request target is longer than 8000 bytes");
  if (target.empty()) return refuse(400, "the request line must be METHOD SP TARGET SP HTTP/1.1, with single spaces");
  request_.method.assign(method);
  request_.target.assign(target);
  stage_ = Stage::fields;
  return on_version(line.substr(second + 1));
}

Progress RequestHead::on_version(std::string_view version) {
  if (version == "HTTP/1.1") return Progress::need_more;
  if (version == "HTTP/1.0") {
    is_http10_ = true;
    keeps_alive_ = false;
    return Progress::need_more;
  }
  const bool is_version = version.size() == 8 && version.substr(0, 5) == "HTTP/" && version[6] == '.' &&
                          is_digit(version[5]) && is_digit(version[7]);
  if (is_version) return refuse(505, "this HTTP version is not spoken here; use HTTP/1.1");
  return refuse(400, "the request line must end with HTTP/1.1 or HTTP/1.0");
}

Progress RequestHead::on_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t')
    return refuse(400, "folded header lines are refused; send each field on one line");
  if (fields_count_ == limits_.header_fields_max)
    return refuse(431, "there are more header fields than header_fields_max");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a header line has no colon");
  const std::string_view name = line.substr(0, colon);
  if (name.empty() || !all_bytes_of(token_byte, name))
    return refuse(400, "a header name contains a space or another byte that is not allowed there");
  const std::string_view value = trim(line.substr(colon + 1));
  put_header(request_, fields_count_, name, value);
  return note_field(name, value, static_cast<int>(fields_count_++));
}

Progress RequestHead::note_field(std::string_view name, std::string_view value, int index) {
  int *known = nullptr;
  const auto is = [&](std::string_view wanted) { return equals_ignoring_case(name, wanted); };
  switch (name.size()) {  // every name of interest has a length of its own
    case 4:
      known = is("Host") ? &known_.host : nullptr;
      break;
    case 6:
      known = is("Expect") ? &known_.expect : nullptr;
      break;
    case 10:
      if (is("Connection") && has_token(value, "close")) keeps_alive_ = false;
      break;
    case 12:
      known = is("Content-Type") ? &known_.content_type : nullptr;
      break;
    case 13:
      known = is("Authorization") ? &known_.authorization : nullptr;
      break;
    case 14:
      known = is("Content-Length") ? &known_.content_length : nullptr;
      break;
    case 16:
      known = is("Content-Encoding") ? &known_.content_encoding : nullptr;
      break;
    case 17:
      known = is("Transfer-Encoding") ? &known_.transfer_encoding : nullptr;
      break;
    default:
      break;
  }
  if (known == nullptr) return Progress::need_more;
  if (*known != absent)
    return refuse(400,
                  "a header field that may stand only once is repeated: Host, Content-Length, Transfer-Encoding, "
                  "Content-Type, Content-Encoding, Expect or Authorization");
  *known = index;
  return Progress::need_more;
}

Progress RequestHead::finish() {
  request_.headers.resize(fields_count_);
  if (const Progress progress = finish_body_form(); progress == Progress::refused) return progress;
  if (const Progress progress = finish_host_and_target(); progress == Progress::refused) return progress;
  return finish_expect();
}

Progress RequestHead::finish_host_and_target() {
  if (known_.host == absent) return refuse(400, "the Host field is missing");
  const std::string &host = request_.headers[static_cast<std::size_t>(known_.host)].second;
  if (!is_host(host)) return refuse(400, "the Host field must be a host name, with a port if need be");
  Target target;
  if (std::optional<Refusal> refusal = parse_target(request_.method, request_.target, host, target))
    return refuse(refusal->status, refusal->sentence);
  request_.path.swap(target.path);
  request_.query.assign(target.query);
  if (target.origin.size() != request_.target.size()) request_.target = std::string(target.origin);
  return Progress::complete;
}

Progress RequestHead::finish_body_form() {
  const bool has_length = known_.content_length != absent, is_coded = known_.transfer_encoding != absent;
  if (is_coded && has_length)
    return refuse(400, "Transfer-Encoding and Content-Length together are refused: two readers could disagree");
  if (is_coded) {
    if (is_http10_) return refuse(400, "HTTP/1.0 has no Transfer-Encoding; send Content-Length");
    if (!equals_ignoring_case(request_.headers[static_cast<std::size_t>(known_.transfer_encoding)].second, "chunked"))
      return refuse(501, "the only Transfer-Encoding taken here is chunked");
    body_form_ = BodyForm::chunked;
  } else if (has_length) {
    const std::string &digits = request_.headers[static_cast<std::size_t>(known_.content_length)].second;
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos)
      return refuse(400, "Content-Length must be decimal digits only");
    const bool is_countable = digits.size() <= 18;
    if (is_countable) content_length_ = std::stoll(digits);
    if (!is_countable || content_length_ > limits_.body_bytes_max)
      return refuse(413,
                    "the body is larger than body_bytes_max (" + std::to_string(limits_.body_bytes_max) + " bytes)");
    body_form_ = content_length_ == 0 ? BodyForm::none : BodyForm::length;
  } else if (request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH") {
    return refuse(411, request_.method + " needs a Content-Length field, or Transfer-Encoding: chunked");
  }
  if (known_.content_encoding != absent)
    return refuse(415, "Content-Encoding is not taken here; send the body as it is, not compressed");
  return Progress::complete;
}

Progress RequestHead::finish_expect() {
  if (known_.expect == absent) return Progress::complete;
  if (!equals_ignoring_case(request_.headers[static_cast<std::size_t>(known_.expect)].second, "100-continue"))
    return refuse(417, "the only Expect taken here is 100-continue");
  expects_continue_ = !is_http10_ && body_form_ != BodyForm::none;
  return Progress::complete;
}

}  // namespace bellhop::core
