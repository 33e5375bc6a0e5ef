// SPDX-License-Identifier: Apache-2.0
#include "caldav_vendor.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace bellhop::test {
namespace {

constexpr std::size_t line_octets_max = 75;

std::size_t count_of(const std::string &text, const std::string &part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

std::string wrong_lines(const std::string &body) {
  for (std::size_t begin = 0; begin < body.size();) {
    const std::size_t end = body.find("\r\n", begin);
    if (end == std::string::npos) return "a line without CRLF";
    if (end - begin > line_octets_max) return "a line of " + std::to_string(end - begin) + " octets";
    if (body.substr(begin, end - begin).find_first_of(std::string("\r\n\0", 3)) != std::string::npos) {
      return "a bare control character";
    }
    begin = end + 2;
  }
  return "";
}

std::string without_folding(std::string text) {
  for (std::size_t at = text.find("\r\n "); at != std::string::npos; at = text.find("\r\n ", at)) text.erase(at, 3);
  return text;
}

// A line that the plugin never writes has been smuggled in through a text.
std::string foreign_line(const std::string &lines) {
  static const std::set<std::string> own{"",        "BEGIN",   "END",     "VERSION",     "PRODID",   "UID",
                                         "DTSTAMP", "DTSTART", "DTEND",   "SUMMARY",     "STATUS",   "SEQUENCE",
                                         "URL",     "TRANSP",  "CREATED", "DESCRIPTION", "LOCATION", "LAST-MODIFIED"};
  std::istringstream in(without_folding(lines));
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const bool is_component = line.rfind("BEGIN:", 0) == 0 && line != "BEGIN:VCALENDAR" && line != "BEGIN:VEVENT";
    if (is_component || own.count(line.substr(0, line.find_first_of(":;"))) == 0) return "a foreign line: " + line;
  }
  return "";
}

}  // namespace

std::string wrong_calendar(const std::string &body) {
  if (std::string wrong = wrong_lines(body); !wrong.empty()) return wrong;
  const std::string lines = "\r\n" + body;
  for (const char *once : {"\r\nBEGIN:VCALENDAR\r\n", "\r\nEND:VCALENDAR\r\n", "\r\nBEGIN:VEVENT\r\n",
                           "\r\nEND:VEVENT\r\n", "\r\nUID:", "\r\nDTSTART", "\r\nDTSTAMP:", "\r\nSEQUENCE:"}) {
    if (count_of(lines, once) != 1) return std::string("not exactly one ") + (once + 2);
  }
  return foreign_line(lines);
}

std::string property_of(const std::string &calendar, const std::string &name) {
  const std::string unfolded = without_folding("\r\n" + calendar);
  for (const char *follows : {":", ";"}) {
    const std::size_t at = unfolded.find("\r\n" + name + follows);
    if (at == std::string::npos) continue;
    const std::size_t begin = unfolded.find(':', at) + 1;
    return unfolded.substr(begin, unfolded.find("\r\n", begin) - begin);
  }
  return "";
}

CalDavVendor::CalDavVendor() {
  server_.serve([this](const Request &request) {
    ++requests_count_;
    return with_fault(plan_ ? plan_() : Fault{}, [&] { return answer(request); });
  });
}

std::string CalDavVendor::refuse(int status, const std::string &why) {
  complaints_.push_back(why);
  return http_answer(status, why);
}

std::string CalDavVendor::answer(const Request &request) {
  if (request.header("Authorization").rfind("Basic ", 0) != 0) return http_answer(401, "");
  if (request.target.rfind("/cal/", 0) != 0) return http_answer(404, "");
  if (request.method == "PUT") return put(request);
  const auto found = resources_.find(request.target);
  if (found == resources_.end()) return http_answer(404, "");
  if (request.method == "DELETE") {
    resources_.erase(found);
    return http_answer(200, "");
  }
  if (request.method != "GET") return refuse(405, "method " + request.method);
  return "HTTP/1.1 200 OK\r\nContent-Type: text/calendar; charset=utf-8\r\nETag: " + found->second.etag +
         "\r\nContent-Length: " + std::to_string(found->second.body.size()) + "\r\n\r\n" + found->second.body;
}

std::string CalDavVendor::put(const Request &request) {
  const auto old = resources_.find(request.target);
  const bool is_there = old != resources_.end();
  const std::string if_match = request.header("If-Match"), if_none = request.header("If-None-Match");
  if (if_match.empty() == if_none.empty()) return refuse(400, "neither created nor changed, or both");
  if (if_none == "*" && is_there) return http_answer(412, "");
  if (!if_match.empty() && (!is_there || old->second.etag != if_match)) return http_answer(412, "");
  if (request.header("Content-Type").rfind("text/calendar", 0) != 0) return refuse(415, "content type");
  if (std::string wrong = wrong_calendar(request.body); !wrong.empty()) return refuse(400, wrong);
  const std::string uid = property_of(request.body, "UID");
  for (const auto &[path, resource] : resources_) {
    if (path != request.target && property_of(resource.body, "UID") == uid) return refuse(409, "a UID twice");
  }
  const std::string etag = "\"" + std::to_string(next_etag_++) + "\"";
  resources_[request.target] = {request.body, etag};
  return http_answer(is_there ? 204 : 201, "", "ETag: " + etag + "\r\n");
}

}  // namespace bellhop::test
