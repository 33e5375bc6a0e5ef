// SPDX-License-Identifier: Apache-2.0
// The rules of UID, SEQUENCE and STATUS, one by one and over random lives.
#include "state.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "calendar_json.hpp"
#include "vevent.hpp"

namespace calendar {
namespace {

constexpr std::int64_t noon = 1'700'000'000, hour = 3'600;

Booking booking_at(std::int64_t start, std::optional<Status> status = Status::confirmed) {
  Booking booking;
  booking.id = "7";
  booking.status = status;
  booking.start = start;
  booking.end = booking.end_given = start + hour / 2;
  booking.created = noon - 100 * hour;
  booking.host_id = "1";
  booking.texts.summary = "Consultation: John";
  return booking;
}

// One booking's life, event by event.
class Life {
 public:
  Change live(const Booking &booking, bool is_late = false) {
    event_id_ = "event " + std::to_string(++number_);
    return again(booking, is_late);
  }
  // The same event once more.
  Change again(const Booking &booking, bool is_late = false, bool is_replay = false) {
    return apply(state_, booking,
                 {event_id_, "appointlet/organization/1", "booking/7", noon + number_, is_late, is_replay});
  }
  const State &state() const { return *state_; }
  State &state() { return *state_; }

 private:
  std::optional<State> state_;
  std::string event_id_;
  int number_ = 0;
};

TEST(CalendarState, a_requested_booking_is_tentative_and_confirming_it_does_not_count) {
  Life life;

  EXPECT_EQ(life.live(booking_at(noon, Status::tentative)), Change::made);
  EXPECT_EQ(life.state().status, Status::tentative);
  EXPECT_EQ(life.state().sequence, 0);

  EXPECT_EQ(life.live(booking_at(noon)), Change::made);
  EXPECT_EQ(life.state().status, Status::confirmed);
  EXPECT_EQ(life.state().sequence, 0);
}

TEST(CalendarState, requested_confirmed_moved_twice_and_canceled_is_cancelled_with_sequence_3) {
  Life life;
  life.live(booking_at(noon, Status::tentative));
  life.live(booking_at(noon));
  life.live(booking_at(noon + hour));
  life.live(booking_at(noon + 2 * hour));

  life.live(booking_at(noon + 2 * hour, Status::canceled));

  EXPECT_EQ(life.state().sequence, 3);
  EXPECT_EQ(word_of(life.state().status), "CANCELLED");
}

TEST(CalendarState, a_cancel_that_also_names_another_time_counts_once) {
  Life life;
  life.live(booking_at(noon));
  life.live(booking_at(noon + hour, Status::canceled));
  EXPECT_EQ(life.state().sequence, 1);
}

TEST(CalendarState, a_booking_that_comes_back_counts_so_that_readers_who_canceled_it_believe_it) {
  Life life;
  life.live(booking_at(noon));
  life.live(booking_at(noon, Status::canceled));
  life.live(booking_at(noon));
  EXPECT_EQ(life.state().sequence, 2);
  EXPECT_EQ(life.state().status, Status::confirmed);
}

TEST(CalendarState, another_host_or_another_text_is_seen_and_does_not_count) {
  Life life;
  life.live(booking_at(noon));
  Booking other = booking_at(noon);
  other.host_id = "2";

  EXPECT_EQ(life.live(other), Change::made);
  EXPECT_EQ(life.state().sequence, 0);
  EXPECT_EQ(life.state().host_id, "2");
  EXPECT_EQ(life.state().revision, 2);
}

TEST(CalendarState, an_older_snapshot_never_overwrites_and_is_better_than_none) {
  Life known, unknown;
  known.live(booking_at(noon + hour));

  EXPECT_EQ(known.live(booking_at(noon), true), Change::nothing);
  EXPECT_EQ(known.state().start, noon + hour);
  EXPECT_EQ(unknown.live(booking_at(noon), true), Change::made);
}

TEST(CalendarState, the_same_event_again_counts_nothing) {
  Life life;
  life.live(booking_at(noon));
  life.live(booking_at(noon + hour));

  EXPECT_EQ(life.again(booking_at(noon + hour)), Change::repeated);
  EXPECT_EQ(life.state().sequence, 1);
  EXPECT_EQ(life.state().revision, 2);
}

TEST(CalendarState, a_replay_of_what_is_known_is_exported_anew_and_counts_nothing) {
  Life life;
  life.live(booking_at(noon));
  life.state().exports["caldav/x"].revision = 1;

  EXPECT_EQ(life.again(booking_at(noon), false, true), Change::made);

  EXPECT_EQ(life.state().exports["caldav/x"].revision, 0);
  EXPECT_EQ(life.state().sequence, 0);
}

TEST(CalendarState, a_snapshot_that_says_nothing_of_status_or_time_keeps_both) {
  Life life;
  life.live(booking_at(noon, Status::tentative));
  Booking silent = booking_at(noon, std::nullopt);
  silent.start = silent.end = std::nullopt;
  silent.texts.location = "Room 2";

  EXPECT_EQ(life.live(silent), Change::made);
  EXPECT_EQ(life.state().status, Status::tentative);
  EXPECT_EQ(life.state().start, noon);
  EXPECT_EQ(life.state().sequence, 0);
  EXPECT_EQ(life.state().texts.location, "Room 2");
}

TEST(CalendarState, what_was_canceled_before_it_was_shown_is_shown_nowhere_until_it_comes_back) {
  Life life;
  life.live(booking_at(noon, Status::canceled));
  EXPECT_FALSE(life.state().is_shown);
  life.live(booking_at(noon));
  EXPECT_TRUE(life.state().is_shown);
}

TEST(CalendarState, bookings_of_two_organizations_with_one_id_have_two_uids) {
  std::optional<State> one, other;
  apply(one, booking_at(noon), {"e", "appointlet/organization/1", "booking/7", noon, false, false});
  apply(other, booking_at(noon), {"e", "appointlet/organization/2", "booking/7", noon, false, false});
  EXPECT_NE(one->uid, other->uid);
}

TEST(CalendarState, survives_being_written_and_read) {
  Life life;
  Booking booking = booking_at(noon);
  booking.texts = {"\"a\" \\ b", "line\nline\t\xF0\x9F\x98\x80", "", "https://example.org/"};
  booking.host_name = "M\xC3\xA4x";
  life.live(booking);
  life.state().exports["caldav/x"] = {1, "https://dav.example.org/a.ics", "\"tag\"", true};
  ParsedJson json(to_json(life.state()));

  const std::optional<State> read = state_from(json.root());

  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(life.state()));
  EXPECT_EQ(read->texts, booking.texts);
  EXPECT_EQ(read->exports.at("caldav/x").etag, "\"tag\"");
  EXPECT_TRUE(read->exports.at("caldav/x").is_shared);
}

TEST(CalendarState, what_is_no_state_is_none) {
  for (const char *text : {"null", "{}", "[]", R"({"uid":"a","name":"b"})", R"({"uid":"","name":"b","start":1})"}) {
    ParsedJson json(text);
    EXPECT_FALSE(state_from(json.root())) << text;
  }
}

// A random life, with its duplicates and late ones, beside a plain model of the rules.
void live_randomly(unsigned seed) {
  std::mt19937 random(seed);
  const auto pick = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
  Life life;
  std::int64_t sequence = 0, start = 0;
  bool is_canceled = false, is_new = true;
  std::string uid;
  Booking last = booking_at(noon);
  for (int step = 0; step < 40; ++step) {
    const std::int64_t before = is_new ? 0 : life.state().sequence;
    if (!is_new && pick(4) == 0) {
      life.again(last);  // a duplicate
    } else {
      constexpr Status all[] = {Status::tentative, Status::confirmed, Status::canceled};
      Booking booking = booking_at(noon + pick(4) * hour, all[pick(3)]);
      booking.host_id = std::to_string(pick(3));
      const bool is_late = !is_new && pick(5) == 0;
      life.live(booking, is_late);
      if (!is_late) {
        const bool cancels = booking.status == Status::canceled;
        if (!is_new && (cancels != is_canceled || booking.start != start)) ++sequence;
        is_canceled = cancels;
        start = *booking.start;
        last = booking;
        is_new = false;
      } else {
        last = booking;  // a duplicate of a late one is late, too, and known by nobody: it is given as late below
        life.again(last, true);
        last = booking_at(start, life.state().status);
        last.host_id = life.state().host_id;
      }
    }
    ASSERT_GE(life.state().sequence, before) << "seed " << seed;
    ASSERT_EQ(life.state().sequence, sequence) << "seed " << seed << " step " << step;
    if (uid.empty()) uid = life.state().uid;
    ASSERT_EQ(life.state().uid, uid);
    const auto read = read_calendar(calendar_of(life.state()));
    ASSERT_TRUE(read && read->size() == 1) << "seed " << seed;
    EXPECT_EQ(read->front().uid, uid);
    EXPECT_EQ(read->front().sequence, sequence);
    EXPECT_EQ(read->front().start, start);
    EXPECT_EQ(read->front().end, life.state().end);
    EXPECT_EQ(read->front().status, word_of(life.state().status));
    EXPECT_EQ(read->front().texts, life.state().texts);
  }
}

TEST(CalendarState, over_random_lives_the_sequence_never_falls_the_uid_stays_and_libical_reads_what_was_meant) {
  for (unsigned seed = 1; seed <= 200 && !testing::Test::HasFailure(); ++seed) live_randomly(seed);
}

}  // namespace
}  // namespace calendar
