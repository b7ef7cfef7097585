/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "sched/schedule.h"

#define V8 "You cannot specify both rotation frequency and schedule expression together."
#define V9 "Invalid schedule expression."
#define V10 "Rate in hour should be least 4 and less than 24."
#define V11 "Rate in day should be greater than 0 and less than 1000."
#define V12 "Duration must be at least 1 hour, at most 24 hour."
#define V13 "Duration cannot be greater than Rate in hour."
#define V14 "Starting hour and duration must be within a day."

struct rules_row {
	int64_t days;
	const char *expression, *duration;
};

static struct schedule_rules
rules_of(const struct rules_row *r)
{
	return (struct schedule_rules){ r->days, str_of(r->expression), str_of(r->duration) };
}

static struct schedule
accept(const struct rules_row *row)
{
	struct schedule_rules r = rules_of(row);
	struct schedule s = { 0 };
	char complaint[256] = "untouched";
	struct err e;

	if (!schedule_parse(&r, &s, &e))
		fail_msg("days %d '%s' '%s': %s (%s)", (int)row->days,
		    row->expression == NULL ? "" : row->expression,
		    row->duration == NULL ? "" : row->duration, e.msg, e.detail);
	schedule_complaint(&r, complaint, sizeof(complaint));
	assert_string_equal(complaint, "");
	return s;
}

static struct schedule
accept_expression(const char *expression)
{
	return accept(&(struct rules_row){ .expression = expression });
}

static void
check_refused(const struct rules_row *row, enum err_code code, const char *text)
{
	struct schedule_rules r = rules_of(row);
	struct schedule s, untouched;
	char complaint[512] = "";
	struct err e;

	memset(&s, 0x5a, sizeof(s));
	untouched = s;
	if (schedule_parse(&r, &s, &e))
		fail_msg("days %d '%s' '%s' was accepted", (int)row->days,
		    row->expression == NULL ? "" : row->expression,
		    row->duration == NULL ? "" : row->duration);
	if (strcmp(e.msg, text) != 0)
		fail_msg("days %d '%s' '%s': '%s', wanted '%s'", (int)row->days,
		    row->expression == NULL ? "" : row->expression,
		    row->duration == NULL ? "" : row->duration, e.msg, text);
	assert_string_equal(err_type(e.code), err_type(code));
	assert_memory_equal(&s, &untouched, sizeof(s));
	schedule_complaint(&r, complaint, sizeof(complaint));
	assert_string_not_equal(complaint, "");
	assert_string_equal(complaint, e.detail);
}

static void
check_rejected(const struct rules_row *row, const char *text)
{
	check_refused(row, ERR_INVALID_PARAMETER, text);
}

static uint32_t
bits(const char *list)
{
	struct str rest = str_of(list), item;
	uint32_t out = 0;
	unsigned long long v;

	while (str_split(&rest, ',', &item)) {
		assert_true(str_to_u64(item, 31, &v));
		out |= UINT32_C(1) << v;
	}
	return out;
}

TEST("AutomaticallyAfterDays: 1 to 1000")
{
	static const int days[] = { 1, 7, 30, 365, 999, 1000 };

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		struct schedule s = accept(&(struct rules_row){ .days = days[i] });

		assert_int_equal(s.kind, SCHEDULE_DAYS);
		assert_int_equal(s.every, days[i]);
		assert_int_equal(s.duration_h, 0);
	}
}

TEST("rate: hours 4 to 23 and days 1 to 999; singular and plural are not checked")
{
	static const struct { const char *expr; enum schedule_kind kind; int every; } rows[] = {
		{ "rate(4 hours)", SCHEDULE_HOURS, 4 },
		{ "rate(23 hours)", SCHEDULE_HOURS, 23 },
		{ "rate(5 hour)", SCHEDULE_HOURS, 5 },
		{ "rate(1 day)", SCHEDULE_DAYS, 1 },
		{ "rate(1 days)", SCHEDULE_DAYS, 1 },
		{ "rate(10 day)", SCHEDULE_DAYS, 10 },
		{ "rate(010 days)", SCHEDULE_DAYS, 10 },
		{ "rate(999 days)", SCHEDULE_DAYS, 999 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = accept_expression(rows[i].expr);

		assert_int_equal(s.kind, rows[i].kind);
		assert_int_equal(s.every, rows[i].every);
	}
}

TEST("cron hours: values, ranges, steps from a start, and lists of them")
{
	static const struct { const char *expr, *hours; } rows[] = {
		{ "cron(0 0 * * ? *)", "0" },
		{ "cron(0 23 * * ? *)", "23" },
		{ "cron(0 08 * * ? *)", "8" },
		{ "cron(0 5-5 * * ? *)", "5" },
		{ "cron(0 1,5,22 * * ? *)", "1,5,22" },
		{ "cron(0 22,5,1 * * ? *)", "1,5,22" },
		{ "cron(0 2/10 * * ? *)", "2,12,22" },
		{ "cron(0 /8 * * ? *)", "0,8,16" },
		{ "cron(0 */8 * * ? *)", "0,8,16" },
		{ "cron(0 0/8 * * ? *)", "0,8,16" },
		{ "cron(0 0/7 * * ? *)", "0,7,14,21" },
		{ "cron(0 0/24 * * ? *)", "0" },
		{ "cron(0 8-20/4 * * ? *)", "8,12,16,20" },
		{ "cron(0 8-19/4,23 * * ? *)", "8,12,16,23" },
		{ "cron(0 4/9,/9 * * ? *)", "0,4,9,13,18,22" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = accept_expression(rows[i].expr);

		assert_int_equal(s.kind, SCHEDULE_CRON);
		assert_int_equal(s.hours, bits(rows[i].hours));
	}
}

TEST("cron days of month: star, values, ranges, steps that restart each month, lists")
{
	static const struct { const char *expr, *days; } rows[] = {
		{ "cron(0 8 1 * ? *)", "1" },
		{ "cron(0 8 31 * ? *)", "31" },
		{ "cron(0 8 01,15 * ? *)", "1,15" },
		{ "cron(0 8 3-5 * ? *)", "3,4,5" },
		{ "cron(0 8 1/10 * ? *)", "1,11,21,31" },
		{ "cron(0 8 /10 * ? *)", "1,11,21,31" },
		{ "cron(0 8 */10 * ? *)", "1,11,21,31" },
		{ "cron(0 8 1-2,28/2 * ? *)", "1,2,28,30" },
		{ "cron(0 0 29 2 ? *)", "29" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = accept_expression(rows[i].expr);

		assert_int_equal(s.days, bits(rows[i].days));
		assert_int_equal(s.weekdays, 0);
	}
	assert_int_equal(accept_expression("cron(0 8 * * ? *)").days, 0xfffffffe);
}

TEST("cron months: star, numbers, names in any case, ranges, steps, lists")
{
	static const struct { const char *expr, *months; } rows[] = {
		{ "cron(0 8 1 * ? *)", "1,2,3,4,5,6,7,8,9,10,11,12" },
		{ "cron(0 8 1 2 ? *)", "2" },
		{ "cron(0 8 1 1/11 ? *)", "1,12" },
		{ "cron(0 8 1 1/3 ? *)", "1,4,7,10" },
		{ "cron(0 8 1 /6 ? *)", "1,7" },
		{ "cron(0 8 1 */6 ? *)", "1,7" },
		{ "cron(0 8 1 JAN-MAR ? *)", "1,2,3" },
		{ "cron(0 8 1 feb,May,AUG,nOv ? *)", "2,5,8,11" },
		{ "cron(0 8 1 10-DEC ? *)", "10,11,12" },
		{ "cron(0 8 1 APR/4 ? *)", "4,8,12" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(accept_expression(rows[i].expr).months, bits(rows[i].months));
}

TEST("cron days of week: 1 is SUN and 7 is SAT; star, names, ranges, steps, lists; L is Saturday")
{
	static const struct { const char *expr, *weekdays; } rows[] = {
		{ "cron(0 8 ? * * *)", "0,1,2,3,4,5,6" },
		{ "cron(0 8 ? * 1 *)", "0" },
		{ "cron(0 8 ? * 7 *)", "6" },
		{ "cron(0 8 ? * L *)", "6" },
		{ "cron(0 8 ? * mon *)", "1" },
		{ "cron(0 8 ? * MON-FRI *)", "1,2,3,4,5" },
		{ "cron(0 8 ? * 1/2 *)", "0,2,4,6" },
		{ "cron(0 8 ? * TUE/3 *)", "2,5" },
		{ "cron(0 8 ? * SUN,4-5 *)", "0,3,4" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = accept_expression(rows[i].expr);

		assert_int_equal(s.weekdays, bits(rows[i].weekdays));
		assert_int_equal(s.days, 0);
		assert_int_equal(s.last_weekday, -1);
	}
}

TEST("cron L: the last day of the month, or the last such weekday in either day field")
{
	static const struct { const char *expr; int weekday; } rows[] = {
		{ "cron(0 3 ? * SUNL *)", 0 },
		{ "cron(0 3 ? * sunl *)", -2 },
		{ "cron(0 3 SUNL * ? *)", 0 },
		{ "cron(0 3 satL * ? *)", 6 },
		{ "cron(0 6 ? * 6L *)", 5 },
		{ "cron(0 6 ? * FRIL *)", 5 },
		{ "cron(0 0 ? * 7L *)", 6 },
	};
	struct schedule s = accept_expression("cron(0 17 L * ? *)");

	assert_true(s.last_day);
	assert_int_equal(s.last_weekday, -1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].weekday == -2) {	/* names fold; the wildcard L does not */
			check_rejected(&(struct rules_row){ .expression = rows[i].expr }, V9);
			continue;
		}
		s = accept_expression(rows[i].expr);
		assert_int_equal(s.last_weekday, rows[i].weekday);
		assert_false(s.last_day);
	}
}

TEST("cron #: the N-th such weekday, N from 1 to 5")
{
	static const struct { const char *expr; int weekday, nth; } rows[] = {
		{ "cron(0 1 ? * SUN#1 *)", 0, 1 },
		{ "cron(0 1 ? * 3#2 *)", 2, 2 },
		{ "cron(0 1 ? * TUE#2 *)", 2, 2 },
		{ "cron(0 1 ? * fri#5 *)", 5, 5 },
		{ "cron(0 1 ? 2 SUN#5 *)", 0, 5 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule s = accept_expression(rows[i].expr);

		for (int w = 0; w < 7; w++)
			assert_int_equal(s.nth[w], w == rows[i].weekday ? 1 << rows[i].nth : 0);
		assert_int_equal(s.weekdays, 0);
	}
}

TEST("Duration: 1 to 24 hours, within the rate, the gap and the day")
{
	static const struct { struct rules_row rules; int hours; } rows[] = {
		{ { 30, NULL, "1h" }, 1 },
		{ { 30, NULL, "24h" }, 24 },
		{ { 30, NULL, "03h" }, 3 },
		{ { 0, "rate(10 days)", "6h" }, 6 },
		{ { 0, "rate(4 hours)", "4h" }, 4 },
		{ { 0, "rate(23 hours)", "23h" }, 23 },
		{ { 0, "cron(0 22 * * ? *)", "2h" }, 2 },
		{ { 0, "cron(0 0 * * ? *)", "24h" }, 24 },
		{ { 0, "cron(0 0/8 * * ? *)", "8h" }, 8 },
		{ { 0, "cron(0 0/4 * * ? *)", "4h" }, 4 },
		{ { 0, "cron(0 1,9 * * ? *)", "8h" }, 8 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(accept(&rows[i].rules).duration_h, rows[i].hours);
}

TEST("V8: both rotation frequency and schedule expression")
{
	check_rejected(&(struct rules_row){ 30, "rate(30 days)", NULL }, V8);
}

TEST("V9: expressions that are no rate and no cron")
{
	static const char *const rows[] = {
		"rate(30 minutes)", "rate(1 week)", "rate(5  days)", "Rate(5 days)", "rate(-1 days)",
		"rate(5 Days)", "rate(5)", "rate(5 days", "rate( 5 days)", "rate(5 days )",
		"rate(5days)", "rate(five days)", "rate(5 days))", " rate(5 days)", "rate(5 days) ",
		"rate()", "rate(", "rate", "rate( days)", "rate(5 )", ")", "(", " ",
		"0 10 * * ? *", "CRON(0 10 * * ? *)", "cron()", "cron(", "cron", "cron(0 10 * * ? *",
		"at(0 10 * * ? *)",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V9);
}

TEST("V9: a cron has six fields with exactly one space between them")
{
	static const char *const rows[] = {
		"cron(0 10 * * ?)", "cron(0 10 * * ? * *)", "cron(0  10 * * ? *)",
		"cron( 0 10 * * ? *)", "cron(0 10 * * ? * )", "cron(0 10 * * ?  *)",
		"cron(     )", "cron(0 10 * * ? )",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V9);
}

TEST("V9: minutes are one zero, the year is a star")
{
	static const char *const rows[] = {
		"cron(15 10 * * ? *)", "cron(00 10 * * ? *)", "cron(* 10 * * ? *)",
		"cron(0/1 10 * * ? *)", "cron(0 10 * * ? 2026)", "cron(0 10 * * ? ?)",
		"cron(0 10 * * ? */1)",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V9);
}

TEST("V9: exactly one of day of month and day of week is ?")
{
	static const char *const rows[] = {
		"cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(0 10 1 * MON *)",
		"cron(0 10 L * L *)", "cron(0 10 * ? * *)", "cron(0 ? * * ? *)",
		"cron(0 10 ?,1 * ? *)",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V9);
}

TEST("V9: hours of one day are at least 4 apart")
{
	static const char *const rows[] = {
		"cron(0 * * * ? *)", "cron(0 0/3 * * ? *)", "cron(0 1,3 * * ? *)",
		"cron(0 /3 * * ? *)", "cron(0 */1 * * ? *)", "cron(0 8-9 * * ? *)",
		"cron(0 0/8,12,13 * * ? *)", "cron(0 22/1 * * ? *)", "cron(0 0-20/3 * * ? *)",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V9);
	accept_expression("cron(0 1,5 * * ? *)");
	accept_expression("cron(0 0/7 * * ? *)");	/* 21:00 to 00:00 is not checked */
}

TEST("V9: values out of range, ranges that descend, steps of nothing")
{
	static const char *const rows[] = {
		"cron(0 24 * * ? *)", "cron(0 8 32 * ? *)", "cron(0 8 ? * SUN#6 *)",
		"cron(0 8 ? * SUN#0 *)", "cron(0 8 0 * ? *)", "cron(0 8 1 0 ? *)",
		"cron(0 8 1 13 ? *)", "cron(0 8 ? * 0 *)", "cron(0 8 ? * 8 *)", "cron(0 8 ? * 8L *)",
		"cron(0 8 ? * 0#1 *)", "cron(0 008 * * ? *)", "cron(0 8 001 * ? *)",
		"cron(0 8 ? * SUN#01x *)", "cron(0 8 ? * FRI-MON *)", "cron(0 22-2 * * ? *)",
		"cron(0 8 5-3 * ? *)", "cron(0 8 1 DEC-JAN ? *)", "cron(0 0/0 * * ? *)",
		"cron(0 8 */0 * ? *)", "cron(0 8 1 1/ ? *)", "cron(0 0/100 * * ? *)",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V9);
}

TEST("V9: wildcards where the grammar has none")
{
	static const char *const rows[] = {
		"cron(0 8 15W * ? *)", "cron(0 8 LW * ? *)", "cron(0 8 L-3 * ? *)",
		"cron(0 8 W * ? *)", "cron(0 8 1L * ? *)", "cron(0 8 1,L * ? *)",
		"cron(0 8 SUN * ? *)", "cron(0 8 SUNL,1 * ? *)", "cron(0 8 SUNLL * ? *)",
		"cron(0 8 l * ? *)", "cron(0 8 1-10/2 * ? *)", "cron(0 8 1 1-6/2 ? *)",
		"cron(0 8 ? * 1-5/2 *)", "cron(0 8 ? * /2 *)", "cron(0 8 ? * */2 *)",
		"cron(0 8 ? * SUN#1,MON *)", "cron(0 8 ? * SUNL,MON *)", "cron(0 8 ? * MON,L *)",
		"cron(0 8 ? * MON#1L *)", "cron(0 8 ? * LL *)", "cron(0 8 ? * SUNDAY *)",
		"cron(0 8 ? * SU *)", "cron(0 8 1 JANUARY ? *)", "cron(0 8 1 JA ? *)",
		"cron(0 8 1 SUN ? *)", "cron(0 8 ? * JAN *)", "cron(0 JAN * * ? *)",
		"cron(0 8,* * * ? *)", "cron(0 8 1,* * ? *)", "cron(0 8 1 *,1 ? *)",
		"cron(0 8, * * ? *)", "cron(0 ,8 * * ? *)", "cron(0 8,,12 * * ? *)",
		"cron(0 8- * * ? *)", "cron(0 -8 * * ? *)", "cron(0 8-12-16 * * ? *)",
		"cron(0 8/4/4 * * ? *)", "cron(0 # * * ? *)", "cron(0 8 1 L ? *)",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V9);
}

TEST("V9: an expression that never fires")
{
	static const char *const rows[] = {
		"cron(0 8 31 2 ? *)", "cron(0 8 30 2 ? *)", "cron(0 8 30,31 FEB ? *)",
		"cron(0 8 31 4,6,9,11 ? *)", "cron(0 8 31 2,4 ? *)",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V9);
	accept_expression("cron(0 8 29 2 ? *)");
	accept_expression("cron(0 8 31 2,3 ? *)");
}

TEST("V9: rules without days and without an expression (U1)")
{
	check_rejected(&(struct rules_row){ 0, NULL, NULL }, V9);
	check_rejected(&(struct rules_row){ 0, NULL, "3h" }, V9);
}

TEST("V10: a rate in hours outside 4 to 23")
{
	static const char *const rows[] = { "rate(0 hours)", "rate(1 hour)", "rate(3 hours)",
		"rate(24 hours)", "rate(99999999999999999999999 hours)" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V10);
}

TEST("V11: a rate in days outside 1 to 999")
{
	static const char *const rows[] = { "rate(0 days)", "rate(1000 days)", "rate(1001 days)",
		"rate(99999999999999999999999 days)", "rate(4294967297 days)" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_rejected(&(struct rules_row){ .expression = rows[i] }, V11);
}

TEST("V12: a Duration outside 1 to 24")
{
	check_rejected(&(struct rules_row){ 30, NULL, "0h" }, V12);
	check_rejected(&(struct rules_row){ 30, NULL, "00h" }, V12);
	check_rejected(&(struct rules_row){ 30, NULL, "25h" }, V12);
	check_rejected(&(struct rules_row){ 30, NULL, "99h" }, V12);
}

TEST("V13: a Duration longer than the rate or than the smallest gap between hours")
{
	check_rejected(&(struct rules_row){ 0, "rate(4 hours)", "5h" }, V13);
	check_rejected(&(struct rules_row){ 0, "rate(23 hours)", "24h" }, V13);
	check_rejected(&(struct rules_row){ 0, "cron(0 0,4 * * ? *)", "5h" }, V13);
	check_rejected(&(struct rules_row){ 0, "cron(0 1,9,14 * * ? *)", "6h" }, V13);
}

TEST("V14: a window that would pass midnight, checked per hour before V13's gap")
{
	check_rejected(&(struct rules_row){ 0, "cron(0 22 * * ? *)", "3h" }, V14);
	check_rejected(&(struct rules_row){ 0, "cron(0 1 * * ? *)", "24h" }, V14);
	check_rejected(&(struct rules_row){ 0, "cron(0 0/8 * * ? *)", "9h" }, V14);
	check_rejected(&(struct rules_row){ 0, "cron(0 0/4 * * ? *)", "5h" }, V14);
}

TEST("The first hit wins, in the order V8, V1, V12, V9, V10 and V11, V13, V14")
{
	check_rejected(&(struct rules_row){ 30, "nonsense", "25h" }, V8);
	check_rejected(&(struct rules_row){ 1001, "nonsense", "2d" }, V8);
	check_rejected(&(struct rules_row){ 0, "nonsense", "25h" }, V12);
	check_rejected(&(struct rules_row){ 0, NULL, "25h" }, V12);
	check_rejected(&(struct rules_row){ 0, "rate(24 hours)", "0h" }, V12);
	check_rejected(&(struct rules_row){ 0, "rate(3 hours)", "5h" }, V10);
	check_rejected(&(struct rules_row){ 0, "cron(0 0/3 * * ? *)", "5h" }, V9);
	check_rejected(&(struct rules_row){ 0, "cron(0 22 31 2 ? *)", "3h" }, V9);
}

#define V1(value, path, constraint) \
	"1 validation error detected: Value '" value "' at 'rotationRules." path \
	"' failed to satisfy constraint: Member must " constraint

TEST("V1 is the decoder's, and what it missed is refused all the same")
{
	static const struct { struct rules_row rules; const char *text; } rows[] = {
		{ { 1001, NULL, NULL },
		    V1("1001", "automaticallyAfterDays", "have value less than or equal to 1000") },
		{ { -1, NULL, NULL },
		    V1("-1", "automaticallyAfterDays", "have value greater than or equal to 1") },
		{ { INT64_MAX, NULL, NULL },
		    V1("9223372036854775807", "automaticallyAfterDays",
		    "have value less than or equal to 1000") },
		{ { 30, NULL, "2d" },
		    V1("2d", "duration", "satisfy regular expression pattern: [0-9]+h") },
		{ { 30, NULL, "-1h" },
		    V1("-1h", "duration", "satisfy regular expression pattern: [0-9]+h") },
		{ { 30, NULL, "100h" },
		    V1("100h", "duration", "have length less than or equal to 3") },
		{ { 30, NULL, "h" },
		    V1("h", "duration", "have length greater than or equal to 2") },
		{ { 0, "", NULL },
		    V1("", "scheduleExpression", "have length greater than or equal to 1") },
		{ { 0, "rate(1 day);", "25h" },
		    V1("rate(1 day);", "scheduleExpression", "satisfy regular expression pattern: "
		    "[0-9A-Za-z\\(\\)#\\?\\*\\-\\/, ]+") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_refused(&rows[i].rules, ERR_VALIDATION, rows[i].text);
}

TEST("An expression has at most 256 characters, and a NUL is not one of the pattern's")
{
	char text[257];
	struct schedule_rules r = { .schedule_expression = { text, sizeof(text) } };
	struct schedule s;
	struct err e;

	memset(text, 'x', sizeof(text));
	CHECK_ERR(schedule_parse(&r, &s, &e), &e, ERR_VALIDATION);
	assert_non_null(strstr(e.msg, "have length less than or equal to 256"));
	r.schedule_expression.n = 256;
	CHECK_ERR(schedule_parse(&r, &s, &e), &e, ERR_INVALID_PARAMETER);
	r.schedule_expression = STR_LIT("rate(1 day\0)");
	CHECK_ERR(schedule_parse(&r, &s, &e), &e, ERR_VALIDATION);
}

TEST("A complaint names the field and the character")
{
	static const struct { struct rules_row rules; const char *text; } rows[] = {
		{ { 0, "cron(0 24 * * ? *)", NULL },
		    "ScheduleExpression, hours, character 8: 24 is not in 0-23" },
		{ { 0, "cron(0 10,18-9 * * ? *)", NULL },
		    "ScheduleExpression, hours, character 11: a range must ascend" },
		{ { 0, "cron(0 0/3 * * ? *)", NULL },
		    "ScheduleExpression, hours, character 8: two hours are less than 4 hours apart" },
		{ { 0, "cron(15 10 * * ? *)", NULL },
		    "ScheduleExpression, minutes, character 6: must be 0: windows open on the hour" },
		{ { 0, "cron(0 8 15W * ? *)", NULL },
		    "ScheduleExpression, day of month, character 12: did not expect 'W' here" },
		{ { 0, "cron(0 8 1, * ? *)", NULL },
		    "ScheduleExpression, day of month, character 12: something is missing here" },
		{ { 0, "cron(0 8 1 13 ? *)", NULL },
		    "ScheduleExpression, month, character 12: 13 is not in 1-12" },
		{ { 0, "cron(0 8 ? * SUN#6 *)", NULL },
		    "ScheduleExpression, day of week, character 18: 6 is not in 1-5" },
		{ { 0, "cron(0 8 ? * SUN#0 *)", NULL },
		    "ScheduleExpression, day of week, character 18: 0 is not in 1-5" },
		{ { 0, "cron(0 8 ? * MON 2026)", NULL },
		    "ScheduleExpression, year, character 18: must be *" },
		{ { 0, "cron(0 8 1 * MON *)", NULL },
		    "ScheduleExpression, characters 10 and 14: exactly one of day of month and day of "
		    "week must be ?" },
		{ { 0, "cron(0 10 * * ?)", NULL },
		    "ScheduleExpression: cron has six fields with one space between them (minutes "
		    "hours day-of-month month day-of-week year), here are 5" },
		{ { 0, "rate(1 week)", NULL },
		    "ScheduleExpression, character 8: the unit of a rate is hour, hours, day or days" },
		{ { 0, "rate(24 hours)", NULL },
		    "ScheduleExpression, character 6: a rate in hours is 4 to 23; for 24 hours write "
		    "rate(1 day)" },
		{ { 0, "cron(0 22 * * ? *)", "3h" },
		    "Duration: a window that opens at 22:00 UTC and lasts 3 hours passes midnight" },
	};
	char text[256], tiny[4];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schedule_rules r = rules_of(&rows[i].rules);

		schedule_complaint(&r, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
		schedule_complaint(&r, tiny, sizeof(tiny));
		assert_memory_equal(tiny, "Sch", rows[i].rules.duration == NULL ? 4 : 0);
	}
}
