// SPDX-License-Identifier: Apache-2.0
#include "services/publications.hpp"

#include <gtest/gtest.h>

#include "journal/memory_journal.hpp"
#include "support/exposition.hpp"
#include "support/fake_clock.hpp"

namespace bellhop::core {
namespace {

class Published : public testing::Test {
 protected:
  Published() {
    for (const char *name : {"calendar", "crm"}) {
      const OpenedInstance opened = *journal_.open_instance(name, Start::now);
      shelves_.push_back({name, opened.id, opened.token});
    }
    publish(0, "feed.ics", "text/calendar; charset=utf-8", "BEGIN:VCALENDAR");
    publications_ = std::make_unique<Publications>(journal_, metrics_, clock_, shelves_);
    publications_->set_base_url("https://hooks.example.org");
  }

  void publish(std::size_t instance, const std::string &path, const std::string &type, const std::string &body) {
    SettleBatch batch;
    batch.writes.push_back({shelves_[instance].id, {{}, {{path, type, body}}}, clock_.wall_ms()});
    journal_.settle(std::move(batch), [](const Result<void> &result) { ASSERT_TRUE(result.ok()); });
  }
  std::optional<HttpAnswer> ask(const std::string &path, Headers headers = {}, const std::string &method = "GET") {
    HttpRequest head;
    head.method = method;
    head.target = head.path = path;
    head.headers = std::move(headers);
    return publications_->on_head(head);
  }
  std::string feed() const { return "/pub/" + shelves_[0].token + "/feed.ics"; }
  static std::string field(const HttpAnswer &answer, const std::string &wanted) {
    for (const auto &[name, value] : answer.headers) {
      if (name == wanted) return value;
    }
    return "";
  }

  FakeClock clock_;
  Metrics metrics_{"1"};
  MemoryJournal journal_;
  std::vector<Shelf> shelves_;
  std::unique_ptr<Publications> publications_;
};

TEST_F(Published, a_document_is_served_as_it_was_published) {
  const auto answer = ask(feed());

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "BEGIN:VCALENDAR");
  EXPECT_EQ(answer->content_type, "text/calendar; charset=utf-8");
  EXPECT_EQ(field(*answer, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(field(*answer, "Cache-Control"), "private, max-age=60");
  EXPECT_EQ(field(*answer, "Content-Disposition"), "inline; filename=\"feed.ics\"");
  EXPECT_EQ(field(*answer, "ETag").front(), '"');
  EXPECT_EQ(publications_->url_of("calendar") + "feed.ics", "https://hooks.example.org" + feed());
}

TEST_F(Published, a_wrong_token_and_a_path_that_is_not_there_are_both_nobody) {
  const std::string token = shelves_[0].token;

  EXPECT_FALSE(ask("/pub/" + token + "/other.ics"));
  EXPECT_FALSE(ask("/pub/" + token + "/"));
  EXPECT_FALSE(ask("/pub/" + token));
  EXPECT_FALSE(ask("/pub/" + token.substr(1) + "/feed.ics"));
  EXPECT_FALSE(ask("/pub/" + token + "0/feed.ics"));
  EXPECT_FALSE(ask("/pub//feed.ics"));
  EXPECT_FALSE(ask("/pub/"));
  EXPECT_FALSE(ask("/hooks/" + token + "/feed.ics"));
  EXPECT_FALSE(ask("/pub/" + shelves_[1].token + "/feed.ics"));  // the neighbour's
  EXPECT_FALSE(ask("/pub/" + token + "/other.ics", {}, "POST"));
}

TEST_F(Published, a_shelf_without_a_token_opens_to_nobody) {
  Publications bare(journal_, metrics_, clock_, {{"calendar", shelves_[0].id, ""}});
  HttpRequest head;
  head.method = "GET";
  head.path = "/pub//feed.ics";

  EXPECT_FALSE(bare.on_head(head));
  EXPECT_EQ(bare.url_of("calendar"), "");
}

TEST_F(Published, the_reader_who_has_it_gets_304_without_a_body) {
  const std::string etag = field(*ask(feed()), "ETag");

  for (const std::string &tags : {etag, "W/" + etag, "\"old\", " + etag, "\"old\" ,," + etag + " ", std::string("*")}) {
    const auto answer = ask(feed(), {{"if-none-match", tags}});
    EXPECT_EQ(answer->status, 304) << tags;
    EXPECT_EQ(answer->body, "");
    EXPECT_EQ(field(*answer, "ETag"), etag);
  }
  EXPECT_EQ(ask(feed(), {{"If-None-Match", "\"old\""}, {"If-None-Match", etag}})->status, 304);
  for (const std::string &tags : {std::string("\"old\""), etag.substr(1), std::string("old"), std::string("")}) {
    EXPECT_EQ(ask(feed(), {{"If-None-Match", tags}})->status, 200) << tags;
  }
}

TEST_F(Published, another_body_has_another_tag) {
  const std::string etag = field(*ask(feed()), "ETag");

  publish(0, "feed.ics", "text/calendar; charset=utf-8", "BEGIN:VCALENDAR2");

  EXPECT_EQ(ask(feed(), {{"If-None-Match", etag}})->status, 200);
  EXPECT_NE(field(*ask(feed()), "ETag"), etag);
}

TEST_F(Published, a_date_counts_when_there_are_no_tags) {
  const std::string modified = field(*ask(feed()), "Last-Modified");

  EXPECT_EQ(ask(feed(), {{"If-Modified-Since", modified}})->status, 304);
  EXPECT_EQ(ask(feed(), {{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}})->status, 200);
  EXPECT_EQ(ask(feed(), {{"If-Modified-Since", "yesterday"}})->status, 200);
  EXPECT_EQ(ask(feed(), {{"If-Modified-Since", modified}, {"If-None-Match", "\"old\""}})->status, 200);
}

TEST_F(Published, only_get_and_head_are_allowed) {
  EXPECT_EQ(ask(feed(), {}, "HEAD")->status, 200);
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const auto answer = ask(feed(), {}, method);
    EXPECT_EQ(answer->status, 405) << method;
    EXPECT_EQ(field(*answer, "Allow"), "GET, HEAD");
  }
}

TEST_F(Published, a_page_may_not_run_scripts_and_an_unknown_type_is_a_download) {
  publish(0, "page.html", "text/html; charset=utf-8", "<script>alert(1)</script>");
  publish(0, "a b;\"x.svg", "image/svg+xml", "<svg onload='alert(1)'/>");
  const std::string shelf = "/pub/" + shelves_[0].token + "/";

  const auto page = ask(shelf + "page.html");
  const auto drawing = ask(shelf + "a b;\"x.svg");

  EXPECT_EQ(page->content_type, "text/html; charset=utf-8");
  EXPECT_NE(field(*page, "Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  EXPECT_NE(field(*page, "Content-Security-Policy").find("sandbox"), std::string::npos);
  EXPECT_EQ(field(*page, "Content-Security-Policy").find("allow-scripts"), std::string::npos);
  EXPECT_EQ(drawing->content_type, "application/octet-stream");
  EXPECT_EQ(field(*drawing, "Content-Disposition"), "attachment; filename=\"a_b__x.svg\"");
}

TEST_F(Published, a_type_that_would_start_another_header_is_not_sent) {
  publish(0, "x", "text/plain\r\nSet-Cookie: a=b", "x");

  EXPECT_EQ(ask("/pub/" + shelves_[0].token + "/x")->content_type, "application/octet-stream");
}

TEST_F(Published, requests_are_counted_but_not_those_of_strangers) {
  ask(feed());
  ask("/pub/" + shelves_[0].token + "/other.ics");
  ask("/pub/0123/feed.ics");

  const test::Exposition seen(metrics_.text({}));
  const std::string name = "bellhop_publication_requests_total";
  EXPECT_EQ(seen.value(name, {{"instance", "calendar"}, {"status", "200"}}), 1);
  EXPECT_EQ(seen.value(name, {{"instance", "calendar"}, {"status", "404"}}), 1);
  EXPECT_EQ(seen.count_of(name), 2U);
}

}  // namespace
}  // namespace bellhop::core
