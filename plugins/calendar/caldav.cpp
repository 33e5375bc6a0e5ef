// SPDX-License-Identifier: Apache-2.0
#include "caldav.hpp"

#include <utility>

#include "multistatus.hpp"
#include "text.hpp"
#include "vevent.hpp"

namespace calendar {
namespace {

using bellhop::Header;
using bellhop::Response;
using bellhop::Verdict;

constexpr std::size_t shown_bytes_max = 200;
const char *const calendar_type = "text/calendar; charset=utf-8";
const char *const xml_type = "application/xml; charset=utf-8";

bool is_written(const Response &response) {
  return response.error == 0 && (response.status == 200 || response.status == 201 || response.status == 204);
}

bool is_gone(const Response &response) {
  return response.error == 0 && (response.status == 404 || response.status == 410);
}

// A weak tag is of no use for If-Match (RFC 9110 section 13.1.1).
std::string strong_etag(const Response &response) {
  const std::string etag(response.header("ETag"));
  return etag.substr(0, 2) == "W/" ? std::string() : etag;
}

std::string query_of_uid(const std::string &uid) {  // a UID of ours needs no escaping: hex digits and "@bellhop"
  return R"(<?xml version="1.0" encoding="utf-8"?><C:calendar-query xmlns:D="DAV:" )"
         R"(xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop><C:filter>)"
         R"(<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:prop-filter name="UID">)"
         R"(<C:text-match collation="i;octet">)" +
         uid + "</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>";
}

}  // namespace

Verdict verdict_of_refusal(const Response &response) {
  if (response.error != 0) return response.verdict();
  const std::string sentence =
      response.sentence + (response.body.empty() ? std::string() : ": " + cleaned_line(response.body, shown_bytes_max));
  const int status = response.status;
  if (status == 408 || status == 412 || status == 423 || status == 425 || status == 429 || status >= 500) {
    return status == 507 ? Verdict::hold(sentence) : Verdict::retry(sentence, response.retry_after_ms);
  }
  if (status == 400 || status == 413 || status == 415 || status == 422 || status == 207) return Verdict::fail(sentence);
  return Verdict::hold(sentence, response.retry_after_ms);  // 3xx, 401, 403, 404, 405, 409: wrong for every event
}

bool is_uid_conflict(const Response &response) {
  if (response.error != 0) return false;
  if (response.status == 409) return true;  // or no such collection: the REPORT will tell
  return (response.status == 207 || response.status == 403) && has_element(response.body, "no-uid-conflict");
}

CalDav::CalDav(bellhop::Http http, Account account)
    : http_(std::move(http)),
      account_(std::move(account)),
      target_("caldav/" + digest(account_.url + "\n" + account_.username)) {
  http_.limit(account_.limit);
}

Response CalDav::send(const char *method, const std::string &url, std::vector<Header> headers, std::string body) const {
  bellhop::Request request{method, url, std::move(body), std::move(headers), 0, {}};
  if (!account_.username.empty() || !account_.password.empty()) {
    request.headers.push_back({"Authorization", "Basic " + base64(account_.username + ":" + account_.password)});
  }
  return http_.send(request);
}

Response CalDav::write(const std::string &text, const std::string &href, Header condition) const {
  return send("PUT", href, {{"Content-Type", calendar_type}, std::move(condition)}, text);
}

// After a PUT that was not refused for what stands there.
Verdict CalDav::settled(const Response &response, Export &done) const {
  if (!is_written(response)) return verdict_of_refusal(response);
  done.etag = strong_etag(response);
  return Verdict::ok();
}

Verdict CalDav::put(State &state, Export &done) const {
  if (done.href.empty()) return create(state, done);
  // Without a tag we do not know what stands there; with somebody else writing we must not guess.
  if (done.etag.empty() || done.is_shared) return merge(state, done);
  const Response response = write(calendar_of(state), done.href, {"If-Match", done.etag});
  if (response.error == 0 && (response.status == 412 || is_gone(response))) {
    done.is_shared = true;
    return merge(state, done);
  }
  return settled(response, done);
}

Verdict CalDav::create(State &state, Export &done) const {
  const std::string href = account_.url + state.name + ".ics";
  const Response response = write(calendar_of(state), href, {"If-None-Match", "*"});
  if (is_uid_conflict(response)) return move_to_conflict(state, done, response);
  if (response.error == 0 && response.status == 412) {
    // Ours from before a crash, most likely; but what else may stand in it by now nobody knows.
    Export found = done;
    found.href = href;
    found.is_shared = true;
    const Verdict verdict = merge(state, found);
    if (verdict.code == BHP_OK) done = found;
    return verdict;
  }
  const Verdict verdict = settled(response, done);
  if (verdict.code == BHP_OK) done.href = href;
  return verdict;
}

// Reads what stands there, puts ours into it and writes it back, once.
Verdict CalDav::merge(State &state, Export &done) const {
  const Response current = send("GET", done.href, {{"Accept", "text/calendar"}});
  if (is_gone(current)) {
    // A person has removed it. A cancel is content with that; anything else puts it back, for what follows to be seen.
    if (state.status == Status::canceled) return Verdict::ok("somebody had removed it from " + name());
    const Response response = write(calendar_of(state), done.href, {"If-None-Match", "*"});
    const Verdict verdict = settled(response, done);
    if (verdict.code == BHP_OK) done.is_shared = false;
    return verdict;
  }
  if (current.error != 0 || current.status != 200) return verdict_of_refusal(current);
  const std::optional<Merged> both = merged(current.body, state);
  if (!both) return Verdict::fail("something else than this booking stands at its place in " + name());
  const std::string etag = strong_etag(current);
  if (etag.empty())
    return Verdict::fail("the server of " + name() + " gives no ETag, without which nothing is changed");
  const Response response = write(both->text, done.href, {"If-Match", etag});
  const Verdict verdict = settled(response, done);
  if (verdict.code == BHP_OK) state.sequence = both->sequence;
  return verdict;
}

// Another resource of the collection has our UID: somebody moved or imported it. It is the one to change from now on.
Verdict CalDav::move_to_conflict(State &state, Export &done, const Response &refusal) const {
  const Response report =
      send("REPORT", account_.url, {{"Content-Type", xml_type}, {"Depth", "1"}}, query_of_uid(state.uid));
  if (report.error != 0 || report.status != 207) {
    // 409 of a collection that is not there has no UID to look for.
    return is_gone(report) ? Verdict::hold("there is no calendar at " + name()) : verdict_of_refusal(report);
  }
  for (const Resource &resource : resources_of(report.body)) {
    Export found = done;
    found.href = resolved(resource.href);
    if (found.href.empty()) continue;
    found.is_shared = true;
    const Verdict verdict = merge(state, found);
    if (verdict.code == BHP_OK) done = found;
    return verdict;
  }
  Verdict verdict = verdict_of_refusal(refusal);
  verdict.message += "; no resource with its UID was found";
  return verdict;
}

// untrusted: an href is the server's word. Only what lies on the same origin is ever written to.
std::string CalDav::resolved(const std::string &href) const {
  const std::size_t scheme = account_.url.find("://");
  const std::size_t slash = scheme == std::string::npos ? scheme : account_.url.find('/', scheme + 3);
  if (slash == std::string::npos || href.empty()) return {};
  const std::string origin = account_.url.substr(0, slash);
  if (href.front() == '/' && href.substr(0, 2) != "//") return url_or_nothing(origin + href);
  return href.substr(0, origin.size() + 1) == origin + "/" ? url_or_nothing(href) : std::string();
}

Verdict CalDav::check() const {
  const Response response =
      send("PROPFIND", account_.url, {{"Content-Type", xml_type}, {"Depth", "0"}},
           R"(<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/></D:prop>)"
           R"(</D:propfind>)");
  if (response.error != 0 || response.status != 207) {
    return is_gone(response) ? Verdict::hold("there is no calendar at " + name()) : verdict_of_refusal(response);
  }
  for (const Resource &resource : resources_of(response.body)) {
    if (resource.is_calendar) return Verdict::ok(name() + " is a calendar");
  }
  return Verdict::hold(name() + " is no calendar collection; the URL of the calendar itself is wanted");
}

}  // namespace calendar
