/* SPDX-License-Identifier: Apache-2.0 */
/* The time index: order, limits, and that it always knows what the records know. */
#include "catalog_fixture.h"

static struct due
entry(int64_t at_ms, enum due_kind what, uint8_t id)
{
	return (struct due){ .at_ms = at_ms, .what = what, .account = ACCOUNT, .region = REGION,
		.id = { id } };
}

static void
put(struct world *w, int64_t at_ms, enum due_kind what, uint8_t id)
{
	struct due d = entry(at_ms, what, id);
	struct err e;

	CHECK_OK(due_put(&w->cat, &d, &e), &e);
}

/* "12r3 15w1 | 20": time, kind and first byte of the id of each entry, then the next time. */
static const char *
listed(struct world *w, int64_t until_ms, size_t max)
{
	AUTO_BUF b = BUF_INIT;
	struct due list[16];
	struct err e;
	int64_t next;
	size_t n;

	CHECK_OK(due_list(&w->cat, until_ms, list, max, &n, &next, &e), &e);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%lld%c%u ", (long long)list[i].at_ms, list[i].what, list[i].id[0]);
	buf_printf(&b, "| %lld", next == INT64_MAX ? -1LL : (long long)next);
	return arena_strz(w->arena, buf_view(&b));
}

TEST("entries come earliest first, up to a time, and the next one is named")
{
	struct world w;

	world_open(&w);
	assert_string_equal(listed(&w, 100, 8), "| -1");
	put(&w, 300, DUE_RUN, 1);
	put(&w, 5, DUE_WINDOW, 2);
	put(&w, 256, DUE_DELETION, 3);
	put(&w, 255, DUE_WINDOW, 4);
	put(&w, INT64_C(1) << 40, DUE_RUN, 5);
	assert_string_equal(listed(&w, 4, 8), "| 5");
	assert_string_equal(listed(&w, 5, 8), "5w2 | 255");
	assert_string_equal(listed(&w, 299, 8), "5w2 255w4 256x3 | 300");
	assert_string_equal(listed(&w, INT64_MAX, 8), "5w2 255w4 256x3 300r1 1099511627776r5 | -1");
	world_close(&w);
}

TEST("a full list says that there is more, even when that is due too")
{
	struct world w;

	world_open(&w);
	put(&w, 1, DUE_RUN, 1);
	put(&w, 1, DUE_RUN, 2);
	put(&w, 1, DUE_RUN, 3);
	assert_string_equal(listed(&w, 9, 2), "1r1 1r2 | 1");
	assert_string_equal(listed(&w, 9, 3), "1r1 1r2 1r3 | -1");
	world_close(&w);
}

TEST("an entry names its secret, and deleting it leaves those of others at the same time")
{
	struct due d = entry(7, DUE_RUN, 1), list[4];
	struct world w;
	struct err e;
	int64_t next;
	size_t n;

	world_open(&w);
	put(&w, 7, DUE_RUN, 1);
	put(&w, 7, DUE_WINDOW, 1);
	put(&w, 7, DUE_RUN, 2);
	CHECK_OK(due_list(&w.cat, 7, list, 4, &n, &next, &e), &e);
	assert_int_equal(n, 3);
	CHECK_STR(list[0].account, "123456789012");
	CHECK_STR(list[0].region, "eu-west-1");
	assert_memory_equal(list[0].id, d.id, RECORD_ID_LEN);
	CHECK_OK(due_del(&w.cat, &d, &e), &e);
	assert_string_equal(listed(&w, 7, 8), "7r2 7w1 | -1");
	CHECK_OK(due_del(&w.cat, &d, &e), &e);		/* absent: fine */
	world_close(&w);
}

TEST("entries of runs are found however far ahead they lie, and nothing else is")
{
	struct due_runs runs;
	struct world w;
	struct err e;

	world_open(&w);
	for (uint8_t i = 0; i < 40; i++)
		put(&w, i % 2 == 0 ? 10 : INT64_C(1) << 50, i % 4 == 3 ? DUE_WINDOW : DUE_RUN, i);
	CHECK_OK(due_list_runs(&w.cat, &runs, &e), &e);
	assert_int_equal(runs.n, 30);
	for (size_t i = 0; i < runs.n; i++)
		assert_true(runs.v[i].what == DUE_RUN && runs.v[i].id[0] % 4 != 3);
	world_close(&w);
}

TEST("a broken key is an error, never an entry")
{
	struct world w;
	struct due list[4];
	struct err e;
	int64_t next;
	size_t n;

	world_open(&w);
	CHECK_OK(txn_put(w.cat.txn, STR_LIT("d12345678rno separators"), STR_LIT(""), &e), &e);
	CHECK_ERR(due_list(&w.cat, INT64_MAX, list, 4, &n, &next, &e), &e, ERR_CORRUPT);
	world_close(&w);
}

/* ---- the index follows the records */

TEST("a secret's window and deletion have one entry each, which moves with them")
{
	struct world w;
	struct secret *s;

	world_open(&w);
	s = world_secret(&w, "s");
	assert_string_equal(listed(&w, INT64_MAX, 8), "| -1");
	s->rotation.is_configured = true;
	for (int64_t at = 100; at <= 300; at += 100) {
		s->rotation.moment_ms = at;
		world_put(&w, s);
		world_commit(&w);
		s = world_find(&w, "s");
	}
	assert_string_equal(listed(&w, INT64_MAX, 8), "300w0 | -1");
	s->rotation.moment_ms = 0;
	s->deletion_ms = w.cat.now_ms + 1;
	world_put(&w, s);
	world_commit(&w);
	s = world_find(&w, "s");
	s->deletion_ms = 0;
	world_put(&w, s);
	assert_string_equal(listed(&w, INT64_MAX, 8), "| -1");
	world_close(&w);
}

static void
put_run(struct world *w, struct secret *s, struct run *r)
{
	struct err e;

	CHECK_OK(run_put(&w->cat, s, r, &e), &e);
	world_put(w, s);
	world_commit(w);
}

static struct run *
read_run(struct world *w, struct secret *s)
{
	struct run *r;
	struct err e;

	CHECK_OK(run_find(&w->cat, s, s->rotation.last_run, &r, &e), &e);
	assert_non_null(r);
	return r;
}

TEST("a run waits at not_before, an invoked one far ahead, a finished one nowhere")
{
	struct world w;
	struct secret *s;
	struct run *r;
	struct due list[4];
	struct err e;
	int64_t next;
	size_t n;

	world_open(&w);
	s = world_secret(&w, "s");
	s->rotation.is_configured = true;
	put_run(&w, s, run_new(&w.cat, s, RUN_ROTATE, STR_LIT("t"), "api"));
	CHECK_OK(due_list(&w.cat, w.cat.now_ms, list, 4, &n, &next, &e), &e);
	assert_true(n == 1 && list[0].at_ms == w.cat.now_ms && list[0].what == DUE_RUN);
	r = read_run(&w, s);
	r->state = RUN_RETRY_WAIT;
	r->not_before_ms += 100;
	put_run(&w, s, r);
	CHECK_OK(due_list(&w.cat, w.cat.now_ms, list, 4, &n, &next, &e), &e);
	assert_true(n == 0 && next == w.cat.now_ms + 100);
	r = read_run(&w, s);
	r->state = RUN_STEPPING;
	r->invoked = true;
	put_run(&w, s, r);
	CHECK_OK(due_list(&w.cat, w.cat.now_ms + 300 * DAY_MS, list, 4, &n, &next, &e), &e);
	assert_true(n == 0 && next < INT64_MAX);
	r = read_run(&w, s);
	r->invoked = false;
	r->state = RUN_FAILED;
	put_run(&w, s, r);
	CHECK_OK(due_list(&w.cat, INT64_MAX, list, 4, &n, &next, &e), &e);
	assert_true(n == 0 && next == INT64_MAX);
	world_close(&w);
}
