// SPDX-License-Identifier: Apache-2.0
#include "cli/trial_plan.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/log.hpp"
#include "cli/json_text.hpp"
#include "cli/json_view.hpp"
#include "daemon/options.hpp"
#include "event/event_json.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

namespace fs = std::filesystem;
constexpr std::size_t file_bytes_max = 1 << 20;

Result<std::string> read_settings(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{Kind::not_found, "the settings file " + file + " cannot be read"};
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > file_bytes_max) return Error{Kind::invalid, file + " is larger than 1 MiB"};
  return text;
}

// Every text in the settings by its pointer: where secrets and references to them may stand.
void find_texts(const JsonValue &value, const std::string &pointer, std::map<std::string, std::string> &out) {
  if (value.IsString()) out[pointer] = std::string(value.GetString(), value.GetStringLength());
  if (value.IsArray()) {
    for (rapidjson::SizeType index = 0; index < value.Size(); ++index) {
      find_texts(value[index], pointer + "/" + std::to_string(index), out);
    }
  }
  if (!value.IsObject()) return;
  for (const auto &member : value.GetObject()) {
    std::string name;
    for (const char letter : std::string_view(member.name.GetString(), member.name.GetStringLength())) {
      name += letter == '~' ? std::string("~0") : letter == '/' ? std::string("~1") : std::string(1, letter);
    }
    find_texts(member.value, pointer + "/" + name, out);
  }
}

// A value that fits the property, for a person who wants to see the plugin run before he has a token.
std::string made_up_value(const JsonValue &property) {
  if (!list(property, "enum").Empty()) {
    rapidjson::Document first;
    std::string out;
    append_json_string(out, list(property, "enum")[0].IsString() ? list(property, "enum")[0].GetString() : "");
    return out;
  }
  const std::string type = text(property, "type");
  if (type == "integer" || type == "number")
    return std::to_string(std::max<std::int64_t>(1, number(property, "minimum")));
  if (type == "boolean") return "true";
  if (type == "array") return "[]";
  if (type == "object") return "{}";
  if (flag(property, "x-destination") || text(property, "format") == "uri") return "\"https://made-up.example.org/\"";
  return flag(property, "x-secret") ? "\"made-up-secret\"" : "\"made-up\"";
}

// Fills in what the schema requires and nobody gave.
Result<std::string> fill(const std::string &settings, const PluginManifest &manifest,
                         std::vector<std::string> &made_up) {
  rapidjson::Document given, schema;
  given.Parse(settings.data(), settings.size());
  schema.Parse(manifest.settings_schema.data(), manifest.settings_schema.size());
  if (given.HasParseError() || !given.IsObject() || schema.HasParseError()) return settings;
  const JsonValue *properties = member(schema, "properties");
  std::vector<std::string> sets;
  for (const JsonValue &key : list(schema, "required").GetArray()) {
    if (!key.IsString() || properties == nullptr || member(given, key.GetString()) != nullptr) continue;
    const JsonValue *property = member(*properties, key.GetString());
    if (property == nullptr || member(*property, "default") != nullptr) continue;
    made_up.emplace_back(key.GetString());
    sets.push_back("/" + made_up.back() + "=" + made_up_value(*property));
  }
  return set_members(settings, sets);
}

std::string lines_of(const std::vector<Finding> &findings) {
  std::string out;
  for (const Finding &finding : findings) out += (out.empty() ? "" : "\n") + finding.text();
  return out;
}

Result<void> grant(const std::vector<std::string> &grants, SandboxConfig &sandbox) {
  for (const std::string &one : grants) {
    if (one == "network") {
      sandbox.may_network = true;
    } else if (one == "unix_sockets") {
      sandbox.may_unix_sockets = true;
    } else if (one == "exec") {
      sandbox.may_exec = true;
    } else if (one.rfind("read=", 0) == 0) {
      sandbox.read.push_back(absolute_path(one.substr(5)));
    } else if (one.rfind("write=", 0) == 0) {
      sandbox.write.push_back(absolute_path(one.substr(6)));
    } else {
      return Error{Kind::invalid,
                   "there is no grant \"" + one + "\"; there are network, unix_sockets, exec, read=PATH, write=PATH"};
    }
  }
  return {};
}

// The instance as the options describe it: out of a config, or made up here.
Result<InstanceConfig> choose(const PluginChoice &choice, Config &config, const Surroundings &surroundings) {
  InstanceConfig instance;
  if (!choice.config.empty()) {
    Loaded loaded = load_config(choice.config, surroundings);
    if (!loaded.errors.empty()) return Error{Kind::invalid, lines_of(loaded.errors)};
    config = std::move(loaded.config);
    std::string names;
    for (InstanceConfig &one : config.instances) {
      names += (names.empty() ? "" : ", ") + one.name;
      if (one.name == choice.instance) instance = std::move(one);
    }
    if (instance.name.empty()) {
      return Error{Kind::not_found, choice.config + " has no [instance." + choice.instance + "]; it has " +
                                        (names.empty() ? "none" : names) + ". Name one with --instance"};
    }
  } else {
    instance.name = choice.instance.empty() ? "try" : choice.instance;
  }
  if (!choice.library.empty()) instance.plugin = instance.library = absolute_path(choice.library);
  instance.is_enabled = true;
  instance.host = "child";
  instance.workers = 1;
  return instance;
}

}  // namespace

std::string absolute_path(const std::string &path) {
  std::error_code ignored;
  return fs::absolute(path, ignored).lexically_normal().string();
}

Result<std::vector<PluginManifest>> describe_here(const std::string &library, const Surroundings &surroundings) {
  return describe_plugin(absolute_path(library), host_program_of(surroundings));
}

Result<TrialPlan> plan_trial(const PluginChoice &choice, const std::string &state_dir, const Surroundings &surroundings,
                             const Screen &screen) {
  Config config;
  if (choice.config.empty()) config.state_dir = state_dir;
  auto instance = choose(choice, config, surroundings);
  if (!instance) return instance.error();
  if (auto granted = grant(choice.grants, instance->sandbox); !granted) return granted.error();
  instance->http.allow.insert(instance->http.allow.end(), choice.allow.begin(), choice.allow.end());

  TrialPlan plan;
  plan.host_program = host_program_of(surroundings);
  const auto manifests = describe_plugin(instance->library, plan.host_program);
  if (!manifests) return manifests.error();
  plan.manifest = manifests->front();
  const std::string stem = fs::path(instance->library).stem().string();
  for (const PluginManifest &one : *manifests) {
    if (one.id == stem) plan.manifest = one;
  }

  if (!choice.settings_file.empty()) {
    auto text = read_settings(choice.settings_file);
    if (!text) return text.error();
    instance->settings_json = std::move(*text);
  }
  std::vector<std::string> sets;
  for (const std::string &set : choice.sets) sets.push_back(set.rfind('/', 0) == 0 ? set : "/" + set);
  auto settings = set_members(instance->settings_json, sets);
  if (settings && choice.is_filling) settings = fill(*settings, plan.manifest, plan.made_up);
  if (!settings) return settings.error();
  instance->settings_json = std::move(*settings);
  rapidjson::Document document;
  document.Parse(instance->settings_json.data(), instance->settings_json.size());
  if (document.HasParseError() || !document.IsObject()) {
    return Error{Kind::invalid, "the settings are not a JSON object"};
  }
  instance->settings_texts.clear();
  find_texts(document, "", instance->settings_texts);

  plan.egress = egress_options(config);
  config.sources.clear();
  config.instances = {std::move(*instance)};
  Plans plans = make_plans(config, surroundings, PlanDepth::start);
  for (const Finding &warning : plans.warnings) {
    screen.err << screen.paint("warning: ", Colour::warning) << printable(warning.text()) << '\n';
  }
  if (!plans.errors.empty()) return Error{Kind::invalid, lines_of(plans.errors)};
  plan.instance = std::move(plans.instances.at(0));
  const SettingsCheck check = check_settings(plan.manifest, plan.instance.delivery.spec.settings_json);
  plan.settings_shown = redact(plan.instance.delivery.spec.settings_json, check.secret_pointers);
  return plan;
}

}  // namespace bellhop::core
