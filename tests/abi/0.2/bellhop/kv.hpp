// SPDX-License-Identifier: Apache-2.0
// bellhop/kv.hpp -- what must outlive the process: Kv kv(context()); kv.put("k", "v"); kv.get("k").
// The manifest names BHP_SVC_KV in needs(). Within deliver() a write counts when the verdict is OK or SKIP; with
// Kv::now, and outside deliver(), at once. What fails is thrown: as RETRY, or FAIL where trying again is of no use.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin.hpp"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

namespace detail {

// What a failed write or read means for the event in hand.
[[noreturn]] inline void abort_with(const char *what, int32_t error) {
  const std::string text = std::string(what) + " failed (" + std::to_string(error) + ")";
  const bool is_hopeless = error == BHP_E_INVALID || error == BHP_E_TOO_LARGE;
  throw Abort(is_hopeless ? Verdict::fail(text) : Verdict::retry(text));
}

}  // namespace detail

struct KvEntry {
  std::string key, value;
};

// Cheap to make; may be used by any thread of the plugin.
class Kv {
 public:
  enum When : uint32_t { staged = 0, now = BHP_KV_NOW };

  explicit Kv(const Context &context)
      : host_(context.host), api_(static_cast<const bhp_kv_v1 *>(host_->service(host_, BHP_SVC_KV))) {}
  explicit operator bool() const { return api_ != nullptr; }  // does this host offer it?

  std::optional<std::string> get(std::string_view key) const {
    const bhp_str *lent = nullptr;
    const int32_t error = api().get(host_, key.data(), key.size(), &lent);
    if (error == BHP_E_NOT_FOUND) return std::nullopt;
    if (error != 0) detail::abort_with("kv get", error);
    const Release release{host_, api_, lent, nullptr};
    return std::string(detail::view(*lent));
  }
  void put(std::string_view key, std::string_view value, When when = staged) const {
    check("kv put", api().put(host_, key.data(), key.size(), value.data(), value.size(), when));
  }
  void remove(std::string_view key, When when = staged) const {
    check("kv remove", api().remove(host_, key.data(), key.size(), when));
  }
  // All entries whose key begins with `prefix`, by key; count_max of them at most.
  std::vector<KvEntry> list(std::string_view prefix, size_t count_max = 10'000) const {
    std::vector<KvEntry> entries;
    for (bool is_more = true; is_more && entries.size() < count_max;) {
      const std::string after = entries.empty() ? std::string() : entries.back().key;
      const bhp_kv_page *page = nullptr;
      check("kv list", api().list(host_, prefix.data(), prefix.size(), after.data(), after.size(),
                                  static_cast<uint32_t>(count_max - entries.size()), &page));
      const Release release{host_, api_, nullptr, page};
      for (uint32_t index = 0; index < page->entries_count; ++index) {
        const bhp_pair &entry = page->entries[index];
        entries.push_back({std::string(detail::view(entry.name)), std::string(detail::view(entry.value))});
      }
      is_more = page->is_more != 0 && page->entries_count != 0;
    }
    return entries;
  }

 private:
  struct Release {
    const bhp_host *host;
    const bhp_kv_v1 *api;
    const bhp_str *value;
    const bhp_kv_page *page;
    ~Release() {
      if (value != nullptr) api->release(host, value);
      if (page != nullptr) api->release_page(host, page);
    }
  };
  const bhp_kv_v1 &api() const {
    if (api_ == nullptr) throw Abort(Verdict::hold("the manifest does not name " BHP_SVC_KV " in needs()"));
    return *api_;
  }
  static void check(const char *what, int32_t error) {
    if (error != 0) detail::abort_with(what, error);
  }
  const bhp_host *host_;
  const bhp_kv_v1 *api_;
};

}  // namespace bellhop

#pragma GCC visibility pop
