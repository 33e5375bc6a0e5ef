// SPDX-License-Identifier: Apache-2.0
// Forget: erases a person from the SQLite journal. Looks for the address in bounded pages on a reader, and erases what
// it finds in bounded transactions of the writer, so that appends go on meanwhile; then gives free pages back and cuts
// the write-ahead log, because both hold old copies.
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "journal/limits.hpp"

namespace bellhop::core {

class ReaderPool;
class Writer;

inline constexpr std::string_view forgotten_sentence = "forgotten on request";

//   errors    invalid: not an address; else as append. What was erased until then stays erased: say it again
Result<Forgotten> forget_person(ReaderPool &readers, Writer &writer, const Clock &clock, std::string_view email);

}  // namespace bellhop::core
