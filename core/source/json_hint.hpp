// SPDX-License-Identifier: Apache-2.0
// What people do to JSON, and the sentence that helps. Words only: the grammar has already said no (json_text.cpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bellhop::core {

// The byte, character or end at `offset`, as a person would name it: "'x'", "U+00A0 (no-break space)". [any]
std::string found_at(std::string_view bytes, std::size_t offset);

// One sentence about the likely cause, or "". [any]
//   is_in_string    the text ended or broke inside a string
//   open_count      arrays and objects not closed yet
std::string hint_for(std::string_view bytes, std::size_t offset, bool is_in_string, std::size_t open_count);

}  // namespace bellhop::core
