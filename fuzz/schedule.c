/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.c - fuzz target of src/sched: rotation rules as a client may send them.
 * Input: "days/expression/duration", optionally "/" and up to 40 bytes that become five times of
 * the history. An empty part is an absent member.
 * Whatever is accepted must give windows that only go forward, begin and end on the hour, last an
 * hour at least, and end by the next midnight. Whatever is refused must say why.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sched/schedule.h"

#define DAY INT64_C(86400)
#define YEAR_9999 INT64_C(253402300799)

/* Not assert(): the oracle must hold in every build. */
static void
must(bool holds)
{
	if (!holds)
		abort();
}

static int64_t
floor_mod(int64_t a, int64_t b)
{
	int64_t m = a % b;

	return m < 0 ? m + b : m;
}

static void
check_window(const struct window *w)
{
	int64_t midnight = w->start_s - floor_mod(w->start_s, DAY) + DAY;

	must(w->end_s > w->start_s);
	must(w->end_s <= midnight);
	must(floor_mod(w->start_s, 3600) == 0 && floor_mod(w->end_s, 3600) == 0);
}

static void
check_moments(const struct window *w, uint64_t hash)
{
	int64_t moment = schedule_moment(w, hash, (int64_t)(hash >> 40)), spaced = moment;

	must(moment >= w->start_s && moment < w->end_s - 600);
	if (schedule_space(w, w->start_s - DAY / 6, &spaced))
		must(spaced >= moment && spaced < w->end_s);
	else
		must(spaced == moment);
}

/* A chain of windows from one moment on: each opens after the one before has closed. */
static void
check_chain(const struct schedule *s, int64_t from)
{
	struct window last = schedule_window_after(s, from);

	must(last.start_s > from);
	for (int i = 0; i < 20; i++) {
		struct window next = schedule_window_after(s, last.start_s);

		check_window(&next);
		check_moments(&next, (uint64_t)from * UINT64_C(0x9e3779b97f4a7c15));
		must(next.start_s >= last.end_s);
		must(schedule_automatically_after_days(s, last.start_s) >= 1);
		last = next;
	}
}

/* Within the years that a clock can show, the window comes after the consumed one. */
static void
check_history(const struct schedule *s, const int64_t t[5])
{
	struct schedule_history h = { t[0], t[1], t[2], t[3], (t[4] & 1) != 0, t[4] };
	struct window w = schedule_next(s, &h);

	check_window(&w);
	if (h.consumed_s <= YEAR_9999 && h.consumed_s >= -YEAR_9999)
		must(w.start_s > h.consumed_s);
	check_chain(s, floor_mod(t[0], YEAR_9999));
}

static void
check_refusal(const struct schedule_rules *r, const struct err *e)
{
	char text[512];

	must(e->code == ERR_INVALID_PARAMETER || e->code == ERR_VALIDATION);
	must(e->msg[0] != '\0');
	schedule_complaint(r, text, sizeof(text));
	must(text[0] != '\0');
}

static struct str
take_part(struct str *rest)
{
	struct str part = STR_NULL;

	if (!str_split(rest, '/', &part) || part.n == 0)
		return STR_NULL;
	return part;
}

/* Expressions hold slashes themselves, so theirs ends at the last ")" or at the next slash. */
static struct str
take_expression(struct str *rest)
{
	const char *end = rest->n == 0 ? NULL : memrchr(rest->p, ')', rest->n);
	struct str part;

	if (end == NULL)
		return take_part(rest);
	part = (struct str){ rest->p, (size_t)(end - rest->p) + 1 };
	*rest = str_skip(*rest, part.n);
	if (rest->n > 0 && rest->p[0] == '/')
		*rest = str_skip(*rest, 1);
	return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t never[5] = { 0, SCHEDULE_NEVER, SCHEDULE_NEVER, SCHEDULE_NEVER, 0 };
	struct str rest = { (const char *)data, size };
	struct str days = take_part(&rest);
	struct schedule_rules r = { .schedule_expression = take_expression(&rest) };
	unsigned long long n;
	int64_t times[5];
	struct schedule s;
	struct err e;

	r.duration = take_part(&rest);
	if (str_to_u64(days, INT64_MAX, &n))
		r.automatically_after_days = (int64_t)n;
	else if (str_starts(days, "-") && str_to_u64(str_skip(days, 1), INT64_MAX, &n))
		r.automatically_after_days = -(int64_t)n;
	if (!schedule_parse(&r, &s, &e)) {
		check_refusal(&r, &e);
		return 0;
	}
	memcpy(times, never, sizeof(times));
	if (rest.n > 0)
		memcpy(times, rest.p, rest.n < sizeof(times) ? rest.n : sizeof(times));
	check_history(&s, times);
	return 0;
}
