/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/calendar.h"

#include "base/clock.h"

/* The calendar repeats, weekdays included, after 400 years: what does not fire within one such
 * cycle never fires. One month more, because a search begins inside a month. */
enum { MONTHS_TO_SEARCH = 400 * 12 + 1 };

/* A month to search; the days and hours still open in it. */
struct place {
	int64_t year;
	int month, day;
	uint32_t hours;		/* of `day` only */
};

static bool
day_matches(const struct schedule *s, int day, int weekday, int month_length)
{
	int nth = (day - 1) / 7 + 1;

	return (s->days >> day & 1) != 0 || (s->weekdays >> weekday & 1) != 0 ||
	    (s->nth[weekday] >> nth & 1) != 0 || (s->last_day && day == month_length) ||
	    (s->last_weekday == weekday && day + 7 > month_length);
}

uint32_t
calendar_days(const struct schedule *s, int64_t year, int month)
{
	int length = days_in_month(year, month);
	int weekday = weekday_from_days(days_from_civil(year, month, 1));
	uint32_t days = 0;

	if ((s->months >> month & 1) == 0)
		return 0;
	for (int day = 1; day <= length; day++) {
		if (day_matches(s, day, weekday, length))
			days |= UINT32_C(1) << day;
		weekday = (weekday + 1) % 7;
	}
	return days;
}

static int
lowest_bit(uint32_t bits)
{
	return __builtin_ctz(bits);
}

static int
highest_bit(uint32_t bits)
{
	return 31 - __builtin_clz(bits);
}

static int64_t
hour_of(const struct place *p, int day, int hour)
{
	return days_from_civil(p->year, p->month, day) * DAY_S + hour * HOUR_S;
}

static bool
first_in_month(const struct schedule *s, const struct place *p, int64_t *out)
{
	uint32_t days = calendar_days(s, p->year, p->month) & UINT32_MAX << p->day;

	if (p->hours == 0)
		days &= ~(UINT32_C(1) << p->day);
	if (days == 0)
		return false;
	int day = lowest_bit(days);
	*out = hour_of(p, day, lowest_bit(day == p->day ? p->hours : s->hours));
	return true;
}

static bool
last_in_month(const struct schedule *s, const struct place *p, int64_t *out)
{
	uint32_t days = calendar_days(s, p->year, p->month) & ~(UINT32_MAX << p->day << 1);

	if (p->hours == 0)
		days &= ~(UINT32_C(1) << p->day);
	if (days == 0)
		return false;
	int day = highest_bit(days);
	*out = hour_of(p, day, highest_bit(day == p->day ? p->hours : s->hours));
	return true;
}

bool
calendar_next(const struct schedule *s, int64_t after_s, int64_t *out)
{
	struct civil c = civil_from_seconds(after_s);
	struct place p = { c.year, c.month, c.day, s->hours & UINT32_MAX << c.hour << 1 };

	for (int i = 0; i < MONTHS_TO_SEARCH; i++) {
		if (first_in_month(s, &p, out))
			return true;
		p = (struct place){ p.year + p.month / 12, p.month % 12 + 1, 1, s->hours };
	}
	return false;
}

bool
calendar_last(const struct schedule *s, int64_t until_s, int64_t *out)
{
	struct civil c = civil_from_seconds(until_s);
	struct place p = { c.year, c.month, c.day, s->hours & ~(UINT32_MAX << c.hour << 1) };

	for (int i = 0; i < MONTHS_TO_SEARCH; i++) {
		if (last_in_month(s, &p, out))
			return true;
		p = (struct place){ p.month == 1 ? p.year - 1 : p.year,
			p.month == 1 ? 12 : p.month - 1, 31, s->hours };
	}
	return false;
}
