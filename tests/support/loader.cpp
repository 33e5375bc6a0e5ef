// SPDX-License-Identifier: Apache-2.0
#include "support/loader.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "support/daemon_process.hpp"

namespace bellhop::test {

HttpClient::HttpClient(int port) : port_(port) {}

HttpClient::~HttpClient() {
  if (socket_ >= 0) close(socket_);
}

bool HttpClient::connect() {
  if (socket_ >= 0) return true;
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{10, 0};
  const int yes = 1;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0) return true;
  close(socket_);
  socket_ = -1;
  return false;
}

HttpClient::Answer HttpClient::request(const std::string &method, const std::string &path, const std::string &body,
                                       const std::string &content_type) {
  Answer answer;
  if (!connect()) return answer;
  const std::string message = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + content_type +
                              "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  std::string in;
  bool is_broken = send(socket_, message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size());
  std::size_t head_end = std::string::npos, wanted = 0;
  char buffer[16384];
  while (!is_broken) {
    if (head_end == std::string::npos) {
      head_end = in.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        const auto at = in.find("Content-Length: ");
        wanted = head_end + 4 + (at < head_end ? std::strtoul(in.c_str() + at + 16, nullptr, 10) : 0);
      }
    }
    if (head_end != std::string::npos && in.size() >= wanted) break;
    const ssize_t size = recv(socket_, buffer, sizeof buffer, 0);
    if (size <= 0) is_broken = true;
    if (size > 0) in.append(buffer, static_cast<std::size_t>(size));
  }
  if (!is_broken) {
    answer.status = std::atoi(in.c_str() + 9);
    answer.head = in.substr(0, head_end);
    answer.body = in.substr(head_end + 4);
  }
  if (is_broken || answer.head.find("Connection: close") != std::string::npos) {
    close(socket_);
    socket_ = -1;
  }
  return answer;
}

std::int64_t number_in(const std::string &json, const std::string &member) {
  const auto at = json.find("\"" + member + "\":");
  return at == std::string::npos ? -1 : std::strtoll(json.c_str() + at + member.size() + 3, nullptr, 10);
}

std::string text_in(const std::string &json, const std::string &member) {
  const auto at = json.find("\"" + member + "\":\"");
  if (at == std::string::npos) return "";
  const auto begin = at + member.size() + 4;
  return json.substr(begin, json.find('"', begin) - begin);
}

std::string sample_body(const std::string &booking, std::int64_t number, const std::string &action) {
  static const std::string sample =
      contents(std::string(BELLHOP_TEST_DATA) + "/payloads/legacy_booking_confirmed.json");
  std::string body = sample;
  for (auto at = body.find("BOOKING_ID"); at != std::string::npos; at = body.find("BOOKING_ID", at + booking.size())) {
    body.replace(at, 10, booking);
  }
  body.replace(body.find("\"id\": 1,"), 8, "\"id\": " + std::to_string(number) + ",");
  body.replace(body.find("\"confirmed\""), 11, "\"" + action + "\"");
  return body;
}

void Loader::start(int port, const std::string &path) {
  is_stopping_ = false;
  for (int i = 0; i < threads_count_; ++i) threads_.emplace_back([this, port, path] { work(port, path); });
}

void Loader::stop() {
  is_stopping_ = true;
  for (std::thread &thread : threads_) thread.join();
  threads_.clear();
}

std::vector<Acknowledged> Loader::acknowledged() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return acknowledged_;
}

void Loader::work(int port, const std::string &path) {
  HttpClient client(port);
  while (!is_stopping_) {
    const std::int64_t number = next_number_++;
    const std::string action = number % mixed_every_ == 0 ? mixed_action_ : "confirmed";
    const auto answer = client.post(path, sample_body("B" + std::to_string(number % subjects_count_), number, action));
    if (answer.status == 0) return;  // the daemon is gone
    if (answer.status != 202) {
      ++refused_count_;
      if (answer.status != 503) ++odd_count_;
      continue;
    }
    Acknowledged ack{number, number_in(answer.body, "seq"), text_in(answer.body, "id"),
                     std::chrono::steady_clock::now()};
    ++acknowledged_count_;
    const std::lock_guard<std::mutex> lock(mutex_);
    acknowledged_.push_back(ack);
  }
}

}  // namespace bellhop::test
