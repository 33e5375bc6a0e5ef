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
    check_patterns(path + ".http", "allow", instance.http.allow);
    const RetryConfig &retry = instance.retry;
    const std::string where = config_.places.count(path + ".retry") != 0 ? path + ".retry" : path;
    if (retry.backoff_ms_min > retry.backoff_ms_max) {
      refuse(where, "backoff_min in [" + path + ".retry] is " + duration_text(retry.backoff_ms_min) +
                        ", longer than backoff_max, " + duration_text(retry.backoff_ms_max));
    }
    if (retry.age_ms_max != 0 && retry.age_ms_max < retry.backoff_ms_min) {
      refuse(where, "age_max in [" + path + ".retry] is " + duration_text(retry.age_ms_max) +
                        ", shorter than backoff_min, " + duration_text(retry.backoff_ms_min) +
                        ": there would never be a second attempt");
    }
    if (instance.host == "inproc") {
      warn(path + ".host", "[" + path + "] runs inside the daemon: if the plugin crashes, the daemon does");
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
