// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"

#include <type_traits>

#include "config/units.hpp"
#include "event/event_json.hpp"

namespace bellhop::core {

namespace {

constexpr std::int64_t second_ms = 1'000, minute_ms = 60 * second_ms, hour_ms = 60 * minute_ms, day_ms = 24 * hour_ms;
constexpr std::int64_t kib = 1 << 10, mib = 1 << 20, gib = 1LL << 30;

}  // namespace

// Rows of a table, not code.
// clang-format off

template <>
const std::vector<Key<Config>> &keys_of<Config>() {
  static const std::vector<Key<Config>> keys{
      {"state_dir", Shape::text, &Config::state_dir, 0, 0, {},
       "Absolute path of the directory that holds the journal, the admin socket and the plugins' own files; made with "
       "mode 0700 if it is missing."},
      {"plugin_dirs", Shape::texts, &Config::plugin_dirs, 0, 0, {},
       "Absolute paths of the directories in which plugins are looked for, in this order; empty means "
       "lib/bellhop/plugins beside the program's own bin."},
      {"stop_max", Shape::duration, &Config::stop_ms_max, second_ms, 10 * minute_ms, {},
       "How long SIGTERM waits for running requests and deliveries before it ends them; keep it below "
       "TimeoutStopSec of the service."},
  };
  return keys;
}

template <>
const std::vector<Key<HttpConfig>> &keys_of<HttpConfig>() {
  static const std::vector<Key<HttpConfig>> keys{
      {"listen", Shape::text, &HttpConfig::listen, 0, 0, {},
       "Address and port of the webhook listener (\"host:port\", \"[v6]:port\" or \"unix:/path\"); port 0 takes "
       "any free one."},
      {"public_url", Shape::text, &HttpConfig::public_url, 0, 0, {},
       "How the world reaches the listener, for the URLs that are shown and that plugins publish, e.g. "
       "\"https://hooks.example.org\"; empty means the listener's own address."},
      {"body_bytes_max", Shape::size, &HttpConfig::body_bytes_max, kib, gib, {},
       "The largest body of one request; a larger one is answered 413."},
      {"bodies_bytes_max", Shape::size, &HttpConfig::bodies_bytes_max, kib, 64 * gib, {},
       "The memory that all bodies being received may take together; beyond it requests are answered 503."},
      {"header_bytes_max", Shape::size, &HttpConfig::header_bytes_max, kib, mib, {},
       "The largest request head, request line included; a larger one is answered 431."},
      {"header_fields_max", Shape::whole, &HttpConfig::header_fields_max, 8, 1'000, {},
       "The most header fields in one request; more are answered 431."},
      {"json_depth_max", Shape::whole, &HttpConfig::json_depth_max, 8, 1'000, {},
       "How deep arrays and objects of a body may nest; deeper ones are answered 400."},
      {"connections_max", Shape::whole, &HttpConfig::connections_max, 1, 100'000, {},
       "The most connections at the same time; when all are taken the longest idle one is closed."},
      {"connections_per_address_max", Shape::whole, &HttpConfig::connections_per_address_max, 0, 100'000, {},
       "The most connections from one address at the same time; 0 means no such cap."},
      {"trusted_proxies", Shape::texts, &HttpConfig::trusted_proxies, 0, 0, {},
       "Addresses or CIDR blocks of reverse proxies, which the cap per address spares."},
      {"threads_max", Shape::whole, &HttpConfig::threads_max, 1, 1'024, {}, "The most threads that serve requests."},
      {"header_deadline", Shape::duration, &HttpConfig::header_deadline_ms, 100, 10 * minute_ms, {},
       "The time from the first byte of a request to the end of its head; longer is answered 408."},
      {"body_deadline", Shape::duration, &HttpConfig::body_deadline_ms, 100, hour_ms, {},
       "The time from the end of the head to the end of the body; longer is answered 408."},
      {"idle_max", Shape::duration, &HttpConfig::idle_ms_max, 100, hour_ms, {},
       "How long a kept-alive connection may stay silent between two requests."},
      {"requests_per_connection_max", Shape::whole, &HttpConfig::requests_per_connection_max, 1, 10'000'000, {},
       "How many requests one connection may make before it is closed."},
  };
  return keys;
}

template <>
const std::vector<Key<JournalConfig>> &keys_of<JournalConfig>() {
  static const std::vector<Key<JournalConfig>> keys{
      {"path", Shape::text, &JournalConfig::path, 0, 0, {},
       "The journal's database file, relative to state_dir or absolute; it must lie on a local disk."},
      {"durability", Shape::text, &JournalConfig::durability, 0, 0, {"strict", "relaxed"},
       "\"strict\" refuses a file system that forgets (tmpfs); \"relaxed\" takes any and warns."},
      {"disk_reserve_bytes", Shape::size, &JournalConfig::disk_reserve_bytes, 0, 1'024 * gib, {},
       "The free space that is never touched: below it webhooks are answered 503 until there is room again."},
      {"batch_max", Shape::whole, &JournalConfig::batch_max, 1, 4'096, {},
       "The most events that share one commit, and so one fsync."},
      {"backlog_events_max", Shape::whole, &JournalConfig::backlog_events_max, 0, 1'000'000'000, {},
       "How many events may wait for the instance that is furthest behind; beyond it webhooks are answered 503. 0 "
       "means no such cap."},
      {"backlog_bytes_max", Shape::size, &JournalConfig::backlog_bytes_max, 0, 64 * 1'024 * gib, {},
       "How many bytes of events may wait for it; beyond it webhooks are answered 503. 0B means no such cap."},
      {"bytes_max", Shape::size, &JournalConfig::bytes_max, 0, 64 * 1'024 * gib, {},
       "The most bytes that database and write-ahead log may hold; beyond it webhooks are answered 503. Finished "
       "events go from three quarters of it on. 0B means no such cap."},
      {"retention_age", Shape::duration, &JournalConfig::retention_age_ms, 0, 36'500 * day_ms, {},
       "How long a finished event is kept, and so how long a repetition of it is recognised; 0s means no end."},
      {"retention_bytes", Shape::size, &JournalConfig::retention_bytes, 0, 64 * 1'024 * gib, {},
       "While the database holds more than this, the oldest finished events are removed whatever their age; 0B means "
       "no such limit."},
      {"dead_age", Shape::duration, &JournalConfig::dead_age_ms, 0, 36'500 * day_ms, {},
       "A dead letter that nobody has replayed or dropped is kept at least this long, whatever the other limits say."},
  };
  return keys;
}

template <>
const std::vector<Key<AdminConfig>> &keys_of<AdminConfig>() {
  static const std::vector<Key<AdminConfig>> keys{
      {"socket", Shape::text, &AdminConfig::socket, 0, 0, {},
       "The Unix socket of the admin API, relative to state_dir or absolute; the command line talks to it."},
  };
  return keys;
}

template <>
const std::vector<Key<MetricsConfig>> &keys_of<MetricsConfig>() {
  static const std::vector<Key<MetricsConfig>> keys{
      {"listen", Shape::text, &MetricsConfig::listen, 0, 0, {},
       "Address and port of a listener that shows /metrics and /health and nothing else, e.g. \"127.0.0.1:9464\"; "
       "empty means that only the admin socket shows them."},
  };
  return keys;
}

template <>
const std::vector<Key<LogConfig>> &keys_of<LogConfig>() {
  static const std::vector<Key<LogConfig>> keys{
      {"level", Shape::level, &LogConfig::level, 0, 0, level_names(), "The least important lines that are written."},
      {"format", Shape::text, &LogConfig::format, 0, 0, {"auto", "plain", "journald"},
       "\"plain\" for people, \"journald\" with priority prefixes and without tokens, \"auto\" by what standard error "
       "is connected to."},
  };
  return keys;
}

template <>
const std::vector<Key<EgressConfig>> &keys_of<EgressConfig>() {
  static const std::vector<Key<EgressConfig>> keys{
      {"threads_max", Shape::whole, &EgressConfig::threads_max, 2, 256, {},
       "The most HTTP requests of plugins under way at the same time; one instance gets at most half of them."},
      {"connect_timeout", Shape::duration, &EgressConfig::connect_timeout_ms, 50, 5 * minute_ms, {},
       "How long looking up a name may take, and how long connecting may take after it."},
      {"tls_timeout", Shape::duration, &EgressConfig::tls_timeout_ms, 50, 5 * minute_ms, {},
       "How long a TLS handshake may take."},
      {"first_byte_timeout", Shape::duration, &EgressConfig::first_byte_timeout_ms, 50, hour_ms, {},
       "How long a server may think, from the end of the request to the first byte of the answer."},
      {"total_timeout", Shape::duration, &EgressConfig::total_timeout_ms, 100, hour_ms, {},
       "How long a whole request may take, waiting for its rate limit included; a plugin may ask for less, never for "
       "more."},
      {"response_bytes_max", Shape::size, &EgressConfig::response_bytes_max, kib, 64 * mib, {},
       "The largest body of an answer; a larger one fails the request."},
      {"pool_idle", Shape::duration, &EgressConfig::pool_idle_ms, 0, hour_ms, {},
       "How long a connection is kept for the next request; \"0s\" closes it at once."},
      {"proxy", Shape::text, &EgressConfig::proxy, 0, 0, {},
       "The HTTP proxy for outbound requests, \"http://host:port\"; it resolves names itself, so behind it only the "
       "names are checked, not the addresses."},
      {"proxy_except", Shape::texts, &EgressConfig::proxy_except, 0, 0, {},
       "Hosts that are reached without the proxy: \"calendar.lan\", \"*.example.org\", \"192.168.1.5\"."},
      {"ca_file", Shape::text, &EgressConfig::ca_file, 0, 0, {},
       "Absolute path of a PEM file with certificate authorities to trust beside the system's own."},
  };
  return keys;
}

template <>
const std::vector<Key<LimitConfig>> &keys_of<LimitConfig>() {
  static const std::vector<Key<LimitConfig>> keys{
      {"rate", Shape::text, &LimitConfig::rate, 0, 0, {},
       "How many requests may go in which time, all instances that use the limit together: \"1/s\", \"100/10s\", "
       "\"50/m\".",
       true},
      {"burst", Shape::whole, &LimitConfig::burst, 1, 100'000, {},
       "How many of them may go at once after a rest."},
  };
  return keys;
}

template <>
const std::vector<Key<InstanceHttpConfig>> &keys_of<InstanceHttpConfig>() {
  static const std::vector<Key<InstanceHttpConfig>> keys{
      {"allow", Shape::texts, &InstanceHttpConfig::allow, 0, 0, {},
       "Hosts that the plugin may call beside the destinations in its settings: \"api.example.org\", "
       "\"*.example.org:8443\"; https unless \"http://\" stands before it, and never an address of a private network."},
  };
  return keys;
}

template <>
const std::vector<Key<SourceConfig>> &keys_of<SourceConfig>() {
  static const std::vector<Key<SourceConfig>> keys{
      {"kind", Shape::text, &SourceConfig::kind, 0, 0, {}, "Whose webhooks these are."},
      {"tokens", Shape::texts, &SourceConfig::tokens, 0, 0, {},
       "The secrets that end the webhook's URL, /hooks/NAME/TOKEN; one or more, each of at least 16 characters, two "
       "while one replaces the other; \"env:NAME\", \"file:/path\" and \"credential:NAME\" are looked up.",
       true},
  };
  return keys;
}

template <>
const std::vector<Key<InstanceConfig>> &keys_of<InstanceConfig>() {
  static const std::vector<Key<InstanceConfig>> keys{
      {"plugin", Shape::text, &InstanceConfig::plugin, 0, 0, {},
       "The plugin's name (\"sqlite\" is sqlite.so in plugin_dirs) or the absolute path of its .so.",
       true},
      {"events", Shape::texts, &InstanceConfig::events, 0, 0, {},
       "Globs over the event type, the last match decides: \"booking.*\", \"*\", \"!booking.tagged\"; empty means what "
       "the plugin itself suggests."},
      {"start", Shape::text, &InstanceConfig::start, 0, 0, {"now", "beginning"},
       "Where a new instance begins: with the next event, or with the oldest one kept."},
      {"workers", Shape::whole, &InstanceConfig::workers, 1, 64, {},
       "How many copies of the plugin share the work; each booking stays with one of them."},
      {"batch_max", Shape::whole, &InstanceConfig::batch_max, 1, 1'024, {},
       "The most events in one call of a plugin that takes batches. All of them share one deadline."},
      {"deadline", Shape::duration, &InstanceConfig::deadline_ms, 100, hour_ms, {},
       "How long one delivery may take before the plugin's child is killed and the delivery counts as failed."},
      {"enabled", Shape::truth, &InstanceConfig::is_enabled, 0, 0, {},
       "false keeps the instance's place in the journal and offers it nothing."},
      {"host", Shape::text, &InstanceConfig::host, 0, 0, {"child", "inproc"},
       "\"child\" runs the plugin in a process of its own; \"inproc\" inside the daemon, for a debugger only."},
  };
  return keys;
}

template <>
const std::vector<Key<RetryConfig>> &keys_of<RetryConfig>() {
  static const std::vector<Key<RetryConfig>> keys{
      {"attempts_max", Shape::whole, &RetryConfig::attempts_max, 0, 100'000, {},
       "After this many attempts an event becomes a dead letter; 0 means never for this reason."},
      {"age_max", Shape::duration, &RetryConfig::age_ms_max, 0, 365 * day_ms, {},
       "This long after the first attempt an event becomes a dead letter, not counting the time in which its instance "
       "was held or the daemon did not run; \"0s\" means never for this reason."},
      {"backoff_min", Shape::duration, &RetryConfig::backoff_ms_min, 10, day_ms, {},
       "The wait before the second attempt; it doubles from there, with jitter."},
      {"backoff_max", Shape::duration, &RetryConfig::backoff_ms_max, 10, 30 * day_ms, {},
       "The longest wait between two attempts."},
      {"retry_after_max", Shape::duration, &RetryConfig::retry_after_ms_max, 0, 30 * day_ms, {},
       "The longest wait that a destination may ask for (Retry-After); more is cut to this."},
      {"strikes_max", Shape::whole, &RetryConfig::strikes_max, 1, 100, {},
       "After this many deaths of the plugin's child over one event that event alone becomes a dead letter."},
  };
  return keys;
}

template <>
const std::vector<Key<BreakerConfig>> &keys_of<BreakerConfig>() {
  static const std::vector<Key<BreakerConfig>> keys{
      {"failures_percent", Shape::whole, &BreakerConfig::failures_percent, 0, 100, {},
       "The share of attempts in the window that must have failed (retry, or the child died) before the destination "
       "is taken for down; 0 turns the breaker off."},
      {"window", Shape::duration, &BreakerConfig::window_ms, second_ms, day_ms, {},
       "Attempts older than this do not count; left alone it is never shorter than two deadlines."},
      {"count_min", Shape::whole, &BreakerConfig::count_min, 1, 256, {},
       "Fewer attempts in the window prove nothing."},
      {"subjects_min", Shape::whole, &BreakerConfig::subjects_min, 1, 256, {},
       "So many different bookings must be among the failures, so that one poisonous booking cannot stop the others."},
      {"pause_min", Shape::duration, &BreakerConfig::pause_ms_min, 10, day_ms, {},
       "The wait before the first probe with a single event; it doubles with every failed one, with jitter."},
      {"pause_max", Shape::duration, &BreakerConfig::pause_ms_max, 10, day_ms, {},
       "The longest wait between two probes."},
      {"successes_min", Shape::whole, &BreakerConfig::successes_min, 1, 100, {},
       "So many probes in a row must succeed before all events are sent again."},
  };
  return keys;
}

template <>
const std::vector<Key<SandboxConfig>> &keys_of<SandboxConfig>() {
  static const std::vector<Key<SandboxConfig>> keys{
      {"enabled", Shape::truth, &SandboxConfig::is_enabled, 0, 0, {},
       "false lifts everything in this section: the plugin may do what the daemon's user may."},
      {"network", Shape::truth, &SandboxConfig::may_network, 0, 0, {},
       "Whether the plugin may open Internet sockets of its own; the daemon's HTTP service needs no grant."},
      {"unix_sockets", Shape::truth, &SandboxConfig::may_unix_sockets, 0, 0, {},
       "Whether the plugin may talk to programs of this machine over Unix sockets, the daemon's admin socket among "
       "them."},
      {"exec", Shape::truth, &SandboxConfig::may_exec, 0, 0, {},
       "Whether the plugin may start other programs; they are contained like it."},
      {"read", Shape::texts, &SandboxConfig::read, 0, 0, {},
       "Absolute paths of files and directories that the plugin may read, beyond the system's libraries and its own "
       "directories."},
      {"write", Shape::texts, &SandboxConfig::write, 0, 0, {},
       "Absolute paths of files and directories that the plugin may read and write, beyond its state directory and "
       "what its settings name."},
      {"memory_max", Shape::size, &SandboxConfig::memory_bytes_max, 16 * mib, 1'024 * gib, {},
       "The most memory of its own that the plugin's child may have; shared memory is not counted."},
      {"files_max", Shape::whole, &SandboxConfig::files_max, 16, 1'000'000, {},
       "The most descriptors that the plugin's child may have open."},
      {"file_size_max", Shape::size, &SandboxConfig::file_bytes_max, mib, 1'024 * gib, {},
       "The largest that a file may become by the plugin's writing."},
  };
  return keys;
}

// clang-format on

std::string_view level_name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "info";
}

const std::vector<std::string_view> &level_names() {
  static const std::vector<std::string_view> names{"debug", "info", "warn", "error"};
  return names;
}

std::string one_of(const std::vector<std::string_view> &values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += i + 1 == values.size() ? " or " : ", ";
    out += "\"" + std::string(values[i]) + "\"";
  }
  return out;
}

std::string range_text(Shape shape, std::int64_t min, std::int64_t max, const std::vector<std::string_view> &allowed) {
  switch (shape) {
    case Shape::whole:
      return std::to_string(min) + " to " + std::to_string(max);
    case Shape::duration:
      return duration_text(min) + " to " + duration_text(max);
    case Shape::size:
      return size_text(min) + " to " + size_text(max);
    case Shape::text:
    case Shape::level:
      return allowed.empty() ? "" : one_of(allowed);
    case Shape::truth:
      return "true or false";
    case Shape::texts:
      return "";
  }
  return "";
}

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

template <class T>
std::string default_text(const Key<T> &key) {
  [[maybe_unused]] static const T target{};  // a gcc 12 that inlines too much says otherwise
  return std::visit(
      [&](auto member) -> std::string {
        const auto &value = target.*member;
        using V = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<V, std::string>) {
          return quoted(value);
        } else if constexpr (std::is_same_v<V, std::vector<std::string>>) {
          std::string out;
          for (const std::string &item : value) out += (out.empty() ? "" : ", ") + quoted(item);
          return "[" + out + "]";
        } else if constexpr (std::is_same_v<V, Level>) {
          return quoted(level_name(value));
        } else if constexpr (std::is_same_v<V, bool>) {
          return value ? "true" : "false";
        } else {
          if (key.shape == Shape::duration) return quoted(duration_text(value));
          if (key.shape == Shape::size) return quoted(size_text(value));
          return std::to_string(value);
        }
      },
      key.at);
}

template <class T>
void add_texts(const std::string &section, std::vector<KeyText> &texts) {
  for (const Key<T> &key : keys_of<T>()) {
    texts.push_back(KeyText{section, std::string(key.name), default_text(key),
                            range_text(key.shape, key.min, key.max, key.allowed), std::string(key.sentence),
                            key.is_required});
  }
}

}  // namespace

std::vector<KeyText> key_texts() {
  std::vector<KeyText> texts;
  add_texts<Config>("", texts);
  add_texts<HttpConfig>("http", texts);
  add_texts<JournalConfig>("journal", texts);
  add_texts<AdminConfig>("admin", texts);
  add_texts<MetricsConfig>("metrics", texts);
  add_texts<LogConfig>("log", texts);
  add_texts<EgressConfig>("egress", texts);
  add_texts<LimitConfig>("limit.NAME", texts);
  add_texts<SourceConfig>("source.NAME", texts);
  add_texts<InstanceConfig>("instance.NAME", texts);
  add_texts<RetryConfig>("instance.NAME.retry", texts);
  add_texts<BreakerConfig>("instance.NAME.breaker", texts);
  add_texts<SandboxConfig>("instance.NAME.sandbox", texts);
  add_texts<InstanceHttpConfig>("instance.NAME.http", texts);
  return texts;
}

}  // namespace bellhop::core
