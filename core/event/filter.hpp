// SPDX-License-Identifier: Apache-2.0
// Filter: which events an instance wants, as globs over the event type. Pure.
//
//   "booking.confirmed"  that type         "booking.*"  any type of that noun        "*"  every type but ping
//   "!booking.tagged"    takes away what an earlier glob gave
// Globs are read in order and the last one that matches decides. Only a glob without a wildcard matches `ping`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bellhop::core {

class Filter {
 public:
  // An empty list matches every type but ping.
  //   errors    invalid: a glob that could never match any type, named, with what is allowed
  static Result<Filter> parse(const std::vector<std::string> &globs);

  bool matches(std::string_view type) const;  // [any]
  // The glob that decided, for `bellhop explain`; "" when none did.
  std::string_view deciding_glob(std::string_view type) const;

 private:
  struct Glob {
    std::string text;     // as written
    std::string pattern;  // without '!'
    bool is_exclusion = false;
  };
  std::vector<Glob> globs_;
};

}  // namespace bellhop::core
