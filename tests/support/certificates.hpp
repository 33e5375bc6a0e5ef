// SPDX-License-Identifier: Apache-2.0
// Certificates made on the spot by OpenSSL: an authority of the test's own, and certificates good and bad.
#pragma once

#include <memory>
#include <string>

namespace bellhop::core {

struct Certificate {
  std::string certificate_pem, key_pem;
};

class TestAuthority {
 public:
  explicit TestAuthority(const char *name = "Bellhop test authority");
  ~TestAuthority();

  const std::string &certificate_pem() const { return pem_; }
  // Subject alternative names as OpenSSL writes them: "IP:127.0.0.1,DNS:localhost". Valid from yesterday for `days`; a
  // negative number of days is expired.
  Certificate issue(const std::string &names, int days = 30) const;
  static Certificate self_signed(const std::string &names);

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string pem_;
};

}  // namespace bellhop::core
