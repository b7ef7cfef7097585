/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "sched/schedule.h"

static int64_t
at(const char *iso)
{
	int64_t t;

	assert_true(time_parse_iso(str_of(iso), &t));
	return t;
}

static void
check_explained(const struct schedule_rules *r, const char *now, int count, const char *want)
{
	struct buf out = BUF_INIT;
	struct err e;

	CHECK_OK(schedule_explain(r, at(now), count, &out, &e), &e);
	CHECK_STR(buf_view(&out), want);
	buf_free(&out);
}

TEST("schedule explain: a line for each window, then the largest gap")
{
	struct schedule_rules cron = { .schedule_expression = STR_LIT("cron(0 16 1,15 * ? *)"),
		.duration = STR_LIT("2h") };
	struct schedule_rules days = { .automatically_after_days = 30 };

	check_explained(&cron, "2025-02-15T17:00Z", 3,
	    "Sat 2025-03-01T16:00:00Z - 2025-03-01T18:00:00Z  NextRotationDate 2025-03-01T17:59:59Z\n"
	    "Sat 2025-03-15T16:00:00Z - 2025-03-15T18:00:00Z  NextRotationDate 2025-03-15T17:59:59Z\n"
	    "Tue 2025-04-01T16:00:00Z - 2025-04-01T18:00:00Z  NextRotationDate 2025-04-01T17:59:59Z\n"
	    "largest gap between starts in the next 4 years: 17 days\n");
	check_explained(&days, "2026-01-22T06:42:22Z", 2,
	    "Sat 2026-02-21T00:00:00Z - 2026-02-22T00:00:00Z  NextRotationDate 2026-02-21T23:59:59Z\n"
	    "Mon 2026-03-23T00:00:00Z - 2026-03-24T00:00:00Z  NextRotationDate 2026-03-23T23:59:59Z\n"
	    "largest gap between starts in the next 4 years: 30 days\n");
}

TEST("schedule explain: the largest gap, in days and hours")
{
	static const struct { const char *expr, *gap; } rows[] = {
		{ "rate(5 hours)", "5 hours" },
		{ "rate(1 day)", "1 day" },
		{ "cron(0 0/7 * * ? *)", "7 hours" },
		{ "cron(0 5/5 * * ? *)", "9 hours" },
		{ "cron(0 8,20 ? * MON *)", "6 days 12 hours" },
		{ "cron(0 8 31 * ? *)", "61 days" },
		{ "cron(0 0 29 2 ? *)", "1461 days" },
		{ "cron(0 0 ? 2 SUN#5 *)", "10227 days" },	/* once in 28 years */
	};
	char want[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule_rules r = { .schedule_expression = str_of(rows[i].expr) };

		snprintf(want, sizeof(want), "largest gap between starts in the next 4 years: %s\n",
		    rows[i].gap);
		check_explained(&r, "2025-06-20T12:00Z", 0, want);
	}
}

TEST("schedule explain: a gap that a leap year hides shows within the four years")
{
	struct schedule_rules r = { .schedule_expression = STR_LIT("cron(0 8 29 * ? *)") };

	check_explained(&r, "2027-06-20T12:00Z", 1,
	    "Tue 2027-06-29T08:00:00Z - 2027-06-30T00:00:00Z  NextRotationDate 2027-06-29T23:59:59Z\n"
	    "largest gap between starts in the next 4 years: 59 days\n");
}

TEST("schedule explain: refused rules fail with AWS's text and add nothing")
{
	struct schedule_rules r = { .schedule_expression = STR_LIT("rate(24 hours)") };
	struct buf out = BUF_INIT;
	struct err e;

	CHECK_ERR(schedule_explain(&r, 0, 5, &out, &e), &e, ERR_INVALID_PARAMETER);
	assert_string_equal(e.msg, "Rate in hour should be least 4 and less than 24.");
	assert_int_equal(out.n, 0);
	buf_free(&out);
}
