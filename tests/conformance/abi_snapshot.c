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
  NUMBER(BHP_DEFER);
  NUMBER(BHP_E_INVALID), NUMBER(BHP_E_NOT_FOUND), NUMBER(BHP_E_RANGE);
  NUMBER(BHP_E_TIMEOUT), NUMBER(BHP_E_CONNECT), NUMBER(BHP_E_TLS), NUMBER(BHP_E_DENIED), NUMBER(BHP_E_CANCELLED);
  NUMBER(BHP_E_TOO_LARGE), NUMBER(BHP_E_FULL), NUMBER(BHP_E_UNAVAILABLE);
  NUMBER(BHP_EV_TEST), NUMBER(BHP_EV_REPLAY), NUMBER(BHP_EV_REDELIVERY), NUMBER(BHP_EV_LATE), NUMBER(BHP_EV_DRYRUN);
  NUMBER(BHP_LOG_DEBUG), NUMBER(BHP_LOG_INFO), NUMBER(BHP_LOG_WARN), NUMBER(BHP_LOG_ERROR);
  NUMBER(BHP_PLUGIN_SINGLETON);
  TEXT(BHP_SVC_JSON);
  NUMBER(BHP_JSON_NULL), NUMBER(BHP_JSON_BOOL), NUMBER(BHP_JSON_NUMBER), NUMBER(BHP_JSON_STRING);
  NUMBER(BHP_JSON_ARRAY), NUMBER(BHP_JSON_OBJECT);
  TEXT(BHP_SVC_HTTP), TEXT(BHP_SVC_KV), TEXT(BHP_SVC_PUBLISH), TEXT(BHP_SVC_METRICS);
  NUMBER(BHP_KV_NOW), NUMBER(BHP_PUBLISH_NOW);
  TEXT(BHP_EXT_BATCH), TEXT(BHP_EXT_HEALTH), TEXT(BHP_EXT_TICK), TEXT(BHP_EXT_COMMAND);
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

static void services(void) {
  SIZE(bhp_pair);
  FIELD(bhp_pair, name), FIELD(bhp_pair, value);
  SIZE(bhp_http_request);
  FIELD(bhp_http_request, struct_size), FIELD(bhp_http_request, flags), FIELD(bhp_http_request, method);
  FIELD(bhp_http_request, url), FIELD(bhp_http_request, headers), FIELD(bhp_http_request, headers_count);
  FIELD(bhp_http_request, body), FIELD(bhp_http_request, timeout_ms), FIELD(bhp_http_request, limit);
  SIZE(bhp_http_response);
  FIELD(bhp_http_response, struct_size), FIELD(bhp_http_response, status), FIELD(bhp_http_response, headers);
  FIELD(bhp_http_response, headers_count), FIELD(bhp_http_response, body), FIELD(bhp_http_response, retry_after_ms);
  FIELD(bhp_http_response, sentence);
  SIZE(bhp_http_v1);
  FIELD(bhp_http_v1, send), FIELD(bhp_http_v1, release);
  SIZE(bhp_kv_page);
  FIELD(bhp_kv_page, struct_size), FIELD(bhp_kv_page, entries_count), FIELD(bhp_kv_page, entries);
  FIELD(bhp_kv_page, is_more), FIELD(bhp_kv_page, reserved0);
  SIZE(bhp_kv_v1);
  FIELD(bhp_kv_v1, get), FIELD(bhp_kv_v1, release), FIELD(bhp_kv_v1, put), FIELD(bhp_kv_v1, remove);
  FIELD(bhp_kv_v1, list), FIELD(bhp_kv_v1, release_page);
  SIZE(bhp_document);
  FIELD(bhp_document, struct_size), FIELD(bhp_document, flags), FIELD(bhp_document, path);
  FIELD(bhp_document, content_type), FIELD(bhp_document, body);
  SIZE(bhp_publish_v1);
  FIELD(bhp_publish_v1, put), FIELD(bhp_publish_v1, remove), FIELD(bhp_publish_v1, url);
  FIELD(bhp_publish_v1, release);
  SIZE(bhp_metrics_v1);
  FIELD(bhp_metrics_v1, count), FIELD(bhp_metrics_v1, gauge), FIELD(bhp_metrics_v1, observe);
}

static void extensions(void) {
  SIZE(bhp_health_v1);
  FIELD(bhp_health_v1, check);
  SIZE(bhp_tick_v1);
  FIELD(bhp_tick_v1, tick);
  SIZE(bhp_command);
  FIELD(bhp_command, struct_size), FIELD(bhp_command, flags), FIELD(bhp_command, name), FIELD(bhp_command, summary);
  FIELD(bhp_command, arguments_schema);
  SIZE(bhp_output);
  FIELD(bhp_output, struct_size), FIELD(bhp_output, reserved0), FIELD(bhp_output, opaque), FIELD(bhp_output, write);
  SIZE(bhp_command_v1);
  FIELD(bhp_command_v1, describe), FIELD(bhp_command_v1, run);
}

int main(void) {
  numbers();
  structs();
  tables();
  services();
  extensions();
  return 0;
}
