// SPDX-License-Identifier: Apache-2.0
// One epoll set gathers all that a child can say (frames, printed lines, its end, a timer), so the owner polls a single
// descriptor. Nothing here waits. Whatever ends the child, `died` is told once, after everything it said before.
#include "host/child.hpp"

#include <bellhop/plugin.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "host/batch_view.hpp"
#include "host/log_limit.hpp"
#include "host/program.hpp"
#include "host/sentence.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t read_bytes_max = 1 << 20;  // in one poll(), so that a flood does not keep the owner
constexpr std::size_t piece_bytes = 64 << 10;

class Child final : public Instance {
 public:
  Child(const InstanceSpec &spec, const ChildOptions &options);

  int descriptor() const override { return set_.get(); }
  bool wants_write() const override { return false; }  // the epoll set becomes readable when there is room
  bool is_batching() const override { return is_batching_; }
  std::vector<Report> poll() override;
  void deliver(Batch batch) override;
  void stop(Milliseconds budget_ms) override;
  void kill(std::string why) override;

 private:
  Result<void> start(const InstanceSpec &spec, const std::string &host_program);
  void watch(int descriptor, std::uint32_t events, int operation = EPOLL_CTL_ADD);
  void flush();
  void read_frames(std::vector<Report> &reports, std::size_t bytes_max);
  void on_frame(const wire::Frame &frame, std::vector<Report> &reports);
  bool on_answers(std::string_view payload, std::vector<Report> &reports);
  void read_printed(std::vector<Report> &reports, std::size_t bytes_max);
  void print_line(std::string_view line, std::vector<Report> &reports);
  void log(Level level, std::string_view text, std::vector<Report> &reports);
  void on_timer(std::vector<Report> &reports);
  void arm_timer(Milliseconds after_ms);
  void end_it(std::string why);
  void bury(int status, std::vector<Report> &reports);
  std::string where() const;

  const Clock &clock_;
  LogLimit log_limit_;
  Descriptor set_, link_, printed_, timer_, failed_;
  std::optional<Program> program_;
  wire::FrameReader reader_{wire::to_daemon_bytes_max};
  std::string out_;           // frames that the socket did not take yet
  std::size_t out_sent_ = 0;  // of them
  std::string line_;          // printed, without its end yet
  wire::Phase phase_ = wire::Phase::loading;
  std::string delivering_;  // names the events of the batch that is out; "" = idle
  std::size_t parcels_count_ = 0;
  std::string why_;                     // it was killed for this reason; "" = it was not
  std::optional<std::string> refusal_;  // what it said instead of `ready`
  bool is_final_refusal_ = false;
  bool is_batching_ = false, is_ready_ = false, is_stopped_ = false, is_dead_ = false;
  bool is_hurried_ = false;  // a stop with a budget is under way
  Milliseconds stop_budget_ms_ = 0;
};

Child::Child(const InstanceSpec &spec, const ChildOptions &options)
    : clock_(*options.clock),
      log_limit_(options.log_lines_per_second_max),
      set_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  watch(timer_.get(), EPOLLIN);
  if (const Result<void> started = start(spec, options.host_program); !started.ok()) {
    why_ = started.error().sentence;
    failed_ = Descriptor(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));  // makes the set readable: poll() has something to say
    watch(failed_.get(), EPOLLIN);
  }
}

Result<void> Child::start(const InstanceSpec &spec, const std::string &host_program) {
  Result<Pair> link = link_to_program();
  if (!link.ok()) return link.error();
  Result<Pair> printed = pipe_from_program();
  if (!printed.ok()) return printed.error();
  ProgramSpec program;
  program.path = host_program;
  program.arguments = {"--serve", std::to_string(::getpid()), spec.name};
  program.output = program.errors = printed->theirs.get();
  program.link = link->theirs.get();
  Result<Program> started = Program::start(program);
  if (!started.ok()) return started.error();

  program_.emplace(std::move(started).value());
  link_ = std::move(link->ours);
  printed_ = std::move(printed->ours);
  watch(link_.get(), EPOLLIN);
  watch(printed_.get(), EPOLLIN);
  watch(program_->pidfd(), EPOLLIN);
  wire::Hello hello;
  hello.instance = spec.name;
  hello.library = spec.library;
  hello.settings_json = spec.settings_json;
  hello.state_dir = spec.state_dir;
  hello.index = spec.index;
  hello.worker = static_cast<std::uint32_t>(spec.worker);
  wire::encode(out_, hello);
  flush();
  return {};
}

void Child::watch(int descriptor, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  CHECK(::epoll_ctl(set_.get(), operation, descriptor, &event) == 0);
}

std::vector<Report> Child::poll() {
  std::vector<Report> reports;
  if (is_dead_) return reports;
  if (!program_) {
    bury(0, reports);
    return reports;
  }
  on_timer(reports);
  flush();
  // Asked first: what it said before its end is then all in the buffers, and is read below.
  const std::optional<int> status = program_->reap();
  const std::size_t bytes_max = status ? read_bytes_max * 16 : read_bytes_max;
  read_frames(reports, bytes_max);
  read_printed(reports, bytes_max);
  if (status) bury(*status, reports);
  return reports;
}

// ---- to the child -----------------------------------------------------------------------------------------------------

void Child::deliver(Batch batch) {
  CHECK(is_ready_ && delivering_.empty() && !batch.parcels.empty());
  const Parcel &first = batch.parcels.front();
  delivering_ = batch.parcels.size() == 1
                    ? "event " + first.id.text() + " (" + first.type + ")"
                    : std::to_string(batch.parcels.size()) + " events, the first " + first.id.text();
  parcels_count_ = batch.parcels.size();
  std::vector<std::string> ids;
  wire::encode(out_, view_of(batch, ids));
  flush();
}

void Child::stop(Milliseconds budget_ms) {
  if (is_dead_ || is_hurried_ || !program_) return;
  is_hurried_ = true;
  stop_budget_ms_ = budget_ms;
  wire::encode_stop(out_);
  arm_timer(budget_ms);
  flush();
}

void Child::kill(std::string why) {
  if (!is_dead_) end_it(std::move(why));
}

void Child::flush() {
  while (link_ && out_sent_ < out_.size()) {
    const ssize_t put = ::send(link_.get(), out_.data() + out_sent_, out_.size() - out_sent_, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) {
      watch(link_.get(), EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
      return;
    }
    if (put <= 0) break;  // broken: reading tells how
    out_sent_ += static_cast<std::size_t>(put);
  }
  if (out_.empty()) return;
  if (link_) watch(link_.get(), EPOLLIN, EPOLL_CTL_MOD);
  out_.clear();
  out_sent_ = 0;
  if (out_.capacity() > read_bytes_max) out_.shrink_to_fit();
}

// The first reason is the one that counts.
void Child::end_it(std::string why) {
  if (why_.empty()) why_ = std::move(why);
  if (program_) program_->kill();
}

// ---- from the child ---------------------------------------------------------------------------------------------------
// untrusted: the plugin can write to its end whatever it likes

void Child::read_frames(std::vector<Report> &reports, std::size_t bytes_max) {
  for (std::size_t read_bytes = 0; link_ && read_bytes < bytes_max;) {
    const ssize_t got = ::recv(link_.get(), reader_.room(piece_bytes), piece_bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      link_.close();
      if (!is_stopped_ && !refusal_) end_it("closed its connection and was killed");
      return;
    }
    reader_.take(static_cast<std::size_t>(got));
    read_bytes += static_cast<std::size_t>(got);
    for (;;) {
      const Result<std::optional<wire::Frame>> frame = reader_.next();
      if (!frame.ok()) {
        link_.close();
        return end_it(frame.error().sentence + ", and was killed");
      }
      if (!frame->has_value()) break;
      on_frame(**frame, reports);
      if (!why_.empty()) return link_.close();  // nothing that it says now counts
    }
  }
}

void Child::on_frame(const wire::Frame &frame, std::vector<Report> &reports) {
  bool is_understood = false;
  switch (frame.type) {
    case wire::Type::hello:
    case wire::Type::deliver:
    case wire::Type::stop: break;  // ours
    case wire::Type::phase:
      if (const auto phase = wire::decode_phase(frame.payload)) {
        phase_ = *phase;
        is_understood = true;
      }
      break;
    case wire::Type::ready:
      if (const auto ready = wire::decode_ready(frame.payload); ready && !is_ready_) {
        is_ready_ = is_understood = true;
        is_batching_ = ready->is_batching;
        phase_ = wire::Phase::idle;
        reports.emplace_back().what = Report::What::ready;
      }
      break;
    case wire::Type::refused:
      if (const auto refused = wire::decode_refused(frame.payload); refused && !is_ready_) {
        refusal_ = clean_utf8(refused->sentence, wire::message_bytes_max);
        is_final_refusal_ = refused->is_final;
        is_understood = true;
      }
      break;
    case wire::Type::answers: is_understood = on_answers(frame.payload, reports); break;
    case wire::Type::log:
      if (const auto line = wire::decode_log(frame.payload)) {
        log(line->level, line->text, reports);
        is_understood = true;
      }
      break;
    case wire::Type::stopped: is_stopped_ = is_understood = is_hurried_ && frame.payload.empty(); break;
  }
  if (!is_understood) {
    end_it("sent a frame of type " + std::to_string(static_cast<int>(frame.type)) + " that has no place here, and was killed");
  }
}

bool Child::on_answers(std::string_view payload, std::vector<Report> &reports) {
  const auto answers = wire::decode_answers(payload);
  if (!answers || delivering_.empty()) return false;
  const bool counts = answers->batch_code == BHP_OK;
  if (counts && answers->answers.size() != parcels_count_) return false;
  Report report;
  report.what = Report::What::answers;
  report.batch_code = answers->batch_code;
  report.text = clean_utf8(answers->batch_message, wire::message_bytes_max);
  for (const wire::AnswerView &answer : answers->answers) {
    report.answers.push_back(
        {answer.code, answer.retry_after_ms, clean_utf8(answer.message, wire::message_bytes_max)});
  }
  report.answers.resize(parcels_count_);
  delivering_.clear();
  reports.push_back(std::move(report));
  return true;
}

void Child::read_printed(std::vector<Report> &reports, std::size_t bytes_max) {
  char piece[4096];
  for (std::size_t read_bytes = 0; printed_ && read_bytes < bytes_max;) {
    const ssize_t got = ::read(printed_.get(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return printed_.close();
    read_bytes += static_cast<std::size_t>(got);
    line_.append(piece, static_cast<std::size_t>(got));
    for (std::size_t end; (end = line_.find('\n')) != std::string::npos; line_.erase(0, end + 1)) {
      print_line(std::string_view(line_).substr(0, end), reports);
    }
    if (line_.size() >= wire::log_line_bytes_max) {
      print_line(line_, reports);
      line_.clear();
    }
  }
}

void Child::print_line(std::string_view line, std::vector<Report> &reports) {
  if (!line.empty()) log(Level::info, "printed: " + std::string(line), reports);
}

void Child::log(Level level, std::string_view text, std::vector<Report> &reports) {
  const Milliseconds now = clock_.steady_ms();
  if (log_limit_.is_over(now)) {
    if (std::string dropped = log_limit_.take_sentence(); !dropped.empty()) {
      Report report;
      report.level = Level::warn;
      report.text = std::move(dropped);
      reports.push_back(std::move(report));
    }
  }
  if (!log_limit_.admits(now)) {
    if (log_limit_.dropped_count() == 1 && !is_hurried_) arm_timer(1000);  // to say so when the second is over
    return;
  }
  Report report;
  report.level = level;
  report.text = clean_utf8(text, wire::log_line_bytes_max);
  reports.push_back(std::move(report));
}

// ---- time and end -----------------------------------------------------------------------------------------------------

void Child::arm_timer(Milliseconds after_ms) {
  itimerspec when{};
  when.it_value.tv_sec = after_ms / 1000;
  when.it_value.tv_nsec = (after_ms % 1000) * 1'000'000 + 1;  // 0 would disarm it
  ::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

void Child::on_timer(std::vector<Report> &reports) {
  std::uint64_t times = 0;
  if (::read(timer_.get(), &times, sizeof times) != static_cast<ssize_t>(sizeof times)) return;
  if (is_hurried_) {
    if (!is_stopped_) end_it("did not stop within " + std::to_string(stop_budget_ms_) + " ms and was killed");
    return;
  }
  if (std::string dropped = log_limit_.take_sentence(); !dropped.empty()) {
    Report report;
    report.level = Level::warn;
    report.text = std::move(dropped);
    reports.push_back(std::move(report));
  }
}

std::string Child::where() const {
  if (!delivering_.empty()) return " while delivering " + delivering_;
  return phase_ == wire::Phase::idle ? " while idle" : " while " + std::string(wire::phase_text(phase_));
}

void Child::bury(int status, std::vector<Report> &reports) {
  if (!line_.empty()) print_line(std::exchange(line_, ""), reports);
  if (std::string dropped = log_limit_.take_sentence(); !dropped.empty()) {
    Report report;
    report.level = Level::warn;
    report.text = std::move(dropped);
    reports.push_back(std::move(report));
  }
  Report report;
  report.what = Report::What::died;
  if (!program_) {
    report.text = why_;
  } else if (!why_.empty()) {
    report.text = why_ + where();
  } else if (refusal_ && is_exit(status)) {
    report.text = *refusal_;
    report.is_refusal = is_final_refusal_;
  } else if (is_stopped_ && is_exit(status)) {
    report.text = "stopped";
  } else {
    report.text = death_text(status) + where();
  }
  reports.push_back(std::move(report));
  is_dead_ = true;
  link_.close();
  printed_.close();
  failed_.close();
  program_.reset();  // its descriptor leaves the set, which is silent from now on
}

}  // namespace

std::unique_ptr<Instance> spawn_child(const InstanceSpec &spec, const ChildOptions &options) {
  return std::make_unique<Child>(spec, options);
}

}  // namespace bellhop::core
