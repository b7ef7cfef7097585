/* SPDX-License-Identifier: Apache-2.0 */
/* Table 3.6 of spec/rotation.md over time: what is not counted, and until when. */
#include "test.h"

#include "base/clock.h"
#include "crypto/digest.h"
#include "rotate/rotation.h"

#define NOW INT64_C(1772446500000)

static struct retry_decision
decide(const struct run *r, enum func_outcome outcome, const char *type)
{
	struct func_result result = { .outcome = outcome, .error_type = str_of(type) };
	struct retry_decision d;
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	retry_decide(r, &result, true, NOW, &d);
	return d;
}

TEST("3.6: a target or runner that cannot be reached is not counted for an hour, then it is")
{
	static const struct { enum func_outcome outcome; const char *type; } rows[] = {
		{ FUNC_ERROR, "TRANSIENT" }, { FUNC_UNAVAILABLE, "ServiceException" },
		{ FUNC_THROTTLED, "TooManyRequestsException" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run r = { .kind = RUN_ROTATE, .state = RUN_STEPPING, .step = STEP_SET,
			.attempt = 4, .created_ms = NOW - 2 * HOUR_MS };
		struct retry_decision d = decide(&r, rows[i].outcome, rows[i].type);

		assert_false(d.counted);
		assert_false(d.is_final);
		r.throttled_since_ms = NOW - HOUR_MS;
		assert_false(decide(&r, rows[i].outcome, rows[i].type).counted);
		r.throttled_since_ms = NOW - HOUR_MS - 1;
		d = decide(&r, rows[i].outcome, rows[i].type);
		assert_true(d.counted);
		assert_false(d.is_final);
		assert_in_range(d.not_before_ms - NOW, 640 * SECOND_MS, 960 * SECOND_MS);
	}
}

TEST("3.6: only the class's own name is left uncounted")
{
	static const char *const types[] = { "", "TRANSIENT_ERROR", "transient", "PERMISSION" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct run r = { .kind = RUN_ROTATE, .state = RUN_STEPPING, .step = STEP_SET,
			.attempt = 1, .created_ms = NOW };

		assert_true(decide(&r, FUNC_ERROR, types[i]).counted);
	}
}
