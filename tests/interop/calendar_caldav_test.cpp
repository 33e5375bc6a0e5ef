// SPDX-License-Identifier: Apache-2.0
// A booking's life on real CalDAV servers.
#include <gmock/gmock.h>

#include "interop/calendar_ends.hpp"

namespace bellhop::test {
namespace {

using namespace interop;

using testing::HasSubstr;
using testing::Not;

std::size_t count_of(const std::string &text, const std::string &wanted) {
  std::size_t count = 0;
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++count;
  return count;
}

// Where the street's one booking stands, by what the plugin remembers.
std::string href_of(PluginStreet &street) {
  const std::string state = street.kv_all("state/").begin()->second, key = R"("href":")";
  const std::size_t at = state.find(key) + key.size();
  return state.substr(at, state.find('"', at) - at);
}

class CalDavServer : public testing::TestWithParam<Server> {
 protected:
  void SetUp() override {
    if (!has_module(GetParam().module)) GTEST_SKIP() << GetParam().module << " is not installed: ./dev interop";
    server_ = std::make_unique<RunningServer>(GetParam());
  }
  RunningServer &server() { return *server_; }

 private:
  std::unique_ptr<RunningServer> server_;
};

TEST_P(CalDavServer, shows_a_bookings_whole_life_as_one_event) {
  PluginStreet street({calendar_library, server().settings()});
  const core::Report health = street.ask(core::Question::What::health);
  EXPECT_EQ(health.answers.at(0).code, BHP_OK) << health.answers.at(0).message;

  core::PluginAnswer answer = street.deliver(sample());
  ASSERT_EQ(answer.code, BHP_OK) << answer.message << server().said();
  EXPECT_THAT(server().everything(), HasSubstr("SUMMARY:Meeting Type 1: John Smith"));
  answer = street.deliver(moved_sample());
  ASSERT_EQ(answer.code, BHP_OK) << answer.message << server().said();
  EXPECT_THAT(server().everything(), HasSubstr("DTSTART:20140102T100000Z"));
  EXPECT_THAT(server().everything(), HasSubstr("SEQUENCE:1"));
  answer = street.deliver(canceled_sample());
  ASSERT_EQ(answer.code, BHP_OK) << answer.message << server().said();

  const std::string all = server().everything();
  EXPECT_THAT(all, HasSubstr("STATUS:CANCELLED"));
  EXPECT_THAT(all, HasSubstr("SEQUENCE:2"));
  EXPECT_EQ(count_of(all, "BEGIN:VEVENT"), 1U) << all;
}

TEST_P(CalDavServer, a_booking_that_we_have_forgotten_is_found_again_and_not_doubled) {
  {
    PluginStreet street({calendar_library, server().settings()});
    ASSERT_EQ(street.deliver(sample()).code, BHP_OK);
  }
  PluginStreet street({calendar_library, server().settings()});  // another journal: nothing is known

  const core::PluginAnswer answer = street.deliver(moved_sample());

  EXPECT_EQ(answer.code, BHP_OK) << answer.message << server().said();
  EXPECT_EQ(count_of(server().everything(), "BEGIN:VEVENT"), 1U);
  EXPECT_THAT(server().everything(), HasSubstr("DTSTART:20140102T100000Z"));
}

TEST_P(CalDavServer, a_booking_that_a_person_filed_under_another_name_is_changed_there) {
  std::string text;
  {
    PluginStreet street({calendar_library, server().settings()});
    ASSERT_EQ(street.deliver(sample()).code, BHP_OK);
    const std::string href = href_of(street);
    text = server().curl("GET", href).output;
    ASSERT_THAT(text, HasSubstr("END:VCALENDAR"));
    ASSERT_EQ(server().curl("DELETE", href).code, 0);
  }
  std::ofstream(server().home() / "filed.ics") << text;
  ASSERT_EQ(
      server()
          .curl("PUT", server().url() + "filed.ics",
                {"-H", "Content-Type: text/calendar", "--data-binary", "@" + (server().home() / "filed.ics").string()})
          .code,
      0);
  PluginStreet street({calendar_library, server().settings()});

  const core::PluginAnswer answer = street.deliver(moved_sample());

  EXPECT_EQ(answer.code, BHP_OK) << answer.message << server().said();
  EXPECT_EQ(count_of(server().everything(), "BEGIN:VEVENT"), 1U) << server().everything();
  EXPECT_THAT(server().curl("GET", server().url() + "filed.ics").output, HasSubstr("DTSTART:20140102T100000Z"));
}

TEST_P(CalDavServer, what_a_person_added_stays) {
  PluginStreet street({calendar_library, server().settings()});
  ASSERT_EQ(street.deliver(sample()).code, BHP_OK);
  const std::string href = href_of(street);
  std::string text = server().curl("GET", href).output;
  text.insert(text.find("SUMMARY"), "CATEGORIES:Sales\r\n");
  std::ofstream(server().home() / "edited.ics") << text;
  ASSERT_EQ(
      server()
          .curl("PUT", href,
                {"-H", "Content-Type: text/calendar", "--data-binary", "@" + (server().home() / "edited.ics").string()})
          .code,
      0);

  const core::PluginAnswer answer = street.deliver(moved_sample());

  EXPECT_EQ(answer.code, BHP_OK) << answer.message << server().said();
  EXPECT_THAT(server().everything(), HasSubstr("CATEGORIES:Sales"));
  EXPECT_THAT(server().everything(), HasSubstr("DTSTART:20140102T100000Z"));
}

TEST_P(CalDavServer, takes_hostile_texts_and_keeps_them_in_their_fields) {
  PluginStreet street({calendar_library, server().settings()});
  const std::vector<std::string> hostile{R"(a\r\nATTENDEE:mailto:eve@example.org\r\nEND:VEVENT)",
                                         "../../etc/passwd",
                                         "\xF0\x9F\x98\x80\xF0\x9F\x98\x80",
                                         R"(\u2028\u0085\u0001\uFFFE)",
                                         R"(;,:\\\"\\n)",
                                         "\xD7\xA2\xD7\x91\xE2\x80\xAE",
                                         "]]></C:calendar-data>&lt;"};
  for (std::size_t index = 0; index < hostile.size(); ++index) {
    const core::PluginAnswer answer = street.deliver(sample({{"BOOKING_ID", "../b" + std::to_string(index)},
                                                             {"\"John\"", "\"" + hostile[index] + "\""},
                                                             {"Meeting Type 1", hostile[index]}}));
    EXPECT_EQ(answer.code, BHP_OK) << hostile[index] << ": " << answer.message << server().said();
  }
  const std::string all = server().everything();
  EXPECT_EQ(count_of(all, "BEGIN:VEVENT"), hostile.size());
  EXPECT_THAT(all, Not(HasSubstr("\nATTENDEE")));
}

TEST_P(CalDavServer, a_collection_that_is_not_there_is_told_by_the_health_check) {
  const std::string beside = server().url().substr(0, server().url().rfind('/', server().url().size() - 2)) + "/none/";
  PluginStreet street({calendar_library, R"({"feed":false,"caldav":[{"url":")" + beside +
                                             R"(","username":"ann","password":"s3cr3t"}]})"});

  const core::Report health = street.ask(core::Question::What::health);

  EXPECT_EQ(health.answers.at(0).code, BHP_HOLD);
  // Radicale says 404, Xandikos 207 with the 404 inside.
  EXPECT_THAT(health.answers.at(0).message, testing::AnyOf(HasSubstr("there is no calendar at " + beside),
                                                           HasSubstr(beside + " is no calendar collection")));
}

INSTANTIATE_TEST_SUITE_P(Real, CalDavServer, testing::Values(radicale, xandikos),
                         [](const auto &value) { return value.param.module; });

TEST(Radicale, a_wrong_password_holds_the_backlog) {
  if (!has_module("radicale")) GTEST_SKIP() << "radicale is not installed: ./dev interop";
  const RunningServer server(radicale);
  PluginStreet street({calendar_library, server.settings("wrong")});

  const core::PluginAnswer answer = street.deliver(sample());

  EXPECT_EQ(answer.code, BHP_HOLD) << answer.message;
}

}  // namespace
}  // namespace bellhop::test
