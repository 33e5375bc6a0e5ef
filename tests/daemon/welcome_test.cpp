// SPDX-License-Identifier: Apache-2.0
#include "daemon/welcome.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bellhop::core {
namespace {

class WelcomeText : public testing::Test {
 protected:
  WelcomeText() {
    std::string name = (std::filesystem::temp_directory_path() / "bellhop-welcome-XXXXXX").string();
    dir_ = mkdtemp(name.data());
    std::ofstream(dir_ + "/bellhop") << "x";
    surroundings_.executable_dir = dir_;
    surroundings_.environment["PATH"] = "/nonexistent";
  }
  ~WelcomeText() override { std::filesystem::remove_all(dir_); }

  Welcome welcome() const { return make_welcome(config_, {"http://127.0.0.1:1/hooks/a/t"}, {"log"}, surroundings_); }

  std::string dir_;
  Config config_;
  Surroundings surroundings_;
};

TEST_F(WelcomeText, names_the_program_by_its_path_when_a_shell_would_not_find_it) {
  EXPECT_EQ(welcome().send_command, dir_ + "/bellhop send booking.confirmed");

  surroundings_.environment["PATH"] = "/nonexistent:" + dir_;
  EXPECT_EQ(welcome().send_command, "bellhop send booking.confirmed");
}

TEST_F(WelcomeText, names_the_program_by_its_path_when_a_shell_would_find_another) {
  std::filesystem::create_directories(dir_ + "/other");
  std::ofstream(dir_ + "/other/bellhop") << "y";
  surroundings_.environment["PATH"] = dir_ + "/other:" + dir_;

  EXPECT_EQ(welcome().send_command, dir_ + "/bellhop send booking.confirmed");
}

TEST_F(WelcomeText, says_where_the_daemon_is_unless_that_is_the_usual_place) {
  config_.state_dir = "/srv/my state";
  EXPECT_EQ(welcome().send_command, dir_ + "/bellhop send booking.confirmed --state-dir '/srv/my state'");

  config_.admin.socket = "/run/x.sock";
  EXPECT_EQ(welcome().send_command, dir_ + "/bellhop send booking.confirmed --socket /run/x.sock");
}

TEST_F(WelcomeText, gives_a_curl_command_too) {
  EXPECT_EQ(welcome().curl_command,
            "curl -i -H 'Content-Type: application/json' -d '{\"test\":true}' http://127.0.0.1:1/hooks/a/t");

  config_.http.listen = "unix:/run/web.sock";
  EXPECT_EQ(welcome().curl_command,
            "curl -i -H 'Content-Type: application/json' -d '{\"test\":true}' --unix-socket /run/web.sock "
            "http://127.0.0.1:1/hooks/a/t");
}

TEST_F(WelcomeText, offers_nothing_to_send_without_a_source) {
  const Welcome welcome = make_welcome(config_, {}, {}, surroundings_);

  EXPECT_EQ(welcome.send_command, "");
  EXPECT_EQ(welcome.curl_command, "");
}

TEST(ShellWord, quotes_only_what_needs_it) {
  EXPECT_EQ(shell_word("/usr/bin/bellhop"), "/usr/bin/bellhop");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace bellhop::core
