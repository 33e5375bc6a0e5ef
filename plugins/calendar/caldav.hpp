// SPDX-License-Identifier: Apache-2.0
// CalDav: one collection of a CalDAV server, and how a booking gets there without treading on what others write. Made
// anew with If-None-Match, changed with If-Match; whoever was there first is read and merged, once. Never deletes.
//   source    RFC 4791 sections 5.3.2 and 7.8, RFC 4918
#pragma once

#include <bellhop/http.hpp>

#include <string>
#include <string_view>

#include "state.hpp"

namespace calendar {

struct Account {
  std::string url;  // of the collection; ends in '/'
  std::string username, password;
  std::string limit;  // a named rate limit, "" = none
};

class CalDav {
 public:
  CalDav(bellhop::Http http, Account account);

  // Of this account among an instance's targets, whatever their order in the settings.
  const std::string &target() const { return target_; }
  // The collection without what an URL may hide: for sentences.
  const std::string &name() const { return account_.url; }

  // Makes the server show the state. `done` is what is known from before, and then what is known now; the state's
  // SEQUENCE becomes the server's when that is higher.
  //   OK     it is there, or (canceled) somebody has removed it
  //   HOLD   401, 403, 404, 405, redirects: nothing will get there
  //   FAIL   this event is refused
  //   RETRY  everything that may pass
  bellhop::Verdict put(State &state, Export &done) const;

  // Is it a calendar collection, and do we get in? Leaves nothing behind.
  bellhop::Verdict check() const;

 private:
  bellhop::Response send(const char *method, const std::string &url, std::vector<bellhop::Header> headers,
                         std::string body = {}) const;
  bellhop::Response write(const std::string &text, const std::string &href, bellhop::Header condition) const;
  bellhop::Verdict create(State &state, Export &done) const;
  bellhop::Verdict merge(State &state, Export &done) const;
  bellhop::Verdict move_to_conflict(State &state, Export &done, const bellhop::Response &refusal) const;
  bellhop::Verdict settled(const bellhop::Response &response, Export &done) const;
  std::string resolved(const std::string &href) const;

  bellhop::Http http_;
  Account account_;
  std::string target_;
};

// What an answer to PUT means when it is none of 200, 201, 204: 207 is no success (Xandikos answers it for conflicts
// and for garbage). Pure.
bellhop::Verdict verdict_of_refusal(const bellhop::Response &response);

// Does the refusal say that another resource of the collection has this UID? Pure.
bool is_uid_conflict(const bellhop::Response &response);

}  // namespace calendar
