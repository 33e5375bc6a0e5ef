// SPDX-License-Identifier: Apache-2.0
// CHECK(condition): our own bugs end the process, in release builds too; systemd restarts it and the journal makes
// that safe. CRASH_POINT("room.where"): a named place at which the crash tests kill -9 the daemon; compiled in only
// with BELLHOP_CRASH_POINTS, and then inert unless the environment variable BELLHOP_CRASH_POINT names it ("name" or
// "name:n", n = how many times it is passed before it strikes, from 1).
#pragma once

#include <cstdio>
#include <cstdlib>

namespace bellhop::core {

[[noreturn]] inline void check_failed(const char *file, int line, const char *what) {
  std::fprintf(stderr, "bellhop: internal check failed at %s:%d: %s\n", file, line, what);
  std::abort();
}

#ifdef BELLHOP_CRASH_POINTS
void crash_point(const char *name);
#endif

}  // namespace bellhop::core

#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::bellhop::core::check_failed(__FILE__, __LINE__, #condition))

#ifdef BELLHOP_CRASH_POINTS
#define CRASH_POINT(name) ::bellhop::core::crash_point(name)
#else
#define CRASH_POINT(name) static_cast<void>(0)
#endif
