/* SPDX-License-Identifier: Apache-2.0
 *
 * bellhop/draft/http.h -- the service bellhop.http/1: outbound HTTP through the host, which verifies TLS, pools,
 * limits, redacts and asks the operator's allow list. A DRAFT that no released host offers yet: a plugin that needs it
 * compiles, and is refused by name at the start. Drafts may change until they move into plugin.h.
 */
/* The columns are the manual. */
/* clang-format off */
#ifndef BELLHOP_DRAFT_HTTP_H
#define BELLHOP_DRAFT_HTTP_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BHP_SVC_HTTP "bellhop.http/1"

#define BHP_E_TIMEOUT   (-4)
#define BHP_E_CONNECT   (-5)
#define BHP_E_TLS       (-6)
#define BHP_E_DENIED    (-7) /* refused by the operator's policy: answer with HOLD, never with FAIL                   */
#define BHP_E_CANCELLED (-8) /* the instance is being stopped                                                         */

typedef struct bhp_header {
  bhp_str name;
  bhp_str value;
} bhp_header;

typedef struct bhp_http_request {
  uint32_t          struct_size;
  uint32_t          flags;         /* 0                                                                               */
  bhp_str           method;
  bhp_str           url;
  const bhp_header *headers;
  size_t            headers_count;
  bhp_str           body;
  int64_t           timeout_ms;    /* 0 = what is left of the budget                                                  */
  bhp_str           limit;         /* named rate bucket of the daemon ("slack-general"); empty = none                 */
} bhp_http_request;

typedef struct bhp_http_response {
  uint32_t          struct_size;
  int32_t           status;
  const bhp_header *headers;
  size_t            headers_count;
  bhp_str           body;
  int64_t           retry_after_ms; /* from Retry-After; 0 = not given                                                */
} bhp_http_response;

/* send: 0 and *response, or BHP_E_*; every response goes back through release. [any] */
typedef struct bhp_http_v1 {
  int32_t (*send)(const bhp_host *, const bhp_http_request *, const bhp_http_response **response);
  void    (*release)(const bhp_host *, const bhp_http_response *);
} bhp_http_v1;

#ifdef __cplusplus
}
#endif
#endif
