// SPDX-License-Identifier: Apache-2.0
#include "host/program/serve.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "host/guest.hpp"
#include "host/library.hpp"
#include "host/program/contain.hpp"
#include "host/program/last_words.hpp"
#include "host/program/link.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

namespace {

[[noreturn]] void leave() {
  std::fflush(nullptr);  // what the plugin printed
  ::_exit(0);            // no atexit functions and no static destructors of foreign code
}

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

const bhp_plugin &load(Link &link, const wire::Hello &hello) {
  link.send(wire::Phase::loading);
  const auto plugin =
      load_plugin(std::string(hello.library), hello.index, hello.has_desk ? Offer::everything : Offer::json_alone);
  if (!plugin) refuse(link, true, plugin.error().sentence);
  remember_modules();
  return **plugin;
}

// The doors of the one plugin here. `link` lives as long as the process.
GuestDoors doors_of(Link &link, bool has_desk) {
  static const SystemClock &clock = *new SystemClock;
  GuestDoors doors;
  doors.log = [&link](Level level, std::string_view line) { link.send(wire::LogLine{level, line}); };
  doors.now_ms = [] { return clock.wall_ms(); };
  doors.steady_ms = [] { return clock.steady_ms(); };
  doors.is_stopping = [&link] { return link.is_stopping(); };
  doors.output = [&link](std::string_view bytes) {
    link.send_output(bytes);
    return true;
  };
  if (!has_desk) return doors;
  doors.call = [&link](ServiceCall call) { return link.call(std::move(call)); };
  doors.metric = [&link](const MetricSample &sample) { link.send(sample); };
  return doors;
}

void answer(Link &link, Guest &guest, const wire::BatchView &batch) {
  BatchOutcome outcome = guest.deliver(batch);
  wire::AnswersView answers;
  answers.batch_code = outcome.whole.code;
  answers.batch_message = outcome.whole.message;
  for (const Outcome &one : outcome.outcomes) answers.answers.push_back({one.code, one.retry_after_ms, one.message});
  answers.staged = std::move(outcome.staged);
  link.send(answers);
}

void answer(Link &link, Guest &guest, const Question &question) {
  const ToldOutcome told = guest.ask(question);
  const Outcome &outcome = told.outcome;
  link.send(wire::ToldView{question.what, {outcome.code, outcome.retry_after_ms, outcome.message}, told.next_tick_ms});
}

// Until `stop`, or until the daemon has gone.
void live(Link &link, Guest &guest) {
  while (const auto order = link.next_order()) {
    if (order->type == wire::Type::stop) return;
    if (order->type == wire::Type::ask) {
      const auto question = wire::decode_question(order->payload);
      CHECK(question.has_value());
      answer(link, guest, *question);
      continue;
    }
    CHECK(order->type == wire::Type::deliver);
    const auto batch = wire::decode_batch(order->payload);
    CHECK(batch.has_value());
    link.send(wire::Phase::delivering);  // from here on the plugin has a part in how we end
    answer(link, guest, *batch);
  }
}

}  // namespace

void serve(int socket, const Containment &containment) {
  prepare_last_words();
  static Link &link = *new Link(socket);  // the plugin's threads may log until the very end
  const auto first = link.next_order();
  if (!first) leave();
  CHECK(first->type == wire::Type::hello);
  const auto hello = wire::decode_hello(first->payload);
  CHECK(hello.has_value());
  GuestSpec spec{std::string(hello->instance), std::string(hello->settings_json), std::string(hello->state_dir),
                 hello->worker, std::string(hello->public_url)};
  ::prctl(PR_SET_NAME, ("bellhop:" + spec.instance).substr(0, 15).c_str());
  const std::string library(hello->library);
  enter_state_dir(link, spec.state_dir);
  if (const auto contained = contain(containment, library, spec.state_dir); !contained) {
    refuse(link, false, contained.error().sentence);
  }
  const bhp_plugin &plugin = load(link, *hello);

  auto guest = std::make_unique<Guest>(plugin, std::move(spec), doors_of(link, hello->has_desk));
  link.send(wire::Phase::creating);
  if (const Outcome outcome = guest->create(); outcome.code != BHP_OK) refuse(link, "create", outcome);
  link.send(wire::Phase::starting);
  if (const Outcome outcome = guest->start(); outcome.code != BHP_OK) refuse(link, "start", outcome);
  link.send(wire::Ready{guest->is_batching(), guest->is_ticking()});

  live(link, *guest);
  link.send(wire::Phase::stopping);
  guest.reset();
  std::fflush(nullptr);
  link.send_stopped();
  leave();
}

}  // namespace bellhop::core
