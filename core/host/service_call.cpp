// SPDX-License-Identifier: Apache-2.0
#include "host/service_call.hpp"

#include <bellhop/plugin.h>

#include "host/desk.hpp"

namespace bellhop::core {

namespace {

static_assert(static_cast<int>(HttpFailure::invalid) == BHP_E_INVALID);
static_assert(static_cast<int>(HttpFailure::timeout) == BHP_E_TIMEOUT);
static_assert(static_cast<int>(HttpFailure::connect) == BHP_E_CONNECT);
static_assert(static_cast<int>(HttpFailure::tls) == BHP_E_TLS);
static_assert(static_cast<int>(HttpFailure::denied) == BHP_E_DENIED);
static_assert(static_cast<int>(HttpFailure::cancelled) == BHP_E_CANCELLED);
static_assert(static_cast<int>(HttpFailure::too_large) == BHP_E_TOO_LARGE);

std::int32_t error_of(Kind kind) {
  switch (kind) {
    case Kind::invalid:
      return BHP_E_INVALID;
    case Kind::not_found:
      return BHP_E_NOT_FOUND;
    case Kind::too_large:
      return BHP_E_TOO_LARGE;
    case Kind::full:
      return BHP_E_FULL;
    case Kind::timeout:
      return BHP_E_TIMEOUT;
    case Kind::denied:
      return BHP_E_DENIED;
    case Kind::conflict:
    case Kind::unavailable:
    case Kind::corrupt:
    case Kind::internal:
      return BHP_E_UNAVAILABLE;
  }
  return BHP_E_UNAVAILABLE;
}

}  // namespace

ServiceReply cancelled_reply() {
  ServiceReply reply;
  reply.error = BHP_E_CANCELLED;
  reply.http.failure = HttpFailure::cancelled;
  reply.http.sentence = "the request was cancelled: the instance is being stopped";
  return reply;
}

void carry(Desk &desk, const Caller &caller, ServiceCall call, std::function<void(ServiceReply)> done) {
  if (auto *http = std::get_if<HttpCall>(&call)) {
    return desk.http(caller, std::move(*http), [done = std::move(done)](HttpReply answer) {
      ServiceReply reply;
      reply.error = static_cast<std::int32_t>(answer.failure);
      reply.http = std::move(answer);
      done(std::move(reply));
    });
  }
  if (auto *get = std::get_if<KvGet>(&call)) {
    return desk.kv_get(caller, std::move(get->key), [done = std::move(done)](Result<std::optional<std::string>> got) {
      ServiceReply reply;
      if (got) {
        reply.value = std::move(got).value();
      } else {
        reply.error = error_of(got.error().kind);
      }
      done(std::move(reply));
    });
  }
  if (auto *list = std::get_if<KvList>(&call)) {
    return desk.kv_list(caller, std::move(list->prefix), std::move(list->after), static_cast<int>(list->count_max),
                        [done = std::move(done)](Result<KvEntries> got) {
                          ServiceReply reply;
                          if (got) {
                            reply.entries = std::move(got).value();
                          } else {
                            reply.error = error_of(got.error().kind);
                          }
                          done(std::move(reply));
                        });
  }
  desk.write(caller, std::get<Staged>(std::move(call)), [done = std::move(done)](Result<void> written) {
    ServiceReply reply;
    if (!written) reply.error = error_of(written.error().kind);
    done(std::move(reply));
  });
}

}  // namespace bellhop::core
