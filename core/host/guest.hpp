// SPDX-License-Identifier: Apache-2.0
// Guest: one live plugin and the only place that enters it. Owns every buffer that crosses the ABI, so that the child
// program and in-process hosting behave alike. It knows neither frames nor processes.
//
// One thread owns a guest from create() to the destructor. An exception that a plugin lets out ends the process
// (std::terminate): the contract forbids it, and no state behind it can be trusted.
#pragma once

#include <bellhop/plugin.h>

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "host/guest_doors.hpp"
#include "host/guest_services.hpp"
#include "host/instance.hpp"
#include "host/json_tree.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

struct GuestSpec {
  std::string instance;       // name in the configuration
  std::string settings_json;  // defaults filled in, secrets resolved
  std::string state_dir;
  std::uint32_t worker = 0;
  std::string public_url;  // "" = nothing is served
};

struct Outcome {
  std::int32_t code = BHP_OK;
  Milliseconds retry_after_ms = 0;
  std::string message;  // UTF-8, at most message_bytes_max
};

// Why an instance does not come up: `function` ("create", "start") was not OK. Another try helps only where the
// plugin says RETRY or HOLD; otherwise is_final.
struct StartRefusal {
  bool is_final = true;
  std::string sentence;
};
StartRefusal refusal_of(const char *function, const Outcome &outcome);

struct BatchOutcome {
  Outcome whole;                  // of the batch call; BHP_OK for a single delivery
  std::vector<Outcome> outcomes;  // one per parcel; count only when whole.code is BHP_OK
  Staged staged;                  // empty unless every verdict keeps_staged(), and the whole is OK
};

struct ToldOutcome {
  Outcome outcome;
  Milliseconds next_tick_ms = -1;
};

class Guest {
 public:
  Guest(const bhp_plugin &plugin, GuestSpec spec, GuestDoors doors);
  ~Guest();  // stop() and destroy, as far as the life got
  Guest(const Guest &) = delete;
  Guest &operator=(const Guest &) = delete;

  Outcome create();
  Outcome start();
  // Texts of the batch must be followed by a 0 byte, as wire::decode_batch and std::string leave them.
  BatchOutcome deliver(const wire::BatchView &batch);
  void stop();
  // One call of an extension, between deliveries. BHP_FAIL when the plugin does not have it.
  ToldOutcome ask(const Question &question);
  bool is_batching() const { return batch_ != nullptr; }
  bool is_ticking() const { return tick_ != nullptr; }
  GuestServices &services() { return services_; }  // [any]

 private:
  // A reply with its buffer.
  struct Slot {
    char message[wire::message_bytes_max + 1];
    bhp_reply reply;
    void clear();
    Outcome outcome(std::int32_t code) const;
  };
  BatchOutcome enter(const wire::BatchView &batch);
  ToldOutcome tick();
  Outcome run(const Question &question);
  void fill(bhp_event &event, const wire::ParcelView &parcel, JsonDocument &document, Milliseconds budget_ms);
  void grow(std::size_t count);

  static void log_line(const bhp_host *host, std::int32_t level, const char *text, std::size_t size) noexcept;
  static std::int64_t now_ms(const bhp_host *host) noexcept;
  static std::int32_t stopping(const bhp_host *host) noexcept;
  static const void *service(const bhp_host *host, const char *id) noexcept;

  const bhp_plugin &plugin_;
  const bhp_batch_v1 *batch_;
  const bhp_tick_v1 *tick_;
  const GuestSpec spec_;
  const GuestDoors doors_;
  GuestServices services_;
  bhp_host host_{};
  void *instance_ = nullptr;
  bool is_created_ = false, is_started_ = false;

  // Reused from call to call; deques, because their elements never move.
  Slot whole_{};
  std::deque<Slot> slots_;
  std::deque<JsonDocument> documents_;
  std::vector<bhp_event> events_;
  std::vector<const bhp_event *> event_pointers_;
  std::vector<bhp_reply *> reply_pointers_;
};

}  // namespace bellhop::core
