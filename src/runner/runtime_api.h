/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_api.h - the Lambda Runtime API of one sandbox (spec/rotation.md 5.1, 5.2): HTTP/1.1
 * bytes in, answers out, and what the runtime said handed to hooks. No sockets here (see
 * api_listener.h), so that the whole of it can be fuzzed.
 *
 *	STARTED --next--> READY --deliver--> RUNNING --response, error--> READY'
 *	STARTED --init/error--> FAILED		READY' --next--> READY
 *
 * READY' is READY without a waiting `next`. Anything else is 403 InvalidStateTransition and
 * changes nothing.
 *
 * Threads: the runner's loop. Hooks run inside runtime_conn_feed and must not free the api or the
 * connection; bodies they are given live until they return.
 */
#pragma once
#include <stdint.h>

#include "base/str.h"

/* Lambda's limit for a result: 6 MiB and 100 bytes. */
#define RUNTIME_MAX_RESULT (6u * 1024 * 1024 + 100)

struct runtime_hooks {
	void (*on_ready)(void *arg);		/* `next` waits; runtime_api_deliver may be called */
	void (*on_response)(void *arg, struct str body);
	void (*on_error)(void *arg, struct str type, struct str body);
	void (*on_init_error)(void *arg, struct str type, struct str body);
	void (*on_too_large)(void *arg, uint64_t size);
	void *arg;
};

/* What a `next` is answered with. */
struct runtime_event {
	struct str request_id, arn, trace_id, client_context, payload;
	int64_t deadline_ms;			/* since the epoch */
};

struct runtime_api;
struct runtime_api *runtime_api_new(const struct runtime_hooks *hooks);
/* After all its connections. */
void runtime_api_free(struct runtime_api *api);
bool runtime_api_is_waiting(const struct runtime_api *api);
/* Answers the waiting `next`; only while runtime_api_is_waiting. */
void runtime_api_deliver(struct runtime_api *api, const struct runtime_event *ev);

struct runtime_conn;
struct runtime_conn *runtime_conn_new(struct runtime_api *api,
    void (*send)(void *arg, struct str bytes), void *arg);
void runtime_conn_free(struct runtime_conn *c);
/* False: close the connection once what was sent has left. */
bool runtime_conn_feed(struct runtime_conn *c, struct str bytes);
