// SPDX-License-Identifier: Apache-2.0
// AdminApi: what the operator may ask of the running daemon, as JSON under /v1. Its door is a Unix socket
// (STATE/admin.sock, mode 0660): whoever may open the socket may ask everything, so there is no second credential here.
// Never put it on a TCP port: /v1/status tells the webhook URLs with their tokens.
//
//   GET  /v1/status                        the daemon, its webhook URLs, its instances
//   GET  /v1/events?limit=&type=&before=&after=&quarantined=     newest first; "next" is the `before` of the next page
//   GET  /v1/events/REF                    id, unique prefix of 6 or more, or seq: headers, raw body, event, deliveries
//   GET  /v1/events/REF/body, …/event      the bytes as received; the canonical document, byte for byte
//   GET  /v1/instances                     as configured, as running and as the journal knows them
//   GET  /v1/dead?limit=                   dead letters, newest first
//   POST /v1/replay {"event":REF,"instance":NAME}   without a name: every instance that has been offered the event
//   POST /v1/verify                        reads the whole journal; may take minutes
//   GET  /metrics, /health                 for machines that poll: admin/monitor.hpp
//
// Every answer is a JSON object; a refusal is problem+json whose `detail` says what to do. Stored documents are
// embedded as they are, never parsed and written again. docs/cli.md documents the members: they are a contract, they
// only grow.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "control/control.hpp"
#include "http/server.hpp"
#include "journal/inspect.hpp"
#include "journal/journal.hpp"

namespace bellhop::core {

class AdminApi {
 public:
  // All of them outlive this object. The Log hears of every replay and every verify: an audit trail.
  AdminApi(Inspect &inspect, Journal &journal, const Control &control, const Clock &clock, const Log &log);

  // The limits of a listener that serves one operator: few threads, small bodies, no cap per address.
  static HttpLimits limits();

  HttpAnswer on_request(const HttpRequest &request);  // [any]

 private:
  HttpAnswer status() const;
  HttpAnswer events(const HttpRequest &request) const;
  HttpAnswer event(std::string_view reference) const;
  HttpAnswer instances() const;
  HttpAnswer dead(const HttpRequest &request) const;
  HttpAnswer replay(const HttpRequest &request);
  HttpAnswer verify() const;

  Inspect &inspect_;
  Journal &journal_;
  const Control &control_;
  const Clock &clock_;
  const Log &log_;
};

}  // namespace bellhop::core
