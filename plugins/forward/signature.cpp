// SPDX-License-Identifier: Apache-2.0
#include "signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace forward {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t key_bytes_min = 24, key_bytes_max = 64;
constexpr std::size_t digest_bytes = 32;

std::string base64(const unsigned char *bytes, std::size_t size) {
  std::string text((size + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a 0
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()), bytes, static_cast<int>(size));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

// Strict: EVP_DecodeBlock would take white space around the text for granted, and knows nothing of padding.
std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  if (text.substr(0, text.size() - padding).find_first_not_of(alphabet) != text.npos) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int decoded =
      EVP_DecodeBlock(reinterpret_cast<unsigned char *>(bytes.data()),
                      reinterpret_cast<const unsigned char *>(text.data()), static_cast<int>(text.size()));
  if (decoded < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(decoded) - padding);
  return bytes;
}

}  // namespace

std::optional<std::string> key_of(std::string_view secret) {
  if (secret.substr(0, secret_prefix.size()) == secret_prefix) secret.remove_prefix(secret_prefix.size());
  std::optional<std::string> key = from_base64(secret);
  if (!key || key->size() < key_bytes_min || key->size() > key_bytes_max) return std::nullopt;
  return key;
}

std::string signatures(const std::vector<std::string> &keys, std::string_view id, std::int64_t timestamp_s,
                       std::string_view body) {
  std::string content;
  content.reserve(id.size() + body.size() + 24);
  content.append(id).append(".").append(std::to_string(timestamp_s)).append(".").append(body);
  std::string all;
  for (const std::string &key : keys) {
    std::array<unsigned char, digest_bytes> digest{};
    unsigned int size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char *>(content.data()), content.size(), digest.data(),
             &size) == nullptr ||
        size != digest_bytes) {
      throw std::runtime_error("libcrypto cannot compute HMAC-SHA256");
    }
    all.append(all.empty() ? "v1," : " v1,").append(base64(digest.data(), digest.size()));
  }
  return all;
}

}  // namespace forward
