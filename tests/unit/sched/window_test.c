/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>

#include "base/clock.h"
#include "sched/schedule.h"

static int64_t
at(const char *iso)
{
	int64_t t;

	if (iso == NULL)
		return SCHEDULE_NEVER;
	if (!time_parse_iso(str_of(iso), &t))
		fail_msg("'%s' is no time", iso);
	return t;
}

static struct schedule
parse(int64_t days, const char *expression, const char *duration)
{
	struct schedule_rules r = { days, str_of(expression), str_of(duration) };
	struct schedule s = { 0 };
	struct err e;

	CHECK_OK(schedule_parse(&r, &s, &e), &e);
	return s;
}

static struct schedule_history
history(const char *base, const char *changed)
{
	return (struct schedule_history){ .base_s = at(base), .changed_s = at(changed),
		.anchor_s = SCHEDULE_NEVER, .consumed_s = SCHEDULE_NEVER,
		.now_s = at(changed != NULL ? changed : base) };
}

static void
check_window(const char *label, struct window got, const char *start, const char *end)
{
	char got_start[21], got_end[21];

	time_format_iso(got.start_s, got_start);
	time_format_iso(got.end_s, got_end);
	if (got.start_s != at(start) || got.end_s != at(end))
		fail_msg("%s: got %s - %s, wanted %s - %s", label, got_start, got_end, start, end);
}

#define LABEL(n) (snprintf(label, sizeof(label), "example %d", (n)), label)

/* spec/rotation.md 6.11 */
static const struct example {
	int number;
	int64_t days;
	const char *expression, *duration, *base, *start, *end, *next_date;
	int64_t next_epoch;
} examples[] = {
	{ 1, 30, NULL, NULL, "2026-01-22T06:42:22Z",
	    "2026-02-21T00:00Z", "2026-02-22T00:00Z", "2026-02-21T23:59:59Z", 1771718399 },
	{ 2, 30, NULL, NULL, "2026-02-03T17:34:02Z",
	    "2026-03-05T00:00Z", "2026-03-06T00:00Z", "2026-03-05T23:59:59Z", 1772755199 },
	{ 3, 1, NULL, NULL, "2024-02-28T23:59:59Z",
	    "2024-02-29T00:00Z", "2024-03-01T00:00Z", "2024-02-29T23:59:59Z", 1709251199 },
	{ 4, 1, NULL, NULL, "2024-02-29T00:00:00Z",
	    "2024-03-01T00:00Z", "2024-03-02T00:00Z", "2024-03-01T23:59:59Z", 1709337599 },
	{ 5, 365, NULL, NULL, "2023-03-01T12:00:00Z",
	    "2024-02-29T00:00Z", "2024-03-01T00:00Z", "2024-02-29T23:59:59Z", 1709251199 },
	{ 6, 1000, NULL, NULL, "2025-01-31T05:00:00Z",
	    "2027-10-28T00:00Z", "2027-10-29T00:00Z", "2027-10-28T23:59:59Z", 1824767999 },
	{ 7, 7, NULL, "3h", "2025-12-29T10:00:00Z",
	    "2026-01-05T00:00Z", "2026-01-05T03:00Z", "2026-01-05T02:59:59Z", 1767581999 },
	{ 8, 30, NULL, "24h", "2025-01-31T10:00:00Z",
	    "2025-03-02T00:00Z", "2025-03-03T00:00Z", "2025-03-02T23:59:59Z", 1740959999 },
	{ 9, 0, "rate(10 days)", NULL, "2024-02-20T08:15:00Z",
	    "2024-03-01T00:00Z", "2024-03-02T00:00Z", "2024-03-01T23:59:59Z", 1709337599 },
	{ 10, 0, "rate(10 days)", "6h", "2024-02-20T08:15:00Z",
	    "2024-03-01T00:00Z", "2024-03-01T06:00Z", "2024-03-01T05:59:59Z", 1709272799 },
	{ 11, 0, "rate(999 days)", NULL, "2025-06-15T00:00:00Z",
	    "2028-03-10T00:00Z", "2028-03-11T00:00Z", "2028-03-10T23:59:59Z", 1836345599 },
	{ 12, 0, "rate(4 hours)", NULL, "2025-03-30T01:17:00Z",
	    "2025-03-30T05:00Z", "2025-03-30T06:00Z", "2025-03-30T05:59:59Z", 1743314399 },
	{ 13, 0, "rate(10 hours)", NULL, "2025-05-31T20:05:00Z",
	    "2025-06-01T06:00Z", "2025-06-01T07:00Z", "2025-06-01T06:59:59Z", 1748761199 },
	{ 14, 0, "rate(23 hours)", "3h", "2025-10-25T23:30:00Z",
	    "2025-10-26T22:00Z", "2025-10-27T00:00Z", "2025-10-26T23:59:59Z", 1761523199 },
	{ 15, 0, "cron(0 /8 * * ? *)", NULL, "2025-07-01T00:00:00Z",
	    "2025-07-01T08:00Z", "2025-07-01T09:00Z", "2025-07-01T08:59:59Z", 1751360399 },
	{ 16, 0, "cron(0 2/10 * * ? *)", NULL, "2025-07-01T12:30:00Z",
	    "2025-07-01T22:00Z", "2025-07-01T23:00Z", "2025-07-01T22:59:59Z", 1751410799 },
	{ 17, 0, "cron(0 2/10 * * ? *)", NULL, "2025-07-01T22:10:00Z",
	    "2025-07-02T02:00Z", "2025-07-02T03:00Z", "2025-07-02T02:59:59Z", 1751425199 },
	{ 18, 0, "cron(0 10 * * ? *)", NULL, "2025-07-01T10:00:00Z",
	    "2025-07-02T10:00Z", "2025-07-03T00:00Z", "2025-07-02T23:59:59Z", 1751500799 },
	{ 19, 0, "cron(0 10 * * ? *)", NULL, "2025-07-01T09:59:59Z",
	    "2025-07-01T10:00Z", "2025-07-02T00:00Z", "2025-07-01T23:59:59Z", 1751414399 },
	{ 20, 0, "cron(0 0 ? * 2 *)", NULL, "2023-10-16T07:18:02Z",
	    "2023-10-23T00:00Z", "2023-10-24T00:00Z", "2023-10-23T23:59:59Z", 1698105599 },
	{ 21, 0, "cron(0 0 ? * 2 *)", NULL, "2026-09-07T18:14:58Z",
	    "2026-09-14T00:00Z", "2026-09-15T00:00Z", "2026-09-14T23:59:59Z", 1789430399 },
	{ 22, 0, "cron(0 8 31 * ? *)", NULL, "2025-01-31T08:00:00Z",
	    "2025-03-31T08:00Z", "2025-04-01T00:00Z", "2025-03-31T23:59:59Z", 1743465599 },
	{ 23, 0, "cron(0 8 31 * ? *)", NULL, "2025-08-31T09:00:00Z",
	    "2025-10-31T08:00Z", "2025-11-01T00:00Z", "2025-10-31T23:59:59Z", 1761955199 },
	{ 24, 0, "cron(0 8 30 * ? *)", NULL, "2025-01-30T09:00:00Z",
	    "2025-03-30T08:00Z", "2025-03-31T00:00Z", "2025-03-30T23:59:59Z", 1743379199 },
	{ 25, 0, "cron(0 17 L * ? *)", NULL, "2024-02-01T00:00:00Z",
	    "2024-02-29T17:00Z", "2024-03-01T00:00Z", "2024-02-29T23:59:59Z", 1709251199 },
	{ 26, 0, "cron(0 17 L * ? *)", NULL, "2025-02-01T00:00:00Z",
	    "2025-02-28T17:00Z", "2025-03-01T00:00Z", "2025-02-28T23:59:59Z", 1740787199 },
	{ 27, 0, "cron(0 17 L * ? *)", NULL, "2025-02-28T17:30:00Z",
	    "2025-03-31T17:00Z", "2025-04-01T00:00Z", "2025-03-31T23:59:59Z", 1743465599 },
	{ 28, 0, "cron(0 0 29 2 ? *)", NULL, "2024-02-29T00:05:00Z",
	    "2028-02-29T00:00Z", "2028-03-01T00:00Z", "2028-02-29T23:59:59Z", 1835481599 },
	{ 29, 0, "cron(0 0 29 * ? *)", NULL, "2025-01-29T01:00:00Z",
	    "2025-03-29T00:00Z", "2025-03-30T00:00Z", "2025-03-29T23:59:59Z", 1743292799 },
	{ 30, 0, "cron(0 1 ? 1/3 SUN#1 *)", NULL, "2025-01-05T02:00:00Z",
	    "2025-04-06T01:00Z", "2025-04-07T00:00Z", "2025-04-06T23:59:59Z", 1743983999 },
	{ 31, 0, "cron(0 0 ? * SUN#1 *)", NULL, "2025-05-31T23:59:00Z",
	    "2025-06-01T00:00Z", "2025-06-02T00:00Z", "2025-06-01T23:59:59Z", 1748822399 },
	{ 32, 0, "cron(0 0 ? * SUN#1 *)", NULL, "2025-06-01T00:00:00Z",
	    "2025-07-06T00:00Z", "2025-07-07T00:00Z", "2025-07-06T23:59:59Z", 1751846399 },
	{ 33, 0, "cron(0 0 ? * FRI#5 *)", NULL, "2025-01-31T12:00:00Z",
	    "2025-05-30T00:00Z", "2025-05-31T00:00Z", "2025-05-30T23:59:59Z", 1748649599 },
	{ 34, 0, "cron(0 0 ? 1/11 2#1 *)", NULL, "2025-01-06T01:00:00Z",
	    "2025-12-01T00:00Z", "2025-12-02T00:00Z", "2025-12-01T23:59:59Z", 1764633599 },
	{ 35, 0, "cron(0 3 ? * SUNL *)", NULL, "2025-08-31T04:00:00Z",
	    "2025-09-28T03:00Z", "2025-09-29T00:00Z", "2025-09-28T23:59:59Z", 1759103999 },
	{ 36, 0, "cron(0 3 SUNL * ? *)", NULL, "2025-08-30T04:00:00Z",
	    "2025-08-31T03:00Z", "2025-09-01T00:00Z", "2025-08-31T23:59:59Z", 1756684799 },
	{ 37, 0, "cron(0 6 ? * L *)", NULL, "2025-07-01T00:00:00Z",
	    "2025-07-05T06:00Z", "2025-07-06T00:00Z", "2025-07-05T23:59:59Z", 1751759999 },
	{ 38, 0, "cron(0 6 ? * 6L *)", NULL, "2024-02-01T00:00:00Z",
	    "2024-02-23T06:00Z", "2024-02-24T00:00Z", "2024-02-23T23:59:59Z", 1708732799 },
	{ 39, 0, "cron(0 8 ? * MON-FRI *)", NULL, "2025-07-04T08:10:00Z",
	    "2025-07-07T08:00Z", "2025-07-08T00:00Z", "2025-07-07T23:59:59Z", 1751932799 },
	{ 40, 0, "cron(0 16 1,15 * ? *)", "2h", "2025-02-15T17:00:00Z",
	    "2025-03-01T16:00Z", "2025-03-01T18:00Z", "2025-03-01T17:59:59Z", 1740851999 },
	{ 41, 0, "cron(0 10 ? FEB,MAY,AUG,NOV TUE#2 *)", NULL, "2025-02-11T10:30:00Z",
	    "2025-05-13T10:00Z", "2025-05-14T00:00Z", "2025-05-13T23:59:59Z", 1747180799 },
	{ 42, 0, "cron(0 0 1/2 * ? *)", NULL, "2025-01-31T00:30:00Z",
	    "2025-02-01T00:00Z", "2025-02-02T00:00Z", "2025-02-01T23:59:59Z", 1738454399 },
	{ 43, 0, "cron(0 0 ? * 1/2 *)", NULL, "2025-07-05T01:00:00Z",
	    "2025-07-06T00:00Z", "2025-07-07T00:00Z", "2025-07-06T23:59:59Z", 1751846399 },
	{ 44, 0, "cron(0 22 * * ? *)", "2h", "2025-12-31T22:30:00Z",
	    "2026-01-01T22:00Z", "2026-01-02T00:00Z", "2026-01-01T23:59:59Z", 1767311999 },
	{ 45, 0, "cron(0 5/5 * * ? *)", NULL, "2025-07-01T20:30:00Z",
	    "2025-07-02T05:00Z", "2025-07-02T06:00Z", "2025-07-02T05:59:59Z", 1751435999 },
	{ 46, 0, "cron(0 2 ? JAN-MAR mon *)", NULL, "2025-03-31T02:01:00Z",
	    "2026-01-05T02:00Z", "2026-01-06T00:00Z", "2026-01-05T23:59:59Z", 1767657599 },
};
_Static_assert(sizeof(examples) / sizeof(examples[0]) == 46, "section 6.11 has 46 rows");

TEST("6.11: the worked examples, with C earlier than E and without C")
{
	char label[32];

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *x = &examples[i];
		struct schedule s = parse(x->days, x->expression, x->duration);
		struct schedule_history h = history(x->base, NULL);
		struct window w = schedule_next(&s, &h);

		check_window(LABEL(x->number), w, x->start, x->end);
		assert_int_equal(window_last_second(&w), x->next_epoch);
		assert_int_equal(window_last_second(&w), at(x->next_date));
		check_window(label, schedule_window_after(&s, at(x->base)), x->start, x->end);
		h.changed_s = h.base_s - 90 * 86400;
		check_window(label, schedule_next(&s, &h), x->start, x->end);
	}
}

/* 6.12, rows 47 to 53 */
static const struct {
	int number;
	int64_t days;
	const char *expression, *duration, *base, *changed, *anchor, *start, *end;
} changes[] = {
	/* already overdue: the day after the change */
	{ 47, 0, "rate(7 days)", NULL, "2025-06-01T10:00Z", "2025-06-20T09:00Z", NULL,
	    "2025-06-21T00:00Z", "2025-06-22T00:00Z" },
	/* E + 30 days is later than C + 1 day */
	{ 48, 0, "rate(30 days)", NULL, "2025-06-01T10:00Z", "2025-06-20T09:00Z", NULL,
	    "2025-07-01T00:00Z", "2025-07-02T00:00Z" },
	/* never rotated: C is the base */
	{ 49, 30, NULL, NULL, NULL, "2025-06-20T09:00Z", NULL,
	    "2025-07-20T00:00Z", "2025-07-21T00:00Z" },
	/* the window open at C is consumed */
	{ 50, 0, "cron(0 10 * * ? *)", "4h", "2025-06-01T10:00Z", "2025-06-20T11:00Z", NULL,
	    "2025-06-21T10:00Z", "2025-06-21T14:00Z" },
	/* overdue: the next full hour */
	{ 51, 0, "rate(6 hours)", NULL, "2025-06-20T01:20Z", "2025-06-20T09:40Z", NULL,
	    "2025-06-20T10:00Z", "2025-06-20T11:00Z" },
	/* E + 6 h */
	{ 52, 0, "rate(6 hours)", NULL, "2025-06-20T08:20Z", "2025-06-20T09:40Z", NULL,
	    "2025-06-20T14:00Z", "2025-06-20T15:00Z" },
	/* the scheduled run of 08:00 finished at 10:40: the anchor stays on 08:00 */
	{ 53, 0, "rate(4 hours)", "3h", "2025-06-20T10:40Z", NULL, "2025-06-20T08:00Z",
	    "2025-06-20T12:00Z", "2025-06-20T15:00Z" },
};

TEST("6.12: the worked examples with a rule change at C, or a scheduled anchor")
{
	char label[32];

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct schedule s = parse(changes[i].days, changes[i].expression,
		    changes[i].duration);
		struct schedule_history h = history(changes[i].base, changes[i].changed);
		struct window w;

		h.anchor_s = at(changes[i].anchor);
		w = schedule_next(&s, &h);
		check_window(LABEL(changes[i].number), w, changes[i].start, changes[i].end);
		assert_int_equal(window_last_second(&w), at(changes[i].end) - 1);
	}
}

TEST("6.6: C equal to E is no change after E")
{
	struct schedule s = parse(0, "rate(7 days)", NULL);
	struct schedule_history h = history("2025-06-01T10:00Z", "2025-06-01T10:00Z");

	check_window("C = E", schedule_next(&s, &h), "2025-06-08T00:00Z", "2025-06-09T00:00Z");
}

TEST("6.6: without E, hour rates count from the hour of C and cron from C")
{
	struct schedule hours = parse(0, "rate(6 hours)", NULL);
	struct schedule cron = parse(0, "cron(0 10 * * ? *)", NULL);
	struct schedule_history h = history(NULL, "2025-06-20T09:40Z");

	check_window("hours", schedule_next(&hours, &h), "2025-06-20T15:00Z", "2025-06-20T16:00Z");
	check_window("cron", schedule_next(&cron, &h), "2025-06-20T10:00Z", "2025-06-21T00:00Z");
}

TEST("Without E and C, rotation counts as enabled now")
{
	struct schedule s = parse(3, NULL, NULL);
	struct schedule_history h = history(NULL, NULL);

	h.now_s = at("2025-06-20T09:40Z");
	check_window("now", schedule_next(&s, &h), "2025-06-23T00:00Z", "2025-06-24T00:00Z");
}

TEST("6.6: hour rates skip the windows that have ended, and keep one that is open")
{
	static const struct { const char *now, *start, *end; } rows[] = {
		{ "2025-06-20T11:59:59Z", "2025-06-20T12:00Z", "2025-06-20T14:00Z" },
		{ "2025-06-20T12:00Z", "2025-06-20T12:00Z", "2025-06-20T14:00Z" },
		{ "2025-06-20T13:59:59Z", "2025-06-20T12:00Z", "2025-06-20T14:00Z" },
		{ "2025-06-20T14:00Z", "2025-06-20T17:00Z", "2025-06-20T19:00Z" },
		{ "2025-06-20T18:00Z", "2025-06-20T17:00Z", "2025-06-20T19:00Z" },
		{ "2025-06-20T22:00Z", "2025-06-20T22:00Z", "2025-06-21T00:00Z" },
		{ "2025-06-21T00:00Z", "2025-06-21T03:00Z", "2025-06-21T05:00Z" },
	};
	struct schedule s = parse(0, "rate(5 hours)", "2h");
	struct schedule_history h = history("2025-06-20T07:30Z", NULL);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		h.now_s = at(rows[i].now);
		check_window(rows[i].now, schedule_next(&s, &h), rows[i].start, rows[i].end);
	}
	h.now_s = at("2025-06-20T07:30Z") + INT64_C(1000000) * 5 * 3600;
	assert_int_equal(schedule_next(&s, &h).start_s,
	    at("2025-06-20T07:00Z") + INT64_C(1000000) * 5 * 3600);
}

TEST("6.8: day rates and cron answer with the missed window, not the next")
{
	struct schedule days = parse(30, NULL, NULL);
	struct schedule cron = parse(0, "cron(0 10 * * ? *)", NULL);
	struct schedule_history h = history("2025-01-01T10:00Z", NULL);

	h.now_s = at("2025-06-20T12:00Z");
	check_window("days", schedule_next(&days, &h), "2025-01-31T00:00Z", "2025-02-01T00:00Z");
	check_window("cron", schedule_next(&cron, &h), "2025-01-02T10:00Z", "2025-01-03T00:00Z");
}

TEST("6.6: after a failed window a day rate tries the following day, daily until success")
{
	struct schedule s = parse(30, NULL, "3h");
	struct schedule_history h = history("2025-01-01T10:00Z", "2024-12-01T00:00Z");

	h.after_failure = true;
	h.consumed_s = at("2025-01-31T00:00Z");
	check_window("first", schedule_next(&s, &h), "2025-02-01T00:00Z", "2025-02-01T03:00Z");
	h.consumed_s = at("2025-02-01T00:00Z");
	check_window("second", schedule_next(&s, &h), "2025-02-02T00:00Z", "2025-02-02T03:00Z");
	h.after_failure = false;
	h.base_s = at("2025-02-02T01:00Z");
	h.consumed_s = at("2025-02-02T00:00Z");
	check_window("success", schedule_next(&s, &h), "2025-03-04T00:00Z", "2025-03-04T03:00Z");
}

TEST("6.6: a manual put after the failed window moves E, but is no success")
{
	struct schedule days = parse(30, NULL, NULL), hours = parse(0, "rate(6 hours)", NULL);
	struct schedule_history h = history("2025-01-31T03:30Z", NULL);

	h.consumed_s = at("2025-01-31T00:00Z");
	check_window("days", schedule_next(&days, &h), "2025-03-02T00:00Z", "2025-03-03T00:00Z");
	check_window("hours", schedule_next(&hours, &h), "2025-01-31T09:00Z", "2025-01-31T10:00Z");
	h.after_failure = true;
	check_window("days", schedule_next(&days, &h), "2025-02-01T00:00Z", "2025-02-02T00:00Z");
	check_window("hours", schedule_next(&hours, &h), "2025-01-31T06:00Z", "2025-01-31T07:00Z");
}

TEST("6.6: after a failed window an hour rate goes on in its steps")
{
	struct schedule s = parse(0, "rate(5 hours)", "2h");
	struct schedule_history h = history("2025-06-20T07:30Z", NULL);

	h.after_failure = true;
	h.consumed_s = at("2025-06-20T12:00Z");
	h.now_s = at("2025-06-20T13:00Z");
	check_window("next", schedule_next(&s, &h), "2025-06-20T17:00Z", "2025-06-20T19:00Z");
	h.now_s = at("2025-06-20T19:00Z");
	check_window("later", schedule_next(&s, &h), "2025-06-20T22:00Z", "2025-06-21T00:00Z");
}

TEST("6.6: after a failed window cron waits for the next match")
{
	struct schedule s = parse(0, "cron(0 17 L * ? *)", NULL);
	struct schedule_history h = history("2025-01-31T17:00Z", NULL);

	h.after_failure = true;
	h.consumed_s = at("2025-02-28T17:00Z");
	check_window("cron", schedule_next(&s, &h), "2025-03-31T17:00Z", "2025-04-01T00:00Z");
}

TEST("6.10: a rule change after a failed window starts afresh, by the rule with C")
{
	struct schedule s = parse(0, "rate(30 days)", NULL);
	struct schedule_history h = history("2025-01-01T10:00Z", "2025-02-03T09:00Z");

	h.after_failure = true;
	h.consumed_s = at("2025-01-31T00:00Z");
	check_window("overdue", schedule_next(&s, &h), "2025-02-04T00:00Z", "2025-02-05T00:00Z");
	s = parse(0, "rate(60 days)", NULL);
	check_window("not due", schedule_next(&s, &h), "2025-03-02T00:00Z", "2025-03-03T00:00Z");
}

TEST("6.6: a consumed window does not come again")
{
	static const struct { const char *expr, *base, *consumed, *start; } rows[] = {
		{ "rate(7 days)", "2025-06-01T10:00Z", "2025-06-08T00:00Z", "2025-06-09T00:00Z" },
		{ "rate(7 days)", "2025-06-01T10:00Z", "2025-06-20T00:00Z", "2025-06-21T00:00Z" },
		{ "rate(7 days)", "2025-06-01T10:00Z", "2025-06-07T00:00Z", "2025-06-08T00:00Z" },
		{ "rate(6 hours)", "2025-06-01T10:20Z", "2025-06-01T16:00Z", "2025-06-01T22:00Z" },
		{ "rate(6 hours)", "2025-06-01T10:20Z", "2025-06-02T03:00Z", "2025-06-02T04:00Z" },
		{ "rate(6 hours)", "2025-06-01T10:20Z", "2025-06-01T15:00Z", "2025-06-01T16:00Z" },
		{ "cron(0 10 * * ? *)", "2025-06-01T10:00Z", "2025-06-05T10:00Z",
		    "2025-06-06T10:00Z" },
		{ "cron(0 /8 * * ? *)", "2025-06-01T10:00Z", "2025-06-01T16:00Z",
		    "2025-06-02T00:00Z" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = parse(0, rows[i].expr, NULL);
		struct schedule_history h = history(rows[i].base, NULL);

		h.consumed_s = at(rows[i].consumed);
		assert_int_equal(schedule_next(&s, &h).start_s, at(rows[i].start));
	}
}

TEST("6.4: windows never reach into the next UTC day")
{
	static const struct { int64_t days; const char *expr, *duration, *base, *start, *end; } rows[] = {
		{ 0, "rate(5 hours)", "5h", "2025-06-01T17:10Z",
		    "2025-06-01T22:00Z", "2025-06-02T00:00Z" },
		{ 0, "rate(5 hours)", NULL, "2025-06-01T18:10Z",
		    "2025-06-01T23:00Z", "2025-06-02T00:00Z" },
		{ 0, "cron(0 23 * * ? *)", NULL, "2025-06-01T18:10Z",
		    "2025-06-01T23:00Z", "2025-06-02T00:00Z" },
		{ 0, "cron(0 3,23 * * ? *)", NULL, "2025-06-01T18:10Z",
		    "2025-06-01T23:00Z", "2025-06-02T00:00Z" },
		{ 0, "cron(0 0 * * ? *)", "24h", "2025-06-01T18:10Z",
		    "2025-06-02T00:00Z", "2025-06-03T00:00Z" },
		{ 1, NULL, NULL, "1969-12-30T18:10Z", "1969-12-31T00:00Z", "1970-01-01T00:00Z" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = parse(rows[i].days, rows[i].expr, rows[i].duration);

		check_window(rows[i].base, schedule_window_after(&s, at(rows[i].base)),
		    rows[i].start, rows[i].end);
	}
}

TEST("6.7: the moment is the hash modulo half the window, at most jitter_max")
{
	static const struct { const char *end; uint64_t hash; int64_t jitter, offset; } rows[] = {
		{ "2025-06-02T00:00Z", 0, 7200, 0 },
		{ "2025-06-02T00:00Z", 7199, 7200, 7199 },
		{ "2025-06-02T00:00Z", 7200, 7200, 0 },
		{ "2025-06-02T00:00Z", UINT64_MAX, 7200, 3615 },
		{ "2025-06-01T01:00Z", 1799, 7200, 1799 },
		{ "2025-06-01T01:00Z", 1800, 7200, 0 },
		{ "2025-06-01T03:00Z", 5399, 7200, 5399 },
		{ "2025-06-01T03:00Z", 5400, 7200, 0 },
		{ "2025-06-02T00:00Z", 601, 600, 1 },
		{ "2025-06-02T00:00Z", UINT64_MAX, 1, 0 },
		{ "2025-06-02T00:00Z", UINT64_MAX, 0, 0 },
		{ "2025-06-02T00:00Z", UINT64_MAX, -1, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct window w = { at("2025-06-01T00:00Z"), at(rows[i].end) };

		assert_int_equal(schedule_moment(&w, rows[i].hash, rows[i].jitter) - w.start_s,
		    rows[i].offset);
	}
}

TEST("6.7: the moment is never in the last 10 minutes of a window")
{
	for (int hours = 1; hours <= 24; hours++) {
		struct window w = { 0, hours * 3600 };

		for (uint64_t hash = 0; hash < 50000; hash += 7) {
			int64_t m = schedule_moment(&w, hash, 24 * 3600);

			assert_true(m >= w.start_s && m < w.end_s - 600);
		}
	}
}

TEST("6.7: scheduled starts are 4 hours apart: delayed inside the window, else skipped")
{
	static const struct { const char *last, *moment, *want; } rows[] = {
		{ NULL, "2025-06-01T03:10Z", "2025-06-01T03:10Z" },
		{ "2025-05-31T21:30Z", "2025-06-01T03:10Z", "2025-06-01T03:10Z" },
		{ "2025-05-31T23:10Z", "2025-06-01T03:10Z", "2025-06-01T03:10Z" },
		{ "2025-05-31T23:11Z", "2025-06-01T03:10Z", "2025-06-01T03:11Z" },
		{ "2025-05-31T23:49:59Z", "2025-06-01T03:10Z", "2025-06-01T03:49:59Z" },
		{ "2025-05-31T23:50Z", "2025-06-01T03:10Z", NULL },	/* its last 10 minutes */
		{ "2025-06-01T00:30Z", "2025-06-01T03:10Z", NULL },
	};
	struct window w = { at("2025-06-01T03:00Z"), at("2025-06-01T04:00Z") };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t moment = at(rows[i].moment);
		bool has_room = schedule_space(&w, at(rows[i].last), &moment);

		assert_int_equal(has_room, rows[i].want != NULL);
		assert_int_equal(moment, at(has_room ? rows[i].want : rows[i].moment));
	}
}

TEST("6.8: only day rates without Duration catch up at once")
{
	static const struct { int64_t days; const char *expr, *duration; bool catches_up; } rows[] = {
		{ 30, NULL, NULL, true },
		{ 0, "rate(30 days)", NULL, true },
		{ 30, NULL, "24h", false },
		{ 0, "rate(30 days)", "3h", false },
		{ 0, "rate(6 hours)", NULL, false },
		{ 0, "cron(0 10 * * ? *)", NULL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = parse(rows[i].days, rows[i].expr, rows[i].duration);

		assert_int_equal(schedule_wants_catch_up(&s), rows[i].catches_up);
	}
}

TEST("6.6: the computed AutomaticallyAfterDays")
{
	static const struct { int64_t days; const char *expr, *now; int64_t want; } rows[] = {
		{ 30, NULL, "2025-06-20T12:00Z", 30 },
		{ 0, "rate(10 days)", "2025-06-20T12:00Z", 10 },
		{ 0, "rate(1 day)", "2025-06-20T12:00Z", 1 },
		{ 0, "rate(4 hours)", "2025-06-20T12:00Z", 1 },
		{ 0, "rate(23 hours)", "2025-06-20T12:00Z", 1 },
		{ 0, "cron(0 0 ? * 2 *)", "2023-10-16T07:18:02Z", 7 },
		{ 0, "cron(0 0 ? * 2 *)", "2023-10-16T00:00:00Z", 7 },
		{ 0, "cron(0 0 ? * 2 *)", "2023-10-15T23:59:59Z", 7 },
		{ 0, "cron(0 16 1,15 * ? *)", "2025-02-02T00:00Z", 14 },
		{ 0, "cron(0 16 1,15 * ? *)", "2025-02-15T16:00Z", 14 },	/* Feb has 28 days */
		{ 0, "cron(0 16 1,15 * ? *)", "2024-02-15T16:00Z", 15 },	/* 29 */
		{ 0, "cron(0 16 1,15 * ? *)", "2025-04-30T16:00Z", 16 },
		{ 0, "cron(0 16 1,15 * ? *)", "2025-03-15T16:00Z", 17 },
		{ 0, "cron(0 16 1,15 * ? *)", "2025-03-15T15:59:59Z", 14 },
		{ 0, "cron(0 10 * * ? *)", "2025-03-15T15:59:59Z", 1 },
		{ 0, "cron(0 0/8 * * ? *)", "2025-03-15T15:59:59Z", 1 },
		{ 0, "cron(0 17 L * ? *)", "2025-03-01T00:00Z", 31 },
		{ 0, "cron(0 17 L * ? *)", "2025-02-28T16:00Z", 28 },
		{ 0, "cron(0 0 1 1 ? *)", "2024-06-01T00:00Z", 366 },
		{ 0, "cron(0 0 29 2 ? *)", "2025-01-01T00:00Z", 1461 },
		{ 0, "cron(0 0 29 2 ? *)", "2100-01-01T00:00Z", 2921 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = parse(rows[i].days, rows[i].expr, NULL);

		assert_int_equal(schedule_automatically_after_days(&s, at(rows[i].now)),
		    rows[i].want);
	}
}

TEST("The rarest accepted expressions still fire: 40 years over the year 2100")
{
	struct schedule leap_sunday = parse(0, "cron(0 0 ? 2 SUN#5 *)", NULL);
	struct schedule leap_day = parse(0, "cron(0 0 29 2 ? *)", NULL);

	check_window("2072", schedule_window_after(&leap_sunday, at("2088-02-29T00:00Z")),
	    "2128-02-29T00:00Z", "2128-03-01T00:00Z");
	check_window("2100", schedule_window_after(&leap_day, at("2096-02-29T00:00Z")),
	    "2104-02-29T00:00Z", "2104-03-01T00:00Z");
}

TEST("Times beyond any clock give a window all the same")
{
	static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX };
	static const char *const exprs[] = { "rate(999 days)", "rate(23 hours)",
		"cron(0 0 29 2 ? *)" };

	for (size_t x = 0; x < sizeof(exprs) / sizeof(exprs[0]); x++) {
		struct schedule s = parse(0, exprs[x], NULL);

		for (size_t i = 0; i < 5 * 5 * 5 * 5 * 5; i++) {
			struct schedule_history h = { .base_s = times[i % 5],
				.changed_s = times[i / 5 % 5], .anchor_s = times[i / 25 % 5],
				.consumed_s = times[i / 125 % 5], .after_failure = i % 2 == 0,
				.now_s = times[i / 625] };
			struct window w = schedule_next(&s, &h);

			assert_true(w.end_s > w.start_s && w.end_s - w.start_s <= 86400);
		}
		assert_true(schedule_automatically_after_days(&s, INT64_MAX) >= 1);
		assert_true(schedule_automatically_after_days(&s, INT64_MIN) >= 1);
	}
}
