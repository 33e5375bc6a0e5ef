// SPDX-License-Identifier: Apache-2.0
#include "host/child.hpp"

#include <bellhop/plugin.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
