// SPDX-License-Identifier: Apache-2.0
// The rival to measure against: stock Poco HTTPServer that reads the body, keeps nothing and answers 202.
//   poco_floor PORT [THREADS]
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/ThreadPool.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

class Accept final : public Poco::Net::HTTPRequestHandler {
 public:
  void handleRequest(Poco::Net::HTTPServerRequest &request, Poco::Net::HTTPServerResponse &response) override {
    char buffer[16384];
    std::istream &body = request.stream();
    while (body.read(buffer, sizeof buffer) || body.gcount() > 0) {
    }
    static const char answer[] = "{\"status\":\"accepted\"}";
    response.setStatus(Poco::Net::HTTPResponse::HTTP_ACCEPTED);
    response.setContentType("application/json");
    response.sendBuffer(answer, sizeof answer - 1);
  }
};

class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  Poco::Net::HTTPRequestHandler *createRequestHandler(const Poco::Net::HTTPServerRequest &) override {
    return new Accept;
  }
};

}  // namespace

int main(int count, char **words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: poco_floor PORT [THREADS]\n");
    return 64;
  }
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  const int threads = count > 2 ? std::atoi(words[2]) : 64;
  Poco::ThreadPool pool(threads, threads);
  Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", static_cast<Poco::UInt16>(std::atoi(words[1]))));
  auto *params = new Poco::Net::HTTPServerParams;
  params->setMaxThreads(threads);
  params->setMaxQueued(1000);
  params->setKeepAlive(true);
  params->setMaxKeepAliveRequests(0);
  Poco::Net::HTTPServer server(new Factory, pool, socket, params);
  server.start();
  int signal = 0;
  sigwait(&stop, &signal);
  server.stopAll(true);
  return 0;
}
