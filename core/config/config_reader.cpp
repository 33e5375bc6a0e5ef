// SPDX-License-Identifier: Apache-2.0
#include "config/config_reader.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>

#include "config/keys.hpp"
#include "config/settings.hpp"
#include "config/units.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t token_bytes_min = 16, token_bytes_max = 256;

std::string joined(const std::vector<std::string> &words) {
  std::string out;
  for (const std::string &word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string title_of(const std::string &path) { return path.empty() ? "at the top level" : "in [" + path + "]"; }

std::string under(const std::string &path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

// A whole number in range, from a number or from text with a unit.
Result<std::int64_t> number_of(Shape shape, const Node &value) {
  if (shape == Shape::whole) {
    if (value.type == Node::Type::whole) return value.whole;
    return Error{Kind::invalid, "wants a whole number, found " + std::string(type_name(value.type))};
  }
  if (value.type == Node::Type::text) {
    return shape == Shape::duration ? parse_duration(value.text) : parse_size(value.text);
  }
  const std::string example = shape == Shape::duration ? "\"30s\"" : "\"1MiB\"";
  return Error{Kind::invalid,
               "wants text with a unit, e.g. " + example + ", found " + std::string(type_name(value.type))};
}

std::string number_text(Shape shape, std::int64_t value) {
  if (shape == Shape::duration) return duration_text(value);
  return shape == Shape::size ? size_text(value) : std::to_string(value);
}

}  // namespace

template <class T, class K>
void ConfigReader::read_key(const K &key, const Member &member, const std::string &path, T &target) {
  const Node &value = member.value;
  const std::string title = std::string(key.name) + " " + title_of(path);
  const auto wants = [&](std::string_view what) {
    error(value.at, title + " wants " + std::string(what) + ", found " + std::string(type_name(value.type)));
  };
  std::visit(
      [&](auto pointer) {
        using V = std::decay_t<decltype(target.*pointer)>;
        if constexpr (std::is_same_v<V, bool>) {
          if (value.type != Node::Type::truth) return wants("true or false");
          target.*pointer = value.truth;
        } else if constexpr (std::is_same_v<V, std::vector<std::string>>) {
          if (value.type != Node::Type::array) return wants("a list of text, e.g. [\"…\"]");
          for (const Node &item : value.items) {
            if (item.type != Node::Type::text) {
              error(item.at, title + " wants text in its list, found " + std::string(type_name(item.type)));
              continue;
            }
            loaded_.config.places[under(under(path, key.name), std::to_string((target.*pointer).size()))] = item.at;
            (target.*pointer).push_back(item.text);
          }
        } else if constexpr (std::is_same_v<V, std::string> || std::is_same_v<V, Level>) {
          if (value.type != Node::Type::text) return wants("text");
          const auto found = std::find(key.allowed.begin(), key.allowed.end(), value.text);
          if (!key.allowed.empty() && found == key.allowed.end()) {
            const std::string near = nearest_name(value.text, {key.allowed.begin(), key.allowed.end()});
            error(value.at, title + " cannot be \"" + value.text + "\"" +
                                (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                                (near.empty() ? "; allowed: " : " Allowed: ") + one_of(key.allowed));
            return;
          }
          if constexpr (std::is_same_v<V, Level>) {
            target.*pointer = static_cast<Level>(found - key.allowed.begin());
          } else {
            target.*pointer = value.text;
          }
        } else {
          const Result<std::int64_t> number = number_of(key.shape, value);
          if (!number) {
            const bool is_unreadable = key.shape != Shape::whole && value.type == Node::Type::text;
            return error(value.at, title + (is_unreadable ? ": " : " ") + number.error().sentence);
          }
          if (*number < key.min || *number > key.max) {
            return error(value.at, title + " is " + number_text(key.shape, *number) + "; allowed is " +
                                       range_text(key.shape, key.min, key.max, {}));
          }
          target.*pointer = static_cast<V>(*number);
        }
      },
      key.at);
}

template <class T>
void ConfigReader::read_section(const Node &table, const std::string &path, T &target,
                                const std::vector<std::string> &tables) {
  std::vector<std::string> allowed;
  for (const Key<T> &key : keys_of<T>()) allowed.emplace_back(key.name);
  for (const Member &member : table.members) {
    const auto &keys = keys_of<T>();
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key<T> &k) { return k.name == member.key; });
    if (key != keys.end()) {
      loaded_.config.places[under(path, member.key)] = member.at;
      read_key(*key, member, path, target);
    } else if (std::find(tables.begin(), tables.end(), member.key) == tables.end()) {
      std::vector<std::string> all = allowed;
      all.insert(all.end(), tables.begin(), tables.end());
      unknown_key(member, path, all);
    }
  }
}

void ConfigReader::unknown_key(const Member &member, const std::string &path, const std::vector<std::string> &allowed) {
  std::string sentence = "unknown " + std::string(member.value.type == Node::Type::table ? "table" : "key") + " \"" +
                         member.key + "\" " + title_of(path);
  const std::string near = nearest_name(member.key, allowed);
  if (!near.empty()) {
    sentence += "; did you mean \"" + near + "\"? Allowed: " + joined(allowed);
  } else {
    for (const KeyText &text : key_texts()) {
      if (text.name != member.key || text.section == path) continue;
      sentence += "; it belongs " + title_of(text.section);
      break;
    }
    sentence += "; allowed: " + joined(allowed);
  }
  error(member.at, std::move(sentence));
}

bool ConfigReader::is_table(const Member &member, const std::string &title) {
  if (member.value.type == Node::Type::table) return true;
  error(member.at,
        "\"" + member.key + "\" must be a table, " + title + ", found " + std::string(type_name(member.value.type)));
  return false;
}

void ConfigReader::check_name(const Member &member, const char *what) {
  const bool fits = !member.key.empty() && member.key.size() <= name_bytes_max &&
                    std::all_of(member.key.begin(), member.key.end(),
                                [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (fits) return;
  error(member.at, "the " + std::string(what) + " name \"" + member.key +
                       "\" must be 1 to 64 lower-case letters, digits or hyphens");
}

void ConfigReader::read(const Node &root) {
  Config &config = loaded_.config;
  read_section(root, "", config,
               {"http", "journal", "admin", "metrics", "egress", "limit", "log", "source", "instance"});
  for (const Member &member : root.members) {
    const std::string &name = member.key;
    const bool is_section = name == "http" || name == "journal" || name == "admin" || name == "metrics" ||
                            name == "egress" || name == "log";
    if (is_section) {
      if (!is_table(member, "[" + name + "]")) continue;
      config.places[name] = member.at;
    }
    if (name == "http") read_section(member.value, name, config.http, {});
    if (name == "journal") read_section(member.value, name, config.journal, {});
    if (name == "admin") read_section(member.value, name, config.admin, {});
    if (name == "metrics") read_section(member.value, name, config.metrics, {});
    if (name == "log") read_section(member.value, name, config.log, {});
    if (name == "egress") read_section(member.value, name, config.egress, {});
    if (name == "limit") read_limits(member);
    if (name == "source") read_sources(member);
    if (name == "instance") read_instances(member);
  }
}

void ConfigReader::read_sources(const Member &member) {
  if (!is_table(member, "[source.NAME]")) return;
  for (const Member &source : member.value.members) read_source(source);
}

void ConfigReader::read_source(const Member &member) {
  if (!is_table(member, "[source.NAME]; the keys of a source stand under its name")) return;
  check_name(member, "source");
  const std::string path = "source." + member.key;
  SourceConfig source;
  source.name = member.key;
  source.at = member.at;
  loaded_.config.places[path] = member.at;
  read_section(member.value, path, source, {});
  if (member.value.find("tokens") == nullptr) {
    error(member.at, "[" + path +
                         "] has no tokens, so anybody could post to it; add e.g. tokens = "
                         "[\"env:BELLHOP_TOKEN\"] with at least 16 characters behind it");
  } else if (source.tokens.empty() && member.value.find("tokens")->value.items.empty() &&
             member.value.find("tokens")->value.type == Node::Type::array) {
    error(member.value.find("tokens")->at, "tokens in [" + path +
                                               "] is empty, so anybody could post to it; one or more "
                                               "secrets of at least 16 characters are needed");
  }
  resolve_tokens(source);
  loaded_.config.sources.push_back(std::move(source));
}

// References become secrets; what is no good as the last segment of a URL is refused, without showing it.
void ConfigReader::resolve_tokens(SourceConfig &source) {
  for (std::size_t i = 0; i < source.tokens.size(); ++i) {
    const Position at = loaded_.config.place("source." + source.name + ".tokens." + std::to_string(i));
    const std::string which = "token number " + std::to_string(i + 1) + " of [source." + source.name + "]";
    const Result<std::string> secret = resolve_secret(source.tokens[i], surroundings_);
    source.tokens[i].clear();
    if (!secret) {
      error(at, which + ": " + secret.error().sentence);
      continue;
    }
    const bool fits_url = std::all_of(secret->begin(), secret->end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
             c == '_' || c == '~';
    });
    if (secret->size() < token_bytes_min) {
      error(at, which + " has " + std::to_string(secret->size()) +
                    " characters; at least 16 are needed (`openssl rand -hex 32` makes a good one)");
    } else if (secret->size() > token_bytes_max) {
      error(at, which + " has " + std::to_string(secret->size()) + " characters; at most 256 are allowed");
    } else if (!fits_url) {
      error(at, which + " has a character that a URL would need to escape; allowed: A-Z a-z 0-9 - . _ ~");
    } else {
      source.tokens[i] = *secret;
    }
  }
}

void ConfigReader::read_limits(const Member &member) {
  if (!is_table(member, "[limit.NAME]")) return;
  for (const Member &limit : member.value.members) read_limit(limit);
}

void ConfigReader::read_limit(const Member &member) {
  if (!is_table(member, "[limit.NAME]; the keys of a limit stand under its name")) return;
  check_name(member, "limit");
  const std::string path = "limit." + member.key;
  LimitConfig limit;
  limit.name = member.key;
  limit.at = member.at;
  loaded_.config.places[path] = member.at;
  read_section(member.value, path, limit, {});
  if (const Member *rate = member.value.find("rate"); rate == nullptr) {
    error(member.at, "[" + path + "] has no rate; add e.g. rate = \"1/s\"");
  } else if (rate->value.type == Node::Type::text) {
    const Result<Rate> parsed = parse_rate(limit.rate);
    if (!parsed) error(rate->value.at, "rate in [" + path + "]: " + parsed.error().sentence);
    if (parsed) limit.count = parsed->count, limit.per_ms = parsed->per_ms;
  }
  loaded_.config.limits.push_back(std::move(limit));
}

void ConfigReader::read_instances(const Member &member) {
  if (!is_table(member, "[instance.NAME]")) return;
  for (const Member &instance : member.value.members) read_instance(instance);
}

void ConfigReader::read_instance(const Member &member) {
  if (!is_table(member, "[instance.NAME]; the keys of an instance stand under its name")) return;
  check_name(member, "instance");
  const std::string path = "instance." + member.key;
  InstanceConfig instance;
  instance.name = member.key;
  instance.at = member.at;
  loaded_.config.places[path] = member.at;
  read_section(member.value, path, instance, {"retry", "breaker", "sandbox", "http", "settings"});
  if (const Member *retry = member.value.find("retry"); retry != nullptr && is_table(*retry, "[" + path + ".retry]")) {
    loaded_.config.places[path + ".retry"] = retry->at;
    read_section(retry->value, path + ".retry", instance.retry, {});
  }
  if (const Member *breaker = member.value.find("breaker");
      breaker != nullptr && is_table(*breaker, "[" + path + ".breaker]")) {
    loaded_.config.places[path + ".breaker"] = breaker->at;
    read_section(breaker->value, path + ".breaker", instance.breaker, {});
  }
  if (const Member *sandbox = member.value.find("sandbox");
      sandbox != nullptr && is_table(*sandbox, "[" + path + ".sandbox]")) {
    loaded_.config.places[path + ".sandbox"] = sandbox->at;
    read_section(sandbox->value, path + ".sandbox", instance.sandbox, {});
  }
  if (const Member *http = member.value.find("http"); http != nullptr && is_table(*http, "[" + path + ".http]")) {
    loaded_.config.places[path + ".http"] = http->at;
    read_section(http->value, path + ".http", instance.http, {});
  }
  instance.settings_at[""] = member.at;
  if (const Member *settings = member.value.find("settings");
      settings != nullptr && is_table(*settings, "[" + path + ".settings]")) {
    SettingsText text = settings_text(*settings);
    instance.settings_json = std::move(text.json);
    instance.settings_at = std::move(text.at);
    instance.settings_texts = std::move(text.texts);
    for (Finding &finding : text.errors) loaded_.errors.push_back(std::move(finding));
  }
  const Member *plugin = member.value.find("plugin");
  if (plugin != nullptr && plugin->value.type == Node::Type::text && instance.plugin.empty()) {
    error(plugin->at, "plugin in [" + path + "] is empty; name one, e.g. plugin = \"sqlite\"");
  } else if (plugin == nullptr) {
    error(member.at, "[" + path + "] names no plugin; add e.g. plugin = \"sqlite\"");
  }
  loaded_.config.instances.push_back(std::move(instance));
}

}  // namespace bellhop::core
