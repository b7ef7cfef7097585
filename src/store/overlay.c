/* SPDX-License-Identifier: Apache-2.0 */
#include "store/overlay.h"

#include <stdlib.h>

#include "base/arena.h"

void
overlay_init(struct overlay *o, const struct engine_ops *ops, struct engine_txn *under)
{
	*o = (struct overlay){ .ops = ops, .under = under };
}

void
overlay_done(struct overlay *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->changes[i]);
	free(o->changes);
	o->changes = NULL;
	o->n = o->cap = 0;
}

/* The first change whose key is not below `key`; true when it is that key. */
static bool
find_change(const struct overlay *o, struct str key, size_t *out)
{
	size_t lo = 0, hi = o->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (str_cmp(o->changes[mid]->key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*out = lo;
	return lo < o->n && str_eq(o->changes[lo]->key, key);
}

static struct change *
change_new(bool is_del, struct str key, struct str value)
{
	struct change *c = xmalloc(sizeof(*c) + key.n + value.n);

	memcpy(c->bytes, key.p, key.n);
	if (value.n > 0)
		memcpy(c->bytes + key.n, value.p, value.n);
	c->is_del = is_del;
	c->key = (struct str){ c->bytes, key.n };
	c->value = (struct str){ c->bytes + key.n, value.n };
	return c;
}

static bool
set_change(struct overlay *o, bool is_del, struct str key, struct str value, struct err *e)
{
	struct change *c;
	size_t i;

	if (o->scans_open > 0)
		return err_internal(e, "store: a put or del while a scan is open");
	/* Copied before the old change goes: key and value may borrow from it. */
	c = change_new(is_del, key, value);
	if (find_change(o, c->key, &i)) {
		free(o->changes[i]);
		o->changes[i] = c;
		return true;
	}
	if (o->n == o->cap) {
		o->cap = o->cap == 0 ? 16 : o->cap * 2;
		o->changes = xrealloc(o->changes, o->cap * sizeof(struct change *));
	}
	memmove(o->changes + i + 1, o->changes + i, (o->n - i) * sizeof(struct change *));
	o->changes[i] = c;
	o->n++;
	return true;
}

bool
overlay_put(struct overlay *o, struct str key, struct str value, struct err *e)
{
	return set_change(o, false, key, value, e);
}

bool
overlay_del(struct overlay *o, struct str key, struct err *e)
{
	return set_change(o, true, key, STR_LIT(""), e);
}

bool
overlay_get(struct overlay *o, struct str key, struct str *out, struct err *e)
{
	size_t i;

	if (!find_change(o, key, &i))
		return o->ops->get(o->under, key, out, e);
	*out = o->changes[i]->is_del ? STR_NULL : o->changes[i]->value;
	return true;
}

bool
overlay_apply(const struct overlay *o, struct err *e)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct change *c = o->changes[i];
		bool ok = c->is_del ? o->ops->del(o->under, c->key, e) :
		    o->ops->put(o->under, c->key, c->value, e);

		if (!ok)
			return false;
	}
	return true;
}

bool
overlay_scan_open(struct overlay_scan *s, struct overlay *o, struct str prefix, struct str after,
    struct err *e)
{
	struct scan_start from = scan_start(prefix, after);
	struct engine_scan *under = o->ops->scan(o->under, prefix, after, e);

	if (under == NULL)
		return false;
	*s = (struct overlay_scan){ .over = o, .under = under, .prefix = prefix };
	if (find_change(o, from.key, &s->next) && from.strictly)
		s->next++;
	o->scans_open++;
	return true;
}

/* Reads the engine's next pair ahead, so that it can be compared. False only on an error. */
static bool
hold_under(struct overlay_scan *s, struct err *e)
{
	if (s->state != UNDER_UNREAD)
		return true;
	if (s->over->ops->next(s->under, &s->key, &s->value, e)) {
		s->state = UNDER_HELD;
		return true;
	}
	s->state = UNDER_ENDED;
	return e->code == ERR_NONE;
}

static const struct change *
next_change(const struct overlay_scan *s)
{
	const struct change *c = s->next < s->over->n ? s->over->changes[s->next] : NULL;

	return c != NULL && scan_covers(s->prefix, c->key) ? c : NULL;
}

bool
overlay_scan_next(struct overlay_scan *s, struct str *key, struct str *value, struct err *e)
{
	const struct change *c;

	while (hold_under(s, e)) {
		bool held = s->state == UNDER_HELD;
		int order;

		c = next_change(s);
		if (c == NULL && !held) {
			err_clear(e);
			return false;
		}
		order = c == NULL ? 1 : !held ? -1 : str_cmp(c->key, s->key);
		if (order >= 0)
			s->state = UNDER_UNREAD;	/* taken, or hidden by the change */
		if (order > 0) {
			*key = s->key;
			*value = s->value;
			return true;
		}
		s->next++;
		if (!c->is_del) {
			*key = c->key;
			*value = c->value;
			return true;
		}
	}
	return false;
}

void
overlay_scan_close(struct overlay_scan *s)
{
	s->over->ops->scan_end(s->under);
	s->over->scans_open--;
}
