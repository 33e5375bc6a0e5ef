// SPDX-License-Identifier: Apache-2.0
// Writes one line per call of deliver to a file, in one write(2), so that a kill never leaves half a line:
//   SEQ ID ATTEMPT FLAGS VERDICT SUBJECT
// With fail_every = N every N-th call asks for a retry.
#include <bellhop/plugin.hpp>

#include <fcntl.h>
#include <unistd.h>

struct Recorder : bellhop::Plugin {
  using Plugin::Plugin;
  const std::string file{setting("file").text()};
  const long long fail_every = setting("fail_every").integer();
  int descriptor = -1;
  long long calls_count = 0;

  static bellhop::Manifest manifest() {
    return bellhop::Manifest("recorder", "1.0.0", "Records what it is given; for the tests")
        .file_to_write("file", "File to append to")
        .integer("fail_every", "Every which call asks for a retry; 0 = none", 0, 0, 1'000'000);
  }
  bellhop::Verdict start() override {
    descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return descriptor >= 0 ? bellhop::Verdict::ok() : bellhop::Verdict::hold("cannot open " + file);
  }
  bellhop::Verdict deliver(const bellhop::Event &event) override {
    const bool is_failing = fail_every > 0 && ++calls_count % fail_every == 0;
    const std::string line = std::to_string(event.seq()) + ' ' + std::string(event.id()) + ' ' +
                             std::to_string(event.attempt()) + ' ' + std::to_string(event.c().flags) +
                             (is_failing ? " retry " : " ok ") + std::string(event.subject()) + '\n';
    if (write(descriptor, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      return bellhop::Verdict::hold("cannot write " + file);
    }
    return is_failing ? bellhop::Verdict::retry("as asked by fail_every") : bellhop::Verdict::ok();
  }
  void stop() override { close(descriptor); }
};
BELLHOP_PLUGIN(Recorder)
