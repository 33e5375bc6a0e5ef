// SPDX-License-Identifier: Apache-2.0
// Installs the build into an empty prefix and uses only what is there: programs find their plugins and the child host
// beside them, and a stranger's project finds the SDK.
#include <gtest/gtest.h>

#include <csignal>

#include "support/daemon_process.hpp"

namespace bellhop::test {
namespace {

namespace fs = std::filesystem;

class Install : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory("install");
    installed_ = run({"cmake", "--install", BELLHOP_BINARY_DIR, "--prefix", prefix().string()});
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

TEST_F(Install, a_stranger_builds_a_plugin_from_the_installed_sdk) {
  const fs::path project = directory_->path() / "project";
  fs::create_directories(project);
  write_file(project / "CMakeLists.txt",
             "cmake_minimum_required(VERSION 3.25)\n"
             "project(hello CXX)\n"
             "find_package(Bellhop REQUIRED)\n"
             "bellhop_add_plugin(hello SOURCES hello.cpp)\n");
  write_file(project / "hello.cpp", contents(std::string(BELLHOP_SOURCE_DIR) + "/sdk/examples/hello.cpp"));

  const Ran configured = run({"cmake", "-G", "Ninja", "-S", project.string(), "-B", (project / "build").string(),
                              "-DCMAKE_PREFIX_PATH=" + prefix().string()});
  const Ran built = run({"cmake", "--build", (project / "build").string()});

  EXPECT_EQ(configured.status, 0) << configured.output;
  EXPECT_EQ(built.status, 0) << built.output;
  bool is_found = false;
  for (const auto &entry : fs::recursive_directory_iterator(project / "build")) {
    is_found = is_found || entry.path().filename() == "hello.so";
  }
  EXPECT_TRUE(is_found) << built.output;
}

}  // namespace
}  // namespace bellhop::test
