// SPDX-License-Identifier: Apache-2.0
#include "services/publications.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "egress/retry_after.hpp"
#include "http/answer.hpp"
#include "http/framing.hpp"
#include "http/http_date.hpp"

namespace bellhop::core {
namespace {

constexpr std::string_view prefix = "/pub/";
constexpr std::size_t file_name_bytes_max = 100;
constexpr int retry_after_s = 5;
// Long enough to spare the disk a reload by many readers, short enough that a canceled booking is soon gone from feeds.
constexpr std::string_view cache_control = "private, max-age=60";
constexpr std::string_view no_scripts = "default-src 'none'; sandbox";
constexpr std::string_view page_without_scripts =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups";

// What a browser may show. Everything else is offered as a download: SVG and XML can carry scripts, and so can what
// nobody thought of.
constexpr std::array<std::string_view, 12> shown_types{
    "text/calendar",        "text/csv",  "text/plain", "text/vcard", "text/html", "text/markdown", "application/json",
    "application/geo+json", "image/png", "image/jpeg", "image/gif",  "image/webp"};

struct Shown {
  std::string content_type;
  bool is_page = false, is_download = false;
};

// untrusted: the plugin wrote the type
Shown shown_as(const std::string &published) {
  std::string_view essence = std::string_view(published).substr(0, published.find(';'));
  while (!essence.empty() && (essence.back() == ' ' || essence.back() == '\t')) essence.remove_suffix(1);
  const bool is_listed = std::any_of(shown_types.begin(), shown_types.end(),
                                     [&](std::string_view type) { return equals_ignoring_case(type, essence); });
  if (!is_listed || !is_content_type(published)) return {"application/octet-stream", false, true};
  return {published, equals_ignoring_case(essence, "text/html"), false};
}

// The last segment of the path with only letters that mean nothing in a header or a shell.
std::string file_name(std::string_view path) {
  std::string name(path.substr(path.rfind('/') + 1));
  if (name.size() > file_name_bytes_max) name.resize(file_name_bytes_max);
  for (char &c : name) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    if (!is_plain) c = '_';
  }
  return name;
}

// Looks at every byte, whatever was found before; the volatile keeps the compiler from leaving early.
bool is_same(std::string_view token, std::string_view presented) {
  volatile unsigned difference = token.size() == presented.size() && !token.empty() ? 0U : 1U;
  for (std::size_t i = 0; i < presented.size(); ++i) {
    const unsigned expected = token.empty() ? 0U : static_cast<unsigned char>(token[i % token.size()]);
    difference = difference | (expected ^ static_cast<unsigned char>(presented[i]));
  }
  return difference == 0;
}

// One If-None-Match field: "*" or tags separated by commas. What has another form matches nothing.
bool has_tag(std::string_view field, std::string_view etag) {
  const auto skip = [&](std::string_view bytes) {
    while (!field.empty() && bytes.find(field.front()) != std::string_view::npos) field.remove_prefix(1);
  };
  skip(" \t");
  if (field == "*") return true;
  while (!field.empty()) {
    skip(" \t,");
    if (field.substr(0, 2) == "W/") field.remove_prefix(2);
    if (field.empty() || field.front() != '"') return false;
    const std::size_t end = field.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (field.substr(0, end + 1) == etag) return true;
    field.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

bool is_known_to_reader(const HttpRequest &head, const Document &document, Milliseconds wall_ms) {
  bool has_tags = false;
  for (const auto &[name, value] : head.headers) {
    if (!equals_ignoring_case(name, "If-None-Match")) continue;
    has_tags = true;
    if (has_tag(value, document.etag)) return true;
  }
  if (has_tags) return false;
  const auto since_ms = parse_http_date(head.header("If-Modified-Since"), wall_ms);
  return since_ms && document.modified_ms / 1'000 <= *since_ms / 1'000;
}

Publications::Publications(Journal &journal, Metrics &metrics, const Clock &clock, std::vector<Shelf> shelves)
    : journal_(journal), metrics_(metrics), clock_(clock), shelves_(std::move(shelves)) {}

std::string Publications::url_of(std::string_view instance) const {
  for (const Shelf &shelf : shelves_) {
    if (shelf.instance == instance && !shelf.token.empty() && !base_url_.empty())
      return base_url_ + std::string(prefix) + shelf.token + "/";
  }
  return "";
}

// Compares with every token, whichever fits: the time taken tells nothing.
const Shelf *Publications::find(std::string_view token) const {
  const Shelf *found = nullptr;
  for (const Shelf &shelf : shelves_) {
    if (is_same(shelf.token, token)) found = &shelf;
  }
  return found;
}

// untrusted from here: anyone can send this
std::optional<HttpAnswer> Publications::on_head(const HttpRequest &head) const {
  const std::string_view path = head.path;
  if (path.substr(0, prefix.size()) != prefix) return std::nullopt;
  const std::size_t slash = path.find('/', prefix.size());
  if (slash == std::string_view::npos) return std::nullopt;
  const Shelf *shelf = find(path.substr(prefix.size(), slash - prefix.size()));
  if (shelf == nullptr) return std::nullopt;
  // authenticated from here: the reader knows the instance's token
  const std::string_view document_path = path.substr(slash + 1);
  const Result<std::optional<Document>> document = journal_.document(shelf->id, document_path);
  if (!document) {
    metrics_.publication(shelf->instance, 503);
    return busy("the document cannot be read now; ask again", retry_after_s);
  }
  if (!*document) {
    metrics_.publication(shelf->instance, 404);
    return std::nullopt;
  }
  HttpAnswer out = answer(head, **document, document_path);
  metrics_.publication(shelf->instance, out.status);
  return out;
}

HttpAnswer Publications::answer(const HttpRequest &head, const Document &document, std::string_view path) const {
  if (head.method != "GET" && head.method != "HEAD") {
    HttpAnswer refusal = problem(405, "this is a published document; it can be read with GET or HEAD only");
    refusal.headers.emplace_back("Allow", "GET, HEAD");
    return refusal;
  }
  HttpAnswer out;
  out.headers.emplace_back("ETag", document.etag);
  out.headers.emplace_back("Last-Modified", http_date(document.modified_ms));
  out.headers.emplace_back("Cache-Control", cache_control);
  if (is_known_to_reader(head, document, clock_.wall_ms())) {
    out.status = 304;
    return out;
  }
  const Shown shown = shown_as(document.content_type);
  out.content_type = shown.content_type;
  out.body = document.body;
  out.headers.emplace_back("X-Content-Type-Options", "nosniff");
  out.headers.emplace_back("Content-Security-Policy", shown.is_page ? page_without_scripts : no_scripts);
  out.headers.emplace_back("Referrer-Policy", "no-referrer");  // the URL is the secret
  out.headers.emplace_back("X-Robots-Tag", "noindex");
  if (!shown.is_page) {
    out.headers.emplace_back("Content-Disposition", std::string(shown.is_download ? "attachment" : "inline") +
                                                        "; filename=\"" + file_name(path) + "\"");
  }
  return out;
}

}  // namespace bellhop::core
