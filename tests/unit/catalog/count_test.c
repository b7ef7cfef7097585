/* SPDX-License-Identifier: Apache-2.0 */
/* How many secrets there are (spec/api.md section 10): what the quota is measured by. */
#include "catalog_fixture.h"

static uint64_t
count(struct world *w, struct str account, struct str region)
{
	uint64_t n;
	struct err e;

	CHECK_OK(secret_count(&w->cat, account, region, &n, &e), &e);
	return n;
}

static void
remove_secret(struct world *w, const char *name)
{
	struct err e;

	CHECK_OK(secret_remove(&w->cat, world_find(w, name), &e), &e);
}

TEST("each secret counts once, however often it is stored")
{
	struct world w;

	world_open(&w);
	assert_int_equal(count(&w, ACCOUNT, REGION), 0);
	world_secret(&w, "a");
	world_secret(&w, "b");
	assert_int_equal(count(&w, ACCOUNT, REGION), 2);
	world_put(&w, world_find(&w, "a"));
	world_commit(&w);
	world_put(&w, world_find(&w, "a"));
	assert_int_equal(count(&w, ACCOUNT, REGION), 2);
	world_close(&w);
}

TEST("a removed secret counts no more, nor does one whose update was refused")
{
	struct world w;

	world_open(&w);
	world_secret(&w, "a");
	world_secret(&w, "b");
	remove_secret(&w, "a");
	assert_int_equal(count(&w, ACCOUNT, REGION), 1);
	world_commit(&w);
	world_secret(&w, "c");
	assert_int_equal(count(&w, ACCOUNT, REGION), 2);
	world_abort(&w);
	assert_int_equal(count(&w, ACCOUNT, REGION), 1);
	remove_secret(&w, "b");
	assert_int_equal(count(&w, ACCOUNT, REGION), 0);
	world_close(&w);
}

TEST("accounts and regions are counted apart")
{
	struct world w;

	world_open(&w);
	world_secret(&w, "a");
	assert_int_equal(count(&w, ACCOUNT, STR_LIT("eu-west-2")), 0);
	assert_int_equal(count(&w, STR_LIT("210987654321"), REGION), 0);
	world_close(&w);
}

TEST("a secret that was scheduled for deletion counts until it is gone")
{
	struct world w;
	struct secret *s;

	world_open(&w);
	s = world_secret(&w, "a");
	s->deletion_ms = w.cat.now_ms + 7 * DAY_MS;
	world_put(&w, s);
	assert_int_equal(count(&w, ACCOUNT, REGION), 1);
	world_close(&w);
}

TEST("a store that never counted is counted when it is first asked, and right from then on")
{
	struct world w;
	struct err e;

	world_open(&w);
	world_secret(&w, "a");
	world_secret(&w, "b");
	CHECK_OK(txn_del(w.cat.txn, record_prefix(w.arena, KIND_COUNT, ACCOUNT, REGION), &e), &e);
	world_commit(&w);
	assert_int_equal(count(&w, ACCOUNT, REGION), 2);
	world_secret(&w, "c");
	assert_int_equal(count(&w, ACCOUNT, REGION), 3);
	remove_secret(&w, "a");
	world_commit(&w);
	assert_int_equal(count(&w, ACCOUNT, REGION), 2);
	world_close(&w);
}
