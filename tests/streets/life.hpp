// SPDX-License-Identifier: Apache-2.0
// The whole life of a booking as the vendor sends it, in both dialects: requested, confirmed, moved twice, canceled.
#pragma once

#include <cstdint>
#include <string>

namespace bellhop::test {

constexpr std::size_t life_steps_count = 5;

// Bodies; `step` from 0. Booking BOOKING_ID of webhooks+sample@appointlet.com, and 2751918 of john@example.com.
std::string legacy_step(std::size_t step);
std::string v5_step(std::size_t step);

// From BELLHOP_TEST_SEED, or another one each time; printed, so that a run can be lived again.
std::uint64_t seed_of_this_run();

}  // namespace bellhop::test
