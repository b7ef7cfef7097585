/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t
read_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_now_ms(const struct clock *c)
{
	int64_t frozen = atomic_load_explicit(&c->frozen_ms, memory_order_relaxed);

	if (frozen != 0)
		return frozen;
	return read_ms(CLOCK_REALTIME) + atomic_load_explicit(&c->offset_ms, memory_order_relaxed);
}

void
clock_set_ms(struct clock *c, int64_t now_ms)
{
	atomic_store(&c->offset_ms, now_ms - read_ms(CLOCK_REALTIME));
	atomic_store(&c->frozen_ms, 0);
}

void
clock_freeze_ms(struct clock *c, int64_t now_ms)
{
	atomic_store(&c->frozen_ms, now_ms);
}

int64_t
monotonic_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* Eras of 400 years that begin on 1 March, so that the leap day is the last one of its year. */
int64_t
days_from_civil(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = floor_div(y, 400), yoe = y - era * 400;
	int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

struct civil
civil_from_seconds(int64_t epoch_s)
{
	int64_t days = floor_div(epoch_s, 86400), rest = epoch_s - days * 86400;
	int64_t z = days + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);

	return (struct civil){ .year = yoe + era * 400 + (month <= 2), .month = month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1), .hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60), .second = (int)(rest % 60) };
}

int64_t
seconds_from_civil(const struct civil *c)
{
	return days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 +
	    c->minute * 60 + c->second;
}

int
weekday_from_days(int64_t days)
{
	int64_t w = (days + 4) % 7;

	return (int)(w < 0 ? w + 7 : w);
}

int
days_in_month(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Years outside 0..9999 have no place in these fixed texts. */
static struct civil
printable(int64_t epoch_s)
{
	if (epoch_s < 0)
		epoch_s = 0;
	if (epoch_s > INT64_C(253402300799))
		epoch_s = INT64_C(253402300799);
	return civil_from_seconds(epoch_s);
}

static char *
digits(char *out, int value, int width)
{
	for (int i = width - 1; i >= 0; i--, value /= 10)
		out[i] = (char)('0' + value % 10);
	return out + width;
}

void
time_format_iso(int64_t epoch_s, char out[21])
{
	struct civil c = printable(epoch_s);
	char *p = digits(out, (int)c.year, 4);

	*p++ = '-';
	p = digits(p, c.month, 2);
	*p++ = '-';
	p = digits(p, c.day, 2);
	*p++ = 'T';
	p = digits(p, c.hour, 2);
	*p++ = ':';
	p = digits(p, c.minute, 2);
	*p++ = ':';
	p = digits(p, c.second, 2);
	*p++ = 'Z';
	*p = '\0';
}

void
time_format_basic(int64_t epoch_s, char out[17])
{
	struct civil c = printable(epoch_s);
	char *p = digits(digits(digits(out, (int)c.year, 4), c.month, 2), c.day, 2);

	*p++ = 'T';
	p = digits(digits(digits(p, c.hour, 2), c.minute, 2), c.second, 2);
	*p++ = 'Z';
	*p = '\0';
}

static const char weekdays[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
	"Oct", "Nov", "Dec" };

void
time_format_http(int64_t epoch_s, char out[30])
{
	struct civil c = printable(epoch_s);

	snprintf(out, 30, "%s, %02u %s %04u %02u:%02u:%02u GMT",
	    weekdays[weekday_from_days(days_from_civil(c.year, c.month, c.day))],
	    (unsigned)c.day % 100, months[c.month - 1], (unsigned)c.year % 10000,
	    (unsigned)c.hour % 100, (unsigned)c.minute % 100, (unsigned)c.second % 100);
}

/* Takes `width` digits off the front. */
static bool
take_digits(struct str *s, int width, int *out)
{
	int v = 0;

	if (s->n < (size_t)width)
		return false;
	for (int i = 0; i < width; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	*s = str_skip(*s, (size_t)width);
	*out = v;
	return true;
}

static bool
take_char(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_skip(*s, 1);
	return true;
}

static bool
in_range(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	    c->day <= days_in_month(c->year, c->month) && c->hour < 24 && c->minute < 60 &&
	    c->second < 60;
}

bool
time_parse_basic(struct str s, int64_t *epoch_s)
{
	struct civil c = { 0 };
	int year;

	if (!take_digits(&s, 4, &year) || !take_digits(&s, 2, &c.month) ||
	    !take_digits(&s, 2, &c.day) || !take_char(&s, 'T') || !take_digits(&s, 2, &c.hour) ||
	    !take_digits(&s, 2, &c.minute) || !take_digits(&s, 2, &c.second) ||
	    !take_char(&s, 'Z') || s.n != 0)
		return false;
	c.year = year;
	if (!in_range(&c))
		return false;
	*epoch_s = seconds_from_civil(&c);
	return true;
}

/* "Z", "+01:00" or "-0130"; gives seconds east of UTC. */
static bool
take_zone(struct str *s, int *offset_s)
{
	int hours, minutes;
	bool west;

	if (take_char(s, 'Z')) {
		*offset_s = 0;
		return true;
	}
	west = s->n > 0 && s->p[0] == '-';
	if (!take_char(s, '-') && !take_char(s, '+'))
		return false;
	if (!take_digits(s, 2, &hours))
		return false;
	(void)take_char(s, ':');
	if (!take_digits(s, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	*offset_s = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
	return true;
}

bool
time_parse_iso(struct str s, int64_t *epoch_s)
{
	struct civil c = { 0 };
	int year, offset_s = 0, ignored;

	if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &c.month) ||
	    !take_char(&s, '-') || !take_digits(&s, 2, &c.day))
		return false;
	c.year = year;
	if (s.n > 0) {
		if (!take_char(&s, 'T') || !take_digits(&s, 2, &c.hour) || !take_char(&s, ':') ||
		    !take_digits(&s, 2, &c.minute))
			return false;
		if (take_char(&s, ':') && !take_digits(&s, 2, &c.second))
			return false;
		if (take_char(&s, '.')) {
			if (!take_digits(&s, 1, &ignored))
				return false;
			while (take_digits(&s, 1, &ignored))
				continue;
		}
		if (!take_zone(&s, &offset_s))
			return false;
	}
	if (s.n != 0 || !in_range(&c))
		return false;
	*epoch_s = seconds_from_civil(&c) - offset_s;
	return true;
}

bool
time_parse_http(struct str s, int64_t *epoch_s)
{
	struct civil c = { 0 };
	int year;

	if (s.n != 29 || s.p[3] != ',' || s.p[4] != ' ')
		return false;
	s = str_skip(s, 5);
	if (!take_digits(&s, 2, &c.day) || !take_char(&s, ' '))
		return false;
	for (int m = 0; m < 12; m++) {
		if (str_starts(s, months[m]))
			c.month = m + 1;
	}
	s = str_skip(s, 3);
	if (c.month == 0 || !take_char(&s, ' ') || !take_digits(&s, 4, &year) ||
	    !take_char(&s, ' ') || !take_digits(&s, 2, &c.hour) || !take_char(&s, ':') ||
	    !take_digits(&s, 2, &c.minute) || !take_char(&s, ':') ||
	    !take_digits(&s, 2, &c.second) || !str_is(s, " GMT"))
		return false;
	c.year = year;
	if (!in_range(&c))
		return false;
	*epoch_s = seconds_from_civil(&c);
	return true;
}
