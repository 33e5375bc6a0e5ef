// SPDX-License-Identifier: Apache-2.0
// Answers as bytes: status phrases, the Date that is written once a second, and the one string that one send() carries.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "http/server.hpp"

namespace bellhop::core {

std::string_view status_phrase(int status);  // "Accepted"; "Unknown" for codes nobody here uses

enum class Persistence { keep, close };
enum class BodyWanted { yes, no };  // no: the request was HEAD

// Appends the whole answer to `out`. An answer whose header fields contain control bytes is our own bug and goes out as
// a 500 instead: no field of an answer may start a second one.
void write_answer(std::string &out, const HttpAnswer &answer, Persistence persistence, BodyWanted body,
                  Milliseconds wall_ms);

// problem() with Retry-After.
HttpAnswer busy(std::string_view detail, int retry_after_s);

}  // namespace bellhop::core
