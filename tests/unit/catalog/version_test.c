/* SPDX-License-Identifier: Apache-2.0 */
/* Versions: sealed values, placeholders, and the pruning of spec/api.md 4.4. */
#include "catalog/limits.h"
#include "catalog_fixture.h"

static struct version *
find(struct world *w, const struct secret *s, const char *id)
{
	struct version *v;
	struct err e;

	CHECK_OK(version_find(&w->cat, s, str_of(id), &v, &e), &e);
	return v;
}

static void
check_value(struct world *w, const struct secret *s, const char *id, const char *want)
{
	struct version *v = find(w, s, id);
	struct value value;
	struct err e;

	assert_non_null(v);
	CHECK_OK(version_value(&w->cat, s, v, &value, &e), &e);
	assert_int_equal(value.kind, VALUE_STRING);
	CHECK_STR(value.bytes, want);
}

static bool
has(struct world *w, const struct secret *s, const struct version *v, enum value_kind kind,
    const char *bytes)
{
	struct value value = { kind, str_of(bytes) };
	struct err e;
	bool same;

	CHECK_OK(version_has_value(&w->cat, s, v, &value, &same, &e), &e);
	return same;
}

static size_t
count_stored(struct world *w, const struct secret *s)
{
	struct version **list;
	struct err e;
	size_t n;

	CHECK_OK(version_list(&w->cat, s, &list, &n, &e), &e);
	return n;
}

/* `n` versions named a0000, a0001 ..., made at one instant; the first one is current. */
static void
fill(struct world *w, struct secret *s, const char *letter, int n)
{
	for (int i = 0; i < n; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%s%04d", letter, i);
		world_version(w, s, id, "x");
	}
}

TEST("a value comes back as it was stored, whatever its bytes")
{
	static const struct { enum value_kind kind; const char *bytes; size_t n; } rows[] = {
		{ VALUE_STRING, "", 0 },
		{ VALUE_STRING, "p\xc3\xa4ss\nword", 10 },
		{ VALUE_BINARY, "\0\xff\0", 3 },
	};
	struct world w;
	struct secret *s;
	struct err e;

	world_open(&w);
	s = world_secret(&w, "s");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct value in = { rows[i].kind, { rows[i].bytes, rows[i].n } }, out;
		char id[8];
		struct version *v;

		snprintf(id, sizeof(id), "v%zu", i);
		CHECK_OK(version_add(&w.cat, s, str_of(id), &in, false, &v, &e), &e);
		world_put(&w, s);
		world_commit(&w);
		s = world_find(&w, "s");
		v = find(&w, s, id);
		CHECK_OK(version_value(&w.cat, s, v, &out, &e), &e);
		assert_int_equal(out.kind, rows[i].kind);
		assert_true(str_eq(out.bytes, in.bytes));
		assert_int_equal(v->created_ms, w.cat.now_ms);
		CHECK_STR(v->kms_key_ids[0], "DefaultEncryptionKey");
	}
	assert_int_equal(s->version_count, COUNT(rows));
	assert_null(find(&w, s, "v9"));
	world_close(&w);
}

TEST("the same value is the same kind and the same bytes")
{
	struct world w;
	struct secret *s;
	struct version *v;

	world_open(&w);
	s = world_secret(&w, "s");
	v = world_version(&w, s, "v1", "value");
	assert_true(has(&w, s, v, VALUE_STRING, "value"));
	assert_false(has(&w, s, v, VALUE_BINARY, "value"));
	assert_false(has(&w, s, v, VALUE_STRING, "valuE"));
	assert_false(has(&w, s, v, VALUE_STRING, "value "));
	world_close(&w);
}

TEST("a placeholder has no value until it is filled, and then keeps it")
{
	struct value value = { VALUE_STRING, STR_LIT("filled") };
	struct world w;
	struct version *v;
	struct secret *s;
	struct err e;

	world_open(&w);
	s = world_secret(&w, "s");
	world_version(&w, s, "t", NULL);
	world_put(&w, s);
	world_commit(&w);
	s = world_find(&w, "s");
	v = find(&w, s, "t");
	assert_int_equal(v->kind, VALUE_NONE);
	assert_false(has(&w, s, v, VALUE_STRING, ""));
	CHECK_OK(version_fill(&w.cat, s, v, &value, &e), &e);
	world_commit(&w);
	check_value(&w, s, "t", "filled");
	assert_int_equal(s->version_count, 1);
	world_close(&w);
}

TEST("a value moved to another version, secret or kind does not open")
{
	struct world w;
	struct secret *s, *other;
	struct version *v, *moved;
	struct value out;
	struct err e;

	world_open(&w);
	s = world_secret(&w, "s");
	other = world_secret(&w, "other");
	v = world_version(&w, s, "v1", "value");
	moved = find(&w, s, "v1");
	moved->version_id = STR_LIT("v2");
	CHECK_ERR(version_value(&w.cat, s, moved, &out, &e), &e, ERR_DECRYPTION);
	CHECK_ERR(version_value(&w.cat, other, v, &out, &e), &e, ERR_DECRYPTION);
	v->kind = VALUE_BINARY;
	CHECK_ERR(version_value(&w.cat, s, v, &out, &e), &e, ERR_DECRYPTION);
	v->kind = VALUE_STRING;
	CHECK_OK(version_value(&w.cat, s, v, &out, &e), &e);
	world_close(&w);
}

TEST("versions are listed by creation time and then by id")
{
	static const char *const want[] = { "b", "a", "c" };
	struct version **list;
	struct world w;
	struct secret *s;
	struct err e;
	size_t n;

	world_open(&w);
	s = world_secret(&w, "s");
	world_version(&w, s, "b", "1");
	world_advance(&w, 1);
	world_version(&w, s, "c", "2");
	world_version(&w, s, "a", NULL);
	world_secret(&w, "t");
	world_version(&w, world_find(&w, "t"), "d", "not of this secret");
	CHECK_OK(version_list(&w.cat, s, &list, &n, &e), &e);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		CHECK_STR(list[i]->version_id, want[i]);
	world_close(&w);
}

TEST("beyond a hundred versions the oldest unlabelled ones go, a day after they were made")
{
	struct world w;
	struct secret *s;

	world_open(&w);
	s = world_secret(&w, "s");
	fill(&w, s, "a", 100);
	stage_promote(w.arena, s, STR_LIT("a0000"));
	stage_attach(w.arena, s, STR_LIT("mine"), STR_LIT("a0002"));
	world_advance(&w, DAY_MS - 1);
	world_version(&w, s, "young", "x");		/* not a day yet */
	assert_int_equal(count_stored(&w, s), 101);
	world_advance(&w, 1);
	world_version(&w, s, "b", "x");			/* two have to go */
	assert_int_equal(count_stored(&w, s), 100);
	assert_int_equal(s->version_count, 100);
	assert_non_null(find(&w, s, "a0000"));		/* labelled: never */
	assert_null(find(&w, s, "a0001"));
	assert_non_null(find(&w, s, "a0002"));
	assert_null(find(&w, s, "a0003"));
	assert_non_null(find(&w, s, "a0004"));
	world_version(&w, s, "c", "x");			/* each new one costs an old one */
	assert_int_equal(count_stored(&w, s), 100);
	assert_null(find(&w, s, "a0004"));
	check_value(&w, s, "a0005", "x");
	world_close(&w);
}

TEST("a secret within its hundred versions is never pruned")
{
	struct world w;
	struct secret *s;

	world_open(&w);
	s = world_secret(&w, "s");
	fill(&w, s, "a", 99);
	world_advance(&w, 400 * DAY_MS);
	world_version(&w, s, "b", "x");
	assert_int_equal(count_stored(&w, s), 100);
	world_close(&w);
}

TEST("a thousand versions that may not be pruned are the end, until they are a day old")
{
	struct value value = { VALUE_STRING, STR_LIT("x") };
	struct version *v;
	struct world w;
	struct secret *s;
	struct err e;

	world_open(&w);
	s = world_secret(&w, "s");
	fill(&w, s, "a", LIMIT_VERSIONS_HARD);
	world_put(&w, s);
	world_commit(&w);
	s = world_find(&w, "s");
	CHECK_ERR(version_add(&w.cat, s, STR_LIT("b"), &value, false, &v, &e), &e, ERR_LIMIT);
	assert_string_equal(e.msg, "You've reached the limit of versions for this secret.");
	world_abort(&w);
	s = world_find(&w, "s");
	world_advance(&w, DAY_MS);
	CHECK_OK(version_add(&w.cat, s, STR_LIT("b"), &value, false, &v, &e), &e);
	assert_int_equal(count_stored(&w, s), 100);
	world_close(&w);
}

TEST("a removed version is gone and no longer counted; the others stay")
{
	struct world w;
	struct secret *s;
	struct err e;

	world_open(&w);
	s = world_secret(&w, "s");
	world_version(&w, s, "v1", "1");
	world_version(&w, s, "v2", "2");
	CHECK_OK(version_remove(&w.cat, s, STR_LIT("v1"), &e), &e);
	assert_null(find(&w, s, "v1"));
	check_value(&w, s, "v2", "2");
	assert_int_equal(s->version_count, 1);
	world_close(&w);
}
