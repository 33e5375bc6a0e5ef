// SPDX-License-Identifier: Apache-2.0
// Messages: a booking as Block Kit, as an attachment, or as plain text. Pure: JSON members out, no channel, no network.
// All texts of strangers go into plain_text elements, escaped; the only mrkdwn is our own date token.
#pragma once

#include <bellhop/json.hpp>

#include <string>
#include <vector>

#include "booking.hpp"

namespace slack {

enum class Render { blocks, attachments, text };

struct Style {
  Render render = Render::blocks;
  bool shows_answers = true;
  bool shows_utm = false;
  bool has_booking_button = true, has_google_button = true, has_outlook_button = true;
  std::string timezone;  // for fallbacks when the booking names none
};

// What happened, for colour and for the word: from the event's type.
struct Occasion {
  std::string type;      // "booking.canceled"
  std::string headline;  // rendered, not escaped
};

// Slack's limits (Block Kit reference), in UTF-16 units.
inline constexpr std::size_t blocks_max = 50, header_units_max = 150, section_units_max = 3'000, fields_max = 10,
                             field_units_max = 2'000, button_units_max = 75, message_units_max = 13'000,
                             fallback_units_max = 3'000;

// The members of a message: text, and blocks or attachments.
bellhop::Obj message_of(const Booking &booking, const Occasion &occasion, const Style &style);

// One line for a digest or for a thread: "Booking canceled: John Smith, Wed 1 Jan 2014, 16:00 (US/Pacific)". Not
// escaped.
std::string line_of(const Booking &booking, const Occasion &occasion, const Style &style);

// Many events in one message: a headline with their number and the first lines.
bellhop::Obj digest_of(const std::vector<std::string> &lines, const Style &style);

// A short answer in a thread.
bellhop::Obj note_of(const std::string &line);

}  // namespace slack
