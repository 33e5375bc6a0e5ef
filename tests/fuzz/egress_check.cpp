// SPDX-License-Identifier: Apache-2.0
// What comes from a server that we did not choose, or from a booking that names one: an answer, a URL, a Retry-After.
// Promises: an answer does not depend on how its bytes were cut, nothing in it is over the limits, and no field can be
// split; a URL that is taken means the same when it is written out and read again; a wait is within its bounds.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "egress/response_reader.hpp"
#include "egress/retry_after.hpp"
#include "egress/url.hpp"
#include "fuzz/check.hpp"

namespace bellhop::test {
namespace {

using namespace bellhop::core;

constexpr ResponseLimits limits{2048, 16, 4096};
constexpr std::size_t urls_max = 200;  // of one input
constexpr Milliseconds now_ms = 1'767'225'600'000;

struct Read {
  Progress progress = Progress::need_more;
  HttpFailure failure = HttpFailure::none;
  int status = 0;
  HttpFields fields;
  std::string body;
  bool operator==(const Read &o) const {
    return progress == o.progress && failure == o.failure && status == o.status && fields == o.fields && body == o.body;
  }
};

// Of what is not complete, only that it is not: how far it came depends on the cuts.
Read read_answer(std::string_view bytes, std::string_view method, std::size_t step) {
  ResponseReader reader(method, limits);
  Read read;
  for (std::size_t at = 0; at < bytes.size() && read.progress == Progress::need_more; at += step) {
    read.progress = reader.advance(bytes.substr(at, step));
  }
  if (read.progress == Progress::need_more) read.progress = reader.end();
  CHECK(read.progress != Progress::need_more);
  read.failure = reader.fault().failure;
  CHECK((read.progress == Progress::refused) == (read.failure != HttpFailure::none));
  CHECK(static_cast<std::int64_t>(reader.body().size()) <= limits.body_bytes_max);
  if (read.progress != Progress::complete) return read;
  read.status = reader.status();
  read.fields = reader.fields();
  read.body = reader.body();
  CHECK(read.status >= 200 && read.status <= 999);
  return read;
}

void check_answer(std::string_view bytes) {
  for (const std::string_view method : {"GET", "HEAD", "CONNECT"}) {
    const Read whole = read_answer(bytes, method, std::max<std::size_t>(bytes.size(), 1));
    for (const std::size_t step : {1, 2, 7, 64}) CHECK(read_answer(bytes, method, step) == whole);
    CHECK(method != "HEAD" || whole.body.empty());
    CHECK(whole.fields.size() <= limits.header_fields_max);
    for (const auto &[name, value] : whole.fields) {
      CHECK(!name.empty());
      for (const std::string *text : {&name, &value}) {
        CHECK(text->find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
      }
    }
  }
}

void check_url(std::string_view text) {
  const Result<Url> url = Url::parse(text);
  if (!url.ok()) {
    CHECK(!url.error().sentence.empty());
    return;
  }
  CHECK(!url->host.empty() && url->host.size() <= host_bytes_max && url->port != 0);
  for (const char c : url->host) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    CHECK(is_plain || (c == ':' && url->address.has_value()));
  }
  CHECK(url->target.front() == '/');
  for (const char c : url->target) CHECK(c > 0x20 && c != 0x7f && c != '#' && c != '\\');
  for (const char *bad : {"/./", "/../"})
    CHECK(url->target.substr(0, url->target.find('?')).find(bad) == std::string::npos);
  const std::string written = url->scheme_host() + url->target;
  if (written.size() > url_bytes_max) return;  // a port, or a slash, that was not there
  const Result<Url> again = Url::parse(written);
  CHECK(again.ok());
  CHECK(again->is_tls == url->is_tls && again->host == url->host && again->port == url->port);
  CHECK(again->target == url->target && again->address.has_value() == url->address.has_value());
}

}  // namespace

void check_bytes(std::string_view bytes) {
  check_answer(bytes);
  check_url(bytes);
  std::size_t urls_count = 0;
  for (std::size_t begin = 0; begin < bytes.size() && ++urls_count <= urls_max;) {
    const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    check_url(bytes.substr(begin, end - begin));
    begin = end + 1;
  }
  const Milliseconds wait_ms = retry_after(bytes, now_ms);
  CHECK(wait_ms >= 0 && wait_ms <= retry_after_ms_max);
}

}  // namespace bellhop::test
