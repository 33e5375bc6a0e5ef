// SPDX-License-Identifier: Apache-2.0
#include "trace.hpp"

#include <bellhop/http.hpp>

namespace slack {
namespace {

using bellhop::Json;
using bellhop::Obj;
using bellhop::percent_encoded;

constexpr int messages_per_page = 200;  // Slack asks for no more

std::string type_of(const Trace &trace) { return "bellhop_" + std::string(trace.what); }

}  // namespace

Obj metadata_of(const Trace &trace) {
  return Obj().set("event_type", type_of(trace)).set("event_payload", Obj().set("event", trace.event_id));
}

std::string arguments_of(std::string_view channel, std::string_view thread_ts, std::int64_t oldest_s,
                         std::string_view cursor) {
  std::string out = "channel=" + percent_encoded(channel) + "&include_all_metadata=true";
  out += "&limit=" + std::to_string(messages_per_page) + "&oldest=" + std::to_string(oldest_s) + ".000000";
  if (!thread_ts.empty()) out += "&ts=" + percent_encoded(thread_ts);
  if (!cursor.empty()) out += "&cursor=" + percent_encoded(cursor);
  return out;
}

Page read_page(const Json &root, const Trace &trace) {
  Page page;
  const std::string type = type_of(trace);
  for (const Json &message : root["messages"]) {
    const Json metadata = message["metadata"];
    if (metadata["event_type"].text() != type || metadata["event_payload"]["event"].text() != trace.event_id) continue;
    page.ts = message["ts"].str();
  }
  if (page.ts.empty()) page.next_cursor = root["response_metadata"]["next_cursor"].str();
  return page;
}

}  // namespace slack
