// SPDX-License-Identifier: Apache-2.0
// The plugin calendar on the real street: child, kv, documents, egress, and a CalDAV server that says what it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "support/certificates.hpp"
#include "support/plugin_street.hpp"
#include "support/wayward_server.hpp"

namespace bellhop::test {
namespace {

using core::Question;
using core::WaywardServer;
using testing::HasSubstr;
using testing::Not;

const std::string library = BELLHOP_PLUGIN_DIR "/calendar.so";

const std::string ann = "webhooks+sample@appointlet.com";  // the attendee of the sample

std::string confirmed() {
  return with_edits(payload_text("legacy_booking_confirmed.json"),
                    {{"https://api.appointlet.com", "https://x.invalid"}});
}
std::string moved(const std::string &start = "2014-01-02T00:00:00Z", const std::string &end = "2014-01-02T00:30:00Z") {
  return with_edits(confirmed(), {{R"("action": "confirmed")", R"("action": "rescheduled")"},
                                  {R"("start": "2014-01-01T00:00:00Z")", R"("start": ")" + start + '"'},
                                  {R"("end": "2014-01-01T00:00:00Z")", R"("end": ")" + end + '"'}});
}
std::string canceled() {
  return with_edits(confirmed(), {{R"("action": "confirmed")", R"("action": "canceled")"},
                                  {R"("canceled": false)", R"("canceled": true)"}});
}

std::string caldav(const WaywardServer &server, const std::string &more = "") {
  return R"({"feed":false,"caldav":[{"url":")" + server.url("/cal/") +
         R"(","username":"ann","password":"s3cr3t-word"}])" + more + "}";
}
std::string feed_settings() { return R"({"past_days":36500,"keep_days":36500})"; }

std::string state_of(PluginStreet &street) {
  const auto states = street.kv_all("state/");
  return states.empty() ? "" : states.begin()->second;
}
// The resource as a server that has kept it would give it.
std::string stored(const WaywardServer &server, std::size_t index) { return server.requests().at(index).body; }

// ---- CalDAV ----

TEST(CalendarStreet, a_bookings_life_is_put_created_changed_and_canceled_under_one_address) {
  WaywardServer server;
  server.answer(201, {{"ETag", "\"1\""}});
  server.answer(204, {{"ETag", "\"2\""}});
  server.answer(204, {{"ETag", "\"3\""}});
  PluginStreet street({library, caldav(server)});

  for (const std::string &body : {confirmed(), moved(), canceled()}) {
    const core::PluginAnswer answer = street.deliver(body);
    EXPECT_EQ(answer.code, BHP_OK) << answer.message << street.death();
  }

  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].method, "PUT");
  EXPECT_EQ(requests[0].header("If-None-Match"), "*");
  EXPECT_EQ(requests[0].header("Authorization"), "Basic YW5uOnMzY3IzdC13b3Jk");
  EXPECT_THAT(requests[0].target, testing::MatchesRegex("/cal/[0-9a-f]+\\.ics"));
  EXPECT_THAT(requests[0].body, HasSubstr("SEQUENCE:0\r\nSTATUS:CONFIRMED\r\n"));
  EXPECT_THAT(requests[0].body, HasSubstr("SUMMARY:Meeting Type 1: John Smith\r\n"));
  EXPECT_EQ(requests[1].header("If-Match"), "\"1\"");
  EXPECT_EQ(requests[1].target, requests[0].target);
  EXPECT_THAT(requests[1].body, HasSubstr("DTSTART:20140102T000000Z\r\n"));
  EXPECT_THAT(requests[1].body, HasSubstr("SEQUENCE:1\r\n"));
  EXPECT_EQ(requests[2].header("If-Match"), "\"2\"");
  EXPECT_THAT(requests[2].body, HasSubstr("SEQUENCE:2\r\nSTATUS:CANCELLED\r\n"));
  for (const std::string &exchange : street.exchanges()) {
    EXPECT_THAT(exchange, Not(HasSubstr("s3cr3t"))) << exchange;
    EXPECT_THAT(exchange, Not(HasSubstr("YW5u"))) << exchange;
  }
}

TEST(CalendarStreet, the_same_event_again_and_an_older_one_ask_the_server_nothing) {
  WaywardServer server;
  server.answer(201, {{"ETag", "\"1\""}});
  PluginStreet street({library, caldav(server)});
  street.deliver(confirmed());

  EXPECT_EQ(street.deliver(confirmed(), {BHP_EV_REDELIVERY, 2}).code, BHP_OK);
  EXPECT_EQ(street.deliver(moved(), {BHP_EV_LATE, 1}).code, BHP_SKIP);

  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(CalendarStreet, a_busy_server_is_tried_again_with_the_same_sequence_even_by_another_process) {
  WaywardServer server;
  server.answer(201, {{"ETag", "\"1\""}});
  server.answer(503, {{"Retry-After", "9"}});
  server.answer(204, {{"ETag", "\"2\""}});
  PluginStreet street({library, caldav(server)});
  street.deliver(confirmed());

  const core::PluginAnswer busy = street.deliver(moved());
  street.restart();
  const core::PluginAnswer done = street.deliver(moved(), {BHP_EV_REDELIVERY, 2});

  EXPECT_EQ(busy.code, BHP_RETRY);
  EXPECT_EQ(busy.retry_after_ms, 9'000);
  EXPECT_EQ(done.code, BHP_OK) << done.message;
  EXPECT_THAT(server.requests().at(2).body, HasSubstr("SEQUENCE:1\r\n"));
  EXPECT_EQ(server.requests().at(2).header("If-Match"), "\"1\"");
}

TEST(CalendarStreet, what_a_person_changed_on_the_server_is_read_and_kept) {
  WaywardServer server;
  server.answer(201, {{"ETag", "\"1\""}});
  PluginStreet street({library, caldav(server)});
  street.deliver(confirmed());
  std::string theirs = stored(server, 0);
  theirs.replace(theirs.find("SEQUENCE:0"), 10, "SEQUENCE:5\r\nCATEGORIES:Sales");
  server.answer(412);
  server.answer(200, {{"ETag", "\"7\""}, {"Content-Type", "text/calendar"}}, theirs);
  server.answer(204, {{"ETag", "\"8\""}});

  const core::PluginAnswer answer = street.deliver(moved());

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(requests[2].method, "GET");
  EXPECT_EQ(requests[3].header("If-Match"), "\"7\"");
  EXPECT_THAT(requests[3].body, HasSubstr("CATEGORIES:Sales\r\n"));
  EXPECT_THAT(requests[3].body, HasSubstr("SEQUENCE:5\r\n"));
  EXPECT_THAT(requests[3].body, HasSubstr("DTSTART:20140102T000000Z\r\n"));
  EXPECT_THAT(state_of(street), HasSubstr(R"("sequence":5)"));
}

TEST(CalendarStreet, a_second_412_waits_for_another_attempt) {
  WaywardServer server;
  server.answer(201, {{"ETag", "\"1\""}});
  PluginStreet street({library, caldav(server)});
  street.deliver(confirmed());
  server.answer(412);
  server.answer(200, {{"ETag", "\"7\""}}, stored(server, 0));
  server.answer(412);

  EXPECT_EQ(street.deliver(moved()).code, BHP_RETRY);
}

TEST(CalendarStreet, what_a_person_removed_comes_back_when_it_moves_and_stays_away_when_it_is_canceled) {
  WaywardServer server;
  server.answer(201, {{"ETag", "\"1\""}});
  server.answer(412);
  server.answer(404);
  server.answer(201, {{"ETag", "\"2\""}});
  server.answer(404);
  server.answer(404);
  PluginStreet street({library, caldav(server)});
  street.deliver(confirmed());

  EXPECT_EQ(street.deliver(moved()).code, BHP_OK);
  EXPECT_EQ(server.requests().at(3).header("If-None-Match"), "*");
  EXPECT_EQ(street.deliver(canceled()).code, BHP_OK);
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST(CalendarStreet, a_booking_that_stands_elsewhere_in_the_collection_is_found_by_its_uid) {
  WaywardServer server;
  PluginStreet street({library, caldav(server)});
  server.answer(409, {}, "<error><no-uid-conflict/></error>");
  server.answer(207, {}, R"(<multistatus><response><href>/cal/moved%20here.ics</href></response></multistatus>)");
  server.answer(503);  // the GET: the next attempt begins anew and knows the UID

  EXPECT_EQ(street.deliver(confirmed()).code, BHP_RETRY);
  ASSERT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(server.requests()[1].method, "REPORT");
  EXPECT_EQ(server.requests()[1].header("Depth"), "1");
  EXPECT_THAT(server.requests()[1].body, HasSubstr("@bellhop</C:text-match>"));
  server.answer(207, {}, "<multistatus><response><error><no-uid-conflict/></error></response></multistatus>");
  server.answer(207, {}, R"(<multistatus><response><href>/cal/moved%20here.ics</href></response></multistatus>)");
  server.answer(200, {{"ETag", "\"4\""}}, stored(server, 0));
  server.answer(204, {{"ETag", "\"5\""}});

  EXPECT_EQ(street.deliver(confirmed(), {BHP_EV_REDELIVERY, 2}).code, BHP_OK);
  EXPECT_EQ(server.requests().at(6).target, "/cal/moved%20here.ics");
  EXPECT_EQ(server.requests().at(6).header("If-Match"), "\"4\"");
}

TEST(CalendarStreet, an_href_on_another_host_is_never_written_to) {
  WaywardServer server, other;
  PluginStreet street({library, caldav(server)});
  server.answer(409);
  server.answer(207, {},
                "<multistatus><response><href>" + other.url("/cal/x.ics") +
                    "</href></response><response>"
                    "<href>//" +
                    other.host_port() + "/x</href></response></multistatus>");

  EXPECT_EQ(street.deliver(confirmed()).code, BHP_HOLD);
  EXPECT_TRUE(other.requests().empty());
}

TEST(CalendarStreet, garbage_that_says_207_is_no_success) {
  WaywardServer server;
  server.answer(207, {}, "<multistatus/>");
  PluginStreet street({library, caldav(server)});
  EXPECT_EQ(street.deliver(confirmed()).code, BHP_FAIL);
}

TEST(CalendarStreet, a_wrong_password_holds_the_backlog_and_is_in_no_sentence) {
  WaywardServer server;
  server.answer(401);
  PluginStreet street({library, caldav(server)});

  const core::PluginAnswer answer = street.deliver(confirmed());

  EXPECT_EQ(answer.code, BHP_HOLD);
  EXPECT_THAT(answer.message, HasSubstr("401"));
  EXPECT_THAT(answer.message, Not(HasSubstr("s3cr3t")));
}

TEST(CalendarStreet, what_one_target_has_is_not_sent_again_because_of_another) {
  WaywardServer good, bad;
  good.answer(201, {{"ETag", "\"1\""}});
  bad.answer(503);
  bad.answer(201, {{"ETag", "\"1\""}});
  PluginStreet street({library, R"({"feed":false,"directories":["ics/"],"caldav":[{"url":")" + good.url("/a/") +
                                    R"("},{"url":")" + bad.url("/b/") + R"("}]})"});

  const core::PluginAnswer first = street.deliver(confirmed());
  const core::PluginAnswer second = street.deliver(confirmed(), {BHP_EV_REDELIVERY, 2});

  EXPECT_EQ(first.code, BHP_RETRY);
  EXPECT_EQ(second.code, BHP_OK) << second.message;
  EXPECT_EQ(good.requests().size(), 1U);
  EXPECT_EQ(bad.requests().size(), 2U);
}

TEST(CalendarStreet, health_reads_the_collection_and_leaves_nothing_behind) {
  WaywardServer server;
  const std::string calendar =
      "<multistatus><response><href>/cal/</href><propstat><prop><resourcetype><calendar/>"
      "</resourcetype></prop></propstat></response></multistatus>";
  server.answer(207, {}, calendar);
  server.answer(207, {}, "<multistatus><response><href>/</href></response></multistatus>");
  server.answer(401);
  PluginStreet street({library, caldav(server)});

  const core::Report good = street.ask(Question::What::health), root = street.ask(Question::What::health),
                     closed = street.ask(Question::What::health);

  EXPECT_EQ(good.answers.at(0).code, BHP_OK) << good.answers.at(0).message;
  EXPECT_THAT(root.answers.at(0).message, HasSubstr("no calendar collection"));
  EXPECT_EQ(closed.answers.at(0).code, BHP_HOLD);
  for (const auto &request : server.requests()) EXPECT_EQ(request.method, "PROPFIND");
}

// ---- rel.ics ----

class CalendarRelStreet : public testing::Test {
 protected:
  CalendarRelStreet()
      : certificate_(authority_.issue("IP:127.0.0.1")),
        server_(WaywardServer::Tls{certificate_.certificate_pem, certificate_.key_pem}),
        ca_file_(std::filesystem::temp_directory_path() /
                 ("bellhop-calendar-ca-" + std::to_string(server_.port()) + ".pem")) {
    std::ofstream(ca_file_) << authority_.certificate_pem();
  }
  ~CalendarRelStreet() override { std::filesystem::remove(ca_file_); }

  std::string origin() const { return "https://" + server_.host_port(); }
  StreetOptions options(const std::string &source = "auto") const {
    StreetOptions options{library, R"({"past_days":36500,"keep_days":36500,"source":")" + source +
                                       R"(","rel_origins":[")" + origin() + R"("]})"};
    options.egress.ca_file = ca_file_.string();
    options.egress.response_bytes_max = 400 << 10;
    return options;
  }
  std::string booking_with_link(const std::string &link) const {
    return with_edits(payload_text("legacy_booking_confirmed.json"),
                      {{"https://api.appointlet.com/bookings/BOOKING_ID/ics", link}});
  }
  std::string good_link() const { return origin() + "/bookings/BOOKING_ID/ics"; }
  static std::string file(const std::string &start = "20140101T000000Z") {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:v\r\nDTSTAMP:20140101T000000Z\r\n"
           "DTSTART:" +
           start + "\r\nSUMMARY:From the vendor\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
  }

  core::TestAuthority authority_;
  core::Certificate certificate_;
  WaywardServer server_;
  std::filesystem::path ca_file_;
};

TEST_F(CalendarRelStreet, the_vendors_file_gives_the_texts) {
  server_.answer(200, {{"Content-Type", "text/calendar"}}, file());
  PluginStreet street(options());

  EXPECT_EQ(street.deliver(booking_with_link(good_link())).code, BHP_OK);

  ASSERT_EQ(server_.requests().size(), 1U);
  EXPECT_EQ(server_.requests()[0].target, "/bookings/BOOKING_ID/ics");
  EXPECT_THAT(state_of(street), HasSubstr("From the vendor"));
  EXPECT_THAT(state_of(street), HasSubstr("Add to Google Calendar: "));
}

TEST_F(CalendarRelStreet, a_forged_link_is_not_asked_for_and_the_booking_is_shown_from_its_own_data) {
  WaywardServer other;
  PluginStreet street(options());
  for (const std::string &link :
       {other.url("/bookings/BOOKING_ID/ics"), std::string("https://169.254.169.254/bookings/BOOKING_ID/ics"),
        origin() + "/bookings/OTHER/ics",
        "https://localhost:" + std::to_string(server_.port()) + "/bookings/BOOKING_ID"}) {
    EXPECT_EQ(street.deliver(booking_with_link(link)).code, BHP_OK) << link;
  }
  EXPECT_TRUE(other.requests().empty());
  EXPECT_TRUE(server_.requests().empty());
  EXPECT_THAT(state_of(street), HasSubstr("Meeting Type 1: John Smith"));
}

TEST_F(CalendarRelStreet, an_answer_that_is_no_calendar_of_this_booking_is_done_without) {
  const std::vector<std::pair<std::string, std::string>> calendar{{"Content-Type", "text/calendar"}};
  server_.answer(302, {{"Location", "https://evil.example/"}});
  server_.answer(200, {{"Content-Type", "text/html"}}, "<html>login</html>");
  server_.answer(200, calendar, "not a calendar");
  server_.answer(200, calendar, file("20140101T050000Z"));
  server_.answer(200, calendar, std::string(300 << 10, 'x'));
  server_.answer(200, calendar, std::string(500 << 10, 'x'));
  server_.answer(404);
  for (int number = 0; number < 7; ++number) {
    PluginStreet street(options());
    const core::PluginAnswer answer = street.deliver(booking_with_link(good_link()));
    EXPECT_EQ(answer.code, BHP_OK) << number << ": " << answer.message;
    EXPECT_THAT(state_of(street), HasSubstr("Meeting Type 1: John Smith")) << number;
  }
  EXPECT_EQ(server_.requests().size(), 7U);
}

TEST_F(CalendarRelStreet, a_file_that_cannot_be_had_for_the_moment_is_tried_twice_and_then_done_without) {
  for (int i = 0; i < 3; ++i) server_.answer(503);
  PluginStreet street(options());
  const std::string body = booking_with_link(good_link());

  EXPECT_EQ(street.deliver(body, {0, 1}).code, BHP_RETRY);
  EXPECT_EQ(street.deliver(body, {BHP_EV_REDELIVERY, 2}).code, BHP_RETRY);
  EXPECT_EQ(street.deliver(body, {BHP_EV_REDELIVERY, 3}).code, BHP_OK);
}

TEST_F(CalendarRelStreet, who_wants_the_vendors_file_only_sees_the_event_fail_without_it) {
  server_.answer(404);
  PluginStreet street(options("rel"));

  EXPECT_EQ(street.deliver(booking_with_link(good_link())).code, BHP_FAIL);
  EXPECT_EQ(street.deliver(booking_with_link("https://evil.example/BOOKING_ID")).code, BHP_FAIL);
}

// ---- directory and feeds ----

TEST(CalendarStreet, a_directory_gets_a_file_per_booking_which_changes_in_place) {
  PluginStreet street({library, R"({"feed":false,"directories":["ics/"]})"});
  const auto files = [&] {
    std::vector<std::string> texts;
    for (const auto &entry : std::filesystem::directory_iterator(street.state_dir() / "ics")) {
      std::ifstream file(entry.path());
      texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return texts;
  };

  EXPECT_EQ(street.deliver(with_edits(confirmed(), {{"BOOKING_ID", "../../../etc/passwd"}})).code, BHP_OK);
  ASSERT_EQ(files().size(), 1U);
  EXPECT_THAT(files()[0], HasSubstr("STATUS:CONFIRMED"));
  EXPECT_EQ(street.deliver(with_edits(canceled(), {{"BOOKING_ID", "../../../etc/passwd"}})).code, BHP_OK);
  ASSERT_EQ(files().size(), 1U);
  EXPECT_THAT(files()[0], HasSubstr("STATUS:CANCELLED"));
}

TEST(CalendarStreet, a_person_is_forgotten_in_files_and_feeds_and_nobody_else) {
  PluginStreet street({library, R"({"directories":["ics/","none/"],"past_days":36500,"keep_days":36500})"});
  const std::string other = with_edits(confirmed(), {{"BOOKING_ID", "OTHER"}, {ann, "else@test.com"}});
  ASSERT_EQ(street.deliver(confirmed()).code, BHP_OK);
  ASSERT_EQ(street.deliver(other).code, BHP_OK);
  street.ask(Question::What::tick);
  const std::filesystem::path files = street.state_dir() / "ics";
  std::filesystem::remove_all(street.state_dir() / "none");
  const auto write = [&](const std::string &name, const std::string &text) { std::ofstream(files / name) << text; };
  const std::string folded =
      "PRODID:-//Bellhop//calendar 1.0//EN\r\nDESCRIPTION:Attendee: Ann <webhooks+sam\r\n ple@appointlet.com>\r\n";
  write(".bellhop-a1b2c3", folded);                                            // of a crash
  write("mine.ics", "PRODID:-//Somebody//EN\r\nDESCRIPTION:" + ann + "\r\n");  // a person's own
  std::filesystem::create_symlink("/etc/passwd", files / "link.ics");

  const core::Report told =
      street.ask(Question::What::command, "forget", R"({"email":"Webhooks+Sample@Appointlet.com"})");

  EXPECT_EQ(told.answers.at(0).code, BHP_OK) << told.answers.at(0).message;
  EXPECT_THAT(told.answers.at(0).message, HasSubstr("1 bookings and 2 files erased"));
  EXPECT_EQ(street.kv_all("state/").size(), 1U);
  std::set<std::string> left;
  for (const auto &entry : std::filesystem::directory_iterator(files)) left.insert(entry.path().filename());
  EXPECT_EQ(left.size(), 3U);
  EXPECT_EQ(left.count(".bellhop-a1b2c3"), 0U);
  street.ask(Question::What::tick);
  const std::string feed = street.document("feed.ics")->body;
  EXPECT_THAT(feed, HasSubstr("else@test.com"));
  EXPECT_THAT(feed, Not(HasSubstr(ann)));
}

TEST(CalendarStreet, feeds_that_were_erased_with_a_person_are_there_again_after_the_next_tick) {
  PluginStreet street({library, feed_settings()});
  street.deliver(confirmed());
  street.deliver(with_edits(confirmed(), {{"BOOKING_ID", "OTHER"}, {ann, "else@test.com"}}));
  street.ask(Question::What::tick);
  street.forget(ann);
  ASSERT_FALSE(street.document("feed.ics"));

  street.ask(Question::What::command, "forget", R"({"email":")" + ann + R"("})");
  street.ask(Question::What::tick);

  EXPECT_THAT(street.document("feed.ics")->body, HasSubstr("else@test.com"));
  EXPECT_EQ(street.document_paths().size(), 3U);
}

TEST(CalendarStreet, what_cannot_be_forgotten_is_said) {
  PluginStreet street({library, R"({"feed":false,"directories":["ics/"]})"});
  const core::Report nobody = street.ask(Question::What::command, "forget", R"({"email":"bob"})");
  std::filesystem::remove_all(street.state_dir() / "ics");
  std::ofstream(street.state_dir() / "ics") << "a file";

  const core::Report held = street.ask(Question::What::command, "forget", R"({"email":")" + ann + R"("})");

  EXPECT_EQ(nobody.answers.at(0).code, BHP_FAIL);
  EXPECT_THAT(nobody.answers.at(0).message, HasSubstr("\"bob\" is no e-mail address"));
  EXPECT_EQ(held.answers.at(0).code, BHP_HOLD);
  EXPECT_THAT(held.answers.at(0).message, HasSubstr("cannot look into"));
}

TEST(CalendarStreet, feeds_are_built_by_a_tick_and_only_when_something_changed) {
  PluginStreet street({library, feed_settings()});
  street.deliver(confirmed());
  EXPECT_TRUE(street.document_paths().empty()) << "not per event";

  const core::Report told = street.ask(Question::What::tick);

  EXPECT_EQ(told.next_tick_ms, 30'000);
  EXPECT_EQ(street.document_paths(), (std::vector<std::string>{"busy.ics", "feed.ics", "members/1.ics"}));
  const core::Document first = *street.document("feed.ics");
  EXPECT_EQ(first.content_type, "text/calendar; charset=utf-8");
  EXPECT_THAT(first.body, HasSubstr("SUMMARY:Meeting Type 1: John Smith\r\n"));
  EXPECT_THAT(first.body, HasSubstr("X-WR-CALNAME:Bookings\r\n"));
  EXPECT_THAT(street.document("busy.ics")->body, Not(HasSubstr("John")));

  street.deliver(confirmed(), {BHP_EV_REDELIVERY, 2});
  street.ask(Question::What::tick);
  EXPECT_EQ(street.document("feed.ics")->etag, first.etag);
  EXPECT_EQ(street.document("feed.ics")->modified_ms, first.modified_ms);

  street.deliver(moved());
  street.ask(Question::What::tick);
  EXPECT_NE(street.document("feed.ics")->etag, first.etag);
}

TEST(CalendarStreet, a_member_without_bookings_loses_the_feed) {
  PluginStreet street({library, feed_settings()});
  street.deliver(confirmed());
  street.ask(Question::What::tick);

  street.deliver(with_edits(confirmed(), {{R"("action": "confirmed")", R"("action": "reassigned")"},
                                          {R"("bookable": {
      "id": 1,)",
                                           R"("bookable": {"id": 2,)"}}));
  street.ask(Question::What::tick);

  EXPECT_EQ(street.document_paths(), (std::vector<std::string>{"busy.ics", "feed.ics", "members/2.ics"}));
}

TEST(CalendarStreet, what_was_canceled_before_anything_showed_it_is_skipped_and_a_late_one_does_not_bring_it_back) {
  PluginStreet street({library, feed_settings()});

  EXPECT_EQ(street.deliver(canceled()).code, BHP_SKIP);
  EXPECT_EQ(street.deliver(confirmed(), {BHP_EV_LATE, 1}).code, BHP_SKIP);
  street.ask(Question::What::tick);

  EXPECT_THAT(street.document("feed.ics")->body, Not(HasSubstr("VEVENT")));
}

TEST(CalendarStreet, a_person_can_ask_for_the_feeds_addresses_and_no_log_has_them) {
  PluginStreet street({library, feed_settings()});
  street.deliver(confirmed());
  street.ask(Question::What::tick);

  street.ask(Question::What::command, "urls");

  EXPECT_THAT(street.output(), HasSubstr("https://hooks.example.org/pub/"));
  EXPECT_THAT(street.output(), HasSubstr("/members/1.ics\n"));
  for (const std::string &line : street.log()) EXPECT_THAT(line, Not(HasSubstr("/pub/")));
}

TEST(CalendarStreet, old_bookings_are_forgotten) {
  PluginStreet street({library, "{}"});  // 2014 is more than keep_days ago
  street.deliver(confirmed());
  EXPECT_EQ(street.kv_all("state/").size(), 1U);
  street.ask(Question::What::tick);
  EXPECT_TRUE(street.kv_all("state/").empty());
}

TEST(CalendarStreet, an_event_that_is_no_booking_or_has_no_time_is_told_in_a_sentence) {
  PluginStreet street({library, feed_settings()});

  const core::PluginAnswer field = street.deliver(payload_text("legacy_field_updated.assumed.json"));
  const core::PluginAnswer timeless =
      street.deliver(with_edits(confirmed(), {{R"("start": "2014-01-01T00:00:00Z")", R"("start": "soon")"}}));

  EXPECT_EQ(field.code, BHP_SKIP);
  EXPECT_EQ(timeless.code, BHP_FAIL);
  EXPECT_EQ(timeless.message, "the booking names no time that can be read");
}

}  // namespace
}  // namespace bellhop::test
