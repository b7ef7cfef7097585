/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/due.h"

#include <string.h>

#include "catalog/run.h"
#include "catalog/secret.h"

#define HEAD_LEN (1 + 8 + 1)

static struct str
due_key(struct arena *a, const struct due *d)
{
	struct str tail = record_key(a, (char)d->what, d->account, d->region,
	    (struct str){ (const char *)d->id, RECORD_ID_LEN });
	char *p = arena_alloc(a, 9 + tail.n);
	uint64_t at = (uint64_t)d->at_ms;

	p[0] = KIND_DUE;
	for (int i = 8; i >= 1; i--, at >>= 8)
		p[i] = (char)(unsigned char)at;
	memcpy(p + 9, tail.p, tail.n);
	return (struct str){ p, 9 + tail.n };
}

bool
due_put(struct catalog *c, const struct due *d, struct err *e)
{
	return txn_put(c->txn, due_key(c->arena, d), STR_LIT(""), e);
}

bool
due_del(struct catalog *c, const struct due *d, struct err *e)
{
	return txn_del(c->txn, due_key(c->arena, d), e);
}

bool
due_del_runs(struct catalog *c, const struct secret *s, struct err *e)
{
	struct run *r;
	struct due d = { .what = DUE_RUN, .account = s->account, .region = s->region };

	if (s->rotation.active_run == 0)
		return true;
	if (!run_find(c, s, s->rotation.active_run, &r, e))
		return false;
	if (r == NULL || r->stored_due_ms == 0)
		return true;
	d.at_ms = r->stored_due_ms;
	memcpy(d.id, s->id, RECORD_ID_LEN);
	return due_del(c, &d, e);
}

static bool
parse(struct arena *a, struct str key, struct due *out)
{
	struct str rest = str_skip(key, HEAD_LEN);
	uint64_t at = 0;

	if (key.n < HEAD_LEN + 2 + RECORD_ID_LEN)
		return false;
	for (size_t i = 1; i < 9; i++)
		at = at << 8 | (unsigned char)key.p[i];
	out->at_ms = (int64_t)at;
	out->what = (enum due_kind)key.p[9];
	if (!str_split(&rest, '\0', &out->account) || rest.p == NULL ||
	    !str_split(&rest, '\0', &out->region) || rest.p == NULL || rest.n != RECORD_ID_LEN)
		return false;
	out->account = arena_str(a, out->account);
	out->region = arena_str(a, out->region);
	memcpy(out->id, rest.p, RECORD_ID_LEN);
	return true;
}

bool
due_list(struct catalog *c, int64_t until_ms, struct due *out, size_t max, size_t *n,
    int64_t *next_ms, struct err *e)
{
	static const char kind[] = { KIND_DUE };
	AUTO(scan) *s = scan_open(c->txn, (struct str){ kind, 1 }, STR_NULL, e);
	struct str key, value;
	struct due d;

	*n = 0;
	*next_ms = INT64_MAX;
	if (s == NULL)
		return false;
	err_clear(e);
	while (scan_next(s, &key, &value, e)) {
		if (!parse(c->arena, key, &d))
			return err_corrupt(e, "a due entry has %zu bytes", key.n);
		if (d.at_ms > until_ms || *n == max) {
			*next_ms = d.at_ms;
			return true;
		}
		out[(*n)++] = d;
	}
	return e->code == ERR_NONE;
}

bool
due_list_runs(struct catalog *c, struct due_runs *out, struct err *e)
{
	static const char kind[] = { KIND_DUE };
	AUTO(scan) *s = scan_open(c->txn, (struct str){ kind, 1 }, STR_NULL, e);
	struct str key, value;
	size_t cap = 0;
	struct due d;

	*out = (struct due_runs){ NULL, 0 };
	if (s == NULL)
		return false;
	err_clear(e);
	while (scan_next(s, &key, &value, e)) {
		if (!parse(c->arena, key, &d))
			return err_corrupt(e, "a due entry has %zu bytes", key.n);
		if (d.what != DUE_RUN)
			continue;
		if (out->n == cap) {
			struct due *grown = arena_array(c->arena, struct due, cap = cap * 2 + 16);

			if (out->n > 0)
				memcpy(grown, out->v, out->n * sizeof(*grown));
			out->v = grown;
		}
		out->v[out->n++] = d;
	}
	return e->code == ERR_NONE;
}
