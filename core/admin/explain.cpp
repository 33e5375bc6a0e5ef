// SPDX-License-Identifier: Apache-2.0
// Explain: for one event and each instance, why it ran or did not, every attempt, and when the next comes and why then.
// The sentences are made here, where everything is known, so that the command line, and whoever reads the API, say the
// same. Nothing is guessed but one thing: what a destination asked for by Retry-After is not stored, and a pause that
// is longer than any back-off can only be that.
#include <algorithm>

#include "admin/answers.hpp"
#include "admin/pages.hpp"
#include "event/filter.hpp"

namespace bellhop::core {
namespace {

std::string in_seconds(Milliseconds span_ms) {
  if (span_ms < 10'000) {
    const Milliseconds tenths = (span_ms + 50) / 100;
    return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) + " s";
  }
  const Milliseconds seconds = (span_ms + 500) / 1'000;
  if (seconds < 600) return std::to_string(seconds) + " s";
  return seconds < 7'200 ? std::to_string(seconds / 60) + " min" : std::to_string(seconds / 3'600) + " h";
}

Milliseconds backoff_cap_ms(const RetryControl &retry, int attempts) {
  Milliseconds cap_ms = std::min(retry.backoff_ms_min, retry.backoff_ms_max);
  for (int i = 1; i < attempts && cap_ms < retry.backoff_ms_max; ++i) {
    cap_ms = cap_ms > retry.backoff_ms_max / 2 ? retry.backoff_ms_max : cap_ms * 2;
  }
  return cap_ms;
}

// Why something is as it is: a word for programs, a sentence for people.
struct Reason {
  std::string word, sentence;
  Milliseconds at_ms = 0;  // wall; 0 = cannot be told
};

class Explanation {
 public:
  Explanation(const AdminRooms &rooms, const EventDetail &detail, std::vector<DeliveryRow> deliveries,
              std::vector<AttemptRow> attempts)
      : rooms_(rooms),
        detail_(detail),
        deliveries_(std::move(deliveries)),
        attempts_(std::move(attempts)),
        now_ms_(rooms.clock.wall_ms()),
        offset_ms_(rooms.steady_to_wall_ms()) {}

  void write(JsonWriter &json, const InstanceView &view) const {
    const std::string name = view.control ? view.control->name : view.row->name;
    std::vector<const DeliveryRow *> own;
    for (const DeliveryRow &row : deliveries_) {
      if (row.instance_name == name) own.push_back(&row);
    }
    const bool has_live = !own.empty() && own.front()->key.replay == 0;
    const Reason why = has_live ? why_run(view, *own.front()) : why_not(view);
    json.open('{').key("name").text(name).key("state").text(why.word).key("why").text(why.sentence);
    write_filter(json, view);
    json.key("cursor").number(view.row ? view.row->cursor : 0);
    json.key("deliveries").open('[');
    for (const DeliveryRow *row : own) write_delivery(json, view, *row);
    json.close(']').close('}');
  }

 private:
  const EventRow &event() const { return detail_.row; }
  std::string time(Milliseconds steady_ms) const { return format_time(steady_ms + offset_ms_); }

  // ---- the filter ----
  static std::string globs(const InstanceControl &control) {
    std::string out;
    for (const std::string &glob : control.events) out += (out.empty() ? "" : " ") + glob;
    return out.empty() ? "everything but ping" : out;
  }
  // What the filter says to the event's type, as half a sentence.
  std::string filter_words(const InstanceControl &control, bool &is_wanted) const {
    const auto filter = Filter::parse(control.events);
    is_wanted = filter.ok() && filter->matches(event().type);
    const std::string glob = filter.ok() ? std::string(filter->deciding_glob(event().type)) : "";
    if (is_wanted) return glob.empty() ? "its filter wants everything but ping" : "wanted by " + glob;
    if (!glob.empty()) return event().type + " is taken away by " + glob + " (events = " + globs(control) + ")";
    const bool is_ping = event().type == "ping";
    return event().type + (is_ping ? " must be named, and is not in " : " matches none of ") + globs(control);
  }
  void write_filter(JsonWriter &json, const InstanceView &view) const {
    json.key("filter");
    if (view.control == nullptr || event().is_quarantined) {
      json.null();
      return;
    }
    const auto filter = Filter::parse(view.control->events);
    json.open('{').key("wants").boolean(filter.ok() && filter->matches(event().type));
    json.key("glob").text(filter.ok() ? std::string(filter->deciding_glob(event().type)) : "");
    json.key("events").open('[');
    for (const std::string &glob : view.control->events) json.text(glob);
    json.close(']').close('}');
  }

  // ---- why it ran, or not ----
  Reason why_run(const InstanceView &view, const DeliveryRow &live) const {
    if (event().is_forgotten && live.state == DeliveryState::dropped) return why_not(view);
    const std::string state(text_of(live.state));
    if (view.control == nullptr) return {state, "the instance is not in the config any more", 0};
    bool is_wanted = false;
    const std::string words = filter_words(*view.control, is_wanted);
    return {state, is_wanted ? words : "its filter does not want it any more: " + words, 0};
  }

  Reason why_not(const InstanceView &view) const {
    const EventRow &row = event();
    if (row.is_forgotten) {
      return {"forgotten", "the event was forgotten on request: nothing is left to deliver", 0};
    }
    if (row.is_quarantined) {
      return {"quarantined", "the event is in quarantine and offered to nobody: " + row.quarantine_reason, 0};
    }
    if (!detail_.is_intact) {
      return {"damaged", "the stored event is not what was written, and is never delivered; see bellhop verify", 0};
    }
    const Seq cursor = view.row ? view.row->cursor : 0;
    const std::string place = "its cursor stands at " + std::to_string(cursor);
    if (view.control == nullptr || (view.row != nullptr && view.row->is_parked)) {
      return {"parked",
              "the instance is not in the config; " + place +
                  (row.seq > cursor ? ", before this event, which it is offered when it comes back"
                                    : ", behind this event"),
              0};
    }
    bool is_wanted = false;
    const std::string words = filter_words(*view.control, is_wanted);
    if (!is_wanted) return {"not wanted", words, 0};
    if (row.seq <= cursor) {
      return {"passed",
              place +
                  ", behind this event, and nothing is on record: the instance began after it, or its "
                  "filter did not want it then",
              0};
    }
    return {"owed", words + "; " + why_not_yet(*view.control), 0};
  }

  std::string why_not_yet(const InstanceControl &control) const {
    if (!control.held_by.empty()) return "not offered yet: " + held_words(control);
    if (control.state != "running") return "not offered yet: " + not_running_words(control);
    const auto is_behind = rooms_.journal.is_waiting(id_of(control.name), subject_key(event().subject));
    if (is_behind.ok() && *is_behind) {
      return "not offered yet: an earlier event of " + event().subject + " has to come again first";
    }
    return control.in_flight_count > 0 ? "it is with the plugin now, or next" : "it is next";
  }
  InstanceId id_of(const std::string &name) const {
    const auto rows = rooms_.inspect.instances();
    if (!rows) return 0;
    const auto row = std::find_if(rows->begin(), rows->end(), [&](const InstanceRow &one) { return one.name == name; });
    return row == rows->end() ? 0 : row->id;
  }

  std::string held_words(const InstanceControl &control) const {
    const std::string by = control.held_by == "breaker" ? "the breaker is " + control.breaker : "held by the plugin";
    return by + " since " + time(control.held_since_ms) + " (" + control.reason + "); " +
           (control.next_probe_ms == 0 ? "one event probes now" : "one event probes at " + time(control.next_probe_ms));
  }
  static std::string not_running_words(const InstanceControl &control) {
    return "its plugin is " + control.state + (control.reason.empty() ? "" : ": " + control.reason);
  }

  // ---- when the next attempt comes ----
  Reason next_of(const InstanceView &view, const DeliveryRow &row) const {
    const Milliseconds due_ms = row.due_ms + offset_ms_;
    if (view.control == nullptr || (view.row != nullptr && view.row->is_parked)) {
      return {"parked", "not before the instance is back in the config", 0};
    }
    const InstanceControl &control = *view.control;
    if (!control.held_by.empty()) {
      const Milliseconds probe_ms = control.next_probe_ms == 0 ? now_ms_ : control.next_probe_ms + offset_ms_;
      return {"held", held_words(control), std::max(due_ms, probe_ms)};
    }
    if (control.state != "running" && control.state != "starting") {
      return {"not running", not_running_words(control), std::max(due_ms, now_ms_)};
    }
    if (row.attempts == 0 && row.settled_ms == 0) return {"turn", "asked for, and not offered yet", now_ms_};
    if (due_ms <= now_ms_) return {"turn", "due: it is with the plugin, or waits for its turn", now_ms_};
    if (row.verdict == Verdict::hold) return {"hold", "the plugin asked for a pause", due_ms};
    const Milliseconds pause_ms = std::max<Milliseconds>(0, due_ms - row.settled_ms);
    const Milliseconds cap_ms = backoff_cap_ms(control.retry, row.attempts);
    if (pause_ms > cap_ms + 1'000) {
      return {"retry_after", "the destination asked for " + in_seconds(pause_ms) + " (Retry-After)", due_ms};
    }
    return {"backoff", backoff_words(control.retry, row.attempts, pause_ms, cap_ms), due_ms};
  }
  static std::string backoff_words(const RetryControl &retry, int attempts, Milliseconds pause_ms,
                                   Milliseconds cap_ms) {
    std::string words = "back-off " + std::to_string(attempts);
    if (retry.attempts_max > 0) words += " of " + std::to_string(retry.attempts_max - 1);
    words += ": " + in_seconds(pause_ms) + ", drawn from at most " + in_seconds(cap_ms);
    if (retry.age_ms_max > 0) words += "; given up " + in_seconds(retry.age_ms_max) + " after the first attempt";
    return words;
  }

  void write_delivery(JsonWriter &json, const InstanceView &view, const DeliveryRow &row) const {
    json.open('{');
    write_delivery_row(json, row, offset_ms_);
    json.key("next");
    if (row.state == DeliveryState::waiting) {
      const Reason next = next_of(view, row);
      json.open('{').key("at").time(next.at_ms).key("why").text(next.word).key("sentence").text(next.sentence);
      json.close('}');
    } else {
      json.null();
    }
    json.key("tries").open('[');
    for (const AttemptRow &attempt : attempts_) {
      if (attempt.key == row.key) write_attempt(json, attempt);
    }
    json.close(']').close('}');
  }

  void write_attempt(JsonWriter &json, const AttemptRow &attempt) const {
    json.open('{').key("number").number(attempt.number).key("state").text(text_of(attempt.state));
    json.key("verdict").text(text_of(attempt.verdict)).key("began").time(attempt.settled_ms - attempt.took_ms);
    json.key("settled").time(attempt.settled_ms).key("took_ms").number(attempt.took_ms);
    const bool is_waiting = attempt.state == DeliveryState::waiting;
    json.key("due").time(is_waiting ? attempt.due_ms + offset_ms_ : 0).key("message").text(attempt.message);
    json.key("exchanges").raw(attempt.exchanges.empty() ? "[]" : attempt.exchanges).close('}');
  }

  const AdminRooms &rooms_;
  const EventDetail &detail_;
  const std::vector<DeliveryRow> deliveries_;
  const std::vector<AttemptRow> attempts_;
  const Milliseconds now_ms_, offset_ms_;
};

}  // namespace

HttpAnswer explain_page(const AdminRooms &rooms, const std::string &reference) {
  const auto detail = rooms.inspect.event(reference);
  if (!detail) return refusal(detail.error());
  const auto attempts = rooms.inspect.attempts_of(detail->row.seq);
  if (!attempts) return refusal(attempts.error());
  const auto deliveries = rooms.inspect.deliveries_of(detail->row.seq);
  if (!deliveries) return refusal(deliveries.error());
  const auto rows = rooms.inspect.instances();
  if (!rows) return refusal(rows.error());
  const auto controls = rooms.control.instances();  // the views below point into it
  const Explanation explanation(rooms, *detail, *deliveries, *attempts);
  JsonWriter json;
  json.open('{');
  write_event_row(json, detail->row);
  json.key("intact").boolean(detail->is_intact).key("now").time(rooms.clock.wall_ms());
  json.key("instances").open('[');
  for (const InstanceView &view : join_instances(controls, *rows)) explanation.write(json, view);
  json.close(']').close('}');
  return json_answer(json);
}

}  // namespace bellhop::core
