/* SPDX-License-Identifier: Apache-2.0 */
/* One plugin in C whose table has the fault that the macro names; without a macro it has none. */
#include <bellhop/plugin.h>
#include <stdlib.h>
#include <string.h>

static int32_t create(const bhp_plugin *plugin, const bhp_host *host, const char *settings, size_t settings_size,
                      bhp_reply *reply, void **instance) {
  (void)plugin, (void)host, (void)settings, (void)settings_size, (void)reply;
  *instance = NULL;
  return BHP_OK;
}

/* Fills the message to the last byte and leaves no 0 at the end. */
static int32_t deliver(void *instance, const bhp_event *event, bhp_reply *reply) {
  (void)instance, (void)event;
  memset(reply->message, 'm', reply->message_size);
  return BHP_OK;
}

/* Answers the first event of a batch and forgets the others. */
static int32_t deliver_batch(void *instance, const bhp_batch *batch, bhp_reply *const *replies, bhp_reply *whole) {
  (void)instance, (void)batch, (void)whole;
  replies[0]->verdict = BHP_SKIP;
  return BHP_OK;
}

static void destroy(void *instance) { (void)instance; }

static const void *extension(const bhp_plugin *plugin, const char *id) {
  static const bhp_batch_v1 batch = {deliver_batch};
  (void)plugin;
  return strcmp(id, BHP_EXT_BATCH) == 0 ? &batch : NULL;
}

static const char *const needs[] = {BHP_SVC_JSON, NULL};
static const bhp_plugin sound = {
    .struct_size = sizeof sound,
    .abi_major = BHP_ABI_MAJOR,
    .id = "odd",
    .needs = needs,
    .create = create,
    .deliver = deliver,
    .destroy = destroy,
    .extension = extension,
};

static const bhp_plugin *table(void) {
  static bhp_plugin plugin;
  plugin = sound;
#ifdef ODD_NEEDS
  static const char *const more[] = {BHP_SVC_JSON, "bellhop.teleport/7", NULL};
  plugin.needs = more;
#elif defined(ODD_PERMISSIONS)
  static const char *const more[] = {BHP_SVC_JSON, "os.network", "os.write", NULL};
  plugin.needs = more;
#elif defined(ODD_SIZE)
  plugin.struct_size = 96;
#elif defined(ODD_MAJOR)
  plugin.abi_major = 2, plugin.abi_minor = 4;
#elif defined(ODD_ID)
  plugin.id = "Not An Id";
#elif defined(ODD_CREATE)
  plugin.create = NULL;
#elif defined(ODD_DELIVER)
  plugin.deliver = NULL;
#elif defined(ODD_DESTROY)
  plugin.destroy = NULL;
#endif
  return &plugin;
}

#ifdef ODD_NEWER_ENTRY
BHP_EXPORT const bhp_plugin *bellhop_plugin_v2(uint32_t index);
const bhp_plugin *bellhop_plugin_v2(uint32_t index) { return index == 0 ? table() : NULL; }
#elif defined(ODD_NO_ENTRY)
BHP_EXPORT const bhp_plugin *some_other_function(uint32_t index);
const bhp_plugin *some_other_function(uint32_t index) { return index == 0 ? table() : NULL; }
#elif defined(ODD_EMPTY)
const bhp_plugin *bellhop_plugin_v1(uint32_t index) { return index == 0 ? NULL : table(); }
#else
const bhp_plugin *bellhop_plugin_v1(uint32_t index) { return index == 0 ? table() : NULL; }
#endif
