// SPDX-License-Identifier: Apache-2.0
// One epoll set gathers all that a child can say (frames, printed lines, its end, a timer), so that the owner polls a
// single descriptor. Nothing here waits. Whatever ends the child, `died` is told once, after everything that it said
// before.
#include "host/child.hpp"

#include <bellhop/plugin.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
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
#include "host/elf_file.hpp"
#include "host/line_cutter.hpp"
#include "host/log_limit.hpp"
#include "host/program.hpp"
#include "host/sentence.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t read_bytes = 64 << 10;     // one read
constexpr std::size_t read_bytes_max = 1 << 20;  // of one descriptor in one poll: a flood must not hold the thread
constexpr std::size_t last_words_bytes_max = 8 << 20;  // after the end
constexpr std::size_t kept_bytes_max = 1 << 20;        // a large batch does not hold its memory for ever
constexpr std::size_t frames_bytes_max = 500;          // of a crash, in one sentence
constexpr Milliseconds silence_ms_max = 50;            // from the end of the socket to the end of the process

enum class Source : std::uint32_t { wake, link, printed, ended, alarm };  // what epoll watches

class Child final : public Instance {
 public:
  Child(const InstanceSpec &spec, const ChildOptions &options)
      : clock_(*options.clock), log_limit_(options.log_lines_per_second_max) {
    const auto started = start(spec, options);
    if (!started) give_up(started.error().sentence);
  }

  int descriptor() const override { return epoll_.get(); }
  bool wants_write() const override { return false; }  // descriptor() becomes readable for that too
  bool is_batching() const override { return is_batching_; }
  std::vector<Report> poll() override;
  void deliver(Batch batch) override;
  void stop(Milliseconds budget_ms) override;
  void kill(std::string why) override;

 private:
  enum class Stream { open, ended };

  Result<void> start(const InstanceSpec &spec, const ChildOptions &options);
  Result<void> watch(int fd, Source source);
  void give_up(std::string sentence);
  void wake();
  void set_alarm(Milliseconds wait_ms);
  void on_alarm();
  void flush();
  void watch_for_writing(bool is_wanted);
  void refuse_large(std::size_t parcels_count, std::size_t size);

  Stream read_link(std::size_t bytes_max);
  Stream read_frames();
  Stream read_printed(std::size_t bytes_max);
  std::string on_frame(const wire::Frame &frame);  // "" or what is wrong with it
  std::string on_answers(std::string_view payload);
  void log(Level level, std::string_view text);
  void tell_dropped();
  void note_frame(std::string_view line);

  void on_closed();
  void finish();
  std::string activity() const;
  std::string last_sentence(int status) const;
  void report_died(std::string sentence, bool is_refusal);

  const Clock &clock_;
  LogLimit log_limit_;
  LineCutter cutter_;
  std::optional<Program> program_;  // until `died` is reported
  Descriptor epoll_, wake_, link_, printed_, alarm_;
  wire::FrameReader reader_{wire::to_daemon_bytes_max};
  std::string output_;  // frames; the socket has taken output_at_ bytes of them
  std::size_t output_at_ = 0;
  bool is_watched_for_writing_ = false;

  wire::Phase phase_ = wire::Phase::loading;
  bool is_ready_ = false, is_batching_ = false, is_stopping_ = false, is_stopped_ = false, is_cut_off_ = false;
  bool is_unread_ = false;  // what was delivered last has not been read, as far as the child has told
  std::size_t in_flight_count_ = 0;
  std::string in_flight_text_;                           // "event 4f… (booking.confirmed)"
  std::string fault_;                                    // what it did to the wire
  std::string kill_why_;                                 // the first reason counts
  std::optional<std::pair<bool, std::string>> refusal_;  // is_final, sentence
  std::string build_id_, frames_;                        // of the plugin's library; what it printed of a crash
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
  wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  alarm_ = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (auto watched = watch(wake_.get(), Source::wake); !watched) return watched;
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
  link_ = std::move(link->ours);
  printed_ = std::move(printed->ours);
  program_.emplace(std::move(started).value());
  if (auto watched = watch(link_.get(), Source::link); !watched) return watched;
  if (auto watched = watch(printed_.get(), Source::printed); !watched) return watched;
  if (auto watched = watch(program_->pidfd(), Source::ended); !watched) return watched;

  wire::Hello hello;
  hello.instance = spec.name;
  hello.library = spec.library;
  hello.settings_json = spec.settings_json;
  hello.state_dir = spec.state_dir;
  hello.index = spec.index;
  hello.worker = static_cast<std::uint32_t>(spec.worker);
  wire::encode(output_, hello);
  flush();
  return {};
}

void Child::give_up(std::string sentence) {
  program_.reset();  // kills and reaps what there is
  link_.close();
  printed_.close();
  report_died(std::move(sentence), false);
  wake();
}

// Makes descriptor() readable although no child says anything.
void Child::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));  // full means that it is readable already
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
  tell_dropped();
  if (!program_) return;
  if (!link_) {
    is_cut_off_ = true;
    program_->kill();
  } else if (is_stopping_) {
    kill("it did not stop in time");
  }
}

void Child::watch_for_writing(bool is_wanted) {
  if (is_wanted == is_watched_for_writing_) return;
  is_watched_for_writing_ = is_wanted;
  epoll_event event{};
  event.events = EPOLLIN | (is_wanted ? EPOLLOUT : 0U);
  event.data.u32 = static_cast<std::uint32_t>(Source::link);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, link_.get(), &event);
}

// ---- to the child -------------------------------------------------------------------------------------------------

void Child::flush() {
  while (output_at_ < output_.size()) {
    const ssize_t put = ::send(link_.get(), output_.data() + output_at_, output_.size() - output_at_, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return watch_for_writing(true);
    if (put <= 0) break;  // it has gone: reading tells how
    output_at_ += static_cast<std::size_t>(put);
  }
  if (output_.capacity() > kept_bytes_max) std::string().swap(output_);
  output_.clear();
  output_at_ = 0;
  watch_for_writing(false);
}

void Child::deliver(Batch batch) {
  CHECK(is_ready_ && in_flight_count_ == 0 && !batch.parcels.empty());
  std::vector<std::string> ids;
  const wire::BatchView view = view_of(batch, ids);
  const std::size_t size = wire::encoded_size(view);
  if (size > wire::to_child_bytes_max || view.parcels.size() > wire::parcels_count_max) {
    return refuse_large(view.parcels.size(), size);
  }
  in_flight_count_ = view.parcels.size();
  in_flight_text_ = in_flight_count_ == 1 ? "event " + ids[0] + " (" + batch.parcels[0].type + ")"
                                          : "a batch of " + std::to_string(in_flight_count_) + " events";
  is_unread_ = true;
  wire::encode(output_, view);
  flush();
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
  wake();
}

void Child::stop(Milliseconds budget_ms) {
  if (!program_ || is_stopping_) return;
  is_stopping_ = true;
  wire::encode_stop(output_);
  flush();
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
      case Source::wake: {
        std::uint64_t value = 0;
        static_cast<void>(!::read(wake_.get(), &value, sizeof value));
        break;
      }
      case Source::link:
        if ((events[index].events & EPOLLOUT) != 0) flush();
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

// untrusted: whatever the plugin's process writes
Child::Stream Child::read_link(std::size_t bytes_max) {
  for (std::size_t total = 0; link_ && total < bytes_max && fault_.empty();) {
    const std::size_t size = std::max(read_bytes, reader_.missing_bytes());
    const ssize_t got = ::recv(link_.get(), reader_.room(size), size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Stream::open;
    if (got <= 0) return Stream::ended;
    reader_.take(static_cast<std::size_t>(got));
    total += static_cast<std::size_t>(got);
    if (read_frames() == Stream::ended) return Stream::ended;
    if (static_cast<std::size_t>(got) < size) return Stream::open;  // epoll calls again when there is more
  }
  return Stream::open;
}

Child::Stream Child::read_frames() {
  for (;;) {
    const auto frame = reader_.next();
    if (frame.ok() && !frame->has_value()) return Stream::open;
    fault_ = frame.ok() ? on_frame(**frame) : frame.error().sentence;
    if (!fault_.empty()) return Stream::ended;  // nothing that it says now counts
  }
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
      log(line->level, clean_utf8(line->text, wire::log_line_bytes_max));
      return "";
    }
    case wire::Type::stopped:
      is_stopped_ = true;
      return "";
    case wire::Type::hello:
    case wire::Type::deliver:
    case wire::Type::stop:
      return "sent a frame of a type that only the daemon sends";
  }
  return malformed();
}

std::string Child::on_answers(std::string_view payload) {
  const auto answers = wire::decode_answers(payload);
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
  reports_.push_back(std::move(report));
  in_flight_count_ = 0;
  phase_ = wire::Phase::idle;
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
    cutter_.feed({piece, static_cast<std::size_t>(got)}, [this](const std::string &line) {
      note_frame(line);
      log(Level::info, line);
    });
  }
  return Stream::open;
}

void Child::log(Level level, std::string_view text) {
  const Milliseconds now_ms = clock_.steady_ms();
  if (log_limit_.is_over(now_ms)) tell_dropped();
  if (!log_limit_.admits(now_ms)) {
    constexpr Milliseconds second_ms = 1000;
    if (log_limit_.dropped_count() == 1 && !is_stopping_) set_alarm(second_ms);  // to say so even if it falls silent
    return;
  }
  Report report;
  report.what = Report::What::log;
  report.level = level;
  report.text = text;
  reports_.push_back(std::move(report));
}

// The lines of host/program/last_words.cpp; the last crash of several counts. Whatever else prints such lines is shown
// as it would be in the log.
void Child::note_frame(std::string_view line) {
  constexpr std::string_view begin = "crashed with ", frame = "  at ";
  if (line.substr(0, begin.size()) == begin) frames_.clear();
  if (line.substr(0, frame.size()) != frame || frames_.size() + line.size() > frames_bytes_max) return;
  frames_ += (frames_.empty() ? "" : ", ") + std::string(line.substr(frame.size()));
}

void Child::tell_dropped() {
  std::string sentence = log_limit_.take_sentence();
  if (sentence.empty()) return;
  Report report;
  report.what = Report::What::log;
  report.level = Level::warn;
  report.text = std::move(sentence);
  reports_.push_back(std::move(report));
}

// ---- the end ------------------------------------------------------------------------------------------------------

std::string Child::activity() const {
  return in_flight_count_ != 0 && !is_unread_ ? "delivering " + in_flight_text_ : std::string(wire::phase_text(phase_));
}

std::string Child::last_sentence(int status) const {
  const bool is_sigkill = !is_exit(status) && WTERMSIG(status) == SIGKILL;
  if (!fault_.empty()) return fault_ + " while " + activity();
  if (is_sigkill && !kill_why_.empty()) return "killed while " + activity() + ": " + kill_why_;
  if (is_sigkill && is_cut_off_) return "closed its connection while " + activity();
  if (is_sigkill) return "killed by SIGKILL while " + activity() + ", not by Bellhop (out of memory?)";
  if (is_exit(status) && is_stopped_) return "stopped";
  const bool is_idle = (in_flight_count_ == 0 || is_unread_) && phase_ == wire::Phase::idle;
  return death_text(status) + (is_exit(status) && !is_idle ? " in the middle of " : " while ") + activity();
}

// The process has ended. Its last words first, then the reason.
void Child::finish() {
  const auto status = program_->reap();
  if (!status) return;  // the next poll asks again
  read_link(last_words_bytes_max);
  read_printed(last_words_bytes_max);
  cutter_.finish([this](const std::string &line) {
    note_frame(line);
    log(Level::info, line);
  });
  tell_dropped();
  set_alarm(0);
  std::string sentence = last_sentence(*status);
  program_.reset();
  link_.close();
  printed_.close();
  const bool is_refused = refusal_.has_value() && fault_.empty();
  report_died(is_refused ? refusal_->second : std::move(sentence), is_refused && refusal_->first);
  if (!is_exit(*status) && kill_why_.empty()) {
    reports_.back().crash = build_id_.empty() ? "" : "build id " + build_id_;
    if (!frames_.empty()) reports_.back().crash += (build_id_.empty() ? "at " : ", at ") + frames_;
  }
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
