/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotation.h - the four-step machine that turns a schedule into a new value
 * (spec/rotation.md sections 1.7, 1.8, 2 and 3).
 *
 *            RotateSecret / window                       attempts left
 *                    |                        +------------------------------+
 *                    v                        v                              |
 *                 QUEUED --> CREATE --> SET --> TEST --> FINISH --> SUCCEEDED|
 *                    |          \________\_______\________/ error            |
 *                    |                        |                              |
 *                    |                        +--> RETRY_WAIT --not_before---+
 *                    |                        +--> FAILED  (re-armed by a window or RotateSecret)
 *                    +--> ABANDONED (a label or value was changed by others)
 *                    +--> CANCELLED, CANCELLED_BY_DELETE
 *
 * A step is INVOKED in one durable commit before its function is called, and that commit also
 * records the result of the step before: `kill -9` at any instant finds either a step to repeat
 * with the same token or one not begun. After a crash an invoked step goes to RETRY_WAIT.
 *
 * Everything here runs inside an update, on the secret the caller has loaded; the caller stores
 * the secret afterwards with secret_put. Calling functions is scheduler.c's business.
 */
#pragma once
#include "audit/audit.h"
#include "catalog/function.h"
#include "catalog/run.h"
#include "catalog/secret.h"
#include "func/func.h"

/* What a transition needs besides the catalog. audit may be NULL in tests. */
struct rotation_ctx {
	struct catalog *cat;
	struct audit *audit;
};

/* ---- asked for by operations */
/* True while a run of the secret is not terminal; *out is that run or the last one, or NULL. */
MUST_CHECK bool rotation_current(const struct rotation_ctx *x, struct secret *s, struct run **out,
    struct err *e);

/* What table 2.2 says to do with a RotateSecret(token). */
enum rotation_verdict {
	ROTATION_START,
	ROTATION_REPEAT,	/* the token's run is under way or done: answer the same again */
	ROTATION_REARM,		/* the token's run failed: try it again now */
	ROTATION_BUSY,		/* MSG_ROT; a failed run behind it is re-armed */
};
MUST_CHECK bool rotation_judge(const struct rotation_ctx *x, struct secret *s, struct str token,
    enum rotation_verdict *out, struct err *e);
/* Begins a run: makes the version T with AWSPENDING. For a test T is a copy of AWSCURRENT. */
MUST_CHECK bool rotation_begin(const struct rotation_ctx *x, struct secret *s, enum run_kind kind,
    struct str token, const char *trigger, struct err *e);
/* Another try for a run that FAILED and still holds AWSPENDING, unless it ended less than a
 * minute ago (S7); rotation_restart does it in any case (ROTATION_REARM, `pawl rotation retry`). */
MUST_CHECK bool rotation_rearm(const struct rotation_ctx *x, struct secret *s, struct err *e);
MUST_CHECK bool rotation_restart(const struct rotation_ctx *x, struct secret *s, struct err *e);
/* CancelRotateSecret: *out_version is the version of the run it stopped, or STR_NULL. */
MUST_CHECK bool rotation_cancel(const struct rotation_ctx *x, struct secret *s,
    struct str *out_version, struct err *e);
/* DeleteSecret and RestoreSecret. */
MUST_CHECK bool rotation_deleted(const struct rotation_ctx *x, struct secret *s, struct err *e);
MUST_CHECK bool rotation_restored(const struct rotation_ctx *x, struct secret *s, struct err *e);
/* After any operation that may have moved labels or stored a value (2.4). `by` is who did it,
 * by_function the function whose session it was. */
MUST_CHECK bool rotation_noticed(const struct rotation_ctx *x, struct secret *s, bool new_current,
    struct str by, struct str by_function, struct err *e);

/* ---- asked for by the scheduler */
/* The window's moment has come. */
MUST_CHECK bool rotation_window(const struct rotation_ctx *x, struct secret *s, struct err *e);
/* What is to be called now, or nothing. */
struct rotation_order {
	bool is_due;			/* false: nothing to call */
	uint64_t sequence;
	struct str invoke_id;
	enum run_step step;
	struct str payload;		/* the event of 4.1 */
	struct str function_arn;	/* as the run names it */
	struct function *function;
	struct str masterarn;		/* of AWSCURRENT's JSON, or STR_NULL */
	struct str mask[64];		/* values that logs must not show */
	size_t mask_count;
};
/* A QUEUED or RETRY_WAIT run whose time has come: marks its next step INVOKED. */
MUST_CHECK bool rotation_step(const struct rotation_ctx *x, struct secret *s,
    struct rotation_order *out, struct err *e);
/* The result of an invoked step; marks the following one INVOKED in the same commit. */
MUST_CHECK bool rotation_result(const struct rotation_ctx *x, struct secret *s, uint64_t sequence,
    struct str invoke_id, const struct func_result *result, struct rotation_order *out,
    struct err *e);
/* After a restart: a run found INVOKED lost its function with the old process. */
MUST_CHECK bool rotation_recover(const struct rotation_ctx *x, struct secret *s, struct err *e);

/* ---- event.c: service events in the audit trail (section 7) */
MUST_CHECK bool rotation_event(const struct rotation_ctx *x, const struct secret *s,
    const struct run *r, const char *name, struct str error_message, struct err *e);

/* ---- verdict.c: what a failed step means (3.6) */
struct retry_decision {
	const char *class;		/* "FUNCTION_ERROR", ... */
	bool counted;			/* uses up an attempt */
	bool is_final;			/* no automatic attempt any more */
	int64_t not_before_ms;
	bool clears_pending;		/* T never reached the target: take AWSPENDING off */
};
void retry_decide(const struct run *r, const struct func_result *result, bool has_current,
    int64_t now_ms, struct retry_decision *out);
