/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_mem.c - the reference engine: nothing but memory, and as plain as can be.
 *
 * The contents are one sorted array of items that never changes once it is published. A view holds
 * a reference to the array of its moment; an update's first write copies the array, and commit
 * publishes the copy. That costs O(keys) for each batch, which is fine for tests and for nothing
 * else; in return a snapshot cannot be wrong.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "store/engine.h"

struct item {
	size_t refs;		/* arrays that hold it */
	struct str key, value;
	char bytes[];
};

struct contents {
	size_t refs;		/* transactions that hold it, and the engine */
	uint64_t rev;
	size_t n, cap;
	struct item **items;	/* ascending by key */
};

struct engine {
	pthread_mutex_t lock;	/* guards now and every refs; leaf: take no other under it */
	struct contents *now;
};

struct engine_txn {
	struct engine *g;
	struct contents *at;
	bool has_own;		/* `at` is this update's copy and may be changed */
};

struct engine_scan {
	const struct contents *at;
	struct str prefix;
	size_t next;
};

static struct item *
item_new(struct str key, struct str value)
{
	struct item *it = xmalloc(sizeof(*it) + key.n + value.n);

	memcpy(it->bytes, key.p, key.n);
	if (value.n > 0)
		memcpy(it->bytes + key.n, value.p, value.n);
	it->refs = 1;
	it->key = (struct str){ it->bytes, key.n };
	it->value = (struct str){ it->bytes + key.n, value.n };
	return it;
}

static void
item_unref(struct item *it)
{
	if (--it->refs == 0)
		free(it);
}

static void
contents_unref(struct contents *c)
{
	if (--c->refs > 0)
		return;
	for (size_t i = 0; i < c->n; i++)
		item_unref(c->items[i]);
	free(c->items);
	free(c);
}

static struct contents *
contents_copy(const struct contents *from)
{
	struct contents *c = xcalloc(1, sizeof(*c));

	c->refs = 1;
	c->rev = from->rev + 1;
	c->n = from->n;
	c->cap = from->n + 16;
	c->items = xcalloc(c->cap, sizeof(*c->items));
	for (size_t i = 0; i < c->n; i++) {
		c->items[i] = from->items[i];
		c->items[i]->refs++;
	}
	return c;
}

/* The first item whose key is not below `key`; true when it is that key. */
static bool
contents_find(const struct contents *c, struct str key, size_t *out)
{
	size_t lo = 0, hi = c->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (str_cmp(c->items[mid]->key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*out = lo;
	return lo < c->n && str_eq(c->items[lo]->key, key);
}

static void
contents_insert(struct contents *c, size_t i, struct item *it)
{
	if (c->n == c->cap) {
		c->cap *= 2;
		c->items = xrealloc(c->items, c->cap * sizeof(*c->items));
	}
	memmove(c->items + i + 1, c->items + i, (c->n - i) * sizeof(*c->items));
	c->items[i] = it;
	c->n++;
}

static struct engine *
mem_open(const struct store_config *config __attribute__((unused)),
    struct err *e __attribute__((unused)))
{
	struct engine *g = xcalloc(1, sizeof(*g));

	pthread_mutex_init(&g->lock, NULL);
	g->now = xcalloc(1, sizeof(*g->now));
	g->now->refs = 1;
	return g;
}

static void
mem_close(struct engine *g)
{
	contents_unref(g->now);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

static struct engine_txn *
mem_begin(struct engine *g, bool is_update __attribute__((unused)),
    struct err *e __attribute__((unused)))
{
	struct engine_txn *t = xcalloc(1, sizeof(*t));

	t->g = g;
	pthread_mutex_lock(&g->lock);
	t->at = g->now;
	t->at->refs++;
	pthread_mutex_unlock(&g->lock);
	return t;
}

static void
mem_abort(struct engine_txn *t)
{
	pthread_mutex_lock(&t->g->lock);
	contents_unref(t->at);
	pthread_mutex_unlock(&t->g->lock);
	free(t);
}

static bool
mem_commit(struct engine_txn *t, struct err *e __attribute__((unused)))
{
	if (t->has_own) {
		pthread_mutex_lock(&t->g->lock);
		contents_unref(t->g->now);
		t->g->now = t->at;
		t->at->refs++;
		pthread_mutex_unlock(&t->g->lock);
	}
	mem_abort(t);
	return true;
}

static uint64_t
mem_rev(const struct engine_txn *t)
{
	return t->at->rev;
}

/* Makes `at` this update's own. */
static void
own_contents(struct engine_txn *t)
{
	struct contents *shared = t->at;

	if (t->has_own)
		return;
	pthread_mutex_lock(&t->g->lock);
	t->at = contents_copy(shared);
	contents_unref(shared);
	pthread_mutex_unlock(&t->g->lock);
	t->has_own = true;
}

static void
drop_item(struct engine_txn *t, struct item *it)
{
	pthread_mutex_lock(&t->g->lock);
	item_unref(it);
	pthread_mutex_unlock(&t->g->lock);
}

static bool
mem_get(struct engine_txn *t, struct str key, struct str *out, struct err *e __attribute__((unused)))
{
	size_t i;

	*out = contents_find(t->at, key, &i) ? t->at->items[i]->value : STR_NULL;
	return true;
}

static bool
mem_put(struct engine_txn *t, struct str key, struct str value,
    struct err *e __attribute__((unused)))
{
	struct item *it = item_new(key, value);
	size_t i;

	own_contents(t);
	if (contents_find(t->at, key, &i)) {
		drop_item(t, t->at->items[i]);
		t->at->items[i] = it;
	} else {
		contents_insert(t->at, i, it);
	}
	return true;
}

static bool
mem_del(struct engine_txn *t, struct str key, struct err *e __attribute__((unused)))
{
	struct contents *c;
	size_t i;

	if (!contents_find(t->at, key, &i))
		return true;
	own_contents(t);
	c = t->at;
	drop_item(t, c->items[i]);
	c->n--;
	memmove(c->items + i, c->items + i + 1, (c->n - i) * sizeof(*c->items));
	return true;
}

static struct engine_scan *
mem_scan(struct engine_txn *t, struct str prefix, struct str after,
    struct err *e __attribute__((unused)))
{
	struct engine_scan *s = xcalloc(1, sizeof(*s));
	struct scan_start from = scan_start(prefix, after);

	s->at = t->at;
	s->prefix = prefix;
	if (contents_find(s->at, from.key, &s->next) && from.strictly)
		s->next++;
	return s;
}

static bool
mem_next(struct engine_scan *s, struct str *key, struct str *value, struct err *e)
{
	const struct item *it = s->next < s->at->n ? s->at->items[s->next] : NULL;

	if (it == NULL || !scan_covers(s->prefix, it->key)) {
		err_clear(e);
		return false;
	}
	s->next++;
	*key = it->key;
	*value = it->value;
	return true;
}

static void
mem_scan_end(struct engine_scan *s)
{
	free(s);
}

const struct engine_ops engine_mem = {
	.name = "mem",
	.open = mem_open,
	.close = mem_close,
	.begin = mem_begin,
	.commit = mem_commit,
	.abort = mem_abort,
	.rev = mem_rev,
	.get = mem_get,
	.put = mem_put,
	.del = mem_del,
	.scan = mem_scan,
	.next = mem_next,
	.scan_end = mem_scan_end,
};
