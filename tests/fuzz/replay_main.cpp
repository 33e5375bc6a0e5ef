// SPDX-License-Identifier: Apache-2.0
// Replays files through check_bytes: every argument is a file or a folder of files. Each file is also cut short at some
// places, so that the default run sees more than whole documents. Exit 1 when there was nothing to replay.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/check.hpp"

namespace {

namespace fs = std::filesystem;

constexpr std::size_t cuts_max = 32;          // of one file
constexpr std::size_t cut_bytes_max = 16384;  // longer files are replayed whole only

void replay(const fs::path &file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::fprintf(stderr, "%s\n", file.c_str());  // the last one named is the one that broke
  bellhop::test::check_bytes(bytes);
  if (bytes.size() > cut_bytes_max) return;
  const std::size_t step = bytes.size() / cuts_max + 1;
  for (std::size_t size = 0; size < bytes.size(); size += step)
    bellhop::test::check_bytes(std::string_view(bytes).substr(0, size));
}

}  // namespace

int main(int arguments_count, char **arguments) {
  std::vector<fs::path> files;
  for (int i = 1; i < arguments_count; ++i) {
    if (!fs::is_directory(arguments[i])) {
      files.emplace_back(arguments[i]);
      continue;
    }
    for (const auto &entry : fs::directory_iterator(arguments[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  for (const fs::path &file : files) replay(file);
  std::printf("%zu files replayed\n", files.size());
  return files.empty() ? 1 : 0;
}
