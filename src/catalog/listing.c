/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/listing.h"

#include <string.h>

/* Sort key, then ARN: ties are broken the same way every time (spec/api.md 6.4). Ids are in the
 * order of creation, also within a millisecond. */
static struct str
sort_key(struct arena *a, const struct listing *l, const struct secret *s)
{
	AUTO_BUF b = BUF_INIT;

	if (l->order == LISTING_NAME)
		buf_str(&b, s->name);
	else if (l->order == LISTING_CREATED)
		buf_add(&b, s->id, RECORD_ID_LEN);
	else
		buf_u64be(&b, (uint64_t)(l->order == LISTING_CHANGED ? s->changed_ms :
		    s->accessed_day_ms));
	buf_c(&b, '\0');
	buf_str(&b, s->arn);
	return arena_str(a, buf_view(&b));
}

static bool
in_store_order(struct catalog *c, struct listing *l, struct err *e)
{
	struct str id = l->after.p == NULL ? STR_NULL : l->after;
	struct secret_walk *w = secret_walk_open(c, l->account, l->region, id, e);
	AUTO(arena) *scratch = arena_new();

	if (w == NULL)
		return false;
	for (;;) {
		struct secret *s = secret_walk_next(w, scratch, e), *kept;

		if (s == NULL)
			break;
		if (!l->wanted(l->arg, s)) {
			arena_reset(scratch);
			continue;
		}
		if (l->n == l->max) {
			l->more = true;
			break;
		}
		if (!secret_find_id(c, l->account, l->region, s->id, &kept, e) || kept == NULL)
			break;
		l->page[l->n++] = kept;
		l->last = (struct str){ (const char *)kept->id, RECORD_ID_LEN };
		arena_reset(scratch);
	}
	secret_walk_close(w);
	return l->more || e->code == ERR_NONE;
}

struct candidate {
	struct str key;
	size_t room;		/* at key.p */
	uint8_t id[RECORD_ID_LEN];
};

/* The page and one more, best first; the rest falls off the end. */
struct best {
	struct candidate *v;
	size_t n, cap;
	bool descending;
};

static int
order(const struct best *b, struct str x, struct str y)
{
	int c = str_cmp(x, y);

	return b->descending ? -c : c;
}

/* The key moves into the room of the one that fell off: an order met backwards makes every secret
 * a candidate for a moment, and memory must not grow with them. */
static void
hold(struct arena *a, struct candidate *at, struct candidate fallen, struct str key,
    const uint8_t *id)
{
	char *p = (char *)(uintptr_t)fallen.key.p;

	if (fallen.room < key.n) {
		fallen.room = 2 * key.n;
		p = arena_alloc(a, fallen.room);
	}
	memcpy(p, key.p, key.n);
	*at = (struct candidate){ .key = { p, key.n }, .room = fallen.room };
	memcpy(at->id, id, RECORD_ID_LEN);
}

static void
offer(struct arena *a, struct best *b, struct str key, const uint8_t *id)
{
	struct candidate fallen = { .room = 0 };
	size_t at = b->n;

	if (b->n == b->cap && order(b, key, b->v[b->n - 1].key) >= 0)
		return;
	if (b->n < b->cap)
		b->n++;
	else
		fallen = b->v[at = b->n - 1];
	while (at > 0 && order(b, key, b->v[at - 1].key) < 0) {
		b->v[at] = b->v[at - 1];
		at--;
	}
	hold(a, &b->v[at], fallen, key, id);
}

static bool
collect(struct catalog *c, struct listing *l, struct best *best, struct err *e)
{
	struct secret_walk *w = secret_walk_open(c, l->account, l->region, STR_NULL, e);
	AUTO(arena) *scratch = arena_new();
	struct secret *s;

	if (w == NULL)
		return false;
	while ((s = secret_walk_next(w, scratch, e)) != NULL) {
		struct str key = sort_key(scratch, l, s);

		if (l->wanted(l->arg, s) &&
		    (l->after.p == NULL || order(best, key, l->after) > 0))
			offer(c->arena, best, key, s->id);
		arena_reset(scratch);
	}
	secret_walk_close(w);
	return e->code == ERR_NONE;
}

static bool
sorted(struct catalog *c, struct listing *l, struct err *e)
{
	struct best best = { .v = arena_array(c->arena, struct candidate, l->max + 1),
		.cap = l->max + 1, .descending = l->descending };

	if (!collect(c, l, &best, e))
		return false;
	l->more = best.n > l->max;
	for (size_t i = 0; i < best.n && i < l->max; i++) {
		struct secret *s;

		if (!secret_find_id(c, l->account, l->region, best.v[i].id, &s, e) || s == NULL)
			return false;
		l->page[l->n++] = s;
		l->last = best.v[i].key;
	}
	return true;
}

bool
listing_page(struct catalog *c, struct listing *l, struct err *e)
{
	l->page = arena_array(c->arena, struct secret *, l->max + 1);
	l->n = 0;
	l->more = false;
	if (l->order == LISTING_CREATED && !l->descending) {
		if (l->after.p != NULL && l->after.n != RECORD_ID_LEN)
			return err_internal(e, "a listing mark of %zu bytes", l->after.n);
		return in_store_order(c, l, e);
	}
	return sorted(c, l, e);
}
