// SPDX-License-Identifier: Apache-2.0
// Inspection: is the file sound? SQLite's own checks, and what must be true of our tables whatever was delivered, kept
// or forgotten. Reads only.
#pragma once

#include <string>
#include <vector>

#include "database.hpp"

namespace bellhop_sqlite {

struct Finding {
  std::string what;  // what was looked at, in one sentence
  std::vector<std::string> problems;
};

//   returns   each thing that was looked at; sound when no finding has problems
//   throws    DatabaseError: the file cannot be read
std::vector<Finding> inspect(Database &database);

}  // namespace bellhop_sqlite
