// SPDX-License-Identifier: Apache-2.0
// slack on the real street: child, kv, egress, and a Slack of our own that is strict and fails to order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "slack_vendor.hpp"
#include "support/plugin_street.hpp"

namespace bellhop::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string library = BELLHOP_PLUGIN_DIR "/slack.so";
const std::string confirmed = "legacy_booking_full.assumed.json", moved = "legacy_booking_rescheduled.assumed.json",
                  canceled = "legacy_booking_canceled.assumed.json";

StreetOptions with_token(const SlackVendor &slack, const std::string &more = "") {
  return {library, R"({"token":"xoxb-s3cr3t","channel":"C0GENERAL","api_url":")" + slack.api_url() + "\"" + more + "}"};
}
StreetOptions with_webhook(const SlackVendor &slack, const std::string &more = "") {
  return {library, R"({"webhook_url":")" + slack.webhook_url() + "\"" + more + "}"};
}
const SlackVendor::Message &only_root(const SlackVendor &slack) { return slack.messages().at(slack.roots().at(0)); }

void expect_no_secret(const PluginStreet &street) {
  for (const std::string &exchange : street.exchanges()) EXPECT_THAT(exchange, Not(HasSubstr("s3cr3t")));
  for (const std::string &line : street.log()) EXPECT_THAT(line, Not(HasSubstr("s3cr3t")));
}

// ---- with a token ---------------------------------------------------------------------------------------------------

TEST(SlackStreet, a_booking_has_one_message_that_is_updated_and_one_thread) {
  SlackVendor slack;
  PluginStreet street(with_token(slack));

  for (const std::string &file : {confirmed, moved, canceled}) {
    const core::PluginAnswer answer = street.deliver(payload_text(file));
    EXPECT_EQ(answer.code, BHP_OK) << answer.message << street.death();
  }

  EXPECT_THAT(slack.complaints(), IsEmpty());
  ASSERT_THAT(slack.roots(), SizeIs(1));
  EXPECT_EQ(only_root(slack).updates_count, 2);
  EXPECT_THAT(only_root(slack).text, HasSubstr("Booking canceled: "));
  const std::vector<std::string> replies = slack.replies_to(slack.roots()[0]);
  ASSERT_THAT(replies, SizeIs(2));
  EXPECT_THAT(slack.messages().at(replies[0]).text, HasSubstr("Booking moved"));
  EXPECT_THAT(slack.messages().at(replies[1]).text, HasSubstr("Booking canceled"));
  expect_no_secret(street);
}

// The vendor writes times with any offset, and the event keeps them so.
TEST(SlackStreet, a_time_with_an_offset_is_told_like_any_other) {
  SlackVendor slack;
  PluginStreet street(with_token(slack));

  const core::PluginAnswer answer = street.deliver(payload_text("v5_meeting_rescheduled.assumed.json"));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message << street.death();
  ASSERT_THAT(slack.roots(), SizeIs(1));
  EXPECT_THAT(only_root(slack).body, HasSubstr("<!date^1717509600^"));  // 2024-06-04T16:00:00+02:00
}

TEST(SlackStreet, what_was_done_before_a_fault_is_not_done_again_by_another_process) {
  for (int request = 0; request < 3; ++request) {  // post, update, reply
    for (const Fault &fault :
         {Fault{Fault::What::answer, http_answer(429, R"({"ok":false,"error":"rate_limited"})", "Retry-After: 3\r\n")},
          Fault{Fault::What::answer, http_answer(503, "down")}, Fault{Fault::What::reset, ""}}) {
      SlackVendor slack;
      int number = 0;
      slack.fail_by([&] { return number++ == request ? fault : Fault{}; });
      PluginStreet street(with_token(slack));
      SCOPED_TRACE("request " + std::to_string(request) + ", fault " + fault.bytes);

      int retries_count = 0;
      for (const std::string &file : {confirmed, moved}) {
        core::PluginAnswer answer = street.deliver(payload_text(file));
        if (answer.code == BHP_RETRY) {
          ++retries_count;
          const bool is_told = fault.bytes.find("429") != std::string::npos;
          EXPECT_EQ(answer.retry_after_ms, is_told ? 3'000 : 0);
          street.restart();
          answer = street.deliver(payload_text(file), {BHP_EV_REDELIVERY, 2});
        }
        EXPECT_EQ(answer.code, BHP_OK) << answer.message;
      }

      EXPECT_EQ(retries_count, 1);
      ASSERT_THAT(slack.roots(), SizeIs(1));
      EXPECT_EQ(only_root(slack).updates_count, 1);
      EXPECT_THAT(slack.replies_to(slack.roots()[0]), SizeIs(1));
    }
  }
}

// Done, and then the connection breaks: for Slack it is posted, for us nobody knows.
TEST(SlackStreet, a_post_whose_answer_was_lost_is_found_and_not_made_again) {
  for (int request = 0; request < 3; ++request) {  // post, update, reply
    SCOPED_TRACE("request " + std::to_string(request));
    SlackVendor slack;
    int number = 0;
    slack.fail_by([&] { return number++ == request ? Fault{Fault::What::lost, ""} : Fault{}; });
    PluginStreet street(with_token(slack));

    int retries_count = 0;
    for (const std::string &file : {confirmed, moved}) {
      core::PluginAnswer answer = street.deliver(payload_text(file));
      if (answer.code == BHP_RETRY) {
        ++retries_count;
        for (int other = 0; other < 3; ++other) slack.add_message("C0GENERAL", "lunch?");
        street.restart();
        answer = street.deliver(payload_text(file), {BHP_EV_REDELIVERY, 2});
      }
      EXPECT_EQ(answer.code, BHP_OK) << answer.message;
    }

    EXPECT_EQ(retries_count, 1);
    EXPECT_THAT(slack.complaints(), IsEmpty());
    const std::vector<std::string> ours = slack.posted_roots();
    ASSERT_THAT(ours, SizeIs(1));
    EXPECT_THAT(slack.messages().at(ours[0]).text, HasSubstr("Booking moved"));
    EXPECT_THAT(slack.replies_to(ours[0]), SizeIs(1));
    EXPECT_THAT(slack.messages().at(ours[0]).metadata, Not(HasSubstr("Ada"))) << "nothing of what a stranger wrote";
  }
}

TEST(SlackStreet, a_post_is_looked_for_on_more_than_one_page) {
  SlackVendor slack;
  slack.page_by(2);
  slack.fail_by([first = true]() mutable {
    return std::exchange(first, false) ? Fault{Fault::What::lost, ""} : Fault{};
  });
  PluginStreet street(with_token(slack));
  ASSERT_EQ(street.deliver(payload_text(confirmed)).code, BHP_RETRY);
  for (int other = 0; other < 5; ++other) slack.add_message("C0GENERAL", "lunch?");

  EXPECT_EQ(street.deliver(payload_text(confirmed), {BHP_EV_REDELIVERY, 2}).code, BHP_OK);

  EXPECT_THAT(slack.posted_roots(), SizeIs(1));
}

TEST(SlackStreet, a_post_is_not_made_while_it_cannot_be_looked_for) {
  for (const std::string &busy : {http_answer(429, R"({"ok":false,"error":"ratelimited"})", "Retry-After: 7\r\n"),
                                  http_answer(200, R"({"ok":false,"error":"internal_error"})"),
                                  http_answer(502, "<html>"), http_answer(200, "<html>")}) {
    SlackVendor slack;
    int number = 0;
    slack.fail_by([&] {
      ++number;
      return number == 1 ? Fault{Fault::What::lost, ""} : number == 2 ? Fault{Fault::What::answer, busy} : Fault{};
    });
    PluginStreet street(with_token(slack));
    ASSERT_EQ(street.deliver(payload_text(confirmed)).code, BHP_RETRY);

    EXPECT_EQ(street.deliver(payload_text(confirmed), {BHP_EV_REDELIVERY, 2}).code, BHP_RETRY) << busy;
    EXPECT_EQ(street.deliver(payload_text(confirmed), {BHP_EV_REDELIVERY, 3}).code, BHP_OK) << busy;

    EXPECT_THAT(slack.posted_roots(), SizeIs(1)) << busy;
  }
}

TEST(SlackStreet, a_token_that_may_not_read_posts_again_and_says_so_once) {
  SlackVendor slack;
  slack.forbid_reading();
  int number = 0;
  slack.fail_by([&] { return ++number % 3 == 1 ? Fault{Fault::What::lost, ""} : Fault{}; });
  PluginStreet street(with_token(slack));
  for (const std::string booking : {"B1", "B2"}) {  // posted and lost, not to be seen, posted
    const std::string body = with_edits(payload_text(confirmed), {{"BOOKING_ID", booking}});
    ASSERT_EQ(street.deliver(body).code, BHP_RETRY);
    EXPECT_EQ(street.deliver(body, {BHP_EV_REDELIVERY, 2}).code, BHP_OK);
  }

  EXPECT_THAT(slack.posted_roots(), SizeIs(4));
  const auto is_told = [](const std::string &line) { return line.find("channels:history") != std::string::npos; };
  EXPECT_EQ(std::count_if(street.log().begin(), street.log().end(), is_told), 1);
}

// Two requests within a rate limit that lets through one would never be.
TEST(SlackStreet, what_was_refused_is_not_looked_for) {
  SlackVendor slack;
  int number = 0;
  slack.fail_by([&] {
    return ++number == 1 ? Fault{Fault::What::answer, http_answer(429, "{}", "Retry-After: 1\r\n")} : Fault{};
  });
  PluginStreet street(with_token(slack));
  ASSERT_EQ(street.deliver(payload_text(confirmed)).code, BHP_RETRY);

  EXPECT_EQ(street.deliver(payload_text(confirmed), {BHP_EV_REDELIVERY, 2}).code, BHP_OK);

  EXPECT_EQ(slack.requests_count(), 2U);
  EXPECT_THAT(slack.posted_roots(), SizeIs(1));
  EXPECT_THAT(street.kv_all("refused/"), IsEmpty());
}

TEST(SlackStreet, a_message_that_somebody_deleted_is_posted_anew) {
  SlackVendor slack;
  PluginStreet street(with_token(slack));
  ASSERT_EQ(street.deliver(payload_text(confirmed)).code, BHP_OK);
  slack.remove_message(slack.roots().at(0));

  EXPECT_EQ(street.deliver(payload_text(moved)).code, BHP_OK);

  ASSERT_THAT(slack.roots(), SizeIs(1));
  EXPECT_THAT(only_root(slack).text, HasSubstr("Booking moved"));
}

TEST(SlackStreet, an_older_event_is_told_in_the_thread_and_changes_no_message) {
  SlackVendor slack;
  PluginStreet street(with_token(slack));
  ASSERT_EQ(street.deliver(payload_text(canceled)).code, BHP_OK);

  EXPECT_EQ(street.deliver(payload_text(moved), {BHP_EV_LATE, 1}).code, BHP_OK);

  EXPECT_EQ(only_root(slack).updates_count, 0);
  EXPECT_THAT(slack.replies_to(slack.roots().at(0)), SizeIs(1));
}

TEST(SlackStreet, routes_choose_the_channel_by_meeting_type_or_host) {
  SlackVendor slack;
  PluginStreet street(with_token(
      slack, R"(,"routes":[{"meeting_type":"nothing","channel":"C0NONE"},{"host":"Member 1","channel":"C0DEMO"}])"));

  EXPECT_EQ(street.deliver(payload_text(confirmed)).code, BHP_OK);

  EXPECT_EQ(only_root(slack).channel, "C0DEMO");
}

TEST(SlackStreet, a_long_backlog_is_one_message_for_many) {
  SlackVendor slack;
  PluginStreet street(with_token(slack, R"(,"digest_above":8)"));
  std::vector<core::Parcel> parcels;
  for (int number = 0; number < 10; ++number) {
    parcels.push_back(street.parcel_of(with_edits(
        payload_text(confirmed), {{"BOOKING_ID", "B" + std::to_string(number)}, {"Ada  King", "<!channel>"}})));
  }

  const std::vector<core::PluginAnswer> answers = street.deliver_batch(std::move(parcels), 90);

  for (const core::PluginAnswer &answer : answers) EXPECT_EQ(answer.message, "in a digest of 10");
  ASSERT_THAT(slack.roots(), SizeIs(1));
  EXPECT_THAT(only_root(slack).text, HasSubstr("10 bookings changed"));
  EXPECT_THAT(slack.complaints(), IsEmpty());
}

// A rate limit of the operator's, and more events than its budget has room for. None of those that were not begun may
// count as tried: each failure would make its event wait longer, and all together would open the breaker.
TEST(SlackStreet, what_a_batch_has_no_time_for_is_left_for_the_next) {
  SlackVendor slack;
  StreetOptions options = with_token(slack, R"(,"digest_above":0,"limit":"slack")");
  options.egress.limits = {{"slack", {10, 1'000, 1}}};
  options.budget_ms = 2'000;
  PluginStreet street(options);
  std::vector<core::Parcel> parcels;
  for (int number = 0; number < 256; ++number) {
    parcels.push_back(
        street.parcel_of(with_edits(payload_text(confirmed), {{"BOOKING_ID", "B" + std::to_string(number)}})));
  }

  const std::vector<core::PluginAnswer> answers = street.deliver_batch(std::move(parcels));

  const auto is_ok = [](const core::PluginAnswer &answer) { return answer.code == BHP_OK; };
  const auto first_left = std::find_if_not(answers.begin(), answers.end(), is_ok);
  EXPECT_EQ(static_cast<std::size_t>(first_left - answers.begin()), slack.roots().size());
  EXPECT_GE(slack.roots().size(), 1U);
  EXPECT_NE(first_left, answers.end());
  for (auto left = first_left; left != answers.end(); ++left) EXPECT_EQ(left->code, BHP_DEFER) << left->message;
}

// Two events of one booking's life, each told; the batch of the second has another in it that is refused.
TEST(SlackStreet, what_was_done_is_forgotten_also_beside_an_event_that_failed) {
  SlackVendor slack;
  PluginStreet street(with_token(slack));
  ASSERT_EQ(street.deliver(payload_text(confirmed)).code, BHP_OK);
  std::vector<core::Parcel> parcels;
  parcels.push_back(street.parcel_of(payload_text(moved)));
  parcels.push_back(street.parcel_of(with_edits(payload_text(confirmed), {{"BOOKING_ID", "B2"}})));
  int number = 0;
  slack.fail_by([&] {  // update, reply, post
    return ++number == 3 ? Fault{Fault::What::answer, http_answer(200, R"({"ok":false,"error":"invalid_blocks"})")}
                         : Fault{};
  });

  const std::vector<core::PluginAnswer> answers = street.deliver_batch(std::move(parcels));

  EXPECT_EQ(answers.at(0).code, BHP_OK) << answers.at(0).message;
  EXPECT_EQ(answers.at(1).code, BHP_FAIL) << answers.at(1).message;
  EXPECT_THAT(street.kv_all("done/"), IsEmpty());
}

// Posted and kept, and then the daemon or the child went down before the verdict was written.
TEST(SlackStreet, an_event_whose_verdict_was_lost_is_not_told_again_in_its_own_thread) {
  SlackVendor slack;
  PluginStreet street(with_token(slack));
  core::Parcel parcel = street.parcel_of(payload_text(confirmed));
  ASSERT_EQ(street.deliver(parcel).code, BHP_OK);

  parcel.flags = BHP_EV_REDELIVERY;
  EXPECT_EQ(street.deliver(parcel).code, BHP_OK);

  ASSERT_THAT(slack.roots(), SizeIs(1));
  EXPECT_THAT(slack.replies_to(slack.roots()[0]), IsEmpty());
  EXPECT_EQ(only_root(slack).updates_count, 0);
}

TEST(SlackStreet, a_replay_that_was_refused_leaves_nothing_behind) {
  SlackVendor slack;
  PluginStreet street(with_token(slack));
  slack.answer_next(429, R"({"ok":false,"error":"ratelimited"})", "Retry-After: 1\r\n");
  ASSERT_EQ(street.deliver(payload_text(confirmed), {BHP_EV_REPLAY, 1}).code, BHP_RETRY);

  EXPECT_EQ(street.deliver(payload_text(confirmed), {BHP_EV_REPLAY | BHP_EV_REDELIVERY, 2}).code, BHP_OK);

  EXPECT_THAT(street.kv_all("refused/"), IsEmpty());
}

// As for programs that may ask once a minute: the first page each time, and never the second.
TEST(SlackStreet, a_look_that_is_cut_short_every_time_ends_with_a_post) {
  SlackVendor slack;
  slack.page_by(2);
  PluginStreet street(with_token(slack));
  for (int other = 0; other < 5; ++other) slack.add_message("C0GENERAL", "lunch?");
  int number = 0;  // of a request within an attempt
  slack.fail_by([&] {
    return ++number == 2 ? Fault{Fault::What::answer, http_answer(429, R"({"ok":false,"error":"ratelimited"})")}
                         : Fault{};
  });

  std::uint32_t attempt = 2;
  while (attempt < 20 && street.deliver(payload_text(confirmed), {BHP_EV_REDELIVERY, attempt}).code == BHP_RETRY) {
    number = 0;
    ++attempt;
  }

  EXPECT_GT(attempt, 3U) << "not at once: Slack's usual limit is over in a minute";
  EXPECT_LT(attempt, 20U);
  EXPECT_THAT(slack.posted_roots(), SizeIs(1));
}

// ---- with a webhook -------------------------------------------------------------------------------------------------

TEST(SlackStreet, a_webhook_gets_a_message_for_each_event_in_every_way_of_rendering) {
  for (const std::string render : {"blocks", "attachments", "text"}) {
    SlackVendor slack;
    PluginStreet street(with_webhook(slack, R"(,"render":")" + render + "\""));

    EXPECT_EQ(street.deliver(payload_text(confirmed)).code, BHP_OK);
    EXPECT_EQ(street.deliver(payload_text(canceled)).code, BHP_OK);

    EXPECT_THAT(slack.complaints(), IsEmpty()) << render;
    ASSERT_THAT(slack.roots(), SizeIs(2)) << render;
    EXPECT_EQ(only_root(slack).body.find("\"blocks\"") != std::string::npos, render == "blocks");
    EXPECT_EQ(only_root(slack).body.find("\"attachments\"") != std::string::npos, render == "attachments");
    expect_no_secret(street);
  }
}

TEST(SlackStreet, what_slack_says_decides_whether_to_wait_to_hold_or_to_give_up) {
  struct Row {
    int status;
    const char *body;
    std::int32_t code;
  };
  for (const Row &row : {Row{400, "invalid_blocks", BHP_FAIL}, Row{404, "no_service", BHP_HOLD},
                         Row{410, "channel_is_archived", BHP_HOLD}, Row{403, "action_prohibited", BHP_HOLD},
                         Row{500, "rollup_error", BHP_RETRY}, Row{302, "", BHP_HOLD}, Row{200, "no_team", BHP_HOLD},
                         Row{429, "rate_limited", BHP_RETRY}, Row{400, "something_new", BHP_RETRY}}) {
    SlackVendor slack;
    slack.answer_next(row.status, row.body);
    PluginStreet street(with_webhook(slack));

    const core::PluginAnswer answer = street.deliver(payload_text(confirmed));

    EXPECT_EQ(answer.code, row.code) << row.body << ": " << answer.message;
    EXPECT_THAT(answer.message, AllOf(HasSubstr(row.body), Not(HasSubstr("s3cr3t"))));
    EXPECT_THAT(slack.messages(), IsEmpty());
  }
}

// ---- what strangers write -------------------------------------------------------------------------------------------

TEST(SlackStreet, hostile_texts_call_nobody_and_keep_within_every_limit) {
  std::string emoji;
  for (int i = 0; i < 4'000; ++i) emoji += "\xF0\x9F\x98\x80";
  const std::vector<std::string> texts{"<!channel> <!here|x> <@U012> <#C012> <http://evil.example|click>",
                                       "&lt;!channel&gt; & <",
                                       R"(a\r\nX-Injected: 1)",
                                       "=HYPERLINK(1)",
                                       "../../etc/passwd",
                                       R"(\",\"channel\":\"C0DEMO)",
                                       R"(\u202e\u0000\ud83d\ude00)",
                                       "*bold* _it_ `code` ```block``` :tada:",
                                       emoji,
                                       std::string(150, 'x') + "\xF0\x9F\x98\x80",
                                       std::string(132, 'x') + "\xF0\x9F\x98\x80\xF0\x9F\x98\x80",
                                       std::string(3'000, '<')};
  for (const std::string &text : texts) {
    for (const bool has_token : {true, false}) {
      for (const std::string render : {"blocks", "attachments", "text"}) {
        SlackVendor slack;
        const std::string more = R"(,"utm":true,"render":")" + render + "\"";
        PluginStreet street(has_token ? with_token(slack, more) : with_webhook(slack, more));
        SCOPED_TRACE(text.substr(0, 60) + " " + render);

        const core::PluginAnswer answer =
            street.deliver(with_edits(payload_text(confirmed), {{"Ada  King Lovelace", text},
                                                                {"newsletter\"", text + "\""},
                                                                {"Zoom", text},
                                                                {"Meeting Type 1", text},
                                                                {"Full name", text},
                                                                {"Member 1", text}}));

        EXPECT_EQ(answer.code, BHP_OK) << answer.message;
        EXPECT_THAT(slack.complaints(), IsEmpty());
        EXPECT_THAT(slack.messages(), SizeIs(1));
      }
    }
  }
}

// ---- health ---------------------------------------------------------------------------------------------------------

TEST(SlackStreet, the_health_check_posts_nothing_and_tells_a_dead_destination) {
  SlackVendor slack;
  PluginStreet by_token(with_token(slack)), by_webhook(with_webhook(slack));

  EXPECT_EQ(by_token.ask(core::Question::What::health).answers.at(0).message, "Slack knows the token");
  EXPECT_EQ(by_webhook.ask(core::Question::What::health).answers.at(0).message, "the webhook is there");
  slack.answer_next(404, "no_service");
  EXPECT_EQ(by_webhook.ask(core::Question::What::health).answers.at(0).code, BHP_HOLD);
  slack.answer_next(200, R"({"ok":false,"error":"token_revoked"})");
  const core::PluginAnswer revoked = by_token.ask(core::Question::What::health).answers.at(0);

  EXPECT_EQ(revoked.code, BHP_HOLD);
  EXPECT_THAT(revoked.message, HasSubstr("token_revoked"));
  EXPECT_THAT(slack.messages(), IsEmpty());
}

}  // namespace
}  // namespace bellhop::test
