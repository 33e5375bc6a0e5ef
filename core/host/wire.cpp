// SPDX-License-Identifier: Apache-2.0
#include "host/wire.hpp"

#include <cstring>

#include "host/wire_bytes.hpp"

namespace bellhop::core::wire {

namespace {

constexpr std::size_t parcel_bytes_min = number_bytes(3, 3) + 5 * text_bytes;
constexpr std::size_t answer_bytes_min = number_bytes(1, 1) + text_bytes;

bool is_known(std::uint8_t type) {
  return (type >= static_cast<std::uint8_t>(Type::hello) && type <= static_cast<std::uint8_t>(Type::ask)) ||
         (type >= static_cast<std::uint8_t>(Type::phase) && type <= static_cast<std::uint8_t>(Type::metric));
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
      .flag(message.has_desk)
      .text(message.public_url)
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
  Writer(out, Type::ready).flag(message.is_batching).flag(message.is_ticking).finish();
}

void encode(std::string &out, const Refused &message) {
  Writer(out, Type::refused).flag(message.is_final).text(message.sentence).finish();
}

void encode(std::string &out, const AnswersView &message) {
  Writer writer(out, Type::answers);
  writer.number(message.batch_code).text(message.batch_message);
  writer.number(static_cast<std::uint32_t>(message.answers.size()));
  for (const AnswerView &answer : message.answers) {
    writer.number(answer.code).number(answer.retry_after_ms).text(answer.message);
  }
  put(writer, message.staged);
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
  message.has_desk = reader.flag();
  message.public_url = reader.text();
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
  Ready message;
  message.is_batching = reader.flag();
  message.is_ticking = reader.flag();
  if (!reader.complete()) return std::nullopt;
  return message;
}

std::optional<Refused> decode_refused(std::string_view payload) {
  Reader reader(payload);
  const bool is_final = reader.flag();
  const std::string_view sentence = reader.text();
  if (!reader.complete()) return std::nullopt;
  return Refused{is_final, sentence};
}

std::optional<AnswersView> decode_answers(std::string_view payload) {
  Reader reader(payload);
  AnswersView message;
  message.batch_code = reader.number<std::int32_t>();
  message.batch_message = reader.text();
  message.answers.resize(reader.count(parcels_count_max, answer_bytes_min));
  for (AnswerView &answer : message.answers) {
    answer.code = reader.number<std::int32_t>();
    answer.retry_after_ms = reader.number<Milliseconds>();
    answer.message = reader.text();
    if (answer.message.size() > message_bytes_max) return std::nullopt;
  }
  message.staged = take_staged(reader);
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
