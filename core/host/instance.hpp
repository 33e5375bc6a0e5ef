// SPDX-License-Identifier: Apache-2.0
// Instance: one running copy of a plugin (a worker of a configured instance), behind one interface whether it lives
// in a child process (host/child.hpp, the default) or in this process (host/inproc.hpp: tests, debugger).
//
// Non-blocking by design: one thread (the delivery shell) owns any number of instances, polls their descriptors and
// feeds the engine. No call here waits for the plugin. [one: the owner's thread, for every function]
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "event/event.hpp"
#include "event/staged.hpp"
#include "host/containment.hpp"

namespace bellhop::core {

// One event on its way to a plugin. Owns its bytes.
struct Parcel {
  EventId id;
  std::string type, subject;
  Milliseconds occurred_ms = 0, received_ms = 0;
  Seq seq = 0;
  std::uint32_t flags = 0;  // BHP_EV_* of bellhop/plugin.h
  std::uint32_t attempt = 1;
  std::uint32_t attempts_max = 0;  // 0 = unlimited
  std::string json;                // the event as the plugin sees it
  std::string body;                // raw, as received
};

// One call of the plugin: one parcel, or several when the plugin has the batch extension (at most one per subject).
struct Batch {
  std::vector<Parcel> parcels;
  Milliseconds budget_ms = 0;      // time left, monotonic; the engine kills the child when it is over
  std::int64_t backlog_count = 0;  // events owed behind this batch, as far as known
};

struct PluginAnswer {     // of the plugin to one parcel
  std::int32_t code = 0;  // BHP_OK …; values that are not known arrive as they are
  Milliseconds retry_after_ms = 0;
  std::string message;  // UTF-8, at most 1,024 bytes
};

// A call of the plugin between deliveries, by one of its extensions.
struct Question {
  enum class What : std::uint8_t { health = 1, tick = 2, command = 3 };
  What what = What::health;
  std::string command;         // command: its name
  std::string arguments_json;  // command: a JSON object that fits its schema, defaults filled in
  Milliseconds budget_ms = 0;  // time left, monotonic; 0 = no limit
};

// What an instance reports. Exactly one `ready` or `died` follows spawn; exactly one `answers` or `died` follows
// deliver, one `told` or `died` follows ask; `died` is the last report.
struct Report {
  enum class What { ready, answers, log, died, output, told };
  What what = What::log;
  // answers: one per parcel, in order. `batch_code` is that of the batch call (BHP_OK for single deliveries): when it
  // is not BHP_OK the answers do not count and every parcel is offered again, singly.
  std::vector<PluginAnswer> answers;
  std::int32_t batch_code = 0;
  // answers: what the plugin staged during the call, to be made durable with its settlement; empty unless every verdict
  // was OK or SKIP.
  Staged staged;
  // answers, told, died: the HTTP exchanges of the call, one JSON object each (HttpReply::exchange), in order; the
  // newest of them when there are very many.
  std::vector<std::string> exchanges;
  // told: to which question; what the plugin said to it is answers[0]. A plugin without the extension says BHP_FAIL.
  Question::What asked = Question::What::health;
  // told, tick: until the next tick; below 0: no more ticks.
  Milliseconds next_tick_ms = -1;
  // log
  Level level = Level::info;
  // log: the line. output: bytes of a command's output, as written. died: one sentence for the operator ("killed by
  // SIGSEGV while delivering", "exited with 0 …", "create: webhook_url is not a URL").
  std::string text;
  // died: true when it never became ready because the plugin or its settings were refused (asking again is of no use
  // before the config or the plugin changes).
  bool is_refusal = false;
  // died: true when it ended without having read the last delivery to its end: that call never reached the plugin.
  bool is_unread = false;
  // died by a signal: what is known of the crash beyond the sentence, "build id 4f…, at slack.so+0x1a2b, …"; at most
  // 600 bytes.
  std::string crash;
};

class Instance {
 public:
  virtual ~Instance() = default;  // kills what still runs; blocks at most 100 ms

  // A descriptor that becomes readable when poll() has something to say; wants_write(): poll it for writing as well.
  virtual int descriptor() const = 0;
  virtual bool wants_write() const = 0;
  // Takes what is there without waiting. Call it when the descriptor is readable or writable, and once after spawn.
  virtual std::vector<Report> poll() = 0;
  // Only when ready and idle. Never blocks; what the pipe does not take is kept and written by poll().
  virtual void deliver(Batch batch) = 0;
  // stop → destroy → exit, within budget; then `died` with text "stopped".
  virtual void stop(Milliseconds budget_ms) = 0;
  // At once (SIGKILL). `why` becomes part of the sentence of `died`.
  virtual void kill(std::string why) = 0;
  virtual bool is_batching() const = 0;  // true once ready, if the plugin has the batch extension
  // Only when ready and idle; what the plugin writes meanwhile is durable at once. `output` reports come before `told`.
  virtual void ask(Question) { check_failed(__FILE__, __LINE__, "this kind of instance answers no questions"); }
  virtual bool is_ticking() const { return false; }  // true once ready, if the plugin has the tick extension
};

// What is needed to start one worker of a configured instance.
struct InstanceSpec {
  std::string name;           // of the configured instance
  std::string library;        // absolute path of the .so
  std::uint32_t index = 0;    // which plugin of the library
  std::string settings_json;  // defaults filled, secrets resolved
  std::string state_dir;      // directory of its own: the plugin's working directory, absolute
  int worker = 0;             // 0 … workers - 1
  Containment containment;    // of its child; means nothing in this process
};

using Spawn = std::function<std::unique_ptr<Instance>(const InstanceSpec &)>;

}  // namespace bellhop::core
