// SPDX-License-Identifier: Apache-2.0
// The house rules that a machine can check. The room table is the one in docs/architecture.md: the page and the code
// cannot drift apart.
#include <gtest/gtest.h>

#include <algorithm>
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

struct Room {
  std::set<std::string> may_use;
  std::set<std::string> third_parties;
};

struct Line {
  int number = 0;
  std::string text;
};

const fs::path root = BELLHOP_SOURCE_DIR;

std::vector<Line> lines_of(const fs::path &file) {
  std::ifstream in(file);
  std::vector<Line> lines;
  for (std::string text; std::getline(in, text);) lines.push_back({static_cast<int>(lines.size()) + 1, text});
  return lines;
}

std::string trimmed(const std::string &text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::set<std::string> words_of(const std::string &text) {
  std::istringstream in(text);
  std::set<std::string> words;
  for (std::string word; in >> word;) words.insert(word);
  return words;
}

// The rows of the room table: "core/http" → what it may use.
std::map<std::string, Room> rooms() {
  std::map<std::string, Room> rooms;
  for (const Line &line : lines_of(root / "docs/architecture.md")) {
    std::vector<std::string> cells;
    std::istringstream in(line.text);
    for (std::string cell; std::getline(in, cell, '|');) cells.push_back(trimmed(cell));
    if (cells.size() < 5 || (cells[1] != "sdk" && cells[1] != "plugins" && cells[1].rfind("core/", 0) != 0)) continue;
    rooms[cells[1]] = {words_of(cells[3]), words_of(cells[4])};
  }
  return rooms;
}

std::vector<fs::path> files_under(const fs::path &folder, const std::set<std::string> &extensions) {
  std::vector<fs::path> files;
  if (!fs::exists(folder)) return files;
  for (const auto &entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().string().find("node_modules") != std::string::npos) continue;
    if (entry.is_regular_file() && extensions.count(entry.path().extension().string()) != 0)
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

const std::set<std::string> sources{".cpp", ".hpp", ".h", ".c"};

std::string where(const fs::path &file, const Line &line) {
  return fs::relative(file, root).string() + ":" + std::to_string(line.number) + ": ";
}

// The third party of <header>, or "" for the standard library and the operating system.
std::string third_party_of(const std::string &header) {
  static const std::map<std::string, std::string> prefixes{
      {"Poco/", "Poco"},         {"boost/", "boost"}, {"simdjson", "simdjson"},
      {"sqlite3", "sqlite3"},    {"zlib.h", "zlib"},  {"openssl/", "openssl"},
      {"toml++/", "toml++"},     {"CLI/", "CLI"},     {"rapidjson/", "rapidjson"},
      {"valijson/", "valijson"}, {"fmt/", "fmt"},     {"bellhop/", "sdk"},
      {"gtest/", "gtest"},       {"gmock/", "gtest"}, {"prometheus/", "prometheus"},
      {"libical/", "libical"}};
  for (const auto &[prefix, name] : prefixes) {
    if (header.rfind(prefix, 0) == 0) return name;
  }
  static const std::set<std::string> system_folders{"sys", "linux", "arpa", "netinet", "net"};
  const auto slash = header.find('/');
  if (slash == std::string::npos || system_folders.count(header.substr(0, slash)) != 0) return "";
  return header.substr(0, slash);
}

// What is wrong with one include of a file of `path` ("core/http"), or "".
std::string fault_of_include(const std::string &path, const Room &room, const std::string &line) {
  static const std::regex quoted(R"re(^\s*#\s*include\s+"([^"]+)")re"), angled(R"(^\s*#\s*include\s+<([^>]+)>)");
  const std::string own = path.substr(path.find('/') + 1);
  std::smatch match;
  if (std::regex_search(line, match, angled)) {
    const std::string party = third_party_of(match[1]);
    if (party.empty()) return "";
    if (party == "sdk") return room.may_use.count("sdk") != 0 ? "" : path + " may not include the SDK";
    return room.third_parties.count(party) != 0 ? "" : path + " may not include <" + match[1].str() + ">";
  }
  if (!std::regex_search(line, match, quoted)) return "";
  const std::string header = match[1];
  const std::string used = header.substr(0, header.find('/'));
  if (used == own || room.may_use.count(used) != 0) return "";
  return path + " may not use the room \"" + used + "\"";
}

TEST(Rooms, the_table_is_found_and_complete) {
  const auto table = rooms();

  for (const auto &entry : fs::directory_iterator(root / "core")) {
    if (!entry.is_directory()) continue;
    EXPECT_EQ(table.count("core/" + entry.path().filename().string()), 1U)
        << entry.path().filename() << " is no known room";
  }
  ASSERT_EQ(table.count("core/journal"), 1U);
  EXPECT_EQ(table.at("core/journal").may_use, (std::set<std::string>{"base", "event"}));
}

TEST(Rooms, the_table_has_no_circle) {
  const auto table = rooms();
  std::map<std::string, int> depth;

  // Longest path by relaxation: with a circle it never settles.
  bool has_changed = true;
  for (std::size_t round = 0; has_changed && round <= table.size(); ++round) {
    has_changed = false;
    for (const auto &[path, room] : table) {
      for (const std::string &used : room.may_use) {
        const int wanted = depth["core/" + used] + 1;
        if (depth[path] < wanted) {
          depth[path] = wanted;
          has_changed = true;
        }
      }
    }
  }

  EXPECT_FALSE(has_changed);
}

TEST(Rooms, no_include_runs_against_the_table) {
  int includes_count = 0;
  for (const auto &[path, room] : rooms()) {
    if (path == "sdk" || path == "plugins") continue;
    for (const fs::path &file : files_under(root / path, sources)) {
      for (const Line &line : lines_of(file)) {
        if (line.text.find("#include") == std::string::npos && line.text.find("# include") == std::string::npos)
          continue;
        ++includes_count;
        const std::string fault = fault_of_include(path, room, line.text);
        EXPECT_EQ(fault, "") << where(file, line);
      }
    }
  }
  EXPECT_GT(includes_count, 100);
}

TEST(Rooms, the_check_sees_an_upward_arrow) {
  const Room journal{{"base", "event"}, {"sqlite3"}};

  EXPECT_NE(fault_of_include("core/journal", journal, "#include \"delivery/engine.hpp\""), "");
  EXPECT_NE(fault_of_include("core/journal", journal, "#include <Poco/Net/Socket.h>"), "");
  EXPECT_NE(fault_of_include("core/journal", journal, "#include <bellhop/plugin.h>"), "");
  EXPECT_EQ(fault_of_include("core/journal", journal, "#include <sys/stat.h>"), "");
  EXPECT_EQ(fault_of_include("core/journal", journal, "#include \"journal/inspect.hpp\""), "");
}

TEST(Rooms, the_sdk_and_the_plugins_see_nothing_of_core) {
  static const std::regex quoted(R"re(^\s*#\s*include\s+"([^"]+)")re");
  for (const char *folder : {"sdk", "plugins"}) {
    for (const fs::path &file : files_under(root / folder, sources)) {
      for (const Line &line : lines_of(file)) {
        std::smatch match;
        if (!std::regex_search(line.text, match, quoted)) continue;
        const bool is_beside = fs::exists(file.parent_path() / match[1].str());
        EXPECT_TRUE(is_beside) << where(file, line) << "includes " << match[1] << ", which is not beside it";
      }
    }
  }
}

// Two types of one name would be merged by the linker, silently: all of core links into one program.
TEST(Rules, a_type_in_a_header_of_core_has_its_name_alone) {
  static const std::regex type(R"(^(?:class|struct|enum class)(?: CAPABILITY\(.*\)| SCOPED_CAPABILITY)? (\w+)[^;]*$)");
  static const std::regex opens(R"(^namespace ([\w:]+) \{)");
  std::map<std::string, std::string> places;
  for (const fs::path &file : files_under(root / "core", {".hpp"})) {
    std::string space;
    for (const Line &line : lines_of(file)) {
      std::smatch match;
      if (std::regex_search(line.text, match, opens)) space = match[1];
      if (!std::regex_search(line.text, match, type)) continue;
      const std::string name = space + "::" + match[1].str();
      const auto [place, is_new] = places.emplace(name, where(file, line));
      EXPECT_TRUE(is_new) << where(file, line) << name << " is also the name of a type at " << place->second;
    }
  }
  EXPECT_GT(places.size(), 100U);
}

// "const std::string &text, int count = 1" → "const std::string &,int": what tells overloads apart.
std::string types_of(const std::string &parameters) {
  static const std::regex named(R"(^(.*[ &*])\w+(?:\[\])?$)");
  std::string types, one;
  int depth = 0;
  for (const char c : parameters + ",") {
    depth += c == '<' || c == '(' || c == '{' ? 1 : c == '>' || c == ')' || c == '}' ? -1 : 0;
    if (c != ',' || depth != 0) {
      one += c;
      continue;
    }
    one = trimmed(one.substr(0, one.find(" = ")));
    std::smatch match;
    types += (types.empty() ? "" : ",") + trimmed(std::regex_match(one, match, named) ? match[1].str() : one);
    one.clear();
  }
  return types;
}

// The functions that a header declares outside of classes, as "namespace::name(types)"; no templates.
std::vector<std::pair<Line, std::string>> functions_of(const fs::path &file) {
  static const std::regex opens(R"(^namespace ([\w:]+) \{)");
  static const std::regex function(R"(^(?!using |template|struct |class |enum |friend |return |#|//)(?:\[\[\w+\]\] )?)"
                                   R"([\w:<>,*& ]+[ *&](\w+)\((.*)\)(?: noexcept)?(?:;| \{.*)$)");
  std::vector<std::pair<Line, std::string>> functions;
  std::string space;
  const auto lines = lines_of(file);
  for (std::size_t index = 0; index < lines.size(); ++index) {
    Line whole = lines[index];
    std::smatch match;
    if (std::regex_search(whole.text, match, opens)) space = match[1];
    if (whole.text.empty() || whole.text[0] == ' ' || (index > 0 && lines[index - 1].text.rfind("template", 0) == 0))
      continue;
    const auto open_count = [&whole] {
      return std::count(whole.text.begin(), whole.text.end(), '(') -
             std::count(whole.text.begin(), whole.text.end(), ')');
    };
    while (open_count() > 0 && index + 1 < lines.size()) whole.text += " " + trimmed(lines[++index].text);
    if (std::regex_match(whole.text, match, function))
      functions.emplace_back(whole, space + "::" + match[1].str() + "(" + types_of(match[2]) + ")");
  }
  return functions;
}

// As with types: of two functions of one name and one list of arguments the linker takes either, whatever they return.
TEST(Rules, a_function_in_a_header_of_core_has_its_name_and_arguments_alone) {
  std::map<std::string, std::string> places;
  for (const fs::path &file : files_under(root / "core", {".hpp"})) {
    for (const auto &[line, name] : functions_of(file)) {
      const auto [place, is_new] = places.emplace(name, where(file, line));
      EXPECT_TRUE(is_new) << where(file, line) << name << " is also declared at " << place->second;
    }
  }
  EXPECT_GT(places.size(), 150U);
}

TEST(Rules, functions_are_told_apart_by_their_arguments) {
  EXPECT_EQ(types_of("const std::string &text, int count = 1"), "const std::string &,int");
  EXPECT_EQ(types_of("std::map<int, Level> levels, std::string_view"), "std::map<int, Level>,std::string_view");
  EXPECT_EQ(types_of(""), "");
}

TEST(Rules, every_source_file_names_its_licence_first) {
  for (const char *folder : {"core", "sdk", "plugins", "tests", "bench"}) {
    for (const fs::path &file : files_under(root / folder, sources)) {
      const auto lines = lines_of(file);
      ASSERT_FALSE(lines.empty()) << file;
      EXPECT_NE(lines[0].text.find("SPDX-License-Identifier: Apache-2.0"), std::string::npos) << where(file, lines[0]);
    }
  }
}

TEST(Rules, lines_and_files_stay_readable) {
  constexpr std::size_t code_points_max = 120;
  constexpr std::size_t lines_max = 600;
  for (const char *folder : {"core", "sdk", "plugins", "tests", "bench"}) {
    for (const fs::path &file : files_under(root / folder, sources)) {
      const auto lines = lines_of(file);
      EXPECT_LE(lines.size(), lines_max) << file << " is longer than a reader likes";
      for (const Line &line : lines) {
        const auto size = std::count_if(line.text.begin(), line.text.end(), [](char c) { return (c & 0xc0) != 0x80; });
        EXPECT_LE(static_cast<std::size_t>(size), code_points_max) << where(file, line);
      }
    }
  }
}

// Patterns that may not appear in a folder, but for the files named.
struct Ban {
  const char *pattern;
  const char *why;
  std::vector<const char *> folders;
  std::vector<const char *> spared;  // prefixes of paths
};

TEST(Rules, banned_words_stay_out) {
  static const std::vector<Ban> bans{
      {R"(system_clock::now|steady_clock::now|gettimeofday|[^a-z_]time\(nullptr\))",
       "time comes from Clock",
       {"core"},
       {"core/base/", "core/cli/", "core/http/lobby.cpp" /* waits for threads */}},
      {R"(\bsleep_for\b|\busleep\(|[^a-z_]sleep\()",
       "tests wait for a condition, never for time",
       {"tests"},
       {"tests/tidy/", "tests/host/plugins/"}},
      {R"(\b(TODO|FIXME|XXX)\b)",
       "a wish is an issue, not a comment",
       {"core", "sdk", "plugins", "tests", "bench"},
       {"tests/tidy/"}},
      {R"(\bdetach\(\))", "every thread has an owner that joins it", {"core"}, {}},
      {R"(class \w*(Manager|Helper|Util|Common|Misc)\b)", "names say what a thing is", {"core", "sdk", "plugins"}, {}},
  };
  for (const Ban &ban : bans) {
    const std::regex pattern(ban.pattern);
    for (const char *folder : ban.folders) {
      for (const fs::path &file : files_under(root / folder, sources)) {
        const std::string path = fs::relative(file, root).string();
        const bool is_spared = std::any_of(ban.spared.begin(), ban.spared.end(),
                                           [&](const char *prefix) { return path.rfind(prefix, 0) == 0; });
        if (is_spared) continue;
        for (const Line &line : lines_of(file)) {
          EXPECT_FALSE(std::regex_search(line.text, pattern)) << where(file, line) << ban.why << "\n  " << line.text;
        }
      }
    }
  }
}

}  // namespace
