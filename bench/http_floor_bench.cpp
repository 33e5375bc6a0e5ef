// SPDX-License-Identifier: Apache-2.0
// The floor of our own HTTP server: core/http that reads the body, keeps nothing and answers 202. Its rival in the same
// run is poco_floor; figures stand in docs/decisions/0030.
//   http_floor_bench PORT [THREADS]
//   taskset -c 0 build/release/bench/http_floor_bench 8080 &
//   taskset -c 1 wrk -t1 -c64 -d8 -s bench/post.lua http://127.0.0.1:8080    (BENCH_PATH, BENCH_SAMPLE: see post.lua)
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "http/server.hpp"

using namespace bellhop::core;

int main(int count, char **words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: http_floor_bench PORT [THREADS]\n");
    return 64;
  }
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  SystemClock clock;
  Log log;
  HttpLimits limits;
  limits.connections_per_address_max = 0;
  limits.requests_per_connection_max = 1'000'000'000;
  if (count > 2) limits.threads_max = std::atoi(words[2]);
  auto server = HttpServer::open(
      std::string("127.0.0.1:") + words[1], limits, {},
      [](const HttpRequest &) {
        HttpAnswer answer;
        answer.status = 202;
        answer.body = "{\"status\":\"accepted\"}";
        return answer;
      },
      clock, log);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().sentence.c_str());
    return 1;
  }
  (*server)->start();
  int signal = 0;
  sigwait(&stop, &signal);
  (*server)->stop(1000);
  return 0;
}
