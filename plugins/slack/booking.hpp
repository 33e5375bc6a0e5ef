// SPDX-License-Identifier: Apache-2.0
// The SDK's Booking, and what a message adds to it: the field "when", told in the booking's zone.
#pragma once

#include <bellhop/booking.hpp>

#include <string>
#include <string_view>

namespace slack {

using bellhop::Booking;  // untrusted: all of it is a stranger's text

// The fields of the SDK's header and "when". The README lists them.
bool is_field(std::string_view name);
std::string field_names();
std::string field_of(const Booking &booking, std::string_view name);  // "" when the event does not say

// "New booking: {{name}}, {{when}}". The text outside is the operator's, what is put in is a stranger's: nothing is
// escaped here.
//   returns   the first name that is_field() does not know, "" when all are known
std::string unknown_field_of(std::string_view pattern);
std::string render(std::string_view pattern, const Booking &booking);

}  // namespace slack
