/* SPDX-License-Identifier: Apache-2.0 */
/* Table 3.6 of spec/rotation.md: what a failed step means for the run. */
#include "test.h"

#include "base/clock.h"
#include "crypto/digest.h"
#include "rotate/rotation.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW INT64_C(1772446500000)

static struct retry_decision
decide(const struct run *r, enum func_outcome outcome, const char *type, bool has_current)
{
	struct func_result result = { .outcome = outcome, .error_type = str_of(type) };
	struct retry_decision d;
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);		/* delays are random within bounds */
	retry_decide(r, &result, has_current, NOW, &d);
	return d;
}

static struct run
rotating(uint32_t attempt)
{
	return (struct run){ .kind = RUN_ROTATE, .state = RUN_STEPPING, .step = STEP_SET,
		.attempt = attempt, .created_ms = NOW };
}

/* Delays are spread by a fifth either way. */
static void
check_delay(const char *name, const struct retry_decision *d, int64_t base_ms)
{
	int64_t delay = d->not_before_ms - NOW;

	if (delay < base_ms * 8 / 10 || delay > base_ms * 12 / 10)
		fail_msg("%s: in %lld ms, wanted %lld +- 20 %%", name, (long long)delay,
		    (long long)base_ms);
}

struct row {
	const char *name;
	enum func_outcome outcome;
	const char *type;
	uint32_t attempt;
	const char *class;
	bool counted, is_final, clears_pending;
	int64_t delay_ms;		/* 0: no matter */
};

static const struct row rows[] = {
	{ "an error of the function", FUNC_ERROR, "Runtime.Whatever", 1, "FUNCTION_ERROR", true, false,
	  false, 100 * SECOND_MS },
	{ "the second", FUNC_ERROR, "Exception", 2, "FUNCTION_ERROR", true, false, false,
	  200 * SECOND_MS },
	{ "the third", FUNC_ERROR, "", 3, "FUNCTION_ERROR", true, false, false, 400 * SECOND_MS },
	{ "the fourth", FUNC_ERROR, NULL, 4, "FUNCTION_ERROR", true, false, false, 800 * SECOND_MS },
	{ "the fifth: from now on hourly", FUNC_ERROR, NULL, 5, "FUNCTION_ERROR", true, false, false,
	  HOUR_MS },
	{ "the ninth", FUNC_ERROR, NULL, 9, "FUNCTION_ERROR", true, false, false, HOUR_MS },
	{ "a timeout", FUNC_TIMEOUT, "Sandbox.Timedout", 2, "TIMEOUT", true, false, false,
	  200 * SECOND_MS },
	{ "a throttle", FUNC_THROTTLED, "TooManyRequestsException", 1, "THROTTLED", false, false, false,
	  5 * SECOND_MS },
	{ "the runner is gone", FUNC_UNAVAILABLE, "", 5, "INVOKE_TRANSIENT", false, false, false,
	  5 * SECOND_MS },
	{ "a package that cannot run", FUNC_INVALID, "InvalidZipFileException", 1, "INVOKE_PERMANENT",
	  true, true, false, 0 },
	{ "a secret the built-in cannot use", FUNC_ERROR, "CONFIG", 1, "CONFIG", true, true, false, 0 },
	{ "no value to begin with", FUNC_ERROR, "NO_CURRENT_VALUE", 1, "NO_CURRENT_VALUE", true, true,
	  false, 0 },
	{ "the target's policy says no", FUNC_ERROR, "POLICY_REJECTED", 1, "POLICY_REJECTED", true, true,
	  true, 0 },
	{ "every known password is refused", FUNC_ERROR, "CREDENTIAL_DEAD", 1, "CREDENTIAL_DEAD", true,
	  false, false, 0 },
	{ "and once more", FUNC_ERROR, "CREDENTIAL_DEAD", 2, "CREDENTIAL_DEAD", true, true, false, 0 },
	{ "a database that restarts", FUNC_ERROR, "TRANSIENT", 1, "TRANSIENT", false, false, false,
	  5 * SECOND_MS },
	{ "missing rights, which may be granted", FUNC_ERROR, "PERMISSION", 1, "PERMISSION", true, false,
	  false, 100 * SECOND_MS },
	{ "a class is its whole name", FUNC_ERROR, "CONFIGURATION", 1, "FUNCTION_ERROR", true, false,
	  false, 100 * SECOND_MS },
	{ "a timeout is no class of the function's", FUNC_TIMEOUT, "POLICY_REJECTED", 1, "TIMEOUT", true,
	  false, false, 100 * SECOND_MS },
};

TEST("3.6: class, count, end and delay of each kind of failure")
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *t = &rows[i];
		struct run r = rotating(t->attempt);
		struct retry_decision d = decide(&r, t->outcome, t->type, true);

		if (strcmp(d.class, t->class) != 0 || d.counted != t->counted ||
		    d.is_final != t->is_final || d.clears_pending != t->clears_pending)
			fail_msg("%s: %s%s%s%s", t->name, d.class, d.counted ? " counted" : "",
			    d.is_final ? " final" : "", d.clears_pending ? " clears" : "");
		if (t->delay_ms != 0)
			check_delay(t->name, &d, t->delay_ms);
	}
}

TEST("3.6: delays are spread, so that many secrets do not come back together")
{
	struct run r = rotating(1);
	int64_t first = decide(&r, FUNC_ERROR, NULL, true).not_before_ms;
	int differing = 0;

	for (int i = 0; i < 50; i++)
		differing += decide(&r, FUNC_ERROR, NULL, true).not_before_ms != first;
	assert_true(differing > 40);
}

TEST("3.6: throttles back off from five seconds to two minutes, for an hour")
{
	static const int64_t delays_s[] = { 5, 10, 20, 40, 80, 120, 120, 120 };
	struct run r = rotating(1);
	struct retry_decision d;

	for (uint32_t i = 0; i < COUNT(delays_s); i++) {
		r.throttle_count = i;
		d = decide(&r, FUNC_THROTTLED, NULL, true);
		check_delay("throttled", &d, delays_s[i] * SECOND_MS);
	}
	r.throttle_count = UINT32_MAX;
	d = decide(&r, FUNC_THROTTLED, NULL, true);
	check_delay("throttled long ago", &d, 120 * SECOND_MS);
	r.throttled_since_ms = NOW - HOUR_MS;
	assert_false(decide(&r, FUNC_THROTTLED, NULL, true).counted);
	r.throttled_since_ms--;
	d = decide(&r, FUNC_THROTTLED, NULL, true);	/* after an hour it is a failed attempt */
	assert_true(d.counted && !d.is_final);
	check_delay("throttled for an hour", &d, 100 * SECOND_MS);
}

TEST("3.6: the lockout guard waits ten minutes and gives up after the second login")
{
	struct run r = rotating(1);

	assert_int_equal(decide(&r, FUNC_ERROR, "CREDENTIAL_DEAD", true).not_before_ms,
	    NOW + 10 * MINUTE_MS);
}

TEST("3.6: on demand the hourly attempts end six hours after the request")
{
	struct run r = rotating(7);

	r.created_ms = NOW - 4 * HOUR_MS;
	assert_false(decide(&r, FUNC_ERROR, NULL, true).is_final);
	r.created_ms = NOW - 6 * HOUR_MS;
	assert_true(decide(&r, FUNC_ERROR, NULL, true).is_final);
}

TEST("3.6, 3.7: in a window no attempt is planned beyond its end, whatever the tier")
{
	static const uint32_t attempts[] = { 1, 4, 5, 9 };

	for (size_t i = 0; i < COUNT(attempts); i++) {
		struct run r = rotating(attempts[i]);

		r.window_end_ms = NOW + 2 * HOUR_MS;
		assert_false(decide(&r, FUNC_ERROR, NULL, true).is_final);
		r.window_end_ms = NOW + 60 * SECOND_MS;
		assert_true(decide(&r, FUNC_ERROR, NULL, true).is_final);
	}
}

TEST("1.9: without AWSCURRENT the first failure is the last; T goes unless the target may have it")
{
	struct run r = rotating(1);
	struct retry_decision d;

	r.step = STEP_CREATE;
	d = decide(&r, FUNC_ERROR, "ResourceNotFoundException", false);
	assert_string_equal(d.class, "NO_CURRENT_VALUE");
	assert_true(d.is_final && d.counted && d.clears_pending);
	r.step = STEP_SET;
	d = decide(&r, FUNC_ERROR, NULL, false);
	assert_true(d.is_final && !d.clears_pending);
	d = decide(&r, FUNC_THROTTLED, NULL, false);
	assert_true(!d.is_final && !d.counted);
}

TEST("1.8: a test is tried once more after ten seconds, and that is all")
{
	static const struct { enum func_outcome outcome; const char *type; } failures[] = {
		{ FUNC_ERROR, "X" }, { FUNC_TIMEOUT, NULL }, { FUNC_ERROR, "POLICY_REJECTED" } };

	for (size_t i = 0; i < COUNT(failures); i++) {
		struct run r = { .kind = RUN_TEST, .step = STEP_TEST, .attempt = 1 };
		struct retry_decision d = decide(&r, failures[i].outcome, failures[i].type, true);

		assert_false(d.is_final || d.clears_pending);
		assert_int_equal(d.not_before_ms, NOW + 10 * SECOND_MS);
		r.attempt = 2;
		assert_true(decide(&r, failures[i].outcome, failures[i].type, true).is_final);
	}
}

TEST("1.8, 3.6: a test that finds no free sandbox, or no runner, waits and is not counted")
{
	static const enum func_outcome outcomes[] = { FUNC_THROTTLED, FUNC_UNAVAILABLE };

	for (size_t i = 0; i < COUNT(outcomes); i++) {
		struct run r = { .kind = RUN_TEST, .step = STEP_TEST, .attempt = 2 };
		struct retry_decision d = decide(&r, outcomes[i], NULL, true);

		assert_false(d.counted || d.is_final || d.clears_pending);
	}
}
