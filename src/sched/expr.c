/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.c - from RotationRules to a struct schedule: the grammar of spec/rotation.md 6.2 and the
 * value checks in the order of 6.3. A refusal sets AWS's text in `msg` and, in `detail`, a
 * sentence of our own that names the field and the character.
 */
#include "sched/schedule.h"

#include <stdio.h>

#include "sched/calendar.h"

/* spec/rotation.md 1.5 */
#define V8_BOTH "You cannot specify both rotation frequency and schedule expression together."
#define V9_INVALID "Invalid schedule expression."
#define V10_HOURS "Rate in hour should be least 4 and less than 24."
#define V11_DAYS "Rate in day should be greater than 0 and less than 1000."
#define V12_DURATION "Duration must be at least 1 hour, at most 24 hour."
#define V13_OVERLAP "Duration cannot be greater than Rate in hour."
#define V14_MIDNIGHT "Starting hour and duration must be within a day."

enum {
	MIN_GAP_H = 4,
	MAX_AUTOMATICALLY_AFTER_DAYS = 1000,
	MAX_RATE_DAYS = 999,
	MAX_RATE_HOURS = 23,
	MAX_EXPRESSION = 256,
	MIN_DURATION = 2, MAX_DURATION = 3,	/* characters, not hours */
};

PRINTF_LIKE(3, 4) static bool
refuse(struct err *e, const char *aws_text, const char *fmt, ...)
{
	va_list ap;

	err_set(e, ERR_INVALID_PARAMETER, "%s", aws_text);
	va_start(ap, fmt);
	vsnprintf(e->detail, sizeof(e->detail), fmt, ap);
	va_end(ap);
	return false;
}

/* ---- V1: what the request decoder checks, for rules that did not pass through it */

/* `detail` does not repeat the value: only what has the right shape is fit for a log. */
static bool
refuse_shape(struct err *e, struct str value, const char *path, const char *constraint)
{
	err_set(e, ERR_VALIDATION, "1 validation error detected: Value '" STR_FMT "' at "
	    "'rotationRules.%s' failed to satisfy constraint: Member must %s",
	    STR_ARG(value), path, constraint);
	snprintf(e->detail, sizeof(e->detail), "%s must %s", path, constraint);
	return false;
}

static bool
check_days(int64_t days, struct err *e)
{
	char text[24];
	struct str value = { text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)days) };

	if (days < 0)
		return refuse_shape(e, value, "automaticallyAfterDays",
		    "have value greater than or equal to 1");
	if (days > MAX_AUTOMATICALLY_AFTER_DAYS)
		return refuse_shape(e, value, "automaticallyAfterDays",
		    "have value less than or equal to 1000");
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
is_expression_char(char c)
{
	return is_digit(c) || is_letter(c) || (c != '\0' && strchr("()#?*-/, ", c) != NULL);
}

static bool
check_expression_shape(struct str expr, struct err *e)
{
	if (expr.n == 0)
		return refuse_shape(e, expr, "scheduleExpression",
		    "have length greater than or equal to 1");
	if (expr.n > MAX_EXPRESSION)
		return refuse_shape(e, expr, "scheduleExpression",
		    "have length less than or equal to 256");
	for (size_t i = 0; i < expr.n; i++) {
		if (!is_expression_char(expr.p[i]))
			return refuse_shape(e, expr, "scheduleExpression",
			    "satisfy regular expression pattern: [0-9A-Za-z\\(\\)#\\?\\*\\-\\/, ]+");
	}
	return true;
}

static bool
is_duration(struct str s)
{
	for (size_t i = 0; i + 1 < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
	}
	return s.n >= 2 && s.p[s.n - 1] == 'h';
}

static bool
check_duration_shape(struct str duration, struct err *e)
{
	if (duration.n < MIN_DURATION)
		return refuse_shape(e, duration, "duration", "have length greater than or equal to 2");
	if (duration.n > MAX_DURATION)
		return refuse_shape(e, duration, "duration", "have length less than or equal to 3");
	if (!is_duration(duration))
		return refuse_shape(e, duration, "duration",
		    "satisfy regular expression pattern: [0-9]+h");
	return true;
}

static bool
check_shapes(const struct schedule_rules *r, struct err *e)
{
	return check_days(r->automatically_after_days, e) &&
	    (r->schedule_expression.p == NULL ||
	    check_expression_shape(r->schedule_expression, e)) &&
	    (r->duration.p == NULL || check_duration_shape(r->duration, e));
}

/* ---- the fields of a cron expression */

static const char *const month_names[] = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG",
	"SEP", "OCT", "NOV", "DEC" };
static const char *const weekday_names[] = { "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT" };
enum { WEEKDAYS = 7, NAME_LENGTH = 3 };

struct field {
	const char *name;
	int min, max;
	const char *const *names;	/* for min..max, or NULL */
	bool open_step;			/* allows /S and *\/S */
	bool range_step;		/* allows A-B/S */
};

static const struct field minutes_field = { "minutes", 0, 0, NULL, false, false };
static const struct field hours_field = { "hours", 0, 23, NULL, true, true };
static const struct field days_field = { "day of month", 1, 31, NULL, true, false };
static const struct field months_field = { "month", 1, 12, month_names, true, false };
static const struct field weekdays_field = { "day of week", 1, 7, weekday_names, false, false };
static const struct field year_field = { "year", 0, 0, NULL, false, false };

/* What is left of one field, and where it stands. */
struct cursor {
	struct str rest;
	const struct field *field;
	const char *expr;		/* start of the expression: characters count from here */
	struct err *e;
};

/* V9 with the character that `at` points to, the first being 1. */
PRINTF_LIKE(3, 4) static bool
refuse_at(const struct cursor *c, const char *at, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return refuse(c->e, V9_INVALID, "ScheduleExpression, %s, character %zu: %s",
	    c->field->name, (size_t)(at - c->expr) + 1, text);
}

static bool
refuse_rest(const struct cursor *c)
{
	if (c->rest.n == 0)
		return refuse_at(c, c->rest.p, "something is missing here");
	return refuse_at(c, c->rest.p, "did not expect '%c' here", c->rest.p[0]);
}

static bool
next_is(const struct cursor *c, char ch)
{
	return c->rest.n > 0 && c->rest.p[0] == ch;
}

static bool
take_char(struct cursor *c, char ch)
{
	if (!next_is(c, ch))
		return false;
	c->rest = str_skip(c->rest, 1);
	return true;
}

/* One or two digits; a longer number is refused whole. */
static bool
take_number(struct cursor *c, int *out)
{
	size_t n = 0;
	int v = 0;

	while (n < c->rest.n && is_digit(c->rest.p[n])) {
		if (n < 2)
			v = v * 10 + (c->rest.p[n] - '0');
		n++;
	}
	if (n == 0)
		return refuse_rest(c);
	if (n > 2)
		return refuse_at(c, c->rest.p, "a number has one or two digits here");
	c->rest = str_skip(c->rest, n);
	*out = v;
	return true;
}

static bool
take_name(struct cursor *c, const char *const *names, int count, int *out_index)
{
	struct str word = { c->rest.p, NAME_LENGTH };

	if (c->rest.n < NAME_LENGTH)
		return false;
	for (int i = 0; i < count; i++) {
		if (str_eq_nocase(word, str_of(names[i]))) {
			c->rest = str_skip(c->rest, NAME_LENGTH);
			*out_index = i;
			return true;
		}
	}
	return false;
}

/* A number or a name within the field's range. */
static bool
take_value(struct cursor *c, int *out)
{
	const struct field *f = c->field;
	const char *at = c->rest.p;
	int v;

	if (f->names != NULL && take_name(c, f->names, f->max - f->min + 1, &v)) {
		*out = f->min + v;
		return true;
	}
	if (!take_number(c, &v))
		return false;
	if (v < f->min || v > f->max)
		return refuse_at(c, at, "%d is not in %d-%d", v, f->min, f->max);
	*out = v;
	return true;
}

static bool
take_step(struct cursor *c, int *out)
{
	const char *at = c->rest.p;

	if (!take_number(c, out))
		return false;
	return *out > 0 || refuse_at(c, at, "a step of 0 leads nowhere");
}

/* "/S" and "*\/S" step through the whole field. */
static bool
take_open_step(struct cursor *c)
{
	if (!c->field->open_step)
		return false;
	if (c->rest.n >= 2 && c->rest.p[0] == '*' && c->rest.p[1] == '/')
		c->rest = str_skip(c->rest, 1);
	return take_char(c, '/');
}

/* A, A-B, A/S, and where the field has them /S, *\/S, A-B/S. */
static bool
take_item(struct cursor *c, uint32_t *bits)
{
	const struct field *f = c->field;
	const char *at = c->rest.p;
	int first = f->min, last = f->max, step = 1;

	if (take_open_step(c)) {
		if (!take_step(c, &step))
			return false;
	} else {
		if (!take_value(c, &first))
			return false;
		bool is_range = take_char(c, '-');
		last = first;
		if (is_range && !take_value(c, &last))
			return false;
		if (last < first)
			return refuse_at(c, at, "a range must ascend");
		if ((!is_range || f->range_step) && take_char(c, '/')) {
			if (!take_step(c, &step))
				return false;
			last = is_range ? last : f->max;
		}
	}
	for (int v = first; v <= last; v += step)
		*bits |= UINT32_C(1) << v;
	return true;
}

static bool
take_list(struct cursor *c, uint32_t *out_bits)
{
	uint32_t bits = 0;

	do {
		if (!take_item(c, &bits))
			return false;
	} while (take_char(c, ','));
	if (c->rest.n != 0)
		return refuse_rest(c);
	*out_bits = bits;
	return true;
}

static uint32_t
all_of(const struct field *f)
{
	return (UINT32_C(2) << f->max) - (UINT32_C(1) << f->min);
}

static bool
parse_minutes(struct cursor *c, struct schedule *s)
{
	(void)s;
	return str_is(c->rest, "0") ||
	    refuse_at(c, c->rest.p, "must be 0: windows open on the hour");
}

/* Hours between the closest two of one day; 24 when there is one only. */
static int
smallest_gap(uint32_t hours)
{
	int last = -24, gap = 24;

	for (int h = 0; h < 24; h++) {
		if ((hours >> h & 1) == 0)
			continue;
		if (h - last < gap)
			gap = h - last;
		last = h;
	}
	return gap;
}

/* The gap across midnight is not checked (6.2): 0/7 is 0, 7, 14, 21 and then 0. */
static bool
parse_hours(struct cursor *c, struct schedule *s)
{
	const char *at = c->rest.p;

	if (str_is(c->rest, "*"))
		return refuse_at(c, at, "every hour is too often: at most every 4 hours");
	if (!take_list(c, &s->hours))
		return false;
	return smallest_gap(s->hours) >= MIN_GAP_H ||
	    refuse_at(c, at, "two hours are less than 4 hours apart");
}

/* SUNL, the form that the AWS guide prints, stands for SUNL in day of week. */
static bool
take_named_last(struct cursor *c, int *out_weekday)
{
	struct cursor look = *c;

	if (!take_name(&look, weekday_names, WEEKDAYS, out_weekday) || !take_char(&look, 'L') ||
	    look.rest.n != 0)
		return false;
	*c = look;
	return true;
}

static bool
parse_days(struct cursor *c, struct schedule *s)
{
	int weekday;

	if (str_is(c->rest, "?"))
		return true;
	if (str_is(c->rest, "*")) {
		s->days = all_of(&days_field);
		return true;
	}
	if (str_is(c->rest, "L")) {
		s->last_day = true;
		return true;
	}
	if (take_named_last(c, &weekday)) {
		s->last_weekday = weekday;
		return true;
	}
	return take_list(c, &s->days);
}

static bool
parse_months(struct cursor *c, struct schedule *s)
{
	uint32_t bits = all_of(&months_field);

	if (!str_is(c->rest, "*") && !take_list(c, &bits))
		return false;
	s->months = (uint16_t)bits;
	return true;
}

/* W#N: the N-th such weekday of the month. */
static bool
take_nth(struct cursor *c, int weekday, struct schedule *s)
{
	const char *at = c->rest.p;
	int n;

	if (!take_number(c, &n))
		return false;
	if (n < 1 || n > 5)
		return refuse_at(c, at, "%d is not in 1-5", n);
	if (c->rest.n != 0)
		return refuse_rest(c);
	s->nth[weekday] = (uint8_t)(1 << n);
	return true;
}

static bool
parse_weekdays(struct cursor *c, struct schedule *s)
{
	struct cursor look = *c;
	uint32_t bits = all_of(&weekdays_field);
	int day;

	if (str_is(c->rest, "?"))
		return true;
	if (str_is(c->rest, "L")) {
		s->weekdays = 1 << 6;		/* Saturday */
		return true;
	}
	if (!str_is(c->rest, "*")) {
		if (!take_value(&look, &day))
			return false;
		if (str_is(look.rest, "L")) {
			s->last_weekday = day - 1;
			return true;
		}
		if (take_char(&look, '#'))
			return take_nth(&look, day - 1, s);
		if (!take_list(c, &bits))
			return false;
	}
	s->weekdays = (uint8_t)(bits >> 1);
	return true;
}

static bool
parse_year(struct cursor *c, struct schedule *s)
{
	(void)s;
	return str_is(c->rest, "*") || refuse_at(c, c->rest.p, "must be *");
}

/* ---- expressions */

enum { DAY_OF_MONTH = 2, DAY_OF_WEEK = 4, CRON_FIELDS = 6 };

static const struct {
	const struct field *field;
	bool (*parse)(struct cursor *c, struct schedule *s);
} cron_fields[CRON_FIELDS] = {
	{ &minutes_field, parse_minutes },
	{ &hours_field, parse_hours },
	{ &days_field, parse_days },
	{ &months_field, parse_months },
	{ &weekdays_field, parse_weekdays },
	{ &year_field, parse_year },
};

/* Parts between single spaces; two spaces in a row, or one at an end, make an empty part. */
static size_t
split_fields(struct str body, struct str *parts, size_t cap)
{
	struct str part;
	size_t n = 0;

	while (str_split(&body, ' ', &part)) {
		if (n < cap)
			parts[n] = part;
		n++;
	}
	return n;
}

static bool
parse_cron(struct str expr, struct str body, struct schedule *out, struct err *e)
{
	struct schedule s = { .kind = SCHEDULE_CRON, .last_weekday = -1 };
	struct str parts[CRON_FIELDS];
	size_t n = split_fields(body, parts, CRON_FIELDS);
	int64_t ignored;

	if (n != CRON_FIELDS)
		return refuse(e, V9_INVALID, "ScheduleExpression: cron has six fields with one "
		    "space between them (minutes hours day-of-month month day-of-week year), "
		    "here are %zu", n);
	for (size_t i = 0; i < CRON_FIELDS; i++) {
		struct cursor c = { parts[i], cron_fields[i].field, expr.p, e };

		if (!cron_fields[i].parse(&c, &s))
			return false;
	}
	if (str_is(parts[DAY_OF_MONTH], "?") == str_is(parts[DAY_OF_WEEK], "?"))
		return refuse(e, V9_INVALID, "ScheduleExpression, characters %zu and %zu: exactly "
		    "one of day of month and day of week must be ?",
		    (size_t)(parts[DAY_OF_MONTH].p - expr.p) + 1,
		    (size_t)(parts[DAY_OF_WEEK].p - expr.p) + 1);
	if (!calendar_next(&s, 0, &ignored))
		return refuse(e, V9_INVALID, "ScheduleExpression, character %zu: never fires, none "
		    "of its months has such a day", (size_t)(parts[DAY_OF_MONTH].p - expr.p) + 1);
	*out = s;
	return true;
}

/* Numbers too large for any rate all count as one more than the largest. */
static bool
parse_rate_number(struct str s, int *out)
{
	int v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
		v = v * 10 + (s.p[i] - '0');
		if (v > MAX_RATE_DAYS)
			v = MAX_RATE_DAYS + 1;
	}
	*out = v;
	return s.n > 0;
}

static bool
parse_rate(struct str expr, struct str body, struct schedule *out, struct err *e)
{
	struct schedule s = { .last_weekday = -1 };
	struct str parts[2];

	if (split_fields(body, parts, 2) != 2 || !parse_rate_number(parts[0], &s.every))
		return refuse(e, V9_INVALID, "ScheduleExpression, character 6: a rate is a number, "
		    "one space, and hours or days");
	if (str_is(parts[1], "hour") || str_is(parts[1], "hours"))
		s.kind = SCHEDULE_HOURS;
	else if (str_is(parts[1], "day") || str_is(parts[1], "days"))
		s.kind = SCHEDULE_DAYS;
	else
		return refuse(e, V9_INVALID, "ScheduleExpression, character %zu: the unit of a rate "
		    "is hour, hours, day or days", (size_t)(parts[1].p - expr.p) + 1);
	if (s.kind == SCHEDULE_HOURS && (s.every < MIN_GAP_H || s.every > MAX_RATE_HOURS))
		return refuse(e, V10_HOURS, "ScheduleExpression, character 6: a rate in hours is "
		    "4 to 23; for 24 hours write rate(1 day)");
	if (s.kind == SCHEDULE_DAYS && (s.every < 1 || s.every > MAX_RATE_DAYS))
		return refuse(e, V11_DAYS, "ScheduleExpression, character 6: a rate in days is "
		    "1 to 999");
	*out = s;
	return true;
}

static bool
parse_expression(struct str expr, struct schedule *out, struct err *e)
{
	bool is_rate = str_starts(expr, "rate(");
	struct str body = str_skip(expr, sizeof("rate(") - 1);	/* "cron(" is as long */

	if (!is_rate && !str_starts(expr, "cron("))
		return refuse(e, V9_INVALID, "ScheduleExpression, character 1: must begin with "
		    "rate( or cron(, in lower case");
	if (body.n == 0 || body.p[body.n - 1] != ')')
		return refuse(e, V9_INVALID, "ScheduleExpression, character %zu: must end with )",
		    expr.n);
	body.n--;
	return is_rate ? parse_rate(expr, body, out, e) : parse_cron(expr, body, out, e);
}

/* ---- rules */

static bool
parse_duration(struct str text, int *out_hours, struct err *e)
{
	unsigned long long hours;

	*out_hours = 0;
	if (text.p == NULL)
		return true;
	text.n--;			/* the h that check_duration_shape() saw */
	if (!str_to_u64(text, 24, &hours) || hours == 0)
		return refuse(e, V12_DURATION, "Duration: a window lasts 1h to 24h");
	*out_hours = (int)hours;
	return true;
}

/* V13 and V14. Among cron's own two, midnight comes before the gap (the last row of 6.12's
 * rejected ones shows it). */
static bool
check_fit(const struct schedule *s, struct err *e)
{
	int d = s->duration_h;

	if (s->kind == SCHEDULE_HOURS && d > s->every)
		return refuse(e, V13_OVERLAP, "Duration: %d hours do not fit into a rate of %d hours",
		    d, s->every);
	if (s->kind != SCHEDULE_CRON)
		return true;
	for (int h = 0; h < 24; h++) {
		if ((s->hours >> h & 1) != 0 && h + d > 24)
			return refuse(e, V14_MIDNIGHT, "Duration: a window that opens at %02d:00 UTC "
			    "and lasts %d hours passes midnight", h, d);
	}
	if (d > smallest_gap(s->hours))
		return refuse(e, V13_OVERLAP, "Duration: %d hours are longer than the %d hours "
		    "between two windows of one day", d, smallest_gap(s->hours));
	return true;
}

static bool
parse_frequency(const struct schedule_rules *r, struct schedule *out, struct err *e)
{
	if (r->automatically_after_days != 0) {
		*out = (struct schedule){ .kind = SCHEDULE_DAYS, .last_weekday = -1,
			.every = (int)r->automatically_after_days };
		return true;
	}
	if (r->schedule_expression.p == NULL)
		return refuse(e, V9_INVALID, "RotationRules: neither AutomaticallyAfterDays nor "
		    "ScheduleExpression is given");		/* U1 of section 10 */
	return parse_expression(r->schedule_expression, out, e);
}

bool
schedule_parse(const struct schedule_rules *r, struct schedule *out, struct err *e)
{
	struct schedule s;
	int duration_h;

	if (r->automatically_after_days != 0 && r->schedule_expression.p != NULL)
		return refuse(e, V8_BOTH, "RotationRules: AutomaticallyAfterDays and "
		    "ScheduleExpression exclude each other");
	if (!check_shapes(r, e) || !parse_duration(r->duration, &duration_h, e) ||
	    !parse_frequency(r, &s, e))
		return false;
	s.duration_h = duration_h;
	if (!check_fit(&s, e))
		return false;
	*out = s;
	return true;
}

void
schedule_complaint(const struct schedule_rules *r, char *out, size_t cap)
{
	struct schedule s;
	struct err e;
	bool is_accepted = schedule_parse(r, &s, &e);

	snprintf(out, cap, "%s", is_accepted ? "" : e.detail);
}
