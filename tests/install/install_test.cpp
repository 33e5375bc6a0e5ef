// SPDX-License-Identifier: Apache-2.0
// Installs the build into an empty prefix and uses only what is there: programs find their plugins and the child host
// beside them, and a stranger's project finds the SDK.
#include <gtest/gtest.h>

#include <csignal>

#include "support/daemon_process.hpp"

namespace bellhop::test {
namespace {

namespace fs = std::filesystem;

// A tool that builds something, which takes its time on a machine that builds something else beside it.
Ran run_tool(const std::vector<std::string> &words, const std::map<std::string, std::string> &environment = {}) {
  return run(words, environment, std::chrono::seconds(200));
}

class Install : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory("install");
    installed_ = run_tool({"cmake", "--install", BELLHOP_BINARY_DIR, "--prefix", prefix().string()});
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }
  void SetUp() override { ASSERT_EQ(installed_.status, 0) << installed_.output; }

  static fs::path prefix() { return directory_->path() / "prefix"; }
  static inline TemporaryDirectory *directory_ = nullptr;
  static inline Ran installed_;
};

TEST_F(Install, puts_everything_in_its_place) {
  for (const char *file :
       {"bin/bellhopd", "bin/bellhop", "libexec/bellhop/bellhop-host", "lib/bellhop/plugins/sqlite.so",
        "etc/bellhop/bellhop.toml", "lib/systemd/system/bellhop.service", "lib/sysusers.d/bellhop.conf",
        "lib/tmpfiles.d/bellhop.conf", "include/bellhop/plugin.h", "include/bellhop/plugin.hpp"}) {
    EXPECT_TRUE(fs::exists(prefix() / file)) << file << "\n" << installed_.output;
  }
}

TEST_F(Install, the_installed_daemon_delivers_to_the_installed_plugin) {
  const fs::path state = directory_->path() / "state";
  DaemonProcess daemon(directory_->path(), "");
  daemon.use_program((prefix() / "bin/bellhopd").string());

  ASSERT_TRUE(daemon.start_with({"--state-dir", state.string(), "--listen", "127.0.0.1:0"})) << daemon.log();
  const std::string bellhop = (prefix() / "bin/bellhop").string();
  const Ran sent = run({bellhop, "--state-dir", state.string(), "send", "booking.confirmed"});

  EXPECT_EQ(sent.status, 0) << sent.output;
  EXPECT_TRUE(eventually([&] {
    return run({bellhop, "--state-dir", state.string(), "show", "1"}).output.find("delivered") != std::string::npos;
  })) << daemon.log();
  daemon.kill(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
}

TEST_F(Install, puts_all_that_an_author_needs_in_its_place) {
  for (const char *file : {"include/bellhop/booking.hpp", "include/bellhop/mention.hpp", "include/bellhop/testing.hpp",
                           "include/bellhop/testing/world.hpp", "lib/cmake/Bellhop/BellhopConfig.cmake",
                           "lib/cmake/Bellhop/BellhopPlugin.cmake", "lib/cmake/Bellhop/plugin.map",
                           "share/bellhop/template/plugin.cpp", "share/bellhop/schema/event-1.schema.json",
                           "share/bellhop/examples/hello.c", "share/doc/bellhop/sdk/README.md"}) {
    EXPECT_TRUE(fs::exists(prefix() / file)) << file;
  }
}

// A stranger: nothing but the prefix, a compiler and CMake.
class Author : public Install {
 protected:
  fs::path project() const { return directory_->path() / "greeter"; }
  std::string bellhop() const { return (prefix() / "bin/bellhop").string(); }
  // Configures, builds and tests the project in `source`, in a folder of its own; true when all went well.
  bool build(const fs::path &source, const std::string &folder, const std::vector<std::string> &options) {
    const std::string to = (source / folder).string();
    std::vector<std::string> configure{"cmake",         "-G", "Ninja", "-S",
                                       source.string(), "-B", to,      "-DCMAKE_PREFIX_PATH=" + prefix().string()};
    configure.insert(configure.end(), options.begin(), options.end());
    for (const std::vector<std::string> &words :
         {configure,
          {"cmake", "--build", to},
          {"ctest", "--test-dir", to, "--output-on-failure", "--no-tests=error"}}) {
      const Ran ran = run_tool(words);
      EXPECT_EQ(ran.status, 0) << ran.output;
      if (ran.status != 0) return false;
    }
    return true;
  }
  void make_project() {
    if (fs::exists(project())) return;
    const Ran made = run({bellhop(), "plugin", "new", "greeter", "--directory", project().string()});
    ASSERT_EQ(made.status, 0) << made.output;
  }
};

TEST_F(Author, builds_tests_and_validates_the_template_and_the_installed_daemon_delivers_to_it) {
  make_project();
  ASSERT_TRUE(build(project(), "build", {"-DCMAKE_CXX_STANDARD=17"}));
  const std::string library = (project() / "build/lib/bellhop/plugins/greeter.so").string();

  const Ran validated = run({bellhop(), "plugin", "validate", library});
  EXPECT_EQ(validated.status, 0) << validated.output;

  DaemonProcess daemon(directory_->path(),
                       "state_dir = \"{state}\"\n[http]\nlisten = \"127.0.0.1:0\"\n[source.appointlet]\n"
                       "tokens = [\"0123456789abcdef0123456789abcdef\"]\n[instance.greeter]\nplugin = \"" +
                           library + "\"\n[instance.greeter.settings]\nurl = \"http://127.0.0.1:1/\"\n");
  daemon.use_program((prefix() / "bin/bellhopd").string());
  ASSERT_TRUE(daemon.start()) << daemon.log();
  const std::string where = daemon.state().string();
  EXPECT_EQ(run({bellhop(), "--state-dir", where, "send", "booking.confirmed"}).status, 0);
  EXPECT_TRUE(eventually([&] {  // nobody listens on port 1: it asks for another try
    return run({bellhop(), "--state-dir", where, "show", "1"}).output.find("retry") != std::string::npos;
  })) << daemon.log();
  daemon.kill(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
}

TEST_F(Author, builds_with_clang_as_cpp20) {
  if (run({"sh", "-c", "command -v clang++"}).status != 0) GTEST_SKIP() << "clang++ is not installed";
  make_project();
  EXPECT_TRUE(build(project(), "build-clang", {"-DCMAKE_CXX_COMPILER=clang++", "-DCMAKE_CXX_STANDARD=20"}));
}

// hello.c, hello.cpp and slack.cpp of sdk/examples, which are the ones of the documentation.
TEST_F(Author, builds_the_examples_with_either_compiler_in_each_standard_and_one_daemon_loads_them_all) {
  const fs::path folder = directory_->path() / "examples";
  fs::create_directories(folder);
  for (const char *file : {"hello.c", "hello.cpp", "slack.cpp"}) {
    fs::copy_file(fs::path(BELLHOP_SOURCE_DIR) / "sdk/examples" / file, folder / file);
  }
  write_file(folder / "CMakeLists.txt",
             "cmake_minimum_required(VERSION 3.20)\nproject(examples C CXX)\n"
             "set(CMAKE_C_STANDARD 99)\nset(CMAKE_C_EXTENSIONS OFF)\nset(CMAKE_CXX_EXTENSIONS OFF)\n"
             "add_compile_options(-Wall -Wextra -Wpedantic -Werror)\n"
             "find_package(Bellhop REQUIRED)\n"
             "bellhop_add_plugin(hello_c SOURCES hello.c)\nbellhop_add_plugin(hello SOURCES hello.cpp)\n"
             "bellhop_add_plugin(slack SOURCES slack.cpp)\n");
  const bool has_clang = run({"sh", "-c", "command -v clang && command -v clang++"}).status == 0;
  std::vector<std::vector<std::string>> compilers{{"gcc", "g++"}};
  if (has_clang) compilers.push_back({"clang", "clang++"});
  std::string config =
      "state_dir = \"{state}\"\n[http]\nlisten = \"127.0.0.1:0\"\n[source.appointlet]\n"
      "tokens = [\"0123456789abcdef0123456789abcdef\"]\n";
  std::vector<std::string> greeters, notifiers;
  for (const std::vector<std::string> &compiler : compilers) {
    for (const std::string standard : {"17", "20"}) {
      const std::string of = compiler[0] + standard;
      const std::string build = (folder / of).string();
      const Ran configured = run_tool({"cmake", "-G", "Ninja", "-S", folder.string(), "-B", build,
                                       "-DCMAKE_PREFIX_PATH=" + prefix().string(), "-DCMAKE_C_COMPILER=" + compiler[0],
                                       "-DCMAKE_CXX_COMPILER=" + compiler[1], "-DCMAKE_CXX_STANDARD=" + standard});
      ASSERT_EQ(configured.status, 0) << configured.output;
      const Ran built = run_tool({"cmake", "--build", build});
      ASSERT_EQ(built.status, 0) << built.output;
      for (const std::string plugin : {"hello_c", "hello", "slack"}) {
        const std::string name = of + "-" + (plugin == "hello_c" ? "c" : plugin);
        config += "[instance." + name + "]\nplugin = \"" + build + "/lib/bellhop/plugins/" + plugin + ".so\"\n";
        (plugin == "slack" ? notifiers : greeters).push_back(name);
        if (plugin != "slack") continue;
        config += "[instance." + name + ".settings]\nwebhook_url = \"http://127.0.0.1:1/services/T/B/0123456789\"\n";
      }
    }
  }

  DaemonProcess daemon(directory_->path(), config);
  daemon.use_program((prefix() / "bin/bellhopd").string());
  ASSERT_TRUE(daemon.start()) << daemon.log();
  const std::string where = daemon.state().string();
  EXPECT_EQ(run({bellhop(), "--state-dir", where, "send", "booking.confirmed"}).status, 0);
  const auto has_line = [&](const std::string &name, const std::string &state) {
    const std::string shown = run({bellhop(), "--state-dir", where, "show", "1"}).output;
    const std::size_t at = shown.find(name + " ");
    return at != std::string::npos && shown.substr(at, shown.find('\n', at) - at).find(state) != std::string::npos;
  };
  for (const std::string &name : greeters) {
    EXPECT_TRUE(eventually([&] { return has_line(name, "delivered"); })) << name << "\n" << daemon.log();
  }
  for (const std::string &name : notifiers) {  // nobody listens on port 1
    EXPECT_TRUE(eventually([&] { return has_line(name, "retry"); })) << name << "\n" << daemon.log();
  }
  daemon.kill(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
  if (!has_clang) GTEST_SKIP() << "clang is not installed: only gcc was tried";
}

// The template's test and that of docs/cookbook.md, which tests the notifier of sdk/README.md.
TEST_F(Author, tests_with_either_compiler_in_each_standard_slow) {
  if (run({"sh", "-c", "command -v clang++"}).status != 0) GTEST_SKIP() << "clang++ is not installed";
  make_project();
  const fs::path cookbook = directory_->path() / "cookbook";
  const std::string page = contents(BELLHOP_SOURCE_DIR "/docs/cookbook.md"), begin = "```cpp\n";
  const std::size_t at = page.find(begin + "#include <bellhop/testing.hpp>");
  ASSERT_NE(at, std::string::npos);
  fs::create_directories(cookbook);
  write_file(cookbook / "slack_test.cpp", page.substr(at + begin.size(), page.find("```", at + 1) - at - begin.size()));
  fs::copy_file(BELLHOP_SOURCE_DIR "/sdk/examples/slack.cpp", cookbook / "slack.cpp");
  write_file(cookbook / "CMakeLists.txt",
             "cmake_minimum_required(VERSION 3.20)\nproject(cookbook CXX)\nset(CMAKE_CXX_EXTENSIONS OFF)\n"
             "add_compile_options(-Wall -Wextra -Wpedantic -Werror)\nenable_testing()\nfind_package(Bellhop REQUIRED)\n"
             "bellhop_add_plugin(slack SOURCES slack.cpp)\n"
             "bellhop_add_plugin_test(slack_test PLUGIN slack SOURCES slack_test.cpp)\n");

  for (const std::string compiler : {"g++", "clang++"}) {
    for (const std::string standard : {"17", "20"}) {
      const std::vector<std::string> options{"-DCMAKE_CXX_COMPILER=" + compiler, "-DCMAKE_CXX_STANDARD=" + standard};
      EXPECT_TRUE(build(project(), compiler + standard, options)) << compiler << " " << standard;
      EXPECT_TRUE(build(cookbook, compiler + standard, options)) << compiler << " " << standard;
    }
  }
}

TEST_F(Author, builds_in_c99_with_pkg_config_and_without_cmake) {
  if (run({"sh", "-c", "command -v pkg-config"}).status != 0) GTEST_SKIP() << "pkg-config is not installed";
  const std::string library = (directory_->path() / "hello.so").string();
  const Ran built = run_tool({"sh", "-c",
                              "cc -std=c99 -pedantic -Wall -Wextra -Werror -o " + library +
                                  " " BELLHOP_SOURCE_DIR "/sdk/examples/hello.c $(pkg-config --cflags --libs bellhop)"},
                             {{"PKG_CONFIG_PATH", (prefix() / "lib/pkgconfig").string()}});
  ASSERT_EQ(built.status, 0) << built.output;

  const Ran validated = run({bellhop(), "plugin", "validate", library});

  EXPECT_EQ(validated.status, 0) << validated.output;
  EXPECT_NE(validated.output.find("pass  stays loaded"), std::string::npos) << validated.output;
}

}  // namespace
}  // namespace bellhop::test
