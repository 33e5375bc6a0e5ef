// SPDX-License-Identifier: Apache-2.0
// The middle of a page, which is nobody's; and pages that only look as if they had one.
#include "journal/scrub.hpp"

#include <gtest/gtest.h>

#include "journal/write_session.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t page_size = static_cast<std::size_t>(page_bytes);

void put_two_bytes(std::string &page, std::size_t at, std::size_t value) {
  page[at] = static_cast<char>(value >> 8);
  page[at + 1] = static_cast<char>(value);
}

// A leaf of a table with two cells at the end and a copy of old text in its middle.
std::string leaf(std::size_t header = 0) {
  std::string page(page_size, '\0');
  page[header] = 13;
  put_two_bytes(page, header + 3, 2);
  put_two_bytes(page, header + 5, 8'000);
  put_two_bytes(page, header + 8, 8'100);
  put_two_bytes(page, header + 10, 8'000);
  page.replace(4'000, 5, "stale");
  page.replace(8'000, 5, "first");
  page.replace(8'100, 6, "second");
  return page;
}

TEST(Scrub, clears_the_middle_and_nothing_else) {
  for (const std::size_t header : {std::size_t{0}, std::size_t{100}}) {
    std::string page = leaf(header);
    std::string expected = page;
    expected.replace(4'000, 5, std::string(5, '\0'));

    EXPECT_TRUE(clear_middle(page, header != 0));

    EXPECT_EQ(page, expected);
  }
}

TEST(Scrub, leaves_a_page_alone_whose_places_make_no_sense) {
  const std::pair<std::size_t, std::size_t> wrongs[] = {{3, 5'000}, {5, 9'000}, {5, 11}, {8, 4'000}, {10, 8'190}};
  for (const auto &[at, value] : wrongs) {
    std::string page = leaf();
    put_two_bytes(page, at, value);
    const std::string before = page;

    EXPECT_FALSE(clear_middle(page, false)) << at << " " << value;

    EXPECT_EQ(page, before);
  }
}

TEST(Scrub, leaves_pages_alone_that_only_begin_like_one_of_a_b_tree) {
  std::string overflow(page_size, 'x');  // the next page's number, then text
  overflow.replace(0, 4, std::string("\x02\0\0\x09", 4));
  std::string map(page_size, '\0');  // entries of five bytes: a kind and a page
  for (std::size_t at = 0; at + 5 <= page_size; at += 5) map.replace(at, 5, std::string("\x05\0\0\0\x07", 5));
  const std::string pages[] = {overflow, map, std::string(page_size, '\0')};
  for (const std::string &before : pages) {
    std::string page = before;
    EXPECT_FALSE(clear_middle(page, false));
    EXPECT_EQ(page, before);
  }
}

}  // namespace
}  // namespace bellhop::core
