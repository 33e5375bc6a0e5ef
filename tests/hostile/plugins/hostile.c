/* SPDX-License-Identifier: Apache-2.0 */
/* One source, many plugins: built with ACT=NAME it becomes hostile_NAME.so, which obeys until an event's subject holds
   "evil", and then does the one thing that its name says. In C, so that nothing stands between the deed and the host.
 */
#define _GNU_SOURCE
#include <bellhop/plugin.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 64
#define MEBIBYTE ((size_t)1 << 20)

static const bhp_host *host;

static int32_t fail(bhp_reply *reply, const char *what) {
  snprintf(reply->message, reply->message_size, "%s: %s", what, strerror(errno));
  return BHP_FAIL;
}

static void sleep_for_ever(void) {
  for (;;) pause();
}

#if defined(ACT_segfault)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  char *volatile nowhere = (char *)8;
  (void)event, (void)reply;
  *nowhere = 1;
  return BHP_OK;
}
#elif defined(ACT_abort)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event, (void)reply;
  abort();
}
#elif defined(ACT_exit)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event, (void)reply;
  exit(0);
}
#elif defined(ACT_stack)
static int dig(volatile int depth) {
  volatile char ground[4096];
  ground[0] = (char)depth;
  return dig(depth + 1) + ground[0];
}
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event, (void)reply;
  return dig(0);
}
#elif defined(ACT_memory)
/* Like most code, it does not look at what malloc returns. */
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event, (void)reply;
  for (;;) {
    char *volatile more = malloc(MEBIBYTE);
    memset(more, 1, MEBIBYTE);
  }
  return BHP_OK;
}
#elif defined(ACT_hang)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event, (void)reply;
  sleep_for_ever();
  return BHP_OK;
}
#elif defined(ACT_spin)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  volatile int is_stuck = 1;
  (void)event, (void)reply;
  while (is_stuck) continue;
  return BHP_OK;
}
#elif defined(ACT_signals)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  sigset_t all;
  (void)event, (void)reply;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  sleep_for_ever();
  return BHP_OK;
}
#elif defined(ACT_close)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event, (void)reply;
  for (int fd = 0; fd < DESCRIPTORS_MAX; ++fd) close(fd);
  sleep_for_ever();
  return BHP_OK;
}
#elif defined(ACT_garbage)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  char garbage[4096];
  (void)event, (void)reply;
  memset(garbage, 0xA5, sizeof garbage);
  for (int fd = 0; fd < DESCRIPTORS_MAX; ++fd) {
    if (write(fd, garbage, sizeof garbage) < 0) continue;
  }
  return BHP_OK;
}
#elif defined(ACT_flood)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event, (void)reply;
  for (int line = 0; line < 50000; ++line) host->log(host, BHP_LOG_INFO, "water", 5);
  return BHP_OK;
}
#elif defined(ACT_verdict)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event, (void)reply;
  return 4711;
}
#elif defined(ACT_pointers)
static const char *kept_json;
static char *kept_message;
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  kept_json = event->json.ptr;
  kept_message = reply->message;
  return BHP_OK;
}
#elif defined(ACT_threads)
static void *speak(void *nothing) {
  const struct timespec moment = {0, 1000000};
  for (;;) {
    host->log(host, BHP_LOG_DEBUG, "still here", 10);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
  }
  return nothing;
}
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event, (void)reply;
  for (int number = 0; number < 2; ++number) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, speak, NULL) != 0) return BHP_FAIL;
  }
  return BHP_OK;
}
#elif defined(ACT_fork)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event;
  for (int number = 0; number < 1000; ++number) {
    const pid_t child = fork();
    if (child == 0) sleep_for_ever();
    if (child < 0) return fail(reply, "fork");
  }
  return BHP_OK;
}
#elif defined(ACT_exec)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event;
  execl("/bin/sh", "sh", "-c", "exit 0", (char *)NULL);
  return fail(reply, "exec");
}
#elif defined(ACT_files)
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event;
  while (open("/dev/null", O_RDONLY) >= 0) continue;
  return fail(reply, "open");
}
#elif defined(ACT_murder)
/* The daemon, its group, and everybody else. */
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event;
  if (kill(getppid(), SIGKILL) == 0 || kill(0, SIGKILL) == 0 || kill(-1, SIGKILL) == 0) return BHP_OK;
  return fail(reply, "kill");
}
#elif defined(ACT_reboot)
/* With a magic number that the kernel refuses, should the call ever get there. */
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event;
  syscall(SYS_reboot, 0, 0, LINUX_REBOOT_CMD_RESTART, NULL);
  return fail(reply, "reboot");
}
#else /* obedient: what the broken libraries are made of */
static int32_t act(const bhp_event *event, bhp_reply *reply) {
  (void)event;
  return fail(reply, "nothing");
}
#endif

static int32_t create(const bhp_plugin *plugin, const bhp_host *given, const char *settings, size_t settings_size,
                      bhp_reply *reply, void **instance) {
  (void)plugin, (void)settings, (void)settings_size, (void)reply;
  host = given;
  *instance = NULL;
  return BHP_OK;
}

static int32_t deliver(void *instance, const bhp_event *event, bhp_reply *reply) {
  (void)instance;
#ifdef ACT_pointers
  if (kept_message != NULL) { /* of a call that has returned */
    memset(kept_message, 'x', 64);
    kept_message[0] = kept_json[0] == '\0' ? 'x' : 'y';
  }
#endif
  if (memmem(event->subject.ptr, event->subject.size, "evil", 4) == NULL) return BHP_OK;
  return act(event, reply);
}

static void destroy(void *instance) { (void)instance, (void)fail, (void)sleep_for_ever; }

#ifdef MISSING_SYMBOL
extern int32_t a_function_that_nobody_has(void);
#endif

static const bhp_plugin plugin = {
#ifdef WRONG_SIZE
    .struct_size = 96,
#else
    .struct_size = sizeof plugin,
#endif
    .abi_major = BHP_ABI_MAJOR,
    .id = "hostile",
    .version = "6.6.6",
    .create = create,
    .deliver = deliver,
    .destroy = destroy,
};

#ifdef NO_ENTRY
BHP_EXPORT const bhp_plugin *somebody_elses_plugin(uint32_t index);
const bhp_plugin *somebody_elses_plugin(uint32_t index) { return index == 0 ? &plugin : NULL; }
#else
const bhp_plugin *bellhop_plugin_v1(uint32_t index) {
#ifdef MISSING_SYMBOL
  if (index == 7) return a_function_that_nobody_has() != 0 ? &plugin : NULL;
#endif
  return index == 0 ? &plugin : NULL;
}
#endif
