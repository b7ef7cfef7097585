/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate/plan.h"

#include "base/clock.h"
#include "crypto/digest.h"

#define JITTER_MAX_S (2 * 3600)

bool
plan_schedule(const struct secret *s, struct schedule *out, struct err *e)
{
	const struct rotation_config *r = &s->rotation;
	struct schedule_rules rules = {
		.automatically_after_days = r->automatically_after_days,
		.schedule_expression = r->schedule_expression.n > 0 ? r->schedule_expression : STR_NULL,
		.duration = r->duration.n > 0 ? r->duration : STR_NULL,
	};

	err_clear(e);
	if (!r->has_rules)
		return false;
	return schedule_parse(&rules, out, e);
}

static int64_t
seconds_or_never(int64_t ms)
{
	return ms == 0 ? SCHEDULE_NEVER : ms / 1000;
}

/* The same every time for one secret and window, spread over all secrets (6.7). */
static uint64_t
hash_of(const struct secret *s, int64_t start_s)
{
	AUTO_BUF b = BUF_INIT;
	uint8_t digest[SHA256_LEN];
	uint64_t h = 0;

	buf_str(&b, s->arn);
	buf_u64be(&b, (uint64_t)start_s);
	sha256(buf_view(&b), digest);
	for (int i = 0; i < 8; i++)
		h = h << 8 | digest[i];
	return h;
}

/* Rates count from the last success or the last new value, cron from the last success (6.5). */
static int64_t
base_of(const struct secret *s, enum schedule_kind kind)
{
	int64_t base = s->rotation.base_ms;

	return kind != SCHEDULE_CRON && s->value_ms > base ? s->value_ms : base;
}

bool
plan_next(struct secret *s, int64_t now_ms, struct err *e)
{
	struct rotation_config *r = &s->rotation;
	struct schedule_history h;
	struct schedule sched;
	struct window w;
	int64_t moment, base;

	r->window_start_ms = r->window_end_ms = r->moment_ms = 0;
	if (!r->is_enabled || !plan_schedule(s, &sched, e))
		return !r->is_enabled || e->code == ERR_NONE;
	base = base_of(s, sched.kind);
	h = (struct schedule_history){ .base_s = seconds_or_never(base),
		.changed_s = seconds_or_never(r->changed_ms),
		.anchor_s = base == r->base_ms ? seconds_or_never(r->anchor_ms) : SCHEDULE_NEVER,
		.consumed_s = seconds_or_never(r->consumed_ms),
		.after_failure = r->after_failure, .now_s = now_ms / 1000 };
	w = schedule_next(&sched, &h);
	for (;;) {
		moment = schedule_moment(&w, hash_of(s, w.start_s), JITTER_MAX_S);
		if (schedule_space(&w, seconds_or_never(r->last_start_ms), &moment))
			break;
		h.consumed_s = w.start_s;	/* no room in it: the one after */
		w = schedule_next(&sched, &h);
	}
	r->window_start_ms = w.start_s * 1000;
	r->window_end_ms = w.end_s * 1000;
	r->moment_ms = moment * 1000;
	return true;
}

int64_t
plan_next_rotation_date_s(const struct secret *s)
{
	const struct rotation_config *r = &s->rotation;

	return r->is_enabled && r->window_end_ms != 0 ? r->window_end_ms / 1000 - 1 : 0;
}
