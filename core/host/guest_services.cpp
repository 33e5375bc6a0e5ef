// SPDX-License-Identifier: Apache-2.0
#include "host/guest_services.hpp"

#include <algorithm>
#include <utility>

namespace bellhop::core {

namespace {

bool is_key(std::string_view key) { return !key.empty() && key.size() <= kv_key_bytes_max; }

std::int32_t refuse(HttpReply &reply, HttpFailure failure, std::string sentence) {
  reply.failure = failure;
  reply.sentence = std::move(sentence);
  return static_cast<std::int32_t>(failure);
}

// The request in its form; what the addresses mean is the daemon's business.
std::int32_t check(const HttpCall &call, HttpReply &reply) {
  std::size_t headers_bytes = 0;
  for (const auto &[name, value] : call.headers) headers_bytes += name.size() + value.size();
  if (call.method.empty() || call.method.size() > http_method_bytes_max) {
    return refuse(reply, HttpFailure::invalid, "the request has no method, or one of more than 32 bytes");
  }
  if (call.url.empty() || call.url.size() > http_url_bytes_max) {
    return refuse(reply, HttpFailure::invalid, "the request has no URL, or one of more than 8192 bytes");
  }
  if (call.headers.size() > http_headers_count_max || headers_bytes > http_headers_bytes_max) {
    return refuse(reply, HttpFailure::invalid,
                  "the request has more than 64 headers, or more than 65536 bytes of them");
  }
  if (call.timeout_ms < 0 || call.limit.size() > http_limit_bytes_max) {
    return refuse(reply, HttpFailure::invalid, "the request has a negative time-out, or too long a name of a limit");
  }
  if (call.body.size() > http_body_bytes_max) {
    return refuse(reply, HttpFailure::too_large,
                  "the body of the request has " + std::to_string(call.body.size()) + " bytes, the maximum is " +
                      std::to_string(http_body_bytes_max));
  }
  return 0;
}

std::string series_of(const MetricSample &sample) {
  std::string series(1, static_cast<char>('0' + static_cast<int>(sample.what)));
  series += sample.name;
  for (const auto &[name, value] : sample.labels) series.append(1, '\0').append(name).append(1, '=').append(value);
  return series;
}

Staged staged_of(KvWrite write) {
  Staged staged;
  staged.kv.push_back(std::move(write));
  return staged;
}

Staged staged_of(DocumentWrite write) {
  Staged staged;
  staged.documents.push_back(std::move(write));
  return staged;
}

std::int32_t form_error(const KvWrite &write) {
  if (!is_key(write.key)) return BHP_E_INVALID;
  return is_sound(write) ? 0 : BHP_E_TOO_LARGE;
}

std::int32_t form_error(const DocumentWrite &write) {
  if (!is_document_path(write.path) || (write.body && !is_content_type(write.content_type))) return BHP_E_INVALID;
  return is_sound(write) ? 0 : BHP_E_TOO_LARGE;
}

// What a request leaves of a call's time, for the plugin to say what came of it. A request that ended together with the
// call would have the child killed over a slow destination, and after three such strikes the event would be dead.
Milliseconds reserve_ms(Milliseconds budget_ms) {
  constexpr Milliseconds reserve_ms_max = 1'000;
  return std::min(budget_ms / 10, reserve_ms_max);
}

}  // namespace

void GuestServices::begin(During during, Milliseconds budget_ms) {
  deadline_ms_ = budget_ms > 0 && doors_.steady_ms ? doors_.steady_ms() + budget_ms - reserve_ms(budget_ms) : 0;
  during_ = during;
}

Staged GuestServices::end(bool is_kept) {
  during_ = During::other;
  deadline_ms_ = 0;
  Staged staged = staged_.take();
  return is_kept ? std::move(staged) : Staged();
}

std::int32_t GuestServices::http(HttpCall call, HttpReply &reply) {
  if (is_creating()) return refuse(reply, HttpFailure::invalid, "create() does no I/O: send requests from start() on");
  if (const std::int32_t error = check(call, reply); error != 0) return error;
  if (doors_.is_stopping()) {
    return refuse(reply, HttpFailure::cancelled, "the request was not sent: the instance is being stopped");
  }
  if (is_owner() && deadline_ms_ != 0) {
    const Milliseconds left_ms = deadline_ms_ - doors_.steady_ms();
    if (left_ms <= 0) {
      return refuse(reply, HttpFailure::cancelled, "the request was not sent: the time for this call is over");
    }
    call.timeout_ms = call.timeout_ms == 0 ? left_ms : std::min(call.timeout_ms, left_ms);
  }
  ServiceReply answer = doors_.call(std::move(call));
  reply = std::move(answer.http);
  if (answer.error != 0) reply.failure = static_cast<HttpFailure>(answer.error);
  return answer.error;
}

std::int32_t GuestServices::get(std::string_view key, std::string &value) {
  if (!is_key(key) || is_creating()) return BHP_E_INVALID;
  if (is_staging()) {
    const auto staged = staged_.kv().find(std::string(key));
    if (staged != staged_.kv().end()) {
      if (!staged->second) return BHP_E_NOT_FOUND;
      value = *staged->second;
      return 0;
    }
  }
  ServiceReply reply = doors_.call(KvGet{std::string(key)});
  if (reply.error != 0) return reply.error;
  if (!reply.value) return BHP_E_NOT_FOUND;
  value = std::move(*reply.value);
  return 0;
}

template <class Write>
std::int32_t GuestServices::put(Write write, bool is_now) {
  if (is_creating()) return BHP_E_INVALID;
  if (const std::int32_t error = form_error(write); error != 0) return error;
  const bool is_staged = is_staging();
  if (is_staged && !is_now) return staged_.add(std::move(write)) ? 0 : BHP_E_FULL;
  const ServiceReply reply = doors_.call(staged_of(write));
  if (is_staged && reply.error == 0) staged_.forget(write);
  return reply.error;
}

std::int32_t GuestServices::write(KvWrite write, bool is_now) { return put(std::move(write), is_now); }
std::int32_t GuestServices::write(DocumentWrite write, bool is_now) { return put(std::move(write), is_now); }

// Lays the staged writes over entries that the daemon has, up to `horizon`, behind which it was not asked.
void GuestServices::add_staged(const KvList &list, const std::string *horizon, KvEntries &entries) const {
  if (staged_.kv().empty()) return;
  std::map<std::string, std::string> merged(std::make_move_iterator(entries.begin()),
                                            std::make_move_iterator(entries.end()));
  for (auto entry = staged_.kv().lower_bound(std::max(list.prefix, list.after)); entry != staged_.kv().end(); ++entry) {
    const auto &[key, value] = *entry;
    if (key.compare(0, list.prefix.size(), list.prefix) != 0 || (horizon != nullptr && key > *horizon)) break;
    if (key == list.after) continue;
    if (value) {
      merged[key] = *value;
    } else {
      merged.erase(key);
    }
  }
  entries.assign(std::make_move_iterator(merged.begin()), std::make_move_iterator(merged.end()));
}

std::int32_t GuestServices::list(KvList list, ServiceReply &page, bool &is_more) {
  if (is_creating() || list.prefix.size() > kv_key_bytes_max || list.after.size() > kv_key_bytes_max) {
    return BHP_E_INVALID;
  }
  list.count_max = std::min(list.count_max == 0 ? kv_page_count_max : list.count_max, kv_page_count_max);
  for (;;) {
    page = doors_.call(list);
    if (page.error != 0) return page.error;
    is_more = page.entries.size() >= list.count_max;
    std::string horizon = is_more ? page.entries.back().first : std::string();
    if (is_staging()) add_staged(list, is_more ? &horizon : nullptr, page.entries);
    if (!page.entries.empty() || !is_more) break;
    list.after = std::move(horizon);  // all that the daemon has there is removed by staged writes
  }
  if (page.entries.size() > list.count_max) {
    page.entries.resize(list.count_max);
    is_more = true;
  }
  return 0;
}

std::int32_t GuestServices::url(std::string_view path, std::string &url) const {
  if (!path.empty() && !is_document_path(path)) return BHP_E_INVALID;
  if (public_url_.empty()) return BHP_E_NOT_FOUND;
  url = public_url_;
  url += path;
  return 0;
}

std::int32_t GuestServices::metric(MetricSample sample) {
  if (!is_sound(sample)) return BHP_E_INVALID;
  {
    Lock lock(mutex_);
    std::string series = series_of(sample);
    if (series_.count(series) == 0) {
      if (series_.size() >= metric_series_count_max) return BHP_E_FULL;
      series_.insert(std::move(series));
    }
  }
  if (doors_.metric) doors_.metric(sample);
  return 0;
}

}  // namespace bellhop::core
