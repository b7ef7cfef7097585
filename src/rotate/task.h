/* SPDX-License-Identifier: Apache-2.0 */
/* task.h - one secret's way through an update and perhaps a function; scheduler.c's own. */
#pragma once
#include "catalog/due.h"
#include "func/func.h"
#include "rotate/rotation.h"
#include "store/store.h"

enum task_what { TASK_WINDOW, TASK_STEP, TASK_RESULT, TASK_PURGE, TASK_REARM };

struct task {
	struct task *next;		/* the rotator's list, under its lock */
	struct rotator *rotator;
	struct arena *arena;		/* the catalog's; holds order and call until the task ends */
	enum task_what what;
	struct due due;
	char *account, *region;
	struct store_job job;
	struct rotation_order order;
	struct str secret_arn;		/* in the arena */
	/* the step that is being called */
	enum run_step step;
	uint64_t sequence;
	struct str invoke_id;
	struct func_call call;
	struct func_result result;
	/* one session for the steps of this task */
	struct arena *session_arena;
	struct str access_key_id, secret_access_key, session_token;
	int64_t session_until_ms;	/* monotonic */
	int64_t cool_until_ms;		/* monotonic; 0 = not cooling */
};
