// SPDX-License-Identifier: Apache-2.0
#include "host/child_calls.hpp"

#include <bellhop/plugin.h>

#include <utility>

#include "host/wire.hpp"

namespace bellhop::core {

namespace {

ServiceReply refused(std::int32_t error, std::string sentence) {
  ServiceReply reply;
  reply.error = error;
  reply.http.failure = static_cast<HttpFailure>(error);
  reply.http.sentence = std::move(sentence);
  return reply;
}

// What a frame to the child would have to carry; the frame's own limit is far above any honest reply.
bool is_too_large(const ServiceReply &reply) {
  std::size_t bytes = reply.http.body.size() + (reply.value ? reply.value->size() : 0);
  for (const auto &[name, value] : reply.http.headers) bytes += name.size() + value.size();
  for (const auto &[key, value] : reply.entries) bytes += key.size() + value.size();
  return bytes > wire::to_child_bytes_max / 2 || reply.entries.size() > kv_page_count_max;
}

}  // namespace

// untrusted: the plugin can write frames of its own
std::string ChildCalls::on_call(std::string_view payload) {
  auto call = wire::decode_call(payload);
  if (!call) return "sent a malformed call of a service";
  if (desk_ == nullptr) return "called a service that is not offered to it";
  if (is_closed_) return "";
  if (!under_way_.emplace(call->id, payload.size()).second) return "sent two calls of services with one number";
  under_way_bytes_ += payload.size();
  const std::uint64_t id = call->id;
  if (under_way_.size() > calls_count_max || under_way_bytes_ > calls_bytes_max) {
    mailbox_->put({id, refused(BHP_E_UNAVAILABLE, "too many calls of services at a time: at most " +
                                                      std::to_string(calls_count_max) + " and " +
                                                      std::to_string(calls_bytes_max) + " bytes")});
    return "";
  }
  if (is_stopping_ && std::holds_alternative<HttpCall>(call->call)) {
    mailbox_->put({id, cancelled_reply()});
    return "";
  }
  carry(*desk_, caller_, std::move(call->call), [mailbox = mailbox_, id](ServiceReply reply) {
    mailbox->put({id, std::move(reply)});
  });
  return "";
}

std::string ChildCalls::on_metric(std::string_view payload) {
  auto sample = wire::decode_metric(payload);
  if (!sample) return "sent a malformed metric";
  if (desk_ == nullptr) return "called a service that is not offered to it";
  if (!is_closed_) desk_->metric(caller_, std::move(*sample));
  return "";
}

void ChildCalls::take_results(std::string &out) {
  for (Mailbox::Letter &letter : mailbox_->take()) {
    const auto call = under_way_.find(letter.id);
    CHECK(call != under_way_.end());  // `done` is called once
    under_way_bytes_ -= call->second;
    under_way_.erase(call);
    std::string &exchange = letter.reply.http.exchange;
    if (!exchange.empty() && exchange.size() <= exchange_bytes_max) {
      if (exchanges_.size() == exchanges_count_max) exchanges_.pop_front();
      exchanges_.push_back(std::move(exchange));
    }
    if (is_too_large(letter.reply)) letter.reply = refused(BHP_E_TOO_LARGE, "the answer is too large for a plugin");
    wire::encode(out, wire::CallResult{letter.id, std::move(letter.reply)});
  }
}

std::vector<std::string> ChildCalls::take_exchanges() {
  std::vector<std::string> exchanges(std::make_move_iterator(exchanges_.begin()),
                                     std::make_move_iterator(exchanges_.end()));
  exchanges_.clear();
  return exchanges;
}

void ChildCalls::stop() {
  is_stopping_ = true;
  if (desk_ != nullptr && !is_closed_) desk_->cancel(caller_);
}

void ChildCalls::close() {
  if (std::exchange(is_closed_, true)) return;
  // Only what is still under way: the next child of this worker may be at work already when this one is destroyed.
  if (!under_way_.empty()) desk_->cancel(caller_);
  under_way_.clear();
  mailbox_->close();
}

}  // namespace bellhop::core
