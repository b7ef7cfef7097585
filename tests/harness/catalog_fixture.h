/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog_fixture.h - a catalog in memory for tests: fresh keys, an update that stays open, and a
 * clock that stands still until the test moves it.
 *
 * A header, because everything in harness/ that is compiled is linked into every unit test, also
 * those of layers below the catalog. The update is the test's own, on the engine's interface,
 * because store.h runs updates on a thread of its own; world_commit() ends it and begins another.
 * Memory: all that the catalog hands out lives until world_close(). Threads: one.
 */
#pragma once
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/due.h"
#include "catalog/run.h"
#include "catalog/secret.h"
#include "catalog/stage.h"
#include "catalog/version.h"
#include "crypto/digest.h"
#include "store/txn.h"
#include "test.h"

#define MAYBE_UNUSED __attribute__((unused))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ACCOUNT STR_LIT("123456789012")
#define REGION STR_LIT("eu-west-1")
#define NOW_ISO "2026-03-02T10:15:00Z"

struct world {
	struct arena *arena;
	struct keyring *keys;
	struct engine *engine;
	struct txn txn;
	struct catalog cat;
};

MAYBE_UNUSED static int64_t
ms_at(const char *iso)
{
	int64_t s;

	if (!time_parse_iso(str_of(iso), &s))
		fail_msg("'%s' is no time", iso);
	return s * 1000;
}

MAYBE_UNUSED static void
world_at(struct world *w, const char *iso)
{
	w->cat.now_ms = ms_at(iso);
}

MAYBE_UNUSED static void
world_advance(struct world *w, int64_t ms)
{
	w->cat.now_ms += ms;
}

MAYBE_UNUSED static void
world_begin(struct world *w)
{
	struct engine_txn *under;
	struct err e;

	under = engine_mem.begin(w->engine, true, &e);
	CHECK_OK(under != NULL, &e);
	overlay_init(&w->txn.over, &engine_mem, under);
	w->txn.is_update = true;
	w->cat.txn = &w->txn;
}

/* What is read afterwards has been through the store. */
MAYBE_UNUSED static void
world_commit(struct world *w)
{
	struct err e;

	CHECK_OK(overlay_apply(&w->txn.over, &e), &e);
	CHECK_OK(engine_mem.commit(w->txn.over.under, &e), &e);
	overlay_done(&w->txn.over);
	world_begin(w);
}

/* As if the update had been refused. */
MAYBE_UNUSED static void
world_abort(struct world *w)
{
	engine_mem.abort(w->txn.over.under);
	overlay_done(&w->txn.over);
	world_begin(w);
}

MAYBE_UNUSED static void
world_open(struct world *w)
{
	AUTO(secbuf) *unlock = secbuf_new(32);
	struct store_config none = { .engine = "mem" };
	struct key_records records;
	struct err e;

	*w = (struct world){ .arena = arena_new() };
	CHECK_OK(crypto_setup(&e), &e);
	w->keys = keyring_create(w->arena, unlock, &records, &e);
	CHECK_OK(w->keys != NULL, &e);
	w->engine = engine_mem.open(&none, &e);
	CHECK_OK(w->engine != NULL, &e);
	w->cat = (struct catalog){ .keys = w->keys, .arena = w->arena, .now_ms = ms_at(NOW_ISO) };
	world_begin(w);
}

MAYBE_UNUSED static void
world_close(struct world *w)
{
	engine_mem.abort(w->txn.over.under);
	overlay_done(&w->txn.over);
	engine_mem.close(w->engine);
	keyring_free(w->keys);
	arena_free(w->arena);
}

/* ---- secrets */

MAYBE_UNUSED static void
world_put(struct world *w, struct secret *s)
{
	struct err e;

	CHECK_OK(secret_put(&w->cat, s, &e), &e);
}

/* As the next request will see it. */
MAYBE_UNUSED static struct secret *
world_find(struct world *w, const char *name)
{
	struct secret *s;
	struct err e;

	CHECK_OK(secret_find_name(&w->cat, ACCOUNT, REGION, str_of(name), &s, &e), &e);
	return s;
}

MAYBE_UNUSED static struct secret *
world_secret(struct world *w, const char *name)
{
	struct err e;
	struct secret *s = secret_new(&w->cat, ACCOUNT, REGION, str_of(name), &e);

	CHECK_OK(s != NULL, &e);
	world_put(w, s);
	return s;
}

/* A version with a string value, or a placeholder when `value` is NULL; no labels. */
MAYBE_UNUSED static struct version *
world_version(struct world *w, struct secret *s, const char *id, const char *value)
{
	struct value v = { value == NULL ? VALUE_NONE : VALUE_STRING, str_of(value) };
	struct version *made;
	struct err e;

	CHECK_OK(version_add(&w->cat, s, str_of(id), &v, false, &made, &e), &e);
	return made;
}

/* ---- what is where: "v1:AWSPREVIOUS v2:AWSCURRENT,AWSPENDING", by version id */

MAYBE_UNUSED static int
by_version_id(const void *a, const void *b)
{
	const struct staged *x = a, *y = b;

	return str_cmp(x->version_id, y->version_id);
}

MAYBE_UNUSED static const char *
labels_of(struct world *w, const struct secret *s)
{
	struct staged *sorted = arena_array(w->arena, struct staged, s->staged_count + 1);
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < s->staged_count; i++)
		sorted[i] = s->staged[i];
	qsort(sorted, s->staged_count, sizeof(*sorted), by_version_id);
	for (size_t i = 0; i < s->staged_count; i++) {
		if (i > 0)
			buf_c(&b, ' ');
		buf_str(&b, sorted[i].version_id);
		for (size_t k = 0; k < sorted[i].n; k++) {
			buf_c(&b, k == 0 ? ':' : ',');
			buf_str(&b, sorted[i].labels[k]);
		}
	}
	return arena_strz(w->arena, buf_view(&b));
}

#define CHECK_LABELS(w, s, want) assert_string_equal(labels_of((w), (s)), (want))
