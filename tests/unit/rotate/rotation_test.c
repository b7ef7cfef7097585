/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine, on a store in memory and a clock that stands still: tables 2.2, 2.3, 2.4 and 3.4 of
 * spec/rotation.md, the test path (1.8), secrets without a value (1.9), tokens (1.15), windows
 * (6.8) and what a crash leaves to do (3.8).
 */
#include "fixture.h"

/* ---- table 2.2: labels before RotateSecret -> what it does */

enum last { NO_RUN, ACTIVE, FAILED, CANCELLED, SUCCEEDED, TESTING, TESTED };

struct before {
	const char *name;
	const char *labels[3];		/* "version:LABEL,LABEL" */
	const char *pending;		/* AWSPENDING's version has: "value", "nothing", "no record" */
	enum last last;			/* the run whose token is T */
	bool off;			/* rotation is disabled */
	enum rotation_verdict other, same;	/* RotateSecret with a new token; with T */
};

static const struct before table_2_2[] = {
	{ "S1", { "c:AWSCURRENT" }, NULL, NO_RUN, false, ROTATION_START, ROTATION_START },
	{ "S2", { 0 }, NULL, NO_RUN, false, ROTATION_START, ROTATION_START },
	{ "S3", { "c:mine" }, NULL, NO_RUN, false, ROTATION_START, ROTATION_START },
	{ "S4", { T_ ":AWSCURRENT,AWSPENDING", "c:AWSPREVIOUS" }, "value", SUCCEEDED, false,
	  ROTATION_START, ROTATION_REPEAT },
	{ "S5, S6", { "c:AWSCURRENT", T_ ":AWSPENDING" }, "value", ACTIVE, false,
	  ROTATION_BUSY, ROTATION_REPEAT },
	{ "S5, S6, before there is a value", { "c:AWSCURRENT", T_ ":AWSPENDING" }, "nothing", ACTIVE,
	  false, ROTATION_BUSY, ROTATION_REPEAT },
	{ "S7", { "c:AWSCURRENT", T_ ":AWSPENDING" }, "value", FAILED, false,
	  ROTATION_BUSY, ROTATION_REARM },
	{ "S8", { "c:AWSCURRENT", T_ ":AWSPENDING" }, "value", CANCELLED, true,
	  ROTATION_BUSY, ROTATION_BUSY },
	{ "S8, failed and then switched off", { "c:AWSCURRENT", T_ ":AWSPENDING" }, "value", FAILED,
	  true, ROTATION_BUSY, ROTATION_BUSY },
	{ "S9", { "c:AWSCURRENT", T_ ":AWSPENDING" }, "nothing", FAILED, false,
	  ROTATION_START, ROTATION_REARM },
	{ "S10", { "c:AWSCURRENT", T_ ":AWSPREVIOUS,AWSPENDING" }, "value", SUCCEEDED, false,
	  ROTATION_BUSY, ROTATION_REPEAT },
	{ "S11", { "c:AWSCURRENT", T_ ":AWSPENDING,mine" }, "value", FAILED, false,
	  ROTATION_BUSY, ROTATION_REARM },
	{ "S12", { T_ ":AWSPENDING" }, "value", FAILED, false, ROTATION_BUSY, ROTATION_REARM },
	{ "S13", { "c:AWSCURRENT", "h:AWSPENDING" }, "value", NO_RUN, true,
	  ROTATION_BUSY, ROTATION_BUSY },
	{ "S14", { "c:AWSCURRENT", T_ ":AWSPENDING" }, "value", TESTING, false,
	  ROTATION_BUSY, ROTATION_REPEAT },
	{ "S16", { "c:AWSCURRENT", "h:AWSPENDING" }, "no record", NO_RUN, false,
	  ROTATION_START, ROTATION_START },
	{ "1.15: the token of a test", { "c:AWSCURRENT" }, NULL, TESTED, false,
	  ROTATION_START, ROTATION_REPEAT },
	{ "1.15: the token of a run that was cancelled and cleared", { "c:AWSCURRENT" }, NULL,
	  CANCELLED, false, ROTATION_START, ROTATION_REPEAT },
};

static void
attach_all(struct rig *g, const struct before *b)
{
	for (size_t i = 0; i < COUNT(b->labels) && b->labels[i] != NULL; i++) {
		struct str rest = str_of(b->labels[i]), version, label;

		if (!str_split(&rest, ':', &version))
			fail_msg("'%s'", b->labels[i]);
		while (str_split(&rest, ',', &label)) {
			bool is_pending = str_eq(label, AWSPENDING);

			if (version_of(g, version) == NULL &&
			    !(is_pending && strcmp(b->pending, "no record") == 0))
				world_version(&g->w, g->s, arena_strz(g->w.arena, version), is_pending &&
				    strcmp(b->pending, "nothing") == 0 ? NULL : "x");
			stage_attach(g->w.arena, g->s, label, version);
		}
	}
}

static void
add_run(struct rig *g, const struct before *b)
{
	static const enum run_state states[] = { [ACTIVE] = RUN_STEPPING, [FAILED] = RUN_FAILED,
		[CANCELLED] = RUN_CANCELLED, [SUCCEEDED] = RUN_SUCCEEDED, [TESTING] = RUN_STEPPING,
		[TESTED] = RUN_TEST_SUCCEEDED };
	struct run *r;
	struct err e;

	if (b->last == NO_RUN)
		return;
	r = run_new(&g->w.cat, g->s, b->last == TESTING || b->last == TESTED ? RUN_TEST : RUN_ROTATE,
	    T, "api");
	r->state = states[b->last];
	if (run_is_terminal(r))
		g->s->rotation.active_run = 0;
	CHECK_OK(run_put(&g->w.cat, g->s, r, &e), &e);
}

static void
set_up(struct rig *g, const struct before *b)
{
	rig_open(g);
	g->s->staged_count = 0;
	attach_all(g, b);
	add_run(g, b);
	g->s->rotation.is_enabled = !b->off;
	rig_settle(g);
}

TEST("table 2.2: what RotateSecret does with the labels it finds")
{
	for (size_t i = 0; i < COUNT(table_2_2); i++) {
		const struct before *b = &table_2_2[i];
		enum rotation_verdict got;
		struct rig g;
		struct err e;

		set_up(&g, b);
		CHECK_OK(rotation_judge(&g.x, g.s, U, &got, &e), &e);
		if (got != b->other)
			fail_msg("%s, another token: verdict %d, wanted %d", b->name, got, b->other);
		CHECK_OK(rotation_judge(&g.x, g.s, T, &got, &e), &e);
		if (got != b->same)
			fail_msg("%s, its own token: verdict %d, wanted %d", b->name, got, b->same);
		rig_close(&g);
	}
}

TEST("V19: a token that names a version which no rotation made is refused")
{
	enum rotation_verdict got;
	struct rig g;
	struct err e;

	rig_open(&g);
	CHECK_ERR(rotation_judge(&g.x, g.s, STR_LIT("c"), &got, &e), &e, ERR_INVALID_REQUEST);
	assert_non_null(strstr(e.msg, "You can't use ClientRequestToken c because that value is "
	    "already in use for a version of secret arn:"));
	rig_close(&g);
}

TEST("1.7, S2, S4, S9, S16: what a start does to the labels")
{
	static const struct { const char *row, *after; } rows[] = {
		{ "S1", "22222222-2222-4222-8222-222222222222:AWSPENDING c:AWSCURRENT" },
		{ "S2", "22222222-2222-4222-8222-222222222222:AWSPENDING" },
		{ "S4", T_ ":AWSCURRENT " U_ ":AWSPENDING c:AWSPREVIOUS" },
		{ "S9", U_ ":AWSPENDING c:AWSCURRENT" },
		{ "S16", U_ ":AWSPENDING c:AWSCURRENT" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct before *b = table_2_2;
		struct rig g;

		while (strcmp(b->name, rows[i].row) != 0)
			b++;
		set_up(&g, b);
		begin(&g, RUN_ROTATE, U);
		CHECK_LABELS(&g.w, g.s, rows[i].after);
		assert_int_equal(version_of(&g, U)->kind, VALUE_NONE);
		CHECK_STATE(&g, "QUEUED");
		if (strcmp(b->name, "S9") == 0)
			assert_null(version_of(&g, T));	/* it carried no credential */
		rig_close(&g);
	}
}

/* ---- 3.4: the way of a good run */

TEST("four steps in order, each INVOKED in the commit that records the one before")
{
	struct rig g;
	struct func_result fine = { .outcome = FUNC_OK };
	struct rotation_order stale;
	struct err e;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	CHECK_EVENTS(&g, "");
	step(&g);
	CHECK_EVENTS(&g, "RotationStarted");
	CHECK_STATE(&g, "createSecret invoked 1");
	assert_false(run_of(&g)->target_may_have_changed);
	function_puts(&g, T, "new");
	stale = g.order;
	ok(&g);
	CHECK_STATE(&g, "setSecret invoked 1");
	assert_true(run_of(&g)->target_may_have_changed);	/* set before the function is called */
	ok(&g);
	CHECK_STATE(&g, "testSecret invoked 1");
	ok(&g);
	CHECK_STATE(&g, "finishSecret invoked 1");
	/* A result that comes twice, or late, changes nothing. */
	CHECK_OK(rotation_result(&g.x, g.s, stale.sequence, stale.invoke_id, &fine, &stale, &e), &e);
	assert_false(stale.is_due);
	CHECK_STATE(&g, "finishSecret invoked 1");
	promote(&g, T, FUNCTION);
	CHECK_STATE(&g, "finishSecret invoked 1");
	world_advance(&g.w, 46);
	ok(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	CHECK_EVENTS(&g, "RotationSucceeded");
	assert_string_equal(log_of(&g), "createSecret:ok setSecret:ok testSecret:ok finishSecret:ok");
	assert_int_equal(g.s->rotation.last_rotated_ms, g.w.cat.now_ms);
	assert_int_equal(g.s->rotation.active_run, 0);
	CHECK_LABELS(&g.w, g.s, T_ ":AWSCURRENT,AWSPENDING c:AWSPREVIOUS");
	rig_close(&g);
}

TEST("4.1: the event has four members, the same token and the ARN in every step")
{
	static const char *const steps[] = { "createSecret", "setSecret", "testSecret",
		"finishSecret" };
	struct str rotation_token = STR_NULL;
	struct rig g;
	struct err e;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	step(&g);
	for (size_t i = 0; i < 4; i++) {
		json_t *event = json_parse(g.w.arena, g.order.payload, 0, &e);

		assert_int_equal(json_object_size(event), 4);
		CHECK_STR(json_member_str(event, "Step"), steps[i]);
		CHECK_STR(json_member_str(event, "ClientRequestToken"), T_);
		assert_true(str_eq(json_member_str(event, "SecretId"), g.s->arn));
		if (i == 0)
			rotation_token = json_member_str(event, "RotationToken");
		assert_true(rotation_token.n == 36 &&
		    str_eq(rotation_token, json_member_str(event, "RotationToken")));
		CHECK_STR(g.order.function_arn, FUNCTION);
		if (i == 0)
			function_puts(&g, T, "new");
		if (i == 3)
			promote(&g, T, FUNCTION);
		ok(&g);
	}
	rig_close(&g);
}

TEST("values of T, C and V are handed over to be masked in logs")
{
	struct rig g;
	bool has_new = false, has_old = false;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_SET);
	for (size_t i = 0; i < g.order.mask_count; i++) {
		has_new |= str_is(g.order.mask[i], "new-password");
		has_old |= str_is(g.order.mask[i], "current-password");
	}
	assert_true(has_new && has_old);
	rig_close(&g);
}

TEST("a run whose moment has not come, or that is invoked, is not stepped")
{
	struct rotation_order invoked;
	struct rig g;

	rig_open(&g);
	step(&g);				/* no run at all */
	assert_false(g.order.is_due);
	begin(&g, RUN_ROTATE, T);
	step(&g);
	assert_true(g.order.is_due);
	invoked = g.order;
	step(&g);
	assert_false(g.order.is_due);
	g.order = invoked;
	answer(&g, FUNC_ERROR, "X");
	g.w.cat.now_ms = run_of(&g)->not_before_ms - 1;
	step(&g);
	assert_false(g.order.is_due);
	world_advance(&g.w, 1);
	step(&g);
	assert_true(g.order.is_due);
	rig_close(&g);
}

/* ---- table 2.3: labels after the run */

TEST("2.3: a function may take AWSPENDING off itself")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_FINISH);
	stage_promote(g.w.arena, g.s, T);
	stage_remove(g.s, AWSPENDING);
	notice(&g, false, FUNCTION);
	ok(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	CHECK_LABELS(&g.w, g.s, T_ ":AWSCURRENT c:AWSPREVIOUS");
	rig_close(&g);
}

TEST("2.3: createSecret that fails before it stores a value leaves T empty and readers alone")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	step(&g);
	answer(&g, FUNC_ERROR, "Runtime.Whatever");
	CHECK_STATE(&g, "RETRY_WAIT createSecret 1");
	CHECK_EVENTS(&g, "RotationStarted RotationFailed");
	CHECK_LABELS(&g.w, g.s, T_ ":AWSPENDING c:AWSCURRENT");
	assert_int_equal(version_of(&g, T)->kind, VALUE_NONE);
	rig_close(&g);
}

TEST("2.3: T is never deleted once it has a value; a retry begins at createSecret with it")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_SET);
	answer(&g, FUNC_ERROR, "Runtime.Whatever");
	CHECK_STATE(&g, "RETRY_WAIT createSecret 1");
	CHECK_LABELS(&g.w, g.s, T_ ":AWSPENDING c:AWSCURRENT");
	assert_int_equal(version_of(&g, T)->kind, VALUE_STRING);
	wait_for_retry(&g);
	step(&g);
	CHECK_STATE(&g, "createSecret invoked 2");
	assert_non_null(strstr(arena_strz(g.w.arena, g.order.payload), T_));
	CHECK_EVENTS(&g, "RotationStarted RotationFailed");	/* started once, not once an attempt */
	rig_close(&g);
}

TEST("2.3: a finishSecret that fails after it moved AWSCURRENT is a success")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_FINISH);
	promote(&g, T, FUNCTION);
	answer(&g, FUNC_TIMEOUT, "Sandbox.Timedout");
	CHECK_STATE(&g, "SUCCEEDED");
	CHECK_EVENTS(&g, "RotationStarted RotationSucceeded");
	assert_string_equal(log_of(&g),
	    "createSecret:ok setSecret:ok testSecret:ok finishSecret:timeout");
	rig_close(&g);
}

TEST("2.3: a finishSecret that says ok and moved nothing is a failure; only it is tried again")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_FINISH);
	ok(&g);
	CHECK_STATE(&g, "RETRY_WAIT finishSecret 1");
	CHECK_STR(run_of(&g)->error_message, "finishSecret did not move AWSCURRENT");
	CHECK_EVENTS(&g, "RotationStarted RotationFailed");
	wait_for_retry(&g);
	step(&g);
	CHECK_STATE(&g, "finishSecret invoked 2");
	promote(&g, T, FUNCTION);
	ok(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	rig_close(&g);
}

TEST("3.4: finishSecret is resumed only while the test is less than five minutes old")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_FINISH);
	world_advance(&g.w, 5 * MINUTE_MS);
	answer(&g, FUNC_ERROR, "Runtime.Whatever");
	CHECK_STATE(&g, "RETRY_WAIT createSecret 1");
	rig_close(&g);
}

TEST("3.4: attempts that are used up end in FAILED, and AWSPENDING stays")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to_failure(&g, STEP_TEST);
	CHECK_LABELS(&g.w, g.s, T_ ":AWSPENDING c:AWSCURRENT");
	assert_int_equal(g.s->rotation.active_run, 0);
	assert_true(g.s->rotation.is_enabled);
	CHECK_STR(run_of(&g)->error_class, "FUNCTION_ERROR");
	CHECK_STR(run_of(&g)->error_type, "Runtime.Whatever");
	assert_true(run_of(&g)->attempt >= 5);
	assert_null(strstr(events_of(&g), "RotationSucceeded"));
	rig_close(&g);
}

TEST("3.6: a throttled step is tried again where it was, and no attempt is counted")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_SET);
	for (int i = 0; i < 8; i++) {
		answer(&g, FUNC_THROTTLED, "TooManyRequestsException");
		CHECK_STATE(&g, "RETRY_WAIT setSecret 1");
		wait_for_retry(&g);
		step(&g);
		CHECK_STATE(&g, "setSecret invoked 1");
	}
	CHECK_EVENTS(&g, "RotationStarted");
	ok(&g);
	CHECK_STATE(&g, "testSecret invoked 1");
	assert_int_equal(run_of(&g)->throttle_count, 0);
	rig_close(&g);
}

TEST("a function that is gone ends the run at once")
{
	struct rig g;

	rig_open(&g);
	g.s->rotation.lambda_arn = STR_LIT("arn:aws:lambda:eu-west-1:123456789012:function:gone");
	rig_settle(&g);
	begin(&g, RUN_ROTATE, T);
	step(&g);
	assert_false(g.order.is_due);
	CHECK_STATE(&g, "FAILED");
	CHECK_STR(run_of(&g)->error_class, "INVOKE_PERMANENT");
	CHECK_EVENTS(&g, "RotationStarted RotationFailed");
	rig_close(&g);
}

TEST("3.6: a password that the target's policy refuses is given up, so that the next is another")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_SET);
	answer(&g, FUNC_ERROR, "POLICY_REJECTED");
	CHECK_STATE(&g, "FAILED");
	CHECK_LABELS(&g.w, g.s, "c:AWSCURRENT");
	assert_non_null(version_of(&g, T));	/* 3.9: kept, as a retired pending */
	rig_close(&g);
}

/* ---- table 2.4: interference */

struct interference {
	const char *name;
	void (*act)(struct rig *g);
	const char *labels, *state, *events;
};

static void
put_current(struct rig *g)
{
	person_puts(g, "x");
}

static void
put_pending(struct rig *g)
{
	world_version(&g->w, g->s, "x", "by hand");
	stage_attach(g->w.arena, g->s, AWSPENDING, STR_LIT("x"));
	notice(g, false, NULL);
}

static void
fill_pending(struct rig *g)
{
	function_puts(g, T, "new");
}

static void
fill_with_label(struct rig *g)
{
	stage_attach(g->w.arena, g->s, STR_LIT("custom"), T);
	function_puts(g, T, "new");
}

static void
shortcut(struct rig *g)
{
	struct value value = { VALUE_STRING, STR_LIT("new") };
	struct err e;

	CHECK_OK(version_fill(&g->w.cat, g->s, version_of(g, T), &value, &e), &e);
	stage_promote(g->w.arena, g->s, T);
	stage_remove(g->s, AWSPENDING);
	notice(g, true, FUNCTION);
}

static void
take_pending(struct rig *g)
{
	stage_remove(g->s, AWSPENDING);
	notice(g, false, NULL);
}

static void
promote_by_hand(struct rig *g)
{
	promote(g, T, NULL);
}

static void
promote_by_other_function(struct rig *g)
{
	promote(g, T, "arn:aws:lambda:eu-west-1:123456789012:function:another");
}

static void
roll_back(struct rig *g)
{
	world_version(&g->w, g->s, "older", "older");
	promote(g, STR_LIT("older"), NULL);
}

static void
describe_anew(struct rig *g)
{
	g->s->description = STR_LIT("another");
	rig_settle(g);
}

static void
delete_secret(struct rig *g)
{
	struct err e;

	g->s->deletion_ms = g->w.cat.now_ms + 7 * DAY_MS;
	CHECK_OK(rotation_deleted(&g->x, g->s, &e), &e);
	rig_settle(g);
}

static void
cancel(struct rig *g)
{
	struct str version;
	struct err e;

	CHECK_OK(rotation_cancel(&g->x, g->s, &version, &e), &e);
	CHECK_STR(version, T_);
	rig_settle(g);
}

static const struct interference table_2_4[] = {
	{ "a put that makes a new AWSCURRENT", put_current, "c:AWSPREVIOUS x:AWSCURRENT",
	  "ABANDONED", "RotationAbandoned" },
	{ "AWSPENDING goes to another version", put_pending, "c:AWSCURRENT x:AWSPENDING",
	  "ABANDONED", "RotationAbandoned" },
	{ "the function fills T", fill_pending, T_ ":AWSPENDING c:AWSCURRENT",
	  "createSecret invoked 1", "" },
	{ "and adds a label of its own", fill_with_label, T_ ":AWSPENDING,custom c:AWSCURRENT",
	  "createSecret invoked 1", "" },
	{ "the function makes T current at once", shortcut, T_ ":AWSCURRENT c:AWSPREVIOUS",
	  "createSecret invoked 1", "" },
	{ "somebody takes AWSPENDING away", take_pending, "c:AWSCURRENT", "ABANDONED",
	  "RotationAbandoned" },
	{ "a person promotes T", promote_by_hand, T_ ":AWSCURRENT,AWSPENDING c:AWSPREVIOUS",
	  "SUCCEEDED", "RotationSucceeded" },
	{ "another function promotes T", promote_by_other_function,
	  T_ ":AWSCURRENT,AWSPENDING c:AWSPREVIOUS", "SUCCEEDED", "RotationSucceeded" },
	{ "a rollback", roll_back, T_ ":AWSPENDING c:AWSPREVIOUS older:AWSCURRENT",
	  "createSecret invoked 1", "" },
	{ "an edit of the description", describe_anew, T_ ":AWSPENDING c:AWSCURRENT",
	  "createSecret invoked 1", "" },
	{ "DeleteSecret", delete_secret, T_ ":AWSPENDING c:AWSCURRENT", "CANCELLED_BY_DELETE", "" },
	{ "CancelRotateSecret", cancel, T_ ":AWSPENDING c:AWSCURRENT", "CANCELLED",
	  "RotationCancelled" },
};

TEST("table 2.4: what others do to the secret while its function works")
{
	for (size_t i = 0; i < COUNT(table_2_4); i++) {
		const struct interference *t = &table_2_4[i];
		bool goes_on;
		struct rig g;

		rig_open(&g);
		begin(&g, RUN_ROTATE, T);
		step(&g);
		CHECK_EVENTS(&g, "RotationStarted");
		t->act(&g);
		if (strcmp(labels_of(&g.w, g.s), t->labels) != 0 || strcmp(state_of(&g), t->state) != 0)
			fail_msg("%s: %s, %s", t->name, labels_of(&g.w, g.s), state_of(&g));
		CHECK_EVENTS(&g, t->events);
		/* What the function answers then matters only to a run that goes on. */
		goes_on = !run_is_terminal(run_of(&g));
		ok(&g);
		assert_int_equal(g.order.is_due, goes_on);
		if (!goes_on)
			CHECK_STATE(&g, t->state);
		assert_string_equal(log_of(&g), goes_on ? "createSecret:ok setSecret:" :
		    "createSecret:ok");
		rig_close(&g);
	}
}

TEST("2.4: who promoted T is recorded, and its rotation date is that moment")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_TEST);
	promote(&g, T, NULL);
	CHECK_STR(run_of(&g)->promoted_by, "arn:caller");
	assert_int_equal(g.s->rotation.last_rotated_ms, g.w.cat.now_ms);
	rig_close(&g);
}

TEST("3.5: a function that took the short way is called for the remaining steps and succeeds")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	step(&g);
	shortcut(&g);
	ok(&g);
	ok(&g);
	ok(&g);
	CHECK_STATE(&g, "finishSecret invoked 1");
	ok(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	CHECK_EVENTS(&g, "RotationStarted RotationSucceeded");
	rig_close(&g);
}

TEST("interference between attempts counts as well as during one")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_SET);
	answer(&g, FUNC_ERROR, "X");
	take_pending(&g);
	CHECK_STATE(&g, "ABANDONED");
	wait_for_retry(&g);
	step(&g);
	assert_false(g.order.is_due);
	rig_close(&g);
}

/* ---- 1.8: the test path */

TEST("1.8: a test has a copy of AWSCURRENT, one testSecret, and leaves no label")
{
	struct value copy;
	struct rig g;
	struct err e;

	rig_open(&g);
	begin(&g, RUN_TEST, T);
	CHECK_LABELS(&g.w, g.s, T_ ":AWSPENDING c:AWSCURRENT");
	CHECK_OK(version_value(&g.w.cat, g.s, version_of(&g, T), &copy, &e), &e);
	CHECK_STR(copy.bytes, "{\"password\":\"current-password\"}");
	step(&g);
	assert_int_equal(g.order.step, STEP_TEST);
	ok(&g);
	assert_false(g.order.is_due);
	CHECK_STATE(&g, "TEST_SUCCEEDED");
	CHECK_EVENTS(&g, "TestRotationStarted TestRotationSucceeded");
	CHECK_LABELS(&g.w, g.s, "c:AWSCURRENT");
	assert_non_null(version_of(&g, T));
	assert_int_equal(g.s->rotation.last_rotated_ms, 0);
	rig_close(&g);
}

TEST("1.8: a test is tried twice, ten seconds apart, and its failure leaves the schedule on")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 30, NULL, NULL);
	begin(&g, RUN_TEST, T);
	step(&g);
	answer(&g, FUNC_ERROR, "X");
	CHECK_STATE(&g, "RETRY_WAIT testSecret 1");
	assert_int_equal(run_of(&g)->not_before_ms, g.w.cat.now_ms + 10 * SECOND_MS);
	wait_for_retry(&g);
	step(&g);
	answer(&g, FUNC_ERROR, "X");
	CHECK_STATE(&g, "TEST_FAILED");
	CHECK_LABELS(&g.w, g.s, "c:AWSCURRENT");
	CHECK_STR(g.s->rotation.last_test_error, "it said so");
	assert_true(g.s->rotation.is_enabled && g.s->rotation.moment_ms != 0);
	rig_close(&g);
}

TEST("1.8: a secret without a value cannot be tested; no function is called")
{
	struct rig g;

	set_up(&g, &table_2_2[1]);
	begin(&g, RUN_TEST, T);
	step(&g);
	assert_false(g.order.is_due);
	CHECK_STATE(&g, "TEST_FAILED");
	CHECK_EVENTS(&g, "TestRotationStarted TestRotationFailed");
	CHECK_STR(g.s->rotation.last_test_error, "no AWSCURRENT value to test with");
	CHECK_LABELS(&g.w, g.s, "");
	assert_null(version_of(&g, T));
	rig_close(&g);
}

TEST("1.8: whatever ends a test takes its label off")
{
	static const struct { void (*act)(struct rig *g); const char *state; } rows[] = {
		{ cancel, "CANCELLED" }, { delete_secret, "CANCELLED_BY_DELETE" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig g;

		rig_open(&g);
		begin(&g, RUN_TEST, T);
		step(&g);
		rows[i].act(&g);
		CHECK_STATE(&g, rows[i].state);
		CHECK_LABELS(&g.w, g.s, "c:AWSCURRENT");
		rig_close(&g);
	}
}

/* ---- 1.9: no value yet */

TEST("1.9: without a value the first failure is the last, and T is cleared")
{
	enum rotation_verdict verdict;
	struct rig g;
	struct err e;

	set_up(&g, &table_2_2[1]);
	begin(&g, RUN_ROTATE, T);
	step(&g);
	answer(&g, FUNC_ERROR, "ResourceNotFoundException");
	CHECK_STATE(&g, "FAILED");
	CHECK_STR(run_of(&g)->error_class, "NO_CURRENT_VALUE");
	CHECK_LABELS(&g.w, g.s, "");
	assert_null(version_of(&g, T));
	assert_true(g.s->rotation.is_enabled);
	CHECK_OK(rotation_judge(&g.x, g.s, U, &verdict, &e), &e);
	assert_int_equal(verdict, ROTATION_START);
	rig_close(&g);
}

TEST("1.9: and a run begins by itself as soon as a value arrives, once")
{
	struct rig g;

	set_up(&g, &table_2_2[1]);
	begin(&g, RUN_ROTATE, T);
	step(&g);
	answer(&g, FUNC_ERROR, "ResourceNotFoundException");
	CHECK_EVENTS(&g, "RotationStarted RotationFailed");
	person_puts(&g, "first");
	CHECK_STATE(&g, "QUEUED");
	CHECK_STR(run_of(&g)->trigger, "value_arrived");
	assert_false(str_eq(run_of(&g)->token, T));
	run_through(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	person_puts(&g, "second");
	CHECK_STATE(&g, "SUCCEEDED");
	rig_close(&g);
}

TEST("1.9: a function may produce the first value itself")
{
	struct rig g;

	set_up(&g, &table_2_2[1]);
	begin(&g, RUN_ROTATE, T);
	run_through(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	CHECK_LABELS(&g.w, g.s, T_ ":AWSCURRENT,AWSPENDING");
	rig_close(&g);
}

TEST("1.9: a throttle is no failure of the function, also when there is no value yet")
{
	struct rig g;

	set_up(&g, &table_2_2[1]);
	begin(&g, RUN_ROTATE, T);
	step(&g);
	answer(&g, FUNC_THROTTLED, "TooManyRequestsException");
	CHECK_STATE(&g, "RETRY_WAIT createSecret 1");
	CHECK_LABELS(&g.w, g.s, T_ ":AWSPENDING");
	rig_close(&g);
}

/* ---- S7: another chance */

static void
rearm(struct rig *g)
{
	struct err e;

	CHECK_OK(rotation_rearm(&g->x, g->s, &e), &e);
	rig_settle(g);
}

TEST("S7: a refused RotateSecret gives the failed run another chance, but not within a minute")
{
	struct rig g;
	uint32_t attempt;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to_failure(&g, STEP_SET);
	events_of(&g);
	world_advance(&g.w, 60 * SECOND_MS - 1);
	rearm(&g);
	CHECK_STATE(&g, "FAILED");
	world_advance(&g.w, 1);
	rearm(&g);
	CHECK_STATE(&g, "QUEUED");
	assert_int_equal(run_of(&g)->attempt, 0);
	step(&g);
	attempt = run_of(&g)->attempt;
	assert_int_equal(attempt, 1);
	CHECK_EVENTS(&g, "RotationStarted");	/* again, for the same token */
	CHECK_STR(run_of(&g)->token, T_);
	rig_close(&g);
}

TEST("S7: a run that ended otherwise, lost its label, or was switched off gets none")
{
	static void (*const acts[])(struct rig *g) = { take_pending, put_current };
	struct rig g;
	struct str version;
	struct err e;

	for (size_t i = 0; i < COUNT(acts); i++) {
		rig_open(&g);
		begin(&g, RUN_ROTATE, T);
		run_to_failure(&g, STEP_SET);
		acts[i](&g);
		world_advance(&g.w, HOUR_MS);
		rearm(&g);
		CHECK_STATE(&g, "FAILED");
		rig_close(&g);
	}
	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to_failure(&g, STEP_SET);
	CHECK_OK(rotation_cancel(&g.x, g.s, &version, &e), &e);
	assert_null(version.p);			/* nothing was in progress */
	world_advance(&g.w, HOUR_MS);
	rearm(&g);
	CHECK_STATE(&g, "FAILED");
	rig_close(&g);
}

TEST("1.15: the failed run's own token re-arms it at once")
{
	struct rig g;
	struct err e;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to_failure(&g, STEP_SET);
	CHECK_OK(rotation_restart(&g.x, g.s, &e), &e);
	rig_settle(&g);
	CHECK_STATE(&g, "QUEUED");
	run_through(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	rig_close(&g);
}

TEST("3.6: on demand, attempts go on for six hours, an hour apart after the fifth")
{
	struct rig g;
	int64_t begun;

	rig_open(&g);
	begun = g.w.cat.now_ms;
	begin(&g, RUN_ROTATE, T);
	run_to_failure(&g, STEP_SET);
	assert_in_range(g.w.cat.now_ms - begun, 4 * HOUR_MS, 6 * HOUR_MS);
	assert_in_range(run_of(&g)->attempt, 5 + 4, 5 + 7);
	rig_close(&g);
}

/* ---- windows */

static void
window(struct rig *g)
{
	struct err e;

	CHECK_OK(rotation_window(&g->x, g->s, &e), &e);
	rig_settle(g);
}

/* To the planned moment of the next window, as the scheduler wakes. */
static void
open_window(struct rig *g)
{
	assert_true(g->s->rotation.moment_ms > g->w.cat.now_ms);
	g->w.cat.now_ms = g->s->rotation.moment_ms;
	window(g);
}

TEST("a window that opens begins a run with a token of its own; a success plans the next one")
{
	struct rig g;
	int64_t start;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	start = g.s->rotation.window_start_ms;
	assert_int_equal(start, ms_at("2026-03-03T08:00:00Z"));
	open_window(&g);
	CHECK_STATE(&g, "QUEUED");
	CHECK_STR(run_of(&g)->trigger, "schedule");
	assert_int_equal(run_of(&g)->token.n, 36);
	assert_int_equal(run_of(&g)->window_start_ms, start);
	assert_int_equal(run_of(&g)->window_end_ms, start + 2 * HOUR_MS);
	run_through(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	assert_int_equal(g.s->rotation.window_start_ms, start + DAY_MS);
	assert_int_equal(plan_next_rotation_date_s(g.s) * 1000, start + DAY_MS + 2 * HOUR_MS - 1000);
	rig_close(&g);
}

TEST("a moment that has not come, or no longer counts, begins nothing")
{
	struct rig g;
	int64_t moment;

	rig_open(&g);
	rig_rules(&g, 1, NULL, NULL);
	moment = g.s->rotation.moment_ms;
	g.w.cat.now_ms = moment - 1;
	window(&g);
	assert_int_equal(g.s->rotation.last_run, 0);
	assert_int_equal(g.s->rotation.moment_ms, moment);
	g.w.cat.now_ms = moment;
	g.s->deletion_ms = moment + DAY_MS;
	window(&g);
	assert_int_equal(g.s->rotation.last_run, 0);
	assert_int_equal(g.s->rotation.moment_ms, 0);
	rig_close(&g);
}

TEST("a window during a run begins nothing and plans the one after")
{
	struct rig g;
	int64_t moment;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	moment = g.s->rotation.moment_ms;
	g.w.cat.now_ms = moment;
	begin(&g, RUN_ROTATE, T);
	window(&g);
	assert_int_equal(g.s->rotation.last_run, 1);
	assert_true(g.s->rotation.moment_ms > moment);
	rig_close(&g);
}

TEST("6.8: a missed window is caught up where only days were given, and waits where hours were")
{
	static const struct {
		int64_t days;
		const char *expression, *duration, *trigger, *events;
	} rows[] = {
		{ 1, NULL, NULL, "catchup", "" },
		{ 0, "rate(1 day)", NULL, "catchup", "" },
		{ 1, NULL, "3h", NULL, "RotationMissedWindow" },
		{ 0, "rate(4 hours)", NULL, NULL, "RotationMissedWindow" },
		{ 0, "cron(0 8 * * ? *)", NULL, NULL, "RotationMissedWindow" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig g;

		rig_open(&g);
		rig_rules(&g, rows[i].days, rows[i].expression, rows[i].duration);
		world_advance(&g.w, 10 * DAY_MS + HOUR_MS);
		window(&g);
		CHECK_EVENTS(&g, rows[i].events);
		if (rows[i].trigger == NULL) {
			assert_int_equal(g.s->rotation.last_run, 0);
			assert_true(g.s->rotation.window_end_ms > g.w.cat.now_ms);
		} else {
			CHECK_STR(run_of(&g)->trigger, rows[i].trigger);
			assert_int_equal(run_of(&g)->window_end_ms, 0);
		}
		rig_close(&g);
	}
}

TEST("6.8: many missed windows are one catch-up")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 1, NULL, NULL);
	world_advance(&g.w, 100 * DAY_MS);
	window(&g);
	run_through(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	assert_int_equal(g.s->rotation.last_run, 1);
	assert_true(g.s->rotation.moment_ms > g.w.cat.now_ms);
	rig_close(&g);
}

TEST("3.7: a run that could not start before its window closed is skipped")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	open_window(&g);
	g.w.cat.now_ms = run_of(&g)->window_end_ms;
	step(&g);
	assert_false(g.order.is_due);
	CHECK_STATE(&g, "FAILED");
	CHECK_STR(run_of(&g)->error_message, "window closed before rotation could start");
	CHECK_EVENTS(&g, "RotationFailed");
	assert_int_equal(g.s->rotation.window_start_ms, ms_at("2026-03-04T08:00:00Z"));
	rig_close(&g);
}

TEST("3.7: no attempt begins after the window; one under way may end after it")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	open_window(&g);
	run_to(&g, STEP_SET);
	g.w.cat.now_ms = run_of(&g)->window_end_ms + MINUTE_MS;
	ok(&g);
	CHECK_STATE(&g, "testSecret invoked 1");
	answer(&g, FUNC_ERROR, "X");
	CHECK_STATE(&g, "FAILED");
	rig_close(&g);
}

TEST("a window finds a failed run with AWSPENDING: the same token is tried again")
{
	struct rig g;
	struct str token;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	open_window(&g);
	token = run_of(&g)->token;
	run_to_failure(&g, STEP_SET);
	events_of(&g);
	open_window(&g);
	CHECK_STATE(&g, "QUEUED");
	assert_true(str_eq(run_of(&g)->token, token));
	assert_int_equal(run_of(&g)->window_start_ms, ms_at("2026-03-04T08:00:00Z"));
	run_through(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	CHECK_EVENTS(&g, "RotationStarted RotationSucceeded");
	rig_close(&g);
}

TEST("S13 at a window: a pending version that no rotation made is named and left alone")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	world_version(&g.w, g.s, "h", "by hand");
	stage_attach(g.w.arena, g.s, AWSPENDING, STR_LIT("h"));
	open_window(&g);
	assert_int_equal(g.s->rotation.last_run, 0);
	CHECK_EVENTS(&g, "RotationFailed");
	CHECK_LABELS(&g.w, g.s, "c:AWSCURRENT h:AWSPENDING");
	assert_int_equal(g.s->rotation.window_start_ms, ms_at("2026-03-04T08:00:00Z"));
	rig_close(&g);
}

TEST("S10 at a window: a rollback stands; the run that succeeded is not run again")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	open_window(&g);
	run_through(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	stage_promote(g.w.arena, g.s, STR_LIT("c"));	/* back; AWSPENDING stays on the other */
	events_of(&g);
	open_window(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	CHECK_EVENTS(&g, "RotationFailed");
	assert_true(str_eq(stage_holder(g.s, AWSCURRENT), STR_LIT("c")));
	rig_close(&g);
}

TEST("6.6: after a failed window a day rate tries daily until it succeeds")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 30, NULL, NULL);
	open_window(&g);
	run_to_failure(&g, STEP_SET);
	assert_int_equal(g.s->rotation.window_start_ms, ms_at("2026-04-02T00:00:00Z"));
	open_window(&g);
	run_through(&g);
	assert_int_equal(g.s->rotation.window_start_ms, ms_at("2026-05-02T00:00:00Z"));
	rig_close(&g);
}

TEST("S7 after the window: another chance that was asked for is not bound to the old window")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	open_window(&g);
	run_to_failure(&g, STEP_SET);
	g.w.cat.now_ms = ms_at("2026-03-03T15:00:00Z");
	rearm(&g);
	step(&g);
	CHECK_STATE(&g, "createSecret invoked 1");
	rig_close(&g);
}

TEST("cancelling ends the plan; deleting ends it and restoring makes a new one")
{
	struct rig g;
	struct str version;
	struct err e;

	rig_open(&g);
	rig_rules(&g, 1, NULL, NULL);
	CHECK_OK(rotation_cancel(&g.x, g.s, &version, &e), &e);
	rig_settle(&g);
	assert_int_equal(g.s->rotation.moment_ms, 0);
	assert_int_equal(plan_next_rotation_date_s(g.s), 0);
	assert_true(g.s->rotation.has_rules && g.s->rotation.lambda_arn.n > 0);
	g.s->rotation.is_enabled = true;
	rig_rules(&g, 1, NULL, NULL);
	g.s->deletion_ms = g.w.cat.now_ms + 30 * DAY_MS;
	CHECK_OK(rotation_deleted(&g.x, g.s, &e), &e);
	assert_int_equal(g.s->rotation.moment_ms, 0);
	world_advance(&g.w, 20 * DAY_MS);
	g.s->deletion_ms = 0;
	CHECK_OK(rotation_restored(&g.x, g.s, &e), &e);
	assert_true(g.s->rotation.moment_ms > g.w.cat.now_ms);
	rig_close(&g);
}

/* ---- 3.8: after a crash */

static void
recover(struct rig *g)
{
	struct err e;

	CHECK_OK(rotation_recover(&g->x, g->s, &e), &e);
	rig_settle(g);
}

TEST("3.8: a step found INVOKED is tried again at once, with the same token and attempt")
{
	static const struct { enum run_step at; const char *state, *log; } rows[] = {
		{ STEP_CREATE, "createSecret invoked 1", "createSecret:crashed createSecret:" },
		{ STEP_SET, "createSecret invoked 1", "createSecret:ok setSecret:crashed createSecret:" },
		{ STEP_TEST, "createSecret invoked 1",
		  "createSecret:ok setSecret:ok testSecret:crashed createSecret:" },
		{ STEP_FINISH, "finishSecret invoked 1",
		  "createSecret:ok setSecret:ok testSecret:ok finishSecret:crashed finishSecret:" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig g;

		rig_open(&g);
		begin(&g, RUN_ROTATE, T);
		run_to(&g, rows[i].at);
		events_of(&g);
		world_advance(&g.w, MINUTE_MS);
		recover(&g);
		recover(&g);			/* a second crash before the first step */
		step(&g);
		CHECK_STATE(&g, rows[i].state);
		assert_string_equal(log_of(&g), rows[i].log);
		CHECK_STR(run_of(&g)->token, T_);
		CHECK_EVENTS(&g, "");
		if (rows[i].at > STEP_CREATE)
			assert_int_equal(version_of(&g, T)->kind, VALUE_STRING);
		rig_close(&g);
	}
}

TEST("3.8: a crash between the label move and its record is a success, once")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_FINISH);
	promote(&g, T, FUNCTION);
	recover(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	recover(&g);
	step(&g);
	assert_false(g.order.is_due);
	CHECK_EVENTS(&g, "RotationStarted RotationSucceeded");
	assert_int_equal(g.s->rotation.last_rotated_ms, g.w.cat.now_ms);
	rig_close(&g);
}

TEST("3.8: what was queued, waiting or over is left as it was")
{
	struct rig g;

	rig_open(&g);
	recover(&g);				/* no run at all */
	begin(&g, RUN_ROTATE, T);
	recover(&g);
	CHECK_STATE(&g, "QUEUED");
	step(&g);
	answer(&g, FUNC_ERROR, "X");
	recover(&g);
	CHECK_STATE(&g, "RETRY_WAIT createSecret 1");
	take_pending(&g);
	recover(&g);
	CHECK_STATE(&g, "ABANDONED");
	rig_close(&g);
}

TEST("3.8: crashes use up no attempts, and throttles before them none either")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	step(&g);
	answer(&g, FUNC_THROTTLED, "TooManyRequestsException");
	for (int i = 0; i < 10; i++) {
		wait_for_retry(&g);
		step(&g);
		CHECK_STATE(&g, "createSecret invoked 1");
		recover(&g);
	}
	rig_close(&g);
}

TEST("3.8: finishSecret whose test is old begins again, as after any failure")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_ROTATE, T);
	run_to(&g, STEP_FINISH);
	world_advance(&g.w, HOUR_MS);
	recover(&g);
	CHECK_STATE(&g, "RETRY_WAIT createSecret 0");
	rig_close(&g);
}

TEST("3.7, 3.8: an attempt that a crash interrupted is finished even after its window")
{
	struct rig g;

	rig_open(&g);
	rig_rules(&g, 0, "cron(0 8 * * ? *)", "2h");
	open_window(&g);
	run_to(&g, STEP_TEST);			/* the target has the new password by now */
	world_advance(&g.w, 5 * HOUR_MS);
	recover(&g);
	step(&g);
	assert_true(g.order.is_due);
	ok(&g);
	ok(&g);
	ok(&g);
	promote(&g, run_of(&g)->token, FUNCTION);
	ok(&g);
	CHECK_STATE(&g, "SUCCEEDED");
	rig_close(&g);
}

TEST("3.8: a test run that was interrupted is run again")
{
	struct rig g;

	rig_open(&g);
	begin(&g, RUN_TEST, T);
	step(&g);
	recover(&g);
	step(&g);
	assert_int_equal(g.order.step, STEP_TEST);
	ok(&g);
	CHECK_STATE(&g, "TEST_SUCCEEDED");
	CHECK_EVENTS(&g, "TestRotationStarted TestRotationSucceeded");
	rig_close(&g);
}
