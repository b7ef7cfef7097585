/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - rotation rules and the windows they open (spec/rotation.md section 6).
 * Pure: no clock, no I/O, no allocation but for the text of schedule_explain(). All times are
 * epoch seconds, UTC; those further than 30,000 years away are taken as that far away.
 * Always: a window begins and ends on the hour, lasts 1 to 24 hours and stays in one UTC day.
 * Threads: none of its own; a parsed schedule is plain data.
 */
#pragma once
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct buf;

enum schedule_kind { SCHEDULE_DAYS, SCHEDULE_HOURS, SCHEDULE_CRON };

/* A parsed expression. Bit sets index by value: bit h of hours is hour h. */
struct schedule {
	enum schedule_kind kind;
	int every;			/* days or hours of a rate */
	uint32_t hours;			/* cron: bits 0..23 */
	uint32_t days;			/* bits 1..31; 0 when the day of week decides */
	uint16_t months;		/* bits 1..12 */
	uint8_t weekdays;		/* bits 0 (SUN)..6; 0 when the day of month decides */
	bool last_day;			/* L in day of month */
	int last_weekday;		/* 0..6: last such weekday of the month; -1 none */
	uint8_t nth[7];			/* bit n of nth[w]: the n-th w of the month, n 1..5 */
	int duration_h;			/* 0 = the default of 6.4 */
};

/* The members of RotationRules; absent ones are 0 or STR_NULL. */
struct schedule_rules {
	int64_t automatically_after_days;
	struct str schedule_expression, duration;
};
/*
 * V8-V14 of spec/rotation.md 1.5 in the order of 6.3; ERR_INVALID_PARAMETER with AWS's text, and
 * in `detail` the sentence of schedule_complaint(). V1 belongs to the request decoder, but rules
 * that come another way (the command line) are held to it too: ERR_VALIDATION. Rules without days
 * and expression are refused as U1 says. On failure `out` is untouched.
 */
MUST_CHECK bool schedule_parse(const struct schedule_rules *r, struct schedule *out, struct err *e);
/* What is wrong, in which field and at which character, for `pawl schedule explain`; an empty
 * text when nothing is. */
void schedule_complaint(const struct schedule_rules *r, char *out, size_t cap);

struct window { int64_t start_s, end_s; };	/* half open */

/* NextRotationDate: the last second of the window (6.6). */
static inline int64_t
window_last_second(const struct window *w)
{
	return w->end_s - 1;
}

/* What is known when the next window is asked for; SCHEDULE_NEVER when there was none. */
#define SCHEDULE_NEVER INT64_MIN
struct schedule_history {
	int64_t base_s;			/* E of 6.5, which differs between rates and cron */
	int64_t changed_s;		/* C of 6.5 */
	int64_t anchor_s;		/* hour rates: planned start of the window whose run set E; else NEVER */
	int64_t consumed_s;		/* start of the last consumed window; NEVER */
	/* That window failed or was skipped: daily until success, even when a manual put has moved E
	 * meanwhile (a put is no success). A rule change after it starts afresh. */
	bool after_failure;
	int64_t now_s;			/* hour rates skip windows that ended before now */
};
/*
 * 6.6. For every schedule that schedule_parse accepted there is a next window, and it starts
 * later than consumed_s. Day rates and cron may answer with a window that is past: a missed one,
 * which 6.8 deals with. Without E and C, rotation counts as enabled now.
 */
struct window schedule_next(const struct schedule *s, const struct schedule_history *h);
/* 6.7: the moment inside the window, from the first 8 bytes of SHA-256(ARN, start) given in. */
int64_t schedule_moment(const struct window *w, uint64_t hash, int64_t jitter_max_s);
/*
 * 6.7: scheduled starts of one secret are at least 4 hours apart. Delays *moment_s as far as the
 * last start demands; false, and nothing changed, when the window has no room for that and must
 * be skipped.
 */
MUST_CHECK bool schedule_space(const struct window *w, int64_t last_start_s, int64_t *moment_s);
/* 6.8, `rotation.missed=auto`: true asks for a catch-up run, false to wait for the next window. */
bool schedule_wants_catch_up(const struct schedule *s);
/* The computed AutomaticallyAfterDays that Describe shows beside an expression (6.6, last line). */
int64_t schedule_automatically_after_days(const struct schedule *s, int64_t now_s);
/* First window strictly after `after_s`, as if the last success had been there. */
struct window schedule_window_after(const struct schedule *s, int64_t after_s);

/*
 * For `pawl schedule explain`: a line for each of the next `count` windows, then the largest gap
 * between two starts within the next four years, as if every run succeeded when its window opened.
 * Refused rules fail as in schedule_parse and add nothing to `out`.
 */
MUST_CHECK bool schedule_explain(const struct schedule_rules *r, int64_t now_s, int count,
    struct buf *out, struct err *e);
