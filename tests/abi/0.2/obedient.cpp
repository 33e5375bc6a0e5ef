// SPDX-License-Identifier: Apache-2.0
// Does what its event says ({"do":"retry"}): one of every thing that a plugin may do by the contract.
#include <bellhop/plugin.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using bellhop::Verdict;

class Obedient : public bellhop::Plugin {
 public:
  explicit Obedient(const bellhop::Context &context) : Plugin(context) {
    const std::string refusal = setting("refuse").str();
    if (refusal == "throw") throw std::runtime_error("settings with a number too much");
    if (!refusal.empty()) throw bellhop::Abort(Verdict::fail(refusal));
  }
  static bellhop::Manifest manifest() {
    return bellhop::Manifest("obedient", "1.2.3", "Does what the event says")
        .vendor("The tests")
        .license("Apache-2.0")
        .url("https://example.com/obedient")
        .name("Obedient")
        .on("booking.*", "!booking.tagged")
        .text("refuse", "Sentence to refuse the settings with", "")
        .choice("start", "What start() does", {"ok", "retry", "fail"});
  }
  Verdict start() override {
    const std::string what = setting("start").str();
    if (what == "retry") return Verdict::retry("the disk is not there yet");
    return what == "fail" ? Verdict::fail("the table has the wrong shape") : Verdict::ok();
  }
  Verdict deliver(const bellhop::Event &event) override {
    const std::string what = event["/do"].str();
    if (what == "log" || what == "print" || what == "log from a thread" || what == "log garbage")
      return speak(what, event);
    if (what == "count") return Verdict::ok(std::to_string(++count_));
    if (what == "keep") return keep(event);
    if (what == "describe") return describe(event);
    if (what == "where")
      return Verdict::ok(std::string(state_dir()) + " " + std::string(instance_name()) + " " +
                         std::to_string(worker()));
    if (what == "look around") return look_around();
    if (what == "settings") return Verdict::ok(setting("start").str());
    if (what == "wait for stop") {
      while (!is_stopping()) std::this_thread::yield();
      return Verdict::ok("saw the stop");
    }
    return verdict(what);
  }

 private:
  static Verdict verdict(const std::string &what) {
    if (what == "skip") return Verdict::skip("nothing to do");
    if (what == "retry") return Verdict::retry("busy", 1500);
    if (what == "fail") return Verdict::fail("no such channel");
    if (what == "hold") return Verdict::hold("login revoked", 60'000);
    if (what == "unknown") return {77, "a verdict from the future", 0};
    if (what == "negative delay") return Verdict::retry("yesterday", -5);
    if (what == "throw exception") throw std::runtime_error("disk on fire");
    if (what == "throw int") throw 7;  // NOLINT: on purpose
    if (what == "abort") throw bellhop::Abort(Verdict::hold("thrown verdict", 10));
    if (what == "long message") return Verdict::retry(long_message());
    return Verdict::ok();
  }
  static std::string long_message() {  // 3,000 bytes of two-byte characters behind one that makes the cut uneven
    std::string text = "x";
    while (text.size() < 3000) text += "\xC3\xBC";
    return text;
  }
  Verdict speak(const std::string &what, const bellhop::Event &event) {
    const int64_t count = event["/count"].integer(1);
    for (int64_t line = 1; line <= count; ++line) {
      const std::string text = "line " + std::to_string(line);
      if (what == "log") log(text, BHP_LOG_WARN);
      if (what == "print") std::printf("%s\n", text.c_str());
      if (what == "log garbage") log("caf\xE9 \xC3\xBC", 99);
      if (what == "log from a thread") std::thread([&] { log(text, BHP_LOG_ERROR); }).join();
    }
    return Verdict::ok();
  }
  Verdict keep(const bellhop::Event &event) {
    kept_[event["/key"].str()] = event["/value"].str();
    std::size_t bytes = 0;
    for (const auto &[key, value] : kept_) bytes += value.size();
    return Verdict::ok(std::to_string(kept_.size()) + " kept, " + std::to_string(bytes) + " bytes");
  }
  // What the child has of its parent.
  static Verdict look_around() {
    std::string out = "descriptors";
    for (int fd = 0; fd < 256; ++fd) {
      if (::fcntl(fd, F_GETFD) >= 0) out += " " + std::to_string(fd);
    }
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, nullptr, &blocked);
    for (int number = 1; number < 32; ++number) {
      if (sigismember(&blocked, number) == 1) out += ", blocks " + std::to_string(number);
    }
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    out += ", core " + std::to_string(core.rlim_max) + ", dumpable " + std::to_string(::prctl(PR_GET_DUMPABLE));
    out += ", no new privileges " + std::to_string(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    out += ", secret " + std::string(std::getenv("BELLHOP_TEST_SECRET") == nullptr ? "unknown" : "known");
    out += ", path " + std::string(std::getenv("PATH") == nullptr ? "unknown" : "known");
    return Verdict::ok(out);
  }
  // Every field of the event, so that a test sees that each arrives.
  static Verdict describe(const bellhop::Event &event) {
    std::string out;
    for (const std::string_view text : {event.id(), event.type(), event.subject(), event.body()}) {
      out.append(text).append("|");
    }
    for (const int64_t number :
         {event.occurred_ms(), event.received_ms(), event.budget_ms(), static_cast<int64_t>(event.seq()),
          static_cast<int64_t>(event.attempt()), static_cast<int64_t>(event.attempts_max())}) {
      out.append(std::to_string(number)).append("|");
    }
    out.append(event.is_test() ? "test " : "").append(event.is_replay() ? "replay " : "");
    out.append(event.is_redelivery() ? "redelivery " : "").append(event.is_late() ? "late " : "");
    out.append(event.is_dryrun() ? "dryrun " : "").append("|");
    for (const bellhop::Json member : event["/members"])
      out.append(member.key()).append("=").append(member.text()).append(";");
    return Verdict::ok(out);
  }

  int count_ = 0;
  std::map<std::string, std::string> kept_;
};

}  // namespace

BELLHOP_PLUGIN(Obedient)
