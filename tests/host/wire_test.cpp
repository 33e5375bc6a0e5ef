// SPDX-License-Identifier: Apache-2.0
#include "host/wire.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace bellhop::core::wire {
namespace {

std::string_view payload_of(const std::string &frame) { return std::string_view(frame).substr(header_bytes); }

BatchView sample_batch() {
  BatchView batch;
  batch.budget_ms = 30'000;
  batch.backlog_count = 12;
  batch.parcels.push_back({"id-1", "booking.confirmed", "booking/1", "{\"a\":1}", std::string_view("raw\0body", 8), -5,
                           6, 7'000'000'000, 3, 2, 20});
  batch.parcels.push_back({"id-2", "ping", "event/2", "{}", "", 0, 0, 1, 0, 1, 0});
  return batch;
}

// Feeds the bytes in pieces of this size and collects the types of the frames.
std::vector<Type> types_of(std::string_view bytes, std::size_t piece) {
  FrameReader reader(1 << 20);
  std::vector<Type> types;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const std::string_view part = bytes.substr(at, piece);
    std::memcpy(reader.room(part.size()), part.data(), part.size());
    reader.take(part.size());
    for (;;) {
      const auto frame = reader.next();
      EXPECT_TRUE(frame.ok());
      if (!frame->has_value()) break;
      types.push_back((*frame)->type);
    }
  }
  return types;
}

TEST(Wire, a_batch_survives_the_way) {
  std::string frame;
  encode(frame, sample_batch());

  const auto batch = decode_batch(payload_of(frame));

  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(frame.size(), encoded_size(sample_batch()));
  EXPECT_EQ(batch->budget_ms, 30'000);
  EXPECT_EQ(batch->backlog_count, 12);
  ASSERT_EQ(batch->parcels.size(), 2U);
  const ParcelView &first = batch->parcels[0];
  EXPECT_EQ(first.id, "id-1");
  EXPECT_EQ(first.type, "booking.confirmed");
  EXPECT_EQ(first.subject, "booking/1");
  EXPECT_EQ(first.json, "{\"a\":1}");
  EXPECT_EQ(first.body, std::string_view("raw\0body", 8));
  EXPECT_EQ(first.occurred_ms, -5);
  EXPECT_EQ(first.received_ms, 6);
  EXPECT_EQ(first.seq, 7'000'000'000);
  EXPECT_EQ(first.flags, 3U);
  EXPECT_EQ(first.attempt, 2U);
  EXPECT_EQ(first.attempts_max, 20U);
  EXPECT_EQ(batch->parcels[1].type, "ping");
  EXPECT_EQ(batch->parcels[1].json.data()[2], '\0');  // views are C strings too
}

TEST(Wire, every_small_message_survives_the_way) {
  std::string hello, phase, ready, refused, answers, log;
  Hello greeting;
  greeting.instance = "crm";
  greeting.library = "/lib/x.so";
  greeting.settings_json = "{}";
  greeting.state_dir = "/var";
  greeting.index = 1;
  greeting.worker = 4;
  encode(hello, greeting);
  encode(phase, Phase::starting);
  encode(ready, Ready{true, true});
  encode(refused, Refused{true, "no"});
  encode(answers, AnswersView{2, "whole", {{4, 99, "hold it"}, {0, 0, ""}}, {}});
  encode(log, LogLine{Level::error, "line"});

  EXPECT_EQ(decode_hello(payload_of(hello))->library, "/lib/x.so");
  EXPECT_EQ(decode_hello(payload_of(hello))->worker, 4U);
  EXPECT_EQ(decode_phase(payload_of(phase)), Phase::starting);
  EXPECT_TRUE(decode_ready(payload_of(ready))->is_batching);
  EXPECT_EQ(decode_refused(payload_of(refused))->sentence, "no");
  EXPECT_TRUE(decode_refused(payload_of(refused))->is_final);
  const auto decoded = decode_answers(payload_of(answers));
  ASSERT_EQ(decoded->answers.size(), 2U);
  EXPECT_EQ(decoded->batch_code, 2);
  EXPECT_EQ(decoded->batch_message, "whole");
  EXPECT_EQ(decoded->answers[0].code, 4);
  EXPECT_EQ(decoded->answers[0].retry_after_ms, 99);
  EXPECT_EQ(decoded->answers[0].message, "hold it");
  EXPECT_EQ(decode_log(payload_of(log))->level, Level::error);
}

TEST(Wire, frames_are_found_however_the_bytes_arrive) {
  std::string bytes;
  encode_stop(bytes);
  encode(bytes, sample_batch());
  encode(bytes, Phase::idle);
  encode_stopped(bytes);
  const std::vector<Type> wanted{Type::stop, Type::deliver, Type::phase, Type::stopped};

  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) EXPECT_EQ(types_of(bytes, piece), wanted) << piece;
}

TEST(Wire, missing_bytes_lead_to_exactly_one_frame) {
  std::string bytes;
  encode(bytes, sample_batch());
  encode_stop(bytes);
  FrameReader reader(1 << 20);

  EXPECT_EQ(reader.missing_bytes(), header_bytes);
  std::size_t at = 0;
  while (const std::size_t missing = reader.missing_bytes()) {
    std::memcpy(reader.room(missing), bytes.data() + at, missing);
    reader.take(missing);
    at += missing;
  }

  EXPECT_EQ(at, encoded_size(sample_batch()));
  EXPECT_EQ((*reader.next())->type, Type::deliver);
}

TEST(Wire, every_cut_and_every_tail_of_a_message_is_malformed) {
  std::string batch, answers, hello;
  encode(batch, sample_batch());
  encode(answers, AnswersView{0, "", {{4, 99, "hold it"}}, {}});
  encode(hello, Hello{});

  for (std::size_t size = 0; size < payload_of(batch).size(); ++size) {
    EXPECT_FALSE(decode_batch(payload_of(batch).substr(0, size)).has_value()) << size;
  }
  for (std::size_t size = 0; size < payload_of(answers).size(); ++size) {
    EXPECT_FALSE(decode_answers(payload_of(answers).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(decode_batch(std::string(payload_of(batch)) + "x").has_value());
  EXPECT_FALSE(decode_answers(std::string(payload_of(answers)) + "x").has_value());
  EXPECT_FALSE(decode_hello(payload_of(hello).substr(1)).has_value());
}

TEST(Wire, values_out_of_range_are_malformed) {
  std::string long_message(message_bytes_max + 1, 'm'), long_line(log_line_bytes_max + 1, 'l'), answers, log, none;
  encode(answers, AnswersView{0, "", {{0, 0, long_message}}, {}});
  encode(log, LogLine{Level::info, long_line});
  encode(none, BatchView{});

  EXPECT_FALSE(decode_answers(payload_of(answers)).has_value());
  EXPECT_FALSE(decode_log(payload_of(log)).has_value());
  EXPECT_FALSE(decode_batch(payload_of(none)).has_value()) << "a batch without an event";
  EXPECT_FALSE(decode_phase("\x09").has_value());
  EXPECT_FALSE(decode_ready("\x01\x02").has_value());
  EXPECT_FALSE(decode_refused(std::string_view("\x07\0\0\0\0\0", 6)).has_value());
  EXPECT_FALSE(decode_log(std::string_view("\x07\0\0\0\0\0", 6)).has_value());
}

TEST(Wire, a_text_without_its_end_is_malformed) {
  std::string log;
  encode(log, LogLine{Level::info, "line"});
  log.back() = 'x';

  EXPECT_FALSE(decode_log(payload_of(log)).has_value());
}

TEST(Wire, a_count_alone_costs_no_memory) {
  std::string payload(20, '\0');
  const std::uint32_t count = 0xffffffff;
  std::memcpy(payload.data() + 16, &count, sizeof count);

  EXPECT_FALSE(decode_batch(payload).has_value());
}

TEST(Wire, the_size_is_checked_before_the_bytes_come) {
  FrameReader reader(1000);
  const std::uint32_t size = 1001;
  char header[header_bytes] = {0, 0, 0, 0, static_cast<char>(Type::log)};
  std::memcpy(header, &size, sizeof size);
  std::memcpy(reader.room(sizeof header), header, sizeof header);
  reader.take(sizeof header);

  const auto frame = reader.next();

  ASSERT_FALSE(frame.ok());
  EXPECT_EQ(frame.error().kind, Kind::too_large);
  EXPECT_EQ(frame.error().sentence, "sent a frame of 1001 bytes, the maximum is 1000");
  EXPECT_EQ(reader.missing_bytes(), 0U);
}

TEST(Wire, an_unknown_type_is_named) {
  for (const char type : {'\0', '\6', '\17', '\32', '\377'}) {
    FrameReader reader(1000);
    const char header[header_bytes] = {0, 0, 0, 0, type};
    std::memcpy(reader.room(sizeof header), header, sizeof header);
    reader.take(sizeof header);

    const auto frame = reader.next();

    ASSERT_FALSE(frame.ok());
    EXPECT_EQ(frame.error().sentence,
              "sent a frame of the unknown type " + std::to_string(static_cast<unsigned char>(type)));
  }
}

}  // namespace
}  // namespace bellhop::core::wire
