/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate/rotation.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "catalog/messages.h"
#include "catalog/stage.h"
#include "catalog/version.h"
#include "crypto/random.h"
#include "rotate/plan.h"
#include "rotate/step.h"

#define REARM_GUARD_MS (60 * SECOND_MS)	/* S7: no re-arm so soon after an attempt */

bool
rotation_current(const struct rotation_ctx *x, struct secret *s, struct run **out, struct err *e)
{
	uint64_t q = s->rotation.active_run != 0 ? s->rotation.active_run : s->rotation.last_run;

	*out = NULL;
	return q == 0 || run_find(x->cat, s, q, out, e);
}

/* A test leaves no label behind, however it ends: its T is nothing but a copy (1.8). */
static bool
drop_test_version(const struct rotation_ctx *x, struct secret *s, const struct run *r,
    struct err *e)
{
	struct version *v;

	if (r->kind != RUN_TEST)
		return true;
	if (stage_is_on(s, AWSPENDING, r->token))
		stage_remove(s, AWSPENDING);
	if (!version_find(x->cat, s, r->token, &v, e))
		return false;
	return v == NULL || v->kind != VALUE_NONE || version_remove(x->cat, s, r->token, e);
}

/* The run ends here: nobody waits for it any more. */
bool
rotation_end(const struct rotation_ctx *x, struct secret *s, struct run *r, enum run_state state,
    struct err *e)
{
	if (!drop_test_version(x, s, r, e))
		return false;
	r->state = state;
	r->finished_ms = x->cat->now_ms;
	r->invoked = false;
	if (s->rotation.active_run == r->sequence)
		s->rotation.active_run = 0;
	return run_put(x->cat, s, r, e);
}

void
rotation_set_error(const struct rotation_ctx *x, struct run *r, const char *class, struct str type,
    struct str message, struct str request_id)
{
	struct arena *a = x->cat->arena;

	r->error_step = str_of(run_step_names[r->step]);
	r->error_class = str_of(class);
	r->error_type = arena_str(a, type.p == NULL ? STR_LIT("") : type);
	r->error_message = arena_str(a, message.p == NULL ? STR_LIT("") :
	    (struct str){ message.p, message.n > 4096 ? 4096 : message.n });
	r->error_request_id = arena_str(a, request_id.p == NULL ? STR_LIT("") : request_id);
}

bool
rotation_failed_event(const struct rotation_ctx *x, struct secret *s, const struct run *r, struct err *e)
{
	struct str text = str_of(arena_printf(x->cat->arena, "Error when executing lambda " STR_FMT
	    " during %s step", STR_ARG(r->function_arn), run_step_names[r->step]));

	return rotation_event(x, s, r, r->kind == RUN_TEST ? "TestRotationFailed" :
	    "RotationFailed", text, e);
}

/* ---- starting */

static bool
find_token_run(const struct rotation_ctx *x, struct secret *s, struct str token, struct run **out,
    struct err *e)
{
	struct run **list;
	size_t n;

	*out = NULL;
	if (!run_list(x->cat, s, 200, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (str_eq(list[i]->token, token)) {
			*out = list[i];
			return true;
		}
	}
	return true;
}

/* S9: an empty pending version carries no credential; a new run may take its place. */
static bool
is_recoverable(const struct rotation_ctx *x, struct secret *s, struct str pending, bool *out,
    struct err *e)
{
	struct version *v;

	if (!version_find(x->cat, s, pending, &v, e))
		return false;
	*out = v == NULL || v->kind == VALUE_NONE;
	return true;
}

/* Within the window given, or bound to none. */
static bool
rearm_run(const struct rotation_ctx *x, struct secret *s, struct run *r, int64_t start_ms,
    int64_t end_ms, struct err *e)
{
	r->window_start_ms = start_ms;
	r->window_end_ms = end_ms;
	r->state = RUN_QUEUED;
	r->step = STEP_CREATE;
	r->attempt = 0;
	r->invoked = r->announced = false;
	r->throttled_since_ms = r->throttle_count = 0;
	r->finished_ms = 0;
	r->not_before_ms = x->cat->now_ms;
	r->created_ms = x->cat->now_ms;
	r->generation = s->rotation.generation;
	r->function_arn = s->rotation.lambda_arn;
	s->rotation.active_run = r->sequence;
	return run_put(x->cat, s, r, e);
}

bool
rotation_rearm(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	struct run *r;

	if (!rotation_current(x, s, &r, e))
		return false;
	if (r == NULL || r->state != RUN_FAILED || !s->rotation.is_enabled ||
	    !stage_is_on(s, AWSPENDING, r->token) ||
	    x->cat->now_ms - r->finished_ms < REARM_GUARD_MS)
		return true;
	return rearm_run(x, s, r, 0, 0, e);
}

bool
rotation_restart(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	struct run *r;

	if (!rotation_current(x, s, &r, e))
		return false;
	return r == NULL || !run_is_terminal(r) || rearm_run(x, s, r, 0, 0, e);
}

/* 1.15: the token of an earlier run. While it holds AWSPENDING in vain it is tried again, unless
 * somebody has called the rotation off (S8). */
static enum rotation_verdict
judge_again(const struct secret *s, const struct run *r)
{
	if (!stage_is_on(s, AWSPENDING, r->token) || stage_is_on(s, AWSCURRENT, r->token))
		return ROTATION_REPEAT;
	if (r->state == RUN_FAILED)
		return s->rotation.is_enabled ? ROTATION_REARM : ROTATION_BUSY;
	return r->state == RUN_CANCELLED || r->state == RUN_CANCELLED_BY_DELETE ? ROTATION_BUSY :
	    ROTATION_REPEAT;
}

bool
rotation_judge(const struct rotation_ctx *x, struct secret *s, struct str token,
    enum rotation_verdict *out, struct err *e)
{
	struct str pending = stage_holder(s, AWSPENDING), current = stage_holder(s, AWSCURRENT);
	struct run *mine, *last;
	struct version *v;
	bool recoverable = false;

	if (!find_token_run(x, s, token, &mine, e) || !rotation_current(x, s, &last, e) ||
	    !version_find(x->cat, s, token, &v, e))
		return false;
	if (mine != NULL) {
		*out = judge_again(s, mine);
		return true;
	}
	if (v != NULL)
		return err_set(e, ERR_INVALID_REQUEST, MSG_TOK, STR_ARG(token), STR_ARG(s->arn));
	*out = ROTATION_BUSY;
	if (last != NULL && !run_is_terminal(last))
		return true;
	if (pending.p == NULL || (current.p != NULL && str_eq(pending, current))) {
		*out = ROTATION_START;
		return true;
	}
	if (!is_recoverable(x, s, pending, &recoverable, e))
		return false;
	if (recoverable)
		*out = ROTATION_START;
	return true;
}

/* An empty version that loses AWSPENDING is of no use to anyone. */
static bool
drop_empty_pending(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	struct str pending = stage_holder(s, AWSPENDING);
	struct version *v;

	if (pending.p == NULL)
		return true;
	if (!version_find(x->cat, s, pending, &v, e))
		return false;
	if (v != NULL && v->kind != VALUE_NONE)
		return true;
	stage_remove(s, AWSPENDING);
	return stage_find(s, pending) != NULL || v == NULL ||
	    version_remove(x->cat, s, pending, e);
}

static bool
make_pending(const struct rotation_ctx *x, struct secret *s, enum run_kind kind, struct str token,
    struct err *e)
{
	struct str current = stage_holder(s, AWSCURRENT);
	struct value value = { .kind = VALUE_NONE };
	struct version *v;

	if (kind == RUN_TEST && current.p != NULL) {
		if (!version_find(x->cat, s, current, &v, e))
			return false;
		if (v != NULL && v->kind != VALUE_NONE &&
		    !version_value(x->cat, s, v, &value, e))
			return false;
	}
	if (!version_add(x->cat, s, token, &value, true, &v, e))
		return false;
	stage_attach(x->cat->arena, s, AWSPENDING, token);
	return stage_check_limit(s, e);
}

bool
rotation_begin(const struct rotation_ctx *x, struct secret *s, enum run_kind kind,
    struct str token, const char *trigger, struct err *e)
{
	struct run *r;
	char uuid[37];

	if (!drop_empty_pending(x, s, e) || !make_pending(x, s, kind, token, e))
		return false;
	r = run_new(x->cat, s, kind, token, trigger);
	random_uuid(uuid);
	r->rotation_token = arena_str(x->cat->arena, str_of(uuid));
	r->previous_version_id = stage_holder(s, AWSCURRENT);
	r->step = kind == RUN_TEST ? STEP_TEST : STEP_CREATE;
	return run_put(x->cat, s, r, e);
}

/* ---- interference (2.4) */

bool
rotation_succeed(const struct rotation_ctx *x, struct secret *s, struct run *r, struct err *e)
{
	struct rotation_config *c = &s->rotation;

	c->last_rotated_ms = x->cat->now_ms;
	c->after_failure = false;
	c->run_when_value_arrives = false;
	if (r->window_start_ms != 0) {	/* scheduled: the window is what later ones count from */
		struct schedule sched;

		c->anchor_ms = r->window_start_ms;
		c->base_ms = plan_schedule(s, &sched, e) && sched.kind == SCHEDULE_CRON ?
		    r->window_start_ms : x->cat->now_ms;
		if (e->code != ERR_NONE)
			return false;
	} else {
		c->anchor_ms = 0;
		c->base_ms = x->cat->now_ms;
		if (c->window_start_ms != 0 && c->window_start_ms <= x->cat->now_ms)
			c->consumed_ms = c->window_start_ms;	/* a success inside an open window */
	}
	secret_touch(s, x->cat->now_ms);
	return rotation_end(x, s, r, RUN_SUCCEEDED, e) && plan_next(s, x->cat->now_ms, e) &&
	    rotation_event(x, s, r, "RotationSucceeded", STR_NULL, e);
}

bool
rotation_abandon(const struct rotation_ctx *x, struct secret *s, struct run *r, struct err *e)
{
	return rotation_end(x, s, r, RUN_ABANDONED, e) &&
	    rotation_event(x, s, r, r->kind == RUN_TEST ? "TestRotationFailed" :
	    "RotationAbandoned", STR_NULL, e) && plan_next(s, x->cat->now_ms, e);
}

static bool
start_for_value(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	char token[37];

	s->rotation.run_when_value_arrives = false;
	if (!s->rotation.is_enabled || s->rotation.lambda_arn.n == 0)
		return true;
	random_uuid(token);
	return rotation_begin(x, s, RUN_ROTATE, str_of(token), "value_arrived", e);
}

bool
rotation_noticed(const struct rotation_ctx *x, struct secret *s, bool new_current, struct str by,
    struct str by_function, struct err *e)
{
	struct run *r;
	bool is_ours;

	if (!s->rotation.is_configured)
		return true;
	if (!rotation_current(x, s, &r, e))
		return false;
	if (r != NULL && !run_is_terminal(r)) {
		is_ours = by_function.p != NULL && str_eq(by_function, r->function_arn);
		if (r->kind == RUN_ROTATE && stage_is_on(s, AWSCURRENT, r->token)) {
			if (is_ours)	/* finishSecret, or a function that takes the short way */
				return true;
			r->promoted_by = arena_str(x->cat->arena, by);
			return rotation_succeed(x, s, r, e);
		}
		if (!stage_is_on(s, AWSPENDING, r->token))
			return rotation_abandon(x, s, r, e);
		return true;
	}
	if (!new_current)
		return true;
	if (s->rotation.run_when_value_arrives)
		return start_for_value(x, s, e);
	s->rotation.after_failure = false;
	return plan_next(s, x->cat->now_ms, e);
}

bool
rotation_cancel(const struct rotation_ctx *x, struct secret *s, struct str *out_version,
    struct err *e)
{
	struct run *r;

	*out_version = STR_NULL;
	s->rotation.is_enabled = false;
	s->rotation.generation++;
	s->rotation.run_when_value_arrives = false;
	if (!rotation_current(x, s, &r, e))
		return false;
	if (r != NULL && !run_is_terminal(r)) {
		*out_version = r->token;
		if (!rotation_end(x, s, r, RUN_CANCELLED, e) ||
		    !rotation_event(x, s, r, "RotationCancelled", STR_NULL, e))
			return false;
	}
	return plan_next(s, x->cat->now_ms, e);
}

bool
rotation_deleted(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	struct run *r;

	if (!rotation_current(x, s, &r, e))
		return false;
	if (r != NULL && !run_is_terminal(r) && !rotation_end(x, s, r, RUN_CANCELLED_BY_DELETE, e))
		return false;
	s->rotation.moment_ms = 0;
	return true;
}

bool
rotation_restored(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	if (!s->rotation.is_configured)
		return true;
	s->rotation.changed_ms = x->cat->now_ms;	/* 6.10: RestoreSecret counts as a change */
	return plan_next(s, x->cat->now_ms, e);
}

/* ---- a window opens */

/* 6.8: said once, however many windows have passed. */
static bool
missed(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	struct run shown = { .token = STR_LIT("missed"), .function_arn = s->rotation.lambda_arn };
	struct rotation_config *c = &s->rotation;

	c->after_failure = true;
	if (!rotation_event(x, s, &shown, "RotationMissedWindow", STR_NULL, e) ||
	    !plan_next(s, x->cat->now_ms, e))
		return false;
	while (c->moment_ms != 0 && c->window_end_ms <= x->cat->now_ms) {
		c->consumed_ms = c->window_start_ms;
		if (!plan_next(s, x->cat->now_ms, e))
			return false;
	}
	return true;
}

/* S7, S8, S11, S12: what holds AWSPENDING has to be finished first. */
static bool
rearm_for_window(const struct rotation_ctx *x, struct secret *s, struct run *last,
    int64_t start_ms, int64_t end_ms, struct err *e)
{
	struct str pending = stage_holder(s, AWSPENDING);

	/* After a rollback (S10) the label lies on the version that was rolled back: a run that
	 * succeeded is never run again. */
	if (last == NULL || last->kind != RUN_ROTATE || last->state == RUN_SUCCEEDED ||
	    !str_eq(last->token, pending)) {
		struct run shown = { .token = pending, .function_arn = s->rotation.lambda_arn };
		struct str text = str_of(arena_printf(x->cat->arena, "Pending secret version " STR_FMT
		    " for Secret " STR_FMT " was not created by Lambda " STR_FMT ". Remove the "
		    "AWSPENDING staging label and restart rotation", STR_ARG(pending),
		    STR_ARG(s->arn), STR_ARG(s->rotation.lambda_arn)));

		s->rotation.after_failure = true;
		return rotation_event(x, s, &shown, "RotationFailed", text, e) &&
		    plan_next(s, x->cat->now_ms, e);
	}
	return rearm_run(x, s, last, start_ms, end_ms, e);
}

bool
rotation_window(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	struct rotation_config *c = &s->rotation;
	int64_t start = c->window_start_ms, end = c->window_end_ms, now = x->cat->now_ms;
	enum rotation_verdict verdict;
	struct schedule sched;
	struct run *last;
	char token[37];

	if (!c->is_enabled || secret_is_scheduled(s) || c->moment_ms == 0 || c->moment_ms > now) {
		if (!c->is_enabled || secret_is_scheduled(s))
			c->moment_ms = 0;
		return true;
	}
	c->moment_ms = 0;
	c->consumed_ms = start;
	if (!plan_schedule(s, &sched, e) || !rotation_current(x, s, &last, e))
		return e->code == ERR_NONE;
	if (last != NULL && !run_is_terminal(last))
		return plan_next(s, now, e);	/* it is being rotated right now */
	if (now >= end) {
		if (!schedule_wants_catch_up(&sched))
			return missed(x, s, e);
		end = 0;			/* 6.8: one catch-up run, not bound to a window */
	}
	random_uuid(token);
	if (!rotation_judge(x, s, str_of(token), &verdict, e))
		return false;
	c->last_start_ms = now;
	if (verdict != ROTATION_START)
		return rearm_for_window(x, s, last, start, end, e);
	if (!rotation_begin(x, s, RUN_ROTATE, str_of(token), end == 0 ? "catchup" : "schedule", e) ||
	    !rotation_current(x, s, &last, e) || last == NULL)
		return false;
	last->window_start_ms = start;
	last->window_end_ms = end;
	return run_put(x->cat, s, last, e);
}
