// SPDX-License-Identifier: Apache-2.0
// Settings: the instance's settings as plain values, checked once, with a sentence for what the schema cannot say.
#pragma once

#include <bellhop/http.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "mapping.hpp"

namespace crm {

struct HubSpotSettings {
  std::string path;                 // "/crm/v3"
  std::int64_t utc_offset_min = 0;  // of the account: when its day ends
  std::string association_type;     // "200": meeting to contact
};
struct SalesforceSettings {
  std::string version, client_id, client_secret, event_key;
};
struct TrytonSettings {
  std::string database, user, password;
};

// One request of the driver `http`. An empty method: this end cannot do it.
struct RestCall {
  std::string method, url, body;
  std::vector<std::int64_t> success;  // statuses; empty = 2xx
  std::vector<std::int64_t> missing;  // statuses that say: not there
  std::string id, properties;         // JSON pointers into the answer
};
struct RestSettings {
  std::vector<bellhop::Header> headers;
  RestCall find_contact, read_contact, create_contact, update_contact, find_meeting, create_meeting, update_meeting,
      check;
};

struct Settings {
  std::string driver, url, token, limit, title, text;
  std::int64_t timeout_ms = 0;
  bool is_primary_only = false;
  std::vector<FieldRule> fields;
  HubSpotSettings hubspot;
  SalesforceSettings salesforce;
  TrytonSettings tryton;
  RestSettings rest;
};

bellhop::Manifest manifest();
// Throws Abort with FAIL and the sentence.
Settings read_settings(const bellhop::Json &json);

}  // namespace crm
