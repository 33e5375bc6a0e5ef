// SPDX-License-Identifier: Apache-2.0
// bellhop/testing.hpp -- FakeHost: a plugin's .so under test, without a daemon. It loads the very library that you ship
// and speaks the C contract with it: settings with their defaults, scripted HTTP answers, kv and documents with the
// rules of staging, a virtual clock. Header only, C++17, no test framework wanted; BELLHOP_EXPECT is there if you have
// none.
//
//   bellhop::testing::FakeHost host(BELLHOP_PLUGIN_FILE);
//   host.http.on("POST", "https://hooks.example.org/*").answer(429, "", {{"Retry-After", "30"}}).answer(200);
//   host.settings(R"({"webhook_url":"https://hooks.example.org/T1"})");
//   BELLHOP_EXPECT(host.deliver(Sample("booking.confirmed")).is_retry());
//
// What it does not do: processes, containment, deadlines that end a plugin, the whole of JSON Schema. `bellhop plugin
// validate` and `bellhop plugin try` do, with the real host.
#pragma once

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin.h"
#include "testing/json.hpp"
#include "testing/sample.hpp"
#include "testing/scripted_http.hpp"
#include "testing/world.hpp"

#pragma GCC visibility push(hidden)

namespace bellhop::testing {

// What the plugin said to one call.
struct Outcome {
  int32_t code = BHP_RETRY;
  std::string message;
  int64_t retry_after_ms = 0;

  bool is_ok() const { return code == BHP_OK; }
  bool is_skip() const { return code == BHP_SKIP; }
  bool is_retry() const { return code == BHP_RETRY; }
  bool is_fail() const { return code == BHP_FAIL; }
  bool is_hold() const { return code == BHP_HOLD; }
  bool is_defer() const { return code == BHP_DEFER; }
};

class FakeHost : public World {
 public:
  // The plugin number `index` of a library. What cannot be loaded ends the test with a sentence.
  explicit FakeHost(const char *library, uint32_t index = 0) : FakeHost(entry_of(library), index) {}
  explicit FakeHost(bhp_entry_v1 entry, uint32_t index = 0) : plugin_(entry(index)) {
    if (plugin_ == nullptr) give_up("there is no plugin of this number");
  }
  // Ends the instance. Something lent by a service that was not given back is a mistake of the plugin, and said.
  ~FakeHost() {
    stop();
    if (lent_count() == 0) return;
    std::fprintf(stderr, "%zu thing(s) that services lent were not given back\n", lent_count());
    std::abort();
  }
  FakeHost(const FakeHost &) = delete;
  FakeHost &operator=(const FakeHost &) = delete;

  // The settings, a JSON object; a live instance ends, the next call starts one with them. Defaults are filled in.
  FakeHost &settings(std::string json) {
    stop();
    settings_ = std::move(json);
    return *this;
  }
  FakeHost &state_dir(std::string path) {
    state_dir_ = std::move(path);
    host_.state_dir = state_dir_.c_str();
    return *this;
  }

  // ---- calls of the plugin ----
  // create and start, if that was not done yet; every call below does it by itself.
  Outcome start() {
    if (is_started_) return {BHP_OK, "", 0};
    Value given;
    if (!Reader::read(settings_, given) || given.type != BHP_JSON_OBJECT) give_up("the settings are no JSON object");
    if (const std::string wrong = complete(given); !wrong.empty()) return {BHP_FAIL, wrong, 0};
    for (const char *const *need = plugin_->needs; need != nullptr && *need != nullptr; ++need) {
      if (std::strncmp(*need, "os.", 3) == 0 || service(&host_, *need) != nullptr) continue;
      return {BHP_FAIL, std::string("plugin ") + plugin_->id + " needs " + *need + ", which this host does not offer",
              0};
    }
    const std::string settings = given.str();
    Reply reply;
    Outcome created = call(During::create, reply, [&] {
      return plugin_->create(plugin_, &host_, settings.data(), settings.size(), &reply.c, &instance_);
    });
    if (!created.is_ok()) {
      instance_ = nullptr;
      return created;
    }
    Outcome started;
    Reply said;
    started = call(During::other, said,
                   [&] { return plugin_->start != nullptr ? plugin_->start(instance_, &said.c) : BHP_OK; });
    is_started_ = started.is_ok();
    if (!is_started_) stop();
    return started;
  }
  Outcome deliver(const Sample &sample) {
    if (Outcome started = start(); !started.is_ok()) return started;
    const Carried event(sample, ++seq_, now_ms);
    Reply reply;
    Outcome said = call(During::deliver, reply, [&] { return plugin_->deliver(instance_, &event.c, &reply.c); });
    settle(said.is_ok() || said.is_skip());
    return said;
  }
  Outcome deliver(std::string_view type = "booking.confirmed") { return deliver(Sample(type)); }
  // By bellhop.batch/1. Empty when the call as a whole was not OK: `whole`, when given, says why.
  std::vector<Outcome> deliver_batch(const std::vector<Sample> &samples, Outcome *whole = nullptr) {
    const auto *batch = extension<bhp_batch_v1>(BHP_EXT_BATCH);
    std::vector<Outcome> outcomes;
    Outcome said = batch != nullptr ? start() : Outcome{BHP_FAIL, "the plugin has no " BHP_EXT_BATCH, 0};
    if (said.is_ok()) {
      std::deque<Carried> events;
      std::deque<Reply> replies;
      std::vector<const bhp_event *> event_list;
      std::vector<bhp_reply *> reply_list;
      for (const Sample &sample : samples) {
        event_list.push_back(&events.emplace_back(sample, ++seq_, now_ms).c);
        reply_list.push_back(&replies.emplace_back().c);
      }
      const bhp_batch carried{sizeof carried, static_cast<uint32_t>(samples.size()), event_list.data(), 30'000, 0};
      Reply reply;
      said = call(During::deliver, reply,
                  [&] { return batch->deliver(instance_, &carried, reply_list.data(), &reply.c); });
      bool is_kept = said.is_ok();
      for (Reply &one : replies) {
        if (!said.is_ok()) break;
        outcomes.push_back(one.outcome(one.c.verdict));
        is_kept = is_kept && (outcomes.back().is_ok() || outcomes.back().is_skip());
      }
      settle(is_kept);
    }
    if (whole != nullptr) *whole = said;
    return outcomes;
  }
  Outcome check_health() {
    const auto *health = extension<bhp_health_v1>(BHP_EXT_HEALTH);
    if (health == nullptr) return {BHP_FAIL, "the plugin has no " BHP_EXT_HEALTH, 0};
    if (Outcome started = start(); !started.is_ok()) return started;
    Reply reply;
    return call(During::other, reply, [&] { return health->check(instance_, &reply.c); });
  }
  // The ms until the next tick; nullopt: the plugin has no ticks, or did not start.
  std::optional<int64_t> tick(Outcome *said = nullptr) {
    const auto *ticks = extension<bhp_tick_v1>(BHP_EXT_TICK);
    if (ticks == nullptr || !start().is_ok()) return std::nullopt;
    Reply reply;
    reply.c.verdict = BHP_OK;
    int64_t next_ms = -1;
    const Outcome outcome = call(During::other, reply, [&] {
      next_ms = ticks->tick(instance_, &reply.c);
      return reply.c.verdict;
    });
    if (said != nullptr) *said = outcome;
    return next_ms;
  }
  // A command of the manifest; what it writes for the person goes to `output`.
  Outcome run(const char *command, std::string_view arguments = "{}", std::string *output = nullptr) {
    const auto *commands = extension<bhp_command_v1>(BHP_EXT_COMMAND);
    if (commands == nullptr) return {BHP_FAIL, "the plugin has no " BHP_EXT_COMMAND, 0};
    if (Outcome started = start(); !started.is_ok()) return started;
    std::string written;
    const bhp_output out{sizeof out, 0, &written, [](const bhp_output *to, const char *bytes, size_t size) -> int32_t {
                           static_cast<std::string *>(to->opaque)->append(bytes, size);
                           return 0;
                         }};
    Reply reply;
    const Outcome said = call(During::other, reply, [&] {
      return commands->run(instance_, command, arguments.data(), arguments.size(), &out, &reply.c);
    });
    if (output != nullptr) *output = written;
    return said;
  }
  // stop and destroy. What is durable stays: the next call starts a new instance over it, as after a restart.
  void stop() {
    if (instance_ == nullptr) return;
    is_stopping = true;
    if (is_started_ && plugin_->stop != nullptr) plugin_->stop(instance_);
    plugin_->destroy(instance_);
    instance_ = nullptr;
    is_started_ = is_stopping = false;
  }

  // ---- what was seen ----
  const bhp_plugin &plugin() const { return *plugin_; }

 private:
  struct Reply {
    char text[1025] = "";
    bhp_reply c{sizeof(bhp_reply), BHP_RETRY, 0, text, sizeof text};
    Outcome outcome(int32_t code) {
      text[sizeof text - 1] = '\0';
      return {code, text, c.retry_after_ms};
    }
  };
  // An event with what it points to.
  struct Carried {
    Carried(const Sample &sample, uint64_t seq, int64_t now_ms)
        : id(sample.id()), type(sample.type()), subject(sample.subject()), document(sample.json()) {
      json = sample.json().str();
      c.struct_size = sizeof c;
      c.flags = sample.flags();
      c.id = {id.data(), id.size()};
      c.type = {type.data(), type.size()};
      c.subject = {subject.data(), subject.size()};
      c.occurred_ms = 1'767'225'600'000;
      c.received_ms = now_ms;
      c.budget_ms = sample.budget_ms();
      c.seq = seq;
      c.attempt = sample.attempt();
      c.json = {json.data(), json.size()};
      c.body = c.json;
      c.root = document.root();
    }
    std::string id, type, subject, json;
    Document document;
    bhp_event c{};
  };

  [[noreturn]] static void give_up(const char *why) {
    std::fprintf(stderr, "bellhop/testing.hpp: %s\n", why);
    std::abort();
  }
  static bhp_entry_v1 entry_of(const char *library) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) give_up(dlerror());
    const auto entry = reinterpret_cast<bhp_entry_v1>(dlsym(handle, BHP_ENTRY_SYMBOL));
    if (entry == nullptr) give_up(dlerror());
    return entry;
  }
  template <class Table>
  const Table *extension(const char *id) const {
    return static_cast<const Table *>(plugin_->extension != nullptr ? plugin_->extension(plugin_, id) : nullptr);
  }
  template <class F>
  Outcome call(During during, Reply &reply, F &&f) {
    begin(during);
    const int32_t code = f();
    end();
    return reply.outcome(code);
  }
  // What the host does with settings before a plugin sees them, of the first level: defaults, what is missing, what is
  // not known.
  std::string complete(Value &given) const {
    Value schema;
    if (plugin_->settings_schema == nullptr) return given.children.empty() ? "" : "the plugin takes no settings";
    if (!Reader::read(plugin_->settings_schema, schema)) return "the settings schema is not JSON";
    Value none;
    Value *properties = schema.find_child("properties");
    if (properties == nullptr) properties = &none;
    const Value *more = schema.find_child("additionalProperties");
    for (const auto &[key, value] : given.children) {
      if (more != nullptr && more->text == "false" && properties->find_child(key) == nullptr) {
        return "unknown key \"" + key + "\"";
      }
    }
    for (auto &[key, property] : properties->children) {
      const Value *fallback = property.find_child("default");
      if (fallback != nullptr && given.find_child(key) == nullptr) given.child(key) = *fallback;
    }
    if (const Value *required = schema.find_child("required")) {
      for (const Member &key : required->children) {
        if (given.find_child(key.value.text) == nullptr) return "the setting \"" + key.value.text + "\" is missing";
      }
    }
    return "";
  }

  const bhp_plugin *plugin_;
  std::string settings_ = "{}", state_dir_;
  void *instance_ = nullptr;
  bool is_started_ = false;
  uint64_t seq_ = 0;
};

// ---- for those who have no test framework ----

// Failed expectations so far: `return bellhop::testing::failures_count();` from main.
inline int &failures_count() {
  static int count = 0;
  return count;
}
inline void expect(bool holds, const char *what, const char *file, int line) {
  if (holds) return;
  ++failures_count();
  std::fprintf(stderr, "%s:%d: expected %s\n", file, line, what);
}

}  // namespace bellhop::testing

#pragma GCC visibility pop

#define BELLHOP_EXPECT(condition) \
  ::bellhop::testing::expect(static_cast<bool>(condition), #condition, __FILE__, __LINE__)
