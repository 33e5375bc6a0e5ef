// SPDX-License-Identifier: Apache-2.0
// bellhopd as a program: what it prints and what it exits with. The configs here name no plugin, so that nothing but
// the daemon itself is looked at; tests/flow walks the whole street.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "support/daemon_process.hpp"

namespace bellhop::test {
namespace {

namespace fs = std::filesystem;

constexpr const char *config = R"(
state_dir = "{state}"
[http]
listen = "127.0.0.1:0"
[source.appointlet]
tokens = ["0123456789abcdef0123456789abcdef"]
)";

class Program : public testing::Test {
 protected:
  Ran bellhopd(std::vector<std::string> words) const {
    words.insert(words.begin(), program("bellhopd"));
    return run(words);
  }
  std::string write(const std::string &name, const std::string &text) const {
    write_file(directory_.path() / name, text);
    return (directory_.path() / name).string();
  }
  static bool has(const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; }

  TemporaryDirectory directory_{"program"};
};

TEST_F(Program, prints_its_help_and_version) {
  const Ran help = bellhopd({"--help"});
  const Ran version = bellhopd({"--version"});

  EXPECT_EQ(help.status, 0);
  EXPECT_TRUE(has(help.output, "usage: bellhopd")) << help.output;
  EXPECT_EQ(version.status, 0);
  EXPECT_TRUE(has(version.output, "bellhopd 0.")) << version.output;
}

TEST_F(Program, exits_with_64_when_its_command_line_is_wrong) {
  const Ran ran = bellhopd({"--confg", "x"});

  EXPECT_EQ(ran.status, 64);
  EXPECT_EQ(ran.output, "bellhopd: unknown option \"--confg\"; did you mean \"--config\"?\n");
}

TEST_F(Program, exits_with_78_and_every_finding_when_the_config_is_refused) {
  const std::string file = write("bad.toml", "stat_dir = \"/x\"\n[source.appointlet]\ntokens = []\n");

  for (const char *how : {"--check", "--listen=127.0.0.1:0"}) {
    const Ran ran = bellhopd({"--config", file, how});
    EXPECT_EQ(ran.status, 78) << how;
    EXPECT_TRUE(has(ran.output, "is refused, 2 errors:\n" + file + ":1:1: unknown key \"stat_dir\"")) << ran.output;
    EXPECT_TRUE(has(ran.output, "\n" + file + ":3:1: tokens in [source.appointlet] is empty")) << ran.output;
  }
}

TEST_F(Program, exits_with_78_when_a_source_is_of_no_known_kind) {
  const std::string file = write("kind.toml", "[source.a]\nkind = \"apointlet\"\ntokens = [\"0123456789abcdef\"]\n");

  const Ran ran = bellhopd({"--config", file, "--check"});

  EXPECT_EQ(ran.status, 78);
  EXPECT_TRUE(has(ran.output, file + ":2:1: kind in [source.a] cannot be \"apointlet\"; did you mean \"appointlet\"?"))
      << ran.output;
}

TEST_F(Program, exits_with_78_and_all_that_the_plugins_mind) {
  const std::string file = write("plugins.toml",
                                 "[source.a]\ntokens = [\"0123456789abcdef\"]\n"
                                 "[instance.log]\nplugin = \"sqlite\"\nworkers = 2\n"
                                 "[instance.log.settings]\npth = \"env:X\"\n"
                                 "[instance.other]\nplugin = \"" +
                                     program("bellhopd") + "\"\n");

  const Ran ran = bellhopd({"--config", file, "--check"});

  EXPECT_EQ(ran.status, 78) << ran.output;
  EXPECT_TRUE(has(ran.output, "is refused, 3 errors:\n" + file +
                                  ":5:1: workers in [instance.log] is 2, but the plugin "
                                  "sqlite allows only 1\n"))
      << ran.output;
  EXPECT_TRUE(has(ran.output, file + ":7:1: [instance.log.settings]: unknown setting \"pth\"")) << ran.output;
  EXPECT_TRUE(has(ran.output, file + ":9:1: plugin in [instance.other]: ")) << ran.output;
}

TEST_F(Program, exits_with_78_and_the_line_to_add_when_a_plugin_needs_more_than_its_sandbox_grants) {
  const std::string head = "[source.a]\ntokens = [\"0123456789abcdef\"]\n[instance.x]\nplugin = \"" + test_plugins() +
                           "/host_odd_permissions.so\"\n";

  const Ran refused = bellhopd({"--config", write("needs.toml", head), "--check"});
  const Ran granted = bellhopd({"--config",
                                write("granted.toml", head + "[instance.x.sandbox]\nnetwork = true\nwrite = [\"" +
                                                          directory_.path().string() + "\"]\n"),
                                "--check"});

  EXPECT_EQ(refused.status, 78);
  EXPECT_TRUE(
      has(refused.output,
          "needs.toml:4:1: the plugin odd needs the network (os.network), which its sandbox does not grant; add "
          "the line network = true to [instance.x.sandbox]\n"))
      << refused.output;
  EXPECT_TRUE(has(refused.output, "add the line write = [\"/path\"] to [instance.x.sandbox]")) << refused.output;
  EXPECT_EQ(granted.status, 0) << granted.output;
}

TEST_F(Program, grants_a_plugin_the_directory_of_the_file_that_its_settings_name) {
  const fs::path place = directory_.path() / "bookings";
  fs::create_directories(place);
  const std::string log = "[instance.log]\nplugin = \"sqlite\"\n[instance.log.settings]\npath = \"";
  DaemonProcess daemon(directory_.path(), config + log + place.string() + "/all.db\"\n");

  ASSERT_TRUE(daemon.start()) << daemon.log();

  EXPECT_TRUE(eventually([&] { return fs::exists(place / "all.db"); })) << daemon.log();
}

TEST_F(Program, warns_when_a_setting_opens_its_own_state_to_a_plugin) {
  const std::string state = (directory_.path() / "state").string();
  const std::string file = write("wide.toml", "state_dir = \"" + state +
                                                  "\"\n[source.a]\ntokens = [\"0123456789abcdef\"]\n"
                                                  "[instance.log]\nplugin = \"sqlite\"\n"
                                                  "[instance.log.settings]\npath = \"" +
                                                  state + "/all.db\"\n");

  const Ran ran = bellhopd({"--config", file, "--check"});

  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(has(ran.output,
                  "wide.toml:7:1: [instance.log.settings]: " + state + "/all.db lets the plugin write all of " + state))
      << ran.output;
}

TEST_F(Program, exits_with_78_when_the_config_is_not_there) {
  const Ran ran = bellhopd({"--config", (directory_.path() / "none.toml").string()});

  EXPECT_EQ(ran.status, 78);
  EXPECT_TRUE(has(ran.output, "none.toml: the config cannot be read: No such file or directory")) << ran.output;
}

TEST_F(Program, checks_a_good_config_without_starting) {
  const std::string state = (directory_.path() / "state").string();
  const std::string file =
      write("good.toml", "state_dir = \"" + state + "\"\n[source.a]\ntokens = [\"0123456789abcdef\"]\n");

  const Ran ran = bellhopd({"--config", file, "--check"});

  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(has(ran.output, "good.toml: ok, 1 source(s), 0 instance(s)")) << ran.output;
  EXPECT_FALSE(fs::exists(state));
}

TEST_F(Program, exits_with_73_when_its_state_directory_cannot_be) {
  const Ran ran = bellhopd({"--config", write("c.toml", "[source.a]\ntokens = [\"0123456789abcdef\"]\n"), "--state-dir",
                            write("a-file", "") + "/state"});

  EXPECT_EQ(ran.status, 73) << ran.output;
  EXPECT_TRUE(has(ran.output, "cannot make the directory ")) << ran.output;
}

TEST_F(Program, stops_with_0_at_sigterm_and_at_sigint) {
  for (const int signal : {SIGTERM, SIGINT}) {
    DaemonProcess daemon(directory_.path(), config);
    ASSERT_TRUE(daemon.start()) << daemon.log();

    daemon.kill(signal);

    EXPECT_EQ(daemon.wait(), 0) << daemon.log();
    EXPECT_TRUE(has(daemon.log(), "daemon: stopped")) << daemon.log();
  }
}

// A request that the daemon has begun to read: its head was answered with 100 Continue, half of its body was sent.
class HalfRequest {
 public:
  explicit HalfRequest(const DaemonProcess &daemon) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(daemon.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) return;
    send_text(
        "POST " + daemon.path() +
        " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\nExpect: 100-continue\r\n\r\n");
    is_begun_ = answer().rfind("HTTP/1.1 100 ", 0) == 0;
    send_text("{\"test\"");
  }
  ~HalfRequest() { close(fd_); }
  bool is_begun() const { return is_begun_; }
  void send_text(const std::string &text) const {
    [[maybe_unused]] const ssize_t ignored = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  std::string answer() const {
    char text[4096];
    const ssize_t size = recv(fd_, text, sizeof text, 0);
    return size <= 0 ? "" : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  int fd_;
  bool is_begun_ = false;
};

TEST_F(Program, answers_what_it_is_reading_before_it_stops) {
  DaemonProcess daemon(directory_.path(), config);
  ASSERT_TRUE(daemon.start()) << daemon.log();
  const HalfRequest request(daemon);
  ASSERT_TRUE(request.is_begun());

  daemon.kill(SIGTERM);
  ASSERT_TRUE(eventually([&] { return has(daemon.log(), "SIGTERM: stopping"); })) << daemon.log();
  request.send_text(":true}");

  EXPECT_TRUE(has(request.answer(), "HTTP/1.1 202 "));
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
}

TEST_F(Program, stops_at_once_at_a_later_second_sigint) {
  DaemonProcess daemon(directory_.path(), config);
  ASSERT_TRUE(daemon.start()) << daemon.log();
  const HalfRequest request(daemon);
  ASSERT_TRUE(request.is_begun());

  daemon.kill(SIGINT);
  ASSERT_TRUE(eventually([&] { return has(daemon.log(), "SIGINT: stopping"); })) << daemon.log();
  EXPECT_TRUE(eventually([&] {
    daemon.kill(SIGINT);
    return has(daemon.log(), "stopped at once");
  })) << daemon.log();

  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
}

// As timeout(1) does it: once to the process, once to its group. The daemon stands still until both are there, so that
// no machine is slow enough to make them two wishes; they are two signals because the kernel would keep one of a kind.
TEST_F(Program, takes_signals_that_come_at_once_for_one) {
  DaemonProcess daemon(directory_.path(), config);
  ASSERT_TRUE(daemon.start()) << daemon.log();
  const HalfRequest request(daemon);
  ASSERT_TRUE(request.is_begun());

  for (const int signal : {SIGSTOP, SIGTERM, SIGINT, SIGCONT}) daemon.kill(signal);
  ASSERT_TRUE(eventually([&] { return has(daemon.log(), ": stopping"); })) << daemon.log();
  request.send_text(":true}");

  EXPECT_TRUE(has(request.answer(), "HTTP/1.1 202 "));
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
  EXPECT_FALSE(has(daemon.log(), "stopped at once")) << daemon.log();
}

TEST_F(Program, lives_through_sighup) {
  DaemonProcess daemon(directory_.path(), config);
  ASSERT_TRUE(daemon.start()) << daemon.log();

  daemon.kill(SIGHUP);

  EXPECT_TRUE(eventually([&] { return has(daemon.log(), "SIGHUP: the config is read at start"); })) << daemon.log();
  EXPECT_TRUE(daemon.is_running());
}

TEST_F(Program, shows_the_url_and_a_command_to_paste) {
  DaemonProcess daemon(directory_.path(), config);
  ASSERT_TRUE(daemon.start()) << daemon.log();
  const std::string url = "http://127.0.0.1:" + std::to_string(daemon.port()) + daemon.path();

  EXPECT_TRUE(has(daemon.log(), "webhook URL  " + url + "\n")) << daemon.log();
  EXPECT_TRUE(has(daemon.log(), program("bellhop") + " send booking.confirmed --state-dir " + daemon.state().string()))
      << daemon.log();
}

TEST_F(Program, keeps_tokens_out_of_the_journal) {
  DaemonProcess daemon(directory_.path(), std::string(config) + "[log]\nformat = \"journald\"\n");
  ASSERT_TRUE(daemon.spawn());

  EXPECT_TRUE(eventually([&] { return has(daemon.log(), "<6>bellhopd"); })) << daemon.log();
  EXPECT_FALSE(has(daemon.log(), daemon.token())) << daemon.log();
}

TEST_F(Program, exits_with_75_when_another_daemon_holds_the_state) {
  DaemonProcess daemon(directory_.path(), config);
  ASSERT_TRUE(daemon.start()) << daemon.log();

  const Ran second = bellhopd({"--config", daemon.config_file().string()});

  EXPECT_EQ(second.status, 75) << second.output;
  EXPECT_TRUE(has(second.output, std::to_string(daemon.pid()))) << second.output;
  EXPECT_TRUE(daemon.is_running());
}

TEST_F(Program, exits_with_64_when_listen_is_no_address) {
  const fs::path state = directory_.path() / "none";

  const Ran ran = bellhopd({"--state-dir", state.string(), "--listen", "127.0.0.1:65536"});

  EXPECT_EQ(ran.status, 64) << ran.output;
  EXPECT_TRUE(has(ran.output, "--listen cannot be \"127.0.0.1:65536\"; write \"host:port\"")) << ran.output;
  EXPECT_FALSE(fs::exists(state));
}

TEST_F(Program, exits_with_69_when_the_address_is_taken) {
  DaemonProcess daemon(directory_.path(), config);
  ASSERT_TRUE(daemon.start()) << daemon.log();
  const std::string address = "127.0.0.1:" + std::to_string(daemon.port());

  const Ran second = bellhopd({"--config", daemon.config_file().string(), "--state-dir",
                               (directory_.path() / "other").string(), "--listen", address});

  EXPECT_EQ(second.status, 69) << second.output;
  EXPECT_TRUE(has(second.output, address)) << second.output;
}

TEST_F(Program, makes_its_state_directory_for_itself_alone) {
  const fs::path state = directory_.path() / "made";
  DaemonProcess daemon(directory_.path(), config);
  ASSERT_TRUE(daemon.start_with({"--config", daemon.config_file().string(), "--state-dir", state.string()}))
      << daemon.log();

  EXPECT_EQ(fs::status(state).permissions(), fs::perms::owner_all);
  EXPECT_TRUE(fs::exists(state / "journal.db"));
  EXPECT_EQ(fs::status(state / "journal.db").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_TRUE(fs::is_socket(state / "admin.sock"));
}

TEST_F(Program, in_the_background_returns_when_it_is_ready) {
  const fs::path state = directory_.path() / "state";
  const fs::path pidfile = directory_.path() / "bellhopd.pid";
  const std::string file = write("b.toml", "state_dir = \"" + state.string() +
                                               "\"\n[http]\nlisten = \"127.0.0.1:0\"\n[source.a]\ntokens = "
                                               "[\"0123456789abcdef\"]\n");

  const Ran ran = bellhopd({"--config", file, "--daemon", "--pidfile", pidfile.string()});
  const pid_t pid = std::atoi(contents(pidfile).c_str());

  EXPECT_EQ(ran.status, 0) << ran.output;
  ASSERT_GT(pid, 1);
  EXPECT_EQ(::kill(pid, 0), 0);
  EXPECT_TRUE(fs::exists(state / "admin.sock"));
  ASSERT_EQ(::kill(pid, SIGTERM), 0);
  EXPECT_TRUE(eventually([&] { return !fs::exists(pidfile); }));
}

TEST_F(Program, in_the_background_tells_why_it_did_not_start) {
  DaemonProcess daemon(directory_.path(), config);
  ASSERT_TRUE(daemon.start()) << daemon.log();

  const Ran second = bellhopd({"--config", daemon.config_file().string(), "--daemon"});
  const Ran refused = bellhopd({"--config", write("bad.toml", "x = 1\n"), "--daemon"});
  const Ran no_place =
      bellhopd({"--config", daemon.config_file().string(), "--state-dir", (directory_.path() / "other").string(),
                "--daemon", "--pidfile", "/nonexistent/x.pid"});

  EXPECT_EQ(second.status, 75) << second.output;
  EXPECT_TRUE(has(second.output, std::to_string(daemon.pid()))) << second.output;
  EXPECT_EQ(refused.status, 78) << refused.output;
  EXPECT_EQ(no_place.status, 73) << no_place.output;
  EXPECT_TRUE(has(no_place.output, "/nonexistent/x.pid")) << no_place.output;
}

}  // namespace
}  // namespace bellhop::test
