// SPDX-License-Identifier: Apache-2.0
// The commands that explain and change: explain, dead, replay, forget, health, run, kv, documents.
#include <gmock/gmock.h>
#include <rapidjson/document.h>

#include "cli/exit_code.hpp"
#include "fixture.hpp"

namespace bellhop::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class Operate : public Cli {
 protected:
  Seq add(const std::string &type = "booking.confirmed") {
    return desk().add(type, "booking/1", "{\"a\":" + std::to_string(++bodies_) + "}");
  }
  void bury(InstanceId instance, Seq seq) {
    desk().attempt(instance, seq, 1, DeliveryState::dead, Verdict::fail, "422 from the CRM", 0,
                   R"([{"method":"POST","url":"https://crm.example/…","status":422,"failure":"","took_ms":11,)"
                   R"("request_bytes":120,"response_bytes":40,"sentence":"422"}])");
  }
  std::size_t replays_count(InstanceId instance) {
    std::size_t count = 0;
    for (Seq seq = 1; seq <= desk().journal.newest(); ++seq) {
      for (const DeliveryRow &row : desk().journal.deliveries_of(seq).value()) {
        count += row.key.instance == instance && row.key.replay != 0 ? 1 : 0;
      }
    }
    return count;
  }
  // At a terminal, with this typed.
  Ran at_terminal(const std::vector<std::string> &arguments, const std::string &typed) {
    RunOptions options;
    options.is_on_terminal = true;
    options.input = typed;
    options.environment["NO_COLOR"] = "1";
    return bellhop(arguments, options);
  }
  static bool is_json(const std::string &text) {
    rapidjson::Document document;
    document.Parse(text.data(), text.size());
    return !document.HasParseError() && document.IsObject();
  }

 private:
  int bodies_ = 0;
};

// ---- explain --------------------------------------------------------------------------------------------------------

TEST_F(Operate, explain_tells_attempts_requests_and_what_comes_next) {
  const Seq seq = add();
  desk().attempt(desk().crm, seq, 1, DeliveryState::waiting, Verdict::retry, "503 from the CRM", 1'000,
                 R"([{"left_out":2},{"method":"POST","url":"https://crm.example/…","status":503,"failure":"",)"
                 R"("took_ms":11,"request_bytes":120,"response_bytes":40,"sentence":"503"}])");
  desk().clock.advance(1'000);
  desk().attempt(desk().crm, seq, 2, DeliveryState::waiting, Verdict::retry, "no\x1b[31m connection", 1'800,
                 R"([{"method":"POST","url":"https://crm.example/…","status":0,"failure":"connect","took_ms":5000,)"
                 R"("request_bytes":120,"response_bytes":0,"sentence":"connection refused"}])");

  const Ran ran = bellhop({"explain", "1"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  const std::string id = EventId::of("appointlet", "{\"a\":1}").text();
  EXPECT_EQ(ran.out, "event 1  booking.confirmed  booking/1  " + id +
                         "\n"
                         "received 2026-01-01T00:00:00Z from appointlet\n"
                         "\n"
                         "crm    waiting  wanted by booking.*\n"
                         "    1  2026-01-01T00:00:00Z  12 ms  retry  503 from the CRM\n"
                         "       2 earlier requests are not kept\n"
                         "       POST https://crm.example/…: 503 in 11 ms, 120 B sent, 40 B received\n"
                         "    2  2026-01-01T00:00:01Z  12 ms  retry  no\\x1b[31m connection\n"
                         "       POST https://crm.example/…: connect in 5000 ms, 120 B sent, 0 B received: connection "
                         "refused\n"
                         "  next: 2026-01-01T00:00:02.800Z, back-off 2: 1.8 s, drawn from at most 2 s\n"
                         "\n"
                         "slack  not wanted  booking.confirmed matches none of booking.canceled\n");
}

TEST_F(Operate, explain_of_a_quarantined_event_gives_the_reason) {
  desk().add_quarantined("[1]", "an array is no event");

  const Ran ran = bellhop({"explain", "1", "--instance", "crm"});

  EXPECT_EQ(ran.code, exit_ok);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("crm  quarantined  the event is in quarantine"), HasSubstr("an array")));
  EXPECT_THAT(ran.out, Not(HasSubstr("slack")));
}

TEST_F(Operate, explain_refuses_what_is_not_there) {
  add();
  desk().journal.corrupt(1);

  EXPECT_EQ(bellhop({"explain", "1"}).code, exit_refused) << "damaged";
  EXPECT_THAT(bellhop({"explain", "1"}).out, HasSubstr("DAMAGED"));
  EXPECT_EQ(bellhop({"explain", "77"}).code, exit_refused);
  EXPECT_EQ(bellhop({"explain"}).code, exit_usage);
  const Ran other = bellhop({"explain", "1", "--instance", "cmr"});
  EXPECT_EQ(other.code, exit_refused);
  EXPECT_THAT(other.err, HasSubstr("there is no instance cmr"));
  EXPECT_TRUE(is_json(bellhop({"explain", "1", "--json"}).out));
}

// ---- dead -----------------------------------------------------------------------------------------------------------

TEST_F(Operate, dead_letters_are_listed_shown_replayed_and_dropped) {
  const Seq first = add("booking.canceled"), second = add("booking.canceled");
  bury(desk().slack, first);
  bury(desk().crm, second);

  const Ran list = bellhop({"dead", "list", "--instance", "crm"});
  const Ran show = bellhop({"dead", "show", "1"});
  const Ran replay = bellhop({"dead", "replay", "1"});
  const Ran drop = bellhop({"dead", "drop", "2", "--instance", "crm"});

  EXPECT_THAT(list.out, AllOf(HasSubstr("422 from the CRM"), HasSubstr("crm"), Not(HasSubstr("slack"))));
  EXPECT_THAT(list.err, HasSubstr("bellhop dead show SEQ"));
  EXPECT_THAT(show.out, AllOf(HasSubstr("slack  dead  wanted by booking.canceled"), HasSubstr(": 422 in 11 ms"),
                              Not(HasSubstr("crm "))));
  EXPECT_EQ(replay.out, "event 1 (booking.canceled) goes to slack once more, as replay 1\n");
  EXPECT_EQ(drop.out, "1 dead letter of crm dropped\n") << drop.err;
  EXPECT_EQ(bellhop({"dead", "drop", "2"}).code, exit_refused);
  EXPECT_EQ(bellhop({"dead", "show", "2"}).code, exit_refused);
  EXPECT_EQ(bellhop({"dead", "--instance", "cmr"}).code, exit_refused);
}

TEST_F(Operate, dead_letters_are_paged) {
  for (int i = 0; i < 3; ++i) bury(desk().slack, add("booking.canceled"));

  const Ran first = bellhop({"dead", "--limit", "2"});
  const std::string before = first.err.substr(first.err.find("--before ") + 9);
  const Ran rest = bellhop({"dead", "--limit", "2", "--before", before.substr(0, before.find('\n'))});

  EXPECT_THAT(first.err, HasSubstr("older ones: bellhop dead --before "));
  EXPECT_EQ(rest.code, exit_ok) << rest.err;
  EXPECT_THAT(rest.err, Not(HasSubstr("older ones")));
  EXPECT_TRUE(is_json(bellhop({"dead", "--json"}).out));
}

TEST_F(Operate, all_are_dropped_only_when_that_is_meant) {
  for (int i = 0; i < 3; ++i) bury(desk().slack, add("booking.canceled"));

  const Ran unasked = bellhop({"dead", "drop", "--all"});
  const Ran refused = at_terminal({"dead", "drop", "--all", "--instance", "slack"}, "n\n");
  const Ran unanswered = at_terminal({"dead", "drop", "--all"}, "");

  EXPECT_EQ(unasked.code, exit_usage);
  EXPECT_THAT(unasked.err, HasSubstr("say --yes to mean it"));
  EXPECT_EQ(refused.code, exit_refused);
  EXPECT_THAT(refused.out,
              AllOf(HasSubstr("Let all dead letters of slack go, for good? [y/N]"), HasSubstr("nothing was done")));
  EXPECT_EQ(unanswered.code, exit_refused);
  EXPECT_EQ(desk().journal.instances()->at(1).dead_count, 3);
  EXPECT_THAT(at_terminal({"dead", "drop", "--all"}, "y\n").out, HasSubstr("3 dead letters of slack dropped"));
  EXPECT_EQ(bellhop({"dead", "drop", "--all", "--yes"}).out, "no dead letters\n");
  EXPECT_EQ(bellhop({"dead", "drop"}).code, exit_usage);
  EXPECT_EQ(bellhop({"dead", "drop", "1", "--all"}).code, exit_usage);
  EXPECT_EQ(bellhop({"dead", "drop", "1", "--type", "x"}).code, exit_usage);
}

// ---- replay ---------------------------------------------------------------------------------------------------------

TEST_F(Operate, a_range_says_how_many_went_where_and_which_did_not) {
  add();
  add("member.created");
  add("booking.canceled");

  const Ran ran = bellhop({"replay", "--from-seq", "1"});
  const Ran again = bellhop({"replay", "--from-seq", "1", "--instance", "crm"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_EQ(ran.out,
            "crm: 2 events go once more; 1 not wanted by its filter\n"
            "slack: 1 event goes once more; 2 not wanted by its filter\n");
  EXPECT_EQ(again.out, "crm: 0 events go once more; of 2 a replay waits already; 1 not wanted by its filter\n");
}

TEST_F(Operate, a_range_is_only_listed_when_that_is_asked_for) {
  add();
  add("member.created");

  const Ran listed = bellhop({"replay", "--type", "booking.*", "--list"});
  const Ran json = bellhop({"replay", "--type", "booking.*", "--list", "--json"});

  EXPECT_THAT(listed.out, HasSubstr("booking.confirmed"));
  EXPECT_THAT(listed.out, HasSubstr("crm: 1 event would go once more\n"));
  EXPECT_TRUE(is_json(json.out)) << json.out;
  EXPECT_EQ(replays_count(desk().crm), 0U);
}

TEST_F(Operate, many_events_are_asked_for_once_more) {
  for (int i = 0; i < 21; ++i) add();

  const Ran unasked = bellhop({"replay", "--from-seq", "1"});
  const Ran refused = at_terminal({"replay", "--from-seq", "1"}, "no\n");
  const std::size_t before = replays_count(desk().crm);
  const Ran agreed = at_terminal({"replay", "--from-seq", "1"}, "yes\n");

  EXPECT_EQ(unasked.code, exit_usage);
  EXPECT_THAT(unasked.err, HasSubstr("Replay 21 events (21 to crm)? Nobody is here to be asked"));
  EXPECT_EQ(refused.code, exit_refused);
  EXPECT_EQ(before, 0U);
  EXPECT_EQ(agreed.code, exit_ok);
  EXPECT_EQ(replays_count(desk().crm), 21U);
  EXPECT_EQ(bellhop({"replay", "--from-seq", "1", "--yes"}).code, exit_ok);
  EXPECT_EQ(bellhop({"replay", "--from-seq", "2"}).code, exit_ok) << "20 are not asked for";
}

TEST_F(Operate, more_than_one_request_does_is_gone_through) {
  for (int i = 0; i < 10'200; ++i) add();

  const Ran ran = bellhop({"replay", "--from-seq", "1", "--instance", "crm", "--yes"});

  EXPECT_EQ(ran.out, "crm: 10200 events go once more\n") << ran.err;
  EXPECT_EQ(replays_count(desk().crm), 10'200U);
}

TEST_F(Operate, dead_letters_alone_are_replayed_in_a_range) {
  for (int i = 0; i < 4; ++i) add("booking.canceled");
  bury(desk().slack, 2);
  bury(desk().crm, 3);

  const Ran ran = bellhop({"dead", "replay", "--instance", "slack"});
  const Ran dead = bellhop({"replay", "--dead", "--from-seq", "3"});

  EXPECT_EQ(ran.out, "slack: 1 event goes once more\n");
  EXPECT_THAT(dead.out, HasSubstr("crm: 1 event goes once more\n"));
  EXPECT_EQ(replays_count(desk().slack), 1U);
}

TEST_F(Operate, times_are_read_as_people_write_them) {
  add();
  RunOptions at;

  EXPECT_THAT(bellhop({"replay", "--since", "2025-12-31", "--until", "2026-01-02", "--list"}).out, HasSubstr("crm: 1"));
  EXPECT_THAT(bellhop({"replay", "--since", "2026-01-01T00:00:01Z", "--list"}).out, HasSubstr("crm: 0"));
  EXPECT_THAT(bellhop({"replay", "--until", "1h", "--list"}).out, HasSubstr("crm: 1"))
      << "an hour ago by today's clock";
  EXPECT_THAT(bellhop({"replay", "--since", "2h", "--list"}).out, HasSubstr("crm: 0"));
  const Ran wrong = bellhop({"replay", "--since", "yesterday"});
  EXPECT_EQ(wrong.code, exit_usage);
  EXPECT_THAT(wrong.err, HasSubstr("/from is \"yesterday\""));
}

TEST_F(Operate, a_replay_of_nothing_in_particular_is_refused) {
  const Ran nothing = bellhop({"replay"});
  const Ran both = bellhop({"replay", "--since", "2h", "--from-seq", "1"});
  const Ran nobody = bellhop({"replay", "--from-seq", "1", "--instance", "cmr"});

  EXPECT_EQ(nothing.code, exit_usage);
  EXPECT_THAT(nothing.err, HasSubstr("everything: --from-seq 1"));
  EXPECT_EQ(both.code, exit_usage);
  EXPECT_THAT(both.err, HasSubstr("say one of --since and --from-seq"));
  EXPECT_EQ(nobody.code, exit_refused);
  EXPECT_THAT(nobody.err, HasSubstr("configured: crm, slack"));
}

// ---- forget ---------------------------------------------------------------------------------------------------------

TEST_F(Operate, a_person_is_forgotten_when_that_is_meant) {
  desk().add("booking.confirmed", "booking/1", "{\"email\":\"ann@example.com\"}");

  const Ran unasked = bellhop({"forget", "--email", "ann@example.com"});
  const Ran refused = at_terminal({"forget", "--email", "ann@example.com"}, "\n");
  const Ran agreed = bellhop({"forget", "--email", "ann@example.com", "--yes"});

  EXPECT_EQ(unasked.code, exit_usage);
  EXPECT_EQ(refused.code, exit_refused);
  EXPECT_THAT(refused.out, HasSubstr("mentions ann@example.com from the journal"));
  EXPECT_EQ(agreed.code, exit_ok) << agreed.err;
  EXPECT_THAT(agreed.out, HasSubstr("1 event erased"));
  EXPECT_THAT(agreed.err, HasSubstr("what plugins have sent to others"));
  EXPECT_THAT(bellhop({"show", "1"}).out, Not(HasSubstr("ann@")));
  EXPECT_TRUE(is_json(bellhop({"forget", "--email", "bob@example.com", "--yes", "--json"}).out));
  EXPECT_EQ(bellhop({"forget", "--email", "ann", "--yes"}).code, exit_usage);
  EXPECT_EQ(bellhop({"forget", "--yes"}).code, exit_usage);
}

TEST_F(Operate, a_person_is_forgotten_by_every_plugin_that_has_a_command_for_it) {
  desk().control_of("crm").commands = {{"export", "Writes all bookings"}, {"forget", "Erases a person"}};
  desk().control.answer_ = AnswerControl{true, "ok", "2 rows erased", "", false};

  const Ran done = bellhop({"forget", "--email", "ann@example.com", "--yes"});
  const Ran json = bellhop({"forget", "--email", "ann@example.com", "--yes", "--json"});
  desk().control.answer_ = AnswerControl{false, "retry", "a reader is in the way", "", false};
  const Ran later = bellhop({"forget", "--email", "ann@example.com", "--yes"});
  desk().control.answer_ = Error{Kind::unavailable, "crm is held"};
  const Ran unheard = bellhop({"forget", "--email", "ann@example.com", "--yes"});
  const Ran nobody = bellhop({"forget", "--email", "ann", "--yes"});

  EXPECT_EQ(done.code, exit_ok) << done.err;
  EXPECT_THAT(done.out, HasSubstr("crm: 2 rows erased\n"));
  EXPECT_EQ(desk().control.asked_.at(0), R"(crm forget {"email":"ann@example.com"})");
  EXPECT_THAT(json.out, MatchesRegex("\\{\"events\".*\n\\{\"instance\":\"crm\".*\n"));
  EXPECT_EQ(later.code, exit_later);
  EXPECT_THAT(later.err, HasSubstr("crm: retry, a reader is in the way"));
  EXPECT_EQ(unheard.code, exit_later);
  EXPECT_THAT(unheard.err, HasSubstr("in crm nothing was forgotten: say it again"));
  EXPECT_EQ(nobody.code, exit_usage);
  EXPECT_EQ(desk().control.asked_.size(), 4U) << "nobody is asked about what is no address";
}

// ---- one instance ---------------------------------------------------------------------------------------------------

TEST_F(Operate, health_says_what_the_plugin_says) {
  desk().control_of("crm").has_health = true;

  const Ran well = bellhop({"health", "crm"}), all = bellhop({"health"});
  desk().control.answer_ = AnswerControl{false, "hold", "401 from the CRM", "", false};
  const Ran ill = bellhop({"health", "crm"});

  EXPECT_THAT(well.out, MatchesRegex("crm: ok, as it should be \\([0-9]+ ms\\)\n"));
  EXPECT_EQ(well.code, exit_ok);
  EXPECT_THAT(all.out, AllOf(HasSubstr("crm: ok"), Not(HasSubstr("slack"))));
  EXPECT_EQ(ill.code, exit_refused);
  EXPECT_THAT(ill.out, HasSubstr("crm: hold, 401 from the CRM"));
  EXPECT_TRUE(is_json(bellhop({"health", "crm", "--json"}).out));
  desk().control.answer_ = Error{Kind::timeout, "crm had no worker that could answer: it is held"};
  EXPECT_EQ(bellhop({"health", "crm"}).code, exit_later);
}

TEST_F(Operate, health_without_anybody_to_ask_says_so) {
  EXPECT_THAT(bellhop({"health"}).out, HasSubstr("no instance has a plugin that can be asked"));
}

TEST_F(Operate, run_passes_arguments_and_prints_the_output) {
  desk().control.answer_ = AnswerControl{true, "ok", "3 rows", "a,b\n\x1b[31m\n", true};

  const Ran pairs = bellhop({"run", "crm", "export", "year=2026", "name=Ann", "all=true"});
  const Ran json = bellhop({"run", "crm", "export", "--args", R"({"year":2026})"});
  const Ran shown = at_terminal({"run", "crm", "export"}, "");

  EXPECT_EQ(pairs.code, exit_ok) << pairs.err;
  EXPECT_EQ(pairs.out, "a,b\n\x1b[31m\n") << "a file gets the bytes";
  EXPECT_THAT(pairs.err, AllOf(HasSubstr("3 rows"), HasSubstr("the rest is not shown")));
  EXPECT_EQ(desk().control.asked_.at(0), R"(crm export {"all":true,"name":"Ann","year":2026})");
  EXPECT_EQ(desk().control.asked_.at(1), R"(crm export {"year":2026})");
  EXPECT_THAT(shown.out, AllOf(HasSubstr("\\x1b[31m"), Not(HasSubstr("\x1b"))));
  EXPECT_TRUE(is_json(bellhop({"run", "crm", "export", "--json"}).out));
}

TEST_F(Operate, run_that_fails_says_why) {
  desk().control.answer_ = AnswerControl{false, "fail", "no such year", "", false};

  const Ran ran = bellhop({"run", "crm", "export"});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.err, HasSubstr("export said fail: no such year"));
  EXPECT_EQ(bellhop({"run", "crm", "export", "year"}).code, exit_usage);
  EXPECT_EQ(bellhop({"run", "crm", "export", "--args", "[1]"}).code, exit_usage);
  EXPECT_EQ(bellhop({"run", "crm", "export", "a=1", "--args", "{}"}).code, exit_usage);
  EXPECT_EQ(bellhop({"run"}).code, exit_usage);
}

TEST_F(Operate, run_without_a_command_lists_them) {
  desk().control_of("crm").commands = {{"export", "Writes all bookings"}};

  EXPECT_EQ(bellhop({"run", "crm"}).out, "export  Writes all bookings\n");
  EXPECT_EQ(bellhop({"run", "slack"}).out, "its plugin has no commands\n");
  EXPECT_EQ(bellhop({"run", "cmr"}).code, exit_refused);
}

TEST_F(Operate, what_an_instance_keeps_is_listed) {
  desk().keep(desk().crm, {{{"contact/1\x1b", "4711"}}, {{"feed.ics", "text/calendar", "BEGIN"}}});
  desk().control_of("crm").public_url = "https://hooks.example.org/pub/0011/";

  const Ran kv = bellhop({"kv", "crm"}), documents = bellhop({"documents", "crm"});

  EXPECT_THAT(kv.out, MatchesRegex("BYTES +KEY\n +4 +contact/1\\\\x1b\n"));
  EXPECT_THAT(kv.err, HasSubstr("14 bytes"));
  EXPECT_THAT(documents.out, HasSubstr("https://hooks.example.org/pub/0011/feed.ics"));
  EXPECT_THAT(documents.err, HasSubstr("the URLs are secrets"));
  EXPECT_EQ(bellhop({"kv", "cmr"}).code, exit_refused);
  EXPECT_EQ(bellhop({"documents"}).code, exit_usage);
  EXPECT_TRUE(is_json(bellhop({"kv", "crm", "--json"}).out));
  EXPECT_TRUE(is_json(bellhop({"documents", "crm", "--json"}).out));
}

TEST_F(Operate, a_hold_is_shown_with_its_reason_and_probe) {
  InstanceControl &crm = desk().control_of("crm");
  crm.state = "held";
  crm.held_by = "breaker";
  crm.breaker = "open";
  crm.reason = "9 of the last 10 attempts failed";
  crm.next_probe_ms = desk().clock.steady_ms() + 5'000;
  crm.oldest = 1;
  crm.oldest_since_ms = desk().clock.steady_ms();

  const Ran ran = bellhop({"instances"}), status = bellhop({"status"});

  EXPECT_THAT(ran.out, HasSubstr("breaker open: 9 of the last 10 attempts failed; probes 2026-01-01T00:00:05Z"));
  EXPECT_THAT(ran.out, HasSubstr("OLDEST"));
  EXPECT_THAT(status.out, HasSubstr("journal  0 events, 0 B; backlog 0 events, 0 B"));
}

TEST_F(Operate, every_command_has_help_with_an_example) {
  for (const std::vector<std::string> &command : std::vector<std::vector<std::string>>{{"explain"},
                                                                                       {"dead", "list"},
                                                                                       {"dead", "show"},
                                                                                       {"dead", "replay"},
                                                                                       {"dead", "drop"},
                                                                                       {"forget"},
                                                                                       {"health"},
                                                                                       {"run"},
                                                                                       {"kv"},
                                                                                       {"documents"}}) {
    std::vector<std::string> words = command;
    words.push_back("--help");
    std::string name = "bellhop";
    for (const std::string &word : command) name += " " + word;
    const Ran ran = program.run(words);

    EXPECT_EQ(ran.code, exit_ok);
    EXPECT_THAT(ran.out, HasSubstr("Examples:\n  " + name)) << name;
  }
}

}  // namespace
}  // namespace bellhop::core
