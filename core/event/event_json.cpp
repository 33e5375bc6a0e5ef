// SPDX-License-Identifier: Apache-2.0
// Writes schema version 1 by appending to one string. This is on the way of every webhook: no stream, no tree, no
// copy of a member's value. A member that is absent is not written; the order of members is that of the schema.
#include "event/event_json.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "base/check.hpp"
#include "event/utf8.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t subject_bytes_max = 256;  // see Event::subject
constexpr std::uint64_t ones = 0x0101010101010101ULL, highs = 0x8080808080808080ULL;

// Of 8 bytes: not zero when one of them is a control, a quote, a backslash or not ASCII.
std::uint64_t special_bytes(const char *bytes) {
  std::uint64_t x;
  std::memcpy(&x, bytes, sizeof x);
  const std::uint64_t quote = x ^ (ones * '"'), backslash = x ^ (ones * '\\');
  return (x | ((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & highs;
}

std::size_t end_of_plain(std::string_view text, std::size_t at) {
  while (at + 8 <= text.size() && special_bytes(text.data() + at) == 0) at += 8;
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80) break;
  }
  return at;
}

void append_escape(std::string &out, char c) {
  static constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += digits[(c >> 4) & 15];
  out += digits[c & 15];
}

// One JSON object being written.
class Object {
 public:
  explicit Object(std::string &out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  std::string &key(std::string_view name) {
    out_ += is_first_ ? "\"" : ",\"";
    is_first_ = false;
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view name, const Text &value) {
    if (value) append_json_string(key(name), *value);
  }
  void id(std::string_view name, const Id &value) {
    if (value) append_json_string(key(name), *value);
  }
  void json(std::string_view name, std::string_view value) {
    if (!value.empty()) key(name) += value;
  }
  void money(std::string_view name, const std::optional<Money> &value) {
    if (!value) return;
    Object object(key(name));
    append_json_string(object.key("amount"), value->amount);
    object.text("currency", value->currency);
    object.close();
  }
  // Calls write(object) for a value that is there.
  template <class T, class Write>
  void object(std::string_view name, const std::optional<T> &value, Write write) {
    if (value) write(key(name), *value);
  }
  template <class T, class Write>
  void list(std::string_view name, const std::vector<T> &values, Write write) {
    if (values.empty()) return;
    key(name) += '[';
    for (const T &value : values) {
      if (&value != &values.front()) out_ += ',';
      write(out_, value);
    }
    out_ += ']';
  }

 private:
  std::string &out_;
  bool is_first_ = true;
};

void write_vendor(std::string &out, const Vendor &vendor) {
  Object object(out);
  object.text("name", vendor.name);
  object.text("dialect", vendor.dialect);
  object.text("type", vendor.type);
  object.text("action", vendor.action);
  object.id("id", vendor.id);
  object.close();
}

void write_organization(std::string &out, const Organization &organization) {
  Object object(out);
  object.id("id", organization.id);
  object.text("name", organization.name);
  object.text("language", organization.language);
  object.close();
}

void write_attendee(std::string &out, const Attendee &attendee) {
  Object object(out);
  object.id("id", attendee.id);
  object.text("email", attendee.email);
  object.text("name", attendee.name);
  object.text("first_name", attendee.first_name);
  object.text("last_name", attendee.last_name);
  object.text("phone", attendee.phone);
  object.text("status", attendee.status);
  object.text("timezone", attendee.timezone);
  object.close();
}

void write_host(std::string &out, const Host &host) {
  Object object(out);
  object.id("id", host.id);
  object.text("name", host.name);
  object.text("slug", host.slug);
  object.text("timezone", host.timezone);
  object.text("email", host.email);
  object.close();
}

void write_meeting_type(std::string &out, const MeetingType &meeting_type) {
  Object object(out);
  object.id("id", meeting_type.id);
  object.text("name", meeting_type.name);
  object.text("slug", meeting_type.slug);
  object.text("description", meeting_type.description);
  object.text("location_type", meeting_type.location_type);
  object.text("location", meeting_type.location);
  if (meeting_type.duration_s) object.key("duration_s") += std::to_string(*meeting_type.duration_s);
  object.money("price", meeting_type.price);
  object.close();
}

void write_answer(std::string &out, const Answer &answer) {
  Object object(out);
  object.text("slug", answer.slug);
  object.text("label", answer.label);
  object.text("kind", answer.kind);
  object.key("value") += answer.value_json.empty() ? "null" : std::string_view(answer.value_json);
  object.text("text", answer.text);
  object.close();
}

void write_utm(std::string &out, const Utm &utm) {
  Object object(out);
  object.text("source", utm.source);
  object.text("medium", utm.medium);
  object.text("campaign", utm.campaign);
  object.text("term", utm.term);
  object.text("content", utm.content);
  object.close();
}

void write_payment(std::string &out, const Payment &payment) {
  Object object(out);
  object.money("amount", payment.amount);
  object.money("refunded", payment.refunded);
  object.text("identifier", payment.identifier);
  object.text("account", payment.account);
  object.close();
}

bool has_any(const Links &links) {
  return links.ics || links.google || links.outlook || links.confirm || links.cancel || links.reschedule ||
         links.reassign;
}

void write_links(std::string &out, const Links &links) {
  Object object(out);
  object.text("ics", links.ics);
  object.text("google", links.google);
  object.text("outlook", links.outlook);
  object.text("confirm", links.confirm);
  object.text("cancel", links.cancel);
  object.text("reschedule", links.reschedule);
  object.text("reassign", links.reassign);
  object.close();
}

void write_booking(std::string &out, const Booking &booking) {
  Object object(out);
  object.id("id", booking.id);
  object.text("status", booking.status);
  object.text("start", booking.start);
  object.text("end", booking.end);
  object.text("timezone", booking.timezone);
  object.text("created", booking.created);
  object.text("url", booking.url);
  object.text("location", booking.location);
  object.text("location_type", booking.location_type);
  object.text("conference_provider", booking.conference_provider);
  object.json("conference", booking.conference_json);
  object.object("attendee", booking.attendee, write_attendee);
  object.list("attendees", booking.attendees, write_attendee);
  object.object("host", booking.host, write_host);
  object.object("meeting_type", booking.meeting_type, write_meeting_type);
  object.list("answers", booking.answers, write_answer);
  if (!booking.utm.empty()) write_utm(object.key("utm"), booking.utm);
  object.object("payment", booking.payment, write_payment);
  if (has_any(booking.links)) write_links(object.key("links"), booking.links);
  object.close();
}

void write_problem(std::string &out, const Problem &problem) {
  Object object(out);
  object.text("pointer", problem.pointer);
  object.text("sentence", problem.sentence);
  object.close();
}

// The attribute `source` is a URI reference: what is not unreserved is written as %XX.
//   source  RFC 3986 section 2.3
void write_source(std::string &out, const Vendor &vendor, const Organization &organization) {
  static constexpr char digits[] = "0123456789ABCDEF";
  out += '"';
  out += vendor.name;
  if (organization.id) {
    out += "/organization/";
    for (const char c : *organization.id) {
      const bool is_unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                 c == '-' || c == '.' || c == '_' || c == '~';
      if (is_unreserved) {
        out += c;
      } else {
        out += '%';
        out += digits[(c >> 4) & 15];
        out += digits[c & 15];
      }
    }
  }
  out += '"';
}

void write_data(std::string &out, const Facts &facts) {
  Object data(out);
  write_vendor(data.key("vendor"), facts.vendor);
  const Organization &organization = facts.organization;
  if (organization.id || organization.name || organization.language) {
    write_organization(data.key("organization"), organization);
  }
  data.object("booking", facts.booking, write_booking);
  data.object("attendee", facts.attendee, write_attendee);
  data.object("meeting_type", facts.meeting_type, write_meeting_type);
  data.object("member", facts.member, write_host);
  data.json("object", facts.object_json);
  data.list("problems", facts.problems, write_problem);
  data.close();
}

// More than is needed for ordinary events, so that the string never moves while it grows.
std::size_t expected_size(const Facts &facts) {
  std::size_t size = 2048 + facts.object_json.size() + 128 * facts.problems.size();
  if (facts.booking) {
    size += facts.booking->conference_json.size() + 256 * facts.booking->attendees.size();
    for (const Answer &answer : facts.booking->answers) size += 160 + answer.value_json.size() + answer.text.size();
  }
  return size;
}

}  // namespace

void append_json_string(std::string &out, std::string_view text) {
  out += '"';
  std::size_t copied = 0, at = 0;
  const auto copy_until_here = [&] { out.append(text.data() + copied, at - copied); };
  while ((at = end_of_plain(text, at)) < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      copy_until_here();
      append_escape(out, text[at]);
      copied = ++at;
      continue;
    }
    const Utf8Sequence sequence = utf8_sequence(text, at);
    if (!sequence.is_valid) {
      copy_until_here();
      out += replacement_character;
      copied = at + sequence.size;
    }
    at += sequence.size;
  }
  copy_until_here();
  out += '"';
}

std::string format_time(Milliseconds unix_ms) {
  using namespace std::chrono;
  // RFC 3339 has four digits for the year and no sign.
  constexpr Milliseconds unix_ms_min = -62'167'219'200'000, unix_ms_max = 253'402'300'799'999;
  const sys_time<milliseconds> time{milliseconds(std::clamp(unix_ms, unix_ms_min, unix_ms_max))};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::string text = "0000-00-00T00:00:00";
  const auto put = [&text](std::size_t place, std::size_t digits_count, auto value) {
    auto rest = static_cast<unsigned>(value);
    for (std::size_t i = digits_count; i > 0; --i, rest /= 10) text[place + i - 1] = static_cast<char>('0' + rest % 10);
  };
  put(0, 4, int(date.year()));
  put(5, 2, unsigned(date.month()));
  put(8, 2, unsigned(date.day()));
  put(11, 2, clock.hours().count());
  put(14, 2, clock.minutes().count());
  put(17, 2, clock.seconds().count());
  if (clock.subseconds().count() != 0) {
    text += ".000";
    put(20, 3, clock.subseconds().count());
  }
  text += 'Z';
  return text;
}

Event make_event(const Facts &facts, const EventId &id, Milliseconds received_ms) {
  CHECK(!facts.type.empty());
  CHECK(!facts.subject.empty() && facts.subject.size() <= subject_bytes_max);
  Event event;
  event.id = id;
  event.type = facts.type;
  event.subject = facts.subject;
  event.time_ms = facts.time_ms.value_or(received_ms);
  event.received_ms = received_ms;
  event.is_test = facts.is_test;

  event.json.reserve(expected_size(facts));
  Object object(event.json);
  object.json("specversion", "\"1.0\"");
  append_json_string(object.key("id"), id.text());
  write_source(object.key("source"), facts.vendor, facts.organization);
  append_json_string(object.key("type"), event.type);
  append_json_string(object.key("subject"), event.subject);
  append_json_string(object.key("time"), format_time(event.time_ms));
  object.json("datacontenttype", "\"application/json\"");
  object.json("dataschema", "\"urn:bellhop:event:1\"");
  if (event.is_test) object.json("test", "true");
  write_data(object.key("data"), facts);
  object.close();
  return event;
}

std::string with_late(std::string_view json, bool is_late) {
  if (!is_late || json.size() < 2 || json.back() != '}') return std::string(json);
  // Before the last brace: right for every document, whatever version wrote it.
  static constexpr std::string_view late = "\"late\":true}";
  std::string out;
  out.reserve(json.size() + late.size() + 1);
  out.append(json, 0, json.size() - 1);
  if (json.size() > 2) out += ',';
  out += late;
  return out;
}

}  // namespace bellhop::core
