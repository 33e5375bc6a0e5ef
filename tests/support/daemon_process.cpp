// SPDX-License-Identifier: Apache-2.0
#include "support/daemon_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

extern char **environ;

namespace bellhop::test {

namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory(const std::string &name) {
  std::string pattern = (fs::temp_directory_path() / ("bellhop-" + name + "-XXXXXX")).string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern + ": " + std::strerror(errno));
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (std::getenv("BELLHOP_TEST_KEEP") == nullptr) fs::remove_all(path_, ignored);
}

std::string contents(const fs::path &file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const fs::path &file, const std::string &text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

void pause_a_moment() { poll(nullptr, 0, 5); }

std::string program(const std::string &name) { return std::string(BELLHOP_BINARY_DIR) + "/bin/" + name; }
std::string test_plugins() { return std::string(BELLHOP_BINARY_DIR) + "/tests/plugins"; }

namespace {

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Owns the arrays that posix_spawn wants.
class Words {
 public:
  explicit Words(std::vector<std::string> words) : words_(std::move(words)) {
    for (std::string &word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  char **get() { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char *> pointers_;
};

std::vector<std::string> environment_with(const std::map<std::string, std::string> &extra) {
  std::vector<std::string> all;
  for (char **at = environ; *at != nullptr; ++at) {
    const std::string entry = *at;
    if (extra.count(entry.substr(0, entry.find('='))) == 0) all.push_back(entry);
  }
  for (const auto &[name, value] : extra) all.push_back(name + "=" + value);
  return all;
}

pid_t spawn_program(const std::vector<std::string> &words, const std::map<std::string, std::string> &extra,
                    int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  Words argv(words), envp(environment_with(extra));
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, words[0].c_str(), &actions, nullptr, argv.get(), envp.get());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start " + words[0] + ": " + std::strerror(error));
  return pid;
}

int status_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

}  // namespace

Ran run(const std::vector<std::string> &words, const std::map<std::string, std::string> &environment,
        std::chrono::seconds limit) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  const pid_t pid = spawn_program(words, environment, ends[1]);
  close(ends[1]);
  Ran ran;
  const auto end = std::chrono::steady_clock::now() + limit;
  char buffer[65536];
  for (;;) {
    pollfd waiting{ends[0], POLLIN, 0};
    if (poll(&waiting, 1, 1000) > 0) {
      const ssize_t size = read(ends[0], buffer, sizeof buffer);
      if (size <= 0) break;
      ran.output.append(buffer, static_cast<std::size_t>(size));
    }
    if (std::chrono::steady_clock::now() > end) {
      ::kill(pid, SIGKILL);
      ran.output += "\n[ended by the test after " + std::to_string(limit.count()) + " s]";
      break;
    }
  }
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  ran.status = status_of(status);
  return ran;
}

DaemonProcess::DaemonProcess(const fs::path &directory, const std::string &config, const fs::path &state_dir)
    : directory_(directory), state_(state_dir.empty() ? directory / "state" : state_dir) {
  fs::create_directories(state());
  fs::permissions(state(), fs::perms::owner_all);
  write_file(config_file(), replaced(replaced(config, "{state}", state().string()), "{plugins}", test_plugins()));
  fs::permissions(config_file(), fs::perms::owner_read | fs::perms::owner_write);  // it holds a token
}

DaemonProcess::~DaemonProcess() {
  if (pid_ > 0) {
    kill(SIGKILL);
    wait();
  }
  if (notify_ >= 0) close(notify_);
}

bool DaemonProcess::spawn(const std::map<std::string, std::string> &environment) {
  return spawn_with({"--config", config_file().string()}, environment);
}

bool DaemonProcess::start_with(const std::vector<std::string> &options) {
  return spawn_with(options, {}) && wait_until_ready();
}

bool DaemonProcess::spawn_with(const std::vector<std::string> &options,
                               std::map<std::string, std::string> environment) {
  const fs::path socket_path = directory_ / "notify.sock";
  if (notify_ >= 0) close(notify_);
  fs::remove(socket_path);
  notify_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = socket_path.string();
  if (name.size() >= sizeof address.sun_path) throw std::runtime_error("path too long for a socket: " + name);
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  if (bind(notify_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) return false;

  environment["NOTIFY_SOCKET"] = name;
  std::vector<std::string> words{program_.empty() ? program("bellhopd") : program_};
  words.insert(words.end(), options.begin(), options.end());
  const int output = open((directory_ / "output.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pid_ = spawn_program(words, environment, output);
  close(output);
  return true;
}

bool DaemonProcess::start(const std::map<std::string, std::string> &environment) {
  return spawn(environment) && wait_until_ready();
}

bool DaemonProcess::wait_until_ready() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    pollfd waiting{notify_, POLLIN, 0};
    if (poll(&waiting, 1, 50) > 0) {
      char text[4096];
      const ssize_t size = recv(notify_, text, sizeof text, 0);
      if (size > 0 && std::string(text, static_cast<std::size_t>(size)).find("READY=1") != std::string::npos) break;
    } else if (!is_running()) {
      return false;
    }
  }
  // The newest URL in its output is that of this start.
  const std::string text = log();
  static const std::regex url(R"(http://127\.0\.0\.1:(\d+)/hooks/)");
  for (std::sregex_iterator at(text.begin(), text.end(), url), none; at != none; ++at) port_ = std::stoi((*at)[1]);
  return port_ != 0;
}

void DaemonProcess::kill(int signal) {
  if (pid_ > 0) ::kill(pid_, signal);
}

int DaemonProcess::wait() {
  if (pid_ <= 0) return 0;
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return status_of(status);
}

bool DaemonProcess::is_running() {
  if (pid_ <= 0) return false;
  siginfo_t state{};
  return waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT) == 0 && state.si_pid == 0;
}

std::vector<pid_t> DaemonProcess::children() const {
  std::vector<pid_t> found;
  std::error_code gone;  // a thread may end while we look
  for (const auto &thread : fs::directory_iterator("/proc/" + std::to_string(pid_) + "/task", gone)) {
    std::istringstream words(contents(thread.path() / "children"));
    for (pid_t pid = 0; words >> pid;) found.push_back(pid);
  }
  return found;
}

bool DaemonProcess::has_ended(pid_t pid) {
  const std::string stat = contents("/proc/" + std::to_string(pid) + "/stat");
  const auto state = stat.rfind(") ");
  return state == std::string::npos || stat[state + 2] == 'Z' || stat[state + 2] == 'X';
}

std::string DaemonProcess::log() const { return contents(directory_ / "output.log"); }

}  // namespace bellhop::test
