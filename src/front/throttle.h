/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle.h - request rates as AWS keeps them (spec/security.md 7.4): a token bucket for each
 * account, region and class of operation, which holds one second's worth.
 *
 * Memory is constant. Buckets live in small sets chosen by a hash of their tenant; when a set is
 * full the bucket unused for longest makes room, so that callers by the thousand cost each other
 * precision, never the server memory. A bucket made anew is full: throttling errs on the client's
 * side.
 * Threads: any. Times are handed in, in milliseconds, and may stand still or go back.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct throttle;

/* Two operations with the same class share a bucket. */
struct throttle_rate {
	const char *operation, *class;
	uint32_t per_second;
};
/* AWS's figures; closed by a row without a name. */
extern const struct throttle_rate throttle_aws[];

/* Borrows `rates`. */
struct throttle *throttle_new(const struct throttle_rate *rates);
void throttle_free(struct throttle *t);
/* ERR_THROTTLING when the bucket is empty. NULL throttles nothing, nor does an operation without a
 * row. */
MUST_CHECK bool throttle_take(struct throttle *t, struct str account, struct str region,
    struct str operation, int64_t now_ms, struct err *e);
