// SPDX-License-Identifier: Apache-2.0
// TlsContext: Poco's client context as we insist on it: VERIFY_STRICT, TLS 1.2 or newer, the system's authorities and
// the operator's. There is no switch that turns verification off.
#pragma once

#include <memory>
#include <string>

#include <Poco/Net/Context.h>

#include "base/result.hpp"

namespace bellhop::core {

class TlsContext {
 public:
  // `ca_file` is a PEM file of authorities beside the system's own; "" = none.
  //   errors  invalid: the file cannot be read as certificates
  static Result<std::unique_ptr<TlsContext>> open(const std::string &ca_file);

  Poco::Net::Context::Ptr get() const { return context_; }
  // Why the last certificate that this thread looked at was refused ("certificate has expired"), or "". Forgets it.
  static std::string take_refusal();

 private:
  explicit TlsContext(Poco::Net::Context::Ptr context) : context_(std::move(context)) {}
  Poco::Net::Context::Ptr context_;  // shared with the sockets of Poco, which count their references
};

}  // namespace bellhop::core
