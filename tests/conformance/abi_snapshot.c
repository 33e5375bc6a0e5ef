/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the plugin ABI as the compiler sees it: sizes, offsets, values of macros and ids, one fact a line. What it
   prints is held against tests/conformance/abi_v1.txt: old lines survive in their order, new ones come behind those of
   their struct. docs/abi.md says how a change is made. */
#include <bellhop/plugin.h>
#include <stdio.h>

#define SIZE(TYPE) printf("%s: %zu bytes\n", #TYPE, sizeof(TYPE))
#define FIELD(TYPE, NAME) \
  printf("%s.%s: at %zu, %zu bytes\n", #TYPE, #NAME, offsetof(TYPE, NAME), sizeof(((TYPE *)0)->NAME))
#define NUMBER(NAME) printf("%s = %ld\n", #NAME, (long)(NAME))
#define TEXT(NAME) printf("%s = \"%s\"\n", #NAME, NAME)

static void numbers(void) {
  NUMBER(BHP_ABI_MAJOR), NUMBER(BHP_ABI_MINOR);
  TEXT(BHP_ENTRY_SYMBOL);
  NUMBER(BHP_OK), NUMBER(BHP_SKIP), NUMBER(BHP_RETRY), NUMBER(BHP_FAIL), NUMBER(BHP_HOLD);
  NUMBER(BHP_E_INVALID), NUMBER(BHP_E_NOT_FOUND), NUMBER(BHP_E_RANGE);
  NUMBER(BHP_EV_TEST), NUMBER(BHP_EV_REPLAY), NUMBER(BHP_EV_REDELIVERY), NUMBER(BHP_EV_LATE), NUMBER(BHP_EV_DRYRUN);
  NUMBER(BHP_LOG_DEBUG), NUMBER(BHP_LOG_INFO), NUMBER(BHP_LOG_WARN), NUMBER(BHP_LOG_ERROR);
  NUMBER(BHP_PLUGIN_SINGLETON);
  TEXT(BHP_SVC_JSON);
  NUMBER(BHP_JSON_NULL), NUMBER(BHP_JSON_BOOL), NUMBER(BHP_JSON_NUMBER), NUMBER(BHP_JSON_STRING);
  NUMBER(BHP_JSON_ARRAY), NUMBER(BHP_JSON_OBJECT);
  TEXT(BHP_EXT_BATCH);
}

static void structs(void) {
  SIZE(bhp_str);
  FIELD(bhp_str, ptr), FIELD(bhp_str, size);
  SIZE(bhp_reply);
  FIELD(bhp_reply, struct_size), FIELD(bhp_reply, verdict), FIELD(bhp_reply, retry_after_ms);
  FIELD(bhp_reply, message), FIELD(bhp_reply, message_size);
  SIZE(bhp_event);
  FIELD(bhp_event, struct_size), FIELD(bhp_event, flags), FIELD(bhp_event, id), FIELD(bhp_event, type);
  FIELD(bhp_event, subject), FIELD(bhp_event, occurred_ms), FIELD(bhp_event, received_ms), FIELD(bhp_event, budget_ms);
  FIELD(bhp_event, seq), FIELD(bhp_event, attempt), FIELD(bhp_event, attempts_max), FIELD(bhp_event, json);
  FIELD(bhp_event, body), FIELD(bhp_event, root);
  SIZE(bhp_host);
  FIELD(bhp_host, struct_size), FIELD(bhp_host, abi_major), FIELD(bhp_host, abi_minor), FIELD(bhp_host, name);
  FIELD(bhp_host, version), FIELD(bhp_host, instance), FIELD(bhp_host, state_dir), FIELD(bhp_host, worker);
  FIELD(bhp_host, reserved0), FIELD(bhp_host, opaque), FIELD(bhp_host, log), FIELD(bhp_host, now_ms);
  FIELD(bhp_host, stopping), FIELD(bhp_host, service);
  SIZE(bhp_plugin);
  FIELD(bhp_plugin, struct_size), FIELD(bhp_plugin, abi_major), FIELD(bhp_plugin, abi_minor), FIELD(bhp_plugin, flags);
  FIELD(bhp_plugin, id), FIELD(bhp_plugin, name), FIELD(bhp_plugin, version), FIELD(bhp_plugin, summary);
  FIELD(bhp_plugin, vendor), FIELD(bhp_plugin, license), FIELD(bhp_plugin, url), FIELD(bhp_plugin, sdk);
  FIELD(bhp_plugin, settings_schema), FIELD(bhp_plugin, events), FIELD(bhp_plugin, needs), FIELD(bhp_plugin, wants);
  FIELD(bhp_plugin, create), FIELD(bhp_plugin, start), FIELD(bhp_plugin, deliver), FIELD(bhp_plugin, stop);
  FIELD(bhp_plugin, destroy), FIELD(bhp_plugin, extension);
}

static void tables(void) {
  SIZE(bhp_json_v1);
  FIELD(bhp_json_v1, find), FIELD(bhp_json_v1, type), FIELD(bhp_json_v1, text), FIELD(bhp_json_v1, integer);
  FIELD(bhp_json_v1, number), FIELD(bhp_json_v1, size), FIELD(bhp_json_v1, child), FIELD(bhp_json_v1, parse);
  FIELD(bhp_json_v1, release), FIELD(bhp_json_v1, quote);
  SIZE(bhp_batch);
  FIELD(bhp_batch, struct_size), FIELD(bhp_batch, events_count), FIELD(bhp_batch, events), FIELD(bhp_batch, budget_ms);
  FIELD(bhp_batch, backlog_count);
  SIZE(bhp_batch_v1);
  FIELD(bhp_batch_v1, deliver);
}

int main(void) {
  numbers();
  structs();
  tables();
  return 0;
}
