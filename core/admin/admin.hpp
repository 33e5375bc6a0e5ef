// SPDX-License-Identifier: Apache-2.0
// AdminApi: what the operator may ask of the running daemon, as JSON under /v1. Its door is a Unix socket
// (STATE/admin.sock, mode 0660): whoever may open the socket may ask everything, so there is no second credential here.
// Never put it on a TCP port: /v1/status tells the webhook URLs with their tokens.
//
//   GET  /v1/status                        the daemon, its webhook URLs, its instances, its journal
//   GET  /v1/events?limit=&type=&before=&after=&quarantined=     newest first; "next" is the `before` of the next page
//   GET  /v1/events/REF                    id, unique prefix of 6 or more, or seq: headers, raw body, event, deliveries
//   GET  /v1/events/REF/body, …/event      the bytes as received; the canonical document, byte for byte
//   GET  /v1/explain/REF                   each instance: why it ran or did not, its attempts, when the next comes
//   GET  /v1/instances                     as configured, as running and as the journal knows them
//   GET  /v1/instances/NAME/kv, …/documents?after=&limit=        what it keeps: keys, paths and sizes
//   POST /v1/instances/NAME/health         asks its plugin whether the destination works
//   POST /v1/instances/NAME/run {"command":NAME,"arguments":{…}}
//   GET  /v1/dead?instance=&type=&before=&limit=                 dead letters, newest first
//   POST /v1/dead/drop {"event":REF,"instance":NAME} | {"all":true,"instance":NAME,"type":GLOB}
//   POST /v1/replay {"event":REF,"instance":NAME}   without a name: every instance that has been offered the event
//   POST /v1/replay {"from","to","type","instance","only_dead","preview","after"}   a range, page by page
//   POST /v1/forget {"email":ADDRESS}      erases a person
//   POST /v1/verify                        reads the whole journal; may take minutes
//   GET  /metrics, /health                 for machines that poll: admin/monitor.hpp
//
// Every answer is a JSON object; a refusal is problem+json whose `detail` says what to do. Stored documents are
// embedded as they are, never parsed and written again. docs/cli.md documents the members: they are a contract, they
// only grow.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "admin/rooms.hpp"

namespace bellhop::core {

class AdminApi {
 public:
  static constexpr int slow_max = 4;  // verify, forget, health and run at once; they may take minutes

  // All of them outlive this object. The Log hears of every change and every verify: an audit trail.
  AdminApi(Inspect &inspect, Journal &journal, Upkeep &upkeep, const Control &control, const Clock &clock,
           const Log &log);

  // The limits of a listener that serves one operator: few threads, small bodies, no cap per address.
  static HttpLimits limits();

  HttpAnswer on_request(const HttpRequest &request);  // [any]

 private:
  HttpAnswer status() const;
  HttpAnswer events(const HttpRequest &request) const;
  HttpAnswer event(std::string_view reference) const;
  HttpAnswer instances() const;
  HttpAnswer verify() const;
  HttpAnswer of_instance(const HttpRequest &request, std::string_view rest);
  // One of the slow pages, unless slow_max of them are under way.
  HttpAnswer slowly(const HttpRequest &request, const std::function<HttpAnswer()> &page);

  const AdminRooms rooms_;
  std::atomic<int> slow_count_{0};
};

}  // namespace bellhop::core
