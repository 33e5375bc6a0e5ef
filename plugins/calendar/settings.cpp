// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <bellhop/kv.hpp>
#include <bellhop/publish.hpp>

#include <utility>

#include "text.hpp"

namespace calendar {
namespace {

using bellhop::Json;
using bellhop::Verdict;

constexpr int64_t ms_per_s = 1'000;

[[noreturn]] void refuse(std::string sentence) { throw bellhop::Abort(Verdict::fail(std::move(sentence))); }

Account read_account(const Json &json, std::size_t number) {
  const std::string where = "caldav[" + std::to_string(number) + "]";
  Account account{json["url"].str(), json["username"].str(), json["password"].str(), json["limit"].str()};
  if (url_or_nothing(account.url).empty()) refuse(where + ": url is not an http or https URL");
  if (account.url.find_first_of("@?#") != std::string::npos) {
    refuse(where + ": url holds @, ? or #; name and password have keys of their own");
  }
  if (account.username.find(':') != std::string::npos) refuse(where + ": username holds a colon");
  if (account.url.back() != '/') account.url += '/';
  return account;
}

std::string read_directory(const Json &json) {
  std::string path = json.str();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

bellhop::Manifest manifest() {
  return bellhop::Manifest("calendar", "1.0.0", "Shows bookings in calendars: feeds, CalDAV servers, .ics files")
      .license("Apache-2.0")
      .on("booking.*")
      .needs(BHP_SVC_HTTP, BHP_SVC_KV, BHP_SVC_PUBLISH)
      .choice("source",
              "Whose texts are shown: rel asks the vendor's calendar file, local takes the event, auto asks and falls "
              "back",
              {"auto", "rel", "local"})
      .property("rel_origins",
                R"({"type":"array","title":"Where the vendor's calendar files may come from","maxItems":8,"items":)"
                R"({"type":"string","x-destination":true,"pattern":"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?$"},)"
                R"("default":["https://api.appointlet.com"]})")
      .boolean("feed", "Publish feeds to subscribe to, under secret addresses (command: urls)", true)
      .text("feed_name", "The feeds' name in a calendar", "Bookings")
      .boolean("feed_members", "One feed more for each member", true)
      .boolean("feed_busy", "One feed more that shows only when somebody is busy", true)
      .integer("past_days", "Days that a booking stays in the feeds when it is over", 30, 0, 36'500)
      .integer("future_days", "Days that the feeds look ahead", 365, 1, 36'500)
      .integer("refresh_minutes", "How often readers are asked to look, in minutes", 60, 5, 10'080)
      .integer("rebuild_seconds", "How often a changed feed is written anew, in seconds", 30, 1, 3'600)
      .property("directories",
                R"({"type":"array","title":"Directories that get a file per booking; each ends in /","maxItems":8,)"
                R"("items":{"type":"string","x-path":"write","pattern":"^.+/$"},"default":[]})")
      .property("caldav",
                R"({"type":"array","title":"Calendars of CalDAV servers","maxItems":8,"items":{"type":"object",)"
                R"("additionalProperties":false,"required":["url"],"properties":{)"
                R"("url":{"type":"string","title":"The calendar's own URL","x-destination":true},)"
                R"("username":{"type":"string","title":"For Basic authentication","default":""},)"
                R"("password":{"type":"string","title":"For Basic authentication","x-secret":true,"default":""},)"
                R"("limit":{"type":"string","title":"A named rate limit of the configuration","default":""}}},)"
                R"("default":[]})")
      .integer("keep_days", "Days that a booking is remembered when it is over", 400, 1, 36'500)
      .command("urls", "Prints the secret addresses of the feeds")
      .command("forget", "Erase a person from the directories and feeds, by e-mail address",
               R"({"type":"object","additionalProperties":false,"required":["email"],"properties":{)"
               R"("email":{"type":"string","title":"The person's address"}}})");
}

Settings read_settings(const Json &json) {
  Settings settings;
  const std::string_view source = json["source"].text();
  settings.source = source == "rel" ? Source::rel : source == "local" ? Source::local : Source::any;
  for (const Json &origin : json["rel_origins"]) settings.rel_origins.push_back(origin.str());
  settings.has_feed = json["feed"].boolean(true);
  settings.feed.name = json["feed_name"].str();
  settings.feed.has_members = json["feed_members"].boolean(true);
  settings.feed.has_busy = json["feed_busy"].boolean(true);
  settings.feed.past_days = static_cast<int>(json["past_days"].integer());
  settings.feed.future_days = static_cast<int>(json["future_days"].integer());
  settings.feed.refresh_minutes = static_cast<int>(json["refresh_minutes"].integer());
  settings.tick_ms = json["rebuild_seconds"].integer() * ms_per_s;
  settings.keep_days = static_cast<int>(json["keep_days"].integer());
  for (const Json &directory : json["directories"]) settings.directories.push_back(read_directory(directory));
  for (std::size_t number = 0; number < json["caldav"].size(); ++number) {
    settings.accounts.push_back(read_account(json["caldav"].at(number), number));
  }
  if (!settings.has_feed && settings.directories.empty() && settings.accounts.empty()) {
    refuse("there is no calendar to show bookings in: wants feed, directories or caldav");
  }
  return settings;
}

}  // namespace calendar
