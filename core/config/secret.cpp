// SPDX-License-Identifier: Apache-2.0
// Secrets by reference. A reference is named in errors; what it leads to never is.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "config/config.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t secret_bytes_max = 64 << 10;

bool takes_prefix(std::string_view &text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

Result<std::string> without_newline(std::string secret, const std::string &what) {
  if (!secret.empty() && secret.back() == '\n') secret.pop_back();
  if (!secret.empty() && secret.back() == '\r') secret.pop_back();
  if (secret.empty()) return Error{Kind::not_found, what + " is empty"};
  return secret;
}

Result<std::string> read_secret_file(const std::string &path, const std::string &what) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string secret(secret_bytes_max + 1, '\0');
  if (in) in.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  if (!in.is_open() || in.bad()) {
    return Error{Kind::not_found, what + " cannot be read: " + std::strerror(errno != 0 ? errno : EIO)};
  }
  secret.resize(static_cast<std::size_t>(in.gcount()));
  if (secret.size() > secret_bytes_max) {
    return Error{Kind::too_large, what + " is larger than a secret may be (64 KiB)"};
  }
  return without_newline(std::move(secret), what);
}

}  // namespace

Result<std::string> resolve_secret(std::string_view reference, const Surroundings &surroundings) {
  std::string_view rest = reference;
  if (takes_prefix(rest, "env:")) {
    const std::string name(rest);
    const auto found = surroundings.environment.find(name);
    if (found == surroundings.environment.end()) {
      return Error{Kind::not_found, "the environment variable " + name + " is not set"};
    }
    return without_newline(found->second, "the environment variable " + name);
  }
  if (takes_prefix(rest, "file:")) {
    const std::string path(rest);
    if (path.empty() || path.front() != '/') {
      return Error{Kind::invalid, "\"file:" + path + "\" wants an absolute path after \"file:\""};
    }
    return read_secret_file(path, "the secret file " + path);
  }
  if (takes_prefix(rest, "credential:")) {
    const std::string name(rest);
    if (name.empty() || name.find('/') != std::string::npos) {
      return Error{Kind::invalid, "\"credential:" + name + "\" wants the name of a systemd credential, without \"/\""};
    }
    if (surroundings.credentials_dir.empty()) {
      return Error{Kind::not_found, "the credential " + name +
                                        " was looked for, but systemd passed none (CREDENTIALS_DIRECTORY is not set); "
                                        "outside systemd use env: or file:"};
    }
    return read_secret_file(surroundings.credentials_dir + "/" + name,
                            "the credential " + name + " in " + surroundings.credentials_dir);
  }
  return std::string(reference);
}

}  // namespace bellhop::core
