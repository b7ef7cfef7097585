/* SPDX-License-Identifier: Apache-2.0 */
/*
 * property_test.c - the schedule mathematics against a slow model, for random rules of every form
 * of the grammar. The model walks fifty years day by day and hour by hour, keeps its own calendar,
 * and never reads an expression: it knows what it meant when it wrote one. Seeds are fixed.
 */
#include "test.h"

#include <stdio.h>

#include "sched/schedule.h"

#define H 3600
#define D 86400

/* ---- random numbers: xorshift64 */

static uint64_t seed;

static int
below(int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int)((seed >> 11) % (uint64_t)n);
}

static int
between(int low, int high)
{
	return low + below(high - low + 1);
}

/* ---- the model's calendar */

struct date {
	int year, month, day, weekday;		/* weekday 1 = Sunday, as cron counts */
	int64_t midnight;
};

static int
month_length(int year, int month)
{
	switch (month) {
	case 2:
		if (year % 400 == 0)
			return 29;
		if (year % 100 == 0)
			return 28;
		return year % 4 == 0 ? 29 : 28;
	case 4: case 6: case 9: case 11:
		return 30;
	default:
		return 31;
	}
}

static void
next_day(struct date *d)
{
	d->midnight += D;
	d->weekday = d->weekday == 7 ? 1 : d->weekday + 1;
	d->day++;
	if (d->day > month_length(d->year, d->month)) {
		d->day = 1;
		d->month++;
	}
	if (d->month > 12) {
		d->month = 1;
		d->year++;
	}
}

/* The first of January, walked to from a Saturday that is known. */
static struct date
new_year(int year)
{
	struct date d = { 2000, 1, 1, 7, INT64_C(946684800) };

	while (d.year < year)
		next_day(&d);
	return d;
}

/* ---- the model's expressions */

struct item { int first, last, step; };
struct list { struct item items[3]; int n; };

enum day_rule { EVERY_DAY, LISTED_DAYS, LAST_DAY, LISTED_WEEKDAYS, LAST_WEEKDAY, NTH_WEEKDAY };

struct meaning {
	struct list hours, days, months, weekdays;
	enum day_rule rule;
	int weekday, nth;
	int duration;
	char text[288], duration_text[8];
};

static bool
in_list(const struct list *l, int v)
{
	for (int i = 0; i < l->n; i++) {
		const struct item *x = &l->items[i];

		for (int w = x->first; w <= x->last; w += x->step) {
			if (w == v)
				return true;
		}
	}
	return false;
}

static bool
is_last_of_its_weekday(const struct date *d)
{
	struct date later = *d;

	for (int i = 0; i < 7; i++)
		next_day(&later);
	return later.month != d->month;
}

static int
occurrence(const struct date *d)
{
	int n = 0;

	for (int day = d->day; day >= 1; day -= 7)
		n++;
	return n;
}

static bool
day_matches(const struct meaning *m, const struct date *d)
{
	if (!in_list(&m->months, d->month))
		return false;
	switch (m->rule) {
	case EVERY_DAY:
		return true;
	case LISTED_DAYS:
		return in_list(&m->days, d->day);
	case LAST_DAY:
		return d->day == month_length(d->year, d->month);
	case LISTED_WEEKDAYS:
		return in_list(&m->weekdays, d->weekday);
	case LAST_WEEKDAY:
		return d->weekday == m->weekday && is_last_of_its_weekday(d);
	case NTH_WEEKDAY:
		return d->weekday == m->weekday && occurrence(d) == m->nth;
	}
	return false;
}

static const char *const month_names[] = { "", "JAN", "feb", "Mar", "APR", "MAY", "jun", "JUL",
	"Aug", "SEP", "OCT", "nov", "DEC" };
static const char *const weekday_names[] = { "", "SUN", "mon", "Tue", "WED", "THU", "fri", "SAT" };

struct field_kind {
	int min, max, min_step;
	const char *const *names;
	bool has_open_step, has_range_step;
};

static const struct field_kind hour_kind = { 0, 23, 4, NULL, true, true };
static const struct field_kind day_kind = { 1, 31, 1, NULL, true, false };
static const struct field_kind month_kind = { 1, 12, 1, month_names, true, false };
static const struct field_kind weekday_kind = { 1, 7, 1, weekday_names, false, false };

static void
write_value(char *out, const struct field_kind *k, int v)
{
	if (k->names != NULL && below(2) == 0)
		strcat(out, k->names[v]);
	else
		sprintf(out + strlen(out), below(4) == 0 ? "%02d" : "%d", v);
}

static void
write_step(char *out, struct item *x, const struct field_kind *k)
{
	x->step = between(k->min_step, k->max);
	sprintf(out + strlen(out), "/%d", x->step);
}

static struct item
random_item(char *out, const struct field_kind *k)
{
	struct item x = { between(k->min, k->max), 0, 1 };
	int form = below(10);

	x.last = x.first;
	if (form < 2 && k->has_open_step) {
		x.first = k->min;
		x.last = k->max;
		strcat(out, form == 0 ? "*" : "");
		write_step(out, &x, k);
		return x;
	}
	write_value(out, k, x.first);
	if (form < 4) {
		x.last = k->max;
		write_step(out, &x, k);
	} else if (form < 6 && k != &hour_kind) {
		x.last = between(x.first, k->max);
		strcat(out, "-");
		write_value(out, k, x.last);
	} else if (form < 6) {
		x.last = between(x.first, k->max);
		strcat(out, "-");
		write_value(out, k, x.last);
		write_step(out, &x, k);
	}
	return x;
}

static void
random_list(char *out, struct list *l, const struct field_kind *k, int most)
{
	l->n = between(1, most);
	for (int i = 0; i < l->n; i++) {
		strcat(out, i == 0 ? "" : ",");
		l->items[i] = random_item(out, k);
	}
}

static void
everything(char *out, struct list *l, const struct field_kind *k)
{
	*l = (struct list){ { { k->min, k->max, 1 } }, 1 };
	strcat(out, "*");
}

static void
random_days(struct meaning *m, char *dom, char *dow)
{
	strcpy(dom, "?");
	strcpy(dow, "?");
	m->weekday = between(1, 7);
	m->nth = between(1, 5);
	m->rule = (enum day_rule)below(6);
	switch (m->rule) {
	case EVERY_DAY:
		strcpy(below(2) == 0 ? dom : dow, "*");
		break;
	case LISTED_DAYS:
		random_list(strcpy(dom, ""), &m->days, &day_kind, 3);
		break;
	case LAST_DAY:
		strcpy(dom, "L");
		break;
	case LISTED_WEEKDAYS:
		random_list(strcpy(dow, ""), &m->weekdays, &weekday_kind, 3);
		break;
	case LAST_WEEKDAY:
		if (below(3) == 0)
			sprintf(dom, "%sL", weekday_names[m->weekday]);
		else if (below(2) == 0)
			sprintf(dow, "%dL", m->weekday);
		else
			sprintf(dow, "%sL", weekday_names[m->weekday]);
		break;
	case NTH_WEEKDAY:
		write_value(strcpy(dow, ""), &weekday_kind, m->weekday);
		sprintf(dow + strlen(dow), "#%d", m->nth);
		break;
	}
}

static void
random_cron(struct meaning *m)
{
	char hours[64] = "", dom[64], months[64] = "", dow[64];

	memset(m, 0, sizeof(*m));
	random_list(hours, &m->hours, &hour_kind, below(3) == 0 ? 2 : 1);
	random_days(m, dom, dow);
	if (below(2) == 0)
		everything(months, &m->months, &month_kind);
	else
		random_list(months, &m->months, &month_kind, 2);
	sprintf(m->text, "cron(0 %s %s %s %s *)", hours, dom, months, dow);
	if (below(2) == 0) {
		m->duration = below(3) == 0 ? between(1, 24) : between(1, 6);
		sprintf(m->duration_text, "%dh", m->duration);
	}
}

/* ---- what the model makes of an expression */

static int
hours_in_a_day(const struct meaning *m)
{
	int n = 0;

	for (int h = 0; h < 24; h++)
		n += in_list(&m->hours, h);
	return n;
}

/* Every window is followed by `need` hours of its day without another opening. */
static bool
hours_are_apart(const struct meaning *m, int need)
{
	for (int h = 0; h < 24; h++) {
		for (int other = h + 1; other < h + need && other < 24; other++) {
			if (in_list(&m->hours, h) && in_list(&m->hours, other))
				return false;
		}
	}
	return true;
}

static bool
ends_in_its_day(const struct meaning *m)
{
	for (int h = 0; h < 24; h++) {
		if (in_list(&m->hours, h) && h + m->duration > 24)
			return false;
	}
	return true;
}

/* The first year of the fifty is in `d`; no accepted expression sleeps longer than forty. */
static bool
fires(const struct meaning *m, struct date d)
{
	for (int end = d.year + 50; d.year < end; next_day(&d)) {
		if (day_matches(m, &d))
			return true;
	}
	return false;
}

static bool
is_valid(const struct meaning *m, const struct date *from)
{
	return hours_are_apart(m, 4) && fires(m, *from) && ends_in_its_day(m) &&
	    hours_are_apart(m, m->duration);
}

static int64_t
window_end(const struct meaning *m, const struct date *d, int hour)
{
	int64_t tonight = d->midnight + D;
	int hours = m->duration != 0 ? m->duration : hours_in_a_day(m) == 1 ? 24 : 1;

	while (d->midnight + (hour + hours) * (int64_t)H > tonight)
		hours--;
	return d->midnight + (hour + hours) * (int64_t)H;
}

static bool
parse(const struct meaning *m, struct schedule *s)
{
	struct schedule_rules r = { .schedule_expression = str_of(m->text),
		.duration = m->duration == 0 ? STR_NULL : str_of(m->duration_text) };
	struct err e;

	return schedule_parse(&r, s, &e);
}

struct walk {
	const struct meaning *m;
	const struct schedule *s;
	struct window next;		/* what schedule_window_after() promised */
	int64_t last;			/* the window before */
	int windows;
};

static void
meet_window(struct walk *w, int64_t start, int64_t end)
{
	int64_t days = (start - w->last) / D < 1 ? 1 : (start - w->last) / D;

	if (w->next.start_s != start || w->next.end_s != end)
		fail_msg("%s %s after %lld: window %lld-%lld, the model has %lld-%lld", w->m->text,
		    w->m->duration_text, (long long)w->last, (long long)w->next.start_s,
		    (long long)w->next.end_s, (long long)start, (long long)end);
	if (w->windows > 0 && below(8) == 0) {
		int64_t now = w->last + below((int)(start - w->last));

		assert_int_equal(schedule_automatically_after_days(w->s, now), days);
		assert_int_equal(schedule_window_after(w->s, now).start_s, start);
	}
	w->windows++;
	w->last = start;
	w->next = schedule_window_after(w->s, start);
	assert_true(w->next.start_s >= end);
}

static void
walk_fifty_years(const struct meaning *m, const struct schedule *s, struct date d)
{
	struct walk w = { m, s, schedule_window_after(s, d.midnight - 1), d.midnight - 1, 0 };

	for (int end = d.year + 50; d.year < end; next_day(&d)) {
		if (!day_matches(m, &d))
			continue;
		for (int hour = 0; hour < 24; hour++) {
			if (in_list(&m->hours, hour))
				meet_window(&w, d.midnight + hour * H, window_end(m, &d, hour));
		}
	}
	assert_true(w.windows > 0);
	assert_true(w.next.start_s >= d.midnight);
}

TEST("cron: every window of fifty years is the model's, over 2000, 2100 and 2400")
{
	static const int first_years[] = { 2000, 2080, 2360 };
	int accepted = 0, refused = 0, rules[6] = { 0 };
	struct meaning m;
	struct schedule s;

	seed = UINT64_C(0x5eed0001);
	for (size_t i = 0; i < sizeof(first_years) / sizeof(first_years[0]); i++) {
		struct date from = new_year(first_years[i]);

		for (int n = 0; n < 120; n++) {
			random_cron(&m);
			if (parse(&m, &s) != is_valid(&m, &from))
				fail_msg("%s %s: the model %s it", m.text, m.duration_text,
				    is_valid(&m, &from) ? "accepts" : "refuses");
			if (!is_valid(&m, &from)) {
				refused++;
				continue;
			}
			accepted++;
			rules[m.rule]++;
			walk_fifty_years(&m, &s, from);
		}
	}
	assert_true(accepted >= 100 && refused >= 50);
	for (int i = 0; i < 6; i++)
		assert_true(rules[i] >= 10);
}

TEST("cron: what is accepted and what is refused, over many more expressions")
{
	struct date from = new_year(2080);
	struct meaning m;
	struct schedule s;

	seed = UINT64_C(0x5eed0002);
	for (int n = 0; n < 5000; n++) {
		random_cron(&m);
		if (parse(&m, &s) != is_valid(&m, &from))
			fail_msg("%s %s: the model %s it", m.text, m.duration_text,
			    is_valid(&m, &from) ? "accepts" : "refuses");
	}
}

/* ---- histories: what happened before, at random, around the middle of fifty years */

static int64_t
random_time(int64_t around, int spread)
{
	return around - spread + below(2 * spread);
}

static int64_t
latest(int64_t a, int64_t b, int64_t c)
{
	int64_t m = a > b ? a : b;

	return m > c ? m : c;
}

TEST("cron: the first match strictly after E, C and the consumed window")
{
	struct meaning m;
	struct schedule s;

	seed = UINT64_C(0x5eed0003);
	for (int n = 0; n < 400; n++) {
		struct date d = new_year(2020);
		struct schedule_history h = { .anchor_s = SCHEDULE_NEVER };
		int hour = 0;

		random_cron(&m);
		if (!parse(&m, &s))
			continue;
		h.base_s = below(4) == 0 ? SCHEDULE_NEVER : random_time(d.midnight + 200 * D, 99 * D);
		h.changed_s = random_time(d.midnight + 200 * D, 99 * D);
		h.consumed_s = below(2) == 0 ? SCHEDULE_NEVER :
		    random_time(d.midnight + 200 * D, 99 * D);
		h.now_s = h.changed_s;
		h.after_failure = below(2) == 0;
		while (d.midnight + hour * H <= latest(h.base_s, h.changed_s, h.consumed_s) ||
		    !day_matches(&m, &d) || !in_list(&m.hours, hour)) {
			hour = (hour + 1) % 24;
			if (hour == 0)
				next_day(&d);
		}
		assert_int_equal(schedule_next(&s, &h).start_s, d.midnight + hour * H);
	}
}

static struct schedule
rate(int every, const char *unit, int duration)
{
	char text[32], duration_text[8];
	struct schedule_rules r = { .schedule_expression = { text, 0 } };
	struct schedule s = { 0 };
	struct err e;

	r.schedule_expression.n = (size_t)sprintf(text, "rate(%d %s)", every, unit);
	if (duration != 0)
		r.duration = (struct str){ duration_text,
			(size_t)sprintf(duration_text, "%dh", duration) };
	CHECK_OK(schedule_parse(&r, &s, &e), &e);
	return s;
}

TEST("rate(days): fifty years of midnights counted one by one")
{
	seed = UINT64_C(0x5eed0004);
	for (int n = 0; n < 60; n++) {
		int every = n % 2 == 0 ? between(1, 40) : between(1, 999), since = 0;
		int duration = below(25);
		struct schedule s = rate(every, "days", duration);
		struct date d = new_year(2060);
		struct window w = schedule_window_after(&s, d.midnight + below(D));

		for (next_day(&d); d.year < 2110; next_day(&d)) {
			if (++since < every)
				continue;
			since = 0;
			assert_int_equal(w.start_s, d.midnight);
			assert_int_equal(w.end_s,
			    d.midnight + (duration == 0 ? 24 : duration) * (int64_t)H);
			w = schedule_window_after(&s, w.start_s + below((int)(w.end_s - w.start_s)));
		}
	}
}

TEST("rate(days): the event, the change and the consumed window, midnight by midnight")
{
	seed = UINT64_C(0x5eed0005);
	for (int n = 0; n < 4000; n++) {
		int every = between(1, 60), nights = 0;
		struct schedule s = rate(every, "days", 0);
		struct date d = new_year(2019);
		struct schedule_history h = { .anchor_s = SCHEDULE_NEVER };
		int64_t from;

		h.base_s = below(4) == 0 ? SCHEDULE_NEVER : random_time(d.midnight + 200 * D, 90 * D);
		h.changed_s = random_time(d.midnight + 200 * D, 90 * D);
		h.consumed_s = below(2) == 0 ? SCHEDULE_NEVER :
		    d.midnight + (int64_t)between(100, 300) * D;
		h.now_s = h.changed_s + below(1000 * D);
		from = h.base_s == SCHEDULE_NEVER ? h.changed_s : h.base_s;
		while (nights < every || d.midnight <= h.consumed_s ||
		    (h.base_s < h.changed_s && d.midnight <= h.changed_s)) {
			next_day(&d);
			nights += d.midnight > from;
		}
		assert_int_equal(schedule_next(&s, &h).start_s, d.midnight);
	}
}

/* The end of an hour rate's window, counted hour by hour up to midnight. */
static int64_t
hour_window_end(int64_t start, int duration)
{
	int64_t t = start;

	do
		t += H;
	while (t % D != 0 && t < start + (duration == 0 ? 1 : duration) * (int64_t)H);
	return t;
}

TEST("rate(hours): fifty years of hours counted one by one")
{
	seed = UINT64_C(0x5eed0006);
	for (int every = 4; every <= 23; every++) {
		int duration = below(every + 1);
		struct schedule s = rate(every, "hours", duration);
		int64_t begin = new_year(2060).midnight, end = new_year(2110).midnight, t = begin;
		struct window w = schedule_window_after(&s, begin + below(H));
		int since = 0;

		for (t += H; t < end; t += H) {
			if (++since < every)
				continue;
			since = 0;
			assert_int_equal(w.start_s, t);
			assert_int_equal(w.end_s, hour_window_end(t, duration));
			w = schedule_window_after(&s, t);
		}
	}
}

TEST("rate(hours): the event, the anchor, the change, the consumed window and now, hour by hour")
{
	int64_t noon = new_year(2021).midnight + 12 * H;

	seed = UINT64_C(0x5eed0007);
	for (int n = 0; n < 10000; n++) {
		int every = between(4, 23), duration = below(every + 1);
		struct schedule s = rate(every, "hours", duration);
		struct schedule_history h = { .anchor_s = SCHEDULE_NEVER };
		int64_t from, first, t;

		h.base_s = below(4) == 0 ? SCHEDULE_NEVER : random_time(noon, 2 * D);
		h.changed_s = random_time(noon, 2 * D);
		h.consumed_s = below(2) == 0 ? SCHEDULE_NEVER : random_time(noon, 2 * D);
		h.now_s = random_time(noon, 5 * D);
		if (h.base_s != SCHEDULE_NEVER && below(2) == 0)
			h.anchor_s = h.base_s - h.base_s % H - below(4) * H;
		from = h.anchor_s != SCHEDULE_NEVER ? h.anchor_s :
		    h.base_s != SCHEDULE_NEVER ? h.base_s : h.changed_s;

		/* the first hour that is far enough from the event and past the change ... */
		first = noon - 9 * D;
		while (first <= from || (first - (from - from % H)) / H < every ||
		    (h.base_s < h.changed_s && first <= h.changed_s))
			first += H;
		/* ... and from there every N hours until the window is of use */
		for (t = first; t <= h.consumed_s || hour_window_end(t, duration) <= h.now_s;)
			t += every * H;
		assert_int_equal(schedule_next(&s, &h).start_s, t);
		assert_int_equal(schedule_next(&s, &h).end_s, hour_window_end(t, duration));
	}
}
