// SPDX-License-Identifier: Apache-2.0
// Settings: the instance's settings as plain values, checked once, with a sentence for what the schema cannot say.
#pragma once

#include <bellhop/plugin.hpp>

#include <map>
#include <string>
#include <vector>

#include "booking.hpp"
#include "message.hpp"

namespace slack {

// Where a message goes. Exactly one of the two: a webhook's URL, or a channel of the Web API.
struct Destination {
  std::string webhook_url, channel;
  bool operator<(const Destination &other) const {
    return std::tie(webhook_url, channel) < std::tie(other.webhook_url, other.channel);
  }
};

struct Route {
  std::string meeting_type, host;  // an id, a slug or a name, "" = any
  Destination destination;
};

struct Settings {
  Destination destination;  // when no route fits
  std::string token;        // "" = webhooks
  std::string api_url;      // ends in '/'
  std::string limit;
  int64_t digest_above = 0;  // 0 = never
  Style style;
  std::vector<Route> routes;
  std::map<std::string, std::string> headlines;  // by event type
};

bellhop::Manifest manifest();
// Throws Abort with FAIL and the sentence.
Settings read_settings(const bellhop::Json &json);

const Destination &destination_of(const Settings &settings, const Booking &booking);
// The headline's template for a type: the settings', or ours.
std::string headline_of(const Settings &settings, std::string_view type);

}  // namespace slack
