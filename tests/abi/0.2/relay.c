/* SPDX-License-Identifier: Apache-2.0 */
/* In C99: posts every event once, remembers under which number, and says so. */
#include <bellhop/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct relay {
  const bhp_host *host;
  const bhp_http_v1 *http;
  const bhp_kv_v1 *kv;
} relay;

static int32_t create(const bhp_plugin *plugin, const bhp_host *host, const char *settings, size_t settings_size,
                      bhp_reply *reply, void **instance) {
  relay *self = malloc(sizeof *self);
  (void)plugin, (void)settings, (void)settings_size, (void)reply;
  if (self == NULL) return BHP_RETRY;
  self->host = host;
  self->http = host->service(host, BHP_SVC_HTTP);
  self->kv = host->service(host, BHP_SVC_KV);
  *instance = self;
  return BHP_OK;
}

static bhp_str str(const char *text) {
  bhp_str out;
  out.ptr = text;
  out.size = strlen(text);
  return out;
}

static int32_t deliver(void *instance, const bhp_event *event, bhp_reply *reply) {
  relay *self = instance;
  const bhp_str *known = NULL;
  const bhp_http_response *response = NULL;
  bhp_http_request request;
  bhp_pair type;
  int32_t error = self->kv->get(self->host, event->id.ptr, event->id.size, &known);
  if (error == BHP_OK) {
    snprintf(reply->message, reply->message_size, "posted before: %s", known->ptr);
    self->kv->release(self->host, known);
    return BHP_SKIP;
  }
  if (error != BHP_E_NOT_FOUND) return BHP_RETRY;
  memset(&request, 0, sizeof request);
  type.name = str("Content-Type");
  type.value = str("application/json");
  request.struct_size = sizeof request;
  request.method = str("POST");
  request.url = str("https://relay.example/");
  request.headers = &type;
  request.headers_count = 1;
  request.body = event->json;
  error = self->http->send(self->host, &request, &response);
  if (response != NULL) snprintf(reply->message, reply->message_size, "%s", response->sentence.ptr);
  if (error == 0 && response->status == 200) {
    error = self->kv->put(self->host, event->id.ptr, event->id.size, response->body.ptr, response->body.size, 0);
  } else if (error == 0) {
    error = BHP_E_UNAVAILABLE;
  }
  self->http->release(self->host, response);
  return error == 0 ? BHP_OK : BHP_RETRY;
}

static void destroy(void *instance) { free(instance); }

static const char *const needs[] = {BHP_SVC_HTTP, BHP_SVC_KV, NULL};
static const bhp_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_major = BHP_ABI_MAJOR,
    .abi_minor = BHP_ABI_MINOR,
    .id = "relay-c",
    .sdk = "c",
    .needs = needs,
    .create = create,
    .deliver = deliver,
    .destroy = destroy,
};

const bhp_plugin *bellhop_plugin_v1(uint32_t index) { return index == 0 ? &plugin : NULL; }
