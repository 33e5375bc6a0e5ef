// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_range.hpp"

#include <algorithm>
#include <vector>

#include "base/log.hpp"
#include "cli/exit_code.hpp"
#include "config/units.hpp"
#include "event/event_json.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

struct Tally {
  std::string instance;
  std::int64_t replays_count = 0, waiting_count = 0, unwanted_count = 0;
};

std::string counted(std::int64_t count) { return std::to_string(count) + (count == 1 ? " event" : " events"); }

class RangeRun {
 public:
  RangeRun(const ReplayOptions &options, DaemonClient daemon, const Screen &screen)
      : options_(options), daemon_(std::move(daemon)), screen_(screen) {}

  int run() {
    if (const Result<void> read = read_ends(); !read) return complain(screen_, read.error());
    // Counted first. With --list that is all; the daemon's answers are printed then.
    if (const int code = go_through(true, options_.is_listing); code != exit_ok) return code;
    if (options_.is_listing) return exit_ok;
    const std::int64_t count = replays_count();
    if (count == 0) return print_tallies(true);
    if (count > unasked_max && !options_.is_agreed) {
      const auto agreed = confirm(screen_, "Replay " + counted(count) + " (" + by_instance() + ")?");
      if (!agreed) return complain(screen_, agreed.error());
      if (!*agreed) {
        screen_.err << "nothing was done\n";
        return exit_refused;
      }
    }
    tallies_.clear();
    if (const int code = go_through(false, true); code != exit_ok) {
      print_tallies(false);
      return code;
    }
    return print_tallies(false);
  }

 private:
  // "2h" is two hours ago; what is no duration is the daemon's to read, or to refuse.
  Result<std::string> end_of(const std::string &time, const std::optional<std::int64_t> &seq, const char *names) const {
    if (!time.empty() && seq) return Error{Kind::invalid, std::string("say one of ") + names};
    if (seq) return std::to_string(*seq);
    const auto ago_ms = parse_duration(time);
    std::string out;
    if (ago_ms) {
      append_json_string(out, format_time(screen_.now_ms - *ago_ms));
    } else if (!time.empty()) {
      append_json_string(out, time);
    }
    return out;
  }

  Result<void> read_ends() {
    auto from = end_of(options_.since, options_.from_seq, "--since and --from-seq");
    if (!from) return from.error();
    auto to = end_of(options_.until, options_.to_seq, "--until and --to-seq");
    if (!to) return to.error();
    from_ = std::move(*from);
    to_ = std::move(*to);
    if (from_.empty() && to_.empty() && options_.type.empty() && !options_.is_only_dead) {
      return Error{Kind::invalid,
                   "name one event, or a range: --since, --until, --from-seq, --to-seq, --type or --dead "
                   "(everything: --from-seq 1)"};
    }
    return {};
  }

  std::string body(bool is_preview, std::int64_t after) const {
    std::string out = std::string("{\"preview\":") + (is_preview ? "true" : "false") +
                      ",\"only_dead\":" + (options_.is_only_dead ? "true" : "false");
    if (!from_.empty()) out += ",\"from\":" + from_;
    if (!to_.empty()) out += ",\"to\":" + to_;
    const auto add_text = [&out](const char *name, const std::string &value) {
      if (value.empty()) return;
      out.append(",\"").append(name).append("\":");
      append_json_string(out, value);
    };
    add_text("type", options_.type);
    add_text("instance", options_.instance);
    if (after > 0) out += ",\"after\":" + std::to_string(after);
    return out + "}";
  }

  // Page by page to the end. What comes in meanwhile is not part of it: the first answer says where the end is.
  int go_through(bool is_preview, bool is_shown) {
    std::int64_t after = 0;
    for (;;) {
      const auto answer = daemon_.post("/v1/replay", body(is_preview, after));
      if (!answer) return complain(screen_, answer.error());
      const bool is_json = options_.ask.is_json && is_shown;
      std::int64_t next = 0;
      const Screen &screen = screen_;
      const bool is_table = is_preview && is_shown && !is_json;
      const int code = print_answer(*answer, is_json, screen, [&](const JsonValue &page, const Screen &) {
        add(page);
        if (to_.empty()) to_ = std::to_string(number(page, "newest"));
        next = number(page, "next");
        if (is_table) print_events(page, next == 0);
        return static_cast<int>(exit_ok);
      });
      if (code != exit_ok || next == 0) return code;
      after = next;
    }
  }

  void add(const JsonValue &page) {
    for (const JsonValue &one : list(page, "instances").GetArray()) {
      const std::string name = text(one, "instance");
      auto tally = std::find_if(tallies_.begin(), tallies_.end(), [&](const Tally &t) { return t.instance == name; });
      if (tally == tallies_.end()) tally = tallies_.insert(tallies_.end(), Tally{name});
      tally->replays_count += number(one, "replays");
      tally->waiting_count += number(one, "waiting");
      tally->unwanted_count += number(one, "unwanted");
    }
  }

  void print_events(const JsonValue &page, bool is_last) {
    const JsonValue &rows = list(page, "events");
    if (!rows.Empty()) {
      Table table({"SEQ", "ID", "RECEIVED", "TYPE", "SUBJECT"});
      for (const JsonValue &row : rows.GetArray()) {
        table.add({number(row, "seq"), text(row, "id").substr(0, 10), screen_.when(text(row, "received")),
                   text(row, "type"), text(row, "subject")});
      }
      table.print(screen_);
    }
    if (is_last) print_tallies(true);
  }

  std::int64_t replays_count() const {
    std::int64_t count = 0;
    for (const Tally &tally : tallies_) count += tally.replays_count;
    return count;
  }
  std::string by_instance() const {
    std::string out;
    for (const Tally &tally : tallies_) {
      if (tally.replays_count == 0) continue;
      out += (out.empty() ? "" : ", ") + std::to_string(tally.replays_count) + " to " + tally.instance;
    }
    return out;
  }
  int print_tallies(bool is_preview) const {
    if (options_.ask.is_json) return exit_ok;
    for (const Tally &tally : tallies_) {
      screen_.out << printable(tally.instance) << ": " << counted(tally.replays_count)
                  << (is_preview                 ? " would go"
                      : tally.replays_count == 1 ? " goes"
                                                 : " go")
                  << " once more";
      if (tally.waiting_count > 0) screen_.out << "; of " << tally.waiting_count << " a replay waits already";
      if (tally.unwanted_count > 0) screen_.out << "; " << tally.unwanted_count << " not wanted by its filter";
      screen_.out << '\n';
    }
    return exit_ok;
  }

  const ReplayOptions &options_;
  DaemonClient daemon_;
  const Screen &screen_;
  std::string from_, to_;  // as JSON; "" = open
  std::vector<Tally> tallies_;
};

}  // namespace

int run_replay_range(const ReplayOptions &options, const Surroundings &surroundings, const Screen &screen) {
  auto daemon = DaemonClient::find(options.ask.where, surroundings, options.ask.timeout_ms);
  if (!daemon) return complain(screen, daemon.error());
  return RangeRun(options, std::move(*daemon), screen).run();
}

}  // namespace bellhop::core
