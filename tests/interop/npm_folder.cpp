// SPDX-License-Identifier: Apache-2.0
#include "interop/npm_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "interop/served_program.hpp"

namespace bellhop::test {
namespace {

using namespace interop;

namespace fs = std::filesystem;

constexpr std::chrono::minutes retry_pause{10};

std::string text_of(const fs::path &file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

NpmFolder install() {
  const fs::path source = fs::path(BELLHOP_SOURCE_DIR) / "tests/interop/npm";
  NpmFolder folder;
  folder.path = fs::path(BELLHOP_BINARY_DIR) / "interop/npm";
  fs::create_directories(folder.path);
  // Tests run at the same time in processes of their own: one of them installs.
  const int lock = ::open((folder.path / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0 || ::flock(lock, LOCK_EX) != 0) folder.why_not = "cannot lock " + folder.path.string();
  const fs::path done = folder.path / "installed";
  const std::string wanted = text_of(source / "package-lock.json");
  // Every test asks, in a process of its own: what has just failed is not tried by each of them.
  const fs::path failed = folder.path / "failed";
  std::error_code is_absent;
  const auto failed_at = fs::last_write_time(failed, is_absent);
  if (!is_absent && fs::file_time_type::clock::now() - failed_at < retry_pause) folder.why_not = text_of(failed);
  if (folder.why_not.empty() && text_of(done) != wanted) {
    for (const char *file : {"package.json", "package-lock.json"}) {
      fs::copy_file(source / file, folder.path / file, fs::copy_options::overwrite_existing);
    }
    const Ran ran = run({"npm", "ci", "--prefix", folder.path.string(), "--ignore-scripts", "--no-audit", "--no-fund",
                         "--fetch-retries=1", "--fetch-timeout=120000"},
                        folder.path);
    if (ran.code == 0) {
      std::ofstream(done, std::ios::binary) << wanted;
    } else {
      folder.why_not = "npm ci did not get the packages of tests/interop/npm: " + ran.output;
      std::ofstream(failed, std::ios::binary) << folder.why_not;
    }
  }
  if (lock >= 0) ::close(lock);
  return folder;
}

}  // namespace

const NpmFolder &npm_folder() {
  static const NpmFolder folder = install();
  return folder;
}

}  // namespace bellhop::test
