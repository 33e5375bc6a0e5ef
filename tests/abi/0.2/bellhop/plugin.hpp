// SPDX-License-Identifier: Apache-2.0
// bellhop/plugin.hpp -- the C++17 face of bellhop/plugin.h: derive from bellhop::Plugin, name your class in
// BELLHOP_PLUGIN(...), done (sdk/README.md). Header only; compiled into the plugin; no symbol of it leaves the library
// and no exception leaves a call. It adds no behaviour of its own: what it can do, plugin.h can. The services have
// headers of their own: http.hpp, kv.hpp, publish.hpp, metrics.hpp.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "event.hpp"
#include "json.hpp"
#include "manifest.hpp"
#include "plugin.h"
#include "verdict.hpp"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

// ---- the class to derive from -------------------------------------------------------------------------------------

// Handed to the constructor; `using Plugin::Plugin;` passes it on.
struct Context {
  const bhp_host *host = nullptr;
  const bhp_json_v1 *json = nullptr;
  Json settings;
};

// To the person who waits for a command.
class Output {
 public:
  explicit Output(const bhp_output *output) : output_(output) {}
  // False: nobody listens any more, come to an end.
  bool write(std::string_view text) const { return output_->write(output_, text.data(), text.size()) == 0; }
  bool line(std::string_view text) const { return write(std::string(text) + "\n"); }

 private:
  const bhp_output *output_;
};

constexpr int64_t tick_ms_after_failure = 60'000;

// T::manifest() is static. The constructor reads the settings and does nothing else; start() opens, stop() closes.
class Plugin {
 public:
  explicit Plugin(const Context &context) : context_(context) {}
  Plugin(const Plugin &) = delete;
  Plugin &operator=(const Plugin &) = delete;
  virtual ~Plugin() = default;

  virtual Verdict start() { return Verdict::ok(); }
  virtual Verdict deliver(const Event &event) = 0;
  virtual void stop() {}

  // Each of these is offered to the host by a class that declares it, and only then.
  // Does the destination work? Tries what it can without leaving anything behind.
  virtual Verdict check_health() { return Verdict::ok(); }
  // Periodic work between events. Returns the milliseconds until the next one, below 0 for never again; throw when it
  // went wrong: that is logged, and the next tick comes in tick_ms_after_failure.
  virtual int64_t tick() { return -1; }
  // A command that the manifest declares: `bellhop run INSTANCE COMMAND`.
  virtual Verdict run(std::string_view command, const Json &arguments, const Output &output) {
    static_cast<void>(arguments), static_cast<void>(output);
    return Verdict::fail("there is no command " + std::string(command));
  }

 protected:
  Json setting(std::string_view key) const { return context_.settings[key]; }
  void log(std::string_view text, int32_t level = BHP_LOG_INFO) const {
    context_.host->log(context_.host, level, text.data(), text.size());
  }
  void debug(std::string_view text) const { log(text, BHP_LOG_DEBUG); }
  void warn(std::string_view text) const { log(text, BHP_LOG_WARN); }
  int64_t now_ms() const { return context_.host->now_ms(context_.host); }
  bool is_stopping() const { return context_.host->stopping(context_.host) != 0; }
  std::string_view instance_name() const { return context_.host->instance; }
  std::string_view state_dir() const { return context_.host->state_dir; }
  uint32_t worker() const { return context_.host->worker; }
  const Context &context() const { return context_; }

 private:
  Context context_;
};

// For destinations that are cheaper by the dozen: gets several events at once (bellhop.batch/1).
class BatchPlugin : public Plugin {
 public:
  using Plugin::Plugin;

  // One verdict per event, in order. Throw when the batch as a whole failed: its events then come again one by one.
  virtual std::vector<Verdict> deliver_batch(const Batch &batch) = 0;

  Verdict deliver(const Event &event) override {
    const bhp_event *const one = &event.c();
    std::vector<Verdict> verdicts = deliver_batch(Batch(&one, 1, context().json, event.budget_ms(), 0));
    return verdicts.size() == 1 ? verdicts[0] : Verdict::retry("deliver_batch gave no verdict for a batch of one");
  }
};

// ---- glue ---------------------------------------------------------------------------------------------------------

namespace detail {

// What a class declares itself, as opposed to what it has from Plugin. A declaration that cannot be named (private,
// overloaded) is one too.
template <class T, class = void>
struct ChecksHealth : std::true_type {};
template <class T>
struct ChecksHealth<T, std::void_t<decltype(&T::check_health)>>
    : std::negation<std::is_same<decltype(&T::check_health), decltype(&Plugin::check_health)>> {};
template <class T, class = void>
struct Ticks : std::true_type {};
template <class T>
struct Ticks<T, std::void_t<decltype(&T::tick)>>
    : std::negation<std::is_same<decltype(&T::tick), decltype(&Plugin::tick)>> {};

}  // namespace detail

template <class T>
struct Module {
  struct Live {
    std::unique_ptr<JsonDocument> settings;  // destroyed last
    Context context;
    std::unique_ptr<T> plugin;
  };
  static Live &live(void *instance) { return *static_cast<Live *>(instance); }

  static int32_t create(const bhp_plugin *, const bhp_host *host, const char *settings, size_t size, bhp_reply *reply,
                        void **instance) {
    return detail::guard(reply, BHP_FAIL, [&]() -> Verdict {
      auto *json = static_cast<const bhp_json_v1 *>(host->service(host, BHP_SVC_JSON));
      if (json == nullptr) return Verdict::fail("the host does not offer " BHP_SVC_JSON);
      auto made = std::make_unique<Live>();
      made->settings = std::make_unique<JsonDocument>(host, json, std::string_view(settings, size));
      if (!*made->settings) return Verdict::fail("the settings are not JSON");
      made->context = {host, json, made->settings->root()};
      made->plugin = std::make_unique<T>(made->context);
      *instance = made.release();
      return Verdict::ok();
    });
  }
  static int32_t start(void *instance, bhp_reply *reply) {
    return detail::guard(reply, BHP_RETRY, [&] { return live(instance).plugin->start(); });
  }
  static int32_t deliver(void *instance, const bhp_event *event, bhp_reply *reply) {
    return detail::guard(reply, BHP_RETRY,
                         [&] { return live(instance).plugin->deliver(Event(*event, live(instance).context.json)); });
  }
  static int32_t deliver_batch(void *instance, const bhp_batch *batch, bhp_reply *const *replies, bhp_reply *whole) {
    return detail::guard(whole, BHP_RETRY, [&]() -> Verdict {
      const Batch view(batch->events, batch->events_count, live(instance).context.json, batch->budget_ms,
                       batch->backlog_count);
      const std::vector<Verdict> verdicts = live(instance).plugin->deliver_batch(view);
      if (verdicts.size() != view.size()) {
        return Verdict::retry("deliver_batch gave " + std::to_string(verdicts.size()) + " verdicts for " +
                              std::to_string(view.size()) + " events");
      }
      for (size_t index = 0; index < verdicts.size(); ++index) detail::put(replies[index], verdicts[index]);
      return Verdict::ok();
    });
  }
  static void stop(void *instance) {
    detail::guard(nullptr, BHP_OK, [&] {
      live(instance).plugin->stop();
      return Verdict::ok();
    });
  }
  static void destroy(void *instance) {
    detail::guard(nullptr, BHP_OK, [&] {
      delete &live(instance);
      return Verdict::ok();
    });
  }
  static int32_t check(void *instance, bhp_reply *reply) {
    return detail::guard(reply, BHP_RETRY,
                         [&] { return static_cast<Plugin &>(*live(instance).plugin).check_health(); });
  }
  static int64_t tick(void *instance, bhp_reply *reply) {
    int64_t next_ms = tick_ms_after_failure;
    detail::guard(reply, BHP_RETRY, [&] {
      next_ms = static_cast<Plugin &>(*live(instance).plugin).tick();
      return Verdict::ok();
    });
    return next_ms;
  }
  static int32_t run(void *instance, const char *name, const char *arguments, size_t size, const bhp_output *output,
                     bhp_reply *reply) {
    return detail::guard(reply, BHP_FAIL, [&]() -> Verdict {
      const Context &context = live(instance).context;
      const JsonDocument document(context.host, context.json, std::string_view(arguments, size));
      if (!document) return Verdict::fail("the arguments are not JSON");
      return static_cast<Plugin &>(*live(instance).plugin).run(name, document.root(), Output(output));
    });
  }
  static const void *extension(const bhp_plugin *, const char *id) {
    if constexpr (std::is_base_of_v<BatchPlugin, T>) {
      static const bhp_batch_v1 batch{&deliver_batch};
      if (std::strcmp(id, BHP_EXT_BATCH) == 0) return &batch;
    }
    if constexpr (detail::ChecksHealth<T>::value) {
      static const bhp_health_v1 health{&check};
      if (std::strcmp(id, BHP_EXT_HEALTH) == 0) return &health;
    }
    if constexpr (detail::Ticks<T>::value) {
      static const bhp_tick_v1 ticks{&tick};
      if (std::strcmp(id, BHP_EXT_TICK) == 0) return &ticks;
    }
    static const bhp_command_v1 command{&command_at, &run};
    return std::strcmp(id, BHP_EXT_COMMAND) == 0 && command_at(0) != nullptr ? &command : nullptr;
  }

  // The C table with everything that it points to; made once, never freed: it is valid for the life of the process.
  struct Table {
    Manifest manifest;
    std::string schema;
    std::vector<const char *> events, needs, wants;
    std::vector<bhp_command> commands;
    bhp_plugin plugin{};

    explicit Table(Manifest from) : manifest(std::move(from)), schema(manifest.settings_schema()) {
      for (const std::string &glob : manifest.events_) events.push_back(glob.c_str());
      for (const std::string &service : manifest.needs_) needs.push_back(service.c_str());
      for (const std::string &service : manifest.wants_) wants.push_back(service.c_str());
      for (const Manifest::Command &command : manifest.commands_) {
        commands.push_back({sizeof(bhp_command), 0, command.name.c_str(), command.summary.c_str(),
                            command.arguments_schema.empty() ? nullptr : command.arguments_schema.c_str()});
      }
      events.push_back(nullptr);
      needs.push_back(nullptr);
      wants.push_back(nullptr);
      plugin.struct_size = sizeof plugin;
      plugin.abi_major = BHP_ABI_MAJOR;
      plugin.abi_minor = BHP_ABI_MINOR;
      plugin.flags = manifest.flags_;
      plugin.id = manifest.id_.c_str();
      plugin.name = manifest.name_.c_str();
      plugin.version = manifest.version_.c_str();
      plugin.summary = manifest.summary_.c_str();
      plugin.vendor = manifest.vendor_.c_str();
      plugin.license = manifest.license_.c_str();
      plugin.url = manifest.url_.c_str();
      plugin.sdk = "cpp/1.0 " __VERSION__;
      plugin.settings_schema = schema.c_str();
      plugin.events = manifest.events_.empty() ? nullptr : events.data();
      plugin.needs = needs.data();
      plugin.wants = wants.data();
      plugin.create = &create;
      plugin.start = &start;
      plugin.deliver = &deliver;
      plugin.stop = &stop;
      plugin.destroy = &destroy;
      plugin.extension = &extension;
    }
  };
  static const Table *made() noexcept {
    try {
      static const Table *const table = new Table(T::manifest());
      return table;
    } catch (...) {
      return nullptr;  // the host says that the library holds no plugin
    }
  }
  static const bhp_plugin *table() noexcept { return made() != nullptr ? &made()->plugin : nullptr; }
  static const bhp_command *command_at(uint32_t index) noexcept {
    return made() != nullptr && index < made()->commands.size() ? &made()->commands[index] : nullptr;
  }
};

template <class... T>
const bhp_plugin *pick(uint32_t index) noexcept {
  using Entry = const bhp_plugin *(*)() noexcept;
  static constexpr Entry entries[] = {&Module<T>::table...};
  return index < sizeof...(T) ? entries[index]() : nullptr;
}

}  // namespace bellhop

#pragma GCC visibility pop

// BELLHOP_PLUGIN(A, B …): the library's one exported symbol, in exactly one source file.
#define BELLHOP_PLUGIN(...)                                                   \
  extern "C" BHP_EXPORT const bhp_plugin *bellhop_plugin_v1(uint32_t index) { \
    return bellhop::pick<__VA_ARGS__>(index);                                 \
  }
