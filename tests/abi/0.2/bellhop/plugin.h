/* SPDX-License-Identifier: Apache-2.0
 *
 * bellhop/plugin.h -- the plugin ABI, major version 1. DRAFT until the built-in plugins have been built on it.
 *
 * Pure C99; needs nothing but <stddef.h> and <stdint.h>. This header IS the binary contract between a Bellhop host and
 * a plugin library (.so). C++ authors include <bellhop/plugin.hpp> instead. The rules that keep it alive for ten years:
 *
 *  R1  Nothing published is ever removed, reordered, retyped or renumbered.
 *  R2  A struct that carries struct_size may grow at its END only, in whole 8-byte steps, without padding. Its reader
 *      takes bytes past the writer's struct_size for zero, and zero always means "absent".
 *  R3  A service or extension table has no struct_size: its id carries the revision ("bellhop.json/1"). A published
 *      table is frozen; more functions means "/2", and a host that offers /2 keeps offering /1.
 *  R4  No enum, bool, long, bit-field or struct passed by value crosses the boundary. Numbers have a fixed width; text
 *      is UTF-8, pointer and size in bytes.
 *  R5  Data is JSON. A new fact about a booking is a new JSON member and never a new C field.
 *  R6  Who allocates frees. A pointer passed into a call is valid until that call returns; a static table is valid for
 *      the life of the process. The host never unloads a plugin library.
 *  R7  No exception, longjmp or thread cancellation crosses the boundary: the host ends the process that lets one out.
 *
 * Threads. [one]  The host enters one instance from one thread at a time, the same one from create to destroy; a
 *                 function of the host with this tag is to be called within such a call, on that thread.
 *          [any]  May be called from any thread, from create() on until stop() returns (destroy(), if never started).
 * Every function below carries its tag.
 *
 * Life of an instance: create -> start -> deliver, deliver ... -> stop -> destroy. New settings mean a new instance.
 */
/* The columns are the manual. */
/* clang-format off */
#ifndef BELLHOP_PLUGIN_H
#define BELLHOP_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define BHP_ABI_MAJOR 1 /* other major: not loaded */
#define BHP_ABI_MINOR 0 /* informative: what grew is found by struct_size and by id */

#define BHP_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* Is FIELD inside the part of *P that its writer knew? */
#define BHP_HAS(P, TYPE, FIELD) ((P)->struct_size >= offsetof(TYPE, FIELD) + sizeof((P)->FIELD))

typedef struct bhp_str { /* text handed out by the host also has ptr[size] == 0 */
  const char *ptr;
  size_t      size;
} bhp_str;

/* ---- verdicts: what create, start and deliver return ---------------------------------------------------------------
 * Any other value means BHP_RETRY and is reported as misbehaviour of the plugin. */
#define BHP_OK    0 /* done */
#define BHP_SKIP  1 /* deliver: seen, nothing to do; not an error */
#define BHP_RETRY 2 /* this event again later, after retry_after_ms or the host's own back-off */
#define BHP_FAIL  3 /* will never work for this event: it becomes a dead letter. create, start: settings refused */
#define BHP_HOLD  4 /* the destination is dead for EVERY event (a revoked login): keep the backlog, probe later */

/* ---- errors of functions of the host ---- */
#define BHP_E_INVALID   (-1) /* the argument has the wrong form or type */
#define BHP_E_NOT_FOUND (-2) /* there is no such thing */
#define BHP_E_RANGE     (-3) /* does not fit: into the buffer (size needed in *size) or into the number */
#define BHP_E_TIMEOUT   (-4) /* took longer than allowed */
#define BHP_E_CONNECT   (-5) /* no such name, no connection, or cut off before the answer was whole */
#define BHP_E_TLS       (-6) /* certificate or handshake */
#define BHP_E_DENIED    (-7) /* refused by the operator's policy: answer with HOLD, never with FAIL */
#define BHP_E_CANCELLED (-8) /* the instance is being stopped, or the time for the call is over */
#define BHP_E_TOO_LARGE (-9) /* over a limit that is named where the function is */
#define BHP_E_FULL        (-10) /* over a quota: of one delivery, of the instance, of the disk */
#define BHP_E_UNAVAILABLE (-11) /* the host cannot do it now: answer with RETRY */

/* Owned by the host, filled in by the plugin. */
typedef struct bhp_reply {
  uint32_t struct_size;
  int32_t  verdict;        /* batch: BHP_OK ... of this event; tick: of the tick. Elsewhere the return value counts */
  int64_t  retry_after_ms; /* with RETRY and HOLD; 0 = not known */
  char    *message;        /* buffer for one sentence to the operator, "" at first; the host cuts it at a UTF-8 */
  size_t   message_size;   /* boundary and terminates it again. Capacity in bytes, with the terminating 0 */
} bhp_reply;

/* ---- the event ---- */
#define BHP_EV_TEST        1u /* sent by `bellhop try`, or the vendor's own test notification */
#define BHP_EV_REPLAY      2u /* offered again because a person asked */
#define BHP_EV_REDELIVERY  4u /* an earlier attempt may have had an effect: look before you write */
#define BHP_EV_LATE        8u /* something newer of the same subject was accepted: must not overwrite it */
#define BHP_EV_DRYRUN     16u /* show what you would do; change nothing */

typedef struct bhp_node bhp_node; /* opaque: one value of a parsed JSON document */

typedef struct bhp_event {
  uint32_t        struct_size;
  uint32_t        flags;        /* BHP_EV_* */
  bhp_str         id;           /* the same over retries and replays: the idempotency key */
  bhp_str         type;         /* "booking.confirmed" */
  bhp_str         subject;      /* ordering key: "booking/BOOKING_ID" */
  int64_t         occurred_ms;  /* Unix time, UTC */
  int64_t         received_ms;  /* Unix time, UTC */
  int64_t         budget_ms;    /* time left for this call when it began, monotonic; 0 = no limit */
  uint64_t        seq;          /* position in the journal, from 1 */
  uint32_t        attempt;      /* from 1 */
  uint32_t        attempts_max; /* 0 = unlimited */
  bhp_str         json;         /* the normalised event, schema version 1 */
  bhp_str         body;         /* as received, byte for byte; empty if it was not kept */
  const bhp_node *root;         /* `json` for the functions of bellhop.json/1, parsed at the first use. [one] */
} bhp_event;

/* ---- what the host gives ---- */
#define BHP_LOG_DEBUG 0
#define BHP_LOG_INFO  1
#define BHP_LOG_WARN  2
#define BHP_LOG_ERROR 3

typedef struct bhp_host bhp_host;
struct bhp_host {
  uint32_t    struct_size;
  uint16_t    abi_major;
  uint16_t    abi_minor;
  const char *name;      /* "bellhop" */
  const char *version;   /* "0.1.0" */
  const char *instance;  /* name of this instance in the configuration */
  const char *state_dir; /* absolute path of a directory of the instance's own; a child's working directory */
  uint32_t    worker;    /* which worker of the instance this is, from 0 */
  uint32_t    reserved0;
  void       *opaque;    /* the host's */
  /* One line for the operator. [any] */
  void        (*log)(const bhp_host *, int32_t level, const char *text, size_t size);
  /* Unix time in ms, UTC; may jump; virtual under test. [any] */
  int64_t     (*now_ms)(const bhp_host *);
  /* 1: the instance is being stopped, finish quickly. [any] */
  int32_t     (*stopping)(const bhp_host *);
  /* The table of a service, or NULL if this host does not offer it. [any] */
  const void *(*service)(const bhp_host *, const char *id);
};

/* ---- what the plugin gives ---- */
#define BHP_PLUGIN_SINGLETON 1u /* never run more than one worker of an instance */

typedef struct bhp_plugin bhp_plugin;
struct bhp_plugin {
  uint32_t    struct_size;
  uint16_t    abi_major;          /* BHP_ABI_MAJOR and BHP_ABI_MINOR that it was built with */
  uint16_t    abi_minor;
  uint64_t    flags;              /* BHP_PLUGIN_* */
  const char *id;                 /* "slack-notify": [a-z0-9.-]{1,64}, stable over versions */
  const char *name;               /* for people */
  const char *version;            /* "1.4.0" */
  const char *summary;            /* one sentence */
  const char *vendor;
  const char *license;            /* SPDX */
  const char *url;
  const char *sdk;                /* "c", "cpp/1.0 12.2.0", "rust/0.3": for reports */
  const char *settings_schema;    /* JSON Schema (draft 7) of the settings; NULL = takes none */
  const char *const *events;      /* globs wanted by default, NULL at the end; NULL = every event but ping */
  const char *const *needs;       /* services without which it is not started, NULL at the end */
  const char *const *wants;       /* services used when there, NULL at the end */

  /* Reads and checks the settings: JSON, defaults filled in, secrets resolved. No I/O, no threads: `bellhop check`
     calls it too. *instance is what the other functions get. [one] */
  int32_t (*create)(const bhp_plugin *, const bhp_host *, const char *settings, size_t settings_size, bhp_reply *,
                    void **instance);
  /* Opens what it needs. May be NULL. [one] */
  int32_t (*start)(void *instance, bhp_reply *);
  /* One event. [one] */
  int32_t (*deliver)(void *instance, const bhp_event *, bhp_reply *);
  /* Ends its threads, closes what start opened; only after a start that was OK. May be NULL. [one] */
  void (*stop)(void *instance);
  /* Frees the instance; only after a create that was OK. [one] */
  void (*destroy)(void *instance);
  /* The table of an extension, or NULL. May itself be NULL. [any] */
  const void *(*extension)(const bhp_plugin *, const char *id);
};

/* THE exported symbol, the only one; the major version is in its name. The host calls it with 0, 1, 2 ... until it
   returns NULL: one library may hold several plugins. No side effects. [any] */
#define BHP_ENTRY_SYMBOL "bellhop_plugin_v1"
#ifndef BHP_NO_ENTRY_PROTOTYPE /* for languages that cannot spell the const */
BHP_EXPORT const bhp_plugin *bellhop_plugin_v1(uint32_t index);
#endif
typedef const bhp_plugin *(*bhp_entry_v1)(uint32_t index);

/* ======================= services (host -> plugin) =====
 * Found by bhp_host.service(); name those that you cannot do without in `needs`. Every struct that the host lends goes
 * back by the release function of its table, once, by any thread, before destroy() returns. A NULL is released too. */

/* Reading JSON. Nodes of an event live as long as the call that brought it; nodes of parse() until release(). A NULL
   node is taken everywhere and reads as null. Nodes of an event: [one]. Nodes of parse(): from any thread, but those of
   one document from one at a time. */
#define BHP_SVC_JSON "bellhop.json/1"
#define BHP_JSON_NULL   0
#define BHP_JSON_BOOL   1
#define BHP_JSON_NUMBER 2
#define BHP_JSON_STRING 3
#define BHP_JSON_ARRAY  4
#define BHP_JSON_OBJECT 5
typedef struct bhp_json_v1 {
  /* The value at an RFC 6901 pointer ("/data/booking/id"), or NULL. */
  const bhp_node *(*find)(const bhp_node *, const char *pointer, size_t size);
  int32_t (*type)(const bhp_node *);
  /* A string's value; of anything else its JSON text as written. Never NULL, 0 at the end. size may be NULL. */
  const char *(*text)(const bhp_node *, size_t *size);
  /* 0; BHP_E_INVALID: not a number; BHP_E_RANGE: not a whole number that fits. *out is written on 0 only. */
  int32_t (*integer)(const bhp_node *, int64_t *out);
  /* 0; BHP_E_INVALID: not a number; BHP_E_RANGE: too close to zero for a double. *out is written on 0 only. */
  int32_t (*number)(const bhp_node *, double *out);
  /* Count of elements or members; 0 of anything else. */
  size_t (*size)(const bhp_node *);
  /* Element or member number `index` from 0, or NULL; *key is a member's name. key and key_size may be NULL. */
  const bhp_node *(*child)(const bhp_node *, size_t index, const char **key, size_t *key_size);
  /* Any text; NULL if it is not JSON in UTF-8, is nested deeper than 512 or has a number beyond a double's range. */
  const bhp_node *(*parse)(const bhp_host *, const char *text, size_t size);
  void (*release)(const bhp_host *, const bhp_node *); /* roots of parse() only */
  /* Writes `text` as a JSON string with its quotes and a 0 at the end. 0, or BHP_E_RANGE with the capacity needed in
     *size, which is else the size written without the 0. Invalid UTF-8 becomes U+FFFD. */
  int32_t (*quote)(const char *text, size_t text_size, char *buffer, size_t capacity, size_t *size);
} bhp_json_v1;

typedef struct bhp_pair { /* a header, a label, an entry of kv */
  bhp_str name;
  bhp_str value;
} bhp_pair;

/* Outbound HTTP. The host verifies certificates, keeps connections, follows the operator's allow list and rate limits,
   redacts and records. It follows no redirect and repeats nothing: an answer of 302 or 500 is an answer.
   From create(): BHP_E_INVALID, it does no I/O. */
#define BHP_SVC_HTTP "bellhop.http/1"
typedef struct bhp_http_request {
  uint32_t        struct_size;
  uint32_t        flags;         /* 0 */
  bhp_str         method;        /* "POST" */
  bhp_str         url;           /* absolute, http or https */
  const bhp_pair *headers;
  size_t          headers_count; /* 64 at most; Host, Content-Length, Connection and such are the host's */
  bhp_str         body;          /* 8 MiB at most */
  int64_t         timeout_ms;    /* for the whole call; 0 = the host's own, or what is left of the budget */
  bhp_str         limit;         /* a named rate limit of the configuration ("slack-general"); empty = none */
} bhp_http_request;
typedef struct bhp_http_response {
  uint32_t        struct_size;
  int32_t         status;         /* 0 when there is no answer */
  const bhp_pair *headers;        /* in the order and the letter case of the answer */
  size_t          headers_count;
  bhp_str         body;
  int64_t         retry_after_ms; /* from Retry-After, seconds or a date; 0 = not given */
  bhp_str         sentence;       /* for the operator, without secrets: what was tried, on what, what came back */
} bhp_http_response;
typedef struct bhp_http_v1 {
  /* 0: there is an answer, whatever its status. BHP_E_INVALID, _TIMEOUT, _CONNECT, _TLS, _DENIED, _CANCELLED,
     _TOO_LARGE (either body), _UNAVAILABLE: there is none, and `sentence` of the response says why. *response is set
     whenever it is not NULL itself. Waits. [any] */
  int32_t (*send)(const bhp_host *, const bhp_http_request *, const bhp_http_response **response);
  void    (*release)(const bhp_host *, const bhp_http_response *);
} bhp_http_v1;

/* Keys and values that outlive the process: private to the configured instance, shared by its workers. A write within
   deliver() is staged: it becomes durable in the transaction that settles the delivery, if the verdict is OK or SKIP
   (a batch: if every verdict is), and is discarded otherwise. Within deliver() and on its thread, reads see what is
   staged. With BHP_KV_NOW, and always outside deliver() (start, stop, tick, commands, threads of your own), a write is
   durable when the function returns 0 and survives any verdict and a crash: an id that a destination gave must not be
   lost with the retry that follows. From create(): BHP_E_INVALID.
   All wait. Errors besides those named: BHP_E_CANCELLED, BHP_E_UNAVAILABLE. [any] */
#define BHP_SVC_KV "bellhop.kv/1"
#define BHP_KV_NOW 1u
typedef struct bhp_kv_page {
  uint32_t        struct_size;
  uint32_t        entries_count;
  const bhp_pair *entries;       /* in the order of their keys' bytes */
  uint32_t        is_more;       /* 1: ask again, after the key of the last entry */
  uint32_t        reserved0;
} bhp_kv_page;
typedef struct bhp_kv_v1 {
  /* 0 and *value, lent until release(); BHP_E_NOT_FOUND. Keys: any bytes, 1 to 512 of them, else BHP_E_INVALID. */
  int32_t (*get)(const bhp_host *, const char *key, size_t key_size, const bhp_str **value);
  void    (*release)(const bhp_host *, const bhp_str *value);
  /* flags: 0 or BHP_KV_NOW. BHP_E_TOO_LARGE: a value of more than 256 KiB; BHP_E_FULL: more than 12 MiB staged in one
     delivery, or the instance's quota. */
  int32_t (*put)(const bhp_host *, const char *key, size_t key_size, const char *value, size_t value_size,
                 uint32_t flags);
  /* 0 also when there was no such key. */
  int32_t (*remove)(const bhp_host *, const char *key, size_t key_size, uint32_t flags);
  /* Entries whose key begins with `prefix` and is greater than `after`, which may both be empty; count_max of them at
     most (0: as many as the host likes), and no more than the host likes. *page is lent until release_page(). */
  int32_t (*list)(const bhp_host *, const char *prefix, size_t prefix_size, const char *after, size_t after_size,
                  uint32_t count_max, const bhp_kv_page **page);
  void    (*release_page)(const bhp_host *, const bhp_kv_page *page);
} bhp_kv_v1;

/* Documents that the host serves under a secret URL of the instance, with ETag and 304: a feed without a server of your
   own. Staged like kv; BHP_PUBLISH_NOW like BHP_KV_NOW. A path is relative, "members/7.ics": segments of letters,
   digits and ._~- with single slashes between, none of them "." or "..", 512 bytes at most; else BHP_E_INVALID.
   [any] */
#define BHP_SVC_PUBLISH "bellhop.publish/1"
#define BHP_PUBLISH_NOW 1u
typedef struct bhp_document {
  uint32_t struct_size;
  uint32_t flags;        /* 0 or BHP_PUBLISH_NOW */
  bhp_str  path;
  bhp_str  content_type; /* "text/calendar; charset=utf-8": printable ASCII, 1 to 128 bytes */
  bhp_str  body;
} bhp_document;
typedef struct bhp_publish_v1 {
  /* Replaces what is there. BHP_E_TOO_LARGE: a body of more than 8 MiB; BHP_E_FULL and the rest as in kv. */
  int32_t (*put)(const bhp_host *, const bhp_document *);
  int32_t (*remove)(const bhp_host *, const char *path, size_t path_size, uint32_t flags);
  /* The URL under which a document of this path is or would be served, lent until release(). BHP_E_NOT_FOUND: this host
     serves none. An empty path gives the URL that all of them begin with. */
  int32_t (*url)(const bhp_host *, const char *path, size_t path_size, const bhp_str **url);
  void    (*release)(const bhp_host *, const bhp_str *url);
} bhp_publish_v1;

/* Figures for the operator's graphs; the host adds the instance as a label. They wait for nobody and may be lost. Names
   of metrics and labels: [a-z][a-z0-9_]{0,63}; at most 8 labels, a value of one at most 128 bytes. 0; BHP_E_INVALID;
   BHP_E_FULL: the instance has too many series (512: one for each set of name and labels). [any] */
#define BHP_SVC_METRICS "bellhop.metrics/1"
typedef struct bhp_metrics_v1 {
  /* Adds to a counter; delta >= 0. */
  int32_t (*count)(const bhp_host *, const char *name, size_t name_size, const bhp_pair *labels, size_t labels_count,
                   double delta);
  /* Sets a gauge. */
  int32_t (*gauge)(const bhp_host *, const char *name, size_t name_size, const bhp_pair *labels, size_t labels_count,
                   double value);
  /* One observation of a histogram: seconds, bytes. */
  int32_t (*observe)(const bhp_host *, const char *name, size_t name_size, const bhp_pair *labels, size_t labels_count,
                     double value);
} bhp_metrics_v1;

/* ======================= extensions (plugin -> host) ===== */

/* Several events in one call: at most one per subject. When the call returns BHP_OK, every event has the verdict of its
   own reply (a reply left alone means RETRY). Any other value, a crash or a hang: none of them counts, and the events
   come again one by one through bhp_plugin.deliver. [one] */
#define BHP_EXT_BATCH "bellhop.batch/1"
typedef struct bhp_batch {
  uint32_t                struct_size;
  uint32_t                events_count;  /* 1 or more */
  const bhp_event *const *events;        /* oldest first; their budget_ms is that of the batch */
  int64_t                 budget_ms;     /* time left for this call when it began, monotonic; 0 = no limit */
  int64_t                 backlog_count; /* events owed behind this batch, as far as known */
} bhp_batch;
typedef struct bhp_batch_v1 {
  /* replies: events_count of them, in the order of the events; `whole` takes the sentence for a call that is not OK. */
  int32_t (*deliver)(void *instance, const bhp_batch *, bhp_reply *const *replies, bhp_reply *whole);
} bhp_batch_v1;

/* Does the destination work? Called between events when a person asks, and before the first event perhaps. Tries what
   it can without leaving anything behind. BHP_OK, or another verdict; the sentence is shown in either case. [one] */
#define BHP_EXT_HEALTH "bellhop.health/1"
typedef struct bhp_health_v1 {
  int32_t (*check)(void *instance, bhp_reply *);
} bhp_health_v1;

/* Periodic work without a thread of your own: called between events, soon after start() for the first time. Returns the
   milliseconds until the next tick; below 0: no more ticks. What went wrong is said in the reply: its verdict (left
   alone means BHP_OK) and its sentence, which is logged. Writes are durable at once. [one] */
#define BHP_EXT_TICK "bellhop.tick/1"
typedef struct bhp_tick_v1 {
  int64_t (*tick)(void *instance, bhp_reply *);
} bhp_tick_v1;

/* Commands that an operator runs on a live instance: `bellhop run INSTANCE COMMAND`. */
#define BHP_EXT_COMMAND "bellhop.command/1"
typedef struct bhp_command {
  uint32_t    struct_size;
  uint32_t    flags;            /* 0 */
  const char *name;             /* [a-z0-9-]{1,64} */
  const char *summary;          /* one sentence */
  const char *arguments_schema; /* JSON Schema (draft 7) of the arguments, an object; NULL = takes none */
} bhp_command;
typedef struct bhp_output bhp_output;
struct bhp_output {
  uint32_t struct_size;
  uint32_t reserved0;
  void    *opaque; /* the host's */
  /* To the person who waits, in pieces of any size. 0; BHP_E_CANCELLED: nobody listens any more, come to an end; or
     BHP_E_FULL: more than 64 MiB. [one] */
  int32_t (*write)(const bhp_output *, const char *bytes, size_t size);
};
typedef struct bhp_command_v1 {
  /* Number `index` from 0, or NULL behind the last. Static. [any] */
  const bhp_command *(*describe)(uint32_t index);
  /* Arguments: a JSON object that fits the schema, defaults filled in. Writes are durable at once. BHP_OK, or another
     verdict: the command failed, the sentence says why. [one] */
  int32_t (*run)(void *instance, const char *name, const char *arguments, size_t arguments_size, const bhp_output *,
                 bhp_reply *);
} bhp_command_v1;

/* ======================= compile-time layout guard ===== */
#if defined(__LP64__)
#  define BHP_ASSERT_(condition, name) typedef char bhp_assert_##name[(condition) ? 1 : -1]
BHP_ASSERT_(sizeof(bhp_str) == 16, str);
BHP_ASSERT_(sizeof(bhp_reply) == 32 && offsetof(bhp_reply, message) == 16, reply);
BHP_ASSERT_(sizeof(bhp_event) == 136 && offsetof(bhp_event, json) == 96, event);
BHP_ASSERT_(sizeof(bhp_host) == 88 && offsetof(bhp_host, service) == 80, host);
BHP_ASSERT_(sizeof(bhp_plugin) == 160 && offsetof(bhp_plugin, create) == 112, plugin);
BHP_ASSERT_(sizeof(bhp_batch) == 32, batch);
BHP_ASSERT_(sizeof(bhp_http_request) == 96 && offsetof(bhp_http_request, limit) == 80, http_request);
BHP_ASSERT_(sizeof(bhp_http_response) == 64 && offsetof(bhp_http_response, sentence) == 48, http_response);
BHP_ASSERT_(sizeof(bhp_kv_page) == 24, kv_page);
BHP_ASSERT_(sizeof(bhp_document) == 56, document);
BHP_ASSERT_(sizeof(bhp_command) == 32, command);
BHP_ASSERT_(sizeof(bhp_output) == 24, output);
#  undef BHP_ASSERT_
#endif

#ifdef __cplusplus
}
#endif
#endif
