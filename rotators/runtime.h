/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime.h - a function of runtime `provided`, seen from inside: takes one invocation after
 * another from the Lambda Runtime API (spec/rotation.md 5.1) until that API goes away.
 *
 * Each invocation has an arena of its own, wiped afterwards. The handler's result is always
 * `null`; what it sets in `e` on failure becomes errorType (fault.h) and errorMessage.
 */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct invocation {
	struct arena *arena;
	struct str event;		/* JSON */
	struct str request_id;
	int64_t deadline_ms;		/* epoch; past it the process is killed */
};

typedef bool (*runtime_handler)(void *arg, const struct invocation *inv, struct err *e);

/* Returns the process's exit status. */
int runtime_run(runtime_handler handler, void *arg);
/* Reports that this function cannot start at all; returns the exit status. */
int runtime_init_failed(const struct err *why);
