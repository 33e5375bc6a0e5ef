// SPDX-License-Identifier: Apache-2.0
// Record: what one event says, in the shape of the tables. Read from the event's JSON without touching the database, so
// an event that cannot be read fails alone and before anything was written.
#pragma once

#include <array>
#include <bellhop/plugin.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop_sqlite {

using Value = std::optional<std::string>;  // as text, also for INTEGER columns: SQLite converts; absent = never said

// A column of booking that comes out of the event, and where it stands below /data.
struct Column {
  // time: ISO 8601 to the second; epoch: the same as Unix seconds; integer: a whole number or absent
  enum class Kind { text, time, epoch, integer };
  const char *name;
  const char *pointer;  // RFC 6901, below /data
  Kind kind = Kind::text;
  const char *otherwise = nullptr;  // second place to look
};

constexpr std::array columns{
    Column{"status", "/booking/status"},
    Column{"start", "/booking/start", Column::Kind::time},
    Column{"start_epoch", "/booking/start", Column::Kind::epoch},
    Column{"end", "/booking/end", Column::Kind::time},
    Column{"end_epoch", "/booking/end", Column::Kind::epoch},
    Column{"timezone", "/booking/timezone"},
    Column{"attendee_name", "/booking/attendee/name", Column::Kind::text, "/attendee/name"},
    Column{"attendee_email", "/booking/attendee/email", Column::Kind::text, "/attendee/email"},
    Column{"attendee_phone", "/booking/attendee/phone", Column::Kind::text, "/attendee/phone"},
    Column{"attendee_first_name", "/booking/attendee/first_name", Column::Kind::text, "/attendee/first_name"},
    Column{"attendee_last_name", "/booking/attendee/last_name", Column::Kind::text, "/attendee/last_name"},
    Column{"meeting_type_id", "/booking/meeting_type/id"},
    Column{"meeting_type_name", "/booking/meeting_type/name"},
    Column{"meeting_type_slug", "/booking/meeting_type/slug"},
    Column{"duration_s", "/booking/meeting_type/duration_s", Column::Kind::integer},
    Column{"price_amount", "/booking/meeting_type/price/amount"},
    Column{"price_currency", "/booking/meeting_type/price/currency"},
    Column{"payment_amount", "/booking/payment/amount/amount"},
    Column{"payment_currency", "/booking/payment/amount/currency"},
    Column{"host_id", "/booking/host/id"},
    Column{"host_name", "/booking/host/name"},
    Column{"host_email", "/booking/host/email"},
    Column{"location_type", "/booking/location_type", Column::Kind::text, "/booking/meeting_type/location_type"},
    Column{"location", "/booking/location", Column::Kind::text, "/booking/meeting_type/location"},
    Column{"organization_id", "/organization/id"},
    Column{"organization_name", "/organization/name"},
    Column{"url", "/booking/url"},
    Column{"utm_source", "/booking/utm/source"},
    Column{"utm_medium", "/booking/utm/medium"},
    Column{"utm_campaign", "/booking/utm/campaign"},
    Column{"utm_term", "/booking/utm/term"},
    Column{"utm_content", "/booking/utm/content"},
    Column{"created", "/booking/created", Column::Kind::time},
};
constexpr std::size_t status_column = 0;
using Row = std::array<Value, columns.size()>;

struct AnswerRow {
  Value slug, label, kind;
  std::string value_json, text;
  bool operator==(const AnswerRow &other) const {
    return slug == other.slug && label == other.label && kind == other.kind && value_json == other.value_json &&
           text == other.text;
  }
};

struct AttendeeRow {
  Value id, email, name, phone, status;
  std::int64_t event_ms = 0;  // order_ms() of the event that said so; no part of what it says
  bool is_same_person(const AttendeeRow &other) const {
    return id && other.id ? id == other.id : email && email == other.email;
  }
  bool operator==(const AttendeeRow &other) const {
    return id == other.id && email == other.email && name == other.name && phone == other.phone &&
           status == other.status;
  }
};

struct Record {
  enum class About { nothing, booking, attendee };  // which tables besides event it concerns

  std::string_view id, type, subject, json, raw;  // live as long as the event
  std::int64_t seq = 0, time_ms = 0, received_ms = 0;
  bool is_late = false;  // by the journal's word
  bool is_test = false;
  About about = About::nothing;
  std::string booking_id;
  Row row;
  std::vector<AnswerRow> answers;      // empty: not said
  std::vector<AttendeeRow> attendees;  // empty: not said

  // The key by which snapshots of one booking are ordered: their own time, or the time of receipt for one that claims
  // to come from the future (else one forged year 9999 would make every later event late), then the journal's order.
  std::int64_t order_ms() const;
};

class Unreadable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// throws    Unreadable: the sentence says what is missing
Record read_record(const bellhop::Event &event);

}  // namespace bellhop_sqlite
