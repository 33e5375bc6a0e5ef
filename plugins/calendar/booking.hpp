// SPDX-License-Identifier: Apache-2.0
// Booking: what a calendar can show of one event's snapshot, its texts cleaned and cut. Untrusted: whoever knows the
// webhook's URL can forge all of it.
#pragma once

#include <bellhop/plugin.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace calendar {

enum class Status { tentative, confirmed, canceled };

// The texts of a VEVENT. Wherever they come from (event or rel.ics), they have gone through cleaned().
struct Texts {
  std::string summary, description, location, url;
  bool operator==(const Texts &other) const {
    return summary == other.summary && description == other.description && location == other.location &&
           url == other.url;
  }
};

struct Booking {
  std::string id;                          // as the vendor gave it: never a path, never a URL
  std::optional<Status> status;            // nullopt: the snapshot does not say
  std::optional<std::int64_t> start, end;  // Unix seconds; end only when it is after the start
  std::optional<std::int64_t> end_given;   // as the vendor wrote it, which may be the start
  std::optional<std::int64_t> created;
  std::string host_id, host_name;
  std::string ics_url;  // rel.ics, unchecked
  Texts texts;
};

// `event` is the document of a booking.* event.
Booking read_booking(const bellhop::Json &event);

}  // namespace calendar
