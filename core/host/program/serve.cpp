// SPDX-License-Identifier: Apache-2.0
#include "host/program/serve.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "host/guest.hpp"
#include "host/library.hpp"
#include "host/program/contain.hpp"
#include "host/program/last_words.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

namespace {

[[noreturn]] void leave() {
  std::fflush(nullptr);  // what the plugin printed
  ::_exit(0);            // no atexit functions and no static destructors of foreign code
}

class Link {
 public:
  explicit Link(int socket) : socket_(socket) {}

  // The next frame; nullopt when the daemon has closed the socket. [one]
  std::optional<wire::Frame> read() {
    const std::lock_guard lock(reading_);
    for (;;) {
      if (const std::size_t missing = reader_.missing_bytes(); missing != 0) {
        const ssize_t got = ::recv(socket_, reader_.room(missing), missing, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        reader_.take(static_cast<std::size_t>(got));
        continue;
      }
      auto frame = reader_.next();
      CHECK(frame.ok());  // the daemon and we are the same release
      if (frame->has_value()) return **frame;
    }
  }

  // Writes one frame whole; frames of several threads do not mix. A broken socket is noticed by read(). [any]
  template <class Message>
  void send(const Message &message) {
    std::string frame;
    wire::encode(frame, message);
    write(frame);
  }

  void send_stopped() {
    std::string frame;
    wire::encode_stopped(frame);
    write(frame);
  }

  // Has the daemon asked for the end while the plugin is busy? It sends nothing else meanwhile, so a look at the header
  // that waits is enough. While read() holds the lock the plugin is not busy. [any]
  bool is_stopping() {
    const std::unique_lock lock(reading_, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    char header[wire::header_bytes];
    const ssize_t got = ::recv(socket_, header, sizeof header, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got > 0 && wire::announces({header, static_cast<std::size_t>(got)}, wire::Type::stop));
  }

 private:
  void write(std::string_view bytes) {
    const std::lock_guard lock(writing_);
    while (!bytes.empty()) {
      const ssize_t put = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
  }

  const int socket_;
  std::mutex reading_, writing_;
  wire::FrameReader reader_{wire::to_child_bytes_max};
};

// Ends the life before it began.
[[noreturn]] void refuse(Link &link, bool is_final, const std::string &sentence) {
  link.send(wire::Refused{is_final, sentence});
  leave();
}

[[noreturn]] void refuse(Link &link, const char *function, const Outcome &outcome) {
  const StartRefusal refusal = refusal_of(function, outcome);
  refuse(link, refusal.is_final, refusal.sentence);
}

void enter_state_dir(Link &link, const std::string &state_dir) {
  if ((::mkdir(state_dir.c_str(), 0700) != 0 && errno != EEXIST) || ::chdir(state_dir.c_str()) != 0) {
    refuse(link, false, "cannot use the state directory " + state_dir + ": " + std::strerror(errno));
  }
  ::setenv("TMPDIR", state_dir.c_str(), 1);  // the only place where it may make one
}

const bhp_plugin &load(Link &link, const std::string &library, std::uint32_t index) {
  link.send(wire::Phase::loading);
  const auto plugin = load_plugin(library, index);
  if (!plugin) refuse(link, true, plugin.error().sentence);
  remember_modules();
  return **plugin;
}

void answer(Link &link, Guest &guest, const wire::BatchView &batch) {
  const BatchOutcome outcome = guest.deliver(batch);
  wire::AnswersView answers;
  answers.batch_code = outcome.whole.code;
  answers.batch_message = outcome.whole.message;
  for (const Outcome &one : outcome.outcomes) answers.answers.push_back({one.code, one.retry_after_ms, one.message});
  link.send(answers);
}

}  // namespace

void serve(int socket, const Containment &containment) {
  prepare_last_words();
  static Link &link = *new Link(socket);  // the plugin's threads may log until the very end
  const auto first = link.read();
  if (!first) leave();
  CHECK(first->type == wire::Type::hello);
  const auto hello = wire::decode_hello(first->payload);
  CHECK(hello.has_value());
  GuestSpec spec{std::string(hello->instance), std::string(hello->settings_json), std::string(hello->state_dir),
                 hello->worker};
  ::prctl(PR_SET_NAME, ("bellhop:" + spec.instance).substr(0, 15).c_str());
  const std::string library(hello->library);
  enter_state_dir(link, spec.state_dir);
  if (const auto contained = contain(containment, library, spec.state_dir); !contained) {
    refuse(link, false, contained.error().sentence);
  }
  const bhp_plugin &plugin = load(link, library, hello->index);

  static const SystemClock &clock = *new SystemClock;
  auto guest = std::make_unique<Guest>(plugin, std::move(spec),
                                       GuestDoors{[](Level level, std::string_view line) {
                                                    link.send(wire::LogLine{level, line});
                                                  },
                                                  [] { return clock.wall_ms(); }, [] { return link.is_stopping(); }});
  link.send(wire::Phase::creating);
  if (const Outcome outcome = guest->create(); outcome.code != BHP_OK) refuse(link, "create", outcome);
  link.send(wire::Phase::starting);
  if (const Outcome outcome = guest->start(); outcome.code != BHP_OK) refuse(link, "start", outcome);
  link.send(wire::Ready{guest->is_batching()});

  while (const auto frame = link.read()) {
    if (frame->type == wire::Type::stop) break;
    CHECK(frame->type == wire::Type::deliver);
    const auto batch = wire::decode_batch(frame->payload);
    CHECK(batch.has_value());
    link.send(wire::Phase::delivering);  // from here on the plugin has a part in how we end
    answer(link, *guest, *batch);
  }
  link.send(wire::Phase::stopping);
  guest.reset();
  std::fflush(nullptr);
  link.send_stopped();
  leave();
}

}  // namespace bellhop::core
