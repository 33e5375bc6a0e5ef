// SPDX-License-Identifier: Apache-2.0
// Connection: one turn of one visitor on a worker thread. Reads what is there, answers complete requests in order, and
// gives the visitor back to the lobby as soon as there is nothing to do for it.
//
// A worker waits at most 10 ms for a visitor, and one worker in eight never does: that keeps a busy keep-alive
// connection on its thread (two system calls a request) without letting slow ones hold all threads. Who had many
// requests in one turn makes room for those who wait. All longer waits, and their deadlines, are the lobby's.
#pragma once

#include <Poco/Net/TCPServerConnection.h>
#include <Poco/Net/TCPServerConnectionFactory.h>

#include <atomic>

#include "http/lobby.hpp"
#include "http/server.hpp"
#include "http/visitor.hpp"

namespace bellhop::core {

// What all connections of one server share.
struct ServerRoom {
  ServerRoom(HttpLimits limits_used, HeadHandler head_used, Handler handler_used, const Clock &clock_used,
             const Log &log_used)
      : limits(std::move(limits_used)),
        head(std::move(head_used)),
        handler(std::move(handler_used)),
        clock(clock_used),
        log(log_used),
        budget(limits.bodies_bytes_max) {}

  const HttpLimits limits;
  const HeadHandler head;
  const Handler handler;
  const Clock &clock;
  const Log &log;
  HttpCounters counters;
  BodyBudget budget;
  std::atomic<int> lingering_count{0};  // workers that wait for the next bytes of a visitor
  std::atomic<int> names_count{0};      // worker threads named so far
  std::unique_ptr<Lobby> lobby;
};

class Connection final : public Poco::Net::TCPServerConnection {
 public:
  Connection(const Poco::Net::StreamSocket &socket, ServerRoom &room);
  void run() override;

 private:
  enum class Next { again, park, leave };

  Next step();
  Next read_head();
  Next on_head_complete();
  Next read_body();
  Next respond();
  Next refuse(const Refusal &refusal);
  Next answer(const HttpAnswer &answer);
  Next send_answer();
  Next begin_next_request();
  Next receive();
  Next time_out();
  bool charge(std::int64_t bytes);
  template <class Call>
  HttpAnswer guarded(Call call);
  void enter(Phase phase, Milliseconds within_ms);

  ServerRoom &room_;
  Visitor &visitor_;
  int served_in_turn_count_ = 0;
};

class ConnectionFactory final : public Poco::Net::TCPServerConnectionFactory {
 public:
  explicit ConnectionFactory(ServerRoom &room) : room_(room) {}
  Poco::Net::TCPServerConnection *createConnection(const Poco::Net::StreamSocket &socket) override {
    return new Connection(socket, room_);
  }

 private:
  ServerRoom &room_;
};

}  // namespace bellhop::core
