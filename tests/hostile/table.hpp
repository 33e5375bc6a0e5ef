// SPDX-License-Identifier: Apache-2.0
// The table of docs/plugins-hostile.md: one row per plugin, written by the test that tried it. Tests run in processes
// of their own and in any order, so each row is a file, and the table is put together from what is there.
#pragma once

#include <string>

namespace bellhop::test {

struct HostileRow {
  std::string plugin;      // "segfault"
  std::string sentence;    // what the operator reads, without the event's id; "" = nothing
  long noticed_ms = -1;    // from the delivery to its end
  long neighbour_ms = -1;  // until the other instance had the next event
  long next_ms = -1;       // until the same instance had it; -1 = not before the library is mended
};

// Whether the documentation's table has the plugin's row with this sentence, in which # is any number.
bool is_documented(const HostileRow &row);
// BUILD/hostile/PLUGIN.row, and BUILD/hostile/table.md anew.
void write_row(const HostileRow &row);

}  // namespace bellhop::test
