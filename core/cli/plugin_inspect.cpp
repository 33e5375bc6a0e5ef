// SPDX-License-Identifier: Apache-2.0
#include <rapidjson/document.h>

#include <filesystem>

#include "admin/json_writer.hpp"
#include "base/log.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_view.hpp"
#include "cli/plugin_commands.hpp"
#include "host/elf_file.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

std::string joined(const std::vector<std::string> &words) {
  std::string out;
  for (const std::string &word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

void write_words(JsonWriter &json, const char *key, const std::vector<std::string> &words) {
  json.key(key).open('[');
  for (const std::string &word : words) json.text(word);
  json.close(']');
}

void print_json(const std::vector<PluginManifest> &manifests, const std::string &build_id, const Screen &screen) {
  JsonWriter json;
  json.open('{').key("library").text(manifests.front().library).key("build_id").text(build_id);
  json.key("plugins").open('[');
  for (const PluginManifest &one : manifests) {
    json.open('{').key("id").text(one.id).key("name").text(one.name).key("version").text(one.version);
    json.key("summary").text(one.summary).key("vendor").text(one.vendor).key("license").text(one.license);
    json.key("url").text(one.url).key("sdk").text(one.sdk).key("abi").text(std::to_string(one.abi_major) + "." +
                                                                           std::to_string(one.abi_minor));
    json.key("singleton").boolean(one.is_singleton).key("batch").boolean(one.is_batching);
    json.key("tick").boolean(one.is_ticking).key("health").boolean(one.has_health);
    json.key("commands").open('[');
    for (const CommandManifest &command : one.commands) {
      json.open('{').key("name").text(command.name).key("summary").text(command.summary).close('}');
    }
    json.close(']');
    write_words(json, "events", one.events);
    write_words(json, "needs", one.needs);
    write_words(json, "wants", one.wants);
    write_words(json, "needs_missing", one.needs_missing);
    json.key("settings_schema");
    rapidjson::Document schema;
    schema.Parse(one.settings_schema.data(), one.settings_schema.size());
    if (one.settings_schema.empty() || schema.HasParseError()) {
      json.null();
    } else {
      json.raw(one.settings_schema);
    }
    json.close('}');
  }
  json.close(']').close('}');
  screen.out << json.take() << '\n';
}

std::string json_of(const JsonValue &value) {
  if (value.IsString()) {
    std::string out;
    append_json_string(out, std::string_view(value.GetString(), value.GetStringLength()));
    return out;
  }
  if (value.IsBool()) return value.GetBool() ? "true" : "false";
  if (value.IsInt64()) return std::to_string(value.GetInt64());
  if (value.IsDouble()) return std::to_string(value.GetDouble());
  return value.IsArray() ? (value.Empty() ? "[]" : "[…]") : value.IsNull() ? "null" : "{…}";
}

bool is_required(const JsonValue &schema, const std::string &key) {
  for (const JsonValue &one : list(schema, "required").GetArray()) {
    if (one.IsString() && key == one.GetString()) return true;
  }
  return false;
}

std::string marks_of(const JsonValue &property) {
  std::string marks;
  const auto add = [&marks](const std::string &mark) { marks += (marks.empty() ? "" : ", ") + mark; };
  if (flag(property, "x-secret")) add("secret");
  if (flag(property, "x-destination")) add("allows its host");
  if (!text(property, "x-path").empty()) add("file to " + text(property, "x-path"));
  for (const char *limit : {"minimum", "maximum"}) {
    if (member(property, limit)) add(std::string(limit) + " " + json_of(*member(property, limit)));
  }
  std::string values;
  for (const JsonValue &value : list(property, "enum").GetArray())
    values += (values.empty() ? "" : " | ") + json_of(value);
  if (!values.empty()) add(values);
  return marks;
}

void print_settings(const JsonValue &schema, const Screen &screen) {
  const JsonValue *properties = member(schema, "properties");
  if (properties == nullptr || !properties->IsObject() || properties->ObjectEmpty()) return;
  screen.out << '\n';
  Table table({"SETTING", "TYPE", "DEFAULT", "WHAT"});
  for (const auto &one : properties->GetObject()) {
    const JsonValue *fallback = member(one.value, "default");
    const std::string marks = marks_of(one.value), title = text(one.value, "title");
    table.add({one.name.GetString(), text(one.value, "type"),
               fallback                                    ? json_of(*fallback)
               : is_required(schema, one.name.GetString()) ? "required"
                                                           : "-",
               title + (marks.empty()   ? ""
                        : title.empty() ? marks
                                        : " (" + marks + ")")});
  }
  table.print(screen);
}

// A block that can be pasted into bellhop.toml and works once the required settings are filled in.
void print_config(const PluginManifest &manifest, const JsonValue &schema, const Screen &screen) {
  std::string path;
  append_json_string(path, manifest.library);
  screen.out << "\nFor bellhop.toml:\n\n[instance." << printable(manifest.id) << "]\nplugin = " << printable(path)
             << '\n';
  if (!manifest.events.empty()) {
    screen.out << "events = [";
    for (std::size_t index = 0; index < manifest.events.size(); ++index) {
      std::string glob;
      append_json_string(glob, manifest.events[index]);
      screen.out << (index == 0 ? "" : ", ") << printable(glob);
    }
    screen.out << "]\n";
  }
  const JsonValue *properties = member(schema, "properties");
  if (properties != nullptr && properties->IsObject() && !properties->ObjectEmpty()) {
    screen.out << "\n[instance." << printable(manifest.id) << ".settings]\n";
    for (const auto &one : properties->GetObject()) {
      const JsonValue *fallback = member(one.value, "default");
      const std::string key = printable(one.name.GetString());
      if (fallback != nullptr) {
        screen.out << "# " << key << " = " << printable(json_of(*fallback)) << '\n';
      } else if (is_required(schema, one.name.GetString())) {
        screen.out << key << " = " << (flag(one.value, "x-secret") ? "\"env:NAME\"" : "\"…\"") << "   # required\n";
      }
    }
  }
  std::string sandbox;
  for (const MissingGrant &grant : missing_grants(manifest.needs, Containment())) sandbox += grant.line + "\n";
  if (!sandbox.empty()) {
    screen.out << "\n[instance." << printable(manifest.id) << ".sandbox]\n" << sandbox;
  }
}

void print_plugin(const PluginManifest &one, const std::string &build_id, const Screen &screen) {
  const auto row = [&screen](const char *what, const std::string &value) {
    if (!value.empty()) screen.out << what << printable(value) << '\n';
  };
  screen.out << printable(one.id + " " + one.version + (one.summary.empty() ? "" : ": " + one.summary)) << '\n';
  row("name       ", one.name);
  row("vendor     ", one.vendor);
  row("license    ", one.license);
  row("url        ", one.url);
  row("library    ", one.library + (build_id.empty() ? "" : ", build id " + build_id));
  row("built with ", one.sdk + ", ABI " + std::to_string(one.abi_major) + "." + std::to_string(one.abi_minor));
  row("events     ", one.events.empty() ? "every one but ping" : joined(one.events));
  row("needs      ", joined(one.needs));
  row("wants      ", joined(one.wants));
  std::string can;
  const auto add = [&can](bool has, const char *what) {
    if (has) can += (can.empty() ? "" : ", ") + std::string(what);
  };
  add(one.is_batching, "batches");
  add(one.is_ticking, "ticks");
  add(one.has_health, "health check");
  add(one.is_singleton, "one worker only");
  row("can        ", can);
  for (const CommandManifest &command : one.commands) row("command    ", command.name + ": " + command.summary);
  if (const std::string missing = missing_services(one); !missing.empty()) {
    screen.out << screen.paint("refused    ", Colour::bad) << printable(missing) << '\n';
  }
  rapidjson::Document schema;
  schema.Parse(one.settings_schema.data(), one.settings_schema.size());
  if (schema.HasParseError()) schema.SetObject();
  print_settings(schema, screen);
  print_config(one, schema, screen);
}

}  // namespace

int run_plugin_inspect(const InspectOptions &options, const Surroundings &surroundings, const Screen &screen) {
  const auto manifests = describe_here(options.library, surroundings);
  if (!manifests) return complain(screen, manifests.error()), exit_data;
  const std::string build_id = build_id_of(manifests->front().library);
  if (options.is_json) {
    print_json(*manifests, build_id, screen);
    return exit_ok;
  }
  for (const PluginManifest &one : *manifests) {
    if (&one != &manifests->front()) screen.out << '\n';
    print_plugin(one, build_id, screen);
  }
  return exit_ok;
}

}  // namespace bellhop::core
