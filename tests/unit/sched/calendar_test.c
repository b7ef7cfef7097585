/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>

#include "base/clock.h"
#include "sched/calendar.h"

static struct schedule
parse(const char *expression)
{
	struct schedule_rules r = { .schedule_expression = str_of(expression) };
	struct schedule s = { 0 };
	struct err e;

	CHECK_OK(schedule_parse(&r, &s, &e), &e);
	return s;
}

static void
check_days(const char *expression, int64_t year, int month, const char *want)
{
	struct schedule s = parse(expression);
	uint32_t days = calendar_days(&s, year, month);
	char got[128] = "";

	for (int d = 1; d <= 31; d++) {
		if ((days >> d & 1) != 0)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%d",
			    got[0] == '\0' ? "" : ",", d);
	}
	if (strcmp(got, want) != 0)
		fail_msg("%s in %d-%02d: %s, wanted %s", expression, (int)year, month, got, want);
}

TEST("The days that an expression names in a month")
{
	check_days("cron(0 8 29-31 * ? *)", 2025, 2, "");
	check_days("cron(0 8 29-31 * ? *)", 2024, 2, "29");
	check_days("cron(0 8 29-31 * ? *)", 2025, 4, "29,30");
	check_days("cron(0 8 29-31 * ? *)", 2025, 5, "29,30,31");
	check_days("cron(0 8 L * ? *)", 2100, 2, "28");
	check_days("cron(0 8 L * ? *)", 2000, 2, "29");
	check_days("cron(0 8 L 1 ? *)", 2025, 2, "");
	check_days("cron(0 8 ? * SUN *)", 2025, 6, "1,8,15,22,29");
	check_days("cron(0 8 ? * SAT *)", 2025, 2, "1,8,15,22");
	check_days("cron(0 8 ? * SUN#1 *)", 2025, 6, "1");
	check_days("cron(0 8 ? * SUN#5 *)", 2025, 6, "29");
	check_days("cron(0 8 ? * MON#5 *)", 2025, 6, "30");
	check_days("cron(0 8 ? * TUE#5 *)", 2025, 6, "");
	check_days("cron(0 8 ? * SATL *)", 2025, 2, "22");
	check_days("cron(0 8 ? * FRIL *)", 2025, 2, "28");
	check_days("cron(0 8 FRIL * ? *)", 2025, 2, "28");
	check_days("cron(0 8 ? * SUNL *)", 2025, 8, "31");
	check_days("cron(0 8 ? * L *)", 2025, 2, "1,8,15,22");
	check_days("cron(0 8 ? 3 * *)", 2025, 2, "");
}

TEST("The next match is strictly after, the last one at or before")
{
	static const struct { const char *expr, *at, *last, *next; } rows[] = {
		{ "cron(0 2/10 * * ? *)", "2025-07-01T11:59:59Z", "2025-07-01T02:00Z",
		    "2025-07-01T12:00Z" },
		{ "cron(0 2/10 * * ? *)", "2025-07-01T12:00Z", "2025-07-01T12:00Z",
		    "2025-07-01T22:00Z" },
		{ "cron(0 2/10 * * ? *)", "2025-07-01T12:00:01Z", "2025-07-01T12:00Z",
		    "2025-07-01T22:00Z" },
		{ "cron(0 2/10 * * ? *)", "2025-07-01T23:59:59Z", "2025-07-01T22:00Z",
		    "2025-07-02T02:00Z" },
		{ "cron(0 2/10 * * ? *)", "2025-07-01T01:00Z", "2025-06-30T22:00Z",
		    "2025-07-01T02:00Z" },
		{ "cron(0 23 31 12 ? *)", "2025-12-31T23:00Z", "2025-12-31T23:00Z",
		    "2026-12-31T23:00Z" },
		{ "cron(0 0 1 1 ? *)", "2025-12-31T23:59:59Z", "2025-01-01T00:00Z",
		    "2026-01-01T00:00Z" },
		{ "cron(0 0 29 2 ? *)", "2025-01-01T00:00Z", "2024-02-29T00:00Z",
		    "2028-02-29T00:00Z" },
		{ "cron(0 0 29 2 ? *)", "1969-12-31T23:59:59Z", "1968-02-29T00:00Z",
		    "1972-02-29T00:00Z" },
		{ "cron(0 0 31 * ? *)", "2025-03-01T00:00Z", "2025-01-31T00:00Z",
		    "2025-03-31T00:00Z" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = parse(rows[i].expr);
		int64_t at, last, next, got;

		assert_true(time_parse_iso(str_of(rows[i].at), &at));
		assert_true(time_parse_iso(str_of(rows[i].last), &last));
		assert_true(time_parse_iso(str_of(rows[i].next), &next));
		assert_true(calendar_last(&s, at, &got));
		assert_int_equal(got, last);
		assert_true(calendar_next(&s, at, &got));
		assert_int_equal(got, next);
	}
}

TEST("A schedule that never fires is found out, in both directions")
{
	struct schedule s = parse("cron(0 8 31 * ? *)");
	int64_t ignored;

	s.months = 1 << 2 | 1 << 4;
	assert_false(calendar_next(&s, 0, &ignored));
	assert_false(calendar_last(&s, 0, &ignored));
	s.months |= 1 << 5;
	assert_true(calendar_next(&s, 0, &ignored));
	assert_true(calendar_last(&s, 0, &ignored));
}
