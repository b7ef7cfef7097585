/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h - one secret under rotation, with an audit trail to read events from. Every transition
 * goes through the store, as in the scheduler: what the next one sees was committed.
 */
#pragma once
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/json.h"
#include "catalog_fixture.h"
#include "rotate/plan.h"
#include "rotate/rotation.h"

#define FUNCTION "arn:aws:lambda:eu-west-1:123456789012:function:pawl-rotate-generic-single"
#define T STR_LIT("11111111-1111-4111-8111-111111111111")
#define U STR_LIT("22222222-2222-4222-8222-222222222222")
#define T_ "11111111-1111-4111-8111-111111111111"
#define U_ "22222222-2222-4222-8222-222222222222"

struct rig {
	struct world w;
	char folder[32];
	struct store *store;		/* audit_open wants one; rows are put into the world's update */
	struct audit *audit;
	struct rotation_ctx x;
	struct secret *s;
	struct rotation_order order;	/* what the last transition asked to be called */
	uint64_t events_seen;
};

/* Stores the secret and reads it again, as the next update will. */
MAYBE_UNUSED static void
rig_settle(struct rig *g)
{
	world_put(&g->w, g->s);
	world_commit(&g->w);
	g->s = world_find(&g->w, "db");
	assert_non_null(g->s);
}

MAYBE_UNUSED static void
rig_open_audit(struct rig *g)
{
	struct store_config mem = { .engine = "mem" };
	struct audit_config c = { .folder = g->folder, .keyring = g->w.keys };
	struct err e;

	strcpy(g->folder, "/tmp/pawl-rotate-XXXXXX");
	assert_non_null(mkdtemp(g->folder));
	g->store = store_open(&mem, &e);
	CHECK_OK(g->store != NULL, &e);
	c.store = g->store;
	g->audit = audit_open(&c, &e);
	CHECK_OK(g->audit != NULL, &e);
}

/* The secret "db" whose version "c" is current, rotation on, no schedule. */
MAYBE_UNUSED static void
rig_open(struct rig *g)
{
	*g = (struct rig){ 0 };
	world_open(&g->w);
	rig_open_audit(g);
	g->x = (struct rotation_ctx){ &g->w.cat, g->audit };
	g->s = world_secret(&g->w, "db");
	world_version(&g->w, g->s, "c", "{\"password\":\"current-password\"}");
	stage_promote(g->w.arena, g->s, STR_LIT("c"));
	g->s->value_ms = g->w.cat.now_ms;
	g->s->rotation.is_configured = g->s->rotation.is_enabled = true;
	g->s->rotation.lambda_arn = STR_LIT(FUNCTION);
	g->s->rotation.changed_ms = g->w.cat.now_ms;
	rig_settle(g);
	world_advance(&g->w, 5 * MINUTE_MS);
}

MAYBE_UNUSED static void
rig_close(struct rig *g)
{
	static const char *const files[] = { "audit.log", "audit.chain" };
	char path[64];

	audit_close(g->audit);
	store_close(g->store);
	world_close(&g->w);
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", g->folder, files[i]);
		unlink(path);
	}
	rmdir(g->folder);
}

MAYBE_UNUSED static void
rig_rules(struct rig *g, int64_t days, const char *expression, const char *duration)
{
	struct rotation_config *r = &g->s->rotation;
	struct err e;

	r->has_rules = true;
	r->automatically_after_days = days;
	r->schedule_expression = str_of(expression);
	r->duration = str_of(duration);
	r->changed_ms = g->w.cat.now_ms;
	CHECK_OK(plan_next(g->s, g->w.cat.now_ms, &e), &e);
	rig_settle(g);
}

/* ---- what happened */

MAYBE_UNUSED static struct run *
run_of(struct rig *g)
{
	struct run *r;
	struct err e;

	CHECK_OK(rotation_current(&g->x, g->s, &r, &e), &e);
	assert_non_null(r);
	return r;
}

/* "CREATE invoked 1", "RETRY_WAIT 2": the state, the step while it counts, the attempt. */
MAYBE_UNUSED static const char *
state_of(struct rig *g)
{
	const struct run *r = run_of(g);

	if (r->state == RUN_STEPPING)
		return arena_printf(g->w.arena, "%s%s %u", run_step_names[r->step],
		    r->invoked ? " invoked" : "", r->attempt);
	if (r->state == RUN_RETRY_WAIT)
		return arena_printf(g->w.arena, "RETRY_WAIT %s %u", run_step_names[r->step],
		    r->attempt);
	return run_state_names[r->state];
}

#define CHECK_STATE(g, want) assert_string_equal(state_of(g), (want))

/* Names of the events since the last time, in order, with errorMessage when there is one. */
MAYBE_UNUSED static const char *
events_of(struct rig *g)
{
	AUTO_BUF b = BUF_INIT;
	struct str key, stored, plain;
	uint64_t n = 0;
	AUTO(scan) *scan = NULL;
	struct err e;

	scan = scan_open(g->w.cat.txn, STR_LIT("ar"), STR_NULL, &e);
	CHECK_OK(scan != NULL, &e);
	while (scan_next(scan, &key, &stored, &e)) {
		const json_t *record;

		if (++n <= g->events_seen)
			continue;
		CHECK_OK(keyring_meta_open(g->w.keys, key, 0, stored, g->w.arena, &plain, &e), &e);
		record = json_parse(g->w.arena, plain, 0, &e);
		assert_non_null(record);
		if (b.n > 0)
			buf_c(&b, ' ');
		buf_str(&b, json_member_str(record, "eventName"));
	}
	g->events_seen = n;
	return arena_strz(g->w.arena, buf_view(&b));
}

#define CHECK_EVENTS(g, want) assert_string_equal(events_of(g), (want))

/* The step log: "createSecret:ok setSecret:crashed". */
MAYBE_UNUSED static const char *
log_of(struct rig *g)
{
	const struct run *r = run_of(g);
	AUTO_BUF b = BUF_INIT;
	struct step_log *l;
	struct err e;

	for (uint32_t i = 0; i < r->log_count; i++) {
		CHECK_OK(step_log_get(&g->w.cat, g->s, r, i, &l, &e), &e);
		assert_non_null(l);
		buf_printf(&b, "%s%s:" STR_FMT, i > 0 ? " " : "", run_step_names[l->step],
		    STR_ARG(l->outcome));
	}
	return arena_strz(g->w.arena, buf_view(&b));
}

MAYBE_UNUSED static struct version *
version_of(struct rig *g, struct str id)
{
	struct version *v;
	struct err e;

	CHECK_OK(version_find(&g->w.cat, g->s, id, &v, &e), &e);
	return v;
}

/* ---- what others do */

MAYBE_UNUSED static void
begin(struct rig *g, enum run_kind kind, struct str token)
{
	struct err e;

	CHECK_OK(rotation_begin(&g->x, g->s, kind, token, "api", &e), &e);
	rig_settle(g);
}

/* The scheduler: the run's moment has come. */
MAYBE_UNUSED static void
step(struct rig *g)
{
	struct err e;

	CHECK_OK(rotation_step(&g->x, g->s, &g->order, &e), &e);
	rig_settle(g);
}

/* The function called last has answered. */
MAYBE_UNUSED static void
answer(struct rig *g, enum func_outcome outcome, const char *type)
{
	struct func_result result = { .outcome = outcome, .error_type = str_of(type),
		.error_message = type == NULL ? STR_NULL : STR_LIT("it said so") };
	struct rotation_order last = g->order;
	struct err e;

	assert_true(last.is_due);
	CHECK_OK(rotation_result(&g->x, g->s, last.sequence, last.invoke_id, &result, &g->order, &e),
	    &e);
	rig_settle(g);
}

MAYBE_UNUSED static void
ok(struct rig *g)
{
	answer(g, FUNC_OK, NULL);
}

MAYBE_UNUSED static void
notice(struct rig *g, bool new_current, const char *by_function)
{
	struct err e;

	CHECK_OK(rotation_noticed(&g->x, g->s, new_current, STR_LIT("arn:caller"),
	    str_of(by_function), &e), &e);
	rig_settle(g);
}

/* PutSecretValue(T, [AWSPENDING]) by the function. */
MAYBE_UNUSED static void
function_puts(struct rig *g, struct str token, const char *text)
{
	struct value value = { VALUE_STRING, str_of(text) };
	struct err e;

	CHECK_OK(version_fill(&g->w.cat, g->s, version_of(g, token), &value, &e), &e);
	stage_attach(g->w.arena, g->s, AWSPENDING, token);
	notice(g, false, FUNCTION);
}

/* UpdateSecretVersionStage(AWSCURRENT -> version); by_function NULL: by a person. */
MAYBE_UNUSED static void
promote(struct rig *g, struct str version_id, const char *by_function)
{
	stage_promote(g->w.arena, g->s, version_id);
	notice(g, false, by_function);
}

/* PutSecretValue without stages, by a person. */
MAYBE_UNUSED static void
person_puts(struct rig *g, const char *id)
{
	world_version(&g->w, g->s, id, "by hand");
	stage_promote(g->w.arena, g->s, str_of(id));
	stage_remove(g->s, AWSPENDING);
	g->s->value_ms = g->w.cat.now_ms;
	notice(g, true, NULL);
}

/* Moves the clock to the run's next attempt. */
MAYBE_UNUSED static void
wait_for_retry(struct rig *g)
{
	int64_t at = run_of(g)->not_before_ms;

	assert_true(at >= g->w.cat.now_ms);
	g->w.cat.now_ms = at;
}

/* As far as the step that is invoked now; createSecret has stored a value on the way. */
MAYBE_UNUSED static void
run_to(struct rig *g, enum run_step to)
{
	step(g);
	while (g->order.is_due && g->order.step < to) {
		if (g->order.step == STEP_CREATE && version_of(g, run_of(g)->token)->kind == VALUE_NONE)
			function_puts(g, run_of(g)->token, "{\"password\":\"new-password\"}");
		ok(g);
	}
	assert_true(g->order.is_due && g->order.step == to);
}

/* All four steps of a good function. */
MAYBE_UNUSED static void
run_through(struct rig *g)
{
	run_to(g, STEP_FINISH);
	promote(g, run_of(g)->token, FUNCTION);
	ok(g);
}

/* A run that has used up every attempt; AWSPENDING stays on T, which has a value. */
MAYBE_UNUSED static void
run_to_failure(struct rig *g, enum run_step at)
{
	run_to(g, at);
	answer(g, FUNC_ERROR, "Runtime.Whatever");
	while (!run_is_terminal(run_of(g))) {
		wait_for_retry(g);
		step(g);
		if (g->order.is_due)
			answer(g, FUNC_ERROR, "Runtime.Whatever");
	}
	assert_int_equal(run_of(g)->state, RUN_FAILED);
}
