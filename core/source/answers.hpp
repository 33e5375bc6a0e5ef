// SPDX-License-Identifier: Apache-2.0
// The customer's own form fields: read in every shape seen, and asked for what the envelope does not have: names and
// phone. Guesses by slug, then by kind, then by label; never overrides what the vendor says itself.
#pragma once

#include <string_view>
#include <vector>

#include "event/booking.hpp"
#include "source/json_fields.hpp"

namespace bellhop::core {

// The answers in the first list that is there: legacy keeps them in `fields`, other names are assumed.
//   legacy shape   {"field":{"slug","kind","kwargs":{"label"}},"value"}
//   flat shape     {"slug","label","kind","value"}
std::vector<Answer> read_answers(Fields &object);

// Puts the names and the phone of the answers where the attendee has none. A full name is split at its first space only
// when neither part is known; the parts are joined when there is no full name.
void guess_names(Attendee &attendee, const std::vector<Answer> &answers, Reading &reading);

}  // namespace bellhop::core
