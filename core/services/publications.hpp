// SPDX-License-Identifier: Apache-2.0
// Publications: the documents that instances have published, served on the webhook listener under
// /pub/<token>/<path>. The token is the instance's own secret: who knows it may read all of the instance's documents
// and nothing else. A wrong token and a document that is not there look like any other stranger's request, which is
// the caller's to answer; this room never says which of the two it was.
//
// A plugin's bytes are shown to browsers under the operator's name, so what may run there is decided here and not by
// the plugin: types from a list, nothing sniffed, HTML without scripts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "http/server.hpp"
#include "journal/journal.hpp"
#include "services/metrics.hpp"

namespace bellhop::core {

// Whose documents stand behind which token.
struct Shelf {
  std::string instance;
  InstanceId id = 0;
  std::string token;  // 32 hex digits
};

class Publications {
 public:
  // Journal, metrics and clock outlive this object.
  Publications(Journal &journal, Metrics &metrics, const Clock &clock, std::vector<Shelf> shelves);

  // "https://hooks.example.org", without a slash at its end. Before the first url_of(); the port is known late.
  void set_base_url(std::string base_url) { base_url_ = std::move(base_url); }
  // "https://hooks.example.org/pub/<token>/", "" for an instance without a shelf. [any]
  std::string url_of(std::string_view instance) const;

  // The answer to GET and HEAD of a document, 405 to another method; nullopt: there is nothing here for whoever asks.
  // May read from the disk. [any]
  std::optional<HttpAnswer> on_head(const HttpRequest &head) const;

 private:
  const Shelf *find(std::string_view token) const;
  HttpAnswer answer(const HttpRequest &head, const Document &document, std::string_view path) const;

  Journal &journal_;
  Metrics &metrics_;
  const Clock &clock_;
  const std::vector<Shelf> shelves_;
  std::string base_url_;
};

// Do the If-None-Match fields and If-Modified-Since of a GET say that the reader has this document already?
//   source  RFC 9110 sections 13.1.2, 13.1.3 and 13.2.2: the tags win over the date; tags are compared weakly
bool is_known_to_reader(const HttpRequest &head, const Document &document, Milliseconds wall_ms);

}  // namespace bellhop::core
