// SPDX-License-Identifier: Apache-2.0
// The whole life of a booking as the vendor sends it, in both dialects: requested, confirmed, moved twice, canceled.
// The v5 meeting is one of a group: of its two attendees Jane Doe has canceled before anything is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bellhop::test {

constexpr std::size_t life_steps_count = 5;
const std::string last_day = "2030-02-03";  // where it has been moved to in the end

// Bodies; `step` from 0. Booking BOOKING_ID of webhooks+sample@appointlet.com, and 2751918 of john@example.com.
std::string legacy_step(std::size_t step);
std::string v5_step(std::size_t step);
// The meeting of v5_step() with jane@example.com in it.
std::string v5_step_with_jane(std::size_t step);

std::vector<std::string> legacy_life();
std::vector<std::string> v5_life_with_jane();

// From BELLHOP_TEST_SEED, or another one each time; printed, so that a run can be lived again.
std::uint64_t seed_of_this_run();

}  // namespace bellhop::test
