// SPDX-License-Identifier: Apache-2.0
#include "whole_house.hpp"

#include <rapidjson/document.h>
#include <sqlite3.h>

#include <csignal>

#include "support/loader.hpp"
#include "support/raw_http.hpp"

namespace bellhop::test {
namespace {

// Waits are short, because what is shown is what follows from failures and not how long one waits after them.
const char *const instance_rules = R"(
start = "beginning"
[instance.{}.retry]
backoff_min = "10ms"
backoff_max = "40ms"
retry_after_max = "20ms"
[instance.{}.breaker]
pause_min = "10ms"
pause_max = "40ms"
successes_min = 1
[instance.{}.settings]
)";

std::string instance(const std::string &name, const std::string &plugin, const std::string &settings) {
  std::string rules = instance_rules;
  for (std::size_t at; (at = rules.find("{}")) != std::string::npos;) rules.replace(at, 2, name);
  return "[instance." + name + "]\nplugin = \"" + plugin + "\"" + rules + settings + "\n";
}

}  // namespace

ForwardVendor::ForwardVendor() {
  server_.serve([this](const core::RecordedRequest &request) {
    return with_fault(plan_ ? plan_() : Fault{}, [&] { return answer(request); });
  });
}

std::string ForwardVendor::answer(const core::RecordedRequest &request) {
  const std::string id = request.header("webhook-id");
  if (request.method != "POST" || request.target != "/hook" || id.empty() ||
      request.header("webhook-signature").rfind("v1,", 0) != 0 || !request.header("X-Injected").empty()) {
    complaints_.push_back("no signed event: " + request.method + " " + request.target);
    return http_answer(400, "");
  }
  for (const Received &one : received_) {
    if (one.id != id) continue;
    if (one.body != request.body) complaints_.push_back("two bodies of " + id);
    return http_answer(200, "");
  }
  received_.push_back({id, request.body});
  return http_answer(200, "");
}

void WholeHouse::fail_by(std::uint64_t seed) {
  constexpr int percent = 30;
  slack.fail_by(random_faults(seed, percent));
  hubspot.fail_by(random_faults(seed + 1, percent));
  caldav.fail_by(random_faults(seed + 2, percent));
  receiver.fail_by(random_faults(seed + 3, percent));
}

int WholeHouse::stop() {
  daemon_->kill(SIGTERM);
  return daemon_->wait();
}

WholeHouse::WholeHouse(const HouseEnds &ends) {
  const std::string crm = ends.crm_settings.empty()
                              ? "driver = \"hubspot\"\ntoken = \"pat-s3cr3t\"\nurl = \"" + hubspot.url() + "\""
                              : ends.crm_settings;
  const std::string calendar = ends.caldav_url.empty() ? caldav.url() : ends.caldav_url;

  const std::string config =
      R"(
state_dir = "{state}"
plugin_dirs = [")" BELLHOP_PLUGIN_DIR R"("]
[http]
listen = "127.0.0.1:0"
[source.appointlet]
tokens = ["0123456789abcdef0123456789abcdef"]
[egress]
first_byte_timeout = "4s"
)" + instance("log", "sqlite", "") +
      instance("slack", "slack",
               "token = \"xoxb-s3cr3t\"\nchannel = \"C0GENERAL\"\ndigest_above = 0\nutm = true\napi_url = \"" +
                   slack.api_url() + "\"") +
      instance("crm", "crm", crm) +
      instance("calendar", "calendar",
               "directories = [\"ics/\"]\nsource = \"local\"\nrebuild_seconds = 1\n"
               "past_days = 36500\nfuture_days = 36500\nkeep_days = 36500\n"
               "caldav = [{ url = \"" +
                   calendar + "\", username = \"ann\", password = \"s3cr3t\" }]") +
      instance("forward", "forward",
               "secrets = [\"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"]\nurl = \"" + receiver.url() + "\"");
  daemon_ = std::make_unique<DaemonProcess>(directory_.path(), config);
}

int WholeHouse::post(const std::string &body) {
  HttpClient http(daemon_->port());
  return http.post(daemon_->path(), body).status;
}

std::string WholeHouse::admin(const std::string &path) const {
  core::RawHttp http((daemon_->state() / "admin.sock").string());
  if (!http.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")) return "";
  return http.read_answer().value_or(core::RawAnswer{}).body;
}

std::string WholeHouse::published(const std::string &url) const {
  core::RawHttp http(daemon_->port());
  const std::size_t path = url.find("/pub/");
  if (path == std::string::npos) return "";
  if (!http.send("GET " + url.substr(path) + " HTTP/1.1\r\nHost: x\r\n\r\n")) return "";
  const core::RawAnswer answer = http.read_answer().value_or(core::RawAnswer{});
  return answer.status == 200 ? answer.body : "";
}

std::string WholeHouse::wait_until_delivered(std::int64_t events_count) {
  std::string missing;
  const auto is_done = [&] {
    missing.clear();
    rapidjson::Document answer;
    answer.Parse(admin("/v1/instances").c_str());
    if (answer.HasParseError() || !answer.IsObject() || !answer.HasMember("instances")) return missing = "?", false;
    for (const auto &one : answer["instances"].GetArray()) {
      const auto number = [&](const char *name) { return one[name].GetInt64(); };
      if (number("delivered") == events_count && number("waiting") == 0) continue;
      missing += std::string(one["name"].GetString()) + ": " + std::to_string(number("delivered")) + " delivered, " +
                 std::to_string(number("waiting")) + " waiting, " + std::to_string(number("dead")) + " dead; ";
    }
    return missing.empty();
  };
  eventually(is_done, std::chrono::seconds(60));
  return missing;
}

Ran WholeHouse::bellhop(std::vector<std::string> words) const {
  words.insert(words.begin(), program("bellhop"));
  return run(words, {{"BELLHOP_SOCKET", (daemon_->state() / "admin.sock").string()}});
}

std::string WholeHouse::ask(const std::string &sql, const std::string &argument) const {
  sqlite3 *handle = nullptr;
  sqlite3_stmt *statement = nullptr;
  std::string rows;
  if (sqlite3_open_v2(file_of("log", "bookings.db").c_str(), &handle, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK &&
      sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK) {
    sqlite3_bind_text(statement, 1, argument.data(), static_cast<int>(argument.size()), SQLITE_STATIC);
    while (sqlite3_step(statement) == SQLITE_ROW) {
      if (!rows.empty()) rows += '\n';
      for (int column = 0; column < sqlite3_column_count(statement); ++column) {
        if (column > 0) rows += '|';
        const void *bytes = sqlite3_column_blob(statement, column);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
        if (bytes != nullptr) rows.append(static_cast<const char *>(bytes), size);
      }
    }
  } else {
    rows = std::string("cannot ask: ") + sqlite3_errmsg(handle);
  }
  sqlite3_finalize(statement);
  sqlite3_close(handle);
  return rows;
}

}  // namespace bellhop::test
