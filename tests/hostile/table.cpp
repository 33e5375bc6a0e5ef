// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>
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

bool is_documented(const HostileRow &row) {
  const std::string table = contents(fs::path(BELLHOP_SOURCE_DIR) / "docs" / "plugins-hostile.md");
  const std::size_t begin = table.find("\n| " + row.plugin + " | ");
  if (begin == std::string::npos) return false;
  const std::string documented = table.substr(begin, table.find('\n', begin + 1) - begin);
  std::size_t place = 0;
  for (std::size_t at = 0; at <= row.sentence.size() && place != std::string::npos;) {  // part by part between numbers
    const std::size_t end = std::min(row.sentence.find('#', at), row.sentence.size());
    place = documented.find(row.sentence.substr(at, end - at), place);
    at = end + 1;
  }
  return place != std::string::npos;
}

}  // namespace bellhop::test
