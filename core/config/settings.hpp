// SPDX-License-Identifier: Apache-2.0
// Settings: an instance's own table as JSON, with the place of every key, so that what a plugin's schema finds wrong is
// reported as file:line:column. Nothing here knows what a plugin's settings mean.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/document.hpp"

namespace bellhop::core {

struct SettingsText {
  std::string json;
  std::map<std::string, Position> at;        // RFC 6901 pointer → where; "" = the table itself
  std::map<std::string, std::string> texts;  // pointer → text settings as written
  std::vector<Finding> errors;
};

SettingsText settings_text(const Member &settings);

}  // namespace bellhop::core
