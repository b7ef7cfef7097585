/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - the stored record of one rotation (spec/rotation.md 3.2): state, step, attempt, what
 * went wrong, and its step log. The machine that moves it is rotate/rotation.c.
 *
 * Always: at most one run of a secret is not terminal, and the secret names it (active_run); such
 * a run has exactly one due entry, at run_due_ms().
 */
#pragma once
#include "catalog/secret.h"

enum run_kind { RUN_ROTATE = 1, RUN_TEST = 2 };
enum run_state {
	RUN_QUEUED = 1,
	RUN_STEPPING,		/* `step` says which; `invoked` says READY or INVOKED */
	RUN_RETRY_WAIT,
	RUN_SUCCEEDED, RUN_FAILED, RUN_ABANDONED, RUN_CANCELLED, RUN_CANCELLED_BY_DELETE,
	RUN_TEST_SUCCEEDED, RUN_TEST_FAILED,
};
enum run_step { STEP_CREATE, STEP_SET, STEP_TEST, STEP_FINISH };
extern const char *const run_step_names[];	/* "createSecret", ... */
extern const char *const run_state_names[];

struct run {
	uint64_t sequence;
	struct str token;
	enum run_kind kind;
	struct str trigger;
	uint64_t generation;
	struct str function_arn, rotation_token;
	enum run_state state;
	enum run_step step;
	bool invoked;
	uint32_t attempt;
	int64_t not_before_ms, window_start_ms, window_end_ms;
	int64_t created_ms, started_ms, finished_ms;
	bool target_may_have_changed;
	struct str error_step, error_class, error_type, error_message, error_request_id;
	struct str promoted_by, invoke_id;
	uint32_t log_count;
	int64_t throttled_since_ms;
	uint32_t throttle_count;
	int64_t tested_ms;
	bool announced;
	int64_t slow_until_ms;
	struct str previous_version_id;
	int64_t stored_due_ms;		/* what the due index knows */
};

struct step_log {
	uint32_t attempt;
	enum run_step step;
	struct str request_id;
	int64_t started_ms, ended_ms;	/* ended 0: still running */
	struct str outcome, error_type, error_message, log_tail;
	int64_t billed_ms;
};

bool run_is_terminal(const struct run *r);
struct run *run_new(struct catalog *c, struct secret *s, enum run_kind kind, struct str token,
    const char *trigger);
MUST_CHECK bool run_find(struct catalog *c, const struct secret *s, uint64_t sequence,
    struct run **out, struct err *e);
/* Writes the run and its due entry; a terminal run has none. The caller puts the secret. */
MUST_CHECK bool run_put(struct catalog *c, const struct secret *s, struct run *r, struct err *e);
/* Newest first, at most `max`. */
MUST_CHECK bool run_list(struct catalog *c, const struct secret *s, size_t max, struct run ***out,
    size_t *n, struct err *e);
/* Adds entry number r->log_count and counts it; run_put afterwards. */
MUST_CHECK bool step_log_add(struct catalog *c, const struct secret *s, struct run *r,
    const struct step_log *l, struct err *e);
/* Rewrites the last entry: its outcome is known now. */
MUST_CHECK bool step_log_close(struct catalog *c, const struct secret *s, const struct run *r,
    const struct step_log *l, struct err *e);
MUST_CHECK bool step_log_get(struct catalog *c, const struct secret *s, const struct run *r,
    uint32_t number, struct step_log **out, struct err *e);
