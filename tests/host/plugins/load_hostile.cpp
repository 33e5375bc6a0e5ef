// SPDX-License-Identifier: Apache-2.0
// Misbehaves while it is loaded: LOAD_THROWS lets an exception out of a static constructor, LOAD_HANGS never comes
// back.
#include <bellhop/plugin.h>

#include <stdexcept>

namespace {

struct AtLoad {
  AtLoad() {
#ifdef LOAD_THROWS
    throw std::runtime_error("thrown while loading");
#else
    for (volatile bool is_stuck = true; is_stuck;) continue;
#endif
  }
};
const AtLoad at_load;

}  // namespace

extern "C" BHP_EXPORT const bhp_plugin *bellhop_plugin_v1(uint32_t) { return nullptr; }
