// SPDX-License-Identifier: Apache-2.0
#include "host/program/manifest_json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstring>
#include <string_view>

#include "host/library.hpp"
#include "host/sentence.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t schema_bytes_max = 1 << 20;

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void put(Writer &writer, const char *key, std::string_view text, std::size_t bytes_max = text_bytes_max) {
  const std::string clean = clean_utf8(text, bytes_max);
  writer.Key(key);
  writer.String(clean.data(), static_cast<rapidjson::SizeType>(clean.size()));
}

// untrusted: the plugin's own table; a NULL reads as ""
void put(Writer &writer, const char *key, const char *text, std::size_t bytes_max) {
  put(writer, key, text == nullptr ? std::string_view() : std::string_view(text, strnlen(text, bytes_max)), bytes_max);
}

void put(Writer &writer, const char *key, const std::vector<std::string> &list) {
  writer.Key(key);
  writer.StartArray();
  for (const std::string &item : list) {
    const std::string clean = clean_utf8(item, text_bytes_max);
    writer.String(clean.data(), static_cast<rapidjson::SizeType>(clean.size()));
  }
  writer.EndArray();
}

void put_commands(Writer &writer, const bhp_plugin &plugin) {
  writer.Key("commands");
  writer.StartArray();
  for (const bhp_command *command : commands_of(plugin)) {
    writer.StartObject();
    put(writer, "name", command->name, text_bytes_max);
    put(writer, "summary", command->summary, text_bytes_max);
    put(writer, "arguments_schema", command->arguments_schema, schema_bytes_max);
    writer.EndObject();
  }
  writer.EndArray();
}

void put(Writer &writer, const bhp_plugin &plugin) {
  writer.StartObject();
  const std::pair<const char *, const char *> texts[] = {
      {"id", plugin.id},         {"name", plugin.name},       {"version", plugin.version}, {"summary", plugin.summary},
      {"vendor", plugin.vendor}, {"license", plugin.license}, {"url", plugin.url},         {"sdk", plugin.sdk}};
  for (const auto &[key, text] : texts) put(writer, key, text, text_bytes_max);
  put(writer, "settings_schema", plugin.settings_schema, schema_bytes_max);
  writer.Key("abi_major");
  writer.Uint(plugin.abi_major);
  writer.Key("abi_minor");
  writer.Uint(plugin.abi_minor);
  writer.Key("is_singleton");
  writer.Bool((plugin.flags & BHP_PLUGIN_SINGLETON) != 0);
  writer.Key("is_batching");
  writer.Bool(batch_extension(plugin) != nullptr);
  writer.Key("is_ticking");
  writer.Bool(tick_extension(plugin) != nullptr);
  writer.Key("has_health");
  writer.Bool(health_extension(plugin) != nullptr);
  put_commands(writer, plugin);
  put(writer, "events", strings_of(plugin.events));
  put(writer, "needs", strings_of(plugin.needs));
  put(writer, "wants", strings_of(plugin.wants));
  put(writer, "needs_missing", missing_services(plugin, Offer::everything));
  writer.EndObject();
}

}  // namespace

std::string manifest_json(const std::vector<const bhp_plugin *> &plugins) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("plugins");
  writer.StartArray();
  for (const bhp_plugin *plugin : plugins) put(writer, *plugin);
  writer.EndArray();
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string error_json(const std::string &sentence) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  put(writer, "error", sentence);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string outcome_json(const Outcome &outcome) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("code");
  writer.Int(outcome.code);
  put(writer, "message", outcome.message);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace bellhop::core
