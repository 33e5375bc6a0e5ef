// SPDX-License-Identifier: Apache-2.0
#include "config/checks.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "config/library.hpp"
#include "config/units.hpp"
#include "egress/destination.hpp"
#include "event/event_types.hpp"
#include "event/filter.hpp"

namespace bellhop::core {

namespace {

constexpr const char *listen_forms =
    "write \"host:port\", \"[v6 address]:port\" or \"unix:/path\"; a port is 0 to 65535";
constexpr std::size_t socket_path_bytes_max = sizeof(sockaddr_un{}.sun_path) - 1;

bool number_in(std::string_view text, int min, int max) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= min && number <= max;
}

// An address, or a block ADDRESS/BITS.
bool is_block(const std::string &text) {
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  unsigned char bytes[16];
  const bool is_v4 = inet_pton(AF_INET, address.c_str(), bytes) == 1;
  const bool is_v6 = !is_v4 && inet_pton(AF_INET6, address.c_str(), bytes) == 1;
  if (!is_v4 && !is_v6) return false;
  return slash == std::string::npos || number_in(std::string_view(text).substr(slash + 1), 0, is_v4 ? 32 : 128);
}

const std::vector<std::string> &known_event_types() {
  static const std::vector<std::string> types = [] {
    std::vector<std::string> all{std::string(ping_type)};
    for (const std::string_view noun : known_nouns) {
      for (const std::string_view action : known_actions) all.push_back(std::string(noun) + "." + std::string(action));
    }
    return all;
  }();
  return types;
}

// The glob as it was probably meant: its noun or its action brought to the nearest known one.
std::string nearest_glob(const std::string &glob, const std::vector<std::string> &types) {
  if (const std::string near = nearest_name(glob, types); !near.empty()) return near;
  const std::size_t dot = glob.find('.');
  if (dot == std::string::npos) return "";
  std::vector<std::string> nouns;
  for (const std::string &type : types) nouns.push_back(type.substr(0, type.find('.')));
  const std::string noun = nearest_name(glob.substr(0, dot), nouns);
  return noun.empty() ? "" : noun + glob.substr(dot);
}

struct Listen {
  std::string host;  // without brackets
  bool is_valid = false, is_unix = false;
};

Listen parse_listen(const std::string &text) {
  if (text.rfind("unix:", 0) == 0) return {text.substr(5), text.size() > 6 && text[5] == '/', true};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || !number_in(std::string_view(text).substr(colon + 1), 0, 65'535)) return {};
  std::string host = text.substr(0, colon);
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  const bool has_colon = host.find(':') != std::string::npos;
  return {host, !host.empty() && has_colon == has_brackets, false};
}

bool is_loopback(const std::string &host) { return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0; }

class Checks {
 public:
  explicit Checks(Loaded &loaded) : loaded_(loaded), config_(loaded.config) {}

  void run() {
    check_paths();
    check_listener();
    check_metrics_listener();
    check_limits();
    check_egress();
    check_tokens();
    for (InstanceConfig &instance : config_.instances) check_instance(instance);
    if (config_.sources.empty()) warn("", "there is no [source.NAME], so every webhook will be answered 404");
    if (config_.instances.empty()) warn("", "there is no [instance.NAME]: events are kept and delivered to nobody");
  }

 private:
  void refuse(const std::string &path, std::string sentence) {
    loaded_.errors.push_back({config_.place(path), std::move(sentence)});
  }
  void warn(const std::string &path, std::string sentence) {
    loaded_.warnings.push_back({config_.place(path), std::move(sentence)});
  }

  void check_paths() {
    namespace fs = std::filesystem;
    if (!fs::path(config_.state_dir).is_absolute()) {
      refuse("state_dir", "state_dir must be an absolute path, found \"" + config_.state_dir + "\"");
    }
    for (std::size_t i = 0; i < config_.plugin_dirs.size(); ++i) {
      if (fs::path(config_.plugin_dirs[i]).is_absolute()) continue;
      refuse("plugin_dirs." + std::to_string(i),
             "plugin_dirs must hold absolute paths, found \"" + config_.plugin_dirs[i] + "\"");
    }
    if (config_.journal.path.empty()) refuse("journal.path", "path in [journal] must not be empty");
    if (config_.admin.socket.empty()) refuse("admin.socket", "socket in [admin] must not be empty");
    const fs::path journal = fs::path(config_.state_dir) / config_.journal.path;
    const fs::path socket = fs::path(config_.state_dir) / config_.admin.socket;
    if (journal.lexically_normal() == socket.lexically_normal()) {
      refuse("admin.socket", "socket in [admin] and path in [journal] are the same file, " + socket.string());
    }
    if (socket.string().size() > socket_path_bytes_max) {
      refuse("admin.socket", "the admin socket's path " + socket.string() + " has " +
                                 std::to_string(socket.string().size()) + " bytes; Unix sockets allow at most " +
                                 std::to_string(socket_path_bytes_max) + ": use a shorter state_dir or socket");
    }
  }

  void check_listener() {
    const HttpConfig &http = config_.http;
    const Listen listen = parse_listen(http.listen);
    if (!listen.is_valid) {
      refuse("http.listen", "listen in [http] cannot be \"" + http.listen + "\"; " + listen_forms);
    } else if (!listen.is_unix && !is_loopback(listen.host)) {
      warn("http.listen", "the webhook listener on " + http.listen +
                              " speaks plain HTTP beyond this machine; put a proxy with TLS in front of it");
    }
    if (!http.public_url.empty() && http.public_url.rfind("https://", 0) != 0 &&
        http.public_url.rfind("http://", 0) != 0) {
      refuse("http.public_url",
             "public_url in [http] must begin with https:// or http://, found \"" + http.public_url + "\"");
    }
    while (!config_.http.public_url.empty() && config_.http.public_url.back() == '/')
      config_.http.public_url.pop_back();
    for (std::size_t i = 0; i < http.trusted_proxies.size(); ++i) {
      if (is_block(http.trusted_proxies[i])) continue;
      refuse("http.trusted_proxies." + std::to_string(i),
             "trusted_proxies in [http] wants addresses or blocks such as \"10.0.0.0/8\", found \"" +
                 http.trusted_proxies[i] + "\"");
    }
  }

  void check_metrics_listener() {
    const std::string &text = config_.metrics.listen;
    if (text.empty()) return;
    const Listen listen = parse_listen(text);
    if (!listen.is_valid) {
      refuse("metrics.listen", "listen in [metrics] cannot be \"" + text + "\"; " + listen_forms);
    } else if (!listen.is_unix && !is_loopback(listen.host)) {
      warn("metrics.listen", "listen in [metrics] is \"" + text +
                                 "\": whoever reaches that address may read the metrics, and with them the names of "
                                 "your instances and how many bookings there are");
    }
  }

  void check_limits() {
    const HttpConfig &http = config_.http;
    if (http.bodies_bytes_max < http.body_bytes_max) {
      refuse(config_.places.count("http.bodies_bytes_max") != 0 ? "http.bodies_bytes_max" : "http.body_bytes_max",
             "bodies_bytes_max in [http] is " + size_text(http.bodies_bytes_max) + ", less than body_bytes_max, " +
                 size_text(http.body_bytes_max) + ": a body of the allowed size could never be received");
    }
    if (http.connections_per_address_max > http.connections_max) {
      refuse(config_.places.count("http.connections_max") != 0 ? "http.connections_max"
                                                               : "http.connections_per_address_max",
             "connections_per_address_max in [http] is " + std::to_string(http.connections_per_address_max) +
                 ", more than connections_max, " + std::to_string(http.connections_max) +
                 ": the cap could never be reached");
    }
  }

  void check_egress() {
    const EgressConfig &egress = config_.egress;
    const Result<Url> proxy = Url::parse(egress.proxy);
    if (!egress.proxy.empty() && (!proxy || proxy->is_tls || proxy->target != "/")) {
      refuse("egress.proxy", "proxy in [egress] must have the form \"http://host:port\"");
    }
    check_patterns("egress", "proxy_except", egress.proxy_except);
    const Setting total{"total_timeout", "egress", egress.total_timeout_ms};
    for (const Setting &part : {Setting{"connect_timeout", "egress", egress.connect_timeout_ms},
                                Setting{"tls_timeout", "egress", egress.tls_timeout_ms},
                                Setting{"first_byte_timeout", "egress", egress.first_byte_timeout_ms}}) {
      // Of a part that is left alone, nobody meant that it may take so long.
      if (is_said(part) && part.value_ms > total.value_ms) {
        refuse_order(part, "longer than", total, "a request would be over before this part of it could be");
      }
    }
    if (!egress.ca_file.empty() && !std::filesystem::path(egress.ca_file).is_absolute()) {
      refuse("egress.ca_file", "ca_file in [egress] must be an absolute path, found \"" + egress.ca_file + "\"");
    }
  }

  void check_patterns(const std::string &path, const std::string &key, const std::vector<std::string> &texts) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const Result<HostPattern> pattern = HostPattern::parse(texts[i]);
      if (pattern) continue;
      refuse(path + "." + key + "." + std::to_string(i), key + " in [" + path + "]: " + pattern.error().sentence);
    }
  }

  // Two sources with one token could not be told apart in a leak; the same token twice in one list is a slip.
  void check_tokens() {
    std::map<std::string, std::string> owners;
    for (const SourceConfig &source : config_.sources) {
      for (std::size_t i = 0; i < source.tokens.size(); ++i) {
        if (source.tokens[i].empty()) continue;  // refused already
        const auto [found, is_new] = owners.emplace(source.tokens[i], source.name);
        if (is_new) continue;
        refuse("source." + source.name + ".tokens." + std::to_string(i),
               "token number " + std::to_string(i + 1) + " of [source." + source.name +
                   "] is also a token of [source." + found->second + "]; every token must be used once");
      }
    }
  }

  void check_instance(InstanceConfig &instance) {
    const std::string path = "instance." + instance.name;
    if (!instance.plugin.empty()) {
      Result<std::string> library = find_library(instance.plugin, config_.plugin_dirs);
      if (library) {
        instance.library = *library;
      } else {
        refuse(path + ".plugin", "plugin in [" + path + "]: " + library.error().sentence);
      }
    }
    std::vector<std::string> globs;  // each in the company of those before it, because an exclusion needs some
    for (std::size_t i = 0; i < instance.events.size(); ++i) {
      globs.push_back(instance.events[i]);
      const Result<Filter> filter = Filter::parse(globs);
      if (filter) continue;
      refuse(path + ".events." + std::to_string(i), "events in [" + path + "]: " + filter.error().sentence);
      globs.pop_back();
    }
    check_known_types(instance, path);
    check_times(instance, path);
    check_sandbox(instance, path);
    check_patterns(path + ".http", "allow", instance.http.allow);
    if (instance.host == "inproc") {
      warn(path + ".host", "[" + path + "] runs inside the daemon: if the plugin crashes, the daemon does");
    }
  }

  // A glob that matches nothing is no error, since a vendor may invent types; but most likely it is a slip.
  void check_known_types(const InstanceConfig &instance, const std::string &path) {
    for (std::size_t i = 0; i < instance.events.size(); ++i) {
      const std::string &written = instance.events[i];
      const std::string glob = written.rfind('!', 0) == 0 ? written.substr(1) : written;
      const Result<Filter> alone = Filter::parse({glob});
      if (!alone) continue;  // refused already
      const std::vector<std::string> &types = known_event_types();
      if (std::any_of(types.begin(), types.end(), [&](const std::string &type) { return alone->matches(type); }))
        continue;
      const std::string near = nearest_glob(glob, types);
      warn(path + ".events." + std::to_string(i), "events in [" + path + "]: \"" + written +
                                                      "\" matches no event that Bellhop knows" +
                                                      (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    }
  }

  // Two settings that cannot both be meant, as (key, section) with their values in words. The finding
  // stands at the first of them that the file has, and names the place of the other.
  struct Setting {
    std::string name, section;
    Milliseconds value_ms = 0;
  };
  bool is_said(const Setting &setting) const { return config_.places.count(setting.section + "." + setting.name) != 0; }
  void refuse_order(const Setting &first, const char *relation, const Setting &second, const std::string &consequence) {
    const std::string first_path = first.section + "." + first.name, second_path = second.section + "." + second.name;
    const bool has_first = is_said(first), has_second = is_said(second);
    std::string other = "its default";
    if (has_second) other = "at " + config_.places.at(second_path).text();
    if (!has_first && has_second) other = "here; " + first.name + " is the default";
    refuse(has_first ? first_path : second_path,
           first.name + " in [" + first.section + "] is " + duration_text(first.value_ms) + ", " + relation + " " +
               second.name + " in [" + second.section + "], " + duration_text(second.value_ms) + " (" + other + ")" +
               (consequence.empty() ? "" : ": " + consequence));
  }

  void check_times(const InstanceConfig &instance, const std::string &path) {
    const RetryConfig &retry = instance.retry;
    const BreakerConfig &breaker = instance.breaker;
    const Setting backoff_min{"backoff_min", path + ".retry", retry.backoff_ms_min};
    const Setting backoff_max{"backoff_max", path + ".retry", retry.backoff_ms_max};
    const Setting age_max{"age_max", path + ".retry", retry.age_ms_max};
    const Setting deadline{"deadline", path, instance.deadline_ms};
    const Setting pause_min{"pause_min", path + ".breaker", breaker.pause_ms_min};
    const Setting pause_max{"pause_max", path + ".breaker", breaker.pause_ms_max};
    const Setting window{"window", path + ".breaker", breaker.window_ms};
    const Setting total{"total_timeout", "egress", config_.egress.total_timeout_ms};
    if (backoff_min.value_ms > backoff_max.value_ms) {
      refuse_order(backoff_min, "longer than", backoff_max, "the first wait would be over the longest");
    }
    if (pause_min.value_ms > pause_max.value_ms) {
      refuse_order(pause_min, "longer than", pause_max, "the first pause would be over the longest");
    }
    if (age_max.value_ms != 0) {
      if (age_max.value_ms < backoff_min.value_ms) {
        refuse_order(age_max, "shorter than", backoff_min, "there would never be a second attempt");
      } else if (age_max.value_ms < backoff_max.value_ms && is_said(age_max) && is_said(backoff_max)) {
        refuse_order(age_max, "shorter than", backoff_max, "the longest wait could never end before the event is dead");
      }
      if (age_max.value_ms < deadline.value_ms) {
        refuse_order(age_max, "shorter than", deadline, "an event would be too old before its first attempt is over");
      }
    }
    // A request has what is left of the deadline, and other instances may mean the total: no contradiction.
    if (deadline.value_ms < total.value_ms && is_said(deadline) && is_said(total)) {
      warn(path + ".deadline", "deadline in [" + path + "] is " + duration_text(deadline.value_ms) +
                                   ", shorter than total_timeout in [egress], " + duration_text(total.value_ms) +
                                   ": its requests are given up with the delivery that makes them");
    }
    if (breaker.failures_percent > 0 && window.value_ms < deadline.value_ms && is_said(window)) {
      refuse_order(window, "shorter than", deadline, "attempts that time out could never fill the window");
    }
    if (breaker.failures_percent > 0 && breaker.subjects_min > breaker.count_min) {
      const std::string where = path + ".breaker";
      refuse(config_.places.count(where + ".subjects_min") != 0 ? where + ".subjects_min" : where + ".count_min",
             "subjects_min in [" + where + "] is " + std::to_string(breaker.subjects_min) + ", more than count_min, " +
                 std::to_string(breaker.count_min) + ": so few attempts could never hold so many bookings");
    }
    if (config_.stop_ms_max < instance.deadline_ms) {
      // The defaults say nothing: a slow delivery is cut at a restart and made again.
      if (!is_said(deadline) && config_.places.count("stop_max") == 0) return;
      warn(is_said(deadline) ? path + ".deadline" : "stop_max",
           "deadline in [" + path + "] is " + duration_text(instance.deadline_ms) + ", longer than stop_max, " +
               duration_text(config_.stop_ms_max) +
               ": a delivery that takes that long is cut when the daemon stops, and made again afterwards");
    }
  }

  void check_sandbox(const InstanceConfig &instance, const std::string &path) {
    const SandboxConfig &sandbox = instance.sandbox;
    check_grants(sandbox.read, path + ".sandbox", "read");
    check_grants(sandbox.write, path + ".sandbox", "write");
    if (sandbox.is_enabled) return;
    warn(path + ".sandbox.enabled",
         "[" + path + "] is not contained: the plugin may do whatever the daemon's user may");
  }

  void check_grants(const std::vector<std::string> &paths, const std::string &section, const std::string &key) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const std::string at = section + "." + key + "." + std::to_string(i);
      const std::string title = key + " in [" + section + "]";
      if (paths[i].empty() || paths[i].front() != '/' || paths[i].find_first_of("\n\r") != std::string::npos) {
        refuse(at, title + " must hold absolute paths, found \"" + paths[i] + "\"");
        continue;
      }
      std::error_code ignored;
      if (!std::filesystem::exists(paths[i], ignored)) {
        warn(at,
             title + ": " + paths[i] + " is not there, and what is not there when the plugin starts is not granted");
      }
    }
  }

  Loaded &loaded_;
  Config &config_;
};

}  // namespace

Result<void> check_listen(const std::string &text) {
  if (parse_listen(text).is_valid) return {};
  return Error{Kind::invalid, "cannot be \"" + text + "\"; " + listen_forms};
}

void check_config(Loaded &loaded) { Checks(loaded).run(); }

}  // namespace bellhop::core
