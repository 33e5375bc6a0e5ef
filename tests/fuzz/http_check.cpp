// SPDX-License-Identifier: Apache-2.0
// The request framing over any bytes. Promises: the answer does not depend on how the bytes were cut; no path comes out
// that the framing rules forbid; a body has the announced size and is within the limit.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "fuzz/check.hpp"
#include "http/chunked_body.hpp"
#include "http/request_head.hpp"

namespace bellhop::test {
namespace {

using namespace bellhop::core;

constexpr HeadLimits limits{2048, 16, 4096};

struct Read {
  Progress progress = Progress::need_more;
  int status = 0;
  std::size_t used = 0;
  std::string path, body;
  bool operator==(const Read &o) const {
    return progress == o.progress && status == o.status && path == o.path && body == o.body && used == o.used;
  }
};

// One request off the front, the input arriving `step` bytes at a time.
Read read_request(std::string_view bytes, std::size_t step) {
  Read read;
  RequestHead head(limits);
  for (std::size_t here = std::min(step, bytes.size());; here = std::min(here + step, bytes.size())) {
    read.progress = head.advance(bytes.substr(0, here));
    if (read.progress != Progress::need_more || here == bytes.size()) break;
  }
  if (read.progress == Progress::refused) read.status = head.refusal().status;
  if (read.progress != Progress::complete) return read;
  read.used = head.size();
  read.path = head.request().path;
  const std::string_view rest = bytes.substr(read.used);
  if (head.body_form() == BodyForm::length) {
    const auto length = static_cast<std::size_t>(head.content_length());
    CHECK(head.content_length() <= limits.body_bytes_max);
    if (rest.size() < length) read.progress = Progress::need_more;
    read.body = rest.substr(0, length);
    read.used += read.body.size();
  }
  if (head.body_form() != BodyForm::chunked) return read;
  ChunkedBody chunked;
  read.progress = Progress::need_more;
  for (std::size_t at = 0; at < rest.size() && read.progress == Progress::need_more;) {
    std::size_t consumed = 0;
    read.progress = chunked.advance(rest.substr(at, step), consumed, read.body, limits.body_bytes_max);
    at += consumed;
    if (read.progress == Progress::complete) read.used += at;
  }
  if (read.progress == Progress::refused) read.status = chunked.refusal().status;
  return read;
}

void check_path(const std::string &path) {
  CHECK(!path.empty() && path.front() == '/');
  for (const char *bad : {"//", "/./", "/../"}) CHECK(path.find(bad) == std::string::npos);
  for (const char c : path) CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

}  // namespace

void check_bytes(std::string_view bytes) {
  const Read whole = read_request(bytes, std::max<std::size_t>(bytes.size(), 1));
  for (const std::size_t step : {1, 2, 7, 64}) CHECK(read_request(bytes, step) == whole);
  CHECK((whole.progress == Progress::refused) == (whole.status >= 400 && whole.status < 600));
  CHECK(static_cast<std::int64_t>(whole.body.size()) <= limits.body_bytes_max);
  if (!whole.path.empty()) check_path(whole.path);
}

}  // namespace bellhop::test
