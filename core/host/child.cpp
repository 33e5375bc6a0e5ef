// SPDX-License-Identifier: Apache-2.0
// One epoll set gathers all that a child can say (frames, printed lines, its end, a timer), so that the owner polls a
// single descriptor. Nothing here waits. Whatever ends the child, `died` is told once, after everything that it said
// before.
#include "host/child.hpp"

#include <bellhop/plugin.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "host/batch_view.hpp"
#include "host/child_calls.hpp"
#include "host/child_link.hpp"
#include "host/child_voice.hpp"
#include "host/elf_file.hpp"
#include "host/program.hpp"
#include "host/sentence.hpp"
#include "host/staged_writes.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t read_bytes_max = 1 << 20;  // of one descriptor in one poll: a flood must not hold the thread
constexpr std::size_t last_words_bytes_max = 8 << 20;  // after the end
constexpr Milliseconds silence_ms_max = 50;            // from the end of the socket to the end of the process

enum class Source : std::uint32_t { wake, link, printed, ended, alarm };  // what epoll watches

class Child final : public Instance {
 public:
  Child(const InstanceSpec &spec, const ChildOptions &options)
      : voice_(*options.clock, options.log_lines_per_second_max), calls_(options.desk, {spec.name, spec.worker}) {
    const auto started = start(spec, options);
    if (!started) give_up(started.error().sentence);
  }

  int descriptor() const override { return epoll_.get(); }
  bool wants_write() const override { return false; }  // descriptor() becomes readable for that too
  bool is_batching() const override { return is_batching_; }
  bool is_ticking() const override { return is_ticking_; }
  std::vector<Report> poll() override;
  void deliver(Batch batch) override;
  void ask(Question question) override;
  void stop(Milliseconds budget_ms) override;
  void kill(std::string why) override;

 private:
  using Stream = ChildLink::Stream;

  Result<void> start(const InstanceSpec &spec, const ChildOptions &options);
  Result<void> watch(int fd, Source source);
  void give_up(std::string sentence);
  void set_alarm(Milliseconds wait_ms);
  void on_alarm();
  void send_results();
  void refuse_large(std::size_t parcels_count, std::size_t size);

  Stream read_link(std::size_t bytes_max);
  Stream read_printed(std::size_t bytes_max);
  std::string on_frame(const wire::Frame &frame);  // "" or what is wrong with it
  std::string on_answers(std::string_view payload);
  std::string on_told(std::string_view payload);
  std::string on_output(std::string_view payload);
  void expect_dropped(bool is_first);

  void on_closed();
  void finish();
  std::string activity() const;
  std::string last_sentence(int status) const;
  void report_died(std::string sentence, bool is_refusal);

  ChildVoice voice_;
  ChildCalls calls_;
  std::optional<Program> program_;  // until `died` is reported
  Descriptor epoll_, printed_, alarm_;
  ChildLink link_;

  wire::Phase phase_ = wire::Phase::loading;
  bool is_ready_ = false, is_batching_ = false, is_ticking_ = false;
  bool is_stopping_ = false, is_stopped_ = false, is_cut_off_ = false;
  bool is_unread_ = false;  // what was delivered last has not been read, as far as the child has told
  std::size_t in_flight_count_ = 0;
  std::optional<Question::What> asked_;
  std::string in_flight_text_;                           // "delivering event 4f… (booking.confirmed)"
  std::string fault_;                                    // what it did to the wire
  std::string kill_why_;                                 // the first reason counts
  std::optional<std::pair<bool, std::string>> refusal_;  // is_final, sentence
  std::string build_id_;                                 // of the plugin's library
  std::vector<Report> reports_;                          // for the next poll
};

Result<void> Child::watch(int fd, Source source) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = static_cast<std::uint32_t>(source);
  if (fd < 0 || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return Error{Kind::unavailable, std::string("cannot watch a child: ") + std::strerror(errno)};
  }
  return {};
}

Result<void> Child::start(const InstanceSpec &spec, const ChildOptions &options) {
  epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  alarm_ = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (auto watched = watch(calls_.mailbox().descriptor(), Source::wake); !watched) return watched;
  if (auto watched = watch(alarm_.get(), Source::alarm); !watched) return watched;
  auto link = link_to_program();
  if (!link) return link.error();
  auto printed = pipe_from_program();
  if (!printed) return printed.error();

  build_id_ = build_id_of(spec.library);  // now: it may be another file by the time of a crash
  ProgramSpec program;
  program.path = options.host_program;
  program.arguments = {"--serve", std::to_string(::getpid()), spec.name + "/" + std::to_string(spec.worker),
                       containment_text(spec.containment)};
  program.output = program.errors = printed->theirs.get();
  program.link = link->theirs.get();
  auto started = Program::start(program);
  if (!started) return started.error();
  printed_ = std::move(printed->ours);
  program_.emplace(std::move(started).value());
  constexpr auto tag = static_cast<std::uint32_t>(Source::link);
  if (auto watched = link_.open(std::move(link->ours), epoll_, tag); !watched) return watched;
  if (auto watched = watch(printed_.get(), Source::printed); !watched) return watched;
  if (auto watched = watch(program_->pidfd(), Source::ended); !watched) return watched;

  wire::Hello hello;
  hello.instance = spec.name;
  hello.library = spec.library;
  hello.settings_json = spec.settings_json;
  hello.state_dir = spec.state_dir;
  hello.index = spec.index;
  hello.worker = static_cast<std::uint32_t>(spec.worker);
  const std::string public_url = calls_.public_url();
  hello.has_desk = calls_.is_offered();
  hello.public_url = public_url;
  link_.send(hello);
  return {};
}

void Child::give_up(std::string sentence) {
  program_.reset();  // kills and reaps what there is
  link_.close();
  printed_.close();
  report_died(std::move(sentence), false);
  calls_.mailbox().wake();
}

void Child::set_alarm(Milliseconds wait_ms) {  // 0: off
  itimerspec alarm{};
  alarm.it_value.tv_sec = wait_ms / 1000;
  alarm.it_value.tv_nsec = wait_ms % 1000 * 1'000'000;
  ::timerfd_settime(alarm_.get(), 0, &alarm, nullptr);
}

// Three uses, the later one wins: the end of a second whose log lines were dropped, the budget of a stop, the patience
// with a process that has closed its socket.
void Child::on_alarm() {
  set_alarm(0);
  voice_.tell_dropped(reports_);
  if (!program_) return;
  if (!link_) {
    is_cut_off_ = true;
    program_->kill();
  } else if (is_stopping_) {
    kill("it did not stop in time");
  }
}

// ---- to the child -------------------------------------------------------------------------------------------------

void Child::deliver(Batch batch) {
  CHECK(is_ready_ && in_flight_count_ == 0 && !asked_ && !batch.parcels.empty());
  std::vector<std::string> ids;
  const wire::BatchView view = view_of(batch, ids);
  const std::size_t size = wire::encoded_size(view);
  if (size > wire::to_child_bytes_max || view.parcels.size() > wire::parcels_count_max) {
    return refuse_large(view.parcels.size(), size);
  }
  in_flight_count_ = view.parcels.size();
  in_flight_text_ = in_flight_count_ == 1 ? "delivering event " + ids[0] + " (" + batch.parcels[0].type + ")"
                                          : "delivering a batch of " + std::to_string(in_flight_count_) + " events";
  calls_.begin_delivery();
  is_unread_ = true;
  link_.send(view);
}

void Child::ask(Question question) {
  CHECK(is_ready_ && in_flight_count_ == 0 && !asked_);
  asked_ = question.what;
  switch (question.what) {
    case Question::What::health:
      in_flight_text_ = "checking its health";
      break;
    case Question::What::tick:
      in_flight_text_ = "in a tick";
      break;
    case Question::What::command:
      in_flight_text_ = "running the command " + question.command;
      break;
  }
  calls_.begin_delivery();
  link_.send(question);
}

// Replies of the desk that have come.
void Child::send_results() {
  calls_.take_results(link_.output());
  if (link_) link_.flush();
}

// Alone such an event can never be delivered; in company the others can.
void Child::refuse_large(std::size_t parcels_count, std::size_t size) {
  Report report;
  report.what = Report::What::answers;
  report.batch_code = parcels_count == 1 ? BHP_OK : BHP_RETRY;
  report.text = std::to_string(parcels_count) + " event(s) of " + std::to_string(size) +
                " bytes cannot be handed to a plugin in one call, the maximum is " +
                std::to_string(wire::parcels_count_max) + " and " + std::to_string(wire::to_child_bytes_max);
  report.answers.resize(parcels_count, PluginAnswer{BHP_FAIL, 0, report.text});
  reports_.push_back(std::move(report));
  calls_.mailbox().wake();
}

void Child::stop(Milliseconds budget_ms) {
  if (!program_ || is_stopping_) return;
  is_stopping_ = true;
  link_.send_stop();
  calls_.stop();
  set_alarm(std::max<Milliseconds>(budget_ms, 1));
}

void Child::kill(std::string why) {
  if (!program_) return;
  if (kill_why_.empty()) kill_why_ = std::move(why);
  program_->kill();
}

// ---- from the child -----------------------------------------------------------------------------------------------

std::vector<Report> Child::poll() {
  epoll_event events[8];
  const int count = epoll_ ? ::epoll_wait(epoll_.get(), events, 8, 0) : 0;
  bool has_ended = false;
  for (int index = 0; index < count; ++index) {
    switch (static_cast<Source>(events[index].data.u32)) {
      case Source::wake:
        send_results();
        break;
      case Source::link:
        if ((events[index].events & EPOLLOUT) != 0) link_.flush();
        if (read_link(read_bytes_max) == Stream::ended) on_closed();
        break;
      case Source::printed:
        if (read_printed(read_bytes_max) == Stream::ended) printed_.close();
        break;
      case Source::ended:
        has_ended = true;
        break;
      case Source::alarm:
        on_alarm();
        break;
    }
  }
  if (has_ended) finish();
  return std::exchange(reports_, {});
}

// A process that ends closes its socket a moment before it can be reaped: that moment is waited for, so that the
// sentence tells what really happened. One that broke the rules of the wire is ended at once.
void Child::on_closed() {
  link_.close();
  set_alarm(silence_ms_max);
  if (!fault_.empty()) program_->kill();
}

Child::Stream Child::read_link(std::size_t bytes_max) {
  return link_.read(bytes_max, fault_, [this](const wire::Frame &frame) { return on_frame(frame); });
}

std::string Child::on_frame(const wire::Frame &frame) {
  const auto malformed = [&] {
    return "sent a malformed frame of type " + std::to_string(static_cast<int>(frame.type));
  };
  switch (frame.type) {
    case wire::Type::phase: {
      const auto phase = wire::decode_phase(frame.payload);
      if (!phase) return malformed();
      phase_ = *phase;
      if (phase_ == wire::Phase::delivering) is_unread_ = false;
      return "";
    }
    case wire::Type::ready: {
      const auto ready = wire::decode_ready(frame.payload);
      if (!ready || is_ready_) return malformed();
      is_ready_ = true;
      is_batching_ = ready->is_batching;
      is_ticking_ = ready->is_ticking;
      phase_ = wire::Phase::idle;
      reports_.emplace_back().what = Report::What::ready;
      return "";
    }
    case wire::Type::refused: {
      const auto refused = wire::decode_refused(frame.payload);
      if (!refused || is_ready_) return malformed();
      refusal_ = {refused->is_final, clean_utf8(refused->sentence, wire::log_line_bytes_max)};
      return "";
    }
    case wire::Type::answers:
      return on_answers(frame.payload);
    case wire::Type::log: {
      const auto line = wire::decode_log(frame.payload);
      if (!line) return malformed();
      expect_dropped(voice_.say(line->level, clean_utf8(line->text, wire::log_line_bytes_max), reports_));
      return "";
    }
    case wire::Type::call:
      if (link_.unsent_bytes() > wire::to_child_bytes_max) return "calls services and does not read the results";
      return calls_.on_call(frame.payload);
    case wire::Type::metric:
      return calls_.on_metric(frame.payload);
    case wire::Type::told:
      return on_told(frame.payload);
    case wire::Type::output:
      return on_output(frame.payload);
    case wire::Type::stopped:
      is_stopped_ = true;
      return "";
    case wire::Type::hello:
    case wire::Type::deliver:
    case wire::Type::stop:
    case wire::Type::result:
    case wire::Type::ask:
      return "sent a frame of a type that only the daemon sends";
  }
  return malformed();
}

std::string Child::on_answers(std::string_view payload) {
  auto answers = wire::decode_answers(payload);
  if (!answers) return "sent malformed answers";
  if (in_flight_count_ == 0) return "sent answers to no question";
  if (answers->answers.size() != in_flight_count_) {
    return "sent " + std::to_string(answers->answers.size()) + " answers to " + std::to_string(in_flight_count_) +
           " events";
  }
  Report report;
  report.what = Report::What::answers;
  report.batch_code = answers->batch_code;
  report.text = clean_utf8(answers->batch_message, wire::message_bytes_max);
  for (const wire::AnswerView &answer : answers->answers) {
    report.answers.push_back({answer.code, std::max<Milliseconds>(answer.retry_after_ms, 0),
                              clean_utf8(answer.message, wire::message_bytes_max)});
  }
  const bool is_settling =
      report.batch_code == BHP_OK && std::all_of(report.answers.begin(), report.answers.end(),
                                                 [](const PluginAnswer &answer) { return keeps_staged(answer.code); });
  if (is_settling) report.staged = std::move(answers->staged);
  send_results();
  report.exchanges = calls_.take_exchanges();
  reports_.push_back(std::move(report));
  in_flight_count_ = 0;
  phase_ = wire::Phase::idle;
  return "";
}

std::string Child::on_told(std::string_view payload) {
  const auto told = wire::decode_told(payload);
  if (!told) return "sent a malformed answer to a question";
  if (asked_ != told->asked) return "sent an answer to no question";
  Report report;
  report.what = Report::What::told;
  report.asked = told->asked;
  report.answers.push_back({told->answer.code, std::max<Milliseconds>(told->answer.retry_after_ms, 0),
                            clean_utf8(told->answer.message, wire::message_bytes_max)});
  report.next_tick_ms = std::max<Milliseconds>(told->next_tick_ms, -1);
  send_results();
  report.exchanges = calls_.take_exchanges();
  reports_.push_back(std::move(report));
  asked_.reset();
  return "";
}

std::string Child::on_output(std::string_view payload) {
  const auto bytes = wire::decode_output(payload);
  if (!bytes) return "sent malformed output";
  if (asked_ != Question::What::command) return "sent output of no command";
  Report &report = reports_.emplace_back();
  report.what = Report::What::output;
  report.text = *bytes;
  return "";
}

Child::Stream Child::read_printed(std::size_t bytes_max) {
  char piece[4096];
  for (std::size_t total = 0; total < bytes_max && printed_;) {
    const ssize_t got = ::read(printed_.get(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Stream::open;
    if (got <= 0) return Stream::ended;
    total += static_cast<std::size_t>(got);
    expect_dropped(voice_.print({piece, static_cast<std::size_t>(got)}, reports_));
  }
  return Stream::open;
}

// Lines are being dropped: to be said even if the child falls silent.
void Child::expect_dropped(bool is_first) {
  constexpr Milliseconds second_ms = 1000;
  if (is_first && !is_stopping_) set_alarm(second_ms);
}

// ---- the end ------------------------------------------------------------------------------------------------------

std::string Child::activity() const {
  const bool is_delivering = in_flight_count_ != 0 && !is_unread_;
  if (is_delivering || asked_) return in_flight_text_;
  // It was told to stop and has not said yet that it does: a busy machine may not have let it read that.
  const bool is_told_to_stop = is_stopping_ && phase_ == wire::Phase::idle;
  return std::string(wire::phase_text(is_told_to_stop ? wire::Phase::stopping : phase_));
}

std::string Child::last_sentence(int status) const {
  const bool is_sigkill = !is_exit(status) && WTERMSIG(status) == SIGKILL;
  if (!fault_.empty()) return fault_ + " while " + activity();
  if (is_sigkill && !kill_why_.empty()) return "killed while " + activity() + ": " + kill_why_;
  if (is_sigkill && is_cut_off_) return "closed its connection while " + activity();
  if (is_sigkill) return "killed by SIGKILL while " + activity() + ", not by Bellhop (out of memory?)";
  if (is_exit(status) && is_stopped_) return "stopped";
  const bool is_idle = (in_flight_count_ == 0 || is_unread_) && !asked_ && phase_ == wire::Phase::idle;
  return death_text(status) + (is_exit(status) && !is_idle ? " in the middle of " : " while ") + activity();
}

// The process has ended. Its last words first, then the reason.
void Child::finish() {
  const auto status = program_->reap();
  if (!status) return;                  // the next poll asks again
  calls_.take_results(link_.output());  // for their exchanges
  calls_.close();
  read_link(last_words_bytes_max);
  read_printed(last_words_bytes_max);
  voice_.finish(reports_);
  set_alarm(0);
  std::string sentence = last_sentence(*status);
  program_.reset();
  link_.close();
  printed_.close();
  const bool is_refused = refusal_.has_value() && fault_.empty();
  report_died(is_refused ? refusal_->second : std::move(sentence), is_refused && refusal_->first);
  if (!is_exit(*status) && kill_why_.empty()) {
    reports_.back().crash = build_id_.empty() ? "" : "build id " + build_id_;
    if (!voice_.frames().empty()) reports_.back().crash += (build_id_.empty() ? "at " : ", at ") + voice_.frames();
  }
  reports_.back().exchanges = calls_.take_exchanges();
}

void Child::report_died(std::string sentence, bool is_refusal) {
  Report report;
  report.what = Report::What::died;
  report.text = std::move(sentence);
  report.is_refusal = is_refusal;
  report.is_unread = is_unread_ && in_flight_count_ != 0;
  reports_.push_back(std::move(report));
}

}  // namespace

std::unique_ptr<Instance> spawn_child(const InstanceSpec &spec, const ChildOptions &options) {
  CHECK(options.clock != nullptr);
  return std::make_unique<Child>(spec, options);
}

}  // namespace bellhop::core
