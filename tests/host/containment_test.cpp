// SPDX-License-Identifier: Apache-2.0
// What a contained child may do and may not, tried from inside by a plugin (tests/host/plugins/probe.cpp): everything
// that is denied comes back with its error, everything that is granted works.
#include "host/containment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "host/describe.hpp"
#include "host/stage.hpp"

namespace bellhop::core {
namespace {

namespace fs = std::filesystem;

#define NEEDS_LANDLOCK() \
  if (landlock_revision() == 0) GTEST_SKIP() << "this kernel offers no Landlock"

class Contained : public testing::Test {
 protected:
  // The plugin's own word for what came of `attempt`, in a child with these grants.
  std::string tried(const std::string &attempt, const Containment &containment = {}) {
    Stage stage(Where::child, "host_probe");
    stage.spec().containment = containment;
    stage.start();
    return stage.deliver(attempt).message;
  }
  static std::string on_path(const std::string &what, const fs::path &path) {
    return R"({"do":")" + what + R"(","path":")" + path.string() + "\"}";
  }
  static std::string socket_of(const std::string &family) { return R"({"do":"socket","family":")" + family + "\"}"; }
  static std::string call(const std::string &name) { return R"({"do":"system call","name":")" + name + "\"}"; }
  static std::string counted(const std::string &what, const std::string &unit, int count) {
    return R"({"do":")" + what + R"(",")" + unit + "\":" + std::to_string(count) + "}";
  }

  // A directory that no rule speaks of.
  fs::path elsewhere() {
    const fs::path place = test::new_temporary_directory("elsewhere");
    std::ofstream(place / "secret") << "not yours";
    elsewhere_ = place;
    return place;
  }
  void TearDown() override {
    if (!elsewhere_.empty()) fs::remove_all(elsewhere_);
  }

 private:
  fs::path elsewhere_;
};

TEST_F(Contained, starts_no_process_and_no_program) {
  EXPECT_EQ(tried(doing("fork")), "EPERM");
  EXPECT_EQ(tried(doing("spawn")), "EPERM");
  EXPECT_EQ(tried(doing("execute")), "EACCES");
  EXPECT_EQ(tried(call("execveat")), "EACCES");
  EXPECT_EQ(tried(call("clone3")), "ENOSYS") << "so that libc asks clone, whose flags can be seen";
}

TEST_F(Contained, may_start_threads) { EXPECT_EQ(tried(doing("thread")), "ok"); }

TEST_F(Contained, with_exec_granted_starts_a_program_that_is_contained_too) {
  Containment granted;
  granted.may_exec = true;

  EXPECT_EQ(tried(doing("fork"), granted), "ok");
  EXPECT_EQ(tried(doing("spawn"), granted), "exited with 7");
  EXPECT_EQ(tried(socket_of("inet"), granted), "EACCES");
  EXPECT_EQ(tried(call("clone3"), granted), "ENOSYS");
}

TEST_F(Contained, opens_no_socket) {
  for (const char *family : {"inet", "inet6", "datagram", "unix", "packet", "alg", "netlink"}) {
    EXPECT_EQ(tried(socket_of(family)), "EACCES") << family;
  }
  EXPECT_EQ(tried(doing("socket pair")), "ok") << "both ends stay in the process";
}

TEST_F(Contained, with_network_granted_talks_to_the_internet_and_to_nothing_else) {
  Containment granted;
  granted.may_network = true;
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr *>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size), 0);

  EXPECT_EQ(tried(counted("connect", "port", ntohs(address.sin_port)), granted), "ok");
  EXPECT_EQ(tried(counted("connect", "port", ntohs(address.sin_port))), "EACCES");
  EXPECT_EQ(tried(doing("resolve"), granted), "ok");
  EXPECT_EQ(tried(socket_of("inet6"), granted), "ok");
  EXPECT_EQ(tried(socket_of("datagram"), granted), "ok");
  EXPECT_EQ(tried(socket_of("unix"), granted), "EACCES");
  EXPECT_EQ(tried(socket_of("packet"), granted), "EACCES");
  EXPECT_EQ(tried(socket_of("alg"), granted), "EACCES");
  ::close(listener);
}

TEST_F(Contained, with_unix_sockets_granted_opens_those_only) {
  Containment granted;
  granted.may_unix_sockets = true;

  EXPECT_EQ(tried(socket_of("unix"), granted), "ok");
  EXPECT_EQ(tried(socket_of("inet"), granted), "EACCES");
}

TEST_F(Contained, reaches_no_other_process) {
  EXPECT_EQ(tried(doing("signal the parent")), "EPERM");
  EXPECT_EQ(tried(doing("signal itself")), "ok");
  EXPECT_EQ(tried(doing("trace the parent")), "EPERM");
  EXPECT_EQ(tried(doing("limit the parent")), "EPERM");
  EXPECT_EQ(tried(call("tkill")), "EPERM");
}

TEST_F(Contained, cannot_undo_what_ties_it_to_the_daemon) {
  EXPECT_EQ(tried(doing("outlive the daemon")), "EPERM");
  EXPECT_EQ(tried(doing("become dumpable")), "EPERM");
  EXPECT_EQ(tried(doing("raise a limit")), "EPERM");
}

TEST_F(Contained, calls_nothing_that_changes_the_machine_or_its_own_cage) {
  for (const char *name :
       {"io_uring_setup", "bpf", "keyctl", "userfaultfd", "unshare", "setns", "mount", "chroot", "perf", "syslog"}) {
    EXPECT_EQ(tried(call(name)), "EPERM") << name;
  }
}

TEST_F(Contained, dies_of_a_call_that_nobody_makes_by_accident) {
  for (const char *name : {"reboot", "kexec_load"}) {
    Stage stage(Where::child, "host_probe");
    stage.start();
    stage.instance().deliver(Stage::batch({call(name)}));
    EXPECT_EQ(stage.death(),
              "killed by SIGSYS (a system call that no plugin may make) while delivering event "
              "0123456789abcdef0123456789abcdef (booking.confirmed)")
        << name;
  }
}

TEST_F(Contained, opens_no_file_that_no_rule_names) {
  NEEDS_LANDLOCK();
  const fs::path place = elsewhere();

  EXPECT_EQ(tried(on_path("read", "/etc/passwd")), "EACCES");
  EXPECT_EQ(tried(on_path("read", place / "secret")), "EACCES");
  EXPECT_EQ(tried(on_path("write", place / "new")), "EACCES");
  EXPECT_EQ(tried(on_path("make directory", place / "folder")), "EACCES");
  EXPECT_EQ(tried(on_path("remove", place / "secret")), "EACCES");
  EXPECT_EQ(tried(on_path("read", "/proc/self/root/etc/passwd")), "EACCES") << "the long way round";
  EXPECT_TRUE(fs::exists(place / "secret"));
}

TEST_F(Contained, may_use_its_state_directory_and_read_the_systems_libraries) {
  EXPECT_EQ(tried(on_path("write", "mine")), "ok") << "in its working directory";
  EXPECT_EQ(tried(on_path("make directory", "folder")), "ok");
  EXPECT_EQ(tried(doing("temporary file")), "ok");
  EXPECT_EQ(tried(on_path("read", "/usr/share/zoneinfo/UTC")), "ok");
  EXPECT_EQ(tried(on_path("read", "/dev/urandom")), "ok");
  EXPECT_EQ(tried(on_path("read", "/proc/self/status")), "ok");
  EXPECT_EQ(tried(on_path("write", "/dev/null")), "ok");
  EXPECT_EQ(tried(on_path("read", plugin_dir + "host_obedient.so")), "ok") << "beside its own library";
}

TEST_F(Contained, cannot_write_what_it_may_read) {
  NEEDS_LANDLOCK();

  EXPECT_EQ(tried(on_path("write", "/usr/share/bellhop-was-here")), "EACCES");
  EXPECT_EQ(tried(on_path("write", plugin_dir + "was-here")), "EACCES");
}

TEST_F(Contained, with_read_granted_reads_and_with_write_granted_writes) {
  NEEDS_LANDLOCK();
  const fs::path place = elsewhere();
  Containment reading, writing, one_file;
  reading.read = {place.string()};
  writing.write = {place.string()};
  one_file.read = {(place / "secret").string()};

  EXPECT_EQ(tried(on_path("read", place / "secret"), reading), "ok");
  EXPECT_EQ(tried(on_path("read", place / "secret"), one_file), "ok");
  EXPECT_EQ(tried(on_path("write", place / "new"), reading), "EACCES");
  EXPECT_EQ(tried(on_path("write", place / "new"), writing), "ok");
  EXPECT_EQ(tried(on_path("read", place / "secret"), writing), "ok");
  EXPECT_EQ(tried(on_path("remove", place / "new"), writing), "ok");
}

TEST_F(Contained, has_the_memory_and_the_files_that_it_was_given) {
  Containment small;
  small.memory_bytes_max = 64 << 20;
  small.files_max = 32;
  small.file_bytes_max = 1 << 20;
#ifndef BELLHOP_SANITIZED
  EXPECT_EQ(tried(counted("memory", "mib", 32), small), "ok");
  EXPECT_EQ(tried(counted("memory", "mib", 128), small), "ENOMEM");
  EXPECT_EQ(tried(counted("memory", "mib", 128)), "ok");
  EXPECT_EQ(tried(counted("memory", "mib", 1024)), "ENOMEM");
#endif
  EXPECT_EQ(tried(counted("files", "count", 40), small), "EMFILE");
  EXPECT_EQ(tried(counted("files", "count", 200)), "ok");
  EXPECT_EQ(tried(counted("files", "count", 300)), "EMFILE");
  EXPECT_EQ(tried(counted("large file", "mib", 2), small), "EFBIG");
  EXPECT_EQ(tried(counted("large file", "mib", 2)), "ok");
}

TEST_F(Contained, gets_next_to_nothing_of_the_environment) {
  ::setenv("TZ", "UTC", 1);
  ::setenv("LC_TIME", "C", 1);
  ::setenv("BELLHOP_TEST_SECRET", "token", 1);

  const std::string names = tried(doing("variables"));

  EXPECT_THAT(names, testing::HasSubstr("TZ"));
  EXPECT_THAT(names, testing::HasSubstr("LC_TIME"));
  EXPECT_THAT(names, testing::HasSubstr("TMPDIR"));
  for (const char *kept : {"PATH", "HOME", "LD_LIBRARY_PATH", "BELLHOP_TEST_SECRET"}) {
    EXPECT_THAT(names, testing::Not(testing::HasSubstr(kept)));
  }
  for (const char *set : {"TZ", "LC_TIME", "BELLHOP_TEST_SECRET"}) ::unsetenv(set);
}

TEST_F(Contained, is_not_what_the_operator_switched_off) {
  Containment off;
  off.is_enabled = false;
  const fs::path place = elsewhere();

  EXPECT_EQ(tried(doing("fork"), off), "ok");
  EXPECT_EQ(tried(socket_of("inet"), off), "ok");
  EXPECT_EQ(tried(on_path("read", place / "secret"), off), "ok");
}

// ---- the value ----------------------------------------------------------------------------------------------------

TEST(Containment, survives_the_childs_command_line) {
  Containment given;
  given.is_enabled = false;
  given.may_network = given.may_unix_sockets = given.may_exec = true;
  given.read = {"/a path", "/b"};
  given.write = {"/c"};
  given.memory_bytes_max = 1;
  given.files_max = 2;
  given.file_bytes_max = 3;

  const auto parsed = parse_containment(containment_text(given));

  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(containment_text(*parsed), containment_text(given));
  EXPECT_FALSE(parsed->is_enabled);
  EXPECT_TRUE(parsed->may_exec);
  EXPECT_EQ(parsed->read, given.read);
  EXPECT_EQ(parsed->files_max, 2);
}

TEST(Containment, refuses_a_text_that_it_does_not_know) {
  for (const char *text : {"netwrk\n", "network", "memory much\n", "read relative\n", "write\n", "files -1\n"}) {
    EXPECT_FALSE(parse_containment(text).has_value()) << text;
  }
}

TEST(Containment, names_what_a_plugin_needs_and_was_not_granted) {
  const std::vector<std::string> needs{"bellhop.json/1", "os.network", "os.write"};
  Containment granted;

  const auto missing = missing_grants(needs, granted);

  ASSERT_EQ(missing.size(), 2U);
  EXPECT_EQ(missing[0].need, "os.network");
  EXPECT_EQ(missing[0].line, "network = true");
  EXPECT_EQ(missing[1].line, "write = [\"/path\"]");
  granted.may_network = true;
  granted.write = {"/x"};
  EXPECT_TRUE(missing_grants(needs, granted).empty());
}

TEST(Containment, a_permission_is_no_missing_service) {
  const auto manifests = describe_plugin(plugin_dir + "host_odd_permissions.so", host_program);

  ASSERT_TRUE(manifests.ok()) << manifests.error().sentence;
  EXPECT_TRUE((*manifests)[0].needs_missing.empty());
  EXPECT_EQ((*manifests)[0].needs, (std::vector<std::string>{"bellhop.json/1", "os.network", "os.write"}));
}

}  // namespace
}  // namespace bellhop::core
