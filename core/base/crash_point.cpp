// SPDX-License-Identifier: Apache-2.0
// The crash tests' switch (see CRASH_POINT in base/check.hpp). Empty in builds without BELLHOP_CRASH_POINTS.
#include "base/check.hpp"

#ifdef BELLHOP_CRASH_POINTS
#include <atomic>
#include <csignal>
#include <cstring>

#include <unistd.h>

namespace bellhop::core {
namespace {

struct Armed {
  char name[64] = {};
  std::atomic<int> passes_left{0};  // <= 0 when not armed
  Armed() {
    const char *text = std::getenv("BELLHOP_CRASH_POINT");
    if (text == nullptr) return;
    const char *colon = std::strchr(text, ':');
    const std::size_t size = colon != nullptr ? static_cast<std::size_t>(colon - text) : std::strlen(text);
    if (size == 0 || size >= sizeof name) return;
    std::memcpy(name, text, size);
    passes_left = colon != nullptr ? std::atoi(colon + 1) : 1;
  }
};

}  // namespace

void crash_point(const char *name) {
  static Armed armed;
  if (armed.name[0] == '\0' || std::strcmp(name, armed.name) != 0) return;
  if (--armed.passes_left == 0) kill(getpid(), SIGKILL);
}

}  // namespace bellhop::core
#endif
