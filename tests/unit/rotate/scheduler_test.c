/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler between a real store in memory and a runner that the test plays: it reads what is
 * called and says how it went. The clock stands still, so nothing is due that the test did not
 * make due.
 */
#include "rotate/scheduler.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/frame_runner.h"
#include "catalog/run.h"
#include "catalog/stage.h"
#include "catalog/version.h"
#include "crypto/digest.h"
#include "rotate/plan.h"
#include "rotate/rotation.h"
#include "test.h"

#define ACCOUNT STR_LIT("123456789012")
#define REGION STR_LIT("eu-west-1")
#define T STR_LIT("11111111-1111-4111-8111-111111111111")
#define NOW INT64_C(1772446500000)	/* 2026-03-02T10:15:00Z */
#define WAIT_MS 20000

struct rig {
	struct arena *arena;
	struct keyring *keys;
	struct store *store;
	struct func *func;
	int fd;				/* the runner's end */
	struct clock clock;
	struct rotator_config config;
	struct rotator *rotator;
	struct buf in;
	/* what update bodies give and take */
	struct str name;
	struct str garbled;		/* the stored record that garble() replaced */
	enum run_state state;
	uint32_t attempt;
	int64_t rotated_ms;
};

/* ---- updates; bodies run on the committer thread while the test waits */

typedef bool (*body)(struct rig *g, struct catalog *c, struct secret *s, struct err *e);
struct work { struct rig *g; body run; bool creates; };

static bool
in_update(struct txn *t, void *arg, struct err *e)
{
	struct work *w = arg;
	struct rig *g = w->g;
	struct catalog c = { .txn = t, .keys = g->keys, .arena = g->arena,
		.now_ms = clock_now_ms(&g->clock) };
	struct secret *s = NULL;

	if (w->creates)
		s = secret_new(&c, ACCOUNT, REGION, g->name, e);
	else if (!secret_find_name(&c, ACCOUNT, REGION, g->name, &s, e))
		return false;
	return s != NULL && w->run(g, &c, s, e);
}

static void
update(struct rig *g, body run)
{
	struct work w = { g, run, false };
	struct err e;

	CHECK_OK(store_update(g->store, in_update, &w, &e), &e);
}

static bool
make(struct rig *g, struct catalog *c, struct secret *s, struct err *e)
{
	struct value value = { VALUE_STRING, STR_LIT("current") };
	struct version *v;

	(void)g;
	if (!version_add(c, s, STR_LIT("c"), &value, false, &v, e))
		return false;
	stage_promote(c->arena, s, STR_LIT("c"));
	s->rotation = (struct rotation_config){ .is_configured = true, .is_enabled = true,
		.lambda_arn = STR_LIT("pawl-rotate-generic-single"), .changed_ms = c->now_ms };
	return secret_put(c, s, e);
}

static bool
ask(struct rig *g, struct catalog *c, struct secret *s, struct err *e)
{
	struct rotation_ctx x = { c, NULL };

	(void)g;
	return rotation_begin(&x, s, RUN_ROTATE, T, "api", e) && secret_put(c, s, e);
}

static bool
plan_daily(struct rig *g, struct catalog *c, struct secret *s, struct err *e)
{
	(void)g;
	s->rotation.has_rules = true;
	s->rotation.automatically_after_days = 1;
	return plan_next(s, c->now_ms, e) && secret_put(c, s, e);
}

/* What finishSecret does. */
static bool
promote(struct rig *g, struct catalog *c, struct secret *s, struct err *e)
{
	struct rotation_ctx x = { c, NULL };

	(void)g;
	stage_promote(c->arena, s, stage_holder(s, AWSPENDING));
	return rotation_noticed(&x, s, false, STR_LIT("arn:f"), s->rotation.lambda_arn, e) &&
	    secret_put(c, s, e);
}

static bool
look(struct rig *g, struct catalog *c, struct secret *s, struct err *e)
{
	struct run *r;

	if (!run_find(c, s, s->rotation.last_run, &r, e))
		return false;
	g->state = r->state;
	g->attempt = r->attempt;
	g->rotated_ms = s->rotation.last_rotated_ms;
	return true;
}

static struct str
secret_key(struct catalog *c, const struct secret *s)
{
	return record_key(c->arena, KIND_SECRET, ACCOUNT, REGION,
	    (struct str){ (const char *)s->id, RECORD_ID_LEN });
}

/* From here on no update of the secret succeeds, as on a disk that is full. */
static bool
garble(struct rig *g, struct catalog *c, struct secret *s, struct err *e)
{
	struct str stored;

	if (!txn_get(c->txn, secret_key(c, s), &stored, e))
		return false;
	g->garbled = arena_str(g->arena, stored);
	return txn_put(c->txn, secret_key(c, s), STR_LIT("garbled record"), e);
}

struct mending { struct rig *g; struct str key; };

static bool
mend(struct txn *t, void *arg, struct err *e)
{
	struct mending *m = arg;

	return txn_put(t, m->key, m->g->garbled, e);
}

/* ---- the rig */

static void
open_func(struct rig *g)
{
	struct func_config c = { .runner_pid = 0 };
	struct err e;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	c.runner_fd = fds[0];
	g->fd = fds[1];
	g->func = func_start(&c, &e);
	CHECK_OK(g->func != NULL, &e);
}

static void
start(struct rig *g)
{
	struct err e;

	g->config = (struct rotator_config){ .store = g->store, .keys = g->keys, .func = g->func,
		.clock = &g->clock, .data = "/nowhere", .endpoint_url = "http://127.0.0.1:1",
		.cool_down_ms = 20 };
	g->rotator = rotator_start(&g->config, &e);
	CHECK_OK(g->rotator != NULL, &e);
}

static void
rig_open(struct rig *g)
{
	AUTO(secbuf) *unlock = secbuf_new(32);
	struct key_records records;
	struct work w = { g, make, true };
	struct err e;

	*g = (struct rig){ .arena = arena_new(), .name = STR_LIT("db") };
	CHECK_OK(crypto_setup(&e), &e);
	clock_freeze_ms(&g->clock, NOW);
	g->keys = keyring_create(g->arena, unlock, &records, &e);
	CHECK_OK(g->keys != NULL, &e);
	g->store = store_open(&(struct store_config){ .engine = "mem" }, &e);
	CHECK_OK(g->store != NULL, &e);
	CHECK_OK(store_update(g->store, in_update, &w, &e), &e);
	open_func(g);
	start(g);
}

/* The process ends; the store stays. */
static void
stop(struct rig *g)
{
	func_stop(g->func);
	rotator_stop(g->rotator);
	close(g->fd);
	buf_free(&g->in);
}

static void
rig_close(struct rig *g)
{
	stop(g);
	store_close(g->store);
	keyring_free(g->keys);
	arena_free(g->arena);
}

/* ---- the runner's part */

struct called { int64_t call; char step[32]; };

static struct str
field_of(struct frame f, unsigned tag)
{
	struct frame_field field;

	while (frame_next(&f, &field)) {
		if (field.tag == tag)
			return field.value;
	}
	return STR_NULL;
}

/* The next step that is called. */
static struct called
next_call(struct rig *g)
{
	struct called out = { 0 };
	struct frame f;

	for (;;) {
		struct str in = buf_view(&g->in), payload;
		struct pollfd p = { .fd = g->fd, .events = POLLIN };
		struct frame_field id;
		ssize_t n;

		if (g->in.n > 0 && frame_take(&in, &f) == FRAME_READY) {
			id = (struct frame_field){ TAG_CALL, field_of(f, TAG_CALL) };
			assert_true(f.type == MSG_INVOKE && frame_int(&id, &out.call));
			payload = field_of(f, TAG_PAYLOAD);
			assert_int_equal(sscanf(arena_strz(g->arena, payload), "{\"Step\":\"%31[a-zA-Z]",
			    out.step), 1);
			frame_drop(&g->in, g->in.n - in.n);
			return out;
		}
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		buf_reserve(&g->in, 65536);
		n = read(g->fd, g->in.p + g->in.n, 65536);
		assert_true(n > 0);
		g->in.n += (size_t)n;
	}
}

static void
say(struct rig *g, struct called c, enum runner_outcome outcome)
{
	AUTO_BUF b = BUF_INIT;
	size_t at = frame_open(&b, MSG_RESULT);

	frame_add_int(&b, TAG_CALL, c.call);
	frame_add_int(&b, TAG_OUTCOME, outcome);
	frame_add(&b, TAG_PAYLOAD, STR_LIT("null"));
	assert_true(frame_close(&b, at));
	assert_int_equal(write(g->fd, b.p, b.n), b.n);
}

static void
expect(struct rig *g, const char *step, struct called *out)
{
	*out = next_call(g);
	assert_string_equal(out->step, step);
}

static void
play(struct rig *g)
{
	static const char *const steps[] = { "createSecret", "setSecret", "testSecret",
		"finishSecret" };
	struct called c;

	for (size_t i = 0; i < 4; i++) {
		expect(g, steps[i], &c);
		if (i == 3)
			update(g, promote);
		say(g, c, RUN_OK);
	}
}

static void
settle(struct rig *g)
{
	struct err e;

	CHECK_OK(rotator_settle(g->rotator, WAIT_MS, &e), &e);
	update(g, look);
}

static void
request(struct rig *g)
{
	update(g, ask);
	rotator_wake(g->rotator);
}

TEST("a run that is asked for goes through its four steps, and then nothing is left to do")
{
	struct rig g;
	struct err e;
	int64_t next;

	rig_open(&g);
	rotator_go(g.rotator);
	request(&g);
	play(&g);
	settle(&g);
	assert_int_equal(g.state, RUN_SUCCEEDED);
	assert_int_equal(g.rotated_ms, NOW);
	assert_int_equal(rotator_active(g.rotator), 0);
	CHECK_OK(rotator_next_due(g.rotator, &next, &e), &e);
	assert_true(next == INT64_MAX);
	rig_close(&g);
}

TEST("a run found INVOKED at start is taken up again, and not before functions can reach us")
{
	struct rig g;
	struct called c;
	struct pollfd quiet;

	rig_open(&g);
	rotator_go(g.rotator);
	request(&g);
	expect(&g, "createSecret", &c);
	stop(&g);			/* its call ends with it, unanswered */
	update(&g, look);
	assert_int_equal(g.state, RUN_RETRY_WAIT);
	clock_freeze_ms(&g.clock, NOW + MINUTE_MS);
	open_func(&g);
	start(&g);
	quiet = (struct pollfd){ .fd = g.fd, .events = POLLIN };
	assert_int_equal(poll(&quiet, 1, 20), 0);
	rotator_go(g.rotator);
	play(&g);
	settle(&g);
	assert_int_equal(g.state, RUN_SUCCEEDED);
	assert_int_equal(g.attempt, 1);
	rig_close(&g);
}

TEST("a result that cannot be stored now is stored later: nobody else knows it")
{
	struct mending m = { 0 };
	struct called c;
	struct rig g;
	struct err e;

	rig_open(&g);
	rotator_go(g.rotator);
	request(&g);
	expect(&g, "createSecret", &c);
	{
		struct txn *t = store_view(g.store, &e);
		struct catalog cat = { .txn = t, .keys = g.keys, .arena = g.arena, .now_ms = NOW };
		struct secret *s;

		CHECK_OK(t != NULL, &e);
		CHECK_OK(secret_find_name(&cat, ACCOUNT, REGION, g.name, &s, &e), &e);
		m = (struct mending){ &g, arena_str(g.arena, secret_key(&cat, s)) };
		txn_end(t);
	}
	update(&g, garble);
	say(&g, c, RUN_OK);
	while (rotator_cooling(g.rotator) == 0)		/* it has been refused */
		poll(NULL, 0, 1);
	CHECK_OK(store_update(g.store, mend, &m, &e), &e);
	expect(&g, "setSecret", &c);
	say(&g, c, RUN_OK);
	expect(&g, "testSecret", &c);
	say(&g, c, RUN_OK);
	expect(&g, "finishSecret", &c);
	update(&g, promote);
	say(&g, c, RUN_OK);
	settle(&g);
	assert_int_equal(g.state, RUN_SUCCEEDED);
	rig_close(&g);
}

TEST("a runner that goes away is no attempt of the function's")
{
	struct called c;
	struct rig g;

	rig_open(&g);
	rotator_go(g.rotator);
	request(&g);
	expect(&g, "createSecret", &c);
	shutdown(g.fd, SHUT_RDWR);
	settle(&g);
	assert_int_equal(g.state, RUN_RETRY_WAIT);
	assert_int_equal(g.attempt, 1);
	rig_close(&g);
}

struct advance { struct rig *g; int64_t to_ms; bool ok; struct err e; };

static void *
advance_main(void *arg)
{
	struct advance *a = arg;

	a->ok = rotator_advance(a->g->rotator, a->to_ms, WAIT_MS, &a->e);
	return NULL;
}

TEST("turning the clock opens every window on the way, in order, at its own time")
{
	struct rig g;
	struct advance a = { &g, NOW + 3 * DAY_MS, false, { 0 } };
	pthread_t thread;

	rig_open(&g);
	rotator_go(g.rotator);
	update(&g, plan_daily);
	assert_int_equal(pthread_create(&thread, NULL, advance_main, &a), 0);
	for (int i = 1; i <= 3; i++) {
		int64_t midnight = NOW - NOW % DAY_MS + i * DAY_MS;

		play(&g);
		while (g.rotated_ms < midnight)
			update(&g, look);
		assert_in_range(g.rotated_ms, midnight, midnight + 2 * HOUR_MS);
	}
	pthread_join(thread, NULL);
	CHECK_OK(a.ok, &a.e);
	/* it runs on from there */
	assert_in_range(clock_now_ms(&g.clock), NOW + 3 * DAY_MS, NOW + 3 * DAY_MS + HOUR_MS);
	rig_close(&g);
}
