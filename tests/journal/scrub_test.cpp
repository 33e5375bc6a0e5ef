// SPDX-License-Identifier: Apache-2.0
// What may be zeroed in a file that SQLite owns: the middle of a page of a tree, and nothing of any other page.
#include "journal/scrub.hpp"

#include <gtest/gtest.h>

#include "fixtures.hpp"

namespace bellhop::core {
namespace {

// A leaf with two cells: header, two pointers, a middle, and the contents from 8,000 on.
std::string leaf() {
  std::string page(static_cast<std::size_t>(page_bytes), 'm');
  const unsigned char head[] = {13,           0,          0,           0, 2, 8'000 >> 8, 8'000 & 0xff, 0, 8'000 >> 8,
                                8'000 & 0xff, 8'100 >> 8, 8'100 & 0xff};
  page.replace(0, sizeof head, reinterpret_cast<const char *>(head), sizeof head);
  page.replace(8'000, std::string::npos, static_cast<std::size_t>(page_bytes) - 8'000, 'c');
  return page;
}

TEST(Scrub, finds_what_stands_between_the_pointers_and_the_contents) {
  const std::optional<PageRange> middle = middle_of(leaf(), false);
  ASSERT_TRUE(middle.has_value());
  EXPECT_EQ(middle->begin, 12u);
  EXPECT_EQ(middle->size, 8'000u - 12u);

  const std::optional<PageRange> of_first = middle_of(std::string(100, 'h') + leaf().substr(0, 8'092), true);
  ASSERT_TRUE(of_first.has_value());
  EXPECT_EQ(of_first->begin, 112u);
}

// A page of pointers to parents (what incremental vacuum goes by) begins with a kind of its own, 1 to 5, and 2 and 5
// are those of inner pages of trees too. Section 1.8 of the file format.
TEST(Scrub, leaves_a_pointer_map_alone) {
  for (const char kind : {'\2', '\5'}) {
    for (const char parent : {'\0', '\1', '\7'}) {
      std::string page;
      while (page.size() + 5 <= static_cast<std::size_t>(page_bytes))
        page += std::string{kind, '\0', '\0', '\0', parent};
      page.resize(static_cast<std::size_t>(page_bytes), '\0');
      EXPECT_FALSE(middle_of(page, false)) << int(kind) << " of " << int(parent);
    }
  }
}

TEST(Scrub, leaves_a_page_alone_whose_cells_are_not_where_its_header_says) {
  std::string before_contents = leaf(), past_the_end = leaf();
  before_contents.replace(8, 2, std::string("\x10\x00", 2));
  past_the_end.replace(10, 2, std::string("\x20\x00", 2));

  EXPECT_FALSE(middle_of(before_contents, false));
  EXPECT_FALSE(middle_of(past_the_end, false));
}

}  // namespace
}  // namespace bellhop::core
