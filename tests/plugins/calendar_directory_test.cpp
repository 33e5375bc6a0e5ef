// SPDX-License-Identifier: Apache-2.0
#include "directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace calendar {
namespace {

namespace fs = std::filesystem;

const char *const ours =
    "BEGIN:VCALENDAR\r\nPRODID:-//Bellhop//calendar 1.0//EN\r\nATTENDEE:mailto:ada@example.org\r\nEND:VCALENDAR\r\n";

class CalendarDirectory : public testing::Test {
 protected:
  CalendarDirectory() {
    std::string pattern = fs::temp_directory_path() / "bellhop-calendar-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~CalendarDirectory() override { fs::remove_all(path_); }
  std::string text_of(const std::string &name) const {
    std::ifstream file(path_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files_count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }
  std::string path_;
};

TEST_F(CalendarDirectory, a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it) {
  EXPECT_EQ(write_file(path_, "a", "first, and longer").code, BHP_OK);
  std::ifstream reader(path_ + "/a.ics");  // who reads already reads the old one to its end
  EXPECT_EQ(write_file(path_, "a", "second").code, BHP_OK);

  EXPECT_EQ(text_of("a.ics"), "second");
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>(reader), {}}), "first, and longer");
  EXPECT_EQ(files_count(), 1U);
  EXPECT_EQ(fs::status(path_ + "/a.ics").permissions(), static_cast<fs::perms>(0644));
}

TEST_F(CalendarDirectory, a_link_in_its_place_is_replaced_and_not_followed) {
  std::ofstream(path_ + "/precious") << "kept";
  fs::create_symlink(path_ + "/precious", path_ + "/a.ics");

  EXPECT_EQ(write_file(path_, "a", "new").code, BHP_OK);

  EXPECT_EQ(text_of("precious"), "kept");
  EXPECT_FALSE(fs::is_symlink(path_ + "/a.ics"));
}

TEST_F(CalendarDirectory, a_directory_that_is_not_there_holds_the_backlog_and_says_its_name) {
  const bellhop::Verdict written = write_file(path_ + "/none", "a", "text"), checked = check_directory(path_ + "/none");

  EXPECT_EQ(written.code, BHP_HOLD);
  EXPECT_NE(written.message.find(path_ + "/none: No such file or directory"), std::string::npos) << written.message;
  EXPECT_EQ(checked.code, BHP_HOLD);
}

TEST_F(CalendarDirectory, a_place_that_is_taken_leaves_no_temporary_file_behind) {
  fs::create_directory(path_ + "/a.ics");

  EXPECT_EQ(write_file(path_, "a", "text").code, BHP_HOLD);
  EXPECT_EQ(files_count(), 1U);
  EXPECT_EQ(check_directory(path_).code, BHP_OK);
  std::ofstream(path_ + "/file") << "x";
  EXPECT_EQ(check_directory(path_ + "/file").code, BHP_HOLD);
}

// Whoever else keeps something in the directory must not keep a person from being forgotten.
TEST_F(CalendarDirectory, what_is_no_file_is_passed_by_where_a_person_is_forgotten) {
  fs::create_directory(path_ + "/folder.ics");
  ASSERT_EQ(write_file(path_, "a", ours).code, BHP_OK);

  std::size_t removed_count = 0;
  const bellhop::Verdict verdict = remove_mentions(path_, "ada@example.org", removed_count);

  EXPECT_EQ(verdict.code, BHP_OK) << verdict.message;
  EXPECT_EQ(removed_count, 1U);
  EXPECT_EQ(files_count(), 1U);
}

TEST_F(CalendarDirectory, a_file_that_cannot_be_read_is_named_and_all_others_are_forgotten) {
  for (int number = 0; number < 20; ++number) ASSERT_EQ(write_file(path_, std::to_string(number), ours).code, BHP_OK);
  ASSERT_EQ(write_file(path_, "closed", ours).code, BHP_OK);
  fs::permissions(path_ + "/closed.ics", fs::perms::none);
  fs::permissions(path_, fs::perms::all);
  const bool is_root = ::geteuid() == 0;  // who may read everything
  ASSERT_EQ(is_root ? ::seteuid(65'534) : 0, 0);

  std::size_t removed_count = 0;
  const bellhop::Verdict verdict = remove_mentions(path_, "ada@example.org", removed_count);

  ASSERT_EQ(is_root ? ::seteuid(0) : 0, 0);
  EXPECT_EQ(verdict.code, BHP_HOLD);
  EXPECT_NE(verdict.message.find("closed.ics: Permission denied"), std::string::npos) << verdict.message;
  EXPECT_EQ(removed_count, 20U);
}

}  // namespace
}  // namespace calendar
