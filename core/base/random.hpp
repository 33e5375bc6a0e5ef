// SPDX-License-Identifier: Apache-2.0
// Random: the only door to randomness inside core, so that a simulation can own it. Not for secrets: tokens come from
// the operating system (config/embedded).
#pragma once

#include <cstdint>

namespace bellhop::core {

// A 64-bit splitmix generator: one word of state, the same sequence for the same seed on every machine.
//   source  Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound); 0 when bound is 0. The bias of the modulo is below 2^-32 for bounds under 2^32.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace bellhop::core
