/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invocation.h - one call of a function as the runner holds it: decoded from an INVOKE frame,
 * checked, and answered with a RESULT frame.
 *
 * Always: `runtime_kind` is known; names that become path components hold no slash and no dot-dot.
 * Memory: everything lives in the invocation's arena, which is wiped; it holds credentials.
 */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/frame_runner.h"

enum runtime_kind { RUNTIME_PROVIDED, RUNTIME_BUILTIN, RUNTIME_PYTHON, RUNTIME_NODE };

struct env_pair { struct str name, value; };

struct invocation {
	struct arena *arena;
	int64_t call;			/* pawld's number for it */
	struct str arn, name, account, region, role, version, runtime, handler;
	struct str code_sha256, code_path, builtin, revision;
	int64_t timeout_s, memory_mb, concurrency;
	struct env_pair *env;
	size_t env_count;
	struct str request_id, payload, client_context;
	struct str access_key_id, secret_access_key, session_token;
	struct str endpoint_url, ca_bundle;
	struct str *masks;
	size_t mask_count;
	enum runtime_kind runtime_kind;
	/* 0, or since when (monotonic) a second init runs in the call's own time (spec 3.7) */
	int64_t second_init_ms;
};

/* What became of it. Strings are borrowed until the frame is written. */
struct outcome {
	enum runner_outcome outcome;
	struct str payload, error_type, error_message, log_tail;
	int64_t duration_ms, billed_ms, max_memory_mb;
};

/* NULL for a frame that pawld cannot have meant: the connection is broken. A call that merely
 * cannot be run is decoded and then refused by invocation_check. */
struct invocation *invocation_decode(struct frame *f, struct err *e);
void invocation_free(struct invocation *inv);
/* ERR_LAMBDA_PARAMETER with the reason when this call can never be run. */
MUST_CHECK bool invocation_check(struct invocation *inv, struct err *e);
/* A copy of what invocation_fits looks at, and the limits, without credentials but the key id. */
struct invocation *invocation_identity(const struct invocation *inv);
/* May a sandbox started for `a` also serve `b`? The credentials are in the sandbox's environment,
 * so a sandbox serves one access key only. */
bool invocation_fits(const struct invocation *a, const struct invocation *b);
/* False when the result is longer than a frame may be. */
MUST_CHECK bool outcome_encode(struct buf *b, int64_t call, const struct outcome *o);

/* {"errorType":..,"errorMessage":..} in the invocation's arena, and an outcome around it. */
struct outcome outcome_error(struct invocation *inv, enum runner_outcome how, const char *type,
    const char *message);
/* An error body as the runtime sent it: errorType and errorMessage are read from it, the header's
 * type stands in for a missing one, and a body that is not an object is replaced. */
struct outcome outcome_from_runtime(struct invocation *inv, struct str header_type,
    struct str body);

AUTO_FREE(invocation, invocation_free)
