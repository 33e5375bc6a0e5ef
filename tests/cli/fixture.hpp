// SPDX-License-Identifier: Apache-2.0
// The `bellhop` program as a process, and a small daemon for it to talk to: AdminApi on a Unix socket and Intake on a
// loopback port, both over a MemoryJournal.
#pragma once

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "admin/fixture.hpp"
#include "intake/intake.hpp"

namespace bellhop::core {

inline std::string read_text(const std::filesystem::path &file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_text(const std::filesystem::path &file, const std::string &text) {
  std::ofstream(file, std::ios::binary) << text;
}

struct ScratchDir {
  ScratchDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bellhop-cli-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path = pattern;
  }
  ~ScratchDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

struct Ran {
  int code = -1;
  std::string out, err;
};

// How a run differs from the plain one.
struct RunOptions {
  std::map<std::string, std::string> environment;
  std::string input;                // of standard input
  std::filesystem::path directory;  // where to run; "" = the scratch directory
  bool is_on_terminal = false;      // both outputs are one terminal: everything is in `out`
  bool is_as_nobody = false;        // needs root
};

class Program {
 public:
  explicit Program(const std::filesystem::path &scratch) : scratch_(scratch) {}

  Ran run(const std::vector<std::string> &arguments, const RunOptions &options = {}) const {
    const std::filesystem::path out = scratch_ / "stdout", err = scratch_ / "stderr", in = scratch_ / "stdin";
    write_text(in, options.input);
    std::vector<std::string> words{BELLHOP_BINARY_DIR "/bin/bellhop"}, settings{"PATH=/usr/bin:/bin", "TERM=xterm"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    for (const auto &[name, value] : options.environment) settings.push_back(name + "=" + value);
    const std::vector<char *> argv = pointers(words), envp = pointers(settings);
    const std::string directory = (options.directory.empty() ? scratch_ : options.directory).string();
    int terminal = -1, terminal_side = -1;
    winsize size{};
    size.ws_col = 100;
    if (options.is_on_terminal && ::openpty(&terminal, &terminal_side, nullptr, nullptr, &size) != 0) std::abort();
    const pid_t child = ::fork();
    if (child == 0) {  // only async-signal-safe calls from here
      const int in_fd = ::open(in.c_str(), O_RDONLY);
      const int out_fd = terminal_side >= 0 ? terminal_side : ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      const int err_fd = terminal_side >= 0 ? terminal_side : ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      if (::dup2(in_fd, 0) < 0 || ::dup2(out_fd, 1) < 0 || ::dup2(err_fd, 2) < 0) ::_exit(126);
      if (::chdir(directory.c_str()) != 0) ::_exit(126);
      if (options.is_as_nobody && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(126);
      ::execve(argv[0], argv.data(), envp.data());
      ::_exit(126);
    }
    Ran ran;
    if (terminal_side >= 0) {
      ::close(terminal_side);
      char bytes[4096];
      for (ssize_t got = 0; (got = ::read(terminal, bytes, sizeof bytes)) > 0;) {
        ran.out.append(bytes, static_cast<std::size_t>(got));
      }
      ::close(terminal);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    if (terminal_side < 0) {
      ran.out = read_text(out);
      ran.err = read_text(err);
    }
    return ran;
  }

 private:
  static std::vector<char *> pointers(std::vector<std::string> &words) {
    std::vector<char *> out;
    for (std::string &word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
  }
  std::filesystem::path scratch_;
};

class SmallDaemon {
 public:
  explicit SmallDaemon(const std::filesystem::path &state_dir) : socket((state_dir / "admin.sock").string()) {
    const auto no_head = [](const HttpRequest &) { return std::optional<HttpAnswer>(); };
    auto admin = HttpServer::open(
        "unix:" + socket, AdminApi::limits(), no_head,
        [this](const HttpRequest &request) { return desk.api.on_request(request); }, clock_, desk.log);
    auto web = HttpServer::open(
        "127.0.0.1:0", HttpLimits(), [this](const HttpRequest &head) { return intake_.on_head(head); },
        [this](const HttpRequest &request) { return intake_.on_request(request); }, clock_, desk.log);
    if (!admin || !web) std::abort();
    admin_ = std::move(*admin);
    web_ = std::move(*web);
    const std::string base = "http://127.0.0.1:" + std::to_string(web_->port()) + "/hooks/";
    url = base + "appointlet/0123456789abcdef";
    second_url = base + "other/fedcba9876543210";
    desk.control.daemon_.webhook_urls = {url, second_url};
    admin_->start();
    web_->start();
  }
  ~SmallDaemon() {
    admin_->stop(0);
    web_->stop(0);
  }

  FrontDesk desk;
  std::string socket, url, second_url;

 private:
  SystemClock clock_;
  Intake intake_{desk.journal,
                 desk.clock,
                 desk.log,
                 {{"appointlet", find_source_kind("appointlet"), {"0123456789abcdef"}},
                  {"other", find_source_kind("appointlet"), {"fedcba9876543210"}}},
                 128,
                 1 << 20,
                 [](const Arrival &) {}};
  std::unique_ptr<HttpServer> admin_, web_;
};

// Listens on a Unix socket and answers the first connection with fixed bytes, whatever it is asked; then hangs up, or
// holds the connection until the end of the test.
class RudeServer {
 public:
  enum class Then { hang_up, hold };
  RudeServer(const std::filesystem::path &path, std::string bytes, Then then)
      : listener_(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path.string())) {
    thread_ = std::thread([this, bytes = std::move(bytes), then] {
      while (!is_stopping_ && !listener_.poll(Poco::Timespan(0, 10'000), Poco::Net::Socket::SELECT_READ)) {
      }
      if (is_stopping_) return;
      Poco::Net::StreamSocket peer = listener_.acceptConnection();
      // Not by Poco's calls, which throw when the program has given up and gone.
      const int descriptor = peer.impl()->sockfd();
      char request[4096];
      ::recv(descriptor, request, sizeof request, 0);
      if (!bytes.empty()) ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      while (then == Then::hold && !is_stopping_) {
        if (peer.poll(Poco::Timespan(0, 10'000), Poco::Net::Socket::SELECT_READ) &&
            ::recv(descriptor, request, sizeof request, 0) <= 0) {
          break;
        }
      }
    });
  }
  ~RudeServer() {
    is_stopping_ = true;
    thread_.join();
  }

 private:
  Poco::Net::ServerSocket listener_;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

class Cli : public testing::Test {
 protected:
  // With the small daemon's socket in the environment.
  Ran bellhop(const std::vector<std::string> &arguments, RunOptions options = {}) {
    if (!daemon) daemon = std::make_unique<SmallDaemon>(scratch.path);
    options.environment.emplace("BELLHOP_SOCKET", daemon->socket);
    return program.run(arguments, options);
  }
  FrontDesk &desk() {
    if (!daemon) daemon = std::make_unique<SmallDaemon>(scratch.path);
    return daemon->desk;
  }

  ScratchDir scratch;
  Program program{scratch.path};
  std::unique_ptr<SmallDaemon> daemon;
};

}  // namespace bellhop::core
