// SPDX-License-Identifier: Apache-2.0
// OpenSSL's EVP does the work. One context per thread: fetching the algorithm costs more than digesting a small body.
#include "event/sha256.hpp"

#include <openssl/evp.h>

#include "base/check.hpp"

namespace bellhop::core {
namespace {

class Digester {
 public:
  Digester() : context_(EVP_MD_CTX_new()) {
    CHECK(context_ != nullptr);
    CHECK(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
  }
  ~Digester() { EVP_MD_CTX_free(context_); }
  Digester(const Digester &) = delete;
  Digester &operator=(const Digester &) = delete;

  Sha256 digest(std::initializer_list<std::string_view> pieces) {
    CHECK(EVP_DigestInit_ex(context_, nullptr, nullptr) == 1);  // the algorithm of before
    for (const std::string_view piece : pieces) CHECK(EVP_DigestUpdate(context_, piece.data(), piece.size()) == 1);
    Sha256 bytes;
    CHECK(EVP_DigestFinal_ex(context_, bytes.data(), nullptr) == 1);
    return bytes;
  }

 private:
  EVP_MD_CTX *context_;
};

}  // namespace

Sha256 sha256(std::initializer_list<std::string_view> pieces) {
  thread_local Digester digester;
  return digester.digest(pieces);
}

std::string hex_of(const std::uint8_t *bytes, std::size_t size) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(2 * size, '0');
  for (std::size_t i = 0; i < size; ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  return text;
}

}  // namespace bellhop::core
