// SPDX-License-Identifier: Apache-2.0
#include "egress/tls.hpp"

#include <Poco/Delegate.h>
#include <Poco/Exception.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/VerificationErrorArgs.h>

#include <utility>

namespace bellhop::core {

namespace {

thread_local std::string last_refusal;

// Poco tells the reason to whoever listens on its manager, in the thread of the handshake, and to nobody else: the
// exception that follows says only that verification failed. We listen and do not forgive (the default).
void note_refusal(const void *, Poco::Net::VerificationErrorArgs &refusal) { last_refusal = refusal.errorMessage(); }

void listen_once() {
  static const bool is_listening = [] {
    Poco::Net::SSLManager::instance().ClientVerificationError += Poco::delegate(&note_refusal);
    return true;
  }();
  static_cast<void>(is_listening);
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::open(const std::string &ca_file) {
  listen_once();
  Poco::Net::Context::Params params;
  params.caLocation = ca_file;
  params.loadDefaultCAs = true;
  params.verificationMode = Poco::Net::Context::VERIFY_STRICT;
  params.cipherList = "DEFAULT";  // the system's policy, not Poco's list of old
  try {
    Poco::Net::Context::Ptr context(new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params));
    context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
    context->enableExtendedCertificateVerification(true);
    return std::unique_ptr<TlsContext>(new TlsContext(std::move(context)));
  } catch (const Poco::Exception &error) {
    return Error{Kind::invalid, "read the authorities' certificates in \"" + ca_file + "\": " + error.displayText()};
  }
}

std::string TlsContext::take_refusal() { return std::exchange(last_refusal, {}); }

}  // namespace bellhop::core
