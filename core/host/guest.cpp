// SPDX-License-Identifier: Apache-2.0
#include "host/guest.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/library.hpp"
#include "host/sentence.hpp"
#include "host/staged_writes.hpp"

namespace bellhop::core {

namespace {

constexpr std::int32_t verdict_unset = -0x62656c6c;  // no plugin returns this by accident

static_assert(static_cast<int>(Level::debug) == BHP_LOG_DEBUG && static_cast<int>(Level::error) == BHP_LOG_ERROR);

constexpr std::size_t output_total_bytes_max = 64 << 20;  // of one command

// The output of one command, as the plugin sees it.
struct CommandOutput : bhp_output {
  explicit CommandOutput(const GuestDoors &to) : bhp_output{}, doors(to) {
    struct_size = sizeof(bhp_output);
    write = &put;
  }
  static std::int32_t put(const bhp_output *output, const char *bytes, std::size_t size) noexcept {
    const auto &self = *static_cast<const CommandOutput *>(output);
    if (bytes == nullptr && size != 0) return BHP_E_INVALID;
    if (size > output_total_bytes_max - self.written_bytes) return BHP_E_FULL;
    self.written_bytes += size;
    for (std::string_view left(bytes, size); !left.empty();) {
      const std::string_view piece = left.substr(0, wire::output_bytes_max);
      if (self.doors.is_stopping() || !self.doors.output || !self.doors.output(piece)) return BHP_E_CANCELLED;
      left.remove_prefix(piece.size());
    }
    return 0;
  }
  const GuestDoors &doors;
  mutable std::size_t written_bytes = 0;  // <= output_total_bytes_max
};

bool is_settling(const BatchOutcome &result) {
  return result.whole.code == BHP_OK && std::all_of(result.outcomes.begin(), result.outcomes.end(),
                                                    [](const Outcome &one) { return keeps_staged(one.code); });
}

Outcome without_extension(const char *id) { return {BHP_FAIL, 0, std::string("the plugin does not have ") + id}; }

bhp_str str_of(std::string_view text) { return {text.empty() ? "" : text.data(), text.size()}; }

}  // namespace

StartRefusal refusal_of(const char *function, const Outcome &outcome) {
  const bool is_final = outcome.code != BHP_RETRY && outcome.code != BHP_HOLD;
  const std::string message =
      outcome.message.empty() ? "returned " + std::to_string(outcome.code) + " without a message" : outcome.message;
  return {is_final, std::string(function) + ": " + message};
}

Guest::Guest(const bhp_plugin &plugin, GuestSpec spec, GuestDoors doors)
    : plugin_(plugin),
      batch_(batch_extension(plugin)),
      tick_(tick_extension(plugin)),
      spec_(std::move(spec)),
      doors_(std::move(doors)),
      services_(doors_, spec_.public_url) {
  host_.struct_size = sizeof host_;
  host_.abi_major = BHP_ABI_MAJOR;
  host_.abi_minor = BHP_ABI_MINOR;
  host_.name = "bellhop";
  host_.version = BELLHOP_VERSION;
  host_.instance = spec_.instance.c_str();
  host_.state_dir = spec_.state_dir.c_str();
  host_.worker = spec_.worker;
  host_.opaque = this;
  host_.log = &log_line;
  host_.now_ms = &now_ms;
  host_.stopping = &stopping;
  host_.service = &service;
}

Guest::~Guest() {
  stop();
  if (is_created_) [&]() noexcept { plugin_.destroy(instance_); }();
}

Outcome Guest::create() {
  whole_.clear();
  services_.begin(GuestServices::During::create, 0);
  const std::int32_t code = [&]() noexcept {
    return plugin_.create(&plugin_, &host_, spec_.settings_json.data(), spec_.settings_json.size(), &whole_.reply,
                          &instance_);
  }();
  services_.end(false);
  is_created_ = code == BHP_OK;
  return whole_.outcome(code);
}

Outcome Guest::start() {
  whole_.clear();
  const std::int32_t code = [&]() noexcept {
    return plugin_.start == nullptr ? BHP_OK : plugin_.start(instance_, &whole_.reply);
  }();
  is_started_ = code == BHP_OK;
  return whole_.outcome(code);
}

void Guest::stop() {
  if (is_started_ && plugin_.stop != nullptr) [&]() noexcept { plugin_.stop(instance_); }();
  is_started_ = false;
}

void Guest::fill(bhp_event &event, const wire::ParcelView &parcel, JsonDocument &document, Milliseconds budget_ms) {
  document.assign(parcel.json, JsonDocument::Utf8::trusted);
  event = bhp_event{};
  event.struct_size = sizeof event;
  event.flags = parcel.flags;
  event.id = str_of(parcel.id);
  event.type = str_of(parcel.type);
  event.subject = str_of(parcel.subject);
  event.occurred_ms = parcel.occurred_ms;
  event.received_ms = parcel.received_ms;
  event.budget_ms = budget_ms;
  event.seq = static_cast<std::uint64_t>(parcel.seq);
  event.attempt = parcel.attempt;
  event.attempts_max = parcel.attempts_max;
  event.json = str_of(parcel.json);
  event.body = str_of(parcel.body);
  event.root = document.root();
}

void Guest::grow(std::size_t count) {
  while (slots_.size() < count) {
    slots_.emplace_back();
    documents_.emplace_back();
  }
  events_.resize(count);
  event_pointers_.resize(count);
  reply_pointers_.resize(count);
}

BatchOutcome Guest::deliver(const wire::BatchView &batch) {
  services_.begin(GuestServices::During::deliver, batch.budget_ms);
  BatchOutcome result = enter(batch);
  result.staged = services_.end(is_settling(result));
  return result;
}

BatchOutcome Guest::enter(const wire::BatchView &batch) {
  const std::size_t count = batch.parcels.size();
  grow(count);
  for (std::size_t index = 0; index < count; ++index) {
    fill(events_[index], batch.parcels[index], documents_[index], batch.budget_ms);
    slots_[index].clear();
    event_pointers_[index] = &events_[index];
    reply_pointers_[index] = &slots_[index].reply;
  }

  BatchOutcome result;
  // One event goes the plain way even to a batching plugin: it is how a failed batch is taken apart.
  if (count == 1) {
    const std::int32_t code = [&]() noexcept { return plugin_.deliver(instance_, &events_[0], &slots_[0].reply); }();
    result.outcomes.push_back(slots_[0].outcome(code));
    return result;
  }
  whole_.clear();
  const bhp_batch call{sizeof(bhp_batch), static_cast<std::uint32_t>(count), event_pointers_.data(), batch.budget_ms,
                       batch.backlog_count};
  CHECK(batch_ != nullptr);
  const std::int32_t code = [&]() noexcept {
    return batch_->deliver(instance_, &call, reply_pointers_.data(), &whole_.reply);
  }();
  result.whole = whole_.outcome(code);
  for (std::size_t index = 0; index < count; ++index) {
    const std::int32_t verdict = slots_[index].reply.verdict;
    result.outcomes.push_back(slots_[index].outcome(verdict == verdict_unset ? BHP_RETRY : verdict));
    if (verdict == verdict_unset)
      result.outcomes.back().message = "the plugin gave no verdict for this event of a batch";
  }
  return result;
}

ToldOutcome Guest::ask(const Question &question) {
  whole_.clear();
  services_.begin(GuestServices::During::other, question.budget_ms);
  ToldOutcome told;
  switch (question.what) {
    case Question::What::health: {
      const bhp_health_v1 *health = health_extension(plugin_);
      told.outcome = health == nullptr
                         ? without_extension(BHP_EXT_HEALTH)
                         : whole_.outcome([&]() noexcept { return health->check(instance_, &whole_.reply); }());
      break;
    }
    case Question::What::tick:
      told = tick();
      break;
    case Question::What::command:
      told.outcome = run(question);
      break;
  }
  services_.end(false);
  return told;
}

ToldOutcome Guest::tick() {
  if (tick_ == nullptr) return {without_extension(BHP_EXT_TICK), -1};
  const std::int64_t next_ms = [&]() noexcept { return tick_->tick(instance_, &whole_.reply); }();
  const std::int32_t verdict = whole_.reply.verdict;
  return {whole_.outcome(verdict == verdict_unset ? BHP_OK : verdict), std::max<Milliseconds>(next_ms, -1)};
}

Outcome Guest::run(const Question &question) {
  const bhp_command_v1 *commands = command_extension(plugin_);
  if (commands == nullptr) return without_extension(BHP_EXT_COMMAND);
  const CommandOutput output(doors_);
  return whole_.outcome([&]() noexcept {
    return commands->run(instance_, question.command.c_str(), question.arguments_json.data(),
                         question.arguments_json.size(), &output, &whole_.reply);
  }());
}

void Guest::Slot::clear() {
  message[0] = message[wire::message_bytes_max] = '\0';
  reply = bhp_reply{};
  reply.struct_size = sizeof reply;
  reply.verdict = verdict_unset;
  reply.message = message;
  reply.message_size = sizeof message;
}

// Reads our own buffer, whatever the plugin made of the pointer in the reply.
Outcome Guest::Slot::outcome(std::int32_t code) const {
  Outcome outcome;
  outcome.code = code;
  outcome.retry_after_ms = std::max<Milliseconds>(reply.retry_after_ms, 0);
  outcome.message = clean_utf8({message, strnlen(message, sizeof message)}, wire::message_bytes_max);
  return outcome;
}

void Guest::log_line(const bhp_host *host, std::int32_t level, const char *text, std::size_t size) noexcept {
  const auto *guest = static_cast<const Guest *>(host->opaque);
  const auto known = static_cast<Level>(std::clamp<std::int32_t>(level, BHP_LOG_DEBUG, BHP_LOG_ERROR));
  std::string_view line = size == 0 ? std::string_view() : std::string_view(text, size);
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  guest->doors_.log(known, clean_utf8(line.substr(0, wire::log_line_bytes_max), wire::log_line_bytes_max));
}

std::int64_t Guest::now_ms(const bhp_host *host) noexcept {
  return static_cast<const Guest *>(host->opaque)->doors_.now_ms();
}

std::int32_t Guest::stopping(const bhp_host *host) noexcept {
  return static_cast<const Guest *>(host->opaque)->doors_.is_stopping() ? 1 : 0;
}

const void *Guest::service(const bhp_host *host, const char *id) noexcept {
  return id == nullptr ? nullptr : static_cast<const Guest *>(host->opaque)->services_.find(id);
}

}  // namespace bellhop::core
