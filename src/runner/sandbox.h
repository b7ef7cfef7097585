/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - one function process from its cold start to its end (spec/rotation.md 5.5).
 *
 *	PREPARING --code is there--> STARTING --next--> BUSY --response, error--> SETTLING
 *	SETTLING --next--> IDLE, or BUSY when a call was given meanwhile
 *	IDLE --call--> BUSY
 *	any --timeout, exit, init error, keep-alive over, retire--> ENDING --reaped--> gone
 *
 * A sandbox serves one call at a time, of one function revision, with one access key: the
 * credentials are in its environment. A call that was never delivered (the process ended between
 * two calls, or its init took too long) is handed back to run elsewhere; a delivered one is never
 * run twice.
 *
 * Threads: the runner's loop. Memory: frees itself; host->on_gone is the last word.
 */
#pragma once
#include <uv.h>

#include "runner/cgroup.h"
#include "runner/invocation.h"
#include "runner/jail.h"
#include "runner/package_cache.h"

struct sandbox;

/* What all sandboxes share, and whom they tell. */
struct sandbox_host {
	uv_loop_t *loop;
	struct jail *jail;
	struct package_cache *packages;
	struct cgroup *cgroup;		/* or NULL */
	const char *folder, *libexec, *python, *node;
	int keepalive_ms, init_timeout_ms;
	/* The invocation is finished and given back. */
	void (*on_result)(void *arg, struct invocation *inv, const struct outcome *o);
	void (*on_retry)(void *arg, struct invocation *inv);
	void (*on_gone)(void *arg, struct sandbox *s);
	void *arg;
};

/* Takes the invocation. Everything that goes wrong is reported by on_result. */
struct sandbox *sandbox_new(const struct sandbox_host *host, unsigned slot,
    struct invocation *inv);
/* Starts it; on_result may come at once, on_gone later. */
void sandbox_start(struct sandbox *s);

bool sandbox_is_ending(const struct sandbox *s);
bool sandbox_is_free(const struct sandbox *s);
int64_t sandbox_free_since(const struct sandbox *s);
const struct invocation *sandbox_identity(const struct sandbox *s);
unsigned sandbox_slot(const struct sandbox *s);
pid_t sandbox_pid(const struct sandbox *s);
/* The process of ours above the function's, whose memory is not the function's; 0 = none. */
pid_t sandbox_above(const struct sandbox *s);
/* Only while free. Takes the invocation. */
void sandbox_give(struct sandbox *s, struct invocation *inv);
/* Ends it at once when free, else after its call. */
void sandbox_retire(struct sandbox *s);
/* SIGKILL, now; what it ran ends as killed. */
void sandbox_kill(struct sandbox *s);

/* From the runner: the code is there, or not. */
void sandbox_package(struct sandbox *s, struct str sha256, bool ok, const struct err *e);
/* From the runner: its process ended. */
void sandbox_exited(struct sandbox *s, int status);
/* From the runner: this much memory is in use. */
void sandbox_memory(struct sandbox *s, int64_t bytes);
/* Does the memory bound have to be watched from outside? */
bool sandbox_is_running(const struct sandbox *s);
