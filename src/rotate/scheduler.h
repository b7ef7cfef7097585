/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scheduler.h - the thread that wakes for the earliest due entry and drives runs through their
 * steps; purges what is past its recovery window.
 *
 * One task per secret at a time, a bounded number in all. A task goes: update (committer thread) ->
 * function (runner) -> result (func thread) -> update, so no thread waits for a function.
 * Shared: the list of tasks, under one leaf lock.
 */
#pragma once
#include "audit/audit.h"
#include "base/clock.h"
#include "crypto/keyring.h"
#include "func/func.h"
#include "store/store.h"

struct function;
struct rotator;
struct rotator_config {
	struct store *store;
	struct keyring *keys;
	struct audit *audit;
	struct func *func;
	struct clock *clock;
	const char *data;
	const char *endpoint_url, *ca_bundle;	/* for sandboxes; ca_bundle may be NULL */
	int concurrency;			/* tasks at once; 0 = 16 */
	int cool_down_ms;			/* after an update that failed; 0 = 5000 */
	const char *crash_at;			/* --dev-crash-at: a place below, or NULL */
};
/* Recovers runs that the last process left INVOKED; starts the thread, which waits for
 * rotator_go: functions come back through the front door, so that has to be open first. */
MUST_CHECK struct rotator *rotator_start(const struct rotator_config *c, struct err *e);
void rotator_go(struct rotator *r);
/* No further task and no further function call begins; a step that was recorded and not called is
 * taken up again by the next start. Once the updates before it are done, func may be stopped. */
void rotator_quiesce(struct rotator *r);
/* After func_stop: waits for the tasks whose calls ended with it. */
void rotator_stop(struct rotator *r);
/* Something became due, or the clock moved. Any thread. */
void rotator_wake(struct rotator *r);
/* Gives a failed run another chance, in an update of its own (table 2.2, S7). Any thread. */
void rotator_rearm(struct rotator *r, struct str account, struct str region,
    const uint8_t id[16]);
/* Rotation's count of tasks under way. */
int rotator_active(struct rotator *r);
/* How many of them wait because the store refused their update. */
int rotator_cooling(struct rotator *r);
/* Time of the first due entry that is not a lease, INT64_MAX when there is none. */
MUST_CHECK bool rotator_next_due(struct rotator *r, int64_t *out_ms, struct err *e);
/* Waits until nothing is due and no task runs, for at most `wait_ms` of real time. */
MUST_CHECK bool rotator_settle(struct rotator *r, int wait_ms, struct err *e);
/* --dev: moves the clock from due entry to due entry up to `target_ms`, letting each one finish,
 * so that a year of rotations happens in order. Blocks. */
MUST_CHECK bool rotator_advance(struct rotator *r, int64_t target_ms, int wait_ms, struct err *e);

/* Fills spec and credentials of a call for a registered function; what Lambda Invoke and rotation
 * share. `secret_arn` and `master_arn` bound its session and may be STR_NULL. */
MUST_CHECK bool rotator_prepare_call(const struct rotator_config *c, struct arena *a,
    const struct function *f, struct str arn, struct str secret_arn, struct str master_arn,
    struct func_call *out, struct err *e);
