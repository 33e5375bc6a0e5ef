// SPDX-License-Identifier: Apache-2.0
// The plugin ABI as a promise: the header is C99 without padding and C++17, its layout is the one on record, and every
// plugin that this build makes exports the one symbol and nothing else.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const std::string source_dir = BELLHOP_SOURCE_DIR, binary_dir = BELLHOP_BINARY_DIR;

struct Ran {
  int status = -1;
  std::string output;  // both streams
};

Ran run(const std::string &command) {
  Ran ran;
  FILE *pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  char piece[4096];
  for (std::size_t got; (got = std::fread(piece, 1, sizeof piece, pipe)) != 0;) ran.output.append(piece, got);
  const int status = ::pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

bool is_there(const std::string &program) { return run("command -v " + program).status == 0; }

std::vector<std::string> lines_of(const std::string &text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string contents(const std::string &path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::vector<std::string> built_plugins() {
  // These two are no plugins on purpose (tests/host/plugins).
  const std::set<std::string> spared{"host_odd_newer_entry.so", "host_odd_no_entry.so"};
  std::vector<std::string> plugins;
  for (const char *folder : {"/lib/bellhop/plugins", "/tests/plugins", "/tests/plugins/abi_0_2"}) {
    if (!fs::exists(binary_dir + folder)) continue;
    for (const auto &entry : fs::directory_iterator(binary_dir + folder)) {
      if (entry.path().extension() != ".so" || spared.count(entry.path().filename()) != 0) continue;
      plugins.push_back(entry.path());
    }
  }
  return plugins;
}

TEST(Header, is_c99_without_padding_and_cpp17_for_every_compiler_at_hand) {
  int compilers_count = 0;
  for (const std::string compiler : {"gcc", "clang"}) {
    if (!is_there(compiler)) continue;
    ++compilers_count;
    const std::string path = " -fsyntax-only " + source_dir + "/sdk/include/bellhop/plugin.h";
    const Ran as_c = run(compiler + " -x c -std=c99 -pedantic -Wall -Wextra -Wpadded -Werror" + path);
    EXPECT_EQ(as_c.status, 0) << compiler << "\n" << as_c.output;
    const Ran as_cpp = run(compiler + " -x c++ -std=c++17 -pedantic -Wall -Wextra -Wpadded -Werror" + path);
    EXPECT_EQ(as_cpp.status, 0) << compiler << "\n" << as_cpp.output;
    // Included, as an author does it: with his warnings on.
    for (const char *header : {"plugin.hpp", "json.hpp", "verdict.hpp", "event.hpp", "manifest.hpp", "http.hpp",
                               "kv.hpp", "publish.hpp", "metrics.hpp", "testing.hpp"}) {
      const Ran ran = run("echo '#include <bellhop/" + std::string(header) + ">' | " + compiler +
                          " -x c++ -std=c++17 -pedantic -Wall -Wextra -Wshadow -Wconversion -Werror -fsyntax-only -I" +
                          source_dir + "/sdk/include -");
      EXPECT_EQ(ran.status, 0) << compiler << " " << header << "\n" << ran.output;
    }
  }
  EXPECT_GT(compilers_count, 0);
}

// A line of the record: a fact. A struct may only grow at its end, so its size may grow; every other fact stays.
TEST(Abi, is_the_one_on_record) {
  const Ran ran = run(binary_dir + "/tests/abi_snapshot");
  ASSERT_EQ(ran.status, 0);

  const std::string record = contents(source_dir + "/tests/conformance/abi_v1.txt");

  EXPECT_EQ(ran.output, record) << "the ABI has changed: docs/abi.md says how that is done";
}

// The snapshot program lists the fields by hand: none may be missing.
TEST(Abi, the_record_knows_every_name_of_the_header) {
  const std::string header = contents(source_dir + "/sdk/include/bellhop/plugin.h");
  const std::string record = contents(source_dir + "/tests/conformance/abi_v1.txt");
  const std::set<std::string> no_values{"BHP_EXPORT", "BHP_HAS", "BHP_NO_ENTRY_PROTOTYPE", "BHP_ASSERT_"};
  int names_count = 0;

  std::smatch match;
  for (const std::string &line : lines_of(header)) {
    static const std::regex macro(R"(^\s*#\s*define\s+(BHP_\w+))"), pointer(R"(\(\*(\w+)\)\()"),
        field(R"(^  (?:const )?(?:u?int\d+_t|char|size_t|void|bhp_\w+)\s.*?\b(\w+);)");
    std::string wanted;
    if (std::regex_search(line, match, macro)) {
      if (no_values.count(match[1]) == 0) wanted = match[1].str() + " = ";
    } else if (line.rfind("typedef", 0) != 0 &&
               (std::regex_search(line, match, pointer) || std::regex_search(line, match, field))) {
      wanted = "." + match[1].str() + ": at ";
    }
    if (wanted.empty()) continue;
    ++names_count;
    EXPECT_NE(record.find(wanted), std::string::npos) << line;
  }
  EXPECT_GT(names_count, 150);
}

// ---- every change of the draft is explained -------------------------------------------------------------------------

// Facts of `today` that `frozen` does not have, and the other way round, by the name that they are about
// ("bhp_event.flags", "BHP_SVC_KV").
std::set<std::string> changed_names(const std::string &frozen, const std::string &today) {
  const auto facts = [](const std::string &text) {
    const auto lines = lines_of(text);
    return std::set<std::string>(lines.begin(), lines.end());
  };
  const std::set<std::string> before = facts(frozen), now = facts(today);
  std::set<std::string> names;
  const auto collect = [&names](const std::set<std::string> &from, const std::set<std::string> &missing_in) {
    for (const std::string &fact : from) {
      if (missing_in.count(fact) == 0) names.insert(fact.substr(0, fact.find_first_of(":= ")));
    }
  };
  collect(now, before);
  collect(before, now);
  return names;
}

// Those that the page does not spell.
std::vector<std::string> unexplained(const std::set<std::string> &names, const std::string &page) {
  std::vector<std::string> missing;
  for (const std::string &name : names) {
    if (page.find('`' + name + '`') == std::string::npos) missing.push_back(name);
  }
  return missing;
}

TEST(Abi, every_change_since_the_last_freeze_is_explained_in_the_docs) {
  const std::string frozen = contents(source_dir + "/tests/abi/0.2/abi_v1.txt");
  const std::string record = contents(source_dir + "/tests/conformance/abi_v1.txt");
  const std::string page = contents(source_dir + "/docs/abi.md");
  ASSERT_GT(lines_of(frozen).size(), 150U);

  EXPECT_EQ(unexplained(changed_names(frozen, record), page), std::vector<std::string>())
      << "write under \"Changes of the draft\" of docs/abi.md what became of these, each name in backquotes";
}

TEST(Abi, a_change_without_its_line_is_noticed) {
  const std::string frozen = "bhp_x: 16 bytes\nbhp_x.a: at 0, 8 bytes\nBHP_Y = 1\n";
  const std::string grown = "bhp_x: 24 bytes\nbhp_x.a: at 0, 8 bytes\nbhp_x.b: at 16, 8 bytes\nBHP_Y = 2\n";

  const auto names = changed_names(frozen, grown);

  EXPECT_EQ(names, (std::set<std::string>{"bhp_x", "bhp_x.b", "BHP_Y"}));
  EXPECT_EQ(unexplained(names, "- 0.3.0: `bhp_x` has grown by `bhp_x.b`."), std::vector<std::string>{"BHP_Y"});
  EXPECT_TRUE(changed_names(frozen, frozen).empty());
}

TEST(Plugins, export_one_symbol_and_no_other) {
  ASSERT_TRUE(is_there("nm"));
  const auto plugins = built_plugins();
  ASSERT_GT(plugins.size(), 10U);

  for (const std::string &plugin : plugins) {
    const Ran ran = run("nm -D --defined-only '" + plugin + "'");
    ASSERT_EQ(ran.status, 0) << ran.output;
    std::vector<std::string> symbols;
    for (const std::string &line : lines_of(ran.output)) symbols.push_back(line.substr(line.find_last_of(' ') + 1));
    EXPECT_EQ(symbols, std::vector<std::string>{"bellhop_plugin_v1"}) << plugin;
  }
}

TEST(Plugins, are_never_unmapped) {
  ASSERT_TRUE(is_there("readelf"));
  for (const std::string &plugin : built_plugins()) {
    EXPECT_NE(run("readelf -d '" + plugin + "'").output.find("NODELETE"), std::string::npos) << plugin;
  }
}

#ifndef BELLHOP_SANITIZED
TEST(Host, is_bare) {
  ASSERT_TRUE(is_there("readelf"));
  const Ran ran = run("readelf -d " + binary_dir + "/libexec/bellhop/bellhop-host");
  ASSERT_EQ(ran.status, 0) << ran.output;

  static const std::regex needed(R"(\(NEEDED\).*\[(.*)\])");
  std::smatch match;
  for (const std::string &line : lines_of(ran.output)) {
    if (!std::regex_search(line, match, needed)) continue;
    const std::string library = match[1];
    EXPECT_TRUE(std::regex_search(library, std::regex("^(libc|libm|ld-linux)"))) << library << " is linked to it";
  }
}
#endif

}  // namespace
