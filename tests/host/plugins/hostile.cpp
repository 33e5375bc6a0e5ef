// SPDX-License-Identifier: Apache-2.0
// Breaks the contract in every way that a child must contain. The setting "when" says in which call, "how" says how;
// with when = "deliver" the event says how ({"do":"segfault"}).
#include <bellhop/plugin.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace {

using bellhop::Verdict;

constexpr int descriptors_max = 64;

[[gnu::noinline]] int dig(int depth) {
  volatile char ground[4096];
  ground[0] = static_cast<char>(depth);
  return dig(depth + 1) + ground[0];
}

void overflow_stack() {
  // A small stack makes it quick, and the sanitizers' own handlers must not see it.
  std::signal(SIGSEGV, SIG_DFL);
  ::_exit(dig(0));
}

void write_garbage() {
  const std::string garbage(4096, '\xA5');
  for (int fd = 0; fd < descriptors_max; ++fd) static_cast<void>(!::write(fd, garbage.data(), garbage.size()));
}

void misbehave(const std::string &how) {
  if (how == "segfault") {
    std::signal(SIGSEGV, SIG_DFL);
    ::raise(SIGSEGV);
  }
  if (how == "abort") std::abort();
  if (how == "exit 0") std::exit(0);
  if (how == "exit 3") std::exit(3);
  if (how == "exit in a thread") std::thread([] { ::_exit(5); }).join();
  if (how == "kill myself") ::raise(SIGKILL);
  if (how == "terminate") ::raise(SIGTERM);
  if (how == "hang") {
    std::puts("hanging");
    std::fflush(stdout);
    for (volatile bool is_stuck = true; is_stuck;) continue;
  }
  if (how == "overflow") overflow_stack();
  if (how == "close everything") {
    for (int fd = 0; fd < descriptors_max; ++fd) ::close(fd);
    for (;;) ::pause();
  }
  if (how == "garbage") write_garbage();
  if (how == "leave a child behind") {
    if (::fork() == 0) {
      for (;;) ::pause();
    }
    ::_exit(0);
  }
  if (how == "unknown frame") {
    const char frame[8] = {0, 0, 0, 0, 99, 0, 0, 0};
    static_cast<void>(!::write(3, frame, sizeof frame));
  }
  if (how == "malformed call" || how == "result") {
    const char frame[8] = {0, 0, 0, 0, how == "result" ? '\4' : '\26'};
    static_cast<void>(!::write(3, frame, sizeof frame));
  }
  if (how == "output") {
    const char frame[8 + 5] = {5, 0, 0, 0, 24};
    static_cast<void>(!::write(3, frame, sizeof frame));
  }
  if (how == "early answer") {  // no answers for one event, and that twice
    const char frame[8 + 21] = {21, 0, 0, 0, 19};
    static_cast<void>(!::write(3, frame, sizeof frame));
    static_cast<void>(!::write(3, frame, sizeof frame));
  }
}

class Hostile : public bellhop::Plugin {
 public:
  explicit Hostile(const bellhop::Context &context) : Plugin(context), when_(setting("when").str()) { maybe("create"); }
  static bellhop::Manifest manifest() {
    return bellhop::Manifest("hostile", "6.6.6", "Misbehaves")
        .text("when", "In which call", "deliver")
        .text("how", "How", "");
  }
  Verdict start() override {
    maybe("start");
    return Verdict::ok();
  }
  Verdict deliver(const bellhop::Event &event) override {
    misbehave(event["/do"].str());
    return Verdict::ok();
  }
  void stop() override { maybe("stop"); }

 private:
  void maybe(const char *call) {
    if (when_ == call) misbehave(setting("how").str());
  }
  const std::string when_;
};

}  // namespace

BELLHOP_PLUGIN(Hostile)
