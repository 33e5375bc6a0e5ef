// SPDX-License-Identifier: Apache-2.0
// The engine against its model (engine_model.hpp) for thousands of seeds. A seed that fails is named, and fails again.
#include "delivery/engine_model.hpp"

namespace bellhop::core {
namespace {

#if defined(BELLHOP_SANITIZED)
constexpr int seeds_count = 400;
#else
constexpr int seeds_count = 2'000;
#endif

TEST(Engine, keeps_its_invariants_whatever_happens) {
  for (int seed = 1; seed <= seeds_count && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    EngineModel(static_cast<std::uint64_t>(seed)).run();
  }
}

}  // namespace
}  // namespace bellhop::core
