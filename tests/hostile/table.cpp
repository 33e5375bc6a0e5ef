// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <filesystem>
#include <set>

#include "support/daemon_process.hpp"

namespace bellhop::test {

namespace {

namespace fs = std::filesystem;

std::string milliseconds(long value, const char *otherwise) {
  return value < 0 ? otherwise : std::to_string(value) + " ms";
}

}  // namespace

void write_row(const HostileRow &row) {
  const fs::path folder = fs::path(BELLHOP_BINARY_DIR) / "hostile";
  fs::create_directories(folder);
  write_file(folder / (row.plugin + ".row"),
             "| " + row.plugin + " | " + (row.sentence.empty() ? "nothing" : row.sentence) + " | " +
                 milliseconds(row.noticed_ms, "") + " | " + milliseconds(row.neighbour_ms, "") + " | " +
                 milliseconds(row.next_ms, "when its library is mended") + " |\n");
  std::set<fs::path> files;
  for (const auto &entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".row") files.insert(entry.path());
  }
  std::string table =
      "| plugin | what the operator reads | noticed after | next event at the neighbour | next event at the same "
      "instance |\n|---|---|---|---|---|\n";
  for (const fs::path &file : files) table += contents(file);
  write_file(folder / "table.md", table);
}

}  // namespace bellhop::test
