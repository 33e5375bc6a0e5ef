// SPDX-License-Identifier: Apache-2.0
// Writes one line per call of deliver to a file, in one write(2), so that a kill never leaves half a line:
//   SEQ ID ATTEMPT FLAGS VERDICT SUBJECT TYPE
// With fail_every = N every N-th call asks for a retry. With wait_ms it is slow: a call takes that long, and its line
// is written at the end of it, as the effect at a slow service would be. While the file hold_while exists it asks for a
// hold, and writes nothing.
#include <bellhop/plugin.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace {

// Until that much later on a clock that nobody sets.
void wait(long long ms) {
  timespec end{};
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += ms / 1'000;
  end.tv_nsec += ms % 1'000 * 1'000'000;
  if (end.tv_nsec >= 1'000'000'000) {
    ++end.tv_sec;
    end.tv_nsec -= 1'000'000'000;
  }
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nullptr) == EINTR) {
  }
}

}  // namespace

struct Recorder : bellhop::Plugin {
  using Plugin::Plugin;
  const std::string file{setting("file").text()};
  const std::string hold_while{setting("hold_while").text()};
  const long long fail_every = setting("fail_every").integer();
  const long long wait_ms = setting("wait_ms").integer();
  int descriptor = -1;
  long long calls_count = 0;

  static bellhop::Manifest manifest() {
    return bellhop::Manifest("recorder", "1.0.0", "Records what it is given; for the tests")
        .file_to_write("file", "File to append to")
        .integer("fail_every", "Every which call asks for a retry; 0 = none", 0, 0, 1'000'000)
        .integer("wait_ms", "How long a call takes", 0, 0, 10'000)
        .text("hold_while", "File that makes it hold as long as it is there", "");
  }
  bellhop::Verdict start() override {
    descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return descriptor >= 0 ? bellhop::Verdict::ok() : bellhop::Verdict::hold("cannot open " + file);
  }
  bellhop::Verdict deliver(const bellhop::Event &event) override {
    if (!hold_while.empty() && access(hold_while.c_str(), F_OK) == 0) return bellhop::Verdict::hold("as asked");
    if (wait_ms > 0) wait(wait_ms);
    const bool is_failing = fail_every > 0 && ++calls_count % fail_every == 0;
    const std::string line = std::to_string(event.seq()) + ' ' + std::string(event.id()) + ' ' +
                             std::to_string(event.attempt()) + ' ' + std::to_string(event.c().flags) +
                             (is_failing ? " retry " : " ok ") + std::string(event.subject()) + ' ' +
                             std::string(event.type()) + '\n';
    if (write(descriptor, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      return bellhop::Verdict::hold("cannot write " + file);
    }
    return is_failing ? bellhop::Verdict::retry("as asked by fail_every") : bellhop::Verdict::ok();
  }
  void stop() override { close(descriptor); }
};
BELLHOP_PLUGIN(Recorder)
