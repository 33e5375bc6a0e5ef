// SPDX-License-Identifier: Apache-2.0
// bellhop/manifest.hpp -- Manifest: what a plugin says of itself. Part of plugin.hpp.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json.hpp"
#include "plugin.h"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

template <class T>
struct Module;

// What the plugin says of itself; the settings become a JSON Schema, against which the host checks the configuration.
// A setting without a default is required.
class Manifest {
 public:
  Manifest(std::string id, std::string version, std::string summary)
      : id_(id), name_(std::move(id)), version_(std::move(version)), summary_(std::move(summary)) {}

  Manifest &name(std::string text) { return put(name_, std::move(text)); }
  Manifest &vendor(std::string text) { return put(vendor_, std::move(text)); }
  Manifest &license(std::string text) { return put(license_, std::move(text)); }
  Manifest &url(std::string text) { return put(url_, std::move(text)); }
  template <class... S>
  Manifest &on(S &&...globs) {  // events wanted when the configuration does not say
    (events_.emplace_back(std::forward<S>(globs)), ...);
    return *this;
  }
  template <class... S>
  Manifest &needs(S &&...services) {
    (needs_.emplace_back(std::forward<S>(services)), ...);
    return *this;
  }
  template <class... S>
  Manifest &wants(S &&...services) {  // used when there: Kv kv(context()); if (kv) …
    (wants_.emplace_back(std::forward<S>(services)), ...);
    return *this;
  }
  // What an operator may run; Plugin::run() does it. `arguments_schema`: JSON Schema of an object, "" = takes none.
  Manifest &command(std::string name, std::string summary, std::string arguments_schema = {}) {
    commands_.push_back({std::move(name), std::move(summary), std::move(arguments_schema)});
    return *this;
  }
  Manifest &singleton() {
    flags_ |= BHP_PLUGIN_SINGLETON;
    return *this;
  }

  Manifest &text(std::string_view key, std::string_view title) { return setting(key, title, "string", {}); }
  Manifest &text(std::string_view key, std::string_view title, std::string_view fallback) {
    return setting(key, title, "string", quoted(fallback));
  }
  // A file: naming it in the configuration lets the plugin open it. For a file to write its whole directory is opened,
  // because what lies beside it (a journal, a lock) belongs to it. A relative path begins at the state directory.
  Manifest &file_to_read(std::string_view key, std::string_view title) {
    return setting(key, title, "string", {}, R"(,"x-path":"read")");
  }
  Manifest &file_to_write(std::string_view key, std::string_view title, std::string_view fallback = {}) {
    return setting(key, title, "string", fallback.empty() ? std::string() : quoted(fallback), R"(,"x-path":"write")");
  }
  // Never shown nor logged; the configuration may refer to it: "env:NAME", "file:/path", "credential:NAME".
  Manifest &secret(std::string_view key, std::string_view title) {
    return setting(key, title, "string", {}, R"(,"x-secret":true)");
  }
  // A URL whose host and port the operator allows by writing it down, private addresses included; every other one that
  // http.send is asked for must be in his allow list.
  Manifest &destination(std::string_view key, std::string_view title) {
    return setting(key, title, "string", {}, R"(,"x-destination":true)");
  }
  Manifest &secret_destination(std::string_view key, std::string_view title) {
    return setting(key, title, "string", {}, R"(,"x-secret":true,"x-destination":true)");
  }
  Manifest &integer(std::string_view key, std::string_view title, int64_t fallback, int64_t min, int64_t max) {
    return setting(key, title, "integer", std::to_string(fallback),
                   ",\"minimum\":" + std::to_string(min) + ",\"maximum\":" + std::to_string(max));
  }
  Manifest &boolean(std::string_view key, std::string_view title, bool fallback) {
    return setting(key, title, "boolean", fallback ? "true" : "false");
  }
  // The first of the values is the default.
  Manifest &choice(std::string_view key, std::string_view title, std::initializer_list<std::string_view> values) {
    std::string list;
    for (const std::string_view value : values) list += (list.empty() ? "" : ",") + quoted(value);
    return setting(key, title, "string", quoted(*values.begin()), ",\"enum\":[" + list + "]");
  }
  // Anything else: one property with its own schema, e.g. {"type":"array","items":{"type":"string"},"default":[]}.
  Manifest &property(std::string_view key, std::string_view schema, bool is_required = false) {
    begin(key) += schema;
    if (is_required) require(key);
    return *this;
  }

  std::string settings_schema() const {
    return R"({"$schema":"http://json-schema.org/draft-07/schema#","type":"object","additionalProperties":false,)"
           R"("properties":{)" +
           properties_ + R"(},"required":[)" + required_ + "]}";
  }

 private:
  template <class T>
  friend struct Module;
  struct Command {
    std::string name, summary, arguments_schema;
  };

  Manifest &put(std::string &member, std::string text) {
    member = std::move(text);
    return *this;
  }
  static std::string quoted(std::string_view text) {
    std::string out;
    detail::quote(out, text);
    return out;
  }
  std::string &begin(std::string_view key) {
    if (!properties_.empty()) properties_ += ',';
    detail::quote(properties_, key);
    return properties_ += ':';
  }
  void require(std::string_view key) { required_ += (required_.empty() ? "" : ",") + quoted(key); }
  Manifest &setting(std::string_view key, std::string_view title, const char *type, const std::string &fallback,
                    std::string_view more = {}) {
    begin(key).append("{\"type\":\"").append(type).append("\",\"title\":").append(quoted(title)).append(more);
    if (fallback.empty()) {
      require(key);
    } else {
      properties_ += ",\"default\":" + fallback;
    }
    properties_ += '}';
    return *this;
  }

  std::string id_, name_, version_, summary_, vendor_, license_, url_, properties_, required_;
  std::vector<std::string> events_, needs_{BHP_SVC_JSON}, wants_;
  std::vector<Command> commands_;
  uint64_t flags_ = 0;
};

}  // namespace bellhop

#pragma GCC visibility pop
