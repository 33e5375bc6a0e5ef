// SPDX-License-Identifier: Apache-2.0
// Settings of an instance against the JSON Schema that its plugin declares. The keywords that a person trips over
// (unknown key, missing, type, enum, range) are answered in sentences of ours with the nearest name; valijson has the
// last word on everything else that a schema can say.

// valijson with exceptions (without them it aborts on a schema that it does not understand) redefines RapidJSON's
// assert, so that RapidJSON's templates differ from everybody else's: an inline namespace keeps the two apart in one
// program.
#define VALIJSON_USE_EXCEPTIONS 1
#define RAPIDJSON_NAMESPACE rapidjson::throwing
#define RAPIDJSON_NAMESPACE_BEGIN \
  namespace rapidjson {           \
  inline namespace throwing {
#define RAPIDJSON_NAMESPACE_END \
  }                             \
  }
#include <valijson/adapters/rapidjson_adapter.hpp>

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

#include "host/describe.hpp"

namespace bellhop::core {

namespace {

using rapidjson::Document;
using rapidjson::Value;
using Allocator = Document::AllocatorType;

constexpr int depth_max = 16;  // of nested objects in settings
constexpr std::size_t near_name_bytes_max = 64;

std::string_view view(const Value &text) { return {text.GetString(), text.GetStringLength()}; }
std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string to_json(const Value &value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

const Value *member(const Value &object, const char *key) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(key);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

const Value *object_member(const Value &object, const char *key) {
  const Value *found = member(object, key);
  return found != nullptr && found->IsObject() ? found : nullptr;
}

bool is_true(const Value *value) { return value != nullptr && value->IsBool() && value->GetBool(); }

//   source  RFC 6901 section 3
std::string below(const std::string &pointer, std::string_view key) {
  std::string child = pointer + "/";
  for (const char c : key) {
    if (c == '~' || c == '/') {
      child += c == '~' ? "~0" : "~1";
    } else {
      child += c;
    }
  }
  return child;
}

// Levenshtein distance, for short names.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string> &names) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 2, 1) + 1;  // further away is another word
  for (const std::string &name : names) {
    if (word.size() > near_name_bytes_max) break;
    const std::size_t found = distance(word, name);
    if (found < best_distance) {
      best_distance = found;
      best = name;
    }
  }
  return best;
}

std::string joined(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

class Check {
 public:
  Check(SettingsCheck &out, Allocator &allocator) : out_(out), allocator_(allocator) {}

  void object(Value &settings, const Value &schema, const std::string &pointer, int depth);

 private:
  void value(Value &setting, const Value &schema, const std::string &pointer, std::string_view key, int depth);
  void fill_defaults(Value &settings, const Value &properties);
  void find_unknown(const Value &settings, const Value &schema, const Value *properties, const std::string &pointer);
  void find_missing(const Value &settings, const Value &schema, const Value *properties, const std::string &pointer);
  std::string fault(const Value &setting, const Value &schema, bool is_secret) const;
  void find(std::string pointer, std::string sentence) {
    out_.findings.push_back({std::move(pointer), std::move(sentence)});
  }

  SettingsCheck &out_;
  Allocator &allocator_;
};

void Check::fill_defaults(Value &settings, const Value &properties) {
  for (const auto &property : properties.GetObject()) {
    const Value *fallback = member(property.value, "default");
    if (fallback == nullptr || settings.HasMember(property.name)) continue;
    settings.AddMember(Value(property.name, allocator_), Value(*fallback, allocator_), allocator_);
  }
}

void Check::find_unknown(const Value &settings, const Value &schema, const Value *properties,
                         const std::string &pointer) {
  const Value *more = member(schema, "additionalProperties");
  if (more == nullptr || !more->IsFalse() || member(schema, "patternProperties") != nullptr) return;
  std::vector<std::string> names;
  if (properties != nullptr) {
    for (const auto &property : properties->GetObject()) names.emplace_back(view(property.name));
  }
  for (const auto &setting : settings.GetObject()) {
    const std::string_view key = view(setting.name);
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    const std::string near = nearest(key, names);
    find(below(pointer, key), "unknown setting " + quoted(key) +
                                  (near.empty() ? "; " : "; did you mean " + quoted(near) + "? ") +
                                  (names.empty() ? "no settings are taken here" : "allowed: " + joined(names)));
  }
}

void Check::find_missing(const Value &settings, const Value &schema, const Value *properties,
                         const std::string &pointer) {
  const Value *required = member(schema, "required");
  if (required == nullptr || !required->IsArray()) return;
  for (const Value &name : required->GetArray()) {
    if (!name.IsString() || settings.HasMember(name)) continue;
    const Value *property = properties == nullptr ? nullptr : member(*properties, name.GetString());
    const Value *title = property == nullptr ? nullptr : member(*property, "title");
    find(pointer, "the setting " + quoted(view(name)) + " is missing" +
                      (title != nullptr && title->IsString() ? " (" + std::string(view(*title)) + ")" : ""));
  }
}

bool is_type(const Value &setting, std::string_view type) {
  if (type == "string") return setting.IsString();
  if (type == "boolean") return setting.IsBool();
  if (type == "integer") return setting.IsInt64() || setting.IsUint64();
  if (type == "number") return setting.IsNumber();
  if (type == "array") return setting.IsArray();
  if (type == "object") return setting.IsObject();
  return type != "null" || setting.IsNull();
}

const char *type_of(const Value &setting) {
  if (setting.IsString()) return "a string";
  if (setting.IsBool()) return "a boolean";
  if (setting.IsInt64() || setting.IsUint64()) return "a whole number";
  if (setting.IsNumber()) return "a number with a fraction";
  if (setting.IsArray()) return "a list";
  return setting.IsObject() ? "a table" : "null";
}

// Schema words → words of the configuration file.
std::string wanted_type(std::string_view type) {
  if (type == "integer") return "a whole number";
  if (type == "array") return "a list";
  if (type == "object") return "a table";
  return "a " + std::string(type);
}

// What is wrong with one value by the plain keywords, "" if nothing is.
std::string Check::fault(const Value &setting, const Value &schema, bool is_secret) const {
  const Value *type = member(schema, "type");
  if (type != nullptr && type->IsString() && !is_type(setting, view(*type))) {
    return "must be " + wanted_type(view(*type)) + ", not " + type_of(setting);
  }
  const std::string shown = is_secret ? "the value" : to_json(setting);
  if (const Value *allowed = member(schema, "enum"); allowed != nullptr && allowed->IsArray()) {
    std::vector<std::string> names;
    for (const Value &one : allowed->GetArray()) {
      if (one == setting) return "";
      names.push_back(to_json(one));
    }
    const std::string near = nearest(shown, names);
    return shown + " is not allowed; " + (near.empty() ? "" : "did you mean " + near + "? ") +
           "allowed: " + joined(names);
  }
  if (!setting.IsNumber()) return "";
  const Value *minimum = member(schema, "minimum");
  const Value *maximum = member(schema, "maximum");
  if (minimum != nullptr && minimum->IsNumber() && setting.GetDouble() < minimum->GetDouble()) {
    return shown + " is too small, the minimum is " + to_json(*minimum);
  }
  if (maximum != nullptr && maximum->IsNumber() && setting.GetDouble() > maximum->GetDouble()) {
    return shown + " is too large, the maximum is " + to_json(*maximum);
  }
  return "";
}

void Check::value(Value &setting, const Value &schema, const std::string &pointer, std::string_view key, int depth) {
  if (setting.IsString() && is_true(member(schema, "x-destination"))) out_.destination_pointers.push_back(pointer);
  const bool is_secret = is_true(member(schema, "x-secret"));
  if (is_secret && setting.IsString()) out_.secret_pointers.push_back(pointer);
  if (const Value *path = member(schema, "x-path"); path != nullptr && path->IsString() && setting.IsString()) {
    out_.paths.push_back({pointer, std::string(view(setting)), view(*path) == "write"});
  }
  const std::string wrong = fault(setting, schema, is_secret);
  if (!wrong.empty()) return find(pointer, std::string(key) + ": " + wrong);
  if (setting.IsObject()) return object(setting, schema, pointer, depth + 1);
  const Value *items = object_member(schema, "items");
  if (!setting.IsArray() || items == nullptr || depth >= depth_max) return;
  for (rapidjson::SizeType index = 0; index < setting.Size(); ++index) {
    const std::string number = std::to_string(index);
    value(setting[index], *items, below(pointer, number), std::string(key) + "[" + number + "]", depth + 1);
  }
}

void Check::object(Value &settings, const Value &schema, const std::string &pointer, int depth) {
  if (depth >= depth_max) return find(pointer, "nested deeper than " + std::to_string(depth_max) + " tables");
  const Value *properties = object_member(schema, "properties");
  if (properties != nullptr) fill_defaults(settings, *properties);
  find_unknown(settings, schema, properties, pointer);
  find_missing(settings, schema, properties, pointer);
  if (properties == nullptr) return;
  for (rapidjson::SizeType index = 0; index < settings.MemberCount(); ++index) {
    auto &setting = settings.MemberBegin()[index];
    const Value *property = object_member(*properties, setting.name.GetString());
    if (property != nullptr)
      value(setting.value, *property, below(pointer, view(setting.name)), view(setting.name), depth);
  }
}

// valijson's context: "<root>", "[key]", "[0]" …
std::string pointer_of(const std::vector<std::string> &context) {
  std::string pointer;
  for (const std::string &step : context) {
    if (step.size() > 2 && step.front() == '[')
      pointer = below(pointer, std::string_view(step).substr(1, step.size() - 2));
  }
  return pointer;
}

// Is there a finding at the pointer or below? valijson reports a fault again at every level above it.
bool is_told(const SettingsCheck &check, const std::string &pointer) {
  return std::any_of(check.findings.begin(), check.findings.end(), [&](const SettingsFinding &finding) {
    return finding.pointer == pointer || finding.pointer.compare(0, pointer.size() + 1, pointer + "/") == 0;
  });
}

void check_rest(const Value &settings, const Value &schema_document, const PluginManifest &manifest,
                SettingsCheck &out) {
  using valijson::adapters::RapidJsonAdapter;
  // untrusted: the plugin wrote the schema; valijson throws on one that it does not understand
  try {
    valijson::Schema schema;
    valijson::SchemaParser().populateSchema(RapidJsonAdapter(schema_document), schema);
    valijson::ValidationResults results;
    valijson::Validator().validate(schema, RapidJsonAdapter(settings), &results);
    std::vector<SettingsFinding> found;
    for (const auto &error : results) found.push_back({pointer_of(error.context), error.description});
    std::stable_sort(found.begin(), found.end(), [](const SettingsFinding &a, const SettingsFinding &b) {
      return a.pointer.size() > b.pointer.size();  // the deepest is the cause
    });
    for (SettingsFinding &finding : found) {
      if (!is_told(out, finding.pointer)) out.findings.push_back(std::move(finding));
    }
  } catch (const std::exception &error) {
    out.findings.push_back(
        {"", "plugin " + manifest.id + " declares settings that cannot be checked: " + error.what()});
  }
}

}  // namespace

SettingsCheck check_settings(const PluginManifest &manifest, std::string_view settings_json) {
  SettingsCheck out;
  out.settings_json = settings_json;
  Document settings, schema;
  if (settings.Parse(settings_json.data(), settings_json.size()).HasParseError() || !settings.IsObject()) {
    out.findings.push_back({"", "the settings are not a table"});
    return out;
  }
  if (manifest.settings_schema.empty()) {
    for (const auto &setting : std::as_const(settings).GetObject()) {
      out.findings.push_back({below("", view(setting.name)), "plugin " + manifest.id + " takes no settings"});
    }
    return out;
  }
  if (schema.Parse(manifest.settings_schema.data(), manifest.settings_schema.size()).HasParseError() ||
      !schema.IsObject()) {
    out.findings.push_back({"", "plugin " + manifest.id + " declares a settings schema that is not a JSON object"});
    return out;
  }
  Check(out, settings.GetAllocator()).object(settings, schema, "", 0);
  check_rest(settings, schema, manifest, out);
  out.settings_json = to_json(settings);
  return out;
}

std::string redact(std::string_view settings_json, const std::vector<std::string> &secret_pointers) {
  std::string redacted(settings_json);
  for (const std::string &pointer : secret_pointers) redacted = with_setting(redacted, pointer, "(secret)");
  return redacted;
}

std::string with_setting(std::string_view settings_json, std::string_view pointer, std::string_view value) {
  Document settings;
  if (settings.Parse(settings_json.data(), settings_json.size()).HasParseError()) return std::string(settings_json);
  Value *found = rapidjson::Pointer(pointer.data(), pointer.size()).Get(settings);
  if (found == nullptr) return std::string(settings_json);
  found->SetString(value.data(), static_cast<rapidjson::SizeType>(value.size()), settings.GetAllocator());
  return to_json(settings);
}

std::string setting_text(std::string_view settings_json, std::string_view pointer) {
  Document settings;
  if (settings.Parse(settings_json.data(), settings_json.size()).HasParseError()) return "";
  const Value *found = rapidjson::Pointer(pointer.data(), pointer.size()).Get(settings);
  return found != nullptr && found->IsString() ? std::string(view(*found)) : "";
}

}  // namespace bellhop::core
