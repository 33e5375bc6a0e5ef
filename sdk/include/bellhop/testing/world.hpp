// SPDX-License-Identifier: Apache-2.0
// bellhop/testing/world.hpp -- World: all services of a host over plain containers, with the rules of the contract:
// what is staged when, what is too large, who gives back what. A FakeHost is a World with a plugin in it. Part of
// testing.hpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../plugin.h"
#include "json.hpp"
#include "scripted_http.hpp"

#pragma GCC visibility push(hidden)

namespace bellhop::testing {

struct LogLine {
  int32_t level = BHP_LOG_INFO;
  std::string text;
};

struct Published {
  std::string content_type, body;
};

struct Metric {
  enum class What { count, gauge, observe };
  What what = What::count;
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

class World {
 public:
  // ---- set before the call that meets it ----
  ScriptedHttp http;
  std::atomic<int64_t> now_ms{1'767'225'600'000};  // 2026-01-01; only a test and Rule::takes() move it
  std::atomic<bool> is_stopping{false};
  std::map<std::string, std::string> kv;                              // what is durable
  std::map<std::string, Published> documents;                         // the same
  std::string public_url = "https://bellhop.example.org/pub/TOKEN/";  // "": this host serves no documents
  std::vector<std::string> withheld;                                  // services that it does not offer: {BHP_SVC_KV}

  // ---- what was seen ----
  std::vector<LogLine> log() const {
    const Lock lock(mutex_);
    return log_;
  }
  bool has_logged(std::string_view part) const {
    const std::vector<LogLine> lines = log();
    return std::any_of(lines.begin(), lines.end(),
                       [&](const LogLine &line) { return line.text.find(part) != std::string::npos; });
  }
  std::vector<Metric> metrics() const {
    const Lock lock(mutex_);
    return metrics_;
  }
  size_t lent_count() const {  // by services, and not given back yet
    const Lock lock(mutex_);
    return lent_count_;
  }

 protected:
  enum class During { create, deliver, other };

  World() {
    host_.struct_size = sizeof host_;
    host_.abi_major = BHP_ABI_MAJOR;
    host_.abi_minor = BHP_ABI_MINOR;
    host_.name = "bellhop-testing";
    host_.version = "0";
    host_.instance = "test";
    host_.state_dir = ".";
    host_.opaque = this;
    host_.log = [](const bhp_host *host, int32_t level, const char *text, size_t size) {
      World &world = of(host);
      const Lock lock(world.mutex_);
      world.log_.push_back({level, std::string(text, size)});
    };
    host_.now_ms = [](const bhp_host *host) { return of(host).now_ms.load(); };
    host_.stopping = [](const bhp_host *host) -> int32_t { return of(host).is_stopping ? 1 : 0; };
    host_.service = &service;
  }
  ~World() = default;
  World(const World &) = delete;
  World &operator=(const World &) = delete;

  void begin(During during) {
    during_ = during;
    owner_ = std::this_thread::get_id();
  }
  void end() { during_ = During::other; }
  // Makes durable what was staged, or forgets it.
  void settle(bool is_kept) {
    const Lock lock(mutex_);
    for (auto &[key, value] : staged_kv_) {
      if (is_kept) put_or_erase(kv, key, value);
    }
    for (auto &[path, document] : staged_documents_) {
      if (is_kept) put_or_erase(documents, path, document);
    }
    staged_kv_.clear();
    staged_documents_.clear();
  }
  static const void *service(const bhp_host *host, const char *id) {
    for (const std::string &withheld : of(host).withheld) {
      if (withheld == id) return nullptr;
    }
    if (std::strcmp(id, BHP_SVC_JSON) == 0) return &json_table();
    if (std::strcmp(id, BHP_SVC_HTTP) == 0) return &http_table();
    if (std::strcmp(id, BHP_SVC_KV) == 0) return &kv_table();
    if (std::strcmp(id, BHP_SVC_PUBLISH) == 0) return &publish_table();
    if (std::strcmp(id, BHP_SVC_METRICS) == 0) return &metrics_table();
    return nullptr;
  }

  bhp_host host_{};

 private:
  using Lock = std::lock_guard<std::mutex>;
  static constexpr size_t key_bytes_max = 512, value_bytes_max = 256 << 10, document_bytes_max = 8 << 20;
  static constexpr size_t kv_page_count_max = 100;  // small, so that a test meets a second page

  static World &of(const bhp_host *host) { return *static_cast<World *>(host->opaque); }
  static std::string text_of(const bhp_str &text) { return {text.ptr != nullptr ? text.ptr : "", text.size}; }
  template <class Map, class Value>
  static void put_or_erase(Map &map, const std::string &key, const std::optional<Value> &value) {
    if (value) {
      map[key] = *value;
    } else {
      map.erase(key);
    }
  }
  bool is_creating() const { return during_ == During::create; }
  bool is_staging() const { return during_ == During::deliver && std::this_thread::get_id() == owner_; }
  void lend(int by) {
    const Lock lock(mutex_);
    lent_count_ += static_cast<size_t>(by);
  }

  // ---- json ----
  static const bhp_json_v1 &json_table() {
    static const bhp_json_v1 table = [] {
      bhp_json_v1 made = Document::service();
      made.parse = [](const bhp_host *host, const char *text, size_t size) -> const bhp_node * {
        Value value;
        if (!Reader::read({text, size}, value)) return nullptr;
        auto *document = new Document(std::move(value));
        of(host).lend(1);
        const Lock lock(of(host).mutex_);
        of(host).parsed_[document->root()] = document;
        return document->root();
      };
      made.release = [](const bhp_host *host, const bhp_node *root) {
        if (root == nullptr) return;
        of(host).lend(-1);
        const Lock lock(of(host).mutex_);
        delete of(host).parsed_[root];
        of(host).parsed_.erase(root);
      };
      return made;
    }();
    return table;
  }

  // ---- http ----
  struct Lent {  // a response with what it points to
    bhp_http_response c{};
    std::string body, sentence;
    std::vector<Header> headers;
    std::vector<bhp_pair> pairs;
  };
  static int32_t send(const bhp_host *host, const bhp_http_request *request, const bhp_http_response **response) {
    World &world = of(host);
    Sent sent{text_of(request->method), text_of(request->url), text_of(request->body), text_of(request->limit), {},
              request->timeout_ms};
    for (size_t at = 0; at < request->headers_count; ++at) {
      sent.headers.push_back({text_of(request->headers[at].name), text_of(request->headers[at].value)});
    }
    const std::string what = sent.method + " " + sent.url + ": ";
    Answer answer{BHP_E_INVALID, 0, {}, {}, 0};
    if (!world.is_creating()) {
      const Lock lock(world.mutex_);
      answer = world.http.take(std::move(sent));
    }
    if (request->timeout_ms > 0 && answer.takes_ms > request->timeout_ms) {
      answer = {BHP_E_TIMEOUT, 0, {}, {}, request->timeout_ms};
    }
    world.now_ms += answer.takes_ms;
    if (response == nullptr) return answer.error;
    auto *lent = new Lent;
    lent->body = std::move(answer.body);
    lent->headers = std::move(answer.headers);
    lent->sentence =
        what + (answer.error != 0 ? "no answer (" + std::to_string(answer.error) + ")" : std::to_string(answer.status));
    for (const Header &header : lent->headers) {
      lent->pairs.push_back({{header.name.data(), header.name.size()}, {header.value.data(), header.value.size()}});
    }
    lent->c.struct_size = sizeof lent->c;
    lent->c.status = answer.status;
    lent->c.headers = lent->pairs.data();
    lent->c.headers_count = lent->pairs.size();
    lent->c.body = {lent->body.data(), lent->body.size()};
    lent->c.retry_after_ms = retry_after_ms_of(lent->headers);
    lent->c.sentence = {lent->sentence.data(), lent->sentence.size()};
    world.lend(1);
    *response = &lent->c;
    return answer.error;
  }
  static const bhp_http_v1 &http_table() {
    static const bhp_http_v1 table{&send, [](const bhp_host *host, const bhp_http_response *response) {
                                     if (response == nullptr) return;
                                     of(host).lend(-1);
                                     delete reinterpret_cast<const Lent *>(response);  // its first member
                                   }};
    return table;
  }

  // ---- kv ----
  struct LentText {
    bhp_str c{};
    std::string text;
  };
  static const bhp_str *lend_text(World &world, std::string text) {
    auto *lent = new LentText{{}, std::move(text)};
    lent->c = {lent->text.data(), lent->text.size()};
    world.lend(1);
    return &lent->c;
  }
  static void release_text(const bhp_host *host, const bhp_str *text) {
    if (text == nullptr) return;
    of(host).lend(-1);
    delete reinterpret_cast<const LentText *>(text);
  }
  struct LentPage {
    bhp_kv_page c{};
    std::vector<std::pair<std::string, std::string>> entries;
    std::vector<bhp_pair> pairs;
  };
  // What a read on this thread sees.
  std::map<std::string, std::string> seen_kv() const {
    std::map<std::string, std::string> seen = kv;
    if (is_staging()) {
      for (const auto &[key, value] : staged_kv_) put_or_erase(seen, key, value);
    }
    return seen;
  }
  static int32_t kv_get(const bhp_host *host, const char *key, size_t size, const bhp_str **value) {
    World &world = of(host);
    if (size == 0 || size > key_bytes_max || world.is_creating()) return BHP_E_INVALID;
    std::string found;
    {
      const Lock lock(world.mutex_);
      const auto seen = world.seen_kv();
      const auto entry = seen.find(std::string(key, size));
      if (entry == seen.end()) return BHP_E_NOT_FOUND;
      found = entry->second;
    }
    *value = lend_text(world, std::move(found));
    return 0;
  }
  int32_t write_kv(std::string key, std::optional<std::string> value, bool is_now) {
    if (key.empty() || key.size() > key_bytes_max || is_creating()) return BHP_E_INVALID;
    if (value && value->size() > value_bytes_max) return BHP_E_TOO_LARGE;
    const Lock lock(mutex_);
    if (is_staging() && !is_now) {
      staged_kv_[key] = std::move(value);
    } else {
      put_or_erase(kv, key, value);
      staged_kv_.erase(key);
    }
    return 0;
  }
  static int32_t kv_list(const bhp_host *host, const char *prefix, size_t prefix_size, const char *after,
                         size_t after_size, uint32_t count_max, const bhp_kv_page **page) {
    World &world = of(host);
    if (world.is_creating()) return BHP_E_INVALID;
    const std::string wanted(prefix_size != 0 ? prefix : "", prefix_size);
    const std::string behind(after_size != 0 ? after : "", after_size);
    const size_t most = count_max == 0 ? kv_page_count_max : std::min<size_t>(count_max, kv_page_count_max);
    auto *lent = new LentPage;
    {
      const Lock lock(world.mutex_);
      for (auto &entry : world.seen_kv()) {
        if (entry.first.compare(0, wanted.size(), wanted) != 0 || entry.first <= behind) continue;
        if (lent->entries.size() == most) {
          lent->c.is_more = 1;
          break;
        }
        lent->entries.emplace_back(entry);
      }
    }
    for (const auto &[key, value] : lent->entries) {
      lent->pairs.push_back({{key.data(), key.size()}, {value.data(), value.size()}});
    }
    lent->c.struct_size = sizeof lent->c;
    lent->c.entries_count = static_cast<uint32_t>(lent->pairs.size());
    lent->c.entries = lent->pairs.data();
    world.lend(1);
    *page = &lent->c;
    return 0;
  }
  static const bhp_kv_v1 &kv_table() {
    static const bhp_kv_v1 table{
        &kv_get,
        &release_text,
        [](const bhp_host *host, const char *key, size_t key_size, const char *value, size_t size, uint32_t flags) {
          return of(host).write_kv({key, key_size}, std::string(size != 0 ? value : "", size),
                                   (flags & BHP_KV_NOW) != 0);
        },
        [](const bhp_host *host, const char *key, size_t key_size, uint32_t flags) {
          return of(host).write_kv({key, key_size}, std::nullopt, (flags & BHP_KV_NOW) != 0);
        },
        &kv_list,
        [](const bhp_host *host, const bhp_kv_page *page) {
          if (page == nullptr) return;
          of(host).lend(-1);
          delete reinterpret_cast<const LentPage *>(page);
        }};
    return table;
  }

  // ---- publish ----
  static bool is_path(std::string_view path) {
    if (path.empty() || path.size() > 512 || path.back() == '/') return false;
    for (size_t at = 0; at <= path.size();) {
      const size_t end = std::min(path.find('/', at), path.size());
      const std::string_view segment = path.substr(at, end - at);
      if (segment.empty() || segment == "." || segment == "..") return false;
      for (const char letter : segment) {
        const bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                              (letter >= '0' && letter <= '9') || std::strchr("._~-", letter) != nullptr;
        if (!is_plain || letter == '\0') return false;
      }
      at = end + 1;
    }
    return true;
  }
  int32_t write_document(const std::string &path, std::optional<Published> document, bool is_now) {
    if (!is_path(path) || is_creating() || (document && document->content_type.empty())) return BHP_E_INVALID;
    if (document && document->body.size() > document_bytes_max) return BHP_E_TOO_LARGE;
    const Lock lock(mutex_);
    if (is_staging() && !is_now) {
      staged_documents_[path] = std::move(document);
    } else {
      put_or_erase(documents, path, document);
      staged_documents_.erase(path);
    }
    return 0;
  }
  static const bhp_publish_v1 &publish_table() {
    static const bhp_publish_v1 table{
        [](const bhp_host *host, const bhp_document *document) {
          return of(host).write_document(text_of(document->path),
                                         Published{text_of(document->content_type), text_of(document->body)},
                                         (document->flags & BHP_PUBLISH_NOW) != 0);
        },
        [](const bhp_host *host, const char *path, size_t size, uint32_t flags) {
          return of(host).write_document({path, size}, std::nullopt, (flags & BHP_PUBLISH_NOW) != 0);
        },
        [](const bhp_host *host, const char *path, size_t size, const bhp_str **url) -> int32_t {
          const std::string wanted(size != 0 ? path : "", size);
          if (size != 0 && !is_path(wanted)) return BHP_E_INVALID;
          if (of(host).public_url.empty()) return BHP_E_NOT_FOUND;
          *url = lend_text(of(host), of(host).public_url + wanted);
          return 0;
        },
        &release_text};
    return table;
  }

  // ---- metrics ----
  template <Metric::What what>
  static int32_t tell(const bhp_host *host, const char *name, size_t size, const bhp_pair *labels, size_t labels_count,
                      double value) {
    if (size == 0 || size > 64 || labels_count > 8) return BHP_E_INVALID;
    Metric metric{what, std::string(name, size), {}, value};
    for (size_t at = 0; at < labels_count; ++at) metric.labels[text_of(labels[at].name)] = text_of(labels[at].value);
    const Lock lock(of(host).mutex_);
    of(host).metrics_.push_back(std::move(metric));
    return 0;
  }
  static const bhp_metrics_v1 &metrics_table() {
    static const bhp_metrics_v1 table{&tell<Metric::What::count>, &tell<Metric::What::gauge>,
                                      &tell<Metric::What::observe>};
    return table;
  }

  std::atomic<During> during_{During::other};
  std::thread::id owner_;
  mutable std::mutex mutex_;  // of what follows, of kv, documents and http
  std::map<std::string, std::optional<std::string>> staged_kv_;
  std::map<std::string, std::optional<Published>> staged_documents_;
  std::map<const bhp_node *, Document *> parsed_;
  std::vector<LogLine> log_;
  std::vector<Metric> metrics_;
  size_t lent_count_ = 0;
};

}  // namespace bellhop::testing

#pragma GCC visibility pop
