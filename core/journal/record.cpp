// SPDX-License-Identifier: Apache-2.0
#include "journal/record.hpp"

#include <algorithm>
#include <cstring>

#include <zlib.h>

namespace bellhop::core {
namespace {

// Collects small fields so that zlib is called once for many of them: its set-up costs more than their bytes.
class Sum {
 public:
  explicit Sum(std::uint32_t crc = 0) : crc_(crc) {}

  Sum &add(std::int64_t value) {
    unsigned char bytes[8];
    const auto bits = static_cast<std::uint64_t>(value);
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(bits >> (8 * i));
    return put(bytes, sizeof bytes);
  }
  Sum &add(std::string_view text) {
    add(static_cast<std::int64_t>(text.size()));
    return put(text.data(), text.size());
  }
  std::uint32_t value() {
    flush();
    return crc_;
  }

 private:
  Sum &put(const void *data, std::size_t size) {
    if (size == 0) return *this;
    if (size > sizeof buffer_ - used_) flush();
    if (size > sizeof buffer_) {
      crc_ = static_cast<std::uint32_t>(crc32_z(crc_, static_cast<const unsigned char *>(data), size));
    } else {
      std::memcpy(buffer_ + used_, data, size);
      used_ += size;
    }
    return *this;
  }
  void flush() {
    crc_ = static_cast<std::uint32_t>(crc32_z(crc_, buffer_, used_));
    used_ = 0;
  }

  std::uint32_t crc_;
  std::size_t used_ = 0;
  unsigned char buffer_[256];
};

void put_size(std::string &out, std::size_t size) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(size >> (8 * i) & 0xff);
}

bool take_text(std::string_view &bytes, std::string &out) {
  if (bytes.size() < 4) return false;
  std::size_t size = 0;
  for (int i = 3; i >= 0; --i) size = size << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  bytes.remove_prefix(4);
  if (bytes.size() < size) return false;
  out = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

}  // namespace

EventId id_of(std::string_view bytes) {
  EventId id;
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes.size()), id.bytes.begin());
  return id;
}

std::uint32_t content_crc(const EventRecord &record) {
  Sum sum;
  sum.add(record.id).add(record.id_key).add(record.source_name).add(record.type).add(record.subject);
  sum.add(record.subject_key ? 1 : 0).add(record.subject_key.value_or(0)).add(record.time_ms).add(record.received_ms);
  sum.add(record.reason).add(record.headers).add(record.body).add(record.json);
  return sum.value();
}

std::uint32_t event_crc(const EventRecord &record, std::uint32_t content) {
  return Sum(content).add(record.seq).add(record.flags).add(record.newest_ms).value();
}

EventRecord read_event(const Statement &s) {
  EventRecord record;
  record.seq = s.integer(0);
  record.id = s.bytes(1);
  record.id_key = s.integer(2);
  record.source_name = s.bytes(3);
  record.type = s.bytes(4);
  record.subject = s.bytes(5);
  if (!s.is_null(6)) record.subject_key = s.integer(6);
  record.time_ms = s.integer(7);
  record.received_ms = s.integer(8);
  record.flags = s.integer(9);
  record.newest_ms = s.integer(10);
  record.reason = s.bytes(11);
  record.headers = s.bytes(12);
  record.body = s.bytes(13);
  record.json = s.bytes(14);
  return record;
}

bool is_intact(const Statement &statement, const EventRecord &record) {
  return record.id.size() == 16 && statement.integer(15) == event_crc(record, content_crc(record));
}

std::uint32_t delivery_crc(const Settlement &s) {
  Sum sum;
  sum.add(s.key.instance)
      .add(s.key.seq)
      .add(s.key.replay)
      .add(static_cast<int>(s.state))
      .add(static_cast<int>(s.verdict));
  sum.add(s.attempts).add(s.strikes).add(s.due_ms).add(s.first_ms).add(s.settled_ms).add(s.took_ms).add(s.message);
  return sum.add(s.subject).value();
}

Settlement read_delivery(const Statement &statement, std::int64_t replay) {
  Settlement s;
  s.key = {statement.integer(0), statement.integer(1), replay};
  s.state = static_cast<DeliveryState>(statement.integer(2));
  s.verdict = static_cast<Verdict>(statement.integer(3));
  s.attempts = static_cast<int>(statement.integer(4));
  s.strikes = static_cast<int>(statement.integer(5));
  s.due_ms = statement.integer(6);
  s.first_ms = statement.integer(7);
  s.settled_ms = statement.integer(8);
  s.took_ms = statement.integer(9);
  s.message = statement.text(10);
  s.subject = statement.integer(11);
  return s;
}

// The columns that were narrowed when they were read are compared as they stand: a flip in their upper bits counts too.
bool is_intact_delivery(const Statement &statement, const Settlement &s) {
  return statement.integer(12) == delivery_crc(s) && statement.integer(2) == static_cast<int>(s.state) &&
         statement.integer(3) == static_cast<int>(s.verdict) && statement.integer(4) == s.attempts &&
         statement.integer(5) == s.strikes;
}

std::uint32_t instance_crc(const InstanceRecord &r) {
  return Sum().add(r.id).add(r.name).add(r.is_parked ? 1 : 0).add(r.cursor).add(r.delivered_count).value();
}

InstanceRecord read_instance(const Statement &s) {
  return {s.integer(0), s.text(1), s.integer(2) != 0, s.integer(3), s.integer(4)};
}

bool is_intact_instance(const Statement &statement, const InstanceRecord &record) {
  return statement.integer(5) == instance_crc(record) && statement.integer(2) == (record.is_parked ? 1 : 0);
}

std::uint32_t kept_crc(const KeptRecord &r) {
  return Sum().add(r.instance).add(r.token).add(r.bytes.kv).add(r.bytes.documents).value();
}

KeptRecord read_kept(const Statement &s) { return {s.integer(0), s.text(1), {s.integer(2), s.integer(3)}}; }

bool is_intact_kept(const Statement &statement, const KeptRecord &record) {
  return statement.integer(4) == kept_crc(record);
}

std::uint32_t kv_crc(InstanceId instance, std::string_view key, std::string_view value) {
  return Sum().add(instance).add(key).add(value).value();
}

std::uint32_t document_crc(InstanceId instance, std::string_view path, std::string_view content_type,
                           std::string_view etag, Milliseconds modified_ms, std::string_view body) {
  return Sum().add(instance).add(path).add(content_type).add(etag).add(modified_ms).add(body).value();
}

std::uint32_t attempt_crc(const AttemptRow &r) {
  Sum sum;
  sum.add(r.key.seq).add(r.key.instance).add(r.key.replay).add(r.number);
  sum.add(static_cast<int>(r.state)).add(static_cast<int>(r.verdict)).add(r.settled_ms).add(r.took_ms).add(r.due_ms);
  return sum.add(r.message).add(r.exchanges).value();
}

AttemptRow read_attempt(const Statement &s) {
  AttemptRow row;
  row.key = {s.integer(1), s.integer(0), s.integer(2)};
  row.number = static_cast<int>(s.integer(3));
  row.state = static_cast<DeliveryState>(s.integer(4));
  row.verdict = static_cast<Verdict>(s.integer(5));
  row.settled_ms = s.integer(6);
  row.took_ms = s.integer(7);
  row.due_ms = s.integer(8);
  row.message = s.text(9);
  row.exchanges = s.text(10);
  return row;
}

// Narrowed columns count as they stand, as in is_intact_delivery.
bool is_intact_attempt(const Statement &s, const AttemptRow &row) {
  return s.integer(11) == attempt_crc(row) && s.integer(3) == row.number &&
         s.integer(4) == static_cast<int>(row.state) && s.integer(5) == static_cast<int>(row.verdict);
}

std::uint32_t hole_crc(const Hole &hole) { return Sum().add(hole.first).add(hole.last).add(hole.found_ms).value(); }

std::string encode_headers(const Headers *headers) {
  std::string out;
  if (headers == nullptr) return out;
  std::size_t size = 0;
  for (const auto &[name, value] : *headers) size += 8 + name.size() + value.size();
  out.reserve(size);
  for (const auto &[name, value] : *headers) {
    put_size(out, name.size());
    out += name;
    put_size(out, value.size());
    out += value;
  }
  return out;
}

std::optional<Headers> decode_headers(std::string_view bytes) {
  Headers headers;
  while (!bytes.empty()) {
    auto &[name, value] = headers.emplace_back();
    if (!take_text(bytes, name) || !take_text(bytes, value)) return std::nullopt;
  }
  return headers;
}

}  // namespace bellhop::core
