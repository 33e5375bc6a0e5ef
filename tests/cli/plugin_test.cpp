// SPDX-License-Identifier: Apache-2.0
// `bellhop plugin` and `bellhop replay --dry-run`: the tools of those who write plugins, with the real child host.
#include <gmock/gmock.h>
#include <poll.h>
#include <rapidjson/document.h>
#include <signal.h>

#include "cli/cli.hpp"
#include "cli/exit_code.hpp"
#include "cli/trial_desk.hpp"
#include "fixture.hpp"
#include "host/containment.hpp"
#include "support/wayward_server.hpp"

namespace bellhop::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace fs = std::filesystem;

const std::string plugins = BELLHOP_BINARY_DIR "/tests/plugins/";
const std::string hello = plugins + "example_hello_cpp.so", slack = plugins + "example_slack_cpp.so",
                  serving = plugins + "host_serving.so";
const std::string slack_url = "https://hooks.example.org/services/T1/s3cr3t-token-0123456789";

class Plugin : public Cli {
 protected:
  Ran plugin(std::vector<std::string> words, const RunOptions &options = {}) {
    words.insert(words.begin(), "plugin");
    return program.run(words, options);
  }
  // An event for host_serving, whose steps it does.
  std::string event_with(const std::string &steps, const std::string &verdict = "ok") {
    const fs::path file = scratch.path / "event.json";
    write_text(file, R"({"specversion":"1.0","id":"0123456789abcdef0123456789abcdef","type":"booking.confirmed",)"
                     R"("subject":"booking/1","time":"2026-01-01T00:00:00Z","steps":[)" +
                         steps + R"(],"verdict":")" + verdict + "\"}");
    return file;
  }
};

// ---- try ------------------------------------------------------------------------------------------------------------

TEST_F(Plugin, try_shows_the_log_and_the_verdict) {
  const Ran ran = plugin({"try", hello, "booking.confirmed"});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("hello 1.0.0 <- booking.confirmed booking/"), HasSubstr("(dry run)"),
                             HasSubstr("info  hello webhooks+sample@appointlet.com"), HasSubstr("verdict     ok")));
}

TEST_F(Plugin, try_shows_requests_that_were_not_sent_and_hides_secrets) {
  const Ran ran = plugin({"try", slack, "booking.confirmed", "--set", "webhook_url=" + slack_url});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("POST https://hooks.example.org/"), HasSubstr("-> 200, made up: nothing was sent"),
                    HasSubstr(R"({"text":"webhooks+sample@appointlet.com booked )"),
                    HasSubstr("no request left this machine"), HasSubstr("Answers were made up")));
  EXPECT_THAT(ran.out, Not(HasSubstr("s3cr3t-token")));
}

TEST_F(Plugin, try_gives_the_answers_of_a_file_and_its_verdict_decides_the_exit_code) {
  write_text(scratch.path / "answers.json",
             R"([{"url":"https://hooks.example.org/*","status":429,"headers":[["Retry-After","30"]]},)"
             R"({"url":"https://hooks.example.org/*","failure":"timeout"}])");

  const Ran ran = plugin({"try", slack, "booking.confirmed", "--set", "webhook_url=" + slack_url, "--answers",
                          "answers.json", "--times", "2"});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("(after 30000 ms)"), HasSubstr("timeout"), HasSubstr("verdict     retry")));
}

TEST_F(Plugin, try_denies_what_the_instance_may_not_reach) {
  const std::string event = event_with(R"(["post","https://elsewhere.example.org/","x"])");

  const Ran denied = plugin({"try", serving, event});
  const Ran allowed = plugin({"try", serving, event, "--allow", "elsewhere.example.org"});

  EXPECT_THAT(denied.out, HasSubstr("-> denied"));
  EXPECT_THAT(allowed.out, HasSubstr("-> 200, made up"));
}

TEST_F(Plugin, try_tells_writes_in_their_order_and_keeps_kv_where_it_is_told_to) {
  const std::string event = event_with(R"(["put","a","1"],["now","b","2"],["publish","x.ics","BEGIN"])");

  const Ran first = plugin({"try", serving, event, "--kv", "kv.json"});
  const Ran second = plugin({"try", serving, event_with(R"(["get","a"],["get","b"])"), "--kv", "kv.json"});

  EXPECT_THAT(first.out, AllOf(HasSubstr("put b = 2 (at once)"), HasSubstr("put a = 1 (with the verdict)"),
                               HasSubstr("put x.ics, text/plain, 5 bytes (with the verdict)")));
  EXPECT_LT(first.out.find("put b"), first.out.find("put a"));
  EXPECT_THAT(second.out, HasSubstr("ok: =1 =2")) << second.err;
}

TEST_F(Plugin, a_discarded_write_is_not_told_as_done) {
  const Ran ran = plugin({"try", serving, event_with(R"(["put","a","1"])", "retry")});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.out, Not(HasSubstr("put a")));
}

TEST_F(Plugin, try_as_json_is_one_object) {
  const Ran ran = plugin({"try", slack, "booking.confirmed", "--set", "webhook_url=" + slack_url, "--json"});

  rapidjson::Document document;
  document.Parse(ran.out.c_str());
  ASSERT_TRUE(document.IsObject()) << ran.out << ran.err;
  EXPECT_TRUE(document["ok"].GetBool());
  EXPECT_TRUE(document["dry_run"].GetBool());
  EXPECT_STREQ(document["settings"]["webhook_url"].GetString(), "(secret)");
  EXPECT_STREQ(document["happened"][0]["what"].GetString(), "http");
  EXPECT_TRUE(document["happened"][0]["made_up"].GetBool());
  EXPECT_STREQ(document["verdicts"][0]["verdict"].GetString(), "ok");
}

TEST_F(Plugin, try_says_what_is_wrong_with_settings_events_and_libraries) {
  EXPECT_THAT(plugin({"try", slack, "booking.confirmed"}).err, HasSubstr("webhook_url"));
  EXPECT_THAT(plugin({"try", slack, "booking.confirmed", "--set", "webhook_ur=x"}).err, HasSubstr("webhook_url"));
  EXPECT_THAT(plugin({"try", hello, "booking.confirmd"}).err, HasSubstr("did you mean booking.confirmed?"));
  EXPECT_THAT(plugin({"try", "/no/such.so", "ping"}).err, HasSubstr("/no/such.so: cannot open the plugin library"));
  EXPECT_EQ(plugin({"try", hello, "ping", "--http", "record"}).code, exit_usage);
}

// ---- try --http live, record

TEST_F(Plugin, try_live_sends_the_request_and_shows_what_came_back) {
  WaywardServer server;
  server.answer(503, {{"Retry-After", "2"}}, "busy");

  const Ran ran = plugin({"try", slack, "booking.confirmed", "--http", "live", "--set",
                          "webhook_url=" + server.url("/services/s3cr3t-token-0123456789")});

  ASSERT_EQ(server.requests().size(), 1u) << ran.out << ran.err;
  EXPECT_THAT(server.requests()[0].body, HasSubstr("webhooks+sample@appointlet.com"));
  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("-> 503"), HasSubstr("verdict     retry"), Not(HasSubstr("made up")),
                             Not(HasSubstr("(dry run)")), Not(HasSubstr("no request left this machine")),
                             Not(HasSubstr("s3cr3t"))));
}

TEST_F(Plugin, try_live_is_held_to_what_the_instance_may_reach) {
  WaywardServer server;

  const Ran ran = plugin({"try", serving, event_with(R"(["post",")" + server.url() + R"(","x"])"), "--http", "live"});

  EXPECT_THAT(ran.out, HasSubstr("-> denied"));
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST_F(Plugin, what_try_recorded_can_be_played_back_without_the_server) {
  const fs::path answers = scratch.path / "answers.json";
  const std::string body = "busy \"it\" \xc3\xa4";
  std::string url;
  {
    WaywardServer server;
    server.answer(429, {{"Retry-After", "30"}}, body);
    server.answer(200, {}, "ok");
    url = "webhook_url=" + server.url("/services/T1");
    const Ran recorded = plugin({"try", slack, "booking.confirmed", "--set", url, "--times", "2", "--http", "record",
                                 "--answers", answers.string()});
    ASSERT_EQ(server.requests().size(), 2u) << recorded.out << recorded.err;
  }

  const Ran played =
      plugin({"try", slack, "booking.confirmed", "--set", url, "--times", "2", "--answers", answers.string()});

  EXPECT_THAT(played.out, AllOf(HasSubstr("-> 429"), HasSubstr("(after 30000 ms)"), HasSubstr("-> 200")))
      << played.err << read_text(answers);
  const auto parsed = parse_answers(read_text(answers), "answers.json");
  ASSERT_TRUE(parsed.ok()) << read_text(answers);
  ASSERT_EQ(parsed->size(), 2u);
  EXPECT_EQ(parsed->at(0).reply.body, body);
}

TEST_F(Plugin, a_crash_is_a_sentence) {
  const Ran ran = plugin({"try", serving, event_with(R"(["die"])")});

  EXPECT_EQ(ran.code, exit_refused);
  EXPECT_THAT(ran.out, HasSubstr("died        killed by SIGKILL"));
}

TEST_F(Plugin, a_dry_run_cannot_write_files) {
  if (landlock_revision() == 0) GTEST_SKIP() << "this kernel has no Landlock: files are not held";
  const Ran ran = plugin({"try", BELLHOP_BINARY_DIR "/lib/bellhop/plugins/sqlite.so", "booking.confirmed", "--set",
                          "path=" + (scratch.path / "bookings.db").string()});

  EXPECT_EQ(ran.code, exit_refused) << ran.out;
  EXPECT_FALSE(fs::exists(scratch.path / "bookings.db")) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("no file could be written"));
}

// ---- try --watch
// ------------------------------------------------------------------------------------------------------

TEST_F(Plugin, watch_tries_again_when_the_library_is_replaced) {
  const fs::path library = scratch.path / "mine.so", out = scratch.path / "watched";
  fs::copy_file(hello, library);
  const std::string program_path = BELLHOP_BINARY_DIR "/bin/bellhop";
  const std::vector<const char *> words{program_path.c_str(), "plugin",  "try",  library.c_str(),
                                        "booking.confirmed",  "--watch", nullptr};
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(file, 1);
    ::dup2(file, 2);
    ::execv(words[0], const_cast<char *const *>(words.data()));
    ::_exit(126);
  }
  const auto wait_for = [&out](const std::string &text) {
    for (int turn = 0; turn < 2'000; ++turn) {
      if (read_text(out).find(text) != std::string::npos) return true;
      ::poll(nullptr, 0, 10);
    }
    return false;
  };

  EXPECT_TRUE(wait_for("watching")) << read_text(out);
  fs::copy_file(plugins + "example_hello_c.so", scratch.path / "next.so");
  fs::rename(scratch.path / "next.so", library);
  EXPECT_TRUE(wait_for("hello-c 1.0.0 <-")) << read_text(out);

  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

// ---- replay --dry-run
// --------------------------------------------------------------------------------------------------

TEST_F(Plugin, a_dry_replay_shows_what_the_instance_would_do_with_an_event_of_the_journal) {
  desk().add("booking.confirmed", "booking/1", "{\"a\":1}");
  write_text(scratch.path / "bellhop.toml", "state_dir = \"" + scratch.path.string() +
                                                "\"\n[source.appointlet]\ntokens = [\"0123456789abcdef\"]\n"
                                                "[instance.greeter]\nplugin = \"" +
                                                hello + "\"\n");

  const Ran ran = bellhop({"replay", "1", "--instance", "greeter", "--config", "bellhop.toml", "--dry-run"});
  const Ran nameless = bellhop({"replay", "1", "--dry-run"});

  EXPECT_EQ(nameless.code, exit_usage);
  EXPECT_THAT(nameless.err, HasSubstr("--instance NAME"));
  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("hello 1.0.0 <- booking.confirmed booking/1  (dry run)"),
                             HasSubstr("Nothing of this was done")));
  EXPECT_THAT(bellhop({"show", "1"}).out, Not(HasSubstr("replay")));
}

// ---- inspect
// ------------------------------------------------------------------------------------------------------------

TEST_F(Plugin, inspect_shows_the_manifest_and_a_block_that_can_be_pasted) {
  const Ran ran = plugin({"inspect", slack});

  EXPECT_EQ(ran.code, exit_ok) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("slack-notify 1.0.0: Tells a Slack channel"), HasSubstr("bellhop.http/1"),
                             HasSubstr("webhook_url"), HasSubstr("secret, allows its host"),
                             HasSubstr("[instance.slack-notify]\nplugin = \"" + slack + "\""),
                             HasSubstr("webhook_url = \"env:NAME\"   # required")));
}

TEST_F(Plugin, inspect_as_json_holds_the_schema) {
  const Ran ran = plugin({"inspect", slack, "--json"});

  rapidjson::Document document;
  document.Parse(ran.out.c_str());
  ASSERT_TRUE(document.IsObject()) << ran.out << ran.err;
  EXPECT_STREQ(document["plugins"][0]["id"].GetString(), "slack-notify");
  EXPECT_TRUE(document["plugins"][0]["settings_schema"]["properties"].HasMember("webhook_url"));
}

// ---- validate
// -----------------------------------------------------------------------------------------------------------

TEST_F(Plugin, validate_passes_what_is_sound) {
  const Ran cpp = plugin({"validate", hello}), with_http = plugin({"validate", slack}),
            c = plugin({"validate", plugins + "example_hello_c.so"});

  EXPECT_EQ(cpp.code, exit_ok) << cpp.out << cpp.err;
  EXPECT_EQ(with_http.code, exit_ok) << with_http.out << with_http.err;
  EXPECT_EQ(c.code, exit_ok) << c.out << c.err;
  EXPECT_THAT(with_http.out, AllOf(HasSubstr("one symbol"), HasSubstr("nobody answers"), HasSubstr(" 0 failed")));
}

TEST_F(Plugin, validate_names_the_check_that_fails) {
  const Ran symbols = plugin({"validate", plugins + "host_odd_newer_entry.so"});
  const Ran needs = plugin({"validate", plugins + "host_odd_needs.so"});
  const Ran text = plugin({"validate", BELLHOP_SOURCE_DIR "/README.md"});

  EXPECT_EQ(symbols.code, exit_refused);
  EXPECT_THAT(symbols.out, HasSubstr("FAIL  one symbol"));
  EXPECT_EQ(needs.code, exit_refused);
  EXPECT_THAT(needs.out, AllOf(HasSubstr("FAIL  needs"), HasSubstr("bellhop.teleport/7, this host")));
  EXPECT_EQ(text.code, exit_refused);
  EXPECT_THAT(text.out, HasSubstr("it is no ELF file"));
}

TEST_F(Plugin, validate_as_json_is_for_machines) {
  const Ran ran = plugin({"validate", plugins + "host_odd_needs.so", "--json"});

  rapidjson::Document document;
  document.Parse(ran.out.c_str());
  ASSERT_TRUE(document.IsObject()) << ran.out;
  EXPECT_FALSE(document["ok"].GetBool());
  EXPECT_STREQ(document["checks"][0]["check"].GetString(), "file");
  EXPECT_STREQ(document["checks"][0]["result"].GetString(), "pass");
}

TEST_F(Plugin, trials_leave_nothing_behind) {
  const fs::path temporary = scratch.path / "temporary";
  fs::create_directory(temporary);
  RunOptions options;
  options.environment["TMPDIR"] = temporary;

  EXPECT_EQ(plugin({"try", hello, "booking.confirmed"}, options).code, exit_ok);
  EXPECT_EQ(plugin({"validate", hello}, options).code, exit_ok);
  EXPECT_TRUE(fs::is_empty(temporary));

  options.environment["TMPDIR"] = scratch.path / "absent";
  const Ran tried = plugin({"try", hello, "booking.confirmed"}, options),
            validated = plugin({"validate", hello}, options);
  EXPECT_THAT(tried.err, HasSubstr("cannot make a temporary directory"));
  EXPECT_THAT(validated.out, HasSubstr("cannot make a temporary directory"));
  EXPECT_FALSE(fs::exists(scratch.path / "instances")) << "made where the command was run";
}

// ---- new
// ----------------------------------------------------------------------------------------------------------------

TEST_F(Plugin, new_makes_a_project_and_writes_over_nothing) {
  const Ran made = plugin({"new", "my-crm"}), again = plugin({"new", "my-crm"});

  EXPECT_EQ(made.code, exit_ok) << made.err;
  EXPECT_THAT(read_text(scratch.path / "my-crm/my-crm.cpp"),
              AllOf(HasSubstr("struct MyCrm :"), Not(HasSubstr("@")), Not(HasSubstr("SPDX"))));
  EXPECT_TRUE(fs::exists(scratch.path / "my-crm/my-crm_test.cpp"));
  EXPECT_THAT(read_text(scratch.path / "my-crm/CMakeLists.txt"), HasSubstr("bellhop_add_plugin(my-crm"));
  EXPECT_EQ(again.code, exit_refused);
  EXPECT_EQ(plugin({"new", "My_CRM"}).code, exit_usage);
}

// ---- answers
// ------------------------------------------------------------------------------------------------------------

TEST(Answers, are_read_as_they_were_written) {
  HttpReply reply;
  reply.status = 201;
  reply.headers = {{"Location", "/1"}};
  reply.body = "{\"id\":1}";
  HttpReply failed;
  failed.failure = HttpFailure::tls;

  const auto read = parse_answers(answers_json({{"POST", "https://a.example/", reply}, {"*", "*", failed}}), "a.json");

  ASSERT_TRUE(read.ok()) << read.error().sentence;
  EXPECT_EQ(read->at(0).reply.status, 201);
  EXPECT_EQ(read->at(0).reply.headers, reply.headers);
  EXPECT_EQ(read->at(0).reply.body, reply.body);
  EXPECT_EQ(read->at(1).reply.failure, HttpFailure::tls);
}

TEST(Answers, what_is_wrong_is_named) {
  EXPECT_THAT(parse_answers("{}", "a.json").error().sentence, HasSubstr("a.json:1:1: the answers are no JSON array"));
  EXPECT_THAT(parse_answers(R"([{"status":200}])", "a.json").error().sentence, HasSubstr("number 1 has no url"));
  EXPECT_THAT(parse_answers(R"([{"url":"*"}])", "a.json").error().sentence, HasSubstr("neither a status"));
  EXPECT_THAT(parse_answers(R"([{"url":"*","failure":"rain"}])", "a.json").error().sentence, HasSubstr("\"rain\""));
}

}  // namespace
}  // namespace bellhop::core
