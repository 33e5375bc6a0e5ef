// SPDX-License-Identifier: Apache-2.0
// slack: a message per booking. With a bot token a booking has one message and one thread: what changes later updates
// the message in place and is told in the thread. With an incoming webhook, which gives no handle on its messages, each
// event is a message of its own. A long backlog becomes digests.
//
// What was done already is in kv, at once and not with the verdict, so that a retry after half the work (posted, then a
// 429) does not do it twice. A post whose answer was lost is looked for in the channel before it is made again.
//   message/SUBJECT                 {"channel","ts","event"}: the booking's message, and the event it was posted for
//   done/EVENT_ID/update|reply      a step of an event; removed with its OK
//   refused/EVENT_ID/message|reply  the last attempt was refused, so there is nothing to look for
#include <bellhop/http.hpp>
#include <bellhop/kv.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "answer.hpp"
#include "settings.hpp"
#include "trace.hpp"

namespace slack {
namespace {

using bellhop::Batch;
using bellhop::Event;
using bellhop::JsonDocument;
using bellhop::Kv;
using bellhop::Obj;
using bellhop::Verdict;

constexpr int pages_max = 5;             // of a channel's newest messages, when one is looked for
constexpr int64_t clocks_apart_s = 300;  // Slack's and ours
constexpr uint32_t looks_max = 5;        // attempts that end at a rate limit in the middle of a look
constexpr int64_t budget_shares = 2;     // one for the events of a batch, one for that which is under way at its end
constexpr const char *json_type = "application/json; charset=utf-8";
constexpr const char *form_type = "application/x-www-form-urlencoded";

bool is_rate_limit(const bellhop::Response &response, const Answer &answer) {
  return response.status == 429 || answer.error == "ratelimited" || answer.error == "rate_limited";
}

struct Posted {
  std::string channel, ts;
  std::string event_id;  // that it was posted for; "" of an earlier version
};

class Slack : public bellhop::BatchPlugin {
 public:
  explicit Slack(const bellhop::Context &context)
      : BatchPlugin(context), settings_(read_settings(context.settings)), http_(context), kv_(context) {
    http_.limit(settings_.limit);
  }
  static bellhop::Manifest manifest() { return slack::manifest(); }

  std::vector<Verdict> deliver_batch(const Batch &batch) override {
    const int64_t waiting = static_cast<int64_t>(batch.size()) + batch.backlog_count();
    if (settings_.digest_above > 0 && batch.size() > 1 && waiting > settings_.digest_above) return digest(batch);
    return one_by_one(batch);
  }

  // A webhook is asked to post nothing, which Slack refuses with no_text once it has accepted the URL; a token is shown
  // to auth.test. Neither leaves anything behind.
  Verdict check_health() override {
    if (!settings_.token.empty()) {
      const Answer answer = call("auth.test", Obj());
      return answer.verdict.code == BHP_OK ? Verdict::ok("Slack knows the token") : answer.verdict;
    }
    const Answer answer = read_webhook(http_.post_json(settings_.destination.webhook_url, Obj().set("text", "")));
    const bool is_known = answer.verdict.code == BHP_OK || answer.error == "no_text";
    return is_known ? Verdict::ok("the webhook is there") : answer.verdict;
  }

 private:
  // With one message a second a batch may be longer than its time. What is not begun then has not failed. now_ms() may
  // jump: forwards, the next batch has the rest; backwards, requests end with the budget and are RETRY.
  std::vector<Verdict> one_by_one(const Batch &batch) {
    const int64_t begun_ms = now_ms();
    const auto has_time = [&] {
      return batch.budget_ms() == 0 || now_ms() - begun_ms < batch.budget_ms() / budget_shares;
    };
    finished_.clear();  // of a call that threw
    std::vector<Verdict> verdicts;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const bool is_begun = i == 0 || (has_time() && !is_stopping());
      verdicts.push_back(is_begun ? guarded(batch[i]) : Verdict::defer());
    }
    forget_finished(verdicts);
    return verdicts;
  }

  // What is staged in a batch is lost with any verdict that is no OK.
  void forget_finished(const std::vector<Verdict> &verdicts) {
    const bool is_kept = std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict &verdict) {
      return verdict.code == BHP_OK || verdict.code == BHP_SKIP || verdict.code == BHP_DEFER;
    });
    for (const std::string &key : std::exchange(finished_, {})) kv_.remove(key, is_kept ? Kv::staged : Kv::now);
  }

  // One event's failure must not be that of its neighbours.
  Verdict guarded(const Event &event) {
    try {
      return tell(event);
    } catch (const bellhop::Abort &abort) {
      return abort.verdict;
    }
  }

  Occasion occasion_of(const Event &event, const Booking &booking) const {
    return {std::string(event.type()), render(headline_of(settings_, event.type()), booking)};
  }

  Verdict tell(const Event &event) {
    const Booking booking = Booking::of(event.root());
    const Occasion occasion = occasion_of(event, booking);
    const Destination &destination = destination_of(settings_, booking);
    if (settings_.token.empty()) {
      return post_to_webhook(destination, message_of(booking, occasion, settings_.style));
    }
    const std::optional<Posted> posted = message_of_subject(event);
    // A replay tells it once more in the thread; a redelivery finds that it is told.
    if (posted && posted->event_id == event.id() && !event.is_replay()) return Verdict::ok();
    if (posted) return tell_again(event, *posted, booking, occasion);
    return tell_first(event, destination, booking, occasion);
  }

  Verdict post_to_webhook(const Destination &destination, const Obj &message) {
    return read_webhook(http_.post_json(destination.webhook_url, message)).verdict;
  }

  // ---- with a token ----

  std::string message_key(const Event &event) const { return "message/" + std::string(event.subject()); }

  std::optional<Posted> message_of_subject(const Event &event) const {
    const std::optional<std::string> kept = kv_.get(message_key(event));
    if (!kept) return std::nullopt;
    const JsonDocument document(context().host, context().json, *kept);
    const bellhop::Json root = document.root();
    return Posted{root["channel"].str(), root["ts"].str(), root["event"].str()};
  }

  Verdict tell_first(const Event &event, const Destination &destination, const Booking &booking,
                     const Occasion &occasion) {
    Obj message = message_of(booking, occasion, settings_.style);
    message.set("channel", destination.channel);
    const Answer answer = post(event, "message", {destination.channel, "", ""}, message);
    if (answer.verdict.code != BHP_OK || answer.ts.empty()) return answer.verdict;
    const Obj kept = Obj().set("channel", answer.channel).set("ts", answer.ts).set("event", event.id());
    kv_.put(message_key(event), kept.str(), Kv::now);
    return Verdict::ok();
  }

  Verdict tell_again(const Event &event, const Posted &posted, const Booking &booking, const Occasion &occasion) {
    const std::string done = "done/" + std::string(event.id()) + "/";
    // An older snapshot must not overwrite a newer one; the thread still tells that it came.
    if (!event.is_late() && !kv_.get(done + "update")) {
      Obj message = message_of(booking, occasion, settings_.style);
      message.set("channel", posted.channel).set("ts", posted.ts);
      const Answer answer = call("chat.update", message);
      if (answer.error == "message_not_found" || answer.error == "cant_update_message") {
        return told_anew(event, booking, occasion);
      }
      if (answer.verdict.code != BHP_OK) return answer.verdict;
      kv_.put(done + "update", "1", Kv::now);
    }
    if (!kv_.get(done + "reply")) {
      Obj note = note_of(line_of(booking, occasion, settings_.style));
      note.set("channel", posted.channel).set("thread_ts", posted.ts);
      const Answer answer = post(event, "reply", posted, note);
      if (answer.verdict.code != BHP_OK) return answer.verdict;
      kv_.put(done + "reply", "1", Kv::now);
    }
    finished_.push_back(done + "update");
    finished_.push_back(done + "reply");
    return Verdict::ok();
  }

  // Somebody deleted the message: the booking gets a new one.
  Verdict told_anew(const Event &event, const Booking &booking, const Occasion &occasion) {
    kv_.remove(message_key(event), Kv::now);
    return tell_first(event, destination_of(settings_, booking), booking, occasion);
  }

  // Posts it, in the channel or the thread of `place`, unless an earlier attempt has: its answer may have been lost.
  Answer post(const Event &event, std::string_view what, const Posted &place, Obj &message) {
    const Trace trace{what, event.id()};
    const std::string refused = "refused/" + std::string(event.id()) + "/" + std::string(what);
    const bool is_looked_for = !event.is_replay();  // a replay posts once more what is there already
    if (event.is_redelivery() && is_looked_for) {
      if (kv_.get(refused)) {
        kv_.remove(refused, Kv::now);
      } else if (Answer found = look_for(event, trace, place); found.verdict.code != BHP_OK || !found.ts.empty()) {
        return found;
      }
    }
    message.set("metadata", metadata_of(trace));
    Answer answer = call("chat.postMessage", message);
    const bool comes_again = answer.verdict.code == BHP_RETRY || answer.verdict.code == BHP_HOLD;
    if (answer.is_refused && comes_again && is_looked_for) kv_.put(refused, "1", Kv::now);
    return answer;
  }

  // OK without a ts: it is not there, or we may not look. Then it is posted, perhaps once too often.
  Answer look_for(const Event &event, const Trace &trace, const Posted &place) {
    const char *const method = place.ts.empty() ? "conversations.history" : "conversations.replies";
    const int64_t oldest_s = event.received_ms() / 1'000 - clocks_apart_s;
    Answer answer;
    Page page;
    for (int number = 0; number < pages_max && (number == 0 || !page.next_cursor.empty()); ++number) {
      const bellhop::Response response =
          send(method, form_type, arguments_of(place.channel, place.ts, oldest_s, page.next_cursor));
      const JsonDocument document(context().host, context().json, response.body);
      answer = read_web_api(response, document.root());
      if (answer.verdict.code == BHP_OK) {
        page = read_page(document.root(), trace);
        answer.channel = place.channel;
        answer.ts = page.ts;
        if (!answer.ts.empty()) return answer;
      } else if (answer.is_refused &&
                 (!is_rate_limit(response, answer) || (number > 0 && event.attempt() >= looks_max))) {
        warn_once_blind(answer.verdict.message);
        return {Verdict::ok(), "", "", "", false};
      } else {
        return answer;
      }
    }
    return answer;
  }

  void warn_once_blind(const std::string &sentence) {
    if (std::exchange(is_blind_, true)) return;
    warn("cannot look whether a message was posted whose answer was lost, so it may be there twice: " + sentence +
         "; give the token the scope channels:history (groups:history), and the channel as its id");
  }

  bellhop::Response send(std::string_view method, const char *type, std::string body) {
    bellhop::Request request{"POST", settings_.api_url + std::string(method), std::move(body), {}, 0, {}};
    request.headers.push_back({"Content-Type", type});
    request.headers.push_back({"Authorization", "Bearer " + settings_.token});
    return http_.send(request);
  }

  Answer call(std::string_view method, const Obj &arguments) {
    const bellhop::Response response = send(method, json_type, arguments.str());
    const JsonDocument document(context().host, context().json, response.body);
    return read_web_api(response, document.root());
  }

  // ---- many at once ----

  // One message for each destination. Bookings told in a digest have no message of their own until something happens to
  // them again.
  std::vector<Verdict> digest(const Batch &batch) {
    std::map<Destination, std::vector<std::size_t>> groups;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Booking booking = Booking::of(batch[i].root());
      lines.push_back(line_of(booking, occasion_of(batch[i], booking), settings_.style));
      groups[destination_of(settings_, booking)].push_back(i);
    }
    std::vector<Verdict> verdicts(batch.size());
    for (const auto &[destination, members] : groups) {
      std::vector<std::string> told;
      for (const std::size_t member : members) told.push_back(lines[member]);
      Obj message = digest_of(told, settings_.style);
      if (!settings_.token.empty()) message.set("channel", destination.channel);
      const Verdict verdict =
          settings_.token.empty() ? post_to_webhook(destination, message) : call("chat.postMessage", message).verdict;
      for (const std::size_t member : members) {
        verdicts[member] = verdict;
        if (verdict.code == BHP_OK) verdicts[member].message = "in a digest of " + std::to_string(members.size());
      }
    }
    return verdicts;
  }

  const Settings settings_;
  bellhop::Http http_;
  Kv kv_;
  std::vector<std::string> finished_;  // keys of kv, in the call under way
  bool is_blind_ = false;              // it was said that posted messages cannot be looked for
};

}  // namespace
}  // namespace slack

BELLHOP_PLUGIN(slack::Slack)
