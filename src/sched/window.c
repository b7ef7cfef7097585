/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/schedule.h"

#include <assert.h>

#include "sched/calendar.h"

/* About 30,000 years: far enough for any clock, near enough that no sum here overflows. */
#define REACH_S INT64_C(1000000000000)

enum { MIN_SPACING_H = 4 };

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
within_reach(int64_t t)
{
	return later(-REACH_S, earlier(t, REACH_S));
}

static int64_t
truncate_to(int64_t unit, int64_t t)
{
	int64_t over = t % unit;

	return t - (over < 0 ? over + unit : over);
}

/* mid(t) and hour(t) of 6.6 */
static int64_t
mid(int64_t t)
{
	return truncate_to(DAY_S, t);
}

static int64_t
hour(int64_t t)
{
	return truncate_to(HOUR_S, t);
}

/* The table of 6.4. A cron day with one window leaves it open until midnight. */
static int64_t
length_s(const struct schedule *s)
{
	if (s->duration_h != 0)
		return s->duration_h * HOUR_S;
	if (s->kind == SCHEDULE_DAYS)
		return DAY_S;
	if (s->kind == SCHEDULE_HOURS)
		return HOUR_S;
	return (s->hours & (s->hours - 1)) == 0 ? DAY_S : HOUR_S;
}

static struct window
window_at(const struct schedule *s, int64_t start_s)
{
	return (struct window){ start_s, earlier(start_s + length_s(s), mid(start_s) + DAY_S) };
}

/* C > E: the rules changed after the event from which the rate counts. */
static bool
changed_since(const struct schedule_history *h)
{
	return h->base_s != SCHEDULE_NEVER && h->changed_s > h->base_s;
}

/* A rule change after the failed window starts afresh; the rule with C serves it. */
static bool
retries_window(const struct schedule_history *h)
{
	return h->after_failure && h->consumed_s != SCHEDULE_NEVER && h->changed_s <= h->consumed_s;
}

static int64_t
next_day(const struct schedule *s, const struct schedule_history *h)
{
	int64_t base = h->base_s != SCHEDULE_NEVER ? h->base_s : h->changed_s;
	int64_t start = mid(base) + s->every * DAY_S;

	if (changed_since(h))
		start = later(start, mid(h->changed_s) + DAY_S);
	if (retries_window(h) || start <= h->consumed_s)
		start = mid(h->consumed_s) + DAY_S;
	return start;
}

/* Steps over windows that are consumed, and those that ended before now. They don't overlap, so
 * only the last one that has opened can still be open. */
static int64_t
first_usable(const struct schedule *s, const struct schedule_history *h, int64_t start)
{
	int64_t step = s->every * HOUR_S;

	if (start <= h->consumed_s)
		start += ((h->consumed_s - start) / step + 1) * step;
	if (start <= h->now_s) {
		start += (h->now_s - start) / step * step;
		if (window_at(s, start).end_s <= h->now_s)
			start += step;
	}
	return start;
}

static int64_t
next_hour(const struct schedule *s, const struct schedule_history *h)
{
	int64_t base = h->base_s != SCHEDULE_NEVER ? h->base_s : h->changed_s;
	int64_t step = s->every * HOUR_S;
	int64_t start = hour(h->anchor_s != SCHEDULE_NEVER ? h->anchor_s : base) + step;

	if (changed_since(h))
		start = later(start, hour(h->changed_s) + HOUR_S);
	if (retries_window(h))
		start = hour(h->consumed_s) + step;
	return first_usable(s, h, start);
}

static int64_t
next_cron(const struct schedule *s, const struct schedule_history *h)
{
	int64_t start = 0;
	bool fires = calendar_next(s, later(later(h->base_s, h->changed_s), h->consumed_s), &start);

	assert(fires);		/* schedule_parse refuses what never does */
	(void)fires;
	return start;
}

static int64_t
known(int64_t t)
{
	return t == SCHEDULE_NEVER ? t : within_reach(t);
}

struct window
schedule_next(const struct schedule *s, const struct schedule_history *h)
{
	struct schedule_history k = { known(h->base_s), known(h->changed_s), known(h->anchor_s),
		known(h->consumed_s), h->after_failure, within_reach(h->now_s) };

	if (k.base_s == SCHEDULE_NEVER && k.changed_s == SCHEDULE_NEVER)
		k.changed_s = k.now_s;
	switch (s->kind) {
	case SCHEDULE_DAYS:
		return window_at(s, next_day(s, &k));
	case SCHEDULE_HOURS:
		return window_at(s, next_hour(s, &k));
	case SCHEDULE_CRON:
		break;
	}
	return window_at(s, next_cron(s, &k));
}

struct window
schedule_window_after(const struct schedule *s, int64_t after_s)
{
	return schedule_next(s, &(struct schedule_history){ .base_s = after_s,
	    .changed_s = SCHEDULE_NEVER, .anchor_s = SCHEDULE_NEVER, .consumed_s = SCHEDULE_NEVER,
	    .now_s = after_s });
}

/* The second half stays free for retries. As a window lasts an hour at least, half of it also
 * keeps clear of the last 10 minutes, in which 6.7 starts nothing. */
int64_t
schedule_moment(const struct window *w, uint64_t hash, int64_t jitter_max_s)
{
	int64_t span = earlier((w->end_s - w->start_s) / 2, jitter_max_s);

	return span <= 0 ? w->start_s : w->start_s + (int64_t)(hash % (uint64_t)span);
}

bool
schedule_space(const struct window *w, int64_t last_start_s, int64_t *moment_s)
{
	int64_t margin = w->end_s - w->start_s < 20 * 60 ? 0 : 10 * 60;
	int64_t allowed;

	if (last_start_s == SCHEDULE_NEVER)
		return true;
	allowed = later(*moment_s, within_reach(last_start_s) + MIN_SPACING_H * HOUR_S);
	if (allowed >= w->end_s - margin)
		return false;
	*moment_s = allowed;
	return true;
}

bool
schedule_wants_catch_up(const struct schedule *s)
{
	return s->kind == SCHEDULE_DAYS && s->duration_h == 0;
}

int64_t
schedule_automatically_after_days(const struct schedule *s, int64_t now_s)
{
	int64_t now = within_reach(now_s), last, next;

	if (s->kind == SCHEDULE_DAYS)
		return s->every;
	if (s->kind == SCHEDULE_HOURS || !calendar_last(s, now, &last) ||
	    !calendar_next(s, now, &next))
		return 1;
	return later(1, (next - last) / DAY_S);
}
