// SPDX-License-Identifier: Apache-2.0
#include "cli/send.hpp"

#include <gmock/gmock.h>
#include <rapidjson/document.h>

#include <algorithm>

#include "cli/exit_code.hpp"
#include "cli/template.hpp"
#include "fixture.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

const std::string nbsp = "\xc2\xa0";

class Send : public Cli {
 protected:
  std::vector<EventRow> events() { return *desk().journal.events({}); }
};

TEST_F(Send, a_sample_is_taken_and_its_answer_is_one_line) {
  const Ran ran = bellhop({"send", "booking.confirmed"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, MatchesRegex("202 accepted  id [0-9a-f]+  seq 1  [0-9.]+ ms\n"));
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0].type, "booking.confirmed");
  EXPECT_EQ(events()[0].source_name, "appointlet");
}

TEST_F(Send, both_dialects_arrive_as_the_type_named) {
  EXPECT_EQ(bellhop({"send", "booking.canceled", "--dialect", "v5"}).code, exit_ok);
  EXPECT_EQ(bellhop({"send", "attendee.scheduled", "--dialect=v5"}).code, exit_ok);
  EXPECT_EQ(bellhop({"send", "meeting_type.updated"}).code, exit_ok);
  EXPECT_EQ(bellhop({"send", "ping"}).code, exit_ok);

  std::vector<std::string> types;
  for (const EventRow &row : events()) types.push_back(row.type);
  EXPECT_THAT(types, testing::ElementsAre("ping", "meeting_type.updated", "attendee.scheduled", "booking.canceled"));
}

TEST_F(Send, many_are_many_bookings_and_are_summed_up) {
  const Ran ran = bellhop({"send", "booking.confirmed", "--count", "5", "--rate", "1000"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 5);
  EXPECT_EQ(events().size(), 5U);
  EXPECT_THAT(ran.err, HasSubstr("5 sent in "));
  EXPECT_THAT(ran.err, HasSubstr("5 accepted, 0 duplicates"));
}

TEST_F(Send, a_rate_is_kept) {
  const auto begin = std::chrono::steady_clock::now();

  const Ran ran = bellhop({"send", "ping", "--count", "3", "--rate", "20"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(100));
}

TEST_F(Send, members_can_be_set) {
  const Ran ran =
      bellhop({"send", "booking.confirmed", "--set", "/object/id=SAME", "--set", "/object/duration=7", "--count", "2"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  for (const EventRow &row : events()) EXPECT_EQ(row.subject, "booking/SAME");
  EXPECT_EQ(events().size(), 2U);
}

TEST_F(Send, a_set_that_leads_nowhere_sends_nothing) {
  const Ran ran = bellhop({"send", "booking.confirmed", "--set", "/objet/id=7"});

  EXPECT_EQ(ran.code, exit_usage);
  EXPECT_THAT(ran.err, HasSubstr("there is no /objet in the body"));
  EXPECT_EQ(events().size(), 0U);
}

TEST_F(Send, a_dry_run_prints_the_body_and_sends_nothing) {
  const Ran ran = program.run({"send", "booking.confirmed", "--dialect", "v5", "--dry-run"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  rapidjson::Document document;
  EXPECT_FALSE(document.Parse(ran.out.c_str()).HasParseError());
  EXPECT_STREQ(document["action"].GetString(), "Meeting.scheduled");
}

TEST_F(Send, json_is_one_line_an_answer) {
  const Ran ran = bellhop({"send", "booking.confirmed", "--count", "2", "--json"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  std::istringstream lines(ran.out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    rapidjson::Document document;
    ASSERT_FALSE(document.Parse(line.c_str()).HasParseError()) << line;
    EXPECT_EQ(document["status"].GetInt(), 202);
    EXPECT_STREQ(document["answer"]["status"].GetString(), "accepted");
    EXPECT_GT(document["took_ms"].GetDouble(), 0);
  }
  EXPECT_EQ(count, 2);
}

TEST_F(Send, a_file_is_sent_byte_for_byte_and_twice_is_a_duplicate) {
  const std::string body =
      "{ \"test\" : true, \"type\":\"booking\",\"action\":\"confirmed\",\"object\":{\"id\":\"1\"} }\n";
  write_text(scratch.path / "body.json", body);

  const Ran ran = bellhop({"send", "body.json", "--count", "2"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, MatchesRegex("202 accepted [^\n]*\n202 duplicate  id [0-9a-f]+  seq 1 [^\n]*\n"));
  EXPECT_EQ(desk().journal.event("1")->body, body);
}

TEST_F(Send, standard_input_is_a_file_too) {
  RunOptions options;
  options.input = "[7]";

  const Ran ran = bellhop({"send", "-"}, options);

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("202 quarantined"));
}

TEST_F(Send, a_file_that_is_not_json_is_named_with_line_and_column) {
  write_text(scratch.path / "bad.json", "{\n  \"a\": 1,\n  \"b\": x\n}");

  const Ran ran = bellhop({"send", "bad.json"});

  EXPECT_EQ(ran.code, exit_data);
  EXPECT_THAT(ran.err, HasSubstr("bad.json:3:8: this is not JSON: "));
  EXPECT_THAT(ran.err, HasSubstr("--as-is"));
  EXPECT_EQ(events().size(), 0U);
}

TEST_F(Send, as_is_sends_what_the_daemon_then_refuses) {
  write_text(scratch.path / "bad.json", "{\n  \"a\": x\n}");

  const Ran ran = bellhop({"send", "bad.json", "--as-is"});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.out, HasSubstr("400 refused"));
}

TEST_F(Send, a_pasted_sample_names_its_no_break_spaces_and_can_be_repaired) {
  write_text(scratch.path / "pasted.json", "{\n" + nbsp + nbsp + "\"type\":\"booking\",\n" + nbsp +
                                               "\"action\":\"confirmed\",\"object\":{\"id\":\"a" + nbsp + "b\"}\n}");

  const Ran refused = bellhop({"send", "pasted.json"});
  const Ran repaired = bellhop({"send", "pasted.json", "--repair"});

  EXPECT_EQ(refused.code, exit_data);
  EXPECT_THAT(refused.err, HasSubstr("pasted.json:2:1: a no-break space (U+00A0) stands where JSON allows only plain"));
  EXPECT_THAT(refused.err, HasSubstr("at 2 more places"));
  EXPECT_THAT(refused.err, HasSubstr("--repair"));
  EXPECT_EQ(repaired.code, exit_ok) << repaired.err;
  EXPECT_THAT(repaired.err, HasSubstr("repaired 3 no-break spaces"));
  EXPECT_THAT(desk().journal.event("1")->body, HasSubstr("a" + nbsp + "b"));
  EXPECT_THAT(read_text(scratch.path / "pasted.json"), HasSubstr("{\n" + nbsp));
}

TEST_F(Send, what_is_neither_type_nor_file_gets_the_nearest_type) {
  const Ran ran = bellhop({"send", "booking.confirmd"});

  EXPECT_EQ(ran.code, exit_no_input);
  EXPECT_THAT(ran.err, HasSubstr("neither a type nor a file that can be read; did you mean booking.confirmed?"));
  EXPECT_THAT(bellhop({"send", "."}).err, HasSubstr(". is a directory"));
}

TEST_F(Send, a_type_that_the_dialect_lacks_says_what_it_has) {
  const Ran ran = bellhop({"send", "attendee.scheduled"});

  EXPECT_EQ(ran.code, exit_usage);
  EXPECT_THAT(ran.err, HasSubstr("the dialect legacy has no attendee.scheduled"));
  EXPECT_EQ(bellhop({"send", "ping", "--dialect", "v6"}).code, exit_usage);
}

TEST_F(Send, a_wrong_token_is_refused_with_the_way_to_the_right_one) {
  desk();
  const std::string wrong = daemon->url.substr(0, daemon->url.size() - 1) + "x";

  const Ran ran = program.run({"send", "ping", "--url", wrong});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.out, HasSubstr("404 refused"));
  EXPECT_THAT(ran.out, HasSubstr("`bellhop status` prints the whole URL"));
  EXPECT_THAT(ran.out, Not(HasSubstr("0123456789abcde")));
}

TEST_F(Send, another_source_is_chosen_by_name) {
  EXPECT_EQ(bellhop({"send", "ping", "--source", "other"}).code, exit_ok);
  EXPECT_EQ(events()[0].source_name, "other");

  const Ran ran = bellhop({"send", "ping", "--source", "othr"});
  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.err, HasSubstr("no source \"othr\"; it has appointlet, other"));
}

TEST_F(Send, a_daemon_without_sources_says_so) {
  desk().control.daemon_.webhook_urls.clear();

  const Ran ran = bellhop({"send", "ping"});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.err, HasSubstr("add [source.NAME] to its config"));
}

TEST_F(Send, a_full_disk_is_worth_another_try) {
  desk().journal.fail_appends({Kind::full, "append: the disk is full"}, 1);

  const Ran ran = bellhop({"send", "ping", "--count", "2"});

  EXPECT_EQ(ran.code, exit_later);
  EXPECT_THAT(ran.out, MatchesRegex("503 refused [^\n]*try again after [^\n]*\n202 accepted [^\n]*\n"));
  EXPECT_THAT(ran.err, HasSubstr("1 accepted, 0 duplicates, 0 quarantined, 1 refused"));
}

TEST_F(Send, a_port_where_nobody_listens_is_named) {
  Poco::Net::ServerSocket closed(Poco::Net::SocketAddress("127.0.0.1", 0));
  const std::string port = std::to_string(closed.address().port());
  closed.close();

  const Ran ran = program.run({"send", "ping", "--url", "http://127.0.0.1:" + port + "/hooks/a/b"});

  EXPECT_EQ(ran.code, exit_unavailable);
  EXPECT_THAT(ran.err, HasSubstr("127.0.0.1:" + port + ": connection refused (after 0 answers)"));
}

TEST_F(Send, urls_that_cannot_be_used_are_named) {
  EXPECT_THAT(program.run({"send", "ping", "--url", "https://example.com/hooks/a/b"}).err,
              HasSubstr("sends over http only"));
  EXPECT_THAT(program.run({"send", "ping", "--url", "127.0.0.1:8780/hooks"}).err, HasSubstr("http://HOST"));
  EXPECT_EQ(program.run({"send", "ping", "--url", "ftp://x/"}).code, exit_usage);
  EXPECT_EQ(program.run({"send", "ping", "--url", "http://[::1/"}).code, exit_usage);
}

TEST_F(Send, without_a_daemon_it_says_how_to_start_one) {
  const Ran ran = program.run({"send", "ping"});

  EXPECT_EQ(ran.code, exit_unavailable);
  EXPECT_THAT(ran.err, HasSubstr("bellhopd --state-dir"));
}

}  // namespace
}  // namespace bellhop::core
