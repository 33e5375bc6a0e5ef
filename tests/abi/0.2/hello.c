/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin in C99: greets every booking in the log. */
#include <bellhop/plugin.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct hello {
  const bhp_host *host;
  const bhp_json_v1 *json;
} hello;

static int32_t create(const bhp_plugin *plugin, const bhp_host *host, const char *settings, size_t settings_size,
                      bhp_reply *reply, void **instance) {
  hello *self = malloc(sizeof *self);
  (void)plugin, (void)settings, (void)settings_size, (void)reply;
  if (self == NULL) return BHP_RETRY;
  self->host = host;
  self->json = host->service(host, BHP_SVC_JSON);
  *instance = self;
  return BHP_OK;
}

static int32_t deliver(void *instance, const bhp_event *event, bhp_reply *reply) {
  static const char pointer[] = "/data/booking/attendee/email";
  const hello *self = instance;
  char line[256];
  int size;
  (void)reply;
  size = snprintf(line, sizeof line, "hello %s",
                  self->json->text(self->json->find(event->root, pointer, sizeof pointer - 1), NULL));
  if (size < 0) return BHP_FAIL;
  self->host->log(self->host, BHP_LOG_INFO, line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
  return BHP_OK;
}

static void destroy(void *instance) { free(instance); }

static const char *const needs[] = {BHP_SVC_JSON, NULL};
static const bhp_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_major = BHP_ABI_MAJOR,
    .abi_minor = BHP_ABI_MINOR,
    .id = "hello-c",
    .name = "Hello in C",
    .version = "1.0.0",
    .summary = "Greets every booking",
    .sdk = "c",
    .needs = needs,
    .create = create,
    .deliver = deliver,
    .destroy = destroy,
};

const bhp_plugin *bellhop_plugin_v1(uint32_t index) { return index == 0 ? &plugin : NULL; }
