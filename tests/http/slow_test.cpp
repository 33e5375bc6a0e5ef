// SPDX-License-Identifier: Apache-2.0
// Slow, silent and many: deadlines, caps and eviction. The deadlines are those of a clock that the test moves, once the
// server has come as far as it must: how loaded the machine is does not decide what is tested.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <list>
#include <thread>

#include "http/echo_server.hpp"
#include "support/fake_clock.hpp"
#include "support/server_view.hpp"

namespace bellhop::core {
namespace {

using std::chrono::milliseconds;

constexpr Milliseconds any_deadline_ms = 60'001;  // longer than every deadline that is not set otherwise

// A server whose deadlines follow a clock that stands still until the test moves it.
struct StoppedServer {
  explicit StoppedServer(const HttpLimits &limits = {}) : echo(limits, {}, {}, "127.0.0.1:0", &clock) {}

  bool has_read_all() const { return ServerView(echo.port()).has_read_all(); }
  // The clock goes on until `is_there` says so: a worker may have set a new deadline just before the clock was moved.
  template <class Condition>
  bool pass_until(Condition is_there, Milliseconds step_ms = any_deadline_ms) {
    const auto end = std::chrono::steady_clock::now() + RawHttp::patience;
    while (!is_there()) {
      if (std::chrono::steady_clock::now() > end) return false;
      clock.advance(step_ms);
    }
    return true;
  }
  std::optional<RawAnswer> late_answer_to(RawHttp &client) {
    std::optional<RawAnswer> answer;
    pass_until([&] { return (answer = client.read_answer(milliseconds(5))).has_value(); });
    return answer;
  }
  bool is_closed_in_the_end(RawHttp &client) {
    return pass_until([&] { return client.is_closed_within(milliseconds(5)); });
  }

  FakeClock clock;
  EchoServer echo;
};

void raise_descriptor_limit(rlim_t wanted) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(Slow, silent_idle_half_head_and_half_body_each_meet_their_deadline) {
  StoppedServer stopped;
  EchoServer &echo = stopped.echo;
  RawHttp silent(echo.port()), idle(echo.port()), half_head(echo.port()), half_body(echo.port());
  ASSERT_TRUE(idle.send(get("/")));
  ASSERT_TRUE(idle.read_answer());
  ASSERT_TRUE(half_head.send("POST / HTTP/1.1\r\nHos"));
  ASSERT_TRUE(half_body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"));
  ASSERT_TRUE(stopped.has_read_all());

  const std::optional<RawAnswer> late_head = stopped.late_answer_to(half_head);
  const std::optional<RawAnswer> late_body = stopped.late_answer_to(half_body);

  ASSERT_TRUE(late_head);
  EXPECT_EQ(late_head->status, 408);
  EXPECT_EQ(late_head->header("Connection"), "close");
  ASSERT_TRUE(late_body);
  EXPECT_EQ(late_body->status, 408);
  for (RawHttp *client : {&silent, &idle, &half_head, &half_body}) {
    EXPECT_TRUE(stopped.is_closed_in_the_end(*client));
    EXPECT_EQ(client->received(), "");
  }
  EXPECT_EQ(echo.server().counters().timeouts, 2);
  EXPECT_EQ(echo.seen().size(), 1U);
}

// Each byte that comes is followed by a tenth of a second; if it moved the deadline, there would never be an end.
TEST(Slow, a_steady_drip_does_not_move_the_deadline) {
  HttpLimits limits;
  limits.body_deadline_ms = 1'000;
  StoppedServer stopped(limits);
  RawHttp client(stopped.echo.port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));

  std::optional<RawAnswer> answer;
  EXPECT_TRUE(stopped.pass_until(
      [&] {
        client.send("x");
        EXPECT_TRUE(stopped.has_read_all());
        return (answer = client.read_answer(milliseconds(1))).has_value();
      },
      100));

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
}

TEST(Slow, deadlines_follow_the_clock_that_was_given) {
  StoppedServer stopped;  // 10 s for the head
  RawHttp client(stopped.echo.port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\n"));
  ASSERT_TRUE(stopped.has_read_all());
  stopped.clock.advance(9'999);
  ASSERT_FALSE(client.read_answer(milliseconds(50)));

  stopped.clock.advance(2);
  const std::optional<RawAnswer> answer = client.read_answer();

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
}

// The slow ones have until the clock is moved: if one of them held a worker, the good ones would wait for ever.
TEST(Slow, a_thousand_slow_connections_do_not_keep_a_good_client_waiting) {
  raise_descriptor_limit(4096);
  HttpLimits limits;
  limits.connections_max = 1500;
  limits.connections_per_address_max = 1500;
  limits.threads_max = 8;
  StoppedServer stopped(limits);
  const int port = stopped.echo.port();
  std::vector<RawHttp> slow;
  for (int i = 0; i < 1000; ++i) {
    slow.emplace_back(port);
    ASSERT_TRUE(slow.back().is_connected());
    const char *const sent[] = {"", "POST / HTTP/1.1\r\nHost: a\r\nX-Slow",
                                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf"};
    ASSERT_TRUE(slow.back().send(sent[i % 3]));
  }

  for (int i = 0; i < 100; ++i) {
    RawHttp good(port, "127.0.0.2");
    ASSERT_TRUE(good.send(post("/", "good")));
    const std::optional<RawAnswer> answer = good.read_answer();
    ASSERT_TRUE(answer) << i;
    ASSERT_EQ(answer->status, 200);
  }

  ASSERT_TRUE(stopped.has_read_all());
  for (std::size_t i = 0; i < slow.size(); ++i) {
    if (i % 3 != 0) {
      const std::optional<RawAnswer> answer = stopped.late_answer_to(slow[i]);
      ASSERT_TRUE(answer) << i;
      EXPECT_EQ(answer->status, 408) << i;
    }
    EXPECT_TRUE(stopped.is_closed_in_the_end(slow[i])) << i;
    EXPECT_EQ(slow[i].received(), "") << i;
  }
}

TEST(Slow, one_address_gets_its_share_and_no_more) {
  HttpLimits limits;
  limits.connections_per_address_max = 4;
  EchoServer echo(limits);
  std::vector<RawHttp> held;
  for (int i = 0; i < 4; ++i) {
    held.emplace_back(echo.port());
    ASSERT_TRUE(held.back().send(get("/")));
    ASSERT_TRUE(held.back().read_answer());
  }

  RawHttp fifth(echo.port()), neighbour(echo.port(), "127.0.0.2");
  ASSERT_TRUE(fifth.send(get("/")));
  const std::optional<RawAnswer> refused = fifth.read_answer();
  ASSERT_TRUE(neighbour.send(get("/")));
  const std::optional<RawAnswer> taken = neighbour.read_answer();
  held.pop_back();

  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->header("Retry-After"), "1");
  EXPECT_NE(refused->body.find("connections_per_address_max"), std::string::npos);
  EXPECT_TRUE(fifth.is_closed_within());
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->status, 200);
  EXPECT_EQ(echo.server().counters().refused_addresses, 1);
  bool is_readmitted = false;  // once the server has seen that one is gone
  for (int i = 0; i < 200 && !is_readmitted; ++i) {
    RawHttp again(echo.port());
    ASSERT_TRUE(again.send(get("/")));
    is_readmitted = again.read_answer().value_or(RawAnswer()).status == 200;
  }
  EXPECT_TRUE(is_readmitted);
}

TEST(Slow, a_trusted_proxy_is_spared_the_cap) {
  HttpLimits limits;
  limits.connections_per_address_max = 1;
  limits.trusted_proxies = {"10.0.0.0/8", "127.0.0.0/30"};
  EchoServer echo(limits);
  std::vector<RawHttp> held;
  for (int i = 0; i < 8; ++i) {
    held.emplace_back(echo.port());
    ASSERT_TRUE(held.back().send(get("/")));
    EXPECT_EQ(held.back().read_answer().value_or(RawAnswer()).status, 200);
  }
}

TEST(Slow, the_longest_idle_makes_room_for_a_newcomer) {
  HttpLimits limits;
  limits.connections_max = 3;
  FakeClock clock;  // so that the order of idling does not depend on the machine
  EchoServer echo(limits, {}, {}, "127.0.0.1:0", &clock);
  std::vector<RawHttp> held;
  for (int i = 0; i < 3; ++i) {
    held.emplace_back(echo.port());
    ASSERT_TRUE(held.back().send(get("/")));
    ASSERT_TRUE(held.back().read_answer());
    ASSERT_TRUE(ServerView::has_parked(i + 1)) << "a worker lingers with one of them";
    clock.advance(1000);
  }

  RawHttp newcomer(echo.port());
  ASSERT_TRUE(newcomer.send(get("/")));

  EXPECT_EQ(newcomer.read_answer().value_or(RawAnswer()).status, 200);
  EXPECT_TRUE(held[0].is_closed_within());
  EXPECT_EQ(held[0].received(), "");
  ASSERT_TRUE(held[2].send(get("/")));
  EXPECT_EQ(held[2].read_answer().value_or(RawAnswer()).status, 200);
}

TEST(Slow, when_all_are_busy_a_newcomer_is_told_so) {
  Mutex mutex;
  CondVar changed;
  bool is_released = false;
  HttpLimits limits;
  limits.connections_max = 2;
  EchoServer echo(limits, {}, [&](const HttpRequest &) {
    Lock lock(mutex);
    while (!is_released) changed.wait(mutex);
    return HttpAnswer();
  });
  RawHttp one(echo.port()), two(echo.port());
  ASSERT_TRUE(one.send(get("/")));
  ASSERT_TRUE(two.send(get("/")));
  while (echo.seen().size() < 2) std::this_thread::yield();

  RawHttp third(echo.port());
  ASSERT_TRUE(third.send(get("/")));
  const std::optional<RawAnswer> refused = third.read_answer();
  {
    Lock lock(mutex);
    is_released = true;
    changed.notify_all();
  }

  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_NE(refused->body.find("connections_max"), std::string::npos);
  EXPECT_EQ(one.read_answer().value_or(RawAnswer()).status, 200);
  EXPECT_EQ(two.read_answer().value_or(RawAnswer()).status, 200);
}

TEST(Slow, bodies_in_flight_share_one_budget) {
  Mutex mutex;
  CondVar changed;
  bool is_released = false;
  HttpLimits limits;
  limits.body_bytes_max = 100'000;
  limits.bodies_bytes_max = 100'000;
  EchoServer echo(limits, {}, [&](const HttpRequest &) {
    Lock lock(mutex);
    while (!is_released) changed.wait(mutex);
    return HttpAnswer();
  });
  RawHttp holder(echo.port()), second(echo.port()), third(echo.port());
  const std::string body(90'000, 'x');

  ASSERT_TRUE(holder.send(post("/", body)));
  while (echo.seen().empty()) std::this_thread::yield();  // its body is whole, and in use
  ASSERT_TRUE(second.send(post("/", body)));
  const std::optional<RawAnswer> refused = second.read_answer();
  {
    Lock lock(mutex);
    is_released = true;
    changed.notify_all();
  }
  const std::optional<RawAnswer> held = holder.read_answer();
  ASSERT_TRUE(third.send(post("/", body)));
  const std::optional<RawAnswer> taken = third.read_answer();

  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_NE(refused->header("Retry-After"), "");
  EXPECT_NE(refused->body.find("bodies_bytes_max"), std::string::npos);
  EXPECT_TRUE(second.is_closed_within());
  EXPECT_EQ(held.value_or(RawAnswer()).status, 200);
  EXPECT_EQ(taken.value_or(RawAnswer()).status, 200) << "the budget was given back";
}

TEST(Slow, announced_bodies_cost_nothing_until_they_come) {
  HttpLimits limits;
  limits.body_bytes_max = limits.bodies_bytes_max = 100'000;
  EchoServer echo(limits);
  std::vector<RawHttp> liars;
  for (int i = 0; i < 10; ++i) {
    liars.emplace_back(echo.port());
    ASSERT_TRUE(liars.back().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
  }
  RawHttp honest(echo.port());

  ASSERT_TRUE(honest.send(post("/", std::string(90'000, 'x'))));

  EXPECT_EQ(honest.read_answer().value_or(RawAnswer()).status, 200);
}

// Takes every descriptor that the limit leaves, so that exactly those are free that it gives back.
class TakenDescriptors {
 public:
  TakenDescriptors() {
    constexpr rlim_t free_count_max = 64;  // those taken here are counted from the lowest that is free
    const int lowest = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const rlimit limit{static_cast<rlim_t>(lowest) + free_count_max, static_cast<rlim_t>(lowest) + free_count_max};
    if (lowest < 0 || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    taken_.push_back(lowest);
    for (int one; (one = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(one);
    is_ok_ = errno == EMFILE;
  }
  TakenDescriptors(const TakenDescriptors &) = delete;
  TakenDescriptors &operator=(const TakenDescriptors &) = delete;
  ~TakenDescriptors() { give_back(taken_.size()); }

  bool is_ok() const { return is_ok_; }
  void give_back(std::size_t count) {
    for (; count > 0 && !taken_.empty(); --count) {
      ::close(taken_.back());
      taken_.pop_back();
    }
  }

 private:
  std::vector<int> taken_;
  bool is_ok_ = false;
};

// The limit is the whole process's, and both ends of each connection are in it: so in a child. What went wrong, or
// nothing.
const char *serve_without_descriptors() {
  Mutex mutex;
  CondVar changed;
  bool is_released = false;
  EchoServer echo({}, {}, [&](const HttpRequest &request) {
    Lock lock(mutex);
    while (request.path == "/busy" && !is_released) changed.wait(mutex);
    return HttpAnswer();
  });
  RawHttp busy(echo.port());
  if (!busy.send(get("/busy"))) return "the first client was not taken";
  while (echo.seen().empty()) std::this_thread::yield();
  TakenDescriptors taken;
  if (!taken.is_ok()) return "the descriptors did not run out";

  taken.give_back(1);
  std::optional<RawHttp> newcomer(echo.port());  // has the last one; the server has its spare
  std::optional<RawAnswer> answer = newcomer->read_answer();
  if (!answer || answer->status != 503) return "a newcomer was not told that there is no descriptor";
  if (answer->body.find("out of file descriptors") == std::string::npos) return "a newcomer was told something else";
  {
    Lock lock(mutex);
    is_released = true;
    changed.notify_all();
  }
  answer = busy.read_answer();
  if (!answer || answer->status != 200) return "who was served already lost the answer";

  newcomer.reset();
  if (busy.read_answer(milliseconds(100))) return "an answer that nobody asked for";  // until its worker let go of it
  newcomer.emplace(echo.port());
  if (!newcomer->send(get("/"))) return "the second newcomer was not taken";
  answer = newcomer->read_answer();
  if (!answer || answer->status != 200) return "an idle client did not make room for a newcomer";
  if (!busy.is_closed_within()) return "the idle client was kept";
  return nullptr;
}

// Who is told to go still has a descriptor for a moment, and as long as the clock stands nobody else is asked for one.
const char *serve_slow_ones_without_descriptors() {
  FakeClock clock;
  EchoServer echo({}, {}, {}, "127.0.0.1:0", &clock);
  std::list<RawHttp> slow;
  for (int i = 0; i < 20; ++i) {
    slow.emplace_back(echo.port());
    if (!slow.back().send("GET / HTTP/1.1\r\nHost: a\r\n")) return "a slow client was not taken";
    if (!ServerView::has_parked(i + 1)) return "a slow client was not parked";
    clock.advance(1);  // the first is the slowest
  }
  if (!ServerView(echo.port()).has_read_all()) return "the slow clients were not read";
  if (!ServerView::has_parked(20)) return "the slow clients still have a worker";
  TakenDescriptors taken;
  if (!taken.is_ok()) return "the descriptors did not run out";

  taken.give_back(1);
  RawHttp newcomer(echo.port());
  if (!newcomer.send(get("/"))) return "the newcomer could not send";
  std::optional<RawAnswer> answer = slow.front().read_answer();
  if (!answer || answer->status != 503) return "the slowest was not told to go";
  if (std::next(slow.begin())->read_answer(milliseconds(100))) return "one newcomer cost two of them their places";
  slow.pop_front();
  if (!ServerView::has_parked(19)) return "who has gone still has a descriptor";
  clock.advance(100);
  answer = newcomer.read_answer();
  if (!answer || answer->status != 200) return "the newcomer did not get the place of the slowest";
  if (!slow.back().send("\r\n")) return "the last of the slow ones could not send";
  answer = slow.back().read_answer();
  if (!answer || answer->status != 200) return "the last of the slow ones lost its place";
  return nullptr;
}

void expect_in_a_child(const char *(*scene)()) {
#ifdef BELLHOP_SANITIZED
  GTEST_SKIP() << "the sanitizer itself needs descriptors to look at an object, and takes it for broken without";
#endif
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const char *wrong = scene();
    if (wrong != nullptr) std::fprintf(stderr, "%s\n", wrong);
    ::_exit(wrong == nullptr ? 0 : 1);
  }

  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);

  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Slow, running_out_of_descriptors_is_survived) { expect_in_a_child(serve_without_descriptors); }

TEST(Slow, without_descriptors_a_newcomer_costs_one_slow_client_its_place) {
  expect_in_a_child(serve_slow_ones_without_descriptors);
}

TEST(Slow, all_threads_bear_their_names) {
  EchoServer echo;
  RawHttp client(echo.port());
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(client.read_answer());

  int lobbies_count = 0, workers_count = 0;
  for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    std::getline(file, name);
    if (name == "http-lobby") ++lobbies_count;
    if (name == "http-1") ++workers_count;
  }
  EXPECT_EQ(lobbies_count, 1);
  EXPECT_EQ(workers_count, 1);
}

}  // namespace
}  // namespace bellhop::core
