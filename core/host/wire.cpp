// SPDX-License-Identifier: Apache-2.0
#include "host/wire.hpp"

#include <cstring>
#include <type_traits>

namespace bellhop::core::wire {

namespace {

// Writes one frame: the header first with a size of 0, mended by finish().
class Writer {
 public:
  Writer(std::string &out, Type type) : out_(out), begin_(out.size()) {
    out_.append(header_bytes, '\0');
    out_[begin_ + 4] = static_cast<char>(type);
  }
  template <class Number>
  Writer &number(Number value) {
    static_assert(std::is_integral_v<Number> && !std::is_same_v<Number, bool>);
    out_.append(reinterpret_cast<const char *>(&value), sizeof value);
    return *this;
  }
  Writer &text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_.append(value).push_back('\0');
    return *this;
  }
  void finish() {
    const auto size = static_cast<std::uint32_t>(out_.size() - begin_ - header_bytes);
    std::memcpy(out_.data() + begin_, &size, sizeof size);
  }

 private:
  std::string &out_;
  std::size_t begin_;
};

// Reads a payload; after the first read past its end everything is zero and complete() is false.
// untrusted: a plugin may have written the bytes
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  Number number() {
    Number value = 0;
    if (!has(sizeof value)) return 0;
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string_view text() {
    const std::size_t size = number<std::uint32_t>();
    if (!has(size + 1) || bytes_[at_ + size] != '\0') {
      is_broken_ = true;
      return {};
    }
    const std::string_view value = bytes_.substr(at_, size);
    at_ += size + 1;
    return value;
  }
  std::size_t left() const { return bytes_.size() - at_; }
  bool complete() const { return !is_broken_ && at_ == bytes_.size(); }

 private:
  bool has(std::size_t size) {
    if (size > bytes_.size() - at_) is_broken_ = true;
    return !is_broken_;
  }
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool is_broken_ = false;
};

constexpr std::size_t number_bytes(std::size_t four_count, std::size_t eight_count) {
  return 4 * four_count + 8 * eight_count;
}
constexpr std::size_t text_bytes = 4 + 1;  // beside the text itself
constexpr std::size_t parcel_bytes_min = number_bytes(3, 3) + 5 * text_bytes;
constexpr std::size_t answer_bytes_min = number_bytes(1, 1) + text_bytes;

bool is_known(std::uint8_t type) {
  return (type >= static_cast<std::uint8_t>(Type::hello) && type <= static_cast<std::uint8_t>(Type::stop)) ||
         (type >= static_cast<std::uint8_t>(Type::phase) && type <= static_cast<std::uint8_t>(Type::stopped));
}

}  // namespace

std::string_view phase_text(Phase phase) {
  switch (phase) {
    case Phase::loading:
      return "loading the library";
    case Phase::creating:
      return "creating the plugin from its settings";
    case Phase::starting:
      return "starting the plugin";
    case Phase::idle:
      return "idle";
    case Phase::stopping:
      return "stopping";
    case Phase::delivering:
      return "delivering";
  }
  return "idle";
}

void encode(std::string &out, const Hello &message) {
  Writer(out, Type::hello)
      .text(message.instance)
      .text(message.library)
      .text(message.settings_json)
      .text(message.state_dir)
      .number(message.index)
      .number(message.worker)
      .finish();
}

std::size_t encoded_size(const BatchView &message) {
  std::size_t size = header_bytes + number_bytes(1, 2);
  for (const ParcelView &parcel : message.parcels) {
    size += parcel_bytes_min + parcel.id.size() + parcel.type.size() + parcel.subject.size() + parcel.json.size() +
            parcel.body.size();
  }
  return size;
}

void encode(std::string &out, const BatchView &message) {
  out.reserve(out.size() + encoded_size(message));
  Writer writer(out, Type::deliver);
  writer.number(message.budget_ms).number(message.backlog_count);
  writer.number(static_cast<std::uint32_t>(message.parcels.size()));
  for (const ParcelView &parcel : message.parcels) {
    writer.text(parcel.id).text(parcel.type).text(parcel.subject).text(parcel.json).text(parcel.body);
    writer.number(parcel.occurred_ms).number(parcel.received_ms).number(parcel.seq);
    writer.number(parcel.flags).number(parcel.attempt).number(parcel.attempts_max);
  }
  writer.finish();
}

void encode_stop(std::string &out) { Writer(out, Type::stop).finish(); }

void encode(std::string &out, Phase phase) {
  Writer(out, Type::phase).number(static_cast<std::uint8_t>(phase)).finish();
}

void encode(std::string &out, const Ready &message) {
  Writer(out, Type::ready).number(static_cast<std::uint8_t>(message.is_batching)).finish();
}

void encode(std::string &out, const Refused &message) {
  Writer(out, Type::refused).number(static_cast<std::uint8_t>(message.is_final)).text(message.sentence).finish();
}

void encode(std::string &out, const AnswersView &message) {
  Writer writer(out, Type::answers);
  writer.number(message.batch_code).text(message.batch_message);
  writer.number(static_cast<std::uint32_t>(message.answers.size()));
  for (const AnswerView &answer : message.answers) {
    writer.number(answer.code).number(answer.retry_after_ms).text(answer.message);
  }
  writer.finish();
}

void encode(std::string &out, const LogLine &message) {
  Writer(out, Type::log).number(static_cast<std::uint8_t>(message.level)).text(message.text).finish();
}

void encode_stopped(std::string &out) { Writer(out, Type::stopped).finish(); }

std::optional<Hello> decode_hello(std::string_view payload) {
  Reader reader(payload);
  Hello message;
  message.instance = reader.text();
  message.library = reader.text();
  message.settings_json = reader.text();
  message.state_dir = reader.text();
  message.index = reader.number<std::uint32_t>();
  message.worker = reader.number<std::uint32_t>();
  if (!reader.complete()) return std::nullopt;
  return message;
}

std::optional<BatchView> decode_batch(std::string_view payload) {
  Reader reader(payload);
  BatchView message;
  message.budget_ms = reader.number<Milliseconds>();
  message.backlog_count = reader.number<std::int64_t>();
  const auto count = reader.number<std::uint32_t>();
  // Checked before anything is reserved: the count alone must not cost memory.
  if (count == 0 || count > parcels_count_max || count > reader.left() / parcel_bytes_min) return std::nullopt;
  message.parcels.resize(count);
  for (ParcelView &parcel : message.parcels) {
    parcel.id = reader.text();
    parcel.type = reader.text();
    parcel.subject = reader.text();
    parcel.json = reader.text();
    parcel.body = reader.text();
    parcel.occurred_ms = reader.number<Milliseconds>();
    parcel.received_ms = reader.number<Milliseconds>();
    parcel.seq = reader.number<std::int64_t>();
    parcel.flags = reader.number<std::uint32_t>();
    parcel.attempt = reader.number<std::uint32_t>();
    parcel.attempts_max = reader.number<std::uint32_t>();
  }
  if (!reader.complete()) return std::nullopt;
  return message;
}

std::optional<Phase> decode_phase(std::string_view payload) {
  Reader reader(payload);
  const auto value = reader.number<std::uint8_t>();
  if (!reader.complete() || value < static_cast<std::uint8_t>(Phase::loading) ||
      value > static_cast<std::uint8_t>(Phase::delivering)) {
    return std::nullopt;
  }
  return static_cast<Phase>(value);
}

std::optional<Ready> decode_ready(std::string_view payload) {
  Reader reader(payload);
  const auto flag = reader.number<std::uint8_t>();
  if (!reader.complete() || flag > 1) return std::nullopt;
  return Ready{flag == 1};
}

std::optional<Refused> decode_refused(std::string_view payload) {
  Reader reader(payload);
  const auto flag = reader.number<std::uint8_t>();
  const std::string_view sentence = reader.text();
  if (!reader.complete() || flag > 1) return std::nullopt;
  return Refused{flag == 1, sentence};
}

std::optional<AnswersView> decode_answers(std::string_view payload) {
  Reader reader(payload);
  AnswersView message;
  message.batch_code = reader.number<std::int32_t>();
  message.batch_message = reader.text();
  const auto count = reader.number<std::uint32_t>();
  if (count > parcels_count_max || count > reader.left() / answer_bytes_min) return std::nullopt;
  message.answers.resize(count);
  for (AnswerView &answer : message.answers) {
    answer.code = reader.number<std::int32_t>();
    answer.retry_after_ms = reader.number<Milliseconds>();
    answer.message = reader.text();
    if (answer.message.size() > message_bytes_max) return std::nullopt;
  }
  if (!reader.complete()) return std::nullopt;
  return message;
}

std::optional<LogLine> decode_log(std::string_view payload) {
  Reader reader(payload);
  const auto level = reader.number<std::uint8_t>();
  const std::string_view text = reader.text();
  if (!reader.complete() || level > static_cast<std::uint8_t>(Level::error) || text.size() > log_line_bytes_max) {
    return std::nullopt;
  }
  return LogLine{static_cast<Level>(level), text};
}

bool announces(std::string_view header, Type type) {
  return header.size() >= header_bytes && header[4] == static_cast<char>(type);
}

char *FrameReader::room(std::size_t size) {
  constexpr std::size_t kept_bytes_max = 1 << 20;  // a large frame does not hold its memory for ever
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (buffer_.size() > kept_bytes_max && size <= kept_bytes_max) std::string().swap(buffer_);
  }
  if (buffer_.size() - end_ < size) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() - end_ < size) buffer_.resize(end_ + size);
  }
  return buffer_.data() + end_;
}

std::size_t FrameReader::missing_bytes() const {
  const std::size_t have = end_ - begin_;
  if (have < header_bytes) return header_bytes - have;
  std::uint32_t size = 0;
  std::memcpy(&size, buffer_.data() + begin_, sizeof size);
  if (size > payload_bytes_max_) return 0;  // next() says so
  return have >= header_bytes + size ? 0 : header_bytes + size - have;
}

Result<std::optional<Frame>> FrameReader::next() {
  const std::size_t have = end_ - begin_;
  if (have < header_bytes) return std::optional<Frame>();
  const char *header = buffer_.data() + begin_;
  std::uint32_t size = 0;
  std::memcpy(&size, header, sizeof size);
  const auto type = static_cast<std::uint8_t>(header[4]);
  if (size > payload_bytes_max_) {
    return Error{Kind::too_large, "sent a frame of " + std::to_string(size) + " bytes, the maximum is " +
                                      std::to_string(payload_bytes_max_)};
  }
  if (!is_known(type) || header[5] != 0 || header[6] != 0 || header[7] != 0) {
    return Error{Kind::invalid, "sent a frame of the unknown type " + std::to_string(type)};
  }
  if (have < header_bytes + size) return std::optional<Frame>();
  begin_ += header_bytes + size;
  return std::optional<Frame>(Frame{static_cast<Type>(type), std::string_view(header + header_bytes, size)});
}

}  // namespace bellhop::core::wire
