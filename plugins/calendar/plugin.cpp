// SPDX-License-Identifier: Apache-2.0
// calendar: bookings as events of calendars. What is known of a booking is one entry of kv, state/SUBJECT; deliver()
// applies the event's snapshot to it and then makes every target show it, tick() builds the feeds from all of them.
//
// The entry is written at once, before anything leaves, and again after each target: SEQUENCE must never be given
// twice, and a retry after half the work does the other half. Without targets beyond the feeds it is staged.
//   state/SUBJECT  see state.hpp
//   feed/changed   another text with each change; feed/built: what the feeds were built from; feed/paths: their digests
#include <bellhop/http.hpp>
#include <bellhop/kv.hpp>
#include <bellhop/mention.hpp>
#include <bellhop/publish.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "caldav.hpp"
#include "directory.hpp"
#include "feed.hpp"
#include "rel.hpp"
#include "settings.hpp"
#include "text.hpp"
#include "vevent.hpp"

namespace calendar {
namespace {

using bellhop::Event;
using bellhop::Json;
using bellhop::JsonDocument;
using bellhop::Kv;
using bellhop::Obj;
using bellhop::Verdict;

constexpr int64_t ms_per_s = 1'000, day_s = 86'400;
constexpr std::uint32_t rel_attempts_max = 2;  // then a file that cannot be had for the moment is done without
constexpr std::string_view state_prefix = "state/";
constexpr const char *built_key = "feed/built", *changed_key = "feed/changed", *paths_key = "feed/paths";
constexpr mode_t directory_mode = 0755;

// Of several targets the one that needs most counts: what holds keeps the backlog, what is tried again gets its chance
// before a dead letter is written.
int weight_of(const Verdict &verdict) {
  switch (verdict.code) {
    case BHP_OK:
    case BHP_SKIP:
      return 0;
    case BHP_FAIL:
      return 1;
    case BHP_HOLD:
      return 3;
    default:
      return 2;
  }
}

void join(Verdict &all, const Verdict &one) {
  if (weight_of(one) == 0) return;
  if (weight_of(one) > weight_of(all)) all.code = one.code;
  all.retry_after_ms = std::max(all.retry_after_ms, one.retry_after_ms);
  all.message += (all.message.empty() ? "" : "; ") + one.message;
}

class Calendar : public bellhop::Plugin {
 public:
  explicit Calendar(const bellhop::Context &context)
      : Plugin(context), settings_(read_settings(context.settings)), http_(context), kv_(context), publish_(context) {
    for (const Account &account : settings_.accounts) collections_.emplace_back(http_, account);
  }
  static bellhop::Manifest manifest() { return calendar::manifest(); }

  // A directory below one that is there is made; whether it can be written is told by the first file.
  Verdict start() override {
    for (const std::string &directory : settings_.directories) ::mkdir(directory.c_str(), directory_mode);
    return Verdict::ok();
  }

  Verdict deliver(const Event &event) override {
    constexpr std::string_view noun = "booking.";
    if (event.type().substr(0, noun.size()) != noun) return Verdict::skip("calendars show bookings only");
    Booking booking = read_booking(event.root());
    const std::string key = std::string(state_prefix) + std::string(event.subject());
    std::optional<State> state = state_of(key);
    if (!state && !booking.start) return Verdict::fail("the booking names no time that can be read");
    if (event.is_dryrun()) return Verdict::ok("would be shown");
    const bool is_known = state && (event.is_late() || state->event_id == event.id());
    if (!is_known) {
      if (const Verdict verdict = take_rel(event, booking); verdict.code != BHP_OK) return verdict;
    }
    const Occasion occasion{event.id(),      event["/source"].text(), event.subject(), event.received_ms() / ms_per_s,
                            event.is_late(), event.is_replay()};
    const int revision = state ? state->revision : 0;
    const Change change = apply(state, booking, occasion);
    if (change == Change::nothing) return Verdict::skip("older than what the calendars show");
    keep(key, *state, revision != state->revision || change == Change::repeated);
    if (!state->is_shown) return Verdict::skip("canceled before any calendar showed it");
    return export_everywhere(key, *state);
  }

  // Leaves nothing behind anywhere.
  Verdict check_health() override {
    Verdict all = Verdict::ok();
    for (const std::string &directory : settings_.directories) join(all, check_directory(directory));
    for (const CalDav &collection : collections_) join(all, collection.check());
    if (settings_.has_feed && publish_.url("feed.ics").empty()) {
      join(all, Verdict::hold("this daemon serves no published documents, so nobody can read the feeds"));
    }
    if (all.code == BHP_OK) all.message = "every calendar can be reached";
    return all;
  }

  // Feeds are rebuilt here rather than per event: a burst of events costs one rebuild.
  int64_t tick() override {
    if (worker() != 0) return -1;
    const int64_t now_s = now_ms() / ms_per_s;
    const std::string stamp = feed_stamp(now_s);
    if (kv_.get(built_key) == stamp) return settings_.tick_ms;
    const std::vector<State> states = remembered(now_s);
    publish_all(settings_.has_feed ? feeds_of(states, settings_.feed, now_s) : std::vector<Feed>());
    kv_.put(built_key, stamp);
    return settings_.tick_ms;
  }

  Verdict run(std::string_view command, const Json &arguments, const bellhop::Output &output) override {
    if (command == "urls") return print_urls(output);
    if (command == "forget") return forget(arguments["email"].text());
    return Verdict::fail("there is no command " + std::string(command));
  }

 private:
  // ---- commands ----

  Verdict print_urls(const bellhop::Output &output) const {
    const std::optional<std::string> kept = kv_.get(paths_key);
    const JsonDocument paths(context().host, context().json, kept.value_or("{}"));
    for (const Json &path : paths.root()) output.line(publish_.url(path.key()));
    return Verdict::ok();
  }

  // The calendars of CalDAV servers belong to others. The daemon may have erased values and documents before it asks:
  // so the feeds are all written anew, and the files are found by what they say.
  Verdict forget(std::string_view address) const {
    const std::optional<std::string> email = bellhop::parse_email(address);
    if (!email) return Verdict::fail("\"" + std::string(address.substr(0, 64)) + "\" is no e-mail address");
    std::size_t bookings_count = 0, files_count = 0;
    for (const bellhop::KvEntry &entry : kv_.list(state_prefix, states_max)) {
      if (!bellhop::mentions(entry.value, *email)) continue;
      kv_.remove(entry.key);
      ++bookings_count;
    }
    const std::optional<std::string> kept = kv_.get(paths_key);
    const JsonDocument before(context().host, context().json, kept.value_or("{}"));
    Obj paths;
    for (const Json &path : before.root()) paths.set(path.key(), "");  // of no digest: each is written by the next tick
    kv_.put(paths_key, paths.str());
    kv_.remove(built_key);
    Verdict all = Verdict::ok();
    for (const std::string &directory : settings_.directories) {
      join(all, remove_mentions(directory, *email, files_count));
    }
    const std::string sentence =
        std::to_string(bookings_count) + " bookings and " + std::to_string(files_count) + " files erased";
    all.message =
        all.code == BHP_OK ? sentence + "; what CalDAV servers have is theirs" : sentence + "; " + all.message;
    return all;
  }

  // ---- what is known ----

  std::optional<State> state_of(const std::string &key) const {
    const std::optional<std::string> kept = kv_.get(key);
    if (!kept) return std::nullopt;
    const JsonDocument document(context().host, context().json, *kept);
    return state_from(document.root());
  }

  Kv::When when() const { return settings_.directories.empty() && settings_.accounts.empty() ? Kv::staged : Kv::now; }

  void keep(const std::string &key, const State &state, bool has_changed) const {
    kv_.put(key, to_json(state), when());
    if (has_changed && settings_.has_feed) {
      kv_.put(changed_key, state.event_id + " " + std::to_string(now_ms()), when());
    }
  }

  // All that is remembered; what has been over for long is forgotten on the way.
  std::vector<State> remembered(int64_t now_s) const {
    std::vector<State> states;
    for (const bellhop::KvEntry &entry : kv_.list(state_prefix, states_max)) {
      const JsonDocument document(context().host, context().json, entry.value);
      std::optional<State> state = state_from(document.root());
      const bool is_over = !state || state->end.value_or(state->start) < now_s - settings_.keep_days * day_s;
      if (is_over) {
        kv_.remove(entry.key);
      } else if (settings_.has_feed && is_within(*state, settings_.feed, now_s)) {
        states.push_back(*std::move(state));
      }
    }
    return states;
  }

  // ---- the vendor's own file ----

  // Puts the file's texts into the booking. Not OK: the event has to wait or, with source = "rel", to fail.
  Verdict take_rel(const Event &event, Booking &booking) const {
    if (settings_.source == Source::local) return Verdict::ok();
    const bool must = settings_.source == Source::rel;
    if (const std::string refusal = refusal_of(booking, settings_.rel_origins); !refusal.empty()) {
      return without_rel(must ? Verdict::fail(refusal) : Verdict::ok(refusal));
    }
    const bellhop::Request request{"GET", booking.ics_url, {}, {{"Accept", "text/calendar"}}, rel_timeout_ms, {}};
    const bellhop::Response response = http_.send(request);
    if (response.error == 0 && response.status == 200) {
      const auto read = texts_of_rel(booking, response.header("Content-Type"), response.body);
      if (const auto *texts = std::get_if<Texts>(&read)) {
        booking.texts = with_links(*texts, booking.texts);
        return Verdict::ok();
      }
      const std::string &reason = std::get<std::string>(read);
      return without_rel(must ? Verdict::fail(reason) : Verdict::ok(reason));
    }
    const Verdict verdict = response.ok() ? Verdict::fail(response.sentence) : response.verdict();
    if (must || (verdict.code == BHP_RETRY && event.attempt() <= rel_attempts_max)) return verdict;
    return without_rel(Verdict::ok(verdict.message));
  }

  Verdict without_rel(const Verdict &verdict) const {
    if (verdict.code == BHP_OK) debug("made from the event itself: " + verdict.message);
    return verdict;
  }

  // The add links are passed on whoever wrote the texts.
  static Texts with_links(Texts texts, const Texts &local) {
    for (const std::string_view label : {"\nAdd to Google Calendar: ", "\nAdd to Outlook: "}) {
      const std::size_t at = local.description.find(label);
      if (at == std::string::npos || texts.description.find(label) != std::string::npos) continue;
      texts.description += local.description.substr(at, local.description.find('\n', at + 1) - at);
    }
    return texts;
  }

  // ---- targets ----

  Verdict export_everywhere(const std::string &key, State &state) const {
    Verdict all = Verdict::ok();
    for (const std::string &directory : settings_.directories) {
      const std::string target = "directory/" + digest(directory);
      join(all, export_to(key, state, target,
                          [&](Export &) { return write_file(directory, state.name, calendar_of(state)); }));
    }
    for (const CalDav &collection : collections_) {
      join(all, export_to(key, state, collection.target(), [&](Export &done) { return collection.put(state, done); }));
    }
    return all;
  }

  // What shows this revision already is left alone; what was done is remembered before the next target is tried.
  template <class Work>
  Verdict export_to(const std::string &key, State &state, const std::string &target, Work &&work) const {
    Export done = state.exports[target];
    if (done.revision == state.revision) return Verdict::ok();
    Verdict verdict = work(done);
    if (verdict.code != BHP_OK) return verdict;
    done.revision = state.revision;
    state.exports[target] = done;
    kv_.put(key, to_json(state), Kv::now);
    return verdict;
  }

  // ---- feeds ----

  // Another text whenever the feeds may have to look otherwise: an event, another day (the window moves), settings.
  std::string feed_stamp(int64_t now_s) const {
    const FeedOptions &feed = settings_.feed;
    const std::string options = feed.name + "\n" + std::to_string(feed.past_days) + " " +
                                std::to_string(feed.future_days) + " " + std::to_string(feed.refresh_minutes) +
                                (feed.has_members ? " members" : "") + (feed.has_busy ? " busy" : "") +
                                (settings_.has_feed ? " on" : " off");
    return digest(kv_.get(changed_key).value_or("") + "\n" + std::to_string(now_s / day_s) + "\n" + options);
  }

  // Writes what looks otherwise than before, and removes what is no more.
  void publish_all(const std::vector<Feed> &feeds) const {
    const std::optional<std::string> kept = kv_.get(paths_key);
    const JsonDocument before(context().host, context().json, kept.value_or("{}"));
    std::map<std::string, std::string> old;
    for (const Json &path : before.root()) old.emplace(path.key(), path.text());
    Obj paths;
    for (const Feed &feed : feeds) {
      const std::string now = digest(feed.text);
      if (old[feed.path] != now) publish_.put(feed.path, "text/calendar; charset=utf-8", feed.text);
      old.erase(feed.path);
      paths.set(feed.path, now);
    }
    for (const auto &[path, etag] : old) publish_.remove(path);
    kv_.put(paths_key, paths.str());
  }

  static constexpr std::size_t states_max = 100'000;

  const Settings settings_;
  const bellhop::Http http_;
  const Kv kv_;
  const bellhop::Publish publish_;
  std::vector<CalDav> collections_;
};

}  // namespace
}  // namespace calendar

BELLHOP_PLUGIN(calendar::Calendar)
