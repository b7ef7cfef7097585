/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pawl rotation list` and `show`: settings, history and, when a rotation is stuck, the commands
 * that free it (spec/rotation.md 2.6, 9.1). Members have AWS's names where AWS has one; times are
 * epoch seconds, as in the API. No value of a secret is read here.
 */
#include "front/admin_call.h"

#include <string.h>

#include "base/codec.h"
#include "catalog/run.h"
#include "catalog/stage.h"
#include "catalog/version.h"
#include "rotate/plan.h"

#define LIST_VISITS 1000	/* secrets looked at for one page: no view is held for long */
#define RUNS_DEFAULT 5
#define RUNS_MAX 200
#define STEPS_MAX 200

/* What a function printed or raised may be no UTF-8, and JSON must be. */
static struct str
shown(struct arena *a, struct str s)
{
	char *p;

	if (str_is_utf8(s))
		return s;
	p = arena_strz(a, s);
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)p[i] >= 0x80)
			p[i] = '?';
	}
	return (struct str){ p, s.n };
}

static void
text(struct jsonw *w, struct arena *a, const char *key, struct str s)
{
	if (s.n > 0)
		jsonw_kstr(w, key, shown(a, s));
}

static void
date(struct jsonw *w, const char *key, int64_t ms)
{
	if (ms != 0)
		jsonw_ktime(w, key, ms);
}

/* ---- a run */

static void
write_error(struct jsonw *w, struct arena *a, const struct run *r)
{
	if (r->error_class.n == 0)
		return;
	jsonw_key(w, "Error");
	jsonw_open(w);
	text(w, a, "Class", r->error_class);
	text(w, a, "Message", r->error_message);
	text(w, a, "RequestId", r->error_request_id);
	text(w, a, "Step", r->error_step);
	text(w, a, "Type", r->error_type);
	jsonw_close(w);
}

static void
write_run_members(struct jsonw *w, struct arena *a, const struct run *r)
{
	jsonw_kint(w, "Attempt", r->attempt);
	date(w, "CreatedDate", r->created_ms);
	write_error(w, a, r);
	date(w, "FinishedDate", r->finished_ms);
	text(w, a, "FunctionARN", r->function_arn);
	jsonw_kz(w, "Kind", r->kind == RUN_TEST ? "test" : "rotate");
	if (r->state == RUN_RETRY_WAIT)
		date(w, "NextAttemptDate", r->not_before_ms);
	text(w, a, "PreviousVersionId", r->previous_version_id);
	text(w, a, "PromotedBy", r->promoted_by);
	jsonw_kint(w, "Sequence", (int64_t)r->sequence);
	date(w, "StartedDate", r->started_ms);
	jsonw_kz(w, "State", run_state_names[r->state]);
	jsonw_kz(w, "Step", run_step_names[r->step]);
	jsonw_kbool(w, "TargetMayHaveChanged", r->target_may_have_changed);
	text(w, a, "Trigger", r->trigger);
	text(w, a, "VersionId", r->token);
	date(w, "WindowEnd", r->window_end_ms);
	date(w, "WindowStart", r->window_start_ms);
}

static void
write_step(struct jsonw *w, struct arena *a, const struct step_log *l, bool with_logs)
{
	jsonw_open(w);
	jsonw_kint(w, "Attempt", l->attempt);
	if (l->billed_ms != 0)
		jsonw_kint(w, "BilledMs", l->billed_ms);
	date(w, "EndedDate", l->ended_ms);
	text(w, a, "ErrorMessage", l->error_message);
	text(w, a, "ErrorType", l->error_type);
	if (with_logs)
		text(w, a, "LogTail", l->log_tail);
	jsonw_kstr(w, "Outcome", l->outcome.n > 0 ? l->outcome : STR_LIT("running"));
	text(w, a, "RequestId", l->request_id);
	date(w, "StartedDate", l->started_ms);
	jsonw_kz(w, "Step", run_step_names[l->step]);
	jsonw_close(w);
}

static bool
write_steps(struct admin_call *c, struct catalog *cat, const struct secret *s, const struct run *r,
    struct err *e)
{
	bool with_logs = json_is_true(json_object_get(c->in, "Logs"));
	uint32_t from = r->log_count > STEPS_MAX ? r->log_count - STEPS_MAX : 0;
	struct step_log *l;

	jsonw_key(&c->w, "Steps");
	jsonw_open_list(&c->w);
	for (uint32_t i = from; i < r->log_count; i++) {
		if (!step_log_get(cat, s, r, i, &l, e))
			return false;
		if (l != NULL)
			write_step(&c->w, cat->arena, l, with_logs);
	}
	jsonw_close_list(&c->w);
	return true;
}

static bool
write_runs(struct admin_call *c, struct catalog *cat, const struct secret *s, struct err *e)
{
	struct run **list;
	int64_t max;
	size_t n;

	if (!admin_number(c, "Runs", 0, RUNS_MAX, RUNS_DEFAULT, &max, e) ||
	    !run_list(cat, s, (size_t)max, &list, &n, e))
		return false;
	jsonw_key(&c->w, "Runs");
	jsonw_open_list(&c->w);
	for (size_t i = 0; i < n; i++) {
		jsonw_open(&c->w);
		write_run_members(&c->w, cat->arena, list[i]);
		if (!write_steps(c, cat, s, list[i], e))
			return false;
		jsonw_close(&c->w);
	}
	jsonw_close_list(&c->w);
	return true;
}

/* ---- a secret's settings */

static void
write_rules(struct jsonw *w, const struct rotation_config *r)
{
	if (!r->has_rules)
		return;
	jsonw_key(w, "RotationRules");
	jsonw_open(w);
	if (r->automatically_after_days != 0)
		jsonw_kint(w, "AutomaticallyAfterDays", r->automatically_after_days);
	if (r->duration.n > 0)
		jsonw_kstr(w, "Duration", r->duration);
	if (r->schedule_expression.n > 0)
		jsonw_kstr(w, "ScheduleExpression", r->schedule_expression);
	jsonw_close(w);
}

static void
write_settings(struct jsonw *w, struct arena *a, const struct secret *s)
{
	const struct rotation_config *r = &s->rotation;

	jsonw_kstr(w, "ARN", s->arn);
	date(w, "DeletedDate", s->deletion_ms);
	date(w, "LastRotatedDate", r->last_rotated_ms);
	text(w, a, "LastTestError", r->last_test_error);
	date(w, "LastValueChangedDate", s->value_ms);
	jsonw_kstr(w, "Name", s->name);
	date(w, "NextRotationDate", plan_next_rotation_date_s(s) * 1000);
	jsonw_kstr(w, "Region", s->region);
	jsonw_kbool(w, "RotationConfigured", r->is_configured);
	jsonw_kbool(w, "RotationEnabled", r->is_enabled);
	text(w, a, "RotationLambdaARN", r->lambda_arn);
	write_rules(w, r);
}

static void
write_window(struct jsonw *w, const struct rotation_config *r)
{
	if (!r->is_enabled || r->window_end_ms == 0)
		return;
	jsonw_key(w, "Window");
	jsonw_open(w);
	jsonw_ktime(w, "End", r->window_end_ms);
	date(w, "PlannedStart", r->moment_ms);
	jsonw_ktime(w, "Start", r->window_start_ms);
	jsonw_close(w);
}

static void
write_labels(struct jsonw *w, struct arena *a, const struct secret *s)
{
	jsonw_key(w, "VersionIdsToStages");
	jsonw_open(w);
	for (size_t i = 0; i < s->staged_count; i++) {
		jsonw_key_str(w, shown(a, s->staged[i].version_id));
		jsonw_open_list(w);
		for (size_t j = 0; j < s->staged[i].n; j++)
			jsonw_str(w, shown(a, s->staged[i].labels[j]));
		jsonw_close_list(w);
	}
	jsonw_close(w);
}

/* ---- stuck: a version holds AWSPENDING that is not current, and no step of it is being taken */

struct stuck {
	struct str pending;
	bool has_value;
	const struct run *last;		/* the last run; it may be about another version */
};

struct repair {
	struct jsonw *w;
	struct arena *a;
	const struct secret *s;
	const char *account;		/* " --account ID", when it is not the server's own */
};

/* Version ids are the client's and may hold anything: a command shown must be safe to paste. */
static const char *
quoted(struct arena *a, struct str s)
{
	AUTO_BUF b = BUF_INIT;

	buf_c(&b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_z(&b, "'\\''");
		else
			buf_c(&b, s.p[i]);
	}
	buf_c(&b, '\'');
	return arena_strz(a, shown(a, buf_view(&b)));
}

static void
write_repair(const struct repair *x, const char *purpose, const char *command,
    const char *aws_options)
{
	struct arena *a = x->a;
	const char *name = quoted(a, x->s->name), *region = arena_strz(a, x->s->region);

	jsonw_open(x->w);
	if (aws_options != NULL)
		jsonw_kz(x->w, "Aws", arena_printf(a, "aws secretsmanager "
		    "update-secret-version-stage --region %s --secret-id %s %s", region, name,
		    aws_options));
	jsonw_kz(x->w, "Pawl", arena_printf(a, "pawl rotation %s %s --region %s%s", command, name,
	    region, x->account));
	jsonw_kz(x->w, "Purpose", purpose);
	jsonw_close(x->w);
}

static const char *
move_current(struct arena *a, struct str to, struct str from)
{
	return arena_printf(a, "--version-stage AWSCURRENT --move-to-version-id %s%s%s",
	    quoted(a, to), from.p == NULL ? "" : " --remove-from-version-id ",
	    from.p == NULL ? "" : quoted(a, from));
}

/* The commands of 2.6 with this secret's versions filled in. */
static void
write_repairs(const struct repair *x, const struct stuck *k)
{
	struct str current = stage_holder(x->s, AWSCURRENT);
	struct str previous = stage_holder(x->s, AWSPREVIOUS);
	struct arena *a = x->a;

	if (k->last != NULL && x->s->rotation.is_enabled && str_eq(k->last->token, k->pending))
		write_repair(x, "try the same version again, now", "retry", NULL);
	write_repair(x, "give this version up, so that a new rotation can begin; the target must "
	    "not be using it", "clear-pending", arena_printf(a, "--version-stage AWSPENDING "
	    "--remove-from-version-id %s", quoted(a, k->pending)));
	if (k->has_value)
		write_repair(x, "make it current; only when the target uses it already", "promote",
		    move_current(a, k->pending, current));
	if (previous.p != NULL && current.p != NULL)
		write_repair(x, "go back to the value before the current one", "rollback",
		    move_current(a, previous, current));
}

/* True with out->pending STR_NULL when the secret is not stuck. */
static bool
find_stuck(struct catalog *cat, const struct secret *s, struct stuck *out, struct err *e)
{
	struct str pending = stage_holder(s, AWSPENDING);
	struct version *v;
	struct run **list;
	size_t n;

	*out = (struct stuck){ .pending = STR_NULL };
	if (pending.p == NULL || stage_is_on(s, AWSCURRENT, pending))
		return true;
	if (!run_list(cat, s, 1, &list, &n, e) || !version_find(cat, s, pending, &v, e))
		return false;
	out->last = n > 0 ? list[0] : NULL;
	if (n == 0 || run_is_terminal(out->last) || out->last->state == RUN_RETRY_WAIT)
		out->pending = pending;
	out->has_value = v != NULL && v->kind != VALUE_NONE;
	return true;
}

static bool
write_stuck(struct admin_call *c, struct catalog *cat, const struct secret *s, struct err *e)
{
	struct repair x = { &c->w, cat->arena, s, "" };
	struct stuck k;

	if (!find_stuck(cat, s, &k, e))
		return false;
	if (k.pending.p == NULL)
		return true;
	if (!str_is(s->account, c->server->account))
		x.account = arena_printf(cat->arena, " --account " STR_FMT, STR_ARG(s->account));
	jsonw_key(&c->w, "Stuck");
	jsonw_open(&c->w);
	jsonw_key(&c->w, "Repair");
	jsonw_open_list(&c->w);
	write_repairs(&x, &k);
	jsonw_close_list(&c->w);
	if (k.last != NULL)
		jsonw_kbool(&c->w, "TargetMayHaveChanged", k.last->target_may_have_changed);
	jsonw_kstr(&c->w, "VersionId", k.pending);
	jsonw_close(&c->w);
	return true;
}

static bool
show(struct admin_call *c, struct catalog *cat, struct err *e)
{
	struct secret *s;

	if (!admin_find_secret(c, cat, &s, e))
		return false;
	jsonw_open(&c->w);
	write_settings(&c->w, cat->arena, s);
	if (!write_runs(c, cat, s, e) || !write_stuck(c, cat, s, e))
		return false;
	write_labels(&c->w, cat->arena, s);
	write_window(&c->w, &s->rotation);
	jsonw_close(&c->w);
	return true;
}

bool
admin_rotation_show(struct admin_call *c, struct txn *t, struct err *e)
{
	AUTO(txn) *view = store_view(c->server->store, e);
	struct catalog cat = admin_catalog(c, view, c->http->arena);

	(void)t;
	return view != NULL && show(c, &cat, e);
}

/* ---- the list, in pages: "Next" of one answer is "From" of the next request */

static bool
write_row(struct admin_call *c, struct catalog *cat, const struct secret *s, struct err *e)
{
	struct run **last;
	size_t n;

	if (!s->rotation.is_configured)
		return true;
	if (!run_list(cat, s, 1, &last, &n, e))
		return false;
	jsonw_open(&c->w);
	write_settings(&c->w, cat->arena, s);
	if (n > 0) {
		jsonw_key(&c->w, "LastRun");
		jsonw_open(&c->w);
		write_run_members(&c->w, cat->arena, last[0]);
		jsonw_close(&c->w);
	}
	jsonw_close(&c->w);
	return true;
}

struct place {
	struct str region, after;	/* after: an id, or STR_NULL */
	uint8_t id[RECORD_ID_LEN];
	int visits;			/* left for this page */
};

/* Rows of one region until its end or the page's; `at` knows the last secret looked at. */
static bool
list_region(struct admin_call *c, struct catalog *cat, struct str account, struct place *at,
    struct err *e)
{
	struct secret_walk *walk = secret_walk_open(cat, account, at->region, at->after, e);
	AUTO(arena) *scratch = arena_new();
	struct catalog row = admin_catalog(c, cat->txn, scratch);
	struct secret *s;
	bool ok = true;

	if (walk == NULL)
		return false;
	err_clear(e);
	while (ok && at->visits > 0 && (s = secret_walk_next(walk, scratch, e)) != NULL) {
		at->visits--;
		memcpy(at->id, s->id, RECORD_ID_LEN);
		ok = write_row(c, &row, s, e);
		arena_reset(scratch);
	}
	secret_walk_close(walk);
	return ok && e->code == ERR_NONE;
}

static bool
read_place(const struct admin_call *c, struct place *out, struct err *e)
{
	const json_t *from = json_object_get(c->in, "From");
	struct str hex = json_member_str(from, "After");

	*out = (struct place){ .visits = LIST_VISITS };
	if (from == NULL)
		return true;
	out->region = json_member_str(from, "Region");
	if (!region_is_valid(out->region) || hex.n != (size_t)2 * RECORD_ID_LEN ||
	    !hex_decode_lower(hex, out->id, RECORD_ID_LEN))
		return err_set(e, ERR_INVALID_PARAMETER, "From is not what an earlier page gave");
	out->after = (struct str){ (const char *)out->id, RECORD_ID_LEN };
	return true;
}

static void
write_next(struct jsonw *w, const struct place *at)
{
	char hex[2 * RECORD_ID_LEN + 1] = "";

	hex_encode(at->id, RECORD_ID_LEN, hex);
	jsonw_key(w, "Next");
	jsonw_open(w);
	jsonw_kz(w, "After", hex);
	jsonw_kstr(w, "Region", at->region);
	jsonw_close(w);
}

static bool
list_all(struct admin_call *c, struct catalog *cat, struct place *at, struct err *e)
{
	struct str account = admin_account(c), only = admin_text(c, "Region");

	if (at->region.p == NULL && only.p != NULL)
		at->region = only;
	else if (at->region.p == NULL &&
	    !admin_next_region(cat, account, STR_NULL, &at->region, e))
		return false;
	while (at->region.p != NULL) {
		if (!list_region(c, cat, account, at, e))
			return false;
		if (at->visits == 0 || only.p != NULL)
			break;
		at->after = STR_NULL;
		if (!admin_next_region(cat, account, at->region, &at->region, e))
			return false;
	}
	return true;
}

bool
admin_rotation_list(struct admin_call *c, struct txn *t, struct err *e)
{
	AUTO(txn) *view = store_view(c->server->store, e);
	struct catalog cat = admin_catalog(c, view, c->http->arena);
	struct place at;

	(void)t;
	if (view == NULL || !read_place(c, &at, e))
		return false;
	jsonw_open(&c->w);
	jsonw_key(&c->w, "Rotations");
	jsonw_open_list(&c->w);
	if (!list_all(c, &cat, &at, e))
		return false;
	jsonw_close_list(&c->w);
	if (at.visits == 0)
		write_next(&c->w, &at);
	jsonw_close(&c->w);
	return true;
}
