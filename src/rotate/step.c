/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a run: the guard of spec/rotation.md 3.5, the INVOKED commit, and what a result
 * does (3.4). The starts and the interference are in rotation.c.
 */
#include "rotate/rotation.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "catalog/stage.h"
#include "catalog/version.h"
#include "crypto/random.h"
#include "rotate/plan.h"
#include "rotate/step.h"

/* ---- what must not show up in logs, and which other secret the function may read */

static bool
is_sensitive_key(const char *key)
{
	static const char *const words[] = { "password", "secret", "token", "key" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(key, words[i]) != NULL)
			return true;
	}
	return false;
}

static void
add_mask(struct rotation_order *o, struct str s)
{
	if (s.n >= 6 && o->mask_count < sizeof(o->mask) / sizeof(o->mask[0]))
		o->mask[o->mask_count++] = s;
}

static void
study_value(const struct rotation_ctx *x, struct rotation_order *o, const struct value *v,
    bool is_current)
{
	struct err ignored;
	json_t *doc, *item;
	const char *key;

	add_mask(o, v->bytes);
	if (v->kind != VALUE_STRING)
		return;
	doc = json_parse(x->cat->arena, v->bytes, 0, &ignored);
	if (!json_is_object(doc))
		return;
	json_object_foreach(doc, key, item) {
		if (json_is_string(item) && is_sensitive_key(key))
			add_mask(o, json_str(item));
	}
	if (is_current)
		o->masterarn = json_member_str(doc, "masterarn");
}

/* T, C and V: masked in what the function prints. An unreadable value is not this step's problem. */
static void
study_versions(const struct rotation_ctx *x, struct secret *s, const struct run *r,
    struct rotation_order *o)
{
	struct str ids[] = { r->token, stage_holder(s, AWSCURRENT), stage_holder(s, AWSPREVIOUS) };
	struct err ignored;
	struct value value;
	struct version *v;

	for (size_t i = 0; i < 3; i++) {
		if (ids[i].p == NULL || !version_find(x->cat, s, ids[i], &v, &ignored) ||
		    v == NULL || v->kind == VALUE_NONE ||
		    !version_value(x->cat, s, v, &value, &ignored))
			continue;
		study_value(x, o, &value, i == 1);
	}
}

static struct str
event_payload(struct arena *a, const struct secret *s, const struct run *r)
{
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);

	jsonw_open(&w);
	jsonw_kz(&w, "Step", run_step_names[r->step]);
	jsonw_kstr(&w, "SecretId", s->arn);
	jsonw_kstr(&w, "ClientRequestToken", r->token);
	jsonw_kstr(&w, "RotationToken", r->rotation_token);
	jsonw_close(&w);
	return arena_str(a, buf_view(&b));
}

/* ---- ends */

static bool
fail(const struct rotation_ctx *x, struct secret *s, struct run *r, struct err *e)
{
	struct rotation_config *c = &s->rotation;

	if (r->window_start_ms != 0)
		c->after_failure = true;
	return rotation_end(x, s, r, RUN_FAILED, e) && plan_next(s, x->cat->now_ms, e);
}

/* T never reached the target: the label goes, so that the next run begins afresh. */
static bool
clear_pending(const struct rotation_ctx *x, struct secret *s, struct run *r, struct err *e)
{
	struct version *v;

	if (r->target_may_have_changed && !str_is(r->error_class, "POLICY_REJECTED"))
		return true;
	if (!stage_is_on(s, AWSPENDING, r->token))
		return true;
	stage_remove(s, AWSPENDING);
	if (!version_find(x->cat, s, r->token, &v, e))
		return false;
	if (v != NULL && v->kind == VALUE_NONE && stage_find(s, r->token) == NULL)
		return version_remove(x->cat, s, r->token, e);
	return true;
}

static bool
end_test(const struct rotation_ctx *x, struct secret *s, struct run *r, bool ok, struct err *e)
{
	s->rotation.last_test_error = ok ? STR_LIT("") : r->error_message;
	return rotation_end(x, s, r, ok ? RUN_TEST_SUCCEEDED : RUN_TEST_FAILED, e) &&
	    (!ok || rotation_event(x, s, r, "TestRotationSucceeded", STR_NULL, e));
}

/* ---- the guard */

enum guard { GUARD_GO, GUARD_ENDED };

static bool
guard(const struct rotation_ctx *x, struct secret *s, struct run *r, enum guard *out,
    struct err *e)
{
	bool is_promoted = stage_is_on(s, AWSCURRENT, r->token);

	*out = GUARD_ENDED;
	if (secret_is_scheduled(s))
		return rotation_end(x, s, r, RUN_CANCELLED_BY_DELETE, e);
	if (!s->rotation.is_enabled)
		return rotation_end(x, s, r, RUN_CANCELLED, e);
	/* AWSCURRENT on T: the run's own function took the short way (guard 4 is waived); somebody
	 * else's promotion has ended the run already, in rotation_noticed. */
	if (!is_promoted && !stage_is_on(s, AWSPENDING, r->token))
		return rotation_abandon(x, s, r, e);
	*out = GUARD_GO;
	return true;
}

/* ---- INVOKED */

/* The function is gone, or was never there: nothing to wait for. */
static bool
no_function(const struct rotation_ctx *x, struct secret *s, struct run *r, struct err *e)
{
	rotation_set_error(x, r, "INVOKE_PERMANENT", STR_LIT("ResourceNotFoundException"),
	    str_of(arena_printf(x->cat->arena, "Function not found: " STR_FMT,
	    STR_ARG(r->function_arn))), STR_LIT(""));
	if (!rotation_failed_event(x, s, r, e))
		return false;
	return r->kind == RUN_TEST ? end_test(x, s, r, false, e) : fail(x, s, r, e);
}

static bool
invoke(const struct rotation_ctx *x, struct secret *s, struct run *r, struct rotation_order *out,
    struct err *e)
{
	struct step_log log = { .attempt = r->attempt, .step = r->step,
		.started_ms = x->cat->now_ms, .outcome = STR_LIT("") };
	struct function_ref ref;
	char uuid[37];

	out->is_due = false;
	if (!function_ref_parse(r->function_arn, s->account, s->region, &ref))
		return no_function(x, s, r, e);
	if (!function_resolve(x->cat, &ref, &out->function, e))
		return false;
	if (out->function == NULL)
		return no_function(x, s, r, e);
	random_uuid(uuid);
	r->state = RUN_STEPPING;
	r->invoked = true;
	r->invoke_id = arena_str(x->cat->arena, str_of(uuid));
	r->not_before_ms = x->cat->now_ms;
	if (r->step == STEP_SET)
		r->target_may_have_changed = true;
	log.request_id = r->invoke_id;
	out->is_due = true;
	out->sequence = r->sequence;
	out->invoke_id = r->invoke_id;
	out->step = r->step;
	out->function_arn = r->function_arn;
	out->payload = event_payload(x->cat->arena, s, r);
	study_versions(x, s, r, out);
	return step_log_add(x->cat, s, r, &log, e) && run_put(x->cat, s, r, e);
}

/* A scheduled run that could not start before its window closed is skipped (3.7). */
static bool
window_closed(const struct rotation_ctx *x, struct secret *s, struct run *r, struct err *e)
{
	rotation_set_error(x, r, "WINDOW_CLOSED", STR_LIT(""),
	    STR_LIT("window closed before rotation could start"), STR_LIT(""));
	if (!rotation_event(x, s, r, "RotationFailed", r->error_message, e))
		return false;
	return fail(x, s, r, e);
}

static bool
announce(const struct rotation_ctx *x, struct secret *s, struct run *r, struct err *e)
{
	if (r->announced)
		return true;
	r->announced = true;
	r->started_ms = x->cat->now_ms;
	return rotation_event(x, s, r, r->kind == RUN_TEST ? "TestRotationStarted" :
	    "RotationStarted", STR_NULL, e);
}

/* A test of a secret without a value ends before it begins (1.8). */
static bool
nothing_to_test(const struct rotation_ctx *x, struct secret *s, struct run *r, struct err *e)
{
	rotation_set_error(x, r, "NO_CURRENT_VALUE", STR_LIT(""),
	    STR_LIT("no AWSCURRENT value to test with"), STR_LIT(""));
	return rotation_event(x, s, r, "TestRotationFailed", r->error_message, e) &&
	    end_test(x, s, r, false, e);
}

bool
rotation_step(const struct rotation_ctx *x, struct secret *s, struct rotation_order *out,
    struct err *e)
{
	struct run *r;
	enum guard verdict;

	memset(out, 0, sizeof(*out));
	if (!rotation_current(x, s, &r, e))
		return false;
	if (r == NULL || run_is_terminal(r) || r->invoked || r->not_before_ms > x->cat->now_ms)
		return true;
	if (!guard(x, s, r, &verdict, e))
		return false;
	if (verdict == GUARD_ENDED)
		return true;
	if (r->window_end_ms != 0 && x->cat->now_ms >= r->window_end_ms)
		return window_closed(x, s, r, e);
	if (!announce(x, s, r, e))
		return false;
	if (r->kind == RUN_TEST && stage_holder(s, AWSCURRENT).p == NULL)
		return nothing_to_test(x, s, r, e);
	if (r->state == RUN_QUEUED || r->throttled_since_ms == 0)
		r->attempt++;
	return invoke(x, s, r, out, e);
}

/* ---- results */

static const char *
outcome_name(enum func_outcome o)
{
	switch (o) {
	case FUNC_OK: return "ok";
	case FUNC_ERROR: return "function_error";
	case FUNC_TIMEOUT: return "timeout";
	case FUNC_THROTTLED: return "throttled";
	default: return "invoke_error";
	}
}

static bool
close_log(const struct rotation_ctx *x, struct secret *s, struct run *r,
    const struct func_result *result, struct err *e)
{
	struct step_log *l;

	if (r->log_count == 0)
		return true;
	if (!step_log_get(x->cat, s, r, r->log_count - 1, &l, e))
		return false;
	if (l == NULL)
		return true;
	l->ended_ms = x->cat->now_ms;
	l->outcome = str_of(outcome_name(result->outcome));
	l->error_type = result->error_type;
	l->error_message = result->error_message;
	l->log_tail = result->log_tail;
	l->billed_ms = result->billed_ms;
	return step_log_close(x->cat, s, r, l, e);
}

/* A retry begins again at createSecret, as AWS documents; when the test has passed a moment ago only
 * the finish is left to do (3.4). */
static void
begin_again(const struct rotation_ctx *x, struct run *r)
{
	bool is_tested = r->tested_ms != 0 && x->cat->now_ms - r->tested_ms < 5 * MINUTE_MS;

	if (r->kind == RUN_ROTATE && !(r->step == STEP_FINISH && is_tested))
		r->step = STEP_CREATE;
}

static bool
step_failed(const struct rotation_ctx *x, struct secret *s, struct run *r,
    const struct func_result *result, struct err *e)
{
	struct retry_decision d;
	bool has_current = stage_holder(s, AWSCURRENT).p != NULL;

	retry_decide(r, result, has_current, x->cat->now_ms, &d);
	rotation_set_error(x, r, d.class, result->error_type, result->error_message, r->invoke_id);
	r->invoked = false;
	r->not_before_ms = d.not_before_ms;
	if (!d.counted) {
		if (r->throttled_since_ms == 0)
			r->throttled_since_ms = x->cat->now_ms;
		r->throttle_count++;
	} else {
		r->throttled_since_ms = r->throttle_count = 0;
	}
	r->state = d.is_final ? RUN_FAILED : RUN_RETRY_WAIT;
	if (d.counted && !rotation_failed_event(x, s, r, e))
		return false;
	if (r->kind == RUN_TEST && d.is_final)
		return end_test(x, s, r, false, e);
	if (d.clears_pending && !clear_pending(x, s, r, e))
		return false;
	if (strcmp(d.class, "NO_CURRENT_VALUE") == 0 && str_is(r->trigger, "api"))
		s->rotation.run_when_value_arrives = true;
	if (d.is_final)
		return fail(x, s, r, e);
	if (d.counted)
		begin_again(x, r);
	return run_put(x->cat, s, r, e);
}

static bool
finished(const struct rotation_ctx *x, struct secret *s, struct run *r,
    const struct func_result *result, struct err *e)
{
	struct func_result unmoved = *result;

	if (stage_is_on(s, AWSCURRENT, r->token)) {	/* the fact that counts, error or not */
		r->state = RUN_STEPPING;
		return rotation_succeed(x, s, r, e);
	}
	if (result->outcome == FUNC_OK) {
		unmoved.outcome = FUNC_ERROR;
		unmoved.error_type = STR_LIT("");
		unmoved.error_message = STR_LIT("finishSecret did not move AWSCURRENT");
	}
	return step_failed(x, s, r, &unmoved, e);
}

bool
rotation_result(const struct rotation_ctx *x, struct secret *s, uint64_t sequence,
    struct str invoke_id, const struct func_result *result, struct rotation_order *out,
    struct err *e)
{
	enum guard verdict;
	struct run *r;

	memset(out, 0, sizeof(*out));
	if (!run_find(x->cat, s, sequence, &r, e))
		return false;
	if (r == NULL || !str_eq(r->invoke_id, invoke_id))
		return true;		/* a result nobody waits for */
	if (!close_log(x, s, r, result, e))
		return false;
	if (run_is_terminal(r) || !r->invoked)
		return true;
	if (r->step == STEP_FINISH)
		return finished(x, s, r, result, e);
	if (result->outcome != FUNC_OK)
		return step_failed(x, s, r, result, e);
	if (r->kind == RUN_TEST)
		return end_test(x, s, r, true, e);
	if (r->step == STEP_TEST)
		r->tested_ms = x->cat->now_ms;
	r->throttled_since_ms = r->throttle_count = 0;
	r->step++;
	if (!guard(x, s, r, &verdict, e))
		return false;
	return verdict == GUARD_ENDED || invoke(x, s, r, out, e);
}

bool
rotation_recover(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	struct step_log *l;
	struct run *r;

	if (!rotation_current(x, s, &r, e))
		return false;
	if (r == NULL || run_is_terminal(r) || !r->invoked)
		return true;
	if (r->log_count > 0) {
		if (!step_log_get(x->cat, s, r, r->log_count - 1, &l, e))
			return false;
		if (l != NULL) {
			l->ended_ms = x->cat->now_ms;
			l->outcome = STR_LIT("crashed");
			if (!step_log_close(x->cat, s, r, l, e))
				return false;
		}
	}
	/* The crash may have come between the function's label move and our record of it. */
	if (r->kind == RUN_ROTATE && stage_is_on(s, AWSCURRENT, r->token))
		return rotation_succeed(x, s, r, e);
	r->invoked = false;
	r->state = RUN_RETRY_WAIT;
	r->not_before_ms = x->cat->now_ms;	/* local functions died with the runner */
	begin_again(x, r);
	if (r->attempt > 0 && r->throttled_since_ms == 0)
		r->attempt--;			/* a crash of ours is not an attempt of theirs */
	if (r->target_may_have_changed)		/* 3.7: what is under way may end after the window */
		r->window_end_ms = 0;
	return run_put(x->cat, s, r, e);
}
