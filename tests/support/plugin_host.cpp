// SPDX-License-Identifier: Apache-2.0
// See plugin_host.hpp.
#include "support/plugin_host.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>

#include "host/json_tree.hpp"

namespace bellhop::test {

namespace {

// A reply with the room that the host gives it.
struct Reply {
  char message[1025] = "";
  bhp_reply reply{sizeof(bhp_reply), BHP_RETRY, 0, message, sizeof message};

  core::PluginAnswer answer(std::int32_t code) {
    message[sizeof message - 1] = 0;
    return {code, reply.retry_after_ms, message};
  }
};

// A parcel in the form of the ABI.
struct AbiEvent {
  explicit AbiEvent(const core::Parcel &parcel) : id_(parcel.id.text()) {
    event.struct_size = sizeof event;
    event.flags = parcel.flags;
    event.id = {id_.data(), id_.size()};
    event.type = {parcel.type.data(), parcel.type.size()};
    event.subject = {parcel.subject.data(), parcel.subject.size()};
    event.occurred_ms = parcel.occurred_ms;
    event.received_ms = parcel.received_ms;
    event.seq = static_cast<std::uint64_t>(parcel.seq);
    event.attempt = parcel.attempt;
    event.attempts_max = parcel.attempts_max;
    event.json = {parcel.json.data(), parcel.json.size()};
    event.body = {parcel.body.data(), parcel.body.size()};
    document_.assign(parcel.json, core::JsonDocument::Utf8::trusted);
    event.root = document_.root();
  }
  AbiEvent(const AbiEvent &) = delete;
  AbiEvent &operator=(const AbiEvent &) = delete;

  bhp_event event{};

 private:
  std::string id_;
  core::JsonDocument document_;  // parsed when the plugin looks, as in the real host
};

void take_line(const bhp_host *host, std::int32_t, const char *text, std::size_t size) {
  static_cast<std::vector<std::string> *>(host->opaque)->emplace_back(text, size);
}

std::int64_t now_ms(const bhp_host *) { return static_cast<std::int64_t>(std::time(nullptr)) * 1000; }

std::int32_t stopping(const bhp_host *) { return 0; }

const void *service(const bhp_host *, const char *id) {
  return std::strcmp(id, BHP_SVC_JSON) == 0 ? core::json_service() : nullptr;
}

[[noreturn]] void give_up(const char *what, const char *cause) {
  std::fprintf(stderr, "plugin host: %s: %s\n", what, cause);
  std::abort();
}

}  // namespace

PluginHost::PluginHost(const std::filesystem::path &library, std::filesystem::path state_dir, std::string settings_json)
    : state_dir_(std::move(state_dir)), state_dir_text_(state_dir_.string()) {
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) give_up("dlopen", dlerror());
  const auto entry = reinterpret_cast<bhp_entry_v1>(dlsym(handle, BHP_ENTRY_SYMBOL));
  if (!entry) give_up("dlsym", dlerror());
  plugin_ = entry(0);
  if (!plugin_) give_up(BHP_ENTRY_SYMBOL, "no plugin");

  host_ = {
      sizeof host_, BHP_ABI_MAJOR, BHP_ABI_MINOR, "bellhop-test", "0",    "bookings", state_dir_text_.c_str(), 0, 0,
      &log_,        take_line,     now_ms,        stopping,       service};
  Reply reply;
  created_ = reply.answer(
      plugin_->create(plugin_, &host_, settings_json.data(), settings_json.size(), &reply.reply, &instance_));
  if (created_.code != BHP_OK) instance_ = nullptr;
}

PluginHost::~PluginHost() {
  stop();
  if (instance_) plugin_->destroy(instance_);
}

core::PluginAnswer PluginHost::start() {
  Reply reply;
  const std::int32_t code = plugin_->start ? plugin_->start(instance_, &reply.reply) : BHP_OK;
  is_started_ = code == BHP_OK;
  return reply.answer(code);
}

core::PluginAnswer PluginHost::deliver(const core::Parcel &parcel) {
  const AbiEvent event(parcel);
  Reply reply;
  return reply.answer(plugin_->deliver(instance_, &event.event, &reply.reply));
}

std::vector<core::PluginAnswer> PluginHost::deliver_batch(const std::vector<core::Parcel> &parcels,
                                                          core::PluginAnswer *whole) {
  const auto *extension =
      static_cast<const bhp_batch_v1 *>(plugin_->extension ? plugin_->extension(plugin_, BHP_EXT_BATCH) : nullptr);
  if (!extension) give_up(BHP_EXT_BATCH, "not offered");
  std::deque<AbiEvent> events;
  std::deque<Reply> replies;
  std::vector<const bhp_event *> event_list;
  std::vector<bhp_reply *> reply_list;
  for (const core::Parcel &parcel : parcels) {
    event_list.push_back(&events.emplace_back(parcel).event);
    reply_list.push_back(&replies.emplace_back().reply);
  }
  const bhp_batch batch{sizeof batch, static_cast<std::uint32_t>(parcels.size()), event_list.data(), 0, 0};
  Reply reply;
  const std::int32_t code = extension->deliver(instance_, &batch, reply_list.data(), &reply.reply);
  if (whole) *whole = reply.answer(code);
  std::vector<core::PluginAnswer> answers;
  if (code != BHP_OK) return answers;
  for (Reply &one : replies) answers.push_back(one.answer(one.reply.verdict));
  return answers;
}

void PluginHost::stop() {
  if (is_started_ && plugin_->stop) plugin_->stop(instance_);
  is_started_ = false;
}

}  // namespace bellhop::test
