// SPDX-License-Identifier: Apache-2.0
// bellhop/publish.hpp -- documents that the host serves under a secret URL: Publish publish(context());
// publish.put("feed.ics", "text/calendar; charset=utf-8", ics); log(publish.url("feed.ics")).
// The manifest names BHP_SVC_PUBLISH in needs(). Staged like kv.
#pragma once

#include <string>
#include <string_view>

#include "kv.hpp"
#include "plugin.hpp"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

// Cheap to make; may be used by any thread of the plugin.
class Publish {
 public:
  enum When : uint32_t { staged = 0, now = BHP_PUBLISH_NOW };

  explicit Publish(const Context &context)
      : host_(context.host), api_(static_cast<const bhp_publish_v1 *>(host_->service(host_, BHP_SVC_PUBLISH))) {}
  explicit operator bool() const { return api_ != nullptr; }  // does this host offer it?

  void put(std::string_view path, std::string_view content_type, std::string_view body, When when = staged) const {
    const bhp_document document{sizeof(bhp_document),
                                when,
                                {path.data(), path.size()},
                                {content_type.data(), content_type.size()},
                                {body.data(), body.size()}};
    const int32_t error = api().put(host_, &document);
    if (error != 0) detail::abort_with("publish put", error);
  }
  void remove(std::string_view path, When when = staged) const {
    const int32_t error = api().remove(host_, path.data(), path.size(), when);
    if (error != 0) detail::abort_with("publish remove", error);
  }
  // Where the document is or would be served; "" when this host serves none.
  std::string url(std::string_view path) const {
    const bhp_str *lent = nullptr;
    const int32_t error = api().url(host_, path.data(), path.size(), &lent);
    if (error == BHP_E_NOT_FOUND) return {};
    if (error != 0) detail::abort_with("publish url", error);
    std::string url;
    try {
      url = detail::view(*lent);
    } catch (...) {
      api_->release(host_, lent);
      throw;
    }
    api_->release(host_, lent);
    return url;
  }

 private:
  const bhp_publish_v1 &api() const {
    if (api_ == nullptr) throw Abort(Verdict::hold("the manifest does not name " BHP_SVC_PUBLISH " in needs()"));
    return *api_;
  }
  const bhp_host *host_;
  const bhp_publish_v1 *api_;
};

}  // namespace bellhop

#pragma GCC visibility pop
