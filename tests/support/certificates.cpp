// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/check.hpp"

namespace bellhop::core {

namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;

constexpr long day_s = 86'400;

template <class Write>
std::string pem_of(const Write &write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  CHECK(write(out.get()) == 1);
  char *bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

std::string pem_of(X509 *certificate) {
  return pem_of([&](BIO *out) { return PEM_write_bio_X509(out, certificate); });
}

std::string pem_of(EVP_PKEY *key) {
  return pem_of([&](BIO *out) { return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void extend(X509 *certificate, X509 *issuer, int kind, const std::string &value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION *const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

KeyPtr new_key() {
  KeyPtr key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  CHECK(key != nullptr);
  return key;
}

// Not signed yet. A null issuer means itself.
CertificatePtr make(EVP_PKEY *key, const char *name, X509 *issuer, int days) {
  static long serial = 1;
  CertificatePtr made(X509_new(), &X509_free);
  X509 *const x509 = made.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), days < 0 ? days * day_s * 2 : -day_s);
  X509_gmtime_adj(X509_getm_notAfter(x509), days * day_s);
  X509_set_pubkey(x509, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char *>(name), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(issuer == nullptr ? x509 : issuer));
  return made;
}

}  // namespace

struct TestAuthority::Keys {
  KeyPtr key{nullptr, &EVP_PKEY_free};
  CertificatePtr certificate{nullptr, &X509_free};
};

TestAuthority::TestAuthority(const char *name) : keys_(std::make_unique<Keys>()) {
  keys_->key = new_key();
  keys_->certificate = make(keys_->key.get(), name, nullptr, 30);
  X509 *const own = keys_->certificate.get();
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(own, own, NID_subject_key_identifier, "hash");
  CHECK(X509_sign(own, keys_->key.get(), EVP_sha256()) > 0);
  pem_ = pem_of(own);
}

TestAuthority::~TestAuthority() = default;

Certificate TestAuthority::issue(const std::string &names, int days) const {
  const KeyPtr key = new_key();
  const CertificatePtr made = make(key.get(), "a test server", keys_->certificate.get(), days);
  extend(made.get(), keys_->certificate.get(), NID_subject_alt_name, names);
  CHECK(X509_sign(made.get(), keys_->key.get(), EVP_sha256()) > 0);
  return {pem_of(made.get()), pem_of(key.get())};
}

Certificate TestAuthority::self_signed(const std::string &names) {
  const KeyPtr key = new_key();
  const CertificatePtr made = make(key.get(), "a test server", nullptr, 30);
  extend(made.get(), made.get(), NID_subject_alt_name, names);
  CHECK(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
  return {pem_of(made.get()), pem_of(key.get())};
}

}  // namespace bellhop::core
