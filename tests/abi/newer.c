/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin of the future: its table has grown at the end, its events have a field that no host of today fills in, and
   it wants a service that there is not yet. With NEWER_NEEDS it cannot do without that service. */
#include <bellhop/plugin.h>
#include <stdio.h>

typedef struct newer_event {
  bhp_event now;
  uint64_t weight; /* not known to any host of today */
} newer_event;

typedef struct newer_plugin {
  bhp_plugin now;
  const char *colour;
  int32_t (*paint)(void *instance);
} newer_plugin;

static const bhp_host *the_host;

static int32_t create(const bhp_plugin *plugin, const bhp_host *host, const char *settings, size_t settings_size,
                      bhp_reply *reply, void **instance) {
  (void)plugin, (void)settings, (void)settings_size, (void)reply;
  the_host = host;
  *instance = NULL;
  return BHP_OK;
}

static int32_t deliver(void *instance, const bhp_event *event, bhp_reply *reply) {
  const newer_event *newer = (const newer_event *)(const void *)event;
  (void)instance;
  snprintf(reply->message, reply->message_size, "weight %s, kv/2 %s",
           event->struct_size >= sizeof(newer_event) && newer->weight != 0 ? "given" : "absent",
           the_host->service(the_host, "bellhop.kv/2") != NULL ? "given" : "absent");
  return BHP_OK;
}

static void destroy(void *instance) { (void)instance; }
static int32_t paint(void *instance) { return instance != NULL; }

#ifdef NEWER_NEEDS
static const char *const needs[] = {BHP_SVC_JSON, "bellhop.kv/2", NULL};
#else
static const char *const needs[] = {BHP_SVC_JSON, NULL};
#endif
static const char *const wants[] = {"bellhop.kv/2", NULL};
static const newer_plugin plugin = {
    .now = {.struct_size = sizeof plugin,
            .abi_major = BHP_ABI_MAJOR,
            .abi_minor = BHP_ABI_MINOR + 3,
            .id = "newer",
            .version = "9.0.0",
            .needs = needs,
            .wants = wants,
            .create = create,
            .deliver = deliver,
            .destroy = destroy},
    .colour = "mauve",
    .paint = paint,
};

const bhp_plugin *bellhop_plugin_v1(uint32_t index) { return index == 0 ? &plugin.now : NULL; }
