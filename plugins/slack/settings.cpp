// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <bellhop/http.hpp>
#include <bellhop/kv.hpp>

#include <tuple>
#include <utility>

namespace slack {
namespace {

using bellhop::Json;
using bellhop::Verdict;

struct Headline {
  std::string_view type, pattern;
};

constexpr Headline headlines[] = {
    {"booking.confirmed", "New booking: {{name}}"},      {"booking.requested", "Booking to confirm: {{name}}"},
    {"booking.rescheduled", "Booking moved: {{name}}"},  {"booking.reassigned", "Booking has a new host: {{name}}"},
    {"booking.canceled", "Booking canceled: {{name}}"},  {"booking.declined", "Booking declined: {{name}}"},
    {"booking.reminded", "Reminder was sent: {{name}}"}, {"booking.tagged", "Booking tagged: {{name}}"},
    {"booking.untagged", "Booking untagged: {{name}}"},  {"booking.updated", "Booking updated: {{name}}"},
};

[[noreturn]] void refuse(std::string sentence) { throw bellhop::Abort(Verdict::fail(std::move(sentence))); }

Render render_of(std::string_view word) {
  if (word == "attachments") return Render::attachments;
  return word == "text" ? Render::text : Render::blocks;
}

Style read_style(const Json &json) {
  Style style;
  style.render = render_of(json["render"].text());
  style.shows_answers = json["answers"].boolean(true);
  style.shows_utm = json["utm"].boolean(false);
  style.timezone = json["timezone"].str();
  style.has_booking_button = style.has_google_button = style.has_outlook_button = false;
  for (const Json &button : json["buttons"]) {
    if (button.text() == "booking") style.has_booking_button = true;
    if (button.text() == "google") style.has_google_button = true;
    if (button.text() == "outlook") style.has_outlook_button = true;
  }
  return style;
}

Route read_route(const Json &json, const Settings &settings, std::size_t number) {
  const std::string where = "routes[" + std::to_string(number) + "]";
  Route route{json["meeting_type"].str(), json["host"].str(), {json["webhook_url"].str(), json["channel"].str()}};
  if (route.meeting_type.empty() && route.host.empty()) refuse(where + " wants meeting_type or host, or both");
  const bool is_web_api = !settings.token.empty();
  if (is_web_api ? route.destination.channel.empty() || !route.destination.webhook_url.empty()
                 : route.destination.webhook_url.empty() || !route.destination.channel.empty()) {
    refuse(where + (is_web_api
                        ? " wants a channel and no webhook_url, because there is a token"
                        : " wants a webhook_url and no channel: a webhook posts into the channel it was made for"));
  }
  return route;
}

// A host or a meeting type.
template <class Named>
bool is_named(const std::string &wanted, const Named &named) {
  return wanted.empty() || wanted == named.id || wanted == named.slug || wanted == named.label();
}

}  // namespace

bellhop::Manifest manifest() {
  return bellhop::Manifest("slack", "1.0.0", "Tells Slack channels about bookings, one thread per booking")
      .license("Apache-2.0")
      .on("booking.confirmed", "booking.requested", "booking.rescheduled", "booking.reassigned", "booking.canceled",
          "booking.declined")
      .needs(BHP_SVC_HTTP, BHP_SVC_KV)
      .property("webhook_url",
                R"({"type":"string","title":"Incoming webhook URL, when there is no token","default":"",)"
                R"("x-secret":true,"x-destination":true})")
      .property("token", R"({"type":"string","title":"Bot token, xoxb-…: threads and updates in place","default":"",)"
                         R"("x-secret":true})")
      .text("channel", "Channel id (C0123456789) or #name, with a token", "")
      .property("api_url", R"({"type":"string","title":"Address of Slack's Web API","x-destination":true,)"
                           R"("default":"https://slack.com/api/"})")
      .choice("render", "blocks for Slack; attachments or text for Mattermost and Rocket.Chat",
              {"blocks", "attachments", "text"})
      .boolean("answers", "Show the answers of the booking form", true)
      .boolean("utm", "Show the UTM values", false)
      .property("buttons",
                R"({"type":"array","title":"Buttons under a message","uniqueItems":true,"items":{"type":)"
                R"("string","enum":["booking","google","outlook"]},"default":["booking","google","outlook"]})")
      .text("timezone", "Time zone for texts when the booking names none, e.g. Europe/Berlin", "")
      .property("headlines", R"({"type":"object","title":"Headline per event type, with fields such as {{name}}",)"
                             R"("additionalProperties":{"type":"string","minLength":1},"default":{}})")
      .property("routes",
                R"({"type":"array","title":"Other channels for some meeting types or hosts; the first that fits",)"
                R"("items":{"type":"object","additionalProperties":false,"properties":{)"
                R"("meeting_type":{"type":"string"},"host":{"type":"string"},"channel":{"type":"string"},)"
                R"("webhook_url":{"type":"string","x-secret":true,"x-destination":true}}},"default":[]})")
      .text("limit", "A named rate limit of the configuration; Slack takes about one message per second and channel",
            "")
      .integer("digest_above", "More events than this waiting: one message for many; 0 = never", 8, 0, 100'000);
}

Settings read_settings(const Json &json) {
  Settings settings;
  settings.token = json["token"].str();
  settings.destination = {json["webhook_url"].str(), json["channel"].str()};
  settings.api_url = json["api_url"].str();
  if (settings.api_url.empty() || settings.api_url.back() != '/') settings.api_url += '/';
  settings.limit = json["limit"].str();
  settings.digest_above = json["digest_above"].integer();
  settings.style = read_style(json);
  const bool has_url = !settings.destination.webhook_url.empty();
  if (settings.token.empty() && !has_url) refuse("wants webhook_url, or token and channel");
  if (!settings.token.empty() && has_url) refuse("webhook_url and token are two ways; keep one");
  if (!settings.token.empty() && settings.destination.channel.empty()) refuse("token wants a channel beside it");
  if (settings.token.empty() && !settings.destination.channel.empty()) {
    refuse("channel wants a token: a webhook posts into the channel that it was made for");
  }
  for (std::size_t number = 0; number < json["routes"].size(); ++number) {
    settings.routes.push_back(read_route(json["routes"].at(number), settings, number));
  }
  for (const Json &headline : json["headlines"]) {
    if (const std::string unknown = unknown_field_of(headline.text()); !unknown.empty()) {
      refuse("headlines." + std::string(headline.key()) + ": there is no field " + unknown + "; fields are " +
             field_names());
    }
    settings.headlines.emplace(headline.key(), headline.text());
  }
  return settings;
}

const Destination &destination_of(const Settings &settings, const Booking &booking) {
  for (const Route &route : settings.routes) {
    if (is_named(route.meeting_type, booking.meeting_type) && is_named(route.host, booking.host)) {
      return route.destination;
    }
  }
  return settings.destination;
}

std::string headline_of(const Settings &settings, std::string_view type) {
  if (const auto own = settings.headlines.find(std::string(type)); own != settings.headlines.end()) return own->second;
  for (const Headline &headline : headlines) {
    if (headline.type == type) return std::string(headline.pattern);
  }
  return std::string(type) + ": {{name}}";
}

}  // namespace slack
