// SPDX-License-Identifier: Apache-2.0
// What a fuzz target is: one function over untrusted bytes. It returns, or it aborts because a promise is broken.
#pragma once

#include <string_view>

namespace bellhop::test {

void check_bytes(std::string_view bytes);

}  // namespace bellhop::test
