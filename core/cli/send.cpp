// SPDX-License-Identifier: Apache-2.0
#include "cli/send.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "base/log.hpp"
#include "cli/ask_commands.hpp"
#include "cli/daemon_client.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"
#include "cli/json_view.hpp"
#include "cli/template.hpp"
#include "source/source.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

constexpr std::size_t file_bytes_max = 64u << 20;

// An error with the exit code that fits it better than that of its kind.
struct BadFile {
  int code = exit_ok;
  Error error;
};

bool is_type(const std::string &what) {
  const auto types = template_types();
  return std::find(types.begin(), types.end(), what) != types.end();
}

std::string types_sentence() {
  std::string out;
  for (const std::string &type : template_types()) out += (out.empty() ? "" : ", ") + type;
  return out;
}

Result<std::string> read_file(const std::string &name) {
  std::string bytes;
  if (name == "-") {
    bytes.assign(std::istreambuf_iterator<char>(std::cin), {});
    return bytes;
  }
  std::error_code failed;
  if (std::filesystem::is_directory(name, failed)) return Error{Kind::invalid, name + " is a directory"};
  std::ifstream file(name, std::ios::binary);
  if (!file) {
    const std::string nearest = nearest_name(name, template_types());
    return Error{Kind::invalid, "\"" + name + "\" is neither a type nor a file that can be read" +
                                    (nearest.empty() ? "" : "; did you mean " + nearest + "?") +
                                    " Types: " + types_sentence()};
  }
  bytes.assign(std::istreambuf_iterator<char>(file), {});
  if (bytes.size() > file_bytes_max) return Error{Kind::invalid, name + " is larger than 64 MiB"};
  return bytes;
}

std::string place(const std::string &name, const TextPosition &at) {
  return (name == "-" ? "standard input" : name) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

// What the daemon would say to these bytes, said here and with the file's name.
std::optional<Error> find_fault(const std::string &name, const std::string &bytes) {
  if (const StraySpaces stray = find_stray_spaces(bytes); stray.count > 0) {
    return Error{Kind::invalid,
                 place(name, position_of(bytes, stray.first)) +
                     ": a no-break space (U+00A0) stands where JSON allows " + "only plain white space, here and at " +
                     std::to_string(stray.count - 1) + " more places; text " +
                     "copied from a help page often has them. Send it with --repair to put plain spaces there"};
  }
  const Normalize normalize = find_source_kind("appointlet");
  const Outcome outcome = normalize(Body{"check", bytes, 0, 128});
  if (const auto *rejection = std::get_if<Rejection>(&outcome)) {
    return Error{Kind::invalid,
                 place(name, {rejection->line, rejection->column}) + ": this is not JSON: " + rejection->expected +
                     (rejection->hint.empty() ? "" : "; " + rejection->hint) + ". To send it all the same: --as-is"};
  }
  return std::nullopt;
}

// Makes the bodies: the file's bytes each time, or a fresh booking each time.
class Bodies {
 public:
  Bodies(const SendOptions &options, Random &random) : options_(options), random_(random) {}

  // Reads and checks the file, if it is one.
  std::optional<BadFile> open(const Screen &screen) {
    if (is_type(options_.what)) return std::nullopt;
    auto bytes = read_file(options_.what);
    if (!bytes) return BadFile{exit_no_input, bytes.error()};
    file_ = *std::move(bytes);
    if (options_.is_as_is) return std::nullopt;
    if (const StraySpaces stray = find_stray_spaces(file_); options_.is_repairing && stray.count > 0) {
      file_ = repair_stray_spaces(file_);
      screen.err << "repaired " << stray.count << " no-break spaces (U+00A0); the file is left as it is\n";
    }
    if (auto fault = find_fault(options_.what, file_)) return BadFile{exit_data, *std::move(fault)};
    return std::nullopt;
  }

  Result<std::string> next(Milliseconds now_ms) {
    const auto body = is_type(options_.what) ? sample_body(options_.what, options_.dialect, now_ms, random_)
                                             : Result<std::string>(file_);
    if (!body) return body.error();
    return set_members(*body, options_.sets);
  }

 private:
  const SendOptions &options_;
  Random &random_;
  std::string file_;
};

// The webhook URL: as given, or the running daemon's own.
Result<std::string> find_url(const SendOptions &options, const Surroundings &surroundings) {
  if (!options.url.empty()) return options.url;
  auto daemon = DaemonClient::find(options.where, surroundings, options.timeout_ms);
  if (!daemon) return daemon.error();
  const auto status = daemon->get("/v1/status");
  if (!status) return status.error();
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(status->data(), status->size());
  if (document.HasParseError()) return Error{Kind::internal, "/v1/status did not answer with JSON"};
  std::string names;
  for (const JsonValue &one : list(document, "webhook_urls").GetArray()) {
    if (!one.IsString()) continue;
    const std::string url = one.GetString();
    const std::size_t begin = url.find("/hooks/") + 7;
    const std::string name = url.substr(begin, url.find('/', begin) - begin);
    if (options.source.empty() || options.source == name) return url;
    names += (names.empty() ? "" : ", ") + name;
  }
  if (names.empty())
    return Error{Kind::not_found, "the running bellhopd has no source: add [source.NAME] to its config"};
  return Error{Kind::not_found, "the running bellhopd has no source \"" + options.source + "\"; it has " + names};
}

struct Tally {
  std::int64_t accepted = 0, duplicates = 0, quarantined = 0, refused = 0, later = 0;
  std::vector<double> took_ms;

  int code() const { return refused > 0 ? exit_refused : later > 0 ? exit_later : exit_ok; }
};

std::string milliseconds_text(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", ms);
  return text;
}

void print_json_line(const Reply &reply, bool is_json_body, const Screen &screen) {
  char head[64];
  std::snprintf(head, sizeof head, "{\"status\":%d,\"took_ms\":%.3f,\"answer\":", reply.status, reply.took_ms);
  std::string body = is_json_body ? reply.body : "null";
  body.erase(std::remove_if(body.begin(), body.end(), [](char c) { return c == '\n' || c == '\r'; }), body.end());
  screen.out << head << body << "}\n" << std::flush;
}

// One line, and its mark in the tally.
void print_answer(const Reply &reply, const SendOptions &options, const Screen &screen, Tally &tally) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(reply.body.data(), reply.body.size());
  const bool is_json_body = !document.HasParseError();
  const std::string status = is_json_body ? text(document, "status") : "";
  const bool is_taken = reply.status >= 200 && reply.status < 300;
  const bool is_later = reply.status == 408 || reply.status == 429 || reply.status == 503;
  ++(!is_taken                 ? (is_later ? tally.later : tally.refused)
     : status == "duplicate"   ? tally.duplicates
     : status == "quarantined" ? tally.quarantined
                               : tally.accepted);
  tally.took_ms.push_back(reply.took_ms);
  if (options.is_json) return print_json_line(reply, is_json_body, screen);
  if (is_taken) {
    const Colour colour = status == "accepted" ? Colour::good : Colour::warning;
    screen.out << reply.status << ' ' << screen.paint(printable(status.empty() ? "taken" : status), colour);
    const std::string id = is_json_body ? text(document, "id") : "";
    if (!id.empty()) screen.out << "  id " << printable(id) << "  seq " << number(document, "seq");
    screen.out << "  " << milliseconds_text(reply.took_ms) << '\n' << std::flush;
    return;
  }
  screen.out << reply.status << ' ' << screen.paint("refused", Colour::bad) << "  " << milliseconds_text(reply.took_ms)
             << "  " << printable(problem_detail(reply));
  if (!reply.retry_after.empty()) screen.out << " (try again after " << printable(reply.retry_after) << " s)";
  if (reply.status == 404) screen.out << "; `bellhop status` prints the whole URL with its token";
  screen.out << '\n' << std::flush;
}

void print_summary(Tally &tally, double seconds, const Screen &screen) {
  std::sort(tally.took_ms.begin(), tally.took_ms.end());
  const auto at = [&](std::size_t percent) {
    return milliseconds_text(tally.took_ms[(tally.took_ms.size() - 1) * percent / 100]);
  };
  screen.err << tally.took_ms.size() << " sent in " << milliseconds_text(seconds * 1000) << ": " << tally.accepted
             << " accepted, " << tally.duplicates << " duplicates, " << tally.quarantined << " quarantined, "
             << tally.refused + tally.later << " refused; p50 " << at(50) << ", p99 " << at(99) << ", max " << at(100)
             << '\n';
}

int send_all(const SendOptions &options, const WebAddress &address, Bodies &bodies, const Screen &screen) {
  HttpClient client = HttpClient::to_address(address);
  const SystemClock clock;
  const auto begin = std::chrono::steady_clock::now();
  Tally tally;
  for (int i = 0; i < options.count; ++i) {
    if (options.rate_per_s > 0) {
      std::this_thread::sleep_until(begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                std::chrono::duration<double>(i / options.rate_per_s)));
    }
    const auto body = bodies.next(clock.wall_ms());
    if (!body) return complain(screen, body.error());
    const auto reply = client.ask("POST", address.target, *body, options.timeout_ms);
    if (!reply) {
      return complain(screen, {reply.error().kind, "post to " + reply.error().sentence + " (after " +
                                                       std::to_string(i) + " answers); is bellhopd listening there?"});
    }
    print_answer(*reply, options, screen, tally);
    if (!screen.out) break;  // nobody reads any more: `bellhop send … | head`
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (options.count > 1) print_summary(tally, seconds, screen);
  return tally.code();
}

}  // namespace

int run_send(const SendOptions &options, const Surroundings &surroundings, const Screen &screen, Random &random) {
  Bodies bodies(options, random);
  if (const auto refusal = bodies.open(screen)) {
    complain(screen, refusal->error);
    return refusal->code;
  }
  const auto first = bodies.next(SystemClock().wall_ms());  // a wrong dialect or --set before anything is asked or sent
  if (!first) return complain(screen, first.error());
  if (options.is_dry) {
    screen.out << *first << '\n';
    return exit_ok;
  }
  const auto url = find_url(options, surroundings);
  if (!url) return complain(screen, url.error());
  const auto address = parse_web_address(*url);
  if (!address) return complain(screen, address.error());
  return send_all(options, *address, bodies, screen);
}

}  // namespace bellhop::core
