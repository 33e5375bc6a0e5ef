// SPDX-License-Identifier: Apache-2.0
// The promises of the wire over any bytes that a plugin may write to its descriptor: frames are found or refused, the
// same however the bytes arrive; what decodes encodes to the same bytes again; a refused stream stays refused.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "fuzz/check.hpp"
#include "host/wire.hpp"

namespace bellhop::test {
namespace {

using namespace bellhop::core;

constexpr std::size_t payload_bytes_max = 1 << 16;

template <class Message>
void check_again(std::string_view payload, const Message &message) {
  std::string frame;
  wire::encode(frame, message);
  CHECK(std::string_view(frame).substr(wire::header_bytes) == payload);
}

// Whatever the type says: every decoder must take any payload.
void check_payload(std::string_view payload) {
  if (const auto hello = wire::decode_hello(payload)) check_again(payload, *hello);
  if (const auto batch = wire::decode_batch(payload)) {
    CHECK(!batch->parcels.empty());
    CHECK(wire::encoded_size(*batch) == payload.size() + wire::header_bytes);
    check_again(payload, *batch);
  }
  if (const auto phase = wire::decode_phase(payload)) check_again(payload, *phase);
  if (const auto ready = wire::decode_ready(payload)) check_again(payload, *ready);
  if (const auto refused = wire::decode_refused(payload)) check_again(payload, *refused);
  if (const auto log = wire::decode_log(payload)) check_again(payload, *log);
  if (const auto call = wire::decode_call(payload)) check_again(payload, *call);
  if (const auto result = wire::decode_result(payload)) check_again(payload, *result);
  if (const auto question = wire::decode_question(payload)) check_again(payload, *question);
  if (const auto told = wire::decode_told(payload)) check_again(payload, *told);
  if (const auto metric = wire::decode_metric(payload)) {
    CHECK(is_sound(*metric));
    check_again(payload, *metric);
  }
  if (const auto output = wire::decode_output(payload)) CHECK(output->size() <= wire::output_bytes_max);
  if (const auto answers = wire::decode_answers(payload)) {
    for (const wire::AnswerView &answer : answers->answers) CHECK(answer.message.size() <= wire::message_bytes_max);
    for (const KvWrite &write : answers->staged.kv) CHECK(is_sound(write));
    for (const DocumentWrite &write : answers->staged.documents) CHECK(is_sound(write));
    CHECK(staged_bytes(answers->staged) <= staged_bytes_max);
    check_again(payload, *answers);
  }
}

// What the reader made of the stream: the frames, and whether it was refused.
std::string read_in_pieces(std::string_view bytes, std::size_t piece_bytes, bool is_checking) {
  wire::FrameReader reader(payload_bytes_max);
  std::string seen;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string_view piece = bytes.substr(at, piece_bytes);
    std::memcpy(reader.room(piece.size()), piece.data(), piece.size());
    reader.take(piece.size());
    at += piece.size();
    for (;;) {
      const auto frame = reader.next();
      if (!frame.ok()) {
        CHECK(!frame.error().sentence.empty());
        CHECK(!reader.next().ok());
        return seen + "refused: " + frame.error().sentence;
      }
      if (!frame->has_value()) break;
      seen.append(1, static_cast<char>((*frame)->type)).append((*frame)->payload).append(1, '|');
      if (is_checking) check_payload((*frame)->payload);
    }
    CHECK(reader.missing_bytes() != 0);
  }
  return seen;
}

}  // namespace

void check_bytes(std::string_view bytes) {
  const std::string whole = read_in_pieces(bytes, std::max<std::size_t>(bytes.size(), 1), true);
  CHECK(read_in_pieces(bytes, 1, false) == whole);
  CHECK(read_in_pieces(bytes, 7, false) == whole);
  check_payload(bytes);
}

}  // namespace bellhop::test
