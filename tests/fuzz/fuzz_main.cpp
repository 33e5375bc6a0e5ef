// SPDX-License-Identifier: Apache-2.0
// libFuzzer's door into check_bytes.
#include <cstddef>
#include <cstdint>

#include "fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  bellhop::test::check_bytes({reinterpret_cast<const char *>(bytes), size});
  return 0;
}
