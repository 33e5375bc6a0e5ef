// SPDX-License-Identifier: Apache-2.0
// Last words: what a child prints when its plugin crashes: one line per frame, as module and offset, so that
// `addr2line -e MODULE OFFSET` names the source. It runs inside a broken process, so it allocates nothing, takes no
// lock and reads no symbol; the signal then goes its way and the daemon sees who was killed by what.
#pragma once

namespace bellhop::core {

// Installs the handlers of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT, on a stack of their own for this thread: a
// stack that has run over is a reason too. Lines go to standard error. Once, before the plugin is loaded.
void prepare_last_words();

// The plugin is mapped: remembers which modules are where. Again after every dlopen that matters. [one]
void remember_modules();

}  // namespace bellhop::core
