// SPDX-License-Identifier: Apache-2.0
// Reading the admin API's answers: members that may be null or missing, as plain values. For the .cpp files of this
// room.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <string>

// A namespace of its own: these short names would meet others.
namespace bellhop::core::json_view {

using JsonValue = rapidjson::Value;

inline const JsonValue *member(const JsonValue &object, const char *name) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

inline std::string text(const JsonValue &object, const char *name) {  // "" when absent, null or no string
  const JsonValue *value = member(object, name);
  return value && value->IsString() ? std::string(value->GetString(), value->GetStringLength()) : std::string();
}

inline std::int64_t number(const JsonValue &object, const char *name) {  // 0 when absent
  const JsonValue *value = member(object, name);
  return value && value->IsInt64() ? value->GetInt64() : 0;
}

inline bool flag(const JsonValue &object, const char *name) {  // false when absent
  const JsonValue *value = member(object, name);
  return value && value->IsBool() && value->GetBool();
}

// The elements of a member that is an array; none when it is not.
inline const JsonValue &list(const JsonValue &object, const char *name) {
  static const JsonValue none(rapidjson::kArrayType);
  const JsonValue *value = member(object, name);
  return value && value->IsArray() ? *value : none;
}

}  // namespace bellhop::core::json_view
