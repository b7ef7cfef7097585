/* SPDX-License-Identifier: Apache-2.0 */
/* overlay_test.c - the overlay against a model that is too plain to be wrong: a table of all keys. */
#include <stdio.h>
#include <stdlib.h>

#include "store/overlay.h"
#include "test.h"

#define KEYS 40
#define VALUE_MAX 16

/* Keys of one and two letters in byte order: a, aa, ab, ac, b, ba ... so that prefixes matter. */
struct model {
	char key[KEYS][4];
	char value[KEYS][VALUE_MAX];
	bool present[KEYS];
};

static void
model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < KEYS; i++) {
		m->key[i][0] = (char)('a' + i / 4);
		if (i % 4 > 0)
			m->key[i][1] = (char)('a' + i % 4 - 1);
	}
}

static struct str
model_value(const struct model *m, size_t i)
{
	return m->present[i] ? str_of(m->value[i]) : STR_NULL;
}

static void
random_value(unsigned *seed, char out[VALUE_MAX])
{
	size_t n = (size_t)(rand_r(seed) % VALUE_MAX);

	memset(out, 0, VALUE_MAX);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)('A' + rand_r(seed) % 26);
}

/* ---- one engine transaction for each test */

struct fixture {
	struct engine *engine;
	struct overlay over;
};

static void
begin(struct fixture *f)
{
	struct err e;
	struct engine_txn *t = engine_mem.begin(f->engine, true, &e);

	CHECK_OK(t != NULL, &e);
	overlay_init(&f->over, &engine_mem, t);
}

static void
setup(struct fixture *f)
{
	struct store_config none = { .engine = "mem" };
	struct err e;

	f->engine = engine_mem.open(&none, &e);
	CHECK_OK(f->engine != NULL, &e);
	begin(f);
}

static void
teardown(struct fixture *f)
{
	overlay_done(&f->over);
	engine_mem.abort(f->over.under);
	engine_mem.close(f->engine);
}

static void
apply_and_begin(struct fixture *f)
{
	struct err e;

	CHECK_OK(overlay_apply(&f->over, &e), &e);
	overlay_done(&f->over);
	CHECK_OK(engine_mem.commit(f->over.under, &e), &e);
	begin(f);
}

static void
drop_and_begin(struct fixture *f)
{
	overlay_done(&f->over);
	engine_mem.abort(f->over.under);
	begin(f);
}

/* ---- comparing */

static void
check_get(struct overlay *o, const struct model *m, size_t i)
{
	struct str got, want = model_value(m, i);
	struct err e;

	CHECK_OK(overlay_get(o, str_of(m->key[i]), &got, &e), &e);
	assert_int_equal(got.p == NULL, want.p == NULL);
	assert_true(str_eq(got, want));
}

static bool
model_covers(const struct model *m, size_t i, struct str prefix, struct str after)
{
	struct str key = str_of(m->key[i]);

	return m->present[i] && key.n >= prefix.n && memcmp(key.p, prefix.p, prefix.n) == 0 &&
	    (after.p == NULL || str_cmp(key, after) > 0);
}

static void
check_scan(struct overlay *o, const struct model *m, struct str prefix, struct str after)
{
	struct overlay_scan s;
	struct str key, value;
	struct err e;

	CHECK_OK(overlay_scan_open(&s, o, prefix, after, &e), &e);
	for (size_t i = 0; i < KEYS; i++) {
		if (!model_covers(m, i, prefix, after))
			continue;
		CHECK_OK(overlay_scan_next(&s, &key, &value, &e), &e);
		CHECK_STR(key, m->key[i]);
		CHECK_STR(value, m->value[i]);
	}
	assert_false(overlay_scan_next(&s, &key, &value, &e));
	assert_int_equal(e.code, ERR_NONE);
	overlay_scan_close(&s);
}

static void
random_change(struct fixture *f, struct model *m, unsigned *seed)
{
	size_t i = (size_t)(rand_r(seed) % KEYS);
	struct err e;

	m->present[i] = rand_r(seed) % 3 > 0;
	if (m->present[i]) {
		random_value(seed, m->value[i]);
		CHECK_OK(overlay_put(&f->over, str_of(m->key[i]), str_of(m->value[i]), &e), &e);
	} else {
		CHECK_OK(overlay_del(&f->over, str_of(m->key[i]), &e), &e);
	}
}

static void
random_scan(struct fixture *f, const struct model *m, unsigned *seed)
{
	struct str prefix = STR_LIT(""), after = STR_NULL;

	if (rand_r(seed) % 2)
		prefix = str_of(m->key[rand_r(seed) % KEYS]);
	if (rand_r(seed) % 2)
		after = str_of(m->key[rand_r(seed) % KEYS]);
	check_scan(&f->over, m, prefix, after);
}

/* One random walk. `kept` is what the engine holds, `m` what the overlay over it shows. */
static void
walk(unsigned seed)
{
	struct model m, kept;
	struct fixture f;

	model_init(&m);
	kept = m;
	setup(&f);
	for (int step = 0; step < 400; step++) {
		int what = rand_r(&seed) % 32;

		if (what == 0) {
			apply_and_begin(&f);
			kept = m;
		} else if (what == 1) {
			drop_and_begin(&f);
			m = kept;
		} else if (what < 20) {
			random_change(&f, &m, &seed);
		} else if (what < 26) {
			check_get(&f.over, &m, (size_t)(rand_r(&seed) % KEYS));
		} else {
			random_scan(&f, &m, &seed);
		}
	}
	teardown(&f);
}

TEST("an overlay answers as one ordered map would, over random puts, dels, applies and drops")
{
	const char *given = getenv("PAWL_TEST_SEED");
	unsigned first = given == NULL ? 1 : (unsigned)strtoul(given, NULL, 10);

	printf("seeds from %u\n", first);
	for (unsigned seed = first; seed < first + 200; seed++)
		walk(seed);
}

TEST("the engine is untouched until the overlay is applied")
{
	struct fixture f;
	struct err e;
	struct str v;

	setup(&f);
	CHECK_OK(overlay_put(&f.over, STR_LIT("k"), STR_LIT("v"), &e), &e);
	CHECK_OK(engine_mem.get(f.over.under, STR_LIT("k"), &v, &e), &e);
	assert_null(v.p);
	CHECK_OK(overlay_apply(&f.over, &e), &e);
	CHECK_OK(engine_mem.get(f.over.under, STR_LIT("k"), &v, &e), &e);
	CHECK_STR(v, "v");
	teardown(&f);
}

TEST("what get handed out may be put again, under its own key and under another")
{
	struct fixture f;
	struct err e;
	struct str v;

	setup(&f);
	CHECK_OK(overlay_put(&f.over, STR_LIT("k"), STR_LIT("value"), &e), &e);
	CHECK_OK(overlay_get(&f.over, STR_LIT("k"), &v, &e), &e);
	CHECK_OK(overlay_put(&f.over, STR_LIT("k"), v, &e), &e);
	CHECK_OK(overlay_get(&f.over, STR_LIT("k"), &v, &e), &e);
	CHECK_OK(overlay_put(&f.over, STR_LIT("l"), v, &e), &e);
	CHECK_OK(overlay_get(&f.over, STR_LIT("l"), &v, &e), &e);
	CHECK_STR(v, "value");
	teardown(&f);
}

TEST("a put or del while a scan is open is refused, and accepted after it")
{
	struct overlay_scan s;
	struct fixture f;
	struct err e;

	setup(&f);
	CHECK_OK(overlay_scan_open(&s, &f.over, STR_LIT(""), STR_NULL, &e), &e);
	CHECK_ERR(overlay_put(&f.over, STR_LIT("k"), STR_LIT("v"), &e), &e, ERR_INTERNAL);
	CHECK_ERR(overlay_del(&f.over, STR_LIT("k"), &e), &e, ERR_INTERNAL);
	overlay_scan_close(&s);
	CHECK_OK(overlay_put(&f.over, STR_LIT("k"), STR_LIT("v"), &e), &e);
	teardown(&f);
}
