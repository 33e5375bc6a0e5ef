// SPDX-License-Identifier: Apache-2.0
#include "event/event.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "event/sha256.hpp"
#include "event/utf8.hpp"

namespace bellhop::core {
namespace {

TEST(Sha256, gives_the_published_digest_of_abc) {
  const Sha256 whole = sha256({"abc"}), in_pieces = sha256({"a", "", "bc"});

  EXPECT_EQ(hex_of(whole.data(), whole.size()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(whole, in_pieces);
}

TEST(Sha256, works_in_every_thread) {
  const Sha256 here = sha256({"abc"});
  Sha256 there{};
  std::thread other([&] { there = sha256({"abc"}); });
  other.join();

  EXPECT_EQ(here, there);
}

TEST(EventId, is_the_first_half_of_the_digest_over_source_nul_body) {
  const Sha256 digest = sha256({std::string_view("web\0{}", 6)});

  EXPECT_EQ(EventId::of("web", "{}").text(), hex_of(digest.data(), 16));
}

TEST(EventId, keeps_source_and_body_apart) { EXPECT_NE(EventId::of("a", "bc"), EventId::of("ab", "c")); }

TEST(EventId, changes_with_the_salt_and_only_then) {
  const EventId plain = EventId::of("web", R"({"test":true})");

  EXPECT_EQ(EventId::of("web", R"({"test":true})"), plain);
  EXPECT_NE(EventId::of("web", R"({"test":true})", 1), plain);
  EXPECT_NE(EventId::of("web", R"({"test":true})", 1), EventId::of("web", R"({"test":true})", 2));
}

TEST(EventId, reads_its_own_text_in_either_case) {
  const EventId id = EventId::of("web", "body");
  EventId read;

  ASSERT_TRUE(EventId::parse(id.text(), read));
  EXPECT_EQ(read, id);
  ASSERT_TRUE(EventId::parse("ABCDEF0123456789abcdef0123456789", read));
  EXPECT_EQ(read.text(), "abcdef0123456789abcdef0123456789");
}

TEST(EventId, refuses_other_text_and_leaves_the_target_alone) {
  const EventId before = EventId::of("web", "body");
  for (const std::string text : {"", "abc", "abcdef0123456789abcdef012345678", "abcdef0123456789abcdef01234567890",
                                 "abcdef0123456789abcdef012345678g", "abcdef0123456789 bcdef0123456789"}) {
    EventId id = before;
    EXPECT_FALSE(EventId::parse(text, id)) << text;
    EXPECT_EQ(id, before);
  }
}

TEST(SubjectKey, is_the_same_on_every_machine) {
  // The first 8 bytes of SHA-256("abc"), big-endian.
  EXPECT_EQ(static_cast<std::uint64_t>(subject_key("abc")), 0xba7816bf8f01cfeaULL);
  EXPECT_NE(subject_key("booking/1"), subject_key("booking/2"));
}

TEST(Utf8, knows_well_formed_sequences) {
  for (const std::string text : {"a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                 "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    const Utf8Sequence sequence = utf8_sequence(text, 0);
    EXPECT_TRUE(sequence.is_valid) << text;
    EXPECT_EQ(sequence.size, text.size()) << text;
  }
}

TEST(Utf8, finds_the_part_to_replace_of_ill_formed_ones) {
  struct Case {
    std::string text;
    std::size_t size;
  };
  for (const Case &c :
       {Case{"\x80", 1}, Case{"\xc0\xaf", 1}, Case{"\xc2", 1}, Case{"\xc2x", 1}, Case{"\xe0\x9f\x80", 1},
        Case{"\xed\xa0\x80", 1}, Case{"\xe2\x82", 2}, Case{"\xf0\x90\x80", 3}, Case{"\xf0\x8f\x80\x80", 1},
        Case{"\xf4\x90\x80\x80", 1}, Case{"\xf5\x80\x80\x80", 1}, Case{"\xff", 1}}) {
    const Utf8Sequence sequence = utf8_sequence(c.text, 0);
    EXPECT_FALSE(sequence.is_valid);
    EXPECT_EQ(sequence.size, c.size) << hex_of(reinterpret_cast<const std::uint8_t *>(c.text.data()), c.text.size());
  }
}

TEST(Utf8, never_cuts_a_sequence_in_two) {
  const std::string text =
      "ab\xe2\x82\xac"
      "c";

  EXPECT_EQ(utf8_prefix(text, 6), text);
  EXPECT_EQ(utf8_prefix(text, 5), "ab\xe2\x82\xac");
  EXPECT_EQ(utf8_prefix(text, 4), "ab");
  EXPECT_EQ(utf8_prefix(text, 3), "ab");
  EXPECT_EQ(utf8_prefix(text, 0), "");
}

}  // namespace
}  // namespace bellhop::core
