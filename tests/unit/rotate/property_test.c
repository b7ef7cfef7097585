/* SPDX-License-Identifier: Apache-2.0 */
/*
 * property_test.c - random walks of the machine over a model of a database: requests, windows, good
 * and bad answers, crashes, time, and people who interfere. After every move what must always hold
 * is checked against the store. PAWL_TEST_SEED=N begins with another walk, PAWL_TEST_WALKS=N takes
 * more of them; a failure names its seed.
 */
#include "fixture.h"

#define WALKS 80
#define MOVES 120

struct walk {
	struct rig g;
	unsigned seed, random;
	bool has_people;		/* somebody may move labels and put values */
	char target[40];		/* the version whose password the database takes */
	unsigned put_count, token_count;
	char versions[512][40];		/* every version that was ever given a value */
	size_t version_count;
	uint64_t succeeded;		/* runs known to have succeeded */
};

static unsigned
chance(struct walk *w, unsigned n)
{
	return (unsigned)rand_r(&w->random) % n;
}

static bool
is_one(const char *z, struct str s)
{
	return s.p != NULL && str_is(s, z);
}

static void
remember(struct walk *w, struct str version_id)
{
	assert_true(w->version_count < COUNT(w->versions));
	snprintf(w->versions[w->version_count++], 40, STR_FMT, STR_ARG(version_id));
}

static struct str
pick_token(struct walk *w)
{
	return str_of(arena_printf(w->g.w.arena, "%08u-1111-4111-8111-111111111111",
	    ++w->token_count));
}

/* ---- the function: as a built-in with one user does it */

static void
create_secret(struct walk *w, struct str token)
{
	if (version_of(&w->g, token)->kind != VALUE_NONE)
		return;
	function_puts(&w->g, token, arena_printf(w->g.w.arena, "password-%u", ++w->put_count));
	remember(w, token);
}

static bool
set_secret(struct walk *w, struct str token)
{
	const struct secret *s = w->g.s;

	if (!is_one(w->target, token) && !is_one(w->target, stage_holder(s, AWSCURRENT)) &&
	    !is_one(w->target, stage_holder(s, AWSPREVIOUS)))
		return false;			/* no password we know is taken */
	snprintf(w->target, sizeof(w->target), STR_FMT, STR_ARG(token));
	return true;
}

static bool
act(struct walk *w, enum run_step step, struct str token)
{
	struct version *v = version_of(&w->g, token);

	if (v == NULL)
		return false;
	switch (step) {
	case STEP_CREATE:
		create_secret(w, token);
		return true;
	case STEP_SET:
		return v->kind != VALUE_NONE && set_secret(w, token);
	case STEP_TEST:
		return w->g.order.is_due && (is_one(w->target, token) ||
		    run_of(&w->g)->kind == RUN_TEST);
	default:
		if (!stage_is_on(w->g.s, AWSCURRENT, token))
			promote(&w->g, token, FUNCTION);
		return true;
	}
}

/* The function called last works, or fails before or after it has worked; the process may die. */
static void
function_works(struct walk *w, bool is_good)
{
	struct rig *g = &w->g;
	struct run *r = run_of(g);
	enum { FINE, FAILS_FIRST, FAILS_AFTER, DIES_FIRST, DIES_AFTER, THROTTLED } how =
	    is_good ? FINE : chance(w, 9) > 3 ? FINE : 1 + chance(w, 5);
	bool worked = true;
	struct err e;

	if (!g->order.is_due || run_is_terminal(r)) {
		g->order.is_due = false;
		return;
	}
	if (how != FAILS_FIRST && how != DIES_FIRST && how != THROTTLED)
		worked = act(w, g->order.step, r->token);
	if (how == DIES_FIRST || how == DIES_AFTER) {
		CHECK_OK(rotation_recover(&g->x, g->s, &e), &e);
		rig_settle(g);
		g->order.is_due = false;
	} else if (how == FINE && worked) {
		ok(g);
	} else {
		answer(g, how == THROTTLED ? FUNC_THROTTLED : chance(w, 3) == 0 ? FUNC_TIMEOUT :
		    FUNC_ERROR, "Whatever");
	}
}

/* ---- moves */

static void
rotate_secret(struct walk *w)
{
	struct rig *g = &w->g;
	struct str token = w->token_count > 0 && chance(w, 4) == 0 ? str_of(arena_printf(
	    g->w.arena, "%08u-1111-4111-8111-111111111111", 1 + chance(w, w->token_count))) :
	    pick_token(w);
	enum rotation_verdict verdict;
	struct err e;

	CHECK_OK(rotation_judge(&g->x, g->s, token, &verdict, &e), &e);
	if (verdict == ROTATION_START) {
		g->s->rotation.is_enabled = true;
		CHECK_OK(rotation_begin(&g->x, g->s, chance(w, 5) == 0 ? RUN_TEST : RUN_ROTATE, token,
		    "api", &e), &e);
		CHECK_OK(plan_next(g->s, g->w.cat.now_ms, &e), &e);
		if (run_of(g)->kind == RUN_TEST)
			remember(w, token);		/* its copy */
	} else if (verdict == ROTATION_REARM) {
		CHECK_OK(rotation_restart(&g->x, g->s, &e), &e);
	} else if (verdict == ROTATION_BUSY) {
		CHECK_OK(rotation_rearm(&g->x, g->s, &e), &e);
	}
	rig_settle(g);
}

static void
open_due_window(struct walk *w)
{
	struct rig *g = &w->g;
	int64_t moment = g->s->rotation.moment_ms;
	struct err e;

	if (moment == 0)
		return;
	if (moment > g->w.cat.now_ms)
		g->w.cat.now_ms = moment + (chance(w, 6) == 0 ? 3 * DAY_MS : 0);
	CHECK_OK(rotation_window(&g->x, g->s, &e), &e);
	rig_settle(g);
}

static void
pass_time(struct walk *w)
{
	static const int64_t spans[] = { 1, SECOND_MS, 5 * SECOND_MS, 2 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS };
	const struct run *r;

	if (chance(w, 2) == 0 && w->g.s->rotation.active_run != 0) {
		r = run_of(&w->g);
		if (r->not_before_ms > w->g.w.cat.now_ms)
			w->g.w.cat.now_ms = r->not_before_ms;
		return;
	}
	world_advance(&w->g.w, spans[chance(w, COUNT(spans))]);
}

static void
switch_off(struct walk *w)
{
	struct str version;
	struct err e;

	CHECK_OK(rotation_cancel(&w->g.x, w->g.s, &version, &e), &e);
	rig_settle(&w->g);
}

static void
die(struct walk *w)
{
	struct err e;

	w->g.order.is_due = false;
	CHECK_OK(rotation_recover(&w->g.x, w->g.s, &e), &e);
	rig_settle(&w->g);
}

static void
interfere(struct walk *w)
{
	struct rig *g = &w->g;
	char *id = arena_printf(g->w.arena, "hand-%u", ++w->put_count);
	struct str previous = stage_holder(g->s, AWSPREVIOUS), pending = stage_holder(g->s, AWSPENDING);

	switch (chance(w, 4)) {
	case 0:
		person_puts(g, id);
		remember(w, str_of(id));
		break;
	case 1:
		if (previous.p != NULL)
			promote(g, previous, NULL);
		break;
	case 2:
		if (pending.p != NULL && version_of(g, pending)->kind != VALUE_NONE)
			promote(g, pending, NULL);
		break;
	default:
		stage_remove(g->s, AWSPENDING);
		notice(g, false, NULL);
		break;
	}
}

static void
move(struct walk *w)
{
	unsigned n = chance(w, w->has_people ? 22 : 20);

	if (w->g.order.is_due && n < 14)
		function_works(w, false);
	else if (n < 8)
		step(&w->g);
	else if (n < 12)
		pass_time(w);
	else if (n < 15)
		rotate_secret(w);
	else if (n < 17)
		open_due_window(w);
	else if (n < 18)
		die(w);
	else if (n < 19 && chance(w, 3) == 0)
		switch_off(w);
	else if (n >= 20)
		interfere(w);
	if (w->g.s->rotation.active_run == 0 || !run_of(&w->g)->invoked)
		w->g.order.is_due = false;
}

/* ---- what must always hold */

#define HOLDS(w, what) \
	do { \
		if (!(what)) \
			fail_msg("walk %u: not so: %s; %s; %s", (w)->seed, #what, \
			    labels_of(&(w)->g.w, (w)->g.s), state_or_none(w)); \
	} while (0)

static const char *
state_or_none(struct walk *w)
{
	return w->g.s->rotation.last_run == 0 ? "no run" : state_of(&w->g);
}

static void
check_labels(struct walk *w)
{
	const struct secret *s = w->g.s;

	for (size_t i = 0; i < s->staged_count; i++) {
		HOLDS(w, s->staged[i].n > 0);
		HOLDS(w, version_of(&w->g, s->staged[i].version_id) != NULL);
		for (size_t k = i + 1; k < s->staged_count; k++)
			HOLDS(w, !str_eq(s->staged[i].version_id, s->staged[k].version_id));
		for (size_t k = 0; k < s->staged[i].n; k++)
			HOLDS(w, str_eq(stage_holder(s, s->staged[i].labels[k]),
			    s->staged[i].version_id));
	}
	HOLDS(w, stage_holder(s, AWSCURRENT).p != NULL);
	HOLDS(w, version_of(&w->g, stage_holder(s, AWSCURRENT))->kind != VALUE_NONE);
}

/* A value that was stored can be read, with or without labels. */
static void
check_values(struct walk *w)
{
	struct value value;
	struct version *v;
	struct err e;

	for (size_t i = 0; i < w->version_count; i++) {
		v = version_of(&w->g, str_of(w->versions[i]));
		HOLDS(w, v != NULL && v->kind == VALUE_STRING);
		CHECK_OK(version_value(&w->g.w.cat, w->g.s, v, &value, &e), &e);
	}
}

static void
check_due(struct walk *w)
{
	const struct rotation_config *c = &w->g.s->rotation;
	struct due list[8];
	struct run *r;
	size_t n, runs = 0, windows = 0;
	int64_t next;
	struct err e;

	CHECK_OK(due_list(&w->g.w.cat, INT64_MAX, list, COUNT(list), &n, &next, &e), &e);
	for (size_t i = 0; i < n; i++) {
		runs += list[i].what == DUE_RUN;
		windows += list[i].what == DUE_WINDOW;
		if (list[i].what == DUE_WINDOW)
			HOLDS(w, list[i].at_ms == c->moment_ms);
	}
	HOLDS(w, runs == (c->active_run != 0));
	HOLDS(w, windows == (c->moment_ms != 0));
	if (c->active_run == 0)
		return;
	r = run_of(&w->g);
	HOLDS(w, r->sequence == c->active_run && r->sequence == c->last_run && !run_is_terminal(r));
	if (r->kind == RUN_ROTATE && !stage_is_on(w->g.s, AWSCURRENT, r->token))
		HOLDS(w, stage_is_on(w->g.s, AWSPENDING, r->token));
}

/* The one thing that cannot be repaired: a password that the database takes and nobody has. Without
 * people in between it is even labelled. */
static void
check_target(struct walk *w)
{
	struct version *v = version_of(&w->g, str_of(w->target));

	HOLDS(w, v != NULL && v->kind == VALUE_STRING);
	if (!w->has_people)
		HOLDS(w, is_one(w->target, stage_holder(w->g.s, AWSCURRENT)) ||
		    is_one(w->target, stage_holder(w->g.s, AWSPENDING)));
}

static void
check(struct walk *w)
{
	check_labels(w);
	check_values(w);
	check_due(w);
	check_target(w);
}

/* ---- and in the end it can always be finished */

/* A request; when a failed or cancelled run is in its way, `pawl rotation retry`. */
static void
ask_again(struct walk *w)
{
	struct rig *g = &w->g;
	enum rotation_verdict verdict;
	struct str token = pick_token(w);
	struct err e;

	CHECK_OK(rotation_judge(&g->x, g->s, token, &verdict, &e), &e);
	if (verdict == ROTATION_START) {
		begin(g, RUN_ROTATE, token);
		return;
	}
	CHECK_OK(rotation_restart(&g->x, g->s, &e), &e);
	rig_settle(g);
}

static bool
is_finished(struct walk *w)
{
	return w->g.s->rotation.active_run == 0 && w->g.s->rotation.last_run != 0 &&
	    run_of(&w->g)->state == RUN_SUCCEEDED;
}

/* With a function that works, and an operator who asks once more when a run has ended. */
static void
finish(struct walk *w)
{
	struct rig *g = &w->g;

	g->s->rotation.is_enabled = true;
	die(w);
	for (int i = 0; i < 10 && !is_finished(w); i++) {
		if (g->s->rotation.active_run == 0)
			ask_again(w);
		if (run_of(g)->not_before_ms > g->w.cat.now_ms)
			g->w.cat.now_ms = run_of(g)->not_before_ms;
		step(g);
		while (g->order.is_due)
			function_works(w, true);
	}
	HOLDS(w, is_finished(w));
	HOLDS(w, is_one(w->target, stage_holder(g->s, AWSCURRENT)));
}

/* A RotationSucceeded for each run that succeeded, and none besides. */
static void
check_events(struct walk *w)
{
	const char *names = events_of(&w->g);
	struct run **list;
	size_t n, said = 0, done = 0;
	struct err e;

	for (const char *at = names; (at = strstr(at, "RotationSucceeded")) != NULL; at++)
		said += at == names || at[-1] == ' ';
	CHECK_OK(run_list(&w->g.w.cat, w->g.s, 200, &list, &n, &e), &e);
	for (size_t i = 0; i < n; i++)
		done += list[i]->state == RUN_SUCCEEDED;
	if (!w->has_people)		/* a rollback lets a window take a success up again (S10) */
		HOLDS(w, said == done);
	else
		HOLDS(w, said >= done);
}

static void
take_walk(unsigned seed, bool has_people)
{
	static const char *const rules[] = { "", "rate(4 hours)", "rate(1 day)", "cron(0 8 * * ? *)" };
	struct walk *w = xcalloc(1, sizeof(*w));
	unsigned rule;

	*w = (struct walk){ .seed = seed, .random = seed, .has_people = has_people };
	rig_open(&w->g);
	snprintf(w->target, sizeof(w->target), "c");
	remember(w, STR_LIT("c"));
	rule = chance(w, COUNT(rules));
	if (rule > 0)
		rig_rules(&w->g, 0, rules[rule], chance(w, 2) == 0 ? "1h" : NULL);
	for (int i = 0; i < MOVES; i++) {
		move(w);
		check(w);
	}
	if (!has_people)
		finish(w);
	check(w);
	check_events(w);
	rig_close(&w->g);
	free(w);
}

static unsigned
number(const char *name, unsigned otherwise)
{
	const char *given = getenv(name);

	return given != NULL ? (unsigned)strtoul(given, NULL, 10) : otherwise;
}

TEST("no walk loses a password, a value, a label or a due entry, and each can be finished")
{
	unsigned first = number("PAWL_TEST_SEED", 1), n = number("PAWL_TEST_WALKS", WALKS);

	for (unsigned i = 0; i < n; i++)
		take_walk(first + i, false);
}

TEST("nor does one where people put values, move labels and roll back")
{
	unsigned first = number("PAWL_TEST_SEED", 1), n = number("PAWL_TEST_WALKS", WALKS);

	for (unsigned i = 0; i < n; i++)
		take_walk(first + i, true);
}
