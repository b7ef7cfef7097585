/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a failed step means (spec/rotation.md 3.6). AWS retries "several times"; the one measurement
 * known is five tries, 100 s apart. Ours double from 100 s, then one an hour until the window
 * closes (scheduled) or six hours have passed (on demand).
 */
#include "rotate/rotation.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/random.h"

#define FAST_ATTEMPTS 5
#define RETRY_BASE_MS (100 * SECOND_MS)
#define SLOW_RETRY_MS HOUR_MS
#define ON_DEMAND_SPAN_MS (6 * HOUR_MS)
#define THROTTLE_BASE_MS (5 * SECOND_MS)
#define THROTTLE_MAX_MS (120 * SECOND_MS)
#define THROTTLE_CAP_MS HOUR_MS
#define LOCKOUT_GUARD_MS (10 * MINUTE_MS)
#define TEST_RETRY_MS (10 * SECOND_MS)

/* +- 20 %, so that a thousand secrets on one dead server do not come back together. */
static int64_t
spread(int64_t ms)
{
	return ms * 8 / 10 + (int64_t)random_below((uint32_t)(ms * 4 / 10 + 1));
}

static const char *
class_of(const struct func_result *r)
{
	static const char *const named[] = { "POLICY_REJECTED", "CREDENTIAL_DEAD", "CONFIG",
		"NO_CURRENT_VALUE", "TRANSIENT", "PERMISSION" };

	switch (r->outcome) {
	case FUNC_TIMEOUT: return "TIMEOUT";
	case FUNC_THROTTLED: return "THROTTLED";
	case FUNC_UNAVAILABLE: return "INVOKE_TRANSIENT";
	case FUNC_INVALID: return "INVOKE_PERMANENT";
	default: break;
	}
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (str_is(r->error_type, named[i]))
			return named[i];
	}
	return "FUNCTION_ERROR";
}

static bool
is(const char *class, const char *other)
{
	return strcmp(class, other) == 0;
}

/* Throttles, vanished runners and targets that cannot be reached are not the function's fault:
 * retried for an hour without being counted. */
static bool
decide_uncounted(const struct run *r, int64_t now_ms, struct retry_decision *out)
{
	int64_t delay = THROTTLE_BASE_MS << (r->throttle_count > 5 ? 5 : r->throttle_count);

	if (!is(out->class, "THROTTLED") && !is(out->class, "INVOKE_TRANSIENT") &&
	    !is(out->class, "TRANSIENT"))
		return false;
	if (r->throttled_since_ms != 0 && now_ms - r->throttled_since_ms > THROTTLE_CAP_MS)
		return false;
	out->counted = false;
	out->not_before_ms = now_ms + spread(delay > THROTTLE_MAX_MS ? THROTTLE_MAX_MS : delay);
	return true;
}

static void
decide_slow(const struct run *r, int64_t now_ms, struct retry_decision *out)
{
	int64_t until = r->window_end_ms != 0 ? r->window_end_ms : r->created_ms + ON_DEMAND_SPAN_MS;

	out->not_before_ms = now_ms + spread(SLOW_RETRY_MS);
	out->is_final = out->not_before_ms >= until;
}

void
retry_decide(const struct run *r, const struct func_result *result, bool has_current,
    int64_t now_ms, struct retry_decision *out)
{
	*out = (struct retry_decision){ .class = class_of(result), .counted = true };
	if (r->kind == RUN_TEST) {
		/* Waiting for a sandbox is no verdict on the function. */
		if (!is(out->class, "TRANSIENT") && decide_uncounted(r, now_ms, out))
			return;
		out->is_final = r->attempt >= 2;
		out->not_before_ms = now_ms + TEST_RETRY_MS;
		return;
	}
	if (decide_uncounted(r, now_ms, out))
		return;
	if (!has_current) {
		*out = (struct retry_decision){ .class = "NO_CURRENT_VALUE", .counted = true,
			.is_final = true, .clears_pending = r->step == STEP_CREATE };
		return;
	}
	if (is(out->class, "CONFIG") || is(out->class, "INVOKE_PERMANENT") ||
	    is(out->class, "NO_CURRENT_VALUE")) {
		out->is_final = true;
		return;
	}
	if (is(out->class, "POLICY_REJECTED")) {	/* the same value can never be accepted */
		out->is_final = true;
		out->clears_pending = true;
		return;
	}
	if (is(out->class, "CREDENTIAL_DEAD")) {
		out->is_final = r->attempt >= 2;
		out->not_before_ms = now_ms + LOCKOUT_GUARD_MS;
		return;
	}
	if (r->attempt >= FAST_ATTEMPTS) {
		decide_slow(r, now_ms, out);
		return;
	}
	out->not_before_ms = now_ms + spread(RETRY_BASE_MS << (r->attempt > 0 ? r->attempt - 1 : 0));
	out->is_final = r->window_end_ms != 0 && out->not_before_ms >= r->window_end_ms;
}
