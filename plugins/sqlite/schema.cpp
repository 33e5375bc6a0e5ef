// SPDX-License-Identifier: Apache-2.0
// See schema.hpp. The comments inside the SQL are kept in the file by SQLite: `.schema booking` explains itself.
#include "schema.hpp"

#include <array>
#include <cstdio>

namespace bellhop_sqlite {

namespace {

constexpr int cache_kib = 16 * 1024;
constexpr int page_size_bytes = 8192;                        // a body of 4 KB fits a page or two
constexpr int write_ahead_log_bytes_max = 64 * 1024 * 1024;  // what the log shrinks to once no reader needs it

constexpr const char *tables_1 = R"sql(
CREATE TABLE event (  -- one row per event, never changed afterwards
  no          INTEGER PRIMARY KEY,   -- order of recording in this file
  id          TEXT    NOT NULL UNIQUE,  -- the same for every re-delivery and replay
  seq         INTEGER NOT NULL,      -- position in Bellhop's journal
  type        TEXT    NOT NULL,      -- booking.confirmed, booking.canceled, ping ...
  subject     TEXT    NOT NULL,      -- booking/ID
  time        TEXT    NOT NULL,      -- when it happened, by the vendor's word; UTC
  time_ms     INTEGER NOT NULL,      -- the same as Unix time in milliseconds
  received    TEXT    NOT NULL,      -- when Bellhop received it; UTC
  received_ms INTEGER NOT NULL,
  late        INTEGER NOT NULL,      -- 1: older than what its booking shows already, so not applied
  test        INTEGER NOT NULL,      -- 1: sent by a Test button or command; never touches a booking
  json        TEXT    NOT NULL,      -- the normalised event
  raw         BLOB                   -- the body as received, byte for byte; NULL with keep_raw = false
) STRICT;
CREATE INDEX event_by_subject ON event (subject, time_ms);

CREATE TABLE booking (  -- the newest known state, one row per booking; NULL: never said
  id                  TEXT    NOT NULL PRIMARY KEY,
  status              TEXT    NOT NULL,  -- requested, confirmed, canceled, declined, unknown
  start               TEXT,              -- UTC
  start_epoch         INTEGER,           -- the same as Unix time in seconds
  "end"               TEXT,
  end_epoch           INTEGER,
  timezone            TEXT,              -- of the attendee
  attendee_name       TEXT,
  attendee_email      TEXT,
  attendee_phone      TEXT,
  attendee_first_name TEXT,
  attendee_last_name  TEXT,
  meeting_type_id     TEXT,
  meeting_type_name   TEXT,
  meeting_type_slug   TEXT,
  duration_s          INTEGER,
  price_amount        TEXT,              -- decimal: 49.00
  price_currency      TEXT,
  payment_amount      TEXT,
  payment_currency    TEXT,
  host_id             TEXT,
  host_name           TEXT,
  host_email          TEXT,
  location_type       TEXT,
  location            TEXT,
  organization_id     TEXT,
  organization_name   TEXT,
  url                 TEXT,
  utm_source          TEXT,
  utm_medium          TEXT,
  utm_campaign        TEXT,
  utm_term            TEXT,
  utm_content         TEXT,
  created             TEXT,              -- of the booking, by the vendor's word
  canceled            TEXT,              -- of the event that canceled it; NULL while it stands
  reschedule_count    INTEGER NOT NULL,  -- events booking.rescheduled, late ones included
  event_count         INTEGER NOT NULL,  -- events about it, late ones included
  first_event_seq     INTEGER NOT NULL,
  first_event_time    TEXT    NOT NULL,
  last_event_seq      INTEGER NOT NULL,  -- the event that this state comes from
  last_event_time     TEXT    NOT NULL,
  last_event_ms       INTEGER NOT NULL,
  updated             TEXT    NOT NULL   -- when Bellhop received that event
) STRICT;
CREATE INDEX booking_by_start ON booking (start_epoch);
CREATE INDEX booking_by_email ON booking (attendee_email);

CREATE TABLE answer (  -- the booking form, in its order
  booking_id TEXT    NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL,  -- from 0
  slug       TEXT,
  label      TEXT,
  kind       TEXT,
  value      TEXT    NOT NULL,  -- as JSON, whatever it was
  text       TEXT    NOT NULL,  -- for people
  PRIMARY KEY (booking_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE attendee (  -- everybody in the meeting; position 0 is the one in booking
  booking_id TEXT    NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  id         TEXT,
  email      TEXT,
  name       TEXT,
  phone      TEXT,
  status     TEXT,
  event_ms   INTEGER NOT NULL,  -- time of the event that said so
  PRIMARY KEY (booking_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE change (  -- what each event changed; a late event, or one that changed nothing, has one row without field
  event_no   INTEGER NOT NULL REFERENCES event (no) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  booking_id TEXT    NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
  seq        INTEGER NOT NULL,
  time       TEXT    NOT NULL,
  type       TEXT    NOT NULL,
  late       INTEGER NOT NULL,
  field      TEXT,              -- a column of booking, answer/SLUG, or attendees
  old        TEXT,
  new        TEXT,
  PRIMARY KEY (event_no, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_by_booking ON change (booking_id, event_no);
)sql";

constexpr const char *views_1 = R"sql(
CREATE VIEW booking_export AS
SELECT b.id, b.status, b.start, b."end", b.timezone, b.attendee_name, b.attendee_email, b.attendee_phone,
       b.meeting_type_name, b.duration_s / 60 AS duration_min, b.host_name, b.price_amount, b.price_currency,
       b.location, b.utm_source, b.utm_medium, b.utm_campaign, b.utm_term, b.utm_content,
       b.reschedule_count, b.created, b.canceled, b.updated,
       (SELECT group_concat(line, char(10)) FROM (
          SELECT coalesce(label, slug, 'answer ' || (position + 1)) || ': ' || text AS line
          FROM answer WHERE booking_id = b.id ORDER BY position)) AS answers,
       b.url
FROM booking AS b;

CREATE VIEW bookings_by_day AS
SELECT substr(start, 1, 10) AS day, count(*) AS bookings,
       sum(status = 'confirmed') AS confirmed, sum(status = 'requested') AS requested,
       sum(status = 'canceled') AS canceled, sum(status = 'declined') AS declined,
       sum(reschedule_count > 0) AS rescheduled
FROM booking WHERE start IS NOT NULL GROUP BY day ORDER BY day;

CREATE VIEW utm_report AS
SELECT coalesce(utm_source, '(none)') AS utm_source, coalesce(utm_medium, '(none)') AS utm_medium,
       coalesce(utm_campaign, '(none)') AS utm_campaign, count(*) AS bookings,
       sum(status = 'confirmed') AS confirmed, sum(status = 'canceled') AS canceled,
       round(sum(CASE WHEN status = 'confirmed' THEN CAST(price_amount AS REAL) END), 2) AS confirmed_price,
       price_currency, min(start) AS first_start, max(start) AS last_start
FROM booking GROUP BY 1, 2, 3, price_currency ORDER BY bookings DESC;

CREATE VIEW answer_report AS
SELECT a.booking_id, b.status, b.start, b.attendee_name, b.attendee_email, b.meeting_type_name, b.utm_source,
       a.position, a.slug, a.label, a.kind, a.text, a.value
FROM answer AS a JOIN booking AS b ON b.id = a.booking_id;
)sql";

// Retention looks for what is old without reading every event.
constexpr const char *indexes_2 = R"sql(
CREATE INDEX event_by_received ON event (received_ms);
CREATE INDEX event_with_raw ON event (received_ms) WHERE raw IS NOT NULL;
)sql";

constexpr std::array<std::array<const char *, 2>, 2> migrations{{{tables_1, views_1}, {indexes_2, ""}}};

std::string hex(std::int64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%08llx", static_cast<unsigned long long>(value) & 0xffffffffULL);
  return text;
}

// Throws unless the file is empty or ours and not newer. Reads only.
int check_owner(Database &database) {
  const std::int64_t owner = database.integer("PRAGMA application_id");
  const std::int64_t version = database.integer("PRAGMA user_version");
  const std::int64_t objects_count = database.integer("SELECT count(*) FROM sqlite_schema");
  if (owner == 0 && version == 0 && objects_count == 0) return 0;
  if (owner != application_id) {
    throw ForeignFile(database.path() + " belongs to another program (application_id " + hex(owner) + ", " +
                      std::to_string(objects_count) +
                      " tables, indexes and views): give this instance a path of its own");
  }
  if (version > schema_version()) {
    throw ForeignFile(database.path() + " was written by a newer version of this plugin (schema " +
                      std::to_string(version) + ", this one knows up to " + std::to_string(schema_version()) +
                      "): install that version again, or give this instance another path");
  }
  if (version < 1) {
    throw ForeignFile(database.path() + " carries Bellhop's application_id but no schema version: it is damaged");
  }
  return static_cast<int>(version);
}

void migrate(Database &database, int version) {
  Transaction transaction(database);
  for (const char *sql : migrations[static_cast<std::size_t>(version - 1)]) database.execute(sql);
  database.execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
  database.execute(("PRAGMA user_version = " + std::to_string(version)).c_str());
  transaction.commit();
}

}  // namespace

int schema_version() { return static_cast<int>(migrations.size()); }

void prepare_file(Database &database) {
  const int version = check_owner(database);
  if (version == 0) {
    // Only an empty file takes these: they could not be had later without rewriting it.
    database.execute(("PRAGMA page_size = " + std::to_string(page_size_bytes)).c_str());
    database.execute("PRAGMA auto_vacuum = INCREMENTAL");
  }
  const std::string mode = database.text("PRAGMA journal_mode = WAL");
  if (mode != "wal") {
    throw DatabaseError(SQLITE_CANTOPEN, 0,
                        "switch " + database.path() + " to its write-ahead log: it stays in mode \"" + mode + "\"");
  }
  database.keep_write_ahead_log();
  // FULL: an OK to Bellhop means that a power cut right after it loses nothing.
  database.execute("PRAGMA synchronous = FULL");
  database.execute("PRAGMA foreign_keys = ON");
  // A batch of events and the upper pages of every index; with the 2 MB that SQLite takes by itself they were read
  // again and again, and written to the log before the commit.
  database.execute(("PRAGMA cache_size = -" + std::to_string(cache_kib)).c_str());
  // What is deleted is overwritten. It costs little: the plugin deletes rarely.
  database.execute("PRAGMA secure_delete = ON");
  database.execute(("PRAGMA journal_size_limit = " + std::to_string(write_ahead_log_bytes_max)).c_str());
  for (int next = version + 1; next <= schema_version(); ++next) migrate(database, next);
}

}  // namespace bellhop_sqlite
