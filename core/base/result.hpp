// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or an Error that says in one sentence what went wrong.
//
// Expected failures (bad JSON, full disk, an answer of 503) travel as values of this type. It refuses to be ignored
// ([[nodiscard]]) and to be read wrongly: value() of an error aborts with the error's sentence.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.hpp"

namespace bellhop::core {

// What the program can do about an error. The sentence is for the person.
enum class Kind {
  invalid,      // the input is wrong; the same input will never work
  not_found,    // no such thing
  conflict,     // somebody else holds it, or it is of another version
  too_large,    // over a named limit
  full,         // the disk or a cap is full: later
  unavailable,  // cannot be had now: later
  timeout,      // took longer than allowed
  denied,       // not permitted
  corrupt,      // stored bytes are not what was written
  internal,     // none of the above
};

struct Error {
  Kind kind = Kind::internal;
  std::string sentence;  // what was tried, on what, what came back; no trailing full stop
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T &value() const & {
    check_ok();
    return std::get<0>(state_);
  }
  T &value() & {
    check_ok();
    return std::get<0>(state_);
  }
  // By value, so that `for (auto &row : journal.owed(…).value())` keeps the rows alive.
  T value() && {
    check_ok();
    return std::get<0>(std::move(state_));
  }
  const T &operator*() const & { return value(); }
  T &operator*() & { return value(); }
  const T *operator->() const { return &value(); }
  T *operator->() { return &value(); }

  const Error &error() const {
    CHECK(!ok());
    return std::get<1>(state_);
  }

 private:
  void check_ok() const {
    if (!ok()) check_failed(__FILE__, __LINE__, std::get<1>(state_).sentence.c_str());
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : state_(std::move(error)), is_ok_(false) {}  // NOLINT: implicit on purpose

  bool ok() const { return is_ok_; }
  explicit operator bool() const { return ok(); }
  const Error &error() const {
    CHECK(!ok());
    return state_;
  }

 private:
  Error state_;
  bool is_ok_ = true;
};

}  // namespace bellhop::core
