// SPDX-License-Identifier: Apache-2.0
#include "egress/transfer.hpp"

#include <algorithm>

#include "egress/address_guard.hpp"
#include "egress/redaction.hpp"
#include "egress/request.hpp"
#include "egress/retry_after.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t addresses_max = 4;  // of one name that are tried
constexpr std::size_t buffer_bytes = 16 << 10;

const Url *proxy_for(const TransferTools &tools, const Url &url) {
  if (!tools.proxy) return nullptr;
  const bool is_spared = std::any_of(tools.proxy_except.begin(), tools.proxy_except.end(),
                                     [&](const HostPattern &pattern) { return pattern.matches_host(url.host); });
  return is_spared ? nullptr : &*tools.proxy;
}

}  // namespace

Transfer::Transfer(const TransferTools &tools, const QueuedCall &call, const Patience &patience)
    : tools_(tools),
      call_(call),
      patience_(patience),
      proxy_(proxy_for(tools, call.url)),
      is_tunnelled_(proxy_ != nullptr && call.url.is_tls) {}

HttpReply Transfer::run() {
  const auto failed = [](Fault fault) {
    HttpReply reply;
    reply.failure = fault.failure;
    reply.sentence = std::move(fault.sentence);
    return reply;
  };
  if (Fault fault = choose_addresses()) return failed(std::move(fault));
  for (bool may_reuse : {true, false}) {
    if (Fault fault = open_channel(may_reuse)) return failed(std::move(fault));
    ResponseReader reader(call_.call.method, {.body_bytes_max = tools_.options.response_bytes_max});
    Fault fault = exchange(reader);
    if (!fault) {
      keep(reader);
      return reply_of(reader);
    }
    if (!may_repeat(reader, fault)) return failed(std::move(fault));
  }
  return failed({HttpFailure::connect, "two connections in a row were lost"});
}

// Resolves once; whatever the name says later, the connection goes to one of these.
Fault Transfer::choose_addresses() {
  const Url &next_hop = proxy_ != nullptr ? *proxy_ : call_.url;
  // A proxy resolves names itself, out of our sight. What can be judged here is an address in the URL.
  if (proxy_ != nullptr && call_.url.address) {
    if (Fault fault = vet({*call_.url.address})) return fault;
  }
  std::vector<IpAddress> found;
  if (next_hop.address) {
    found.push_back(*next_hop.address);
  } else if (Fault fault = tools_.resolver.resolve(next_hop.host, found, patience_,
                                                   patience_.end_of(tools_.options.connect_timeout_ms))) {
    return fault;
  }
  if (proxy_ == nullptr) return vet(std::move(found));
  addresses_ = std::move(found);
  return {};
}

// Keeps the addresses that the guard passes. A name that has others as well loses only those: the connection goes to a
// vetted one or nowhere.
Fault Transfer::vet(std::vector<IpAddress> found) {
  const Url &url = call_.url;
  std::string refused;
  if (call_.policy->trust_of(url) != Trust::any_address) {
    const auto is_inside = [&](const IpAddress &address) {
      const std::string_view what = why_not_global(address);
      if (!what.empty() && refused.empty()) refused = address.text() + ", which is " + std::string(what);
      return !what.empty();
    };
    found.erase(std::remove_if(found.begin(), found.end(), is_inside), found.end());
  }
  if (found.empty()) {
    return {HttpFailure::denied,
            (url.address ? "its host is " : url.host + " has the address ") + refused + inside_rule};
  }
  addresses_ = std::move(found);
  return {};
}

std::string Transfer::key_of(const IpAddress &address) const {
  return call_.url.scheme_host() + " " + address.text() + (proxy_ != nullptr ? " by " + proxy_->host_port() : "");
}

Fault Transfer::open_channel(bool may_reuse) {
  is_reused_ = false;
  for (const IpAddress &address : addresses_) {
    if (!may_reuse) break;
    std::optional<Channel> idle = tools_.pool.take(key_of(address), patience_.now_ms());
    if (!idle) continue;
    channel_ = std::move(*idle);
    used_ = address;
    is_reused_ = true;
    return {};
  }
  if (Fault fault = connect_any()) return fault;
  if (is_tunnelled_) {
    if (Fault fault = tunnel()) return fault;
  }
  if (!call_.url.is_tls) return {};
  Fault fault = channel_.secure(tools_.tls, call_.url.host, patience_, patience_.end_of(tools_.options.tls_timeout_ms));
  if (fault) fault.sentence = call_.url.host_port() + " at " + used_.text() + ": " + fault.sentence;
  return fault;
}

// One address after the other, all within one connect time-out.
Fault Transfer::connect_any() {
  const Milliseconds until_ms = patience_.end_of(tools_.options.connect_timeout_ms);
  const std::uint16_t port = proxy_ != nullptr ? proxy_->port : call_.url.port;
  const std::size_t count = std::min(addresses_.size(), addresses_max);
  Fault last{HttpFailure::connect, "there is no address to connect to"};
  for (std::size_t i = 0; i < count; ++i) {
    // Each gets its share of what is left, so that a dead first address does not eat the second one's time.
    const Milliseconds now_ms = patience_.now_ms();
    const Milliseconds share_ms = (until_ms - now_ms) / static_cast<Milliseconds>(count - i);
    Fault fault = channel_.connect(addresses_[i], port, patience_, now_ms + share_ms);
    used_ = addresses_[i];
    if (!fault || fault.failure == HttpFailure::cancelled) return fault;
    last = std::move(fault);
  }
  return last;
}

Fault Transfer::tunnel() {
  const Milliseconds until_ms = patience_.end_of(tools_.options.connect_timeout_ms);
  std::size_t sent = 0;
  if (Fault fault = channel_.send(connect_head(call_.url), sent, patience_, until_ms)) return fault;
  ResponseReader reader("CONNECT", {});
  for (Progress progress = Progress::need_more; progress == Progress::need_more;) {
    char byte = 0;  // one at a time: what follows the head belongs to the TLS handshake
    std::size_t size = 0;
    if (Fault fault = channel_.receive(&byte, 1, size, patience_, until_ms)) return fault;
    progress = size == 0 ? reader.end() : reader.advance({&byte, 1});
    if (progress == Progress::refused) return {reader.fault().failure, "the proxy: " + reader.fault().sentence};
    // A refusal may bring a body, which nobody reads.
    if (reader.is_head_complete()) break;
  }
  if (reader.status() / 100 == 2) return {};
  return {HttpFailure::connect, "the proxy " + proxy_->host_port() + " answered " + std::to_string(reader.status()) +
                                    " when asked for a tunnel to " + call_.url.host_port()};
}

Fault Transfer::exchange(ResponseReader &reader) {
  const Form form = proxy_ != nullptr && !is_tunnelled_ ? Form::absolute : Form::origin;
  const std::string head = request_head(call_.call, call_.url, form);
  std::size_t sent = 0;
  // One write for a small request, so that it is one packet; a large body is not copied.
  constexpr std::size_t joined_bytes_max = 64 << 10;
  const bool is_small = head.size() + call_.call.body.size() <= joined_bytes_max;
  Fault fault = channel_.send(is_small ? head + call_.call.body : head, sent, patience_, patience_.end_ms());
  sent_bytes_ = sent;
  if (!fault && !is_small) {
    fault = channel_.send(call_.call.body, sent, patience_, patience_.end_ms());
    sent_bytes_ += sent;
  }
  if (!fault) return read_answer(reader);
  if (fault.failure != HttpFailure::connect) return fault;
  // A server that refuses a large body may answer and close before it has read it: its answer says more than the reset.
  if (sent_bytes_ == 0 || read_answer(reader)) return fault;
  reader.forbid_reuse();
  return {};
}

Fault Transfer::read_answer(ResponseReader &reader) {
  std::vector<char> buffer(buffer_bytes);
  const Milliseconds first_byte_end_ms = patience_.end_of(tools_.options.first_byte_timeout_ms);
  for (Progress progress = Progress::need_more; progress == Progress::need_more;) {
    const bool has_begun = reader.bytes_count() > 0;
    std::size_t size = 0;
    const Milliseconds until_ms = has_begun ? patience_.end_ms() : first_byte_end_ms;
    if (Fault fault = channel_.receive(buffer.data(), buffer.size(), size, patience_, until_ms)) {
      if (fault.failure == HttpFailure::timeout) {
        fault.sentence = has_begun ? "the answer was not complete in time; " + std::to_string(reader.bytes_count()) +
                                         " bytes of it had come"
                                   : "the request was sent, but no answer began in time";
      }
      return fault;
    }
    progress = size == 0 ? reader.end() : reader.advance({buffer.data(), size});
  }
  return reader.fault();
}

bool Transfer::may_repeat(const ResponseReader &reader, const Fault &fault) const {
  if (!is_reused_ || fault.failure != HttpFailure::connect || reader.bytes_count() > 0) return false;
  return sent_bytes_ == 0 || is_repeatable(call_.call);
}

void Transfer::keep(ResponseReader &reader) {
  if (!reader.keeps_alive() || tools_.options.pool_idle_ms == 0) return;
  Milliseconds idle_ms = tools_.options.pool_idle_ms;
  // A server that tells when it will close is left a second before that.
  if (const std::optional<int> told_s = reader.keep_alive_s()) {
    idle_ms = std::min<Milliseconds>(idle_ms, (*told_s - 1) * 1'000LL);
  }
  if (idle_ms > 0) tools_.pool.put(key_of(used_), std::move(channel_), patience_.now_ms() + idle_ms);
}

HttpReply Transfer::reply_of(ResponseReader &reader) const {
  HttpReply reply;
  reply.status = reader.status();
  // The answer's own date, so that a wrong clock, here or there, does not stretch the wait.
  const Milliseconds wall_ms = call_.at_ms + patience_.now_ms() - call_.queued_ms;
  const Milliseconds date_ms = parse_http_date(reader.field("Date"), wall_ms).value_or(wall_ms);
  reply.retry_after_ms = retry_after(reader.field("Retry-After"), date_ms);
  reply.headers = std::move(reader.fields());
  reply.body = std::move(reader.body());
  reply.sentence = "answered " + std::to_string(reply.status);
  if (reply.retry_after_ms > 0) reply.sentence += ", wants a wait of " + std::to_string(reply.retry_after_ms) + " ms";
  return reply;
}

}  // namespace bellhop::core
