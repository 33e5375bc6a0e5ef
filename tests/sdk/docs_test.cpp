// SPDX-License-Identifier: Apache-2.0
// The documentation of the SDK is true: every block of C++ in it is compiled, whole plugins are built as the page says
// and export one symbol, and the two promises about length hold.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const std::string source_dir = BELLHOP_SOURCE_DIR;

std::string contents(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Block {
  std::string page, text;
  int line = 0;
  bool is_plugin() const { return text.find("BELLHOP_PLUGIN(") != std::string::npos; }
  bool is_program() const { return text.find("int main()") != std::string::npos; }
};

std::vector<Block> blocks_of(const std::string &page, const std::string &language) {
  std::vector<Block> blocks;
  std::istringstream in(contents(source_dir + "/" + page));
  bool is_inside = false, is_wanted = false;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.rfind("```", 0) == 0) {
      is_wanted = !is_inside && line == "```" + language;
      is_inside = !is_inside;
      if (is_wanted) blocks.push_back({page, "", number});
    } else if (is_inside && is_wanted) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

// A fragment is members of a class; what it includes goes before that.
std::string whole(const Block &block) {
  if (block.is_plugin() || block.is_program()) return block.text;
  std::string includes =
      "#include <bellhop/http.hpp>\n#include <bellhop/kv.hpp>\n#include <bellhop/metrics.hpp>\n"
      "#include <bellhop/publish.hpp>\n";
  std::string members;
  std::istringstream in(block.text);
  for (std::string line; std::getline(in, line);) {
    (line.rfind("#include", 0) == 0 ? includes : members) += line + "\n";
  }
  return includes + "struct Notify : bellhop::Plugin {\nstd::string url_, title_;\nint64_t limit_ = 0;\n" + members +
         "};\n";
}

struct Ran {
  int status = -1;
  std::string output;
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

int filled_lines_of(const std::string &text) {
  std::istringstream in(text);
  int count = 0;
  for (std::string line; std::getline(in, line);) {
    const bool is_licence = line.rfind("// SPDX", 0) == 0;
    count += line.find_first_not_of(" \t") != std::string::npos && !is_licence ? 1 : 0;
  }
  return count;
}

class Docs : public testing::Test {
 protected:
  Docs() { fs::create_directories(directory_); }
  ~Docs() override { fs::remove_all(directory_); }
  const fs::path directory_ = fs::temp_directory_path() / ("bellhop-docs-" + std::to_string(::getpid()));
};

// By either compiler, in the oldest and the newest standard that the SDK is for.
// Compiles every block, and says how many there were.
int compile_blocks(const std::string &compiler, const fs::path &directory) {
  int blocks_count = 0;
  for (const char *page : {"sdk/README.md", "docs/cookbook.md"}) {
    for (const Block &block : blocks_of(page, "cpp")) {
      ++blocks_count;
      const fs::path file = directory / "block.cpp";
      std::ofstream(file) << whole(block);
      const Ran ran =
          run(compiler + " -Wall -Wextra -Werror -fvisibility=hidden -fsyntax-only -DBELLHOP_PLUGIN_FILE='\"x\"' -I" +
              source_dir + "/sdk/include " + file.string());
      EXPECT_EQ(ran.status, 0) << compiler << " " << block.page << ":" << block.line << "\n" << ran.output;
    }
  }
  return blocks_count;
}

TEST_F(Docs, every_block_of_cpp_compiles) { EXPECT_GE(compile_blocks("g++ -std=c++17", directory_), 9); }

TEST_F(Docs, every_block_of_cpp_compiles_with_either_compiler_in_each_standard_slow) {
  EXPECT_GE(compile_blocks("g++ -std=c++20", directory_), 9);
  if (run("command -v clang++").status != 0) GTEST_SKIP() << "clang++ is not installed: only g++ was tried";
  EXPECT_GE(compile_blocks("clang++ -std=c++17", directory_), 9);
  EXPECT_GE(compile_blocks("clang++ -std=c++20", directory_), 9);
}

TEST_F(Docs, whole_plugins_are_built_as_the_page_says) {
  const std::string page = contents(source_dir + "/sdk/README.md"), begin = "`g++ -std=c++17 ";
  const std::size_t at = page.find(begin);
  ASSERT_NE(at, std::string::npos);
  const std::string command = page.substr(at + 1, page.find('`', at + 1) - at - 1);
  ASSERT_NE(command.find("-o hello.so hello.cpp"), std::string::npos) << command;

  fs::copy_file(source_dir + "/sdk/cmake/plugin.map", directory_ / "plugin.map");
  int plugins_count = 0;
  for (const Block &block : blocks_of("sdk/README.md", "cpp")) {
    if (!block.is_plugin()) continue;
    ++plugins_count;
    std::ofstream(directory_ / "hello.cpp") << block.text;
    const Ran built =
        run("cd " + directory_.string() + " && CPLUS_INCLUDE_PATH=" + source_dir + "/sdk/include " + command);
    ASSERT_EQ(built.status, 0) << block.line << "\n" << built.output;
    const Ran named = run("nm -D --defined-only " + (directory_ / "hello.so").string());
    EXPECT_NE(named.output.find("bellhop_plugin_v1"), std::string::npos);
    EXPECT_EQ(std::count(named.output.begin(), named.output.end(), '\n'), 1) << named.output;
  }
  EXPECT_GE(plugins_count, 2);
}

TEST_F(Docs, hello_world_has_ten_lines_and_a_useful_notifier_twenty) {
  const std::string hello = contents(source_dir + "/sdk/examples/hello.cpp");
  const std::string slack = contents(source_dir + "/sdk/examples/slack.cpp");
  const std::string page = contents(source_dir + "/sdk/README.md");

  EXPECT_LE(filled_lines_of(hello), 10);
  EXPECT_LE(filled_lines_of(slack), 20);
  // What is promised is what the page shows.
  for (const std::string &example : {hello, slack}) {
    const std::string code = example.substr(example.find('\n') + 1);
    EXPECT_NE(page.find("```cpp\n" + code + "```"), std::string::npos) << code;
  }
}

}  // namespace
