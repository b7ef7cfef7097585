/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "sched/calendar.h"

/* A whole leap cycle, so that what happens on 29 February shows. */
#define FOUR_YEARS_S (1461 * DAY_S)

static const char *
weekday_name(int64_t t)
{
	static const char names[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	struct civil c = civil_from_seconds(t);

	return names[weekday_from_days(days_from_civil(c.year, c.month, c.day))];
}

static void
add_window(struct buf *out, const struct window *w)
{
	char start[21], end[21], date[21];

	time_format_iso(w->start_s, start);
	time_format_iso(w->end_s, end);
	time_format_iso(window_last_second(w), date);
	buf_printf(out, "%s %s - %s  NextRotationDate %s\n", weekday_name(w->start_s), start, end,
	    date);
}

/* The gap that begins last may end after the four years; there is always one. */
static int64_t
largest_gap(const struct schedule *s, int64_t now_s)
{
	int64_t start = schedule_window_after(s, now_s).start_s, gap = 0;

	do {
		int64_t next = schedule_window_after(s, start).start_s;

		if (next - start > gap)
			gap = next - start;
		start = next;
	} while (start - now_s < FOUR_YEARS_S);
	return gap;
}

static void
add_gap(struct buf *out, int64_t gap_s)
{
	int64_t days = gap_s / DAY_S, hours = gap_s % DAY_S / HOUR_S;

	buf_z(out, "largest gap between starts in the next 4 years:");
	if (days > 0)
		buf_printf(out, " %lld day%s", (long long)days, days == 1 ? "" : "s");
	if (hours > 0)
		buf_printf(out, " %lld hours", (long long)hours);
	buf_c(out, '\n');
}

bool
schedule_explain(const struct schedule_rules *r, int64_t now_s, int count, struct buf *out,
    struct err *e)
{
	struct schedule s;
	int64_t after = now_s;

	if (!schedule_parse(r, &s, e))
		return false;
	for (int i = 0; i < count; i++) {
		struct window w = schedule_window_after(&s, after);

		add_window(out, &w);
		after = w.start_s;
	}
	add_gap(out, largest_gap(&s, now_s));
	return true;
}
