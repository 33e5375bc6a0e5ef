// SPDX-License-Identifier: Apache-2.0
// Config: the TOML file as plain structs, read once. Fails closed: an unknown key, a wrong type, a source without
// tokens is an error with file:line:column, the nearest name and what is allowed; all errors of a file are reported at
// once. etc/bellhop.toml documents every key with its default; a test holds the two together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

namespace bellhop::core {

struct Position {
  std::string file;
  int line = 0, column = 0;  // from 1; 0: not from a file
  std::string text() const;  // "bellhop.toml:12:3"
};

struct Finding {
  Position at;
  std::string sentence;
  std::string text()
      const;  // "bellhop.toml:12:3: unknown key "tokns" in [source.appointlet]; did you mean "tokens"? …"
};

// Keys of the file are called like the members, except that a duration leaves its unit to the value:
// header_deadline_ms is `header_deadline = "10s"`, and is_enabled is `enabled`. core/config/keys.cpp has the whole
// table.
struct HttpConfig {                       // [http]
  std::string listen = "127.0.0.1:8780";  // host:port; port 0 = any free one
  std::string public_url;                 // how the world reaches us; for URLs we tell; "" = from listen
  std::int64_t body_bytes_max = 1 << 20;
  std::int64_t bodies_bytes_max = 64 << 20;  // all bodies in flight together
  std::int64_t header_bytes_max = 16 << 10;
  int header_fields_max = 64;
  int json_depth_max = 128;
  int connections_max = 512;
  int connections_per_address_max = 32;
  std::vector<std::string> trusted_proxies;  // addresses or CIDR blocks that the cap per address spares
  int threads_max = 64;
  Milliseconds header_deadline_ms = 10'000;  // first byte to end of headers
  Milliseconds body_deadline_ms = 20'000;    // end of headers to end of body
  Milliseconds idle_ms_max = 60'000;         // keep-alive
  int requests_per_connection_max = 10'000;
};

struct JournalConfig {                          // [journal]
  std::string path = "journal.db";              // relative to state_dir
  std::string durability = "strict";            // strict | relaxed (allows tmpfs, warns)
  std::int64_t disk_reserve_bytes = 64 << 20;   // below: 503
  int batch_max = 256;                          // events in one commit
  std::int64_t backlog_events_max = 1'000'000;  // caps and retention: 0 = none (journal/limits.hpp)
  std::int64_t backlog_bytes_max = 8LL << 30;
  std::int64_t bytes_max = 0;
  Milliseconds retention_age_ms = 90 * 86'400'000LL;
  std::int64_t retention_bytes = 2LL << 30;
  Milliseconds dead_age_ms = 180 * 86'400'000LL;
};

struct AdminConfig {                  // [admin]
  std::string socket = "admin.sock";  // relative to state_dir
};

struct MetricsConfig {  // [metrics]
  std::string listen;   // host:port or unix:/path; "" = only on the admin socket
};

struct LogConfig {  // [log]
  Level level = Level::info;
  std::string format = "auto";  // auto | plain | journald
};

struct EgressConfig {  // [egress]
  int threads_max = 16;
  Milliseconds connect_timeout_ms = 5'000;
  Milliseconds tls_timeout_ms = 5'000;
  Milliseconds first_byte_timeout_ms = 20'000;
  Milliseconds total_timeout_ms = 30'000;
  std::int64_t response_bytes_max = 1 << 20;
  Milliseconds pool_idle_ms = 30'000;
  std::string proxy;                      // http://host:port
  std::vector<std::string> proxy_except;  // patterns of hosts that are reached without it
  std::string ca_file;                    // absolute
};

struct LimitConfig {  // [limit.NAME]
  std::string name;   // [a-z0-9-]{1,64}
  std::string rate;   // as written; count and per_ms are what it says
  int burst = 1;
  int count = 1;
  Milliseconds per_ms = 1'000;
  Position at;
};

struct InstanceHttpConfig {        // [instance.NAME.http]
  std::vector<std::string> allow;  // patterns of hosts, egress/destination.hpp
};

struct SourceConfig {  // [source.NAME]
  std::string name;    // the URL segment: [a-z0-9-]{1,64}
  std::string kind = "appointlet";
  std::vector<std::string> tokens;  // resolved; 1 or more, each at least 16 characters
  Position at;
};

struct RetryConfig {     // [instance.NAME.retry]
  int attempts_max = 0;  // 0: age decides
  Milliseconds age_ms_max = 3 * 86'400'000LL;
  Milliseconds backoff_ms_min = 1'000;
  Milliseconds backoff_ms_max = 3'600'000;
  Milliseconds retry_after_ms_max = 86'400'000;
  int strikes_max = 3;
};

struct BreakerConfig {  // [instance.NAME.breaker]
  int failures_percent = 80;
  Milliseconds window_ms = 60'000;
  int count_min = 10;
  int subjects_min = 3;
  Milliseconds pause_ms_min = 5'000;
  Milliseconds pause_ms_max = 300'000;
  int successes_min = 2;
};

// What the instance's child may reach beyond its own memory and state directory; docs/containment.md.
struct SandboxConfig {  // [instance.NAME.sandbox]
  bool is_enabled = true;
  bool may_network = false;
  bool may_unix_sockets = false;
  bool may_exec = false;
  std::vector<std::string> read, write;
  std::int64_t memory_bytes_max = 512 << 20;
  std::int64_t files_max = 256;
  std::int64_t file_bytes_max = 16LL << 30;
};

struct InstanceConfig {             // [instance.NAME]
  std::string name;                 // [a-z0-9-]{1,64}
  std::string plugin;               // "sqlite" → sqlite.so in plugin_dirs, or an absolute path
  std::string library;              // resolved: absolute path
  std::vector<std::string> events;  // globs; empty: what the plugin's manifest says
  std::string start = "now";        // now | beginning
  int workers = 1;
  int batch_max = 256;
  Milliseconds deadline_ms = 30'000;
  bool is_enabled = true;
  std::string host = "child";  // child | inproc
  RetryConfig retry;
  BreakerConfig breaker;
  SandboxConfig sandbox;
  InstanceHttpConfig http;
  std::string settings_json = "{}";                   // [instance.NAME.settings] as JSON, secrets still references
  std::map<std::string, Position> settings_at;        // RFC 6901 pointer → where; "" = the table itself
  std::map<std::string, std::string> settings_texts;  // pointer → text settings as written: where secrets may hide
  Position at;
};

// Where each key stood: "http.listen", "source.appointlet.tokens" → position. Absent: the default is in force.
using Places = std::map<std::string, Position>;

struct Config {
  std::string file;                            // "" = the embedded default
  std::string state_dir = "/var/lib/bellhop";  // top level key
  std::vector<std::string> plugin_dirs;        // top level key; default: the installed directory
  Milliseconds stop_ms_max = 25'000;           // top level key: drain limit at SIGTERM
  HttpConfig http;
  JournalConfig journal;
  AdminConfig admin;
  MetricsConfig metrics;
  EgressConfig egress;
  LogConfig log;
  std::vector<LimitConfig> limits;
  std::vector<SourceConfig> sources;
  std::vector<InstanceConfig> instances;
  Places places;

  // Of `path`, or of the nearest section around it that stood in the file.
  Position place(std::string path) const;
};

struct Loaded {
  Config config;
  std::vector<Finding> errors;  // non-empty: do not start
  std::vector<Finding> warnings;
};

// Where the process finds things; filled by main, replaced by tests.
struct Surroundings {
  std::string executable_dir;  // of this program: plugins are looked for at
                               // ../lib/bellhop/plugins
  std::map<std::string, std::string> environment;
  std::string credentials_dir;  // $CREDENTIALS_DIRECTORY, "" = none
};

// Those of this process: /proc/self/exe, the environment.
Surroundings current_surroundings();

// Reads a file. A file that cannot be opened or is not TOML gives one error with its position.
Loaded load_config(const std::string &file, const Surroundings &surroundings);
// The same from text; `name` stands for the file in messages.
Loaded parse_config(std::string_view text, const std::string &name, const Surroundings &surroundings);

// "env:NAME", "file:/path", "credential:NAME" → the secret (one trailing newline cut); any other text is itself.
//   errors    not_found, with what was looked for and where
Result<std::string> resolve_secret(std::string_view reference, const Surroundings &surroundings);

// The embedded default: what `bellhopd --state-dir DIR` runs without a config file. Makes the token file in state_dir
// if it is missing (0600, 256 bits from the system), so the URL stays the same over restarts.
Result<std::string> embedded_config(const std::string &state_dir);

// The nearest of `names` to `word` if it is near enough to be meant, else "". [any]
std::string nearest_name(std::string_view word, const std::vector<std::string> &names);

}  // namespace bellhop::core
