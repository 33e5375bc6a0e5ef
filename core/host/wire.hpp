// SPDX-License-Identifier: Apache-2.0
// Wire: the frames between the daemon and a child, and the messages in them. Pure: bytes in, values out; no descriptor.
//
// A frame is its payload's size (4 bytes), its type (1 byte), three zero bytes, the payload. Numbers are the
// machine's own: both ends are the same machine and the same release. The size is checked before anything is kept,
// and every read inside a payload is checked against its end: a plugin can write to the descriptor whatever it likes.
// Text is size, bytes and a 0 that does not count, so that views into a received frame are C strings too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "event/staged.hpp"
#include "host/desk.hpp"
#include "host/instance.hpp"
#include "host/service_call.hpp"

namespace bellhop::core::wire {

constexpr std::size_t header_bytes = 8;
constexpr std::size_t to_child_bytes_max = 256 << 20;  // a batch of large bodies
// parcels_count_max answers with full messages fit beside all that one delivery may stage.
constexpr std::size_t to_daemon_bytes_max = staged_bytes_max + (4 << 20);
constexpr std::uint32_t parcels_count_max = 1024;
constexpr std::size_t message_bytes_max = 1024;
constexpr std::size_t log_line_bytes_max = 4096;
constexpr std::size_t output_bytes_max = 64 << 10;  // of one frame; a longer piece becomes several

enum class Type : std::uint8_t {
  // daemon → child
  hello = 1,
  deliver = 2,
  stop = 3,
  result = 4,
  ask = 5,
  // child → daemon
  phase = 16,
  ready = 17,
  refused = 18,
  answers = 19,
  log = 20,
  stopped = 21,
  call = 22,
  told = 23,
  output = 24,
  metric = 25,
};

// What the child is about to do; sent before it does it, so that a death can be told in one sentence.
enum class Phase : std::uint8_t { loading = 1, creating = 2, starting = 3, idle = 4, stopping = 5, delivering = 6 };
std::string_view phase_text(Phase phase);  // "loading the library"

struct Hello {
  std::string_view instance, library, settings_json, state_dir;
  std::uint32_t index = 0;
  std::uint32_t worker = 0;
  bool has_desk = false;  // are services but json offered?
  std::string_view public_url;
};

struct Ready {
  bool is_batching = false;
  bool is_ticking = false;
};

struct Refused {
  bool is_final = false;  // asking again is of no use before the config or the plugin changes
  std::string_view sentence;
};

// Parcel of host/instance.hpp as views, the id in its text form.
struct ParcelView {
  std::string_view id, type, subject, json, body;
  Milliseconds occurred_ms = 0, received_ms = 0;
  std::int64_t seq = 0;
  std::uint32_t flags = 0, attempt = 1, attempts_max = 0;
};

struct BatchView {
  std::vector<ParcelView> parcels;
  Milliseconds budget_ms = 0;
  std::int64_t backlog_count = 0;
};

struct AnswerView {
  std::int32_t code = 0;
  Milliseconds retry_after_ms = 0;
  std::string_view message;
};

struct AnswersView {
  std::int32_t batch_code = 0;
  std::string_view batch_message;
  std::vector<AnswerView> answers;
  Staged staged;
};

// A call of a service, of any thread of the plugin; its result carries the same id.
struct Call {
  std::uint64_t id = 0;
  ServiceCall call;
};

struct CallResult {
  std::uint64_t id = 0;
  ServiceReply reply;  // without HttpReply::exchange, which is none of the plugin's business
};

// What the plugin said to a question.
struct ToldView {
  Question::What asked = Question::What::health;
  AnswerView answer;
  Milliseconds next_tick_ms = -1;
};

struct LogLine {
  Level level = Level::info;
  std::string_view text;
};

// Each appends one whole frame to `out`.
void encode(std::string &out, const Hello &message);
void encode(std::string &out, const BatchView &message);
void encode_stop(std::string &out);
void encode(std::string &out, Phase phase);
void encode(std::string &out, const Ready &message);
void encode(std::string &out, const Refused &message);
void encode(std::string &out, const AnswersView &message);
void encode(std::string &out, const LogLine &message);
void encode_stopped(std::string &out);
void encode(std::string &out, const Call &message);
void encode(std::string &out, const CallResult &message);
void encode(std::string &out, const Question &message);
void encode(std::string &out, const ToldView &message);
void encode(std::string &out, const MetricSample &message);
void encode_output(std::string &out, std::string_view bytes);

// The frame's size on the wire, known before it is encoded.
std::size_t encoded_size(const BatchView &message);

// Each takes the payload of a frame of its type; nullopt when it is not exactly such a message.
std::optional<Hello> decode_hello(std::string_view payload);
std::optional<BatchView> decode_batch(std::string_view payload);
std::optional<Phase> decode_phase(std::string_view payload);
std::optional<Ready> decode_ready(std::string_view payload);
std::optional<Refused> decode_refused(std::string_view payload);
std::optional<AnswersView> decode_answers(std::string_view payload);
std::optional<LogLine> decode_log(std::string_view payload);
std::optional<Call> decode_call(std::string_view payload);
std::optional<CallResult> decode_result(std::string_view payload);
std::optional<Question> decode_question(std::string_view payload);
std::optional<ToldView> decode_told(std::string_view payload);
std::optional<MetricSample> decode_metric(std::string_view payload);
std::optional<std::string_view> decode_output(std::string_view payload);

struct Frame {
  Type type;
  std::string_view payload;  // until the next call of the reader
};

// Collects bytes and hands out whole frames.
class FrameReader {
 public:
  explicit FrameReader(std::size_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  // Room for `size` more bytes; take(n) says how many of them were filled.
  char *room(std::size_t size);
  void take(std::size_t size) { end_ += size; }
  // How many bytes are missing to the next frame (header first); 0: next() has one.
  std::size_t missing_bytes() const;

  // The next whole frame, or nullopt when more bytes are needed.
  //   errors    too_large, invalid: the rest of "the plugin …": "sent a frame of 9 bytes, …". The stream is then dead.
  Result<std::optional<Frame>> next();

 private:
  std::size_t payload_bytes_max_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;  // the bytes not yet handed out
};

}  // namespace bellhop::core::wire
