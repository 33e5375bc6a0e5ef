// SPDX-License-Identifier: Apache-2.0
// The client oracle: posts bookings over real sockets and remembers what was acknowledged, and when. What it remembers
// is the truth that the journal and the plugins are compared with.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bellhop::test {

// One keep-alive connection to 127.0.0.1.
class HttpClient {
 public:
  explicit HttpClient(int port);
  ~HttpClient();
  HttpClient(const HttpClient &) = delete;
  HttpClient &operator=(const HttpClient &) = delete;

  struct Answer {
    int status = 0;  // 0: the connection broke
    std::string head, body;
  };
  Answer request(const std::string &method, const std::string &path, const std::string &body,
                 const std::string &content_type = "application/json");
  Answer post(const std::string &path, const std::string &body) { return request("POST", path, body); }

 private:
  bool connect();
  int port_;
  int socket_ = -1;
};

// The member "seq" (or any other number) of a small JSON answer; -1 when it is not there.
std::int64_t number_in(const std::string &json, const std::string &member);
std::string text_in(const std::string &json, const std::string &member);

// The vendor's sample as booking `booking`, notification `number`; both show in the event.
std::string sample_body(const std::string &booking, std::int64_t number, const std::string &action = "confirmed");

struct Acknowledged {
  std::int64_t number = 0;  // of the loader
  std::int64_t seq = 0;
  std::string id;
  std::chrono::steady_clock::time_point at;
};

// Posts with some threads until stopped. Notification numbers are unique over the life of the object; a number whose
// answer never came is not posted again.
class Loader {
 public:
  // Notifications are numbered from `first_number`, so that two loaders never send the same bytes.
  Loader(int threads_count, int subjects_count, std::int64_t first_number = 1)
      : threads_count_(threads_count), subjects_count_(subjects_count), next_number_(first_number) {}
  ~Loader() { stop(); }

  // Every so many-th notification has this action instead of "confirmed". Before start().
  void mix_in(const std::string &action, std::int64_t every) {
    mixed_action_ = action;
    mixed_every_ = every;
  }
  void start(int port, const std::string &path);
  void stop();
  std::vector<Acknowledged> acknowledged();
  std::int64_t acknowledged_count() const { return acknowledged_count_; }
  std::int64_t refused_count() const { return refused_count_; }
  // Answers that were neither 202 nor 503.
  std::int64_t odd_count() const { return odd_count_; }

 private:
  void work(int port, const std::string &path);

  const int threads_count_, subjects_count_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::int64_t> next_number_, acknowledged_count_{0}, refused_count_{0}, odd_count_{0};
  std::string mixed_action_ = "confirmed";
  std::int64_t mixed_every_ = 1;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::vector<Acknowledged> acknowledged_;
};

}  // namespace bellhop::test
