// SPDX-License-Identifier: Apache-2.0
#include "message.hpp"

#include <algorithm>

#include "text.hpp"
#include "when.hpp"

namespace slack {
namespace {

using bellhop::Obj;

constexpr std::size_t digest_lines_max = 20;
constexpr std::size_t label_units_max = 100;

class Array {
 public:
  void add(const Obj &value) {
    text_ += (text_.size() > 1 ? "," : "") + value.str();
    ++count_;
  }
  std::size_t size() const { return count_; }
  std::string str() const { return text_ + "]"; }

 private:
  std::string text_ = "[";
  std::size_t count_ = 0;
};

struct Fact {
  std::string label, value;  // not escaped
};

std::string zone_of(const Booking &booking, const Style &style) {
  return booking.timezone.empty() ? style.timezone : booking.timezone;
}

std::string marked(const std::string &label, const bellhop::Person &person, const Booking &booking) {
  return label.empty() || !bellhop::has_left(person.status, booking.status) ? label : label + " (not coming)";
}

std::string others_of(const Booking &booking) {
  std::string out;
  for (const bellhop::Person &person : booking.others) {
    out += (out.empty() ? "" : ", ") + marked(person.label(), person, booking);
  }
  return out;
}

std::vector<Fact> facts_of(const Booking &booking, const Style &style) {
  std::vector<Fact> facts;
  const auto add = [&](const char *label, const std::string &value) {
    if (!value.empty()) facts.push_back({label, value});
  };
  add("Who", marked(booking.attendee.name, booking.attendee, booking));
  add("E-mail", booking.attendee.email);
  add("Phone", booking.attendee.phone);
  add("Others", others_of(booking));
  add("With", booking.host.label());
  add("Meeting", booking.meeting_type.label());
  add("Where", booking.location);
  add("Price", booking.price);
  if (style.shows_answers) {
    for (const bellhop::BookingAnswer &answer : booking.answers) facts.push_back({answer.label, answer.text});
  }
  if (style.shows_utm) {
    for (const auto &[name, value] : booking.utm) facts.push_back({"UTM " + name, value});
  }
  return facts;
}

Obj plain_text(const std::string &escaped_text) {
  return Obj().set("type", "plain_text").set("emoji", false).set("text", escaped_text);
}

// Fields of two columns, ten to a section, as long as the whole message keeps within its limit.
void add_facts(Array &blocks, const std::vector<Fact> &facts, std::size_t units) {
  std::size_t at = 0;
  while (at < facts.size() && blocks.size() + 2 < blocks_max) {
    Array fields;
    for (; at < facts.size() && fields.size() < fields_max; ++at) {
      std::string text = escaped(facts[at].label, label_units_max) + "\n";
      text += escaped(facts[at].value, field_units_max - units_of(text));
      units += units_of(text);
      if (units > message_units_max) break;
      fields.add(plain_text(text));
    }
    if (fields.size() > 0) blocks.add(Obj().set("type", "section").raw("fields", fields.str()));
    if (units > message_units_max) return;
  }
}

void add_button(Array &elements, const char *label, const char *action, const std::string &url) {
  if (!is_button_url(url)) return;
  elements.add(Obj().set("type", "button").set("action_id", action).set("text", plain_text(label)).set("url", url));
}

std::string blocks_of(const Booking &booking, const Occasion &occasion, const Style &style) {
  Array blocks;
  const std::string headline = escaped(occasion.headline, header_units_max);
  blocks.add(Obj().set("type", "header").set("text", plain_text(headline)));
  std::size_t units = units_of(headline);
  if (booking.start_ms) {
    const std::string when = as_mrkdwn(*booking.start_ms, booking.end_ms, zone_of(booking, style));
    units += units_of(when);
    blocks.add(Obj().set("type", "section").set("text", Obj().set("type", "mrkdwn").set("text", when)));
  }
  add_facts(blocks, facts_of(booking, style), units);
  Array buttons;
  if (style.has_booking_button) add_button(buttons, "Open booking", "open", booking.url);
  if (style.has_google_button) add_button(buttons, "Add to Google Calendar", "google", booking.google_link);
  if (style.has_outlook_button) add_button(buttons, "Add to Outlook", "outlook", booking.outlook_link);
  if (buttons.size() > 0) blocks.add(Obj().set("type", "actions").raw("elements", buttons.str()));
  return blocks.str();
}

std::string colour_of(const std::string &type) {
  if (type == "booking.canceled" || type == "booking.declined") return "#c0392b";
  if (type == "booking.rescheduled" || type == "booking.reassigned") return "#e67e22";
  if (type == "booking.requested") return "#f1c40f";
  return "#27ae60";
}

std::string attachments_of(const Booking &booking, const Occasion &occasion, const Style &style) {
  Array fields;
  std::size_t units = 0;
  const auto add = [&](const std::string &label, const std::string &value) {
    const std::string text = escaped(value, field_units_max);
    units += units_of(text) + label_units_max;
    if (units > message_units_max) return;
    fields.add(
        Obj().set("title", escaped(label, label_units_max)).set("value", text).set("short", units_of(text) < 40));
  };
  if (booking.start_ms) add("When", span_in_zone(*booking.start_ms, booking.end_ms, zone_of(booking, style)));
  for (const Fact &fact : facts_of(booking, style)) add(fact.label, fact.value);
  Obj attachment;
  attachment.set("fallback", escaped(line_of(booking, occasion, style), fallback_units_max));
  attachment.set("color", colour_of(occasion.type)).set("title", escaped(occasion.headline, header_units_max));
  if (is_button_url(booking.url)) attachment.set("title_link", booking.url);
  attachment.raw("fields", fields.str()).raw("mrkdwn_in", "[]");
  return "[" + attachment.str() + "]";
}

std::string lines_of(const Booking &booking, const Occasion &occasion, const Style &style) {
  std::string text = escaped(line_of(booking, occasion, style), section_units_max);
  for (const Fact &fact : facts_of(booking, style)) {
    const std::string line = "\n" + escaped(fact.label, label_units_max) + ": " + escaped(fact.value, field_units_max);
    if (units_of(text) + units_of(line) > message_units_max) break;
    text += line;
  }
  return text;
}

// parse none and no link_names: a stranger's text calls nobody and unfolds no preview.
Obj quiet(const std::string &text) {
  return Obj()
      .set("text", text)
      .set("parse", "none")
      .set("link_names", false)
      .set("unfurl_links", false)
      .set("unfurl_media", false);
}

}  // namespace

std::string line_of(const Booking &booking, const Occasion &occasion, const Style &style) {
  std::string line = occasion.headline;
  if (booking.start_ms) line += ", " + span_in_zone(*booking.start_ms, booking.end_ms, zone_of(booking, style));
  return line;
}

Obj message_of(const Booking &booking, const Occasion &occasion, const Style &style) {
  switch (style.render) {
    case Render::text:
      return quiet(lines_of(booking, occasion, style)).set("mrkdwn", false);
    case Render::attachments:
      return quiet("").raw("attachments", attachments_of(booking, occasion, style));
    case Render::blocks:
      break;
  }
  return quiet(escaped(line_of(booking, occasion, style), fallback_units_max))
      .raw("blocks", blocks_of(booking, occasion, style));
}

Obj digest_of(const std::vector<std::string> &lines, const Style &style) {
  const std::string headline = std::to_string(lines.size()) + " bookings changed";
  const std::size_t shown = std::min(lines.size(), digest_lines_max);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    text += (text.empty() ? "• " : "\n• ") + escaped(lines[i], section_units_max / digest_lines_max - 10);
  }
  if (shown < lines.size()) text += "\nand " + std::to_string(lines.size() - shown) + " more";
  if (style.render != Render::blocks) return quiet(headline + "\n" + text).set("mrkdwn", false);
  Array blocks;
  blocks.add(Obj().set("type", "header").set("text", plain_text(headline)));
  blocks.add(Obj().set("type", "section").set("text", plain_text(text)));
  return quiet(headline).raw("blocks", blocks.str());
}

Obj note_of(const std::string &line) { return quiet(escaped(line, fallback_units_max)).set("mrkdwn", false); }

}  // namespace slack
