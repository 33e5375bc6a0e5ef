// SPDX-License-Identifier: Apache-2.0
// The frames of services and questions. What a child sends is untrusted: limits are checked here, although the guest
// has checked them before, because a plugin can write to the descriptor itself.
#include <cmath>

#include "host/wire_bytes.hpp"

namespace bellhop::core::wire {

namespace {

enum class Function : std::uint8_t { http = 1, kv_get = 2, kv_list = 3, write = 4 };

constexpr std::size_t pair_bytes_min = 2 * text_bytes;
constexpr std::size_t kv_write_bytes_min = 2 * text_bytes + 1;
constexpr std::size_t document_bytes_min = 3 * text_bytes + 1;
// A staged write counts at least this much (staged_bytes), so there cannot be more of them.
constexpr std::size_t writes_count_max = staged_bytes_max / 64;
constexpr std::size_t reply_headers_count_max = 4096;

using Pairs = std::vector<std::pair<std::string, std::string>>;

void put(Writer &writer, const Pairs &pairs) {
  writer.number(static_cast<std::uint32_t>(pairs.size()));
  for (const auto &[name, value] : pairs) writer.text(name).text(value);
}

Pairs take_pairs(Reader &reader, std::size_t count_max, std::size_t bytes_max) {
  Pairs pairs(reader.count(count_max, pair_bytes_min));
  std::size_t bytes = 0;
  for (auto &[name, value] : pairs) {
    name = reader.text();
    value = reader.text();
    bytes += name.size() + value.size();
  }
  reader.is_sound(bytes <= bytes_max);
  return pairs;
}

void put(Writer &writer, const std::optional<std::string> &value) {
  writer.flag(value.has_value()).text(value ? std::string_view(*value) : std::string_view());
}

std::optional<std::string> take_optional(Reader &reader) {
  const bool is_there = reader.flag();
  const std::string_view value = reader.text();
  if (is_there) return std::string(value);
  reader.is_sound(value.empty());
  return std::nullopt;
}

void put(Writer &writer, const HttpCall &call) {
  writer.text(call.method).text(call.url);
  put(writer, call.headers);
  writer.text(call.body).number(call.timeout_ms).text(call.limit);
}

HttpCall take_http(Reader &reader) {
  HttpCall call;
  call.method = reader.text_of(http_method_bytes_max);
  call.url = reader.text_of(http_url_bytes_max);
  call.headers = take_pairs(reader, http_headers_count_max, http_headers_bytes_max);
  call.body = reader.text_of(http_body_bytes_max);
  call.timeout_ms = reader.number<Milliseconds>();
  call.limit = reader.text_of(http_limit_bytes_max);
  reader.is_sound(call.timeout_ms >= 0);
  return call;
}

ServiceCall take_call(Reader &reader, Function function) {
  switch (function) {
    case Function::http:
      return take_http(reader);
    case Function::kv_get:
      return KvGet{reader.text_of(kv_key_bytes_max)};
    case Function::kv_list: {
      KvList list;
      list.prefix = reader.text_of(kv_key_bytes_max);
      list.after = reader.text_of(kv_key_bytes_max);
      list.count_max = reader.number<std::uint32_t>();
      reader.is_sound(list.count_max >= 1 && list.count_max <= kv_page_count_max);
      return list;
    }
    case Function::write:
      return take_staged(reader);
  }
  reader.is_sound(false);
  return KvGet{};
}

Function function_of(const ServiceCall &call) {
  if (std::holds_alternative<HttpCall>(call)) return Function::http;
  if (std::holds_alternative<KvGet>(call)) return Function::kv_get;
  return std::holds_alternative<KvList>(call) ? Function::kv_list : Function::write;
}

}  // namespace

void put(Writer &writer, const Staged &staged) {
  writer.number(static_cast<std::uint32_t>(staged.kv.size()));
  for (const KvWrite &write : staged.kv) {
    writer.text(write.key);
    put(writer, write.value);
  }
  writer.number(static_cast<std::uint32_t>(staged.documents.size()));
  for (const DocumentWrite &write : staged.documents) {
    writer.text(write.path).text(write.content_type);
    put(writer, write.body);
  }
}

Staged take_staged(Reader &reader) {
  Staged staged;
  staged.kv.resize(reader.count(writes_count_max, kv_write_bytes_min));
  for (KvWrite &write : staged.kv) {
    write.key = reader.text();
    write.value = take_optional(reader);
    reader.is_sound(is_sound(write));
  }
  staged.documents.resize(reader.count(writes_count_max, document_bytes_min));
  for (DocumentWrite &write : staged.documents) {
    write.path = reader.text();
    write.content_type = reader.text();
    write.body = take_optional(reader);
    reader.is_sound(is_sound(write));
  }
  reader.is_sound(staged_bytes(staged) <= staged_bytes_max);
  return staged;
}

void encode(std::string &out, const Call &message) {
  Writer writer(out, Type::call);
  writer.number(message.id).number(static_cast<std::uint8_t>(function_of(message.call)));
  if (const auto *http = std::get_if<HttpCall>(&message.call)) put(writer, *http);
  if (const auto *get = std::get_if<KvGet>(&message.call)) writer.text(get->key);
  if (const auto *list = std::get_if<KvList>(&message.call)) {
    writer.text(list->prefix).text(list->after).number(list->count_max);
  }
  if (const auto *staged = std::get_if<Staged>(&message.call)) put(writer, *staged);
  writer.finish();
}

std::optional<Call> decode_call(std::string_view payload) {
  Reader reader(payload);
  Call message;
  message.id = reader.number<std::uint64_t>();
  const auto function = static_cast<Function>(reader.number<std::uint8_t>());
  message.call = take_call(reader, function);
  if (!reader.complete()) return std::nullopt;
  return message;
}

void encode(std::string &out, const CallResult &message) {
  const ServiceReply &reply = message.reply;
  Writer writer(out, Type::result);
  writer.number(message.id).number(reply.error);
  writer.number(static_cast<std::int32_t>(reply.http.status)).number(reply.http.retry_after_ms);
  put(writer, reply.http.headers);
  writer.text(reply.http.body).text(reply.http.sentence);
  put(writer, reply.value);
  put(writer, reply.entries);
  writer.finish();
}

std::optional<CallResult> decode_result(std::string_view payload) {
  Reader reader(payload);
  CallResult message;
  ServiceReply &reply = message.reply;
  message.id = reader.number<std::uint64_t>();
  reply.error = reader.number<std::int32_t>();
  reply.http.failure = static_cast<HttpFailure>(reply.error);
  reply.http.status = reader.number<std::int32_t>();
  reply.http.retry_after_ms = reader.number<Milliseconds>();
  reply.http.headers = take_pairs(reader, reply_headers_count_max, to_child_bytes_max);
  reply.http.body = reader.text();
  reply.http.sentence = reader.text();
  reply.value = take_optional(reader);
  reply.entries = take_pairs(reader, kv_page_count_max, to_child_bytes_max);
  if (!reader.complete()) return std::nullopt;
  return message;
}

void encode(std::string &out, const Question &message) {
  Writer(out, Type::ask)
      .number(static_cast<std::uint8_t>(message.what))
      .text(message.command)
      .text(message.arguments_json)
      .number(message.budget_ms)
      .finish();
}

std::optional<Question> decode_question(std::string_view payload) {
  Reader reader(payload);
  Question message;
  const auto what = reader.number<std::uint8_t>();
  message.what = static_cast<Question::What>(what);
  message.command = reader.text();
  message.arguments_json = reader.text();
  message.budget_ms = reader.number<Milliseconds>();
  if (!reader.complete() || what < 1 || what > 3) return std::nullopt;
  return message;
}

void encode(std::string &out, const ToldView &message) {
  Writer(out, Type::told)
      .number(static_cast<std::uint8_t>(message.asked))
      .number(message.answer.code)
      .number(message.answer.retry_after_ms)
      .text(message.answer.message)
      .number(message.next_tick_ms)
      .finish();
}

std::optional<ToldView> decode_told(std::string_view payload) {
  Reader reader(payload);
  ToldView message;
  const auto asked = reader.number<std::uint8_t>();
  message.asked = static_cast<Question::What>(asked);
  message.answer.code = reader.number<std::int32_t>();
  message.answer.retry_after_ms = reader.number<Milliseconds>();
  message.answer.message = reader.text();
  message.next_tick_ms = reader.number<Milliseconds>();
  if (!reader.complete() || asked < 1 || asked > 3 || message.answer.message.size() > message_bytes_max) {
    return std::nullopt;
  }
  return message;
}

void encode(std::string &out, const MetricSample &message) {
  std::uint64_t bits = 0;
  static_assert(sizeof bits == sizeof message.value);
  std::memcpy(&bits, &message.value, sizeof bits);
  Writer writer(out, Type::metric);
  writer.number(static_cast<std::uint8_t>(message.what)).text(message.name);
  put(writer, message.labels);
  writer.number(bits).finish();
}

std::optional<MetricSample> decode_metric(std::string_view payload) {
  Reader reader(payload);
  MetricSample message;
  const auto what = reader.number<std::uint8_t>();
  message.what = static_cast<MetricSample::What>(what);
  message.name = reader.text();
  message.labels = take_pairs(reader, metric_labels_count_max,
                              metric_labels_count_max * (metric_name_bytes_max + metric_label_value_bytes_max));
  const auto bits = reader.number<std::uint64_t>();
  std::memcpy(&message.value, &bits, sizeof bits);
  if (!reader.complete() || what > static_cast<std::uint8_t>(MetricSample::What::observe) || !is_sound(message)) {
    return std::nullopt;
  }
  return message;
}

void encode_output(std::string &out, std::string_view bytes) { Writer(out, Type::output).text(bytes).finish(); }

std::optional<std::string_view> decode_output(std::string_view payload) {
  Reader reader(payload);
  const std::string_view bytes = reader.text();
  if (!reader.complete() || bytes.size() > output_bytes_max) return std::nullopt;
  return bytes;
}

}  // namespace bellhop::core::wire
