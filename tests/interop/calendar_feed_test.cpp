// SPDX-License-Identifier: Apache-2.0
// Readers: vdirsyncer fetches the feed and the CalDAV collection, khal shows what it fetched.
#include <gmock/gmock.h>

#include "interop/calendar_ends.hpp"
#include "support/wayward_server.hpp"

namespace bellhop::test {
namespace {

using namespace interop;

using testing::HasSubstr;
using testing::Not;

// A home with both configured; the storage `remote` is the test's.
class Reader {
 public:
  explicit Reader(const std::string &remote) {
    std::ofstream(home_.path() / "vdirsyncer.conf")
        << "[general]\nstatus_path = \"" << (home_.path() / "status").string()
        << "\"\n[pair bookings]\na = \"local\"\nb = \"remote\"\ncollections = null\nconflict_resolution = \"b wins\"\n"
        << "[storage local]\ntype = \"filesystem\"\npath = \"" << (home_.path() / "calendar").string()
        << "\"\nfileext = \".ics\"\n[storage remote]\n"
        << remote;
    std::ofstream(home_.path() / "khal.conf")
        << "[calendars]\n[[bookings]]\npath = " << (home_.path() / "calendar").string()
        << "\ntype = calendar\n[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\n"
        << "dateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\n"
        << "longdatetimeformat = %Y-%m-%d %H:%M\n[default]\ndefault_calendar = bookings\n";
    std::filesystem::create_directories(home_.path() / "calendar");
  }
  Ran sync() {
    const std::string config = home_.path() / "vdirsyncer.conf";
    const Ran discovered = run({"/bin/sh", "-c", "yes | vdirsyncer -c '" + config + "' discover"}, home_.path());
    if (discovered.code != 0) return discovered;
    return run({"vdirsyncer", "-c", config, "sync"}, home_.path());
  }
  // "start end status title" of what is in the first days of 2014.
  std::string shown() {
    return run({"khal", "-c", home_.path() / "khal.conf", "list", "--day-format", "", "--format",
                "{start} {end} {status}{title}", "2014-01-01", "7d"},
               home_.path())
        .output;
  }

 private:
  const TemporaryDirectory home_{"interop"};
};

bool has_readers() { return has_module("vdirsyncer") && has_module("khal"); }

TEST(CalendarReaders, vdirsyncer_and_khal_read_the_feed_and_its_busy_variant) {
  if (!has_readers()) GTEST_SKIP() << "vdirsyncer and khal are not installed: ./dev interop";
  PluginStreet street({calendar_library, R"({"past_days":36500,"keep_days":36500})"});
  ASSERT_EQ(street.deliver(sample()).code, BHP_OK);
  ASSERT_EQ(street.deliver(sample({{"BOOKING_ID", "OTHER"}, {"\"John\"", "\"J\xC3\xB6rg \xF0\x9F\x98\x80\""}})).code,
            BHP_OK);
  street.ask(core::Question::What::tick);
  for (const char *path : {"feed.ics", "busy.ics"}) {
    core::WaywardServer server;
    for (int i = 0; i < 4; ++i) {
      server.answer(200, {{"Content-Type", "text/calendar"}}, street.document(path)->body);
    }
    Reader reader("type = \"http\"\nurl = \"" + server.url() + "\"\n");

    const Ran synced = reader.sync();

    EXPECT_EQ(synced.code, 0) << synced.output;
    const std::string shown = reader.shown();
    const bool is_busy = std::string(path) == "busy.ics";
    EXPECT_THAT(shown, HasSubstr("2014-01-01 00:00 2014-01-01 00:30")) << path;
    EXPECT_THAT(shown, HasSubstr(is_busy ? "Busy" : "Meeting Type 1: John Smith"));
    EXPECT_THAT(shown, is_busy ? Not(HasSubstr("John"))
                               : testing::Matcher<std::string>(HasSubstr("J\xC3\xB6rg \xF0\x9F\x98\x80")));
  }
}

TEST(CalendarReaders, vdirsyncer_and_khal_read_the_collection_before_and_after_a_move) {
  if (!has_readers() || !has_module("radicale"))
    GTEST_SKIP() << "radicale and readers are not installed: ./dev interop";
  const RunningServer server(radicale);
  PluginStreet street({calendar_library, server.settings()});
  Reader reader("type = \"caldav\"\nurl = \"" + server.url() + "\"\nusername = \"ann\"\npassword = \"s3cr3t\"\n");
  ASSERT_EQ(street.deliver(sample()).code, BHP_OK);

  const Ran first = reader.sync();
  EXPECT_EQ(first.code, 0) << first.output;
  EXPECT_THAT(reader.shown(), HasSubstr("2014-01-01 00:00 2014-01-01 00:30"));
  ASSERT_EQ(street.deliver(moved_sample()).code, BHP_OK);
  const Ran second = reader.sync();

  EXPECT_EQ(second.code, 0) << second.output;
  EXPECT_THAT(reader.shown(), HasSubstr("2014-01-02 10:00 2014-01-02 10:30"));
  EXPECT_THAT(reader.shown(), Not(HasSubstr("2014-01-01 00:00")));
}

}  // namespace
}  // namespace bellhop::test
