// SPDX-License-Identifier: Apache-2.0
// What a config file says becomes what the structs hold; what it says wrongly becomes one sentence each, with its
// place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/fixture.hpp"

namespace bellhop::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Load = ConfigTest;

constexpr char minimal[] = R"([source.appointlet]
tokens = ["env:TOKEN_A"]
[instance.log]
plugin = "sqlite"
)";

TEST_F(Load, reads_every_shape_of_value) {
  const Loaded loaded = parse(R"(state_dir = "/tmp/x"
stop_max = "1m"
[http]
listen = "[::1]:0"
body_bytes_max = "64KiB"
connections_max = 1000
trusted_proxies = ["10.0.0.0/8", "fd00::1"]
header_deadline = "1500ms"
[log]
level = "debug"
[source.appointlet]
tokens = ["env:TOKEN_A", "env:TOKEN_B"]
[instance.crm]
plugin = "slack"
events = ["booking.*", "!booking.tagged"]
enabled = false
[instance.crm.retry]
age_max = "2h"
)");

  EXPECT_EQ(errors(loaded), "");
  EXPECT_EQ(loaded.config.state_dir, "/tmp/x");
  EXPECT_EQ(loaded.config.stop_ms_max, 60'000);
  EXPECT_EQ(loaded.config.http.listen, "[::1]:0");
  EXPECT_EQ(loaded.config.http.body_bytes_max, 65'536);
  EXPECT_EQ(loaded.config.http.connections_max, 1'000);
  EXPECT_EQ(loaded.config.http.trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "fd00::1"}));
  EXPECT_EQ(loaded.config.http.header_deadline_ms, 1'500);
  EXPECT_EQ(loaded.config.log.level, Level::debug);
  ASSERT_EQ(loaded.config.sources.size(), 1u);
  EXPECT_EQ(loaded.config.sources[0].tokens, (std::vector<std::string>{"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"}));
  ASSERT_EQ(loaded.config.instances.size(), 1u);
  EXPECT_EQ(loaded.config.instances[0].library, dir_ + "/lib/bellhop/plugins/slack.so");
  EXPECT_FALSE(loaded.config.instances[0].is_enabled);
  EXPECT_EQ(loaded.config.instances[0].retry.age_ms_max, 7'200'000);
}

TEST_F(Load, leaves_what_is_not_said_at_its_default) {
  const Loaded loaded = parse(minimal);

  EXPECT_EQ(errors(loaded), "");
  EXPECT_EQ(warnings(loaded), "");
  EXPECT_EQ(loaded.config.http.body_bytes_max, HttpConfig{}.body_bytes_max);
  EXPECT_EQ(loaded.config.instances[0].retry.attempts_max, RetryConfig{}.attempts_max);
  EXPECT_EQ(loaded.config.plugin_dirs, std::vector<std::string>{dir_ + "/lib/bellhop/plugins"});
}

TEST_F(Load, reports_all_errors_at_once_in_the_order_of_the_file) {
  const std::string found = errors_of(R"(stat_dir = "/x"
[http]
threads_max = "many"
[source.appointlet]
tokens = []
[instance.log]
plugin = "sqlit"
)");

  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 3) << found;
  EXPECT_THAT(found, AllOf(StartsWith("bellhop.toml:1:1: "), HasSubstr("\nbellhop.toml:3:15: "),
                           HasSubstr("\nbellhop.toml:5:1: "), HasSubstr("\nbellhop.toml:7:1: ")));
}

TEST_F(Load, names_the_nearest_key_and_all_that_are_allowed) {
  EXPECT_EQ(errors_of("[source.appointlet]\ntokens = [\"env:TOKEN_A\"]\ntokns = []\n"),
            "bellhop.toml:3:1: unknown key \"tokns\" in [source.appointlet]; did you mean \"tokens\"? "
            "Allowed: kind, tokens");
}

TEST_F(Load, finds_unknown_keys_at_every_level) {
  EXPECT_THAT(errors_of("[htp]\n"), HasSubstr("1:2: unknown table \"htp\" at the top level; did you mean \"http\"?"));
  EXPECT_THAT(errors_of("[http]\nx = 1\n"), HasSubstr("2:1: unknown key \"x\" in [http]; allowed: listen, "));
  EXPECT_THAT(errors_of(std::string(minimal) + "[instance.log.retri]\n"),
              HasSubstr("5:15: unknown table \"retri\" in [instance.log]; did you mean \"retry\"?"));
  EXPECT_THAT(errors_of(std::string(minimal) + "[instance.log.retry]\nbackof_min = \"1s\"\n"),
              HasSubstr("6:1: unknown key \"backof_min\" in [instance.log.retry]; did you mean \"backoff_min\"?"));
}

TEST_F(Load, tells_where_a_misplaced_key_belongs) {
  EXPECT_THAT(errors_of("listen = \"127.0.0.1:1\"\n"),
              HasSubstr("1:1: unknown key \"listen\" at the top level; it belongs in [http]"));
}

TEST_F(Load, refuses_a_value_of_the_wrong_type_and_says_what_it_found) {
  EXPECT_THAT(errors_of("[http]\nthreads_max = \"8\"\n"),
              HasSubstr("2:15: threads_max in [http] wants a whole number, found text"));
  EXPECT_THAT(errors_of("state_dir = 5\n"), HasSubstr("1:13: state_dir at the top level wants text, found a whole"));
  EXPECT_THAT(errors_of("plugin_dirs = \"/x\"\n"), HasSubstr("wants a list of text, e.g. [\"…\"], found text"));
  EXPECT_THAT(errors_of("plugin_dirs = [\"/x\", 3]\n"), HasSubstr("1:22: plugin_dirs at the top level wants text in"));
  EXPECT_THAT(errors_of(std::string(minimal) + "enabled = \"yes\"\n"),
              HasSubstr("5:11: enabled in [instance.log] wants true or false, found text"));
  EXPECT_THAT(errors_of("http = 1\n"), HasSubstr("1:1: \"http\" must be a table, [http], found a whole number"));
  EXPECT_THAT(errors_of("source = 1\n"), HasSubstr("must be a table, [source.NAME]"));
  EXPECT_THAT(errors_of("instance = [1]\n"), HasSubstr("must be a table, [instance.NAME], found a list"));
  EXPECT_THAT(errors_of("[source]\ntokens = [\"x\"]\n"),
              HasSubstr("2:1: \"tokens\" must be a table, [source.NAME]; the keys of a source stand under its name"));
  EXPECT_THAT(errors_of("[instance]\nplugin = \"x\"\n"), HasSubstr("the keys of an instance stand under its name"));
}

TEST_F(Load, wants_units_on_durations_and_sizes) {
  EXPECT_THAT(errors_of("stop_max = 25\n"),
              HasSubstr("1:12: stop_max at the top level wants text with a unit, e.g. \"30s\", found a whole number"));
  EXPECT_THAT(errors_of("[http]\nbody_bytes_max = 1048576\n"), HasSubstr("wants text with a unit, e.g. \"1MiB\""));
  EXPECT_THAT(errors_of("stop_max = \"25\"\n"), HasSubstr("stop_max at the top level: \"25\" is not a duration"));
  EXPECT_THAT(errors_of("[http]\nbody_bytes_max = \"1mb\"\n"), HasSubstr(": \"1mb\" is not a size"));
}

TEST_F(Load, refuses_what_is_out_of_range_and_names_the_range) {
  EXPECT_THAT(errors_of("[http]\nthreads_max = 0\n"), HasSubstr("threads_max in [http] is 0; allowed is 1 to 1024"));
  EXPECT_THAT(errors_of("stop_max = \"1h\"\n"), HasSubstr("stop_max at the top level is 1h; allowed is 1s to 10m"));
  EXPECT_THAT(errors_of("[http]\nbody_bytes_max = \"2GiB\"\n"), HasSubstr("is 2GiB; allowed is 1KiB to 1GiB"));
}

TEST_F(Load, refuses_a_word_that_is_not_among_the_allowed_ones) {
  EXPECT_THAT(
      errors_of("[journal]\ndurability = \"strikt\"\n"),
      HasSubstr("2:14: durability in [journal] cannot be \"strikt\"; did you mean \"strict\"? Allowed: \"strict\" "
                "or \"relaxed\""));
  EXPECT_THAT(errors_of("[log]\nlevel = \"loud\"\n"),
              HasSubstr("cannot be \"loud\"; allowed: \"debug\", \"info\", \"warn\" or \"error\""));
}

TEST_F(Load, refuses_a_source_without_tokens) {
  EXPECT_THAT(errors_of("[source.appointlet]\n"),
              HasSubstr("1:9: [source.appointlet] has no tokens, so anybody could post to it"));
  EXPECT_THAT(errors_of("[source.appointlet]\ntokens = []\n"),
              HasSubstr("2:1: tokens in [source.appointlet] is empty"));
}

TEST_F(Load, refuses_tokens_that_are_short_long_or_no_part_of_a_url_and_shows_none_of_them) {
  const std::string found =
      errors_of("[source.a]\ntokens = [\"tooshort\", \"" + std::string(257, 'x') + "\", \"with/slash/with/slash\"]\n");

  EXPECT_THAT(found, HasSubstr("2:11: token number 1 of [source.a] has 8 characters; at least 16 are needed"));
  EXPECT_THAT(found, HasSubstr("token number 2 of [source.a] has 257 characters; at most 256 are allowed"));
  EXPECT_THAT(found, HasSubstr("token number 3 of [source.a] has a character that a URL would need to escape"));
  EXPECT_THAT(found, AllOf(Not(HasSubstr("tooshort")), Not(HasSubstr("xxxx")), Not(HasSubstr("with/slash"))));
}

TEST_F(Load, refuses_one_token_in_two_places) {
  const std::string found =
      errors_of("[source.a]\ntokens = [\"env:TOKEN_A\"]\n[source.b]\ntokens = [\"env:TOKEN_B\", \"env:TOKEN_A\"]\n");

  EXPECT_EQ(found,
            "bellhop.toml:4:26: token number 2 of [source.b] is also a token of [source.a]; every token must be "
            "used once");
}

TEST_F(Load, refuses_a_source_that_stands_there_twice) {
  const Loaded loaded = parse(std::string(minimal) + "[source.appointlet]\ntokens = [\"env:TOKEN_B\"]\n");

  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_EQ(loaded.errors[0].at.line, 5);
  EXPECT_THAT(loaded.errors[0].sentence, StartsWith("not TOML: "));
}

TEST_F(Load, reports_a_secret_that_is_not_there_at_its_place) {
  EXPECT_THAT(errors_of("[source.a]\ntokens = [\"env:NOBODY\"]\n"),
              HasSubstr("2:11: token number 1 of [source.a]: the environment variable NOBODY is not set"));
}

TEST_F(Load, refuses_names_that_do_not_fit_a_url) {
  EXPECT_THAT(errors_of("[source.Appoint_Let]\ntokens = [\"env:TOKEN_A\"]\n"),
              HasSubstr("1:9: the source name \"Appoint_Let\" must be 1 to 64 lower-case letters, digits or hyphens"));
  EXPECT_THAT(errors_of("[instance.\"a b\"]\nplugin = \"sqlite\"\n"), HasSubstr("the instance name \"a b\" must be"));
}

TEST_F(Load, refuses_an_unknown_plugin_and_says_what_is_there) {
  EXPECT_EQ(errors_of("[source.a]\ntokens = [\"env:TOKEN_A\"]\n[instance.log]\nplugin = \"sqlit\"\n"),
            "bellhop.toml:4:1: plugin in [instance.log]: no plugin \"sqlit\": looked for sqlit.so in " + dir_ +
                "/lib/bellhop/plugins; did you mean \"sqlite\"? there are: slack, sqlite");
}

TEST_F(Load, refuses_an_instance_without_a_plugin) {
  EXPECT_THAT(errors_of("[instance.log]\n"), HasSubstr("1:11: [instance.log] names no plugin"));
  EXPECT_THAT(errors_of("[instance.log]\nplugin = \"\"\n"), HasSubstr("2:1: plugin in [instance.log] is empty"));
}

TEST_F(Load, reports_what_is_not_toml_with_its_place) {
  const Loaded loaded = parse("[http]\nlisten = \n");

  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_THAT(loaded.errors[0].text(), StartsWith("bellhop.toml:2:"));
  EXPECT_THAT(loaded.errors[0].sentence, StartsWith("not TOML: "));
}

TEST_F(Load, reports_a_file_that_cannot_be_read) {
  EXPECT_EQ(errors(load_config(dir_ + "/none.toml", surroundings_)),
            dir_ + "/none.toml: the config cannot be read: No such file or directory");
  EXPECT_EQ(errors(load_config(dir_, surroundings_)), dir_ + ": is a directory, not a config file");
}

TEST_F(Load, names_the_file_in_every_position) {
  const std::string file = write("b.toml", "stat_dir = 1\n");

  EXPECT_THAT(errors(load_config(file, surroundings_)), StartsWith(file + ":1:1: "));
}

TEST_F(Load, warns_of_a_token_that_every_user_may_read) {
  const std::string file = write(
      "b.toml", "[source.a]\ntokens = [\"env:TOKEN_A\", \"cccccccccccccccc\"]\n[instance.log]\nplugin = \"sqlite\"\n");
  chmod(file.c_str(), 0644);

  const Loaded open_to_all = load_config(file, surroundings_);
  chmod(file.c_str(), 0640);
  const Loaded closed = load_config(file, surroundings_);

  EXPECT_EQ(errors(open_to_all), "");
  EXPECT_THAT(warnings(open_to_all), AllOf(StartsWith(file + ":2:26: "), Not(HasSubstr("cccccccccccccccc"))));
  EXPECT_EQ(warnings(closed), "");
}

TEST_F(Load, finds_the_place_of_a_key_or_of_what_is_around_it) {
  const Loaded loaded = parse("[http]\nlisten = \"127.0.0.1:0\"\n" + std::string(minimal));

  EXPECT_EQ(loaded.config.place("http.listen").text(), "bellhop.toml:2:1");
  EXPECT_EQ(loaded.config.place("http.threads_max").text(), "bellhop.toml:1:2");
  EXPECT_EQ(loaded.config.place("source.appointlet.kind").text(), "bellhop.toml:3:9");
  EXPECT_EQ(loaded.config.place("log.level").text(), "bellhop.toml");
}

}  // namespace
}  // namespace bellhop::core
