/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/clock.h"
#include "cli/duration.h"

TEST("a duration is one number and unit, or several in descending order")
{
	static const struct { const char *text; int64_t ms; } rows[] = {
		{ "45s", 45 * SECOND_MS },
		{ "90m", 90 * MINUTE_MS },
		{ "12h", 12 * HOUR_MS },
		{ "30d", 30 * DAY_MS },
		{ "1d12h", 36 * HOUR_MS },
		{ "1d1h1m1s", DAY_MS + HOUR_MS + MINUTE_MS + SECOND_MS },
		{ "2d5s", 2 * DAY_MS + 5 * SECOND_MS },
		{ "007h", 7 * HOUR_MS },
		{ "0d1s", SECOND_MS },
		{ "3652500d", 3652500 * DAY_MS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e;
		int64_t ms = 0;

		CHECK_OK(duration_parse(str_of(rows[i].text), &ms, &e), &e);
		assert_int_equal(ms, rows[i].ms);
	}
}

TEST("what is no duration is refused and leaves the output alone")
{
	static const char *const rows[] = { "", "0", "0s", "0d0h", "5", "d", "5x", "5D", "-5d", "+5d",
		" 5d", "5d ", "5 d", "5d 3h", "12h1d", "1d1d", "1s1m", "1.5d", "1d5", "5ms", "1w",
		"3652501d", "3652500d1s", "99999999999999999999s", "18446744073709551617s",
		"9223372036854775807d", "1h\x80" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e;
		int64_t ms = -1;

		if (duration_parse(str_of(rows[i]), &ms, &e))
			fail_msg("'%s' was taken as %lld ms", rows[i], (long long)ms);
		assert_int_equal(e.code, ERR_CONFIG);
		assert_int_equal(ms, -1);
	}
}

TEST("a duration with NUL in it is refused")
{
	struct err e;
	int64_t ms;

	assert_false(duration_parse(STR_LIT("5d\0"), &ms, &e));
	assert_false(duration_parse(STR_LIT("5\0d"), &ms, &e));
}

TEST("a span shows its two largest units and never a unit that is zero")
{
	static const struct { int64_t ms; const char *text; } rows[] = {
		{ 0, "0 ms" }, { 1, "1 ms" }, { 999, "999 ms" },
		{ 1000, "1.0 s" }, { 1249, "1.2 s" }, { 9999, "9.9 s" },
		{ 10000, "10 s" }, { 59999, "59 s" },
		{ MINUTE_MS, "1 min" }, { 125 * SECOND_MS, "2 min 5 s" },
		{ HOUR_MS, "1 h" }, { HOUR_MS + SECOND_MS, "1 h" },
		{ 90 * MINUTE_MS, "1 h 30 min" },
		{ DAY_MS, "1 d" }, { 27 * HOUR_MS, "1 d 3 h" }, { 400 * DAY_MS, "400 d" },
		{ -1, "0 ms" }, { INT64_MIN, "0 ms" },
		{ INT64_MAX, "106751991167 d 7 h" },
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(duration_text(a, rows[i].ms), rows[i].text);
	arena_free(a);
}
