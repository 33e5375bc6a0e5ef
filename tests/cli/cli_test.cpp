// SPDX-License-Identifier: Apache-2.0
// The questions: status, events, show, instances, dead, replay, verify, check; and what is said when nobody answers.
#include "cli/cli.hpp"

#include <gmock/gmock.h>
#include <rapidjson/document.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "cli/exit_code.hpp"
#include "cli/socket_path.hpp"
#include "fixture.hpp"
#include "journal/sqlite_journal.hpp"

namespace bellhop::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

rapidjson::Document parsed(const std::string &text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  EXPECT_TRUE(document.IsObject()) << text;
  if (!document.IsObject()) document.SetObject();
  return document;
}

// ---- status, events, show … -----------------------------------------------------------------------------------------

TEST_F(Cli, status_shows_the_daemon_and_its_instances) {
  const Ran ran = bellhop({"status"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("bellhopd 0.1.0, pid 4711, started 2025-12-31T23:50:00Z"));
  EXPECT_THAT(ran.out, HasSubstr("webhook  " + daemon->url));
  EXPECT_THAT(ran.out, HasSubstr("killed by SIGSEGV while delivering"));
}

TEST_F(Cli, options_may_stand_before_the_command) {
  const Ran before = bellhop({"--json", "status"});
  const Ran behind = bellhop({"status", "--json"});

  EXPECT_EQ(before.code, 0) << before.err;
  EXPECT_EQ(before.out, behind.out);
}

TEST_F(Cli, json_is_the_apis_own) {
  desk().add("booking.confirmed", "booking/1", "{\"a\":1}");
  for (const std::vector<std::string> &command : std::vector<std::vector<std::string>>{
           {"status"}, {"events"}, {"show", "1"}, {"instances"}, {"dead"}, {"replay", "1"}, {"verify"}}) {
    std::vector<std::string> words = command;
    words.push_back("--json");
    const Ran ran = bellhop(words);

    EXPECT_EQ(ran.code, exit_ok) << ran.err;
    EXPECT_TRUE(parsed(ran.out).IsObject());
    EXPECT_EQ(ran.err, "");
  }
  EXPECT_THAT(bellhop({"show", "1", "--json"}).out, HasSubstr("\"duration\":1800.0,"));
}

TEST_F(Cli, events_are_listed_with_their_marks) {
  desk().add("booking.confirmed", "booking/1", "{\"a\":1}");
  desk().add("member.created", "member/1\x1b[31m", "{\"a\":2}");
  desk().add_quarantined("[1]", "an array is no event");

  const Ran all = bellhop({"events"});
  const Ran bookings = bellhop({"events", "--type", "booking.*"});
  const Ran quarantined = bellhop({"events", "--quarantined"});
  const Ran paged = bellhop({"events", "--limit", "1", "--before", "3", "--after", "1"});

  EXPECT_THAT(all.out, HasSubstr("member/1\\x1b[31m"));
  EXPECT_EQ(all.out.find('\x1b'), std::string::npos);
  EXPECT_THAT(all.out, HasSubstr("quarantined: an array is no event"));
  EXPECT_THAT(all.out, HasSubstr("2026-01-01T00:00:00Z"));
  EXPECT_THAT(bookings.out, AllOf(HasSubstr("booking/1"), Not(HasSubstr("member"))));
  EXPECT_THAT(quarantined.out, AllOf(HasSubstr("an array"), Not(HasSubstr("booking"))));
  EXPECT_THAT(paged.out, AllOf(HasSubstr("member/1"), Not(HasSubstr("booking"))));
  EXPECT_THAT(paged.err, HasSubstr("older ones: bellhop events --before 2"));
}

TEST_F(Cli, an_empty_journal_says_what_to_do) {
  EXPECT_THAT(bellhop({"events"}).out, HasSubstr("bellhop send booking.confirmed"));
  EXPECT_THAT(bellhop({"dead"}).out, HasSubstr("no dead letters"));
}

TEST_F(Cli, show_prints_headers_document_and_deliveries) {
  desk().add("booking.confirmed", "booking/1", "{\"a\":1}");
  desk().settle(desk().crm, 1, DeliveryState::dead, Verdict::fail, "422 from the CRM");

  const Ran ran = bellhop({"show", EventId::of("appointlet", "{\"a\":1}").text().substr(0, 6)});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("X-Odd: a\\x09b"));
  EXPECT_THAT(ran.out, HasSubstr("    \"duration\": 1800.0,\n    \"big\": 123456789012345678901234567890\n"));
  EXPECT_THAT(ran.out, HasSubstr("422 from the CRM"));
}

TEST_F(Cli, show_prints_a_quarantined_body_instead_of_a_document) {
  desk().add_quarantined("[1,\"\x1b\"]", "an array is no event");

  const Ran ran = bellhop({"show", "1"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("[1,\"\\x1b\"]"));
  EXPECT_THAT(ran.out, HasSubstr("none yet"));
}

TEST_F(Cli, show_gives_body_and_document_byte_for_byte) {
  const std::string body("{\"a\" : \"\xff\x00\n\"}", 12);
  desk().add("booking.confirmed", "booking/1", body);

  EXPECT_EQ(bellhop({"show", "1", "--body"}).out, body);
  EXPECT_THAT(bellhop({"show", "1", "--event"}).out, HasSubstr("\"duration\":1800.0,"));
  EXPECT_EQ(bellhop({"show", "1", "--event", "--body"}).code, exit_usage);
}

TEST_F(Cli, a_damaged_event_is_shown_as_such) {
  desk().add("booking.confirmed", "booking/1", "{\"a\":1}");
  desk().journal.corrupt(1);

  const Ran ran = bellhop({"show", "1"});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.out, HasSubstr("DAMAGED"));
  EXPECT_EQ(bellhop({"show", "1", "--json"}).code, exit_refused);
  EXPECT_EQ(bellhop({"show", "1", "--body"}).code, exit_internal);
}

TEST_F(Cli, show_of_what_is_not_there_says_so) {
  const Ran ran = bellhop({"show", "77"});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, MatchesRegex("bellhop: .*77.*\n"));
  EXPECT_EQ(bellhop({"show", "x/../y?z"}).code, exit_usage);
  EXPECT_EQ(bellhop({"show", "xyz"}).code, exit_usage);
}

TEST_F(Cli, instances_show_how_far_each_has_come) {
  desk().add("booking.canceled", "booking/1", "{\"a\":1}");

  const Ran ran = bellhop({"instances"});

  EXPECT_THAT(ran.out, MatchesRegex("INSTANCE +PLUGIN +STATE +WANTS +BEHIND[^\n]*\ncrm [^\n]*\nslack [^\n]*\n"));
  EXPECT_THAT(ran.out, HasSubstr("backing off"));
}

TEST_F(Cli, dead_letters_are_listed_with_the_way_out) {
  desk().add("booking.canceled", "booking/1", "{\"a\":1}");
  desk().settle(desk().slack, 1, DeliveryState::dead, Verdict::fail, "channel not found");

  const Ran ran = bellhop({"dead", "--limit", "5"});

  EXPECT_THAT(ran.out, AllOf(HasSubstr("slack"), HasSubstr("booking/1"), HasSubstr("channel not found")));
  EXPECT_THAT(ran.err, HasSubstr("bellhop replay SEQ --instance NAME"));
}

TEST_F(Cli, replay_says_to_whom) {
  desk().add("booking.confirmed", "booking/1", "{\"a\":1}");

  const Ran named = bellhop({"replay", "1", "--instance", "slack"});
  const Ran unknown = bellhop({"replay", "1", "--instance", "slak"});

  EXPECT_EQ(named.code, exit_ok) << named.err;
  EXPECT_THAT(named.out, HasSubstr("event 1 (booking.confirmed) goes to slack once more, as replay 1"));
  EXPECT_EQ(unknown.code, exit_refused);
  EXPECT_THAT(unknown.err, HasSubstr("configured: crm, slack"));
}

TEST_F(Cli, verify_exits_with_1_when_something_is_damaged) {
  desk().add("booking.confirmed", "booking/1", "{\"a\":1}");
  EXPECT_THAT(bellhop({"verify"}).out, HasSubstr("1 events read, seq 1 to 1: all is well"));
  desk().journal.corrupt(1);

  const Ran ran = bellhop({"verify"});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.out, HasSubstr("damage: event 1 is not what was written"));
  EXPECT_EQ(bellhop({"verify", "--json"}).code, exit_refused);
}

TEST_F(Cli, verify_offline_opens_the_journal_when_no_daemon_has_it) {
  const std::string path = (scratch.path / "journal.db").string();
  const SystemClock clock;
  const Log log([](Level, std::string_view) {});
  JournalOptions options;
  options.path = path;
  options.durability = Durability::relaxed;  // the test's directory may be in memory
  options.clock = &clock;
  options.log = &log;
  auto journal = SqliteJournal::open(options);
  ASSERT_TRUE(journal.ok()) << journal.error().sentence;
  const Headers headers;
  ASSERT_TRUE((*journal)
                  ->append({"appointlet", "[1]", &headers, nullptr, EventId::of("appointlet", "[1]"), "an array",
                            1'767'225'600'000})
                  .ok());

  const Ran held = program.run({"verify", "--offline", "--state-dir", scratch.path.string()});
  journal->reset();
  const Ran ran = program.run({"verify", "--offline", "--state-dir", scratch.path.string()});
  const Ran json = program.run({"verify", "--offline", "--state-dir", scratch.path.string(), "--json"});

  EXPECT_EQ(held.code, exit_later) << held.out;
  EXPECT_THAT(held.err, HasSubstr(path));
  EXPECT_EQ(ran.code, exit_ok) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("1 events read, seq 1 to 1: all is well"));
  EXPECT_TRUE(parsed(json.out)["ok"].GetBool());
}

TEST_F(Cli, verify_offline_without_a_journal_says_where_it_looked) {
  const Ran guessed = program.run({"verify", "--offline"});
  const Ran named = program.run({"verify", "--offline", "--state-dir", scratch.path.string()});
  const Ran config = program.run({"verify", "--offline", "--config", "none.toml"});

  EXPECT_EQ(guessed.code, exit_no_input);
  EXPECT_THAT(guessed.err, HasSubstr("no journal found (looked at "));
  EXPECT_EQ(named.code, exit_no_input);
  EXPECT_THAT(named.err, HasSubstr("there is no such file"));
  EXPECT_EQ(config.code, exit_usage);
}

TEST_F(Cli, a_named_config_that_is_not_toml_does_not_lead_to_another_daemon) {
  const std::string file = (scratch.path / "broken.toml").string();
  std::ofstream(file) << "state_dir = \n";

  const Ran ran = program.run({"status", "--config", file});

  EXPECT_EQ(ran.code, exit_usage) << ran.out;
  EXPECT_THAT(ran.err, HasSubstr(file + ":1:"));
  EXPECT_THAT(ran.err, HasSubstr("not TOML"));
}

TEST_F(Cli, a_journal_that_cannot_be_read_is_worth_another_try) {
  desk().inspect.broken = "events";

  const Ran ran = bellhop({"events"});

  EXPECT_EQ(ran.code, exit_later);
  EXPECT_THAT(ran.err, HasSubstr("disk I/O error"));
}

TEST_F(Cli, a_terminal_gets_colours_and_distances_unless_it_says_no) {
  desk().add_quarantined("[1]", "an array is no event");
  RunOptions terminal;
  terminal.is_on_terminal = true;
  RunOptions plain = terminal;
  plain.environment["NO_COLOR"] = "1";

  const Ran coloured = bellhop({"events"}, terminal);
  const Ran uncoloured = bellhop({"events"}, plain);

  EXPECT_THAT(coloured.out, HasSubstr("\x1b[33mquarantined"));
  EXPECT_THAT(coloured.out, Not(HasSubstr("T00:00:00Z")));
  EXPECT_THAT(uncoloured.out, Not(HasSubstr("\x1b")));
}

// ---- nobody answers -------------------------------------------------------------------------------------------------

TEST_F(Cli, no_socket_says_how_to_start_the_daemon) {
  const Ran ran = program.run({"status", "--socket", (scratch.path / "none.sock").string()});

  EXPECT_EQ(ran.code, exit_unavailable);
  EXPECT_THAT(ran.err, HasSubstr("no daemon answers at " + (scratch.path / "none.sock").string()));
  EXPECT_THAT(ran.err, HasSubstr("is bellhopd running? start it with `systemctl start bellhop`"));
}

TEST_F(Cli, a_socket_left_behind_says_the_same) {
  const std::string path = (scratch.path / "admin.sock").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address), 0);
  ::close(fd);

  const Ran ran = program.run({"events", "--state-dir", scratch.path.string()});

  EXPECT_EQ(ran.code, exit_unavailable);
  EXPECT_THAT(ran.err, HasSubstr("connection refused; is bellhopd running?"));
}

TEST_F(Cli, without_any_hint_it_says_where_it_looked) {
  const Ran ran = program.run({"events"});

  EXPECT_EQ(ran.code, exit_unavailable);
  EXPECT_THAT(ran.err, HasSubstr("no running bellhopd found (looked at "));
  EXPECT_THAT(ran.err, HasSubstr("./bellhop-state/admin.sock"));
  EXPECT_THAT(ran.err, HasSubstr("--socket PATH or --state-dir DIR"));
}

TEST_F(Cli, the_socket_is_found_in_the_named_order) {
  SmallDaemon daemon_here(scratch.path);
  const std::string none = (scratch.path / "none.sock").string();
  std::filesystem::create_directory(scratch.path / "elsewhere");
  std::filesystem::create_directory_symlink(scratch.path, scratch.path / "elsewhere" / "bellhop-state");
  write_text(scratch.path / "bellhop.toml", "state_dir = \"" + scratch.path.string() + "\"\n");
  RunOptions with_environment, with_wrong_environment, elsewhere;
  with_environment.environment["BELLHOP_SOCKET"] = daemon_here.socket;
  with_wrong_environment.environment["BELLHOP_SOCKET"] = none;
  elsewhere.directory = scratch.path / "elsewhere";

  EXPECT_EQ(program.run({"status"}, with_environment).code, exit_ok);
  EXPECT_EQ(program.run({"status", "--socket", none}, with_environment).code, exit_unavailable);
  EXPECT_EQ(program.run({"status", "--socket", daemon_here.socket}, with_wrong_environment).code, exit_ok);
  EXPECT_EQ(program.run({"status", "--state-dir", scratch.path.string()}, with_wrong_environment).code,
            exit_unavailable);
  EXPECT_EQ(program.run({"status", "--state-dir", scratch.path.string()}).code, exit_ok);
  EXPECT_EQ(program.run({"status", "--config", (scratch.path / "bellhop.toml").string()}).code, exit_ok);
  EXPECT_EQ(program.run({"status"}, elsewhere).code, exit_ok);
}

TEST_F(Cli, a_config_that_is_not_there_is_named) {
  const Ran ran = program.run({"status", "--config", "none.toml"});

  EXPECT_EQ(ran.code, exit_usage);
  EXPECT_THAT(ran.err, HasSubstr("the config file none.toml cannot be read"));
}

TEST_F(Cli, a_path_too_long_for_a_socket_is_named) {
  const Ran ran = program.run({"status", "--socket", "/tmp/" + std::string(120, 'x')});

  EXPECT_EQ(ran.code, exit_usage);
  EXPECT_THAT(ran.err, HasSubstr("a Unix socket takes at most 107"));
}

TEST_F(Cli, a_socket_that_one_may_not_open_says_who_may) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  SmallDaemon small(scratch.path);
  RunOptions options;
  options.is_as_nobody = true;
  ASSERT_EQ(::chmod(scratch.path.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(small.socket.c_str(), 0660), 0);

  const Ran ran = program.run({"status", "--socket", small.socket}, options);

  if (ran.code == 126) GTEST_SKIP() << "nobody may not run programs of this build tree";
  EXPECT_EQ(ran.code, exit_denied);
  EXPECT_THAT(ran.err, HasSubstr("permission denied: you need to be root"));
  EXPECT_THAT(ran.err, HasSubstr("sudo"));
}

TEST_F(Cli, a_daemon_that_does_not_answer_is_given_up) {
  RudeServer rude(scratch.path / "rude.sock", "HTTP/1.1 200 OK\r\nContent-", RudeServer::Then::hold);

  const Ran ran = program.run({"status", "--timeout", "0.2", "--socket", (scratch.path / "rude.sock").string()});

  EXPECT_EQ(ran.code, exit_later);
  EXPECT_THAT(ran.err, HasSubstr("no complete answer within 200 ms; give it longer with --timeout"));
}

TEST_F(Cli, a_body_that_never_ends_is_given_up) {
  RudeServer rude(scratch.path / "rude.sock", "HTTP/1.1 200 OK\r\n\r\n{", RudeServer::Then::hold);

  const Ran ran = program.run({"status", "--timeout", "0.2", "--socket", (scratch.path / "rude.sock").string()});

  EXPECT_EQ(ran.code, exit_later);
}

struct RudeCase {
  const char *bytes;
  int code;
  const char *sentence;
};

TEST_F(Cli, answers_that_are_not_the_daemons_are_named) {
  const RudeCase cases[] = {
      {"", exit_unavailable, "hung up without an answer"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", exit_internal, "is not HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", exit_internal, "cut off"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", exit_internal, "is not a JSON object"},
      {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", exit_internal, "the answer was 500 without a reason"},
  };
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const std::filesystem::path path = scratch.path / ("rude" + std::to_string(i));
    RudeServer rude(path, cases[i].bytes, RudeServer::Then::hang_up);

    const Ran ran = program.run({"status", "--socket", path.string()});

    EXPECT_EQ(ran.code, cases[i].code) << cases[i].bytes << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(cases[i].sentence));
  }
}

// ---- the command line itself ----------------------------------------------------------------------------------------

TEST_F(Cli, every_command_has_help_with_an_example) {
  for (const std::string command :
       {"status", "instances", "send", "events", "show", "dead", "replay", "verify", "check"}) {
    const Ran ran = program.run({command, "--help"});

    EXPECT_EQ(ran.code, exit_ok);
    EXPECT_THAT(ran.out, HasSubstr("Examples:\n  bellhop " + command)) << command;
  }
  EXPECT_THAT(program.run({"--help"}).out, HasSubstr("bellhop COMMAND --help"));
  EXPECT_THAT(program.run({"--version"}).out, MatchesRegex("bellhop [0-9.]+\n"));
}

TEST_F(Cli, a_wrong_word_is_named_with_the_nearest) {
  const Ran ran = program.run({"evnts"});

  EXPECT_EQ(ran.code, exit_usage);
  EXPECT_THAT(ran.err, HasSubstr("there is no command \"evnts\"; did you mean events?"));
  EXPECT_EQ(program.run({}).code, exit_usage);
  EXPECT_EQ(program.run({"events", "--limt", "3"}).code, exit_usage);
  EXPECT_EQ(program.run({"events", "--limit", "0"}).code, exit_usage);
  EXPECT_EQ(program.run({"status", "--timeout", "-1"}).code, exit_usage);
  EXPECT_EQ(program.run({"show"}).code, exit_usage);
}

// ---- check ----------------------------------------------------------------------------------------------------------

TEST_F(Cli, check_says_all_that_is_wrong_and_exits_with_78) {
  write_text(scratch.path / "bad.toml", "state_dr = \"/tmp\"\n[http]\nlisten = 5\n[source.appointlet]\ntokens = []\n");

  const Ran ran = program.run({"check", "bad.toml"});
  const Ran json = program.run({"check", "bad.toml", "--json"});

  EXPECT_EQ(ran.code, exit_config);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("bad.toml:1:1: "), HasSubstr("bad.toml:3:"), HasSubstr("bad.toml:5:")));
  EXPECT_THAT(ran.err, HasSubstr("errors; bellhopd would refuse to start"));
  EXPECT_EQ(json.code, exit_config);
  const auto document = parsed(json.out);
  EXPECT_FALSE(document["ok"].GetBool());
  EXPECT_GE(document["errors"].Size(), 3U);
  EXPECT_STREQ(document["errors"][0]["file"].GetString(), "bad.toml");
  EXPECT_EQ(document["errors"][0]["line"].GetInt(), 1);
}

TEST_F(Cli, check_of_a_good_config_says_what_is_in_it) {
  write_text(scratch.path / "good.toml",
             "state_dir = \"" + scratch.path.string() +
                 "\"\n[source.appointlet]\ntokens = [\"0123456789abcdef0123456789abcdef\"]\n");

  const Ran ran = program.run({"check", "good.toml"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("good.toml: ok, 1 source (appointlet), 0 instances"));
  EXPECT_TRUE(parsed(program.run({"check", "good.toml", "--json"}).out)["ok"].GetBool());
}

TEST_F(Cli, check_asks_the_plugins_and_names_the_place) {
  write_text(scratch.path / "fake.so", "this is no library");
  write_text(scratch.path / "plugin.toml",
             "state_dir = \"" + scratch.path.string() +
                 "\"\n[source.appointlet]\ntokens = [\"0123456789abcdef0123456789abcdef\"]\n"
                 "[instance.crm]\nplugin = \"" +
                 (scratch.path / "fake.so").string() + "\"\n");

  const Ran ran = program.run({"check", "plugin.toml"});

  EXPECT_EQ(ran.code, exit_config) << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("plugin.toml:5:"));
  EXPECT_THAT(ran.err, HasSubstr("fake.so"));
}

TEST_F(Cli, check_of_a_file_that_is_not_there_says_so) {
  const Ran ran = program.run({"check", "none.toml"});

  EXPECT_EQ(ran.code, exit_config);
  EXPECT_THAT(ran.err, HasSubstr("none.toml"));
}

}  // namespace
}  // namespace bellhop::core
