// SPDX-License-Identifier: Apache-2.0
// Settings that contradict each other, and values whose shape is right and whose meaning is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/fixture.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

class Checks : public ConfigTest {
 protected:
  std::string errors_with(const std::string &text) const { return errors_of(text + rest); }
  static constexpr char rest[] = "\n[source.a]\ntokens = [\"env:TOKEN_A\"]\n[instance.log]\nplugin = \"sqlite\"\n";
};

TEST_F(Checks, refuse_relative_directories) {
  EXPECT_THAT(errors_with("state_dir = \"here\""),
              HasSubstr("1:1: state_dir must be an absolute path, found \"here\""));
  EXPECT_THAT(errors_with("plugin_dirs = [\"here\"]"), HasSubstr("1:16: plugin_dirs must hold absolute paths"));
}

TEST_F(Checks, refuse_a_listen_address_that_means_nothing) {
  for (const char *bad : {"8780", "localhost", ":80", "127.0.0.1:65536", "127.0.0.1:x", "::1:80", "[1.2.3.4]:80",
                          "unix:", "unix:relative", "127.0.0.1:-1", ""}) {
    EXPECT_THAT(errors_with("[http]\nlisten = \"" + std::string(bad) + "\""),
                HasSubstr("2:1: listen in [http] cannot be \"" + std::string(bad) + "\"; write \"host:port\""));
  }
  for (const char *good : {"127.0.0.1:0", "localhost:8780", "[::1]:8780", "unix:/run/x.sock"}) {
    EXPECT_EQ(errors_with("[http]\nlisten = \"" + std::string(good) + "\""), "");
  }
}

TEST_F(Checks, warn_of_plain_http_beyond_this_machine) {
  EXPECT_THAT(warnings(parse(std::string("[http]\nlisten = \"0.0.0.0:80\"") + rest)),
              HasSubstr("2:1: the webhook listener on 0.0.0.0:80 speaks plain HTTP beyond this machine"));
  EXPECT_EQ(warnings(parse(std::string("[http]\nlisten = \"127.0.0.1:80\"") + rest)), "");
}

TEST_F(Checks, take_no_metrics_address_for_none_and_warn_of_one_that_others_reach) {
  EXPECT_EQ(errors_with("[metrics]\nlisten = \"\""), "");
  EXPECT_EQ(errors_with("[metrics]\nlisten = \"127.0.0.1:9464\""), "");
  EXPECT_THAT(errors_with("[metrics]\nlisten = \"9464\""),
              HasSubstr("2:1: listen in [metrics] cannot be \"9464\"; write \"host:port\""));
  EXPECT_THAT(warnings(parse(std::string("[metrics]\nlisten = \"0.0.0.0:9464\"") + rest)),
              HasSubstr("2:1: listen in [metrics] is \"0.0.0.0:9464\": whoever reaches that address"));
}

TEST_F(Checks, cut_the_slash_that_ends_a_public_url_and_refuse_another_scheme) {
  EXPECT_EQ(parse(std::string("[http]\npublic_url = \"https://a.example/\"") + rest).config.http.public_url,
            "https://a.example");
  EXPECT_THAT(errors_with("[http]\npublic_url = \"a.example\""),
              HasSubstr("2:1: public_url in [http] must begin with"));
}

TEST_F(Checks, refuse_a_proxy_that_is_no_address) {
  for (const char *bad : {"proxy.example", "10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0/8"}) {
    EXPECT_THAT(errors_with("[http]\ntrusted_proxies = [\"" + std::string(bad) + "\"]"),
                HasSubstr("2:20: trusted_proxies in [http] wants addresses or blocks"));
  }
}

TEST_F(Checks, refuse_a_body_budget_below_one_body) {
  EXPECT_THAT(errors_with("[http]\nbody_bytes_max = \"2MiB\"\nbodies_bytes_max = \"1MiB\""),
              HasSubstr("3:1: bodies_bytes_max in [http] is 1MiB, less than body_bytes_max, 2MiB"));
}

TEST_F(Checks, refuse_a_cap_per_address_above_the_cap_of_all) {
  EXPECT_THAT(errors_with("[http]\nconnections_max = 10"),
              HasSubstr("2:1: connections_per_address_max in [http] is 32, more than connections_max, 10"));
}

TEST_F(Checks, refuse_a_journal_and_a_socket_in_one_file) {
  EXPECT_THAT(errors_with("[journal]\npath = \"x\"\n[admin]\nsocket = \"./x\""),
              HasSubstr("4:1: socket in [admin] and path in [journal] are the same file"));
  EXPECT_THAT(errors_with("[journal]\npath = \"\""), HasSubstr("2:1: path in [journal] must not be empty"));
  EXPECT_THAT(errors_with("[admin]\nsocket = \"\""), HasSubstr("2:1: socket in [admin] must not be empty"));
}

TEST_F(Checks, refuse_a_socket_path_that_the_kernel_would_cut) {
  EXPECT_THAT(errors_with("state_dir = \"/" + std::string(120, 'd') + "\""),
              HasSubstr("Unix sockets allow at most 107: use a shorter state_dir or socket"));
}

TEST_F(Checks, refuse_globs_that_match_nothing) {
  EXPECT_THAT(errors_with("[instance.b]\nplugin = \"sqlite\"\nevents = [\"booking.*\", \"Booking Confirmed\"]"),
              HasSubstr("3:24: events in [instance.b]: "));
}

TEST_F(Checks, refuse_a_back_off_that_cannot_be) {
  EXPECT_THAT(errors_of(std::string(rest) + "[instance.log.retry]\nbackoff_min = \"2h\"\n"),
              HasSubstr("7:1: backoff_min in [instance.log.retry] is 2h, longer than backoff_max in "
                        "[instance.log.retry], 1h (its default)"));
  EXPECT_THAT(errors_of(std::string(rest) + "[instance.log.retry]\nage_max = \"500ms\"\n"),
              HasSubstr("7:1: age_max in [instance.log.retry] is 500ms, shorter than backoff_min in "
                        "[instance.log.retry], 1s (its default): there would never be a second attempt"));
}

TEST_F(Checks, name_the_places_of_both_times_that_contradict_each_other) {
  const std::string retry = std::string(rest) + "deadline = \"10m\"\n[instance.log.retry]\n";
  EXPECT_THAT(errors_of(retry + "backoff_max = \"5s\"\nbackoff_min = \"7s\"\n"),
              HasSubstr("9:1: backoff_min in [instance.log.retry] is 7s, longer than backoff_max in "
                        "[instance.log.retry], 5s (at bellhop.toml:8:1)"));
  EXPECT_THAT(errors_of(retry + "age_max = \"5m\"\n"),
              HasSubstr("8:1: age_max in [instance.log.retry] is 5m, shorter than deadline in [instance.log], 10m (at "
                        "bellhop.toml:6:1): an event would be too old before its first attempt is over"));
  EXPECT_THAT(errors_of(retry + "age_max = \"1h\"\nbackoff_max = \"2h\"\n"),
              HasSubstr("8:1: age_max in [instance.log.retry] is 1h, shorter than backoff_max"));
  EXPECT_EQ(errors_of(retry + "age_max = \"30m\"\n"), "") << "the longest wait is a default that nobody meant";
  EXPECT_EQ(errors_of(retry + "age_max = \"0s\"\n"), "");
}

TEST_F(Checks, refuse_a_breaker_that_contradicts_itself) {
  const std::string breaker = std::string(rest) + "[instance.log.breaker]\n";
  EXPECT_THAT(errors_of(breaker + "pause_max = \"1s\"\n"),
              HasSubstr("7:1: pause_min in [instance.log.breaker] is 5s, longer than pause_max in "
                        "[instance.log.breaker], 1s (here; pause_min is the default)"));
  EXPECT_THAT(errors_of(breaker + "window = \"10s\"\n"),
              HasSubstr("7:1: window in [instance.log.breaker] is 10s, shorter than deadline in [instance.log], 30s"));
  EXPECT_EQ(errors_of(breaker + "window = \"10s\"\nfailures_percent = 0\n"), "") << "it is turned off";
  EXPECT_THAT(errors_of(breaker + "subjects_min = 11\n"),
              HasSubstr("7:1: subjects_min in [instance.log.breaker] is 11, more than count_min, 10"));
}

TEST_F(Checks, refuse_a_part_of_a_request_that_may_take_longer_than_the_whole) {
  for (const std::string part : {"connect_timeout", "tls_timeout", "first_byte_timeout"}) {
    EXPECT_THAT(errors_of(std::string(rest) + "[egress]\n" + part + " = \"40s\"\n"),
                HasSubstr("7:1: " + part +
                          " in [egress] is 40s, longer than total_timeout in [egress], 30s (its default): "
                          "a request would be over before this part of it could be"));
  }
  EXPECT_THAT(errors_of(std::string(rest) + "[egress]\ntotal_timeout = \"5s\"\ntls_timeout = \"6s\"\n"),
              HasSubstr("8:1: tls_timeout in [egress] is 6s, longer than total_timeout in [egress], 5s (at "
                        "bellhop.toml:7:1)"));
  EXPECT_EQ(errors_of(std::string(rest) + "[egress]\ntotal_timeout = \"5s\"\n"), "") << "the parts are defaults";
}

TEST_F(Checks, warn_of_requests_that_may_outlast_their_delivery) {
  const std::string egress = "[egress]\ntotal_timeout = \"20s\"\n";
  EXPECT_THAT(warnings(parse(std::string(rest) + "deadline = \"10s\"\n" + egress)),
              HasSubstr("6:1: deadline in [instance.log] is 10s, shorter than total_timeout in [egress], 20s"));
  EXPECT_EQ(warnings(parse(std::string(rest) + "deadline = \"20s\"\n" + egress)), "");
  EXPECT_EQ(warnings(parse(std::string(rest) + "deadline = \"10s\"\n")), "") << "nobody meant that 30s";
}

TEST_F(Checks, warn_of_a_deadline_that_outlasts_the_stop) {
  EXPECT_THAT(warnings(parse(std::string(rest) + "deadline = \"40s\"\n")),
              HasSubstr("6:1: deadline in [instance.log] is 40s, longer than stop_max, 25s"));
  EXPECT_EQ(warnings(parse(rest)), "");
}

TEST_F(Checks, warn_of_a_glob_that_matches_no_known_type_and_name_the_nearest) {
  EXPECT_THAT(warnings(parse(std::string(rest) + "events = [\"bokking.*\"]\n")),
              HasSubstr("6:11: events in [instance.log]: \"bokking.*\" matches no event that Bellhop knows; did you "
                        "mean \"booking.*\"?"));
  EXPECT_THAT(warnings(parse(std::string(rest) + "events = [\"*\", \"!booking.canceld\"]\n")),
              HasSubstr("6:16: events in [instance.log]: \"!booking.canceld\" matches no event that Bellhop knows; did "
                        "you mean \"booking.canceled\"?"));
  EXPECT_EQ(warnings(parse(std::string(rest) + "events = [\"booking.*\", \"!*.tagged\", \"ping\"]\n")), "");
}

TEST_F(Checks, refuse_a_grant_that_is_no_absolute_path) {
  EXPECT_THAT(errors_of(std::string(rest) + "[instance.log.sandbox]\nread = [\"/usr\", \"data\"]\n"),
              HasSubstr("7:17: read in [instance.log.sandbox] must hold absolute paths, found \"data\""));
  EXPECT_THAT(errors_of(std::string(rest) + "[instance.log.sandbox]\nwrite = [\"/a\\nb\"]\n"),
              HasSubstr("write in [instance.log.sandbox] must hold absolute paths"));
  EXPECT_THAT(errors_of(std::string(rest) + "[instance.log.sandbox]\nmemory_max = \"1MiB\"\n"),
              HasSubstr("7:14: memory_max in [instance.log.sandbox] is 1MiB; allowed is 16MiB to 1TiB"));
}

TEST_F(Checks, warn_of_a_grant_that_is_not_there_and_of_no_containment) {
  EXPECT_THAT(warnings(parse(std::string(rest) + "[instance.log.sandbox]\nwrite = [\"/no/such/place\"]\n")),
              HasSubstr("7:10: write in [instance.log.sandbox]: /no/such/place is not there"));
  EXPECT_THAT(warnings(parse(std::string(rest) + "[instance.log.sandbox]\nenabled = false\n")),
              HasSubstr("7:1: [instance.log] is not contained"));
}

TEST_F(Checks, warn_of_a_plugin_inside_the_daemon) {
  EXPECT_THAT(warnings(parse(std::string(rest) + "host = \"inproc\"\n")), HasSubstr("6:1: [instance.log] runs inside"));
}

TEST_F(Checks, warn_when_nothing_comes_in_or_goes_out) {
  const std::string found = warnings(parse(""));

  EXPECT_THAT(found, HasSubstr("bellhop.toml: there is no [source.NAME], so every webhook will be answered 404"));
  EXPECT_THAT(found, HasSubstr("bellhop.toml: there is no [instance.NAME]: events are kept and delivered to nobody"));
}

}  // namespace
}  // namespace bellhop::core
