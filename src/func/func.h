/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func.h - asking for a function to be run. Local functions go to the runner process over a
 * socketpair (local.c); the runner has no keys and no store. When it dies, its keeper sends another.
 *
 * Threads: func_invoke from any thread; done() on the func thread, once per call.
 * Memory: the call and all it points to belong to the caller until done(); result strings live in
 * the call's arena.
 */
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct func_env { struct str name, value; };

/* What the runner must know of a function; a copy of the registry's record. */
struct func_spec {
	struct str arn;			/* as invoked, with a qualifier when one was used */
	struct str name, account, region, role, version;
	struct str runtime;		/* "provided.al2023", "python3.11", "nodejs20.x" */
	struct str handler;
	struct str code_sha256;		/* hex; names the unpacked folder */
	struct str code_path;		/* absolute path of the zip; empty for built-ins */
	struct str builtin;		/* executable name under libexec/pawl/rotators, or STR_NULL */
	struct str revision;		/* a change retires warm sandboxes */
	int timeout_s, memory_mb;
	int concurrency;		/* sandboxes at most; 0 = default 4 */
	const struct func_env *env;
	size_t env_count;
};

enum func_outcome {
	FUNC_OK,
	FUNC_ERROR,		/* X-Amz-Function-Error: the function raised, exited, or its init failed */
	FUNC_TIMEOUT,		/* Sandbox.Timedout */
	FUNC_THROTTLED,		/* no sandbox free */
	FUNC_UNAVAILABLE,	/* the runner is not there or went away meanwhile */
	FUNC_INVALID,		/* the package cannot be run: bad zip, no entry point */
};

struct func_result {
	enum func_outcome outcome;
	struct str payload;		/* the result, or {"errorMessage","errorType",...} */
	struct str error_type, error_message;
	struct str log_tail;		/* last 4096 bytes with START, END, REPORT */
	int64_t duration_ms, billed_ms;
	int max_memory_mb;
};

struct func_call {
	struct arena *arena;		/* holds the result */
	struct func_spec spec;
	struct str request_id;		/* UUID */
	struct str payload;		/* JSON event */
	struct str client_context;
	/* the credentials of spec/rotation.md 5.6 */
	struct str access_key_id, secret_access_key, session_token;
	struct str endpoint_url;	/* pawl's own, reachable from the sandbox */
	struct str ca_bundle;		/* file for TLS endpoints, or STR_NULL */
	/* values of at least 6 bytes to be shown as **** in logs */
	const struct str *mask;
	size_t mask_count;
	struct func_result result;
	void (*done)(struct func_call *call);
	void *arg;
	struct func_call *next;		/* func's */
};

struct func;
struct func_config {
	/* Where runners come from, one after the other, as fdpass.h sends them. 0 = there is only
	 * the one below. */
	int keeper_fd;
	pid_t keeper_pid;
	int wait_ms;			/* what a call waits for a runner; 0 = 5,000 */
	/* Without a keeper: our end of the socketpair. */
	int runner_fd;
	pid_t runner_pid;
};
/* Starts the func thread that talks to the runner. Takes the descriptor, on failure too. */
MUST_CHECK struct func *func_start(const struct func_config *c, struct err *e);
/* Without a runner the call waits for the next one, and is FUNC_UNAVAILABLE when none comes in time.
 * A call that a runner had when it went is FUNC_UNAVAILABLE: it may have run. */
void func_invoke(struct func *f, struct func_call *call);
/* Retires the warm sandboxes of a function (code, configuration or deletion). */
void func_retire(struct func *f, struct str arn);
bool func_is_running(const struct func *f);
pid_t func_runner_pid(const struct func *f);	/* 0 = none, or not known */
/* How many runners there were after the first. */
unsigned func_restarts(const struct func *f);
/* Calls in flight end with FUNC_UNAVAILABLE; joins the thread, and waits for keeper or runner to
 * end. */
void func_stop(struct func *f);
