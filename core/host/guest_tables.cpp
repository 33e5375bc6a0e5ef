// SPDX-License-Identifier: Apache-2.0
// The tables of the services in front of GuestServices: C on the outside, values on the inside. Whatever is lent to the
// plugin is one heap object that derives from the struct that the plugin sees, so that giving it back needs no
// register.
#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "host/guest.hpp"
#include "host/guest_services.hpp"

namespace bellhop::core {

namespace {

GuestServices &services_of(const bhp_host *host) { return static_cast<Guest *>(host->opaque)->services(); }

bhp_str str_of(const std::string &text) { return {text.c_str(), text.size()}; }

// untrusted from here: the plugin's own pointers, as far as they can be looked at
std::string_view view_of(const char *ptr, std::size_t size) {
  return ptr == nullptr ? std::string_view() : std::string_view(ptr, size);
}
std::string text_of(const bhp_str &text) { return std::string(view_of(text.ptr, text.size)); }

// A plugin's struct as this host knows it: what its writer did not know is zero.
template <class Struct>
Struct read(const Struct &theirs) {
  Struct ours{};
  std::memcpy(static_cast<void *>(&ours), &theirs, std::min<std::size_t>(theirs.struct_size, sizeof ours));
  return ours;
}

struct LentText : bhp_str {
  explicit LentText(std::string from) : bhp_str{}, text(std::move(from)) {
    static_cast<bhp_str &>(*this) = str_of(text);
  }
  const std::string text;
};

std::vector<bhp_pair> pairs_of(const std::vector<std::pair<std::string, std::string>> &from) {
  std::vector<bhp_pair> pairs;
  for (const auto &[name, value] : from) pairs.push_back({str_of(name), str_of(value)});
  return pairs;
}

// ---- http -----------------------------------------------------------------------------------------------------------

struct LentResponse : bhp_http_response {
  explicit LentResponse(HttpReply from) : bhp_http_response{}, reply(std::move(from)), pairs(pairs_of(reply.headers)) {
    struct_size = sizeof(bhp_http_response);
    bhp_http_response::status = reply.status;
    bhp_http_response::headers = pairs.data();
    headers_count = pairs.size();
    bhp_http_response::body = str_of(reply.body);
    bhp_http_response::retry_after_ms = reply.retry_after_ms;
    bhp_http_response::sentence = str_of(reply.sentence);
  }
  const HttpReply reply;
  const std::vector<bhp_pair> pairs;
};

HttpCall call_of(const bhp_http_request &request) {
  HttpCall call;
  call.method = text_of(request.method);
  call.url = text_of(request.url);
  // One header too many is enough to be refused.
  const std::size_t count =
      request.headers == nullptr ? 0 : std::min(request.headers_count, http_headers_count_max + 1);
  for (std::size_t index = 0; index < count; ++index) {
    call.headers.emplace_back(text_of(request.headers[index].name), text_of(request.headers[index].value));
  }
  call.body = text_of(request.body);
  call.timeout_ms = request.timeout_ms;
  call.limit = text_of(request.limit);
  return call;
}

std::int32_t send(const bhp_host *host, const bhp_http_request *request, const bhp_http_response **response) noexcept {
  if (response != nullptr) *response = nullptr;
  if (request == nullptr) return BHP_E_INVALID;
  HttpReply reply;
  const std::int32_t error = services_of(host).http(call_of(read(*request)), reply);
  if (error != 0) reply.status = 0;
  if (response != nullptr) *response = new LentResponse(std::move(reply));
  return error;
}

void release_response(const bhp_host *, const bhp_http_response *response) noexcept {
  delete static_cast<const LentResponse *>(response);
}

// ---- kv -------------------------------------------------------------------------------------------------------------

struct LentPage : bhp_kv_page {
  LentPage(KvEntries from, bool more) : bhp_kv_page{}, kept(std::move(from)), pairs(pairs_of(kept)) {
    struct_size = sizeof(bhp_kv_page);
    entries_count = static_cast<std::uint32_t>(pairs.size());
    entries = pairs.data();
    is_more = more ? 1 : 0;
  }
  const KvEntries kept;
  const std::vector<bhp_pair> pairs;
};

std::int32_t get(const bhp_host *host, const char *key, std::size_t size, const bhp_str **value) noexcept {
  if (value == nullptr) return BHP_E_INVALID;
  *value = nullptr;
  std::string found;
  const std::int32_t error = services_of(host).get(view_of(key, size), found);
  if (error == 0) *value = new LentText(std::move(found));
  return error;
}

void release_text(const bhp_host *, const bhp_str *text) noexcept { delete static_cast<const LentText *>(text); }

std::int32_t put(const bhp_host *host, const char *key, std::size_t key_size, const char *value, std::size_t value_size,
                 std::uint32_t flags) noexcept {
  if ((flags & ~BHP_KV_NOW) != 0 || (value == nullptr && value_size != 0)) return BHP_E_INVALID;
  if (value_size > kv_value_bytes_max) return BHP_E_TOO_LARGE;
  return services_of(host).write(KvWrite{std::string(view_of(key, key_size)), std::string(view_of(value, value_size))},
                                 (flags & BHP_KV_NOW) != 0);
}

std::int32_t remove(const bhp_host *host, const char *key, std::size_t size, std::uint32_t flags) noexcept {
  if ((flags & ~BHP_KV_NOW) != 0) return BHP_E_INVALID;
  return services_of(host).write(KvWrite{std::string(view_of(key, size)), std::nullopt}, (flags & BHP_KV_NOW) != 0);
}

std::int32_t list(const bhp_host *host, const char *prefix, std::size_t prefix_size, const char *after,
                  std::size_t after_size, std::uint32_t count_max, const bhp_kv_page **page) noexcept {
  if (page == nullptr) return BHP_E_INVALID;
  *page = nullptr;
  ServiceReply reply;
  bool is_more = false;
  const std::int32_t error = services_of(host).list(
      {std::string(view_of(prefix, prefix_size)), std::string(view_of(after, after_size)), count_max}, reply, is_more);
  if (error == 0) *page = new LentPage(std::move(reply.entries), is_more);
  return error;
}

void release_page(const bhp_host *, const bhp_kv_page *page) noexcept { delete static_cast<const LentPage *>(page); }

// ---- publish --------------------------------------------------------------------------------------------------------

std::int32_t put_document(const bhp_host *host, const bhp_document *theirs) noexcept {
  if (theirs == nullptr) return BHP_E_INVALID;
  const bhp_document document = read(*theirs);
  if ((document.flags & ~BHP_PUBLISH_NOW) != 0) return BHP_E_INVALID;
  if (document.body.size > document_bytes_max) return BHP_E_TOO_LARGE;
  return services_of(host).write(
      DocumentWrite{text_of(document.path), text_of(document.content_type), text_of(document.body)},
      (document.flags & BHP_PUBLISH_NOW) != 0);
}

std::int32_t remove_document(const bhp_host *host, const char *path, std::size_t size, std::uint32_t flags) noexcept {
  if ((flags & ~BHP_PUBLISH_NOW) != 0) return BHP_E_INVALID;
  return services_of(host).write(DocumentWrite{std::string(view_of(path, size)), "", std::nullopt},
                                 (flags & BHP_PUBLISH_NOW) != 0);
}

std::int32_t url(const bhp_host *host, const char *path, std::size_t size, const bhp_str **url) noexcept {
  if (url == nullptr) return BHP_E_INVALID;
  *url = nullptr;
  std::string found;
  const std::int32_t error = services_of(host).url(view_of(path, size), found);
  if (error == 0) *url = new LentText(std::move(found));
  return error;
}

// ---- metrics --------------------------------------------------------------------------------------------------------

template <MetricSample::What what>
std::int32_t tell(const bhp_host *host, const char *name, std::size_t name_size, const bhp_pair *labels,
                  std::size_t labels_count, double value) noexcept {
  if (labels_count > metric_labels_count_max || (labels == nullptr && labels_count != 0)) return BHP_E_INVALID;
  MetricSample sample;
  sample.what = what;
  sample.name = view_of(name, name_size);
  for (std::size_t index = 0; index < labels_count; ++index) {
    sample.labels.emplace_back(text_of(labels[index].name), text_of(labels[index].value));
  }
  sample.value = value;
  return services_of(host).metric(std::move(sample));
}

}  // namespace

const void *GuestServices::find(std::string_view id) const {
  static const bhp_http_v1 http_table{&send, &release_response};
  static const bhp_kv_v1 kv_table{&core::get, &release_text, &core::put, &core::remove, &core::list, &release_page};
  static const bhp_publish_v1 publish_table{&put_document, &remove_document, &core::url, &release_text};
  static const bhp_metrics_v1 metrics_table{&tell<MetricSample::What::count>, &tell<MetricSample::What::gauge>,
                                            &tell<MetricSample::What::observe>};
  if (id == BHP_SVC_JSON) return json_service();
  if (!doors_.call) return nullptr;
  if (id == BHP_SVC_HTTP) return &http_table;
  if (id == BHP_SVC_KV) return &kv_table;
  if (id == BHP_SVC_PUBLISH) return &publish_table;
  return id == BHP_SVC_METRICS ? &metrics_table : nullptr;
}

}  // namespace bellhop::core
