// SPDX-License-Identifier: Apache-2.0
#include "cli/template.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "event/event_json.hpp"

namespace bellhop::core {
namespace {

// One of our types in the vendor's words; an empty word: this dialect does not have it.
struct Wording {
  std::string_view type;
  std::string_view legacy_type, legacy_action;
  std::string_view v5_action;
  bool is_confirmed, is_canceled;
};

constexpr Wording wordings[] = {
    {"booking.requested", "booking", "requested", "Meeting.scheduled", false, false},
    {"booking.confirmed", "booking", "confirmed", "Meeting.scheduled", true, false},
    {"booking.rescheduled", "booking", "rescheduled", "Meeting.rescheduled", true, false},
    {"booking.reassigned", "booking", "reassigned", "", true, false},
    {"booking.updated", "booking", "updated", "", true, false},
    {"booking.reminded", "booking", "reminded", "", true, false},
    {"booking.tagged", "", "", "Meeting.tagged", true, false},
    {"booking.untagged", "", "", "Meeting.untagged", true, false},
    {"booking.declined", "booking", "declined", "Meeting.declined", false, false},
    {"booking.canceled", "booking", "canceled", "Meeting.cancelled", false, true},
    {"attendee.scheduled", "", "", "Attendee.scheduled", true, false},
    {"attendee.approved", "", "", "Attendee.approved", true, false},
    {"attendee.reminded", "", "", "Attendee.reminded", true, false},
    {"attendee.declined", "", "", "Attendee.declined", false, false},
    {"attendee.canceled", "", "", "Attendee.cancelled", false, true},
    {"meeting_type.created", "service", "created", "", true, false},
    {"meeting_type.updated", "service", "updated", "", true, false},
    {"meeting_type.deleted", "service", "deleted", "", true, false},
    {"member.created", "bookable", "created", "", true, false},
    {"member.updated", "bookable", "updated", "", true, false},
    {"member.deleted", "bookable", "deleted", "", true, false},
    {"field.created", "field", "created", "", true, false},
    {"field.updated", "field", "updated", "", true, false},
    {"field.deleted", "field", "deleted", "", true, false},
    {"ping", "ping", "ping", "ping", true, false},
};

constexpr const char *ping_body = R"({"test":true})";

constexpr const char *legacy_envelope =
    R"({"id":@NUMBER@,"type":"@TYPE@","action":"@ACTION@","meta":{},"organization":1,"date_created":"@NOW@","object":)";

constexpr const char *legacy_booking =
    R"({"id":"@ID@","timezone":"US/Pacific","email":"webhooks+sample@appointlet.com","start":"@START@","end":"@END@",)"
    R"("date_created":"@NOW@","confirmed":@CONFIRMED@,"canceled":@CANCELED@,"reminder1_sent":false,)"
    R"("reminder2_sent":false,"reminder3_sent":false,"follow_up_sent":false,"conference_data":null,)"
    R"("conference_provider":null,"utm_campaign":"spring","utm_content":null,"utm_term":null,)"
    R"("utm_source":"newsletter",)"
    R"("utm_medium":"email","payment_refunded":"0.00","payment_identifier":null,"payment_currency":null,)"
    R"("payment_amount":"0.00","payment_account":null,"url":"https://salon-demo.appointlet.com/booking/@ID@",)"
    R"("service":@SERVICE@,"organization":{"id":1,"name":"Organization 1","language":"en-us",)"
    R"("image":"https://ucarecdn.com/7228fc98-0863-4cb3-bec7-96668ebcadae/-/stretch/off/-/resize/x100/",)"
    R"("bookable_type":"member","bookable_type_plural":"members","service_type":"meeting type",)"
    R"("service_type_plural":"meeting types"},"bookable":@BOOKABLE@,"fields":[)"
    R"({"field":{"visible":true,"id":1,"kind":"CharField","slug":"first-name",)"
    R"("kwargs":{"max_length":100,"required":true,"label":"First Name"}},"value":"John"},)"
    R"({"field":{"visible":true,"id":2,"kind":"CharField","slug":"last-name",)"
    R"("kwargs":{"required":true,"max_length":100,"label":"Last Name"}},"value":"Smith"},)"
    R"({"field":@FIELD@,"value":"+1.888.555.1212"}],)"
    R"("rel":{"reassignable_bookables":"https://api.appointlet.com/bookings/@ID@/reassignable_bookables",)"
    R"("confirm":"https://api.appointlet.com/bookings/@ID@/confirm",)"
    R"("add_to_outlook_calendar":"https://api.appointlet.com/bookings/@ID@/add_to_outlook_calendar",)"
    R"("add_to_google_calendar":"https://api.appointlet.com/bookings/@ID@/add_to_google_calendar",)"
    R"("reschedule":"https://api.appointlet.com/bookings/@ID@/reschedule",)"
    R"("ics":"https://api.appointlet.com/bookings/@ID@/ics",)"
    R"("reassign":"https://api.appointlet.com/bookings/@ID@/reassign",)"
    R"("cancel":"https://api.appointlet.com/bookings/@ID@/cancel"}})";

constexpr const char *legacy_service =
    R"({"id":1,"category":null,"name":"Meeting Type 1","description":"","image":null,"duration":1800.0,)"
    R"("currency":"USD","price":"0.00","deposit":"0.00","tax":"0.00","manual_confirm":false,"cancelation_notice":0.0,)"
    R"("reschedule_notice":0.0,"minimum_notice":3600.0,"maximum_notice":5184000.0,"pooled_availability":false,)"
    R"("location_type":null,"location":null,"slug":"meeting-type-1"})";

constexpr const char *legacy_bookable =
    R"({"id":1,"name":"Member 1","description":"","image":"","timezone":"US/Pacific","conference_phone":null,)"
    R"("rel":{"available_times":"https://api.appointlet.com/bookables/1/available_times"},"slug":"member-1"})";

constexpr const char *legacy_field =
    R"({"visible":true,"id":3,"kind":"CharField","slug":"phone-number",)"
    R"("kwargs":{"help_text":"Please include area and country code.","required":true,"max_length":100,)"
    R"("label":"Phone Number"}})";

constexpr const char *v5_envelope =
    R"({"id":@NUMBER@,"type":"Activity","created_at":"@NOW@","action":"@ACTION@","message":null,)"
    R"("metadata":null,"entity":)";

constexpr const char *v5_meeting =
    R"j({"id":@ID@,"type":"Meeting","created_at":"@NOW@","name":"Example Meeting Type (Group)",)j"
    R"("location":"123 Address Street","location_type":"place","start":"@START@","end":"@END@","approved":@APPROVED@,)"
    R"("confirmed":@CONFIRMED@,"cancelled":@CANCELED@})";

constexpr const char *v5_attendee =
    R"({"id":@ATTENDEE@,"type":"Attendee","created_at":"@NOW@","name":"John Smith",)"
    R"("email":"webhooks+sample@appointlet.com","meeting":@ID@,"cancelled":@CANCELED@})";

const Wording *find_wording(std::string_view type, std::string_view dialect) {
  for (const Wording &wording : wordings) {
    const std::string_view word = dialect == "v5" ? wording.v5_action : wording.legacy_action;
    if (wording.type == type && !word.empty()) return &wording;
  }
  return nullptr;
}

std::string fill(std::string_view text, const std::map<std::string, std::string, std::less<>> &values) {
  std::string out;
  while (true) {
    const std::size_t begin = text.find('@');
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('@', begin + 1);
    if (end == std::string_view::npos) return out.append(text);
    const auto value = values.find(text.substr(begin + 1, end - begin - 1));
    out.append(text.substr(0, begin));
    if (value == values.end()) {  // an e-mail address: keep its '@' and look on from there
      out += '@';
      text.remove_prefix(begin + 1);
    } else {
      out.append(fill(value->second, values));
      text.remove_prefix(end + 1);
    }
  }
}

std::string fresh_name(Random &random) {
  static constexpr std::string_view alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";  // no 0, 1, I, O: read aloud, too
  std::string out;
  for (int i = 0; i < 12; ++i) out += alphabet[random.below(alphabet.size())];
  return out;
}

}  // namespace

std::vector<std::string> template_types(std::string_view dialect) {
  std::vector<std::string> out;
  for (const Wording &wording : wordings) {
    if (find_wording(wording.type, dialect) != nullptr) out.emplace_back(wording.type);
  }
  return out;
}

std::vector<std::string> template_types() {
  std::vector<std::string> out;
  std::transform(std::begin(wordings), std::end(wordings), std::back_inserter(out),
                 [](const Wording &wording) { return std::string(wording.type); });
  return out;
}

Result<std::string> sample_body(std::string_view type, std::string_view dialect, Milliseconds now_ms, Random &random) {
  const Wording *wording = find_wording(type, dialect);
  if (wording == nullptr) {
    std::string known;
    for (const std::string &name : template_types(dialect)) known += (known.empty() ? "" : ", ") + name;
    return Error{Kind::invalid,
                 "the dialect " + std::string(dialect) + " has no " + std::string(type) + "; it has " + known};
  }
  if (type == "ping") return std::string(ping_body);
  constexpr Milliseconds hour_ms = 3'600'000, day_ms = 24 * hour_ms;
  const Milliseconds day = now_ms / day_ms * day_ms + static_cast<Milliseconds>(1 + random.below(14)) * day_ms;
  const Milliseconds start = day + static_cast<Milliseconds>(15 + random.below(8)) * hour_ms;  // by day in US/Pacific
  const bool is_v5 = dialect == "v5";
  const std::map<std::string, std::string, std::less<>> values{
      {"NUMBER", std::to_string(100'000'000 + random.below(900'000'000))},
      {"ID", is_v5 ? std::to_string(10'000'000 + random.below(90'000'000)) : fresh_name(random)},
      {"ATTENDEE", std::to_string(10'000'000 + random.below(90'000'000))},
      {"TYPE", std::string(wording->legacy_type)},
      {"ACTION", std::string(is_v5 ? wording->v5_action : wording->legacy_action)},
      {"NOW", format_time(now_ms)},
      {"START", format_time(start)},
      {"END", format_time(start + hour_ms / 2)},
      {"CONFIRMED", wording->is_confirmed ? "true" : "false"},
      {"CANCELED", wording->is_canceled ? "true" : "false"},
      {"APPROVED", type == "booking.requested" || type == "booking.declined" ? "false" : "null"},
      {"SERVICE", legacy_service},
      {"BOOKABLE", legacy_bookable},
      {"FIELD", legacy_field},
  };
  const bool is_attendee = type.substr(0, 9) == "attendee.";
  const std::string_view noun = wording->legacy_type;
  const char *object = is_attendee          ? v5_attendee
                       : is_v5              ? v5_meeting
                       : noun == "service"  ? legacy_service
                       : noun == "bookable" ? legacy_bookable
                       : noun == "field"    ? legacy_field
                                            : legacy_booking;
  return fill(is_v5 ? v5_envelope : legacy_envelope, values) + fill(object, values) + "}";
}

}  // namespace bellhop::core
