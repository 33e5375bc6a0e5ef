// SPDX-License-Identifier: Apache-2.0
// ELF file: looks at a plugin library with plain reads before the loader maps it. The loader trusts the program
// headers; a file that was cut off would end the process with SIGBUS, long after dlopen. Loads nothing.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace bellhop::core {

// Is the file a complete shared library for this machine?
//   errors    one sentence that names the file and, where there are two sides, both
Result<void> check_elf_file(const std::string &path);

// The build id that the linker put into the file, in hex digits: which build crashed. "" without one, or without a
// file.
std::string build_id_of(const std::string &path);

// What the linker wrote about a library, for `bellhop plugin validate`.
struct ElfFacts {
  std::vector<std::string> exports;  // defined symbols that others can bind to, in the order of the file
  std::vector<std::string> needed;   // DT_NEEDED: the libraries that it is linked to
  bool is_nodelete = false;          // DF_1_NODELETE: never unmapped
};
//   errors    invalid: its tables do not hold together
Result<ElfFacts> elf_facts(const std::string &path);

}  // namespace bellhop::core
