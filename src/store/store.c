/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - the choice of engine; what a transaction may ask of it; updates go to the committer. */
#include "store/store.h"

#include <stdlib.h>

#include "base/arena.h"
#include "store/committer.h"
#include "store/txn.h"

struct store {
	const struct engine_ops *ops;
	struct engine *engine;
	struct committer *committer;
};

struct scan {
	struct overlay_scan merged;
	char prefix[];			/* the scan's own copy */
};

static const struct engine_ops *const engines[] = { &engine_lmdb, &engine_mem };

static const struct engine_ops *
find_engine(const char *name)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	}
	return NULL;
}

struct store *
store_open(const struct store_config *config, struct err *e)
{
	const struct engine_ops *ops = find_engine(config->engine);
	struct store *s;

	if (ops == NULL) {
		err_set(e, ERR_CONFIG, "store engine '%s' is not known; use 'lmdb'", config->engine);
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->ops = ops;
	s->engine = ops->open(config, e);
	if (s->engine != NULL)
		s->committer = committer_start(ops, s->engine, e);
	if (s->committer == NULL) {
		store_close(s);
		return NULL;
	}
	return s;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	committer_stop(s->committer);
	if (s->engine != NULL)
		s->ops->close(s->engine);
	free(s);
}

struct txn *
store_view(struct store *s, struct err *e)
{
	struct engine_txn *under = s->ops->begin(s->engine, false, e);
	struct txn *t;

	if (under == NULL)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	overlay_init(&t->over, s->ops, under);
	t->rev = s->ops->rev(under);
	return t;
}

void
txn_end(struct txn *t)
{
	if (t == NULL || t->is_update)	/* an update ends with its body */
		return;
	t->over.ops->abort(t->over.under);
	free(t);
}

uint64_t
txn_rev(const struct txn *t)
{
	return t->rev;
}

bool
txn_is_update(const struct txn *t)
{
	return t->is_update;
}

static bool
check_key(struct str key, struct err *e)
{
	if (key.n == 0 || key.n > STORE_KEY_MAX)
		return err_internal(e, "store: a key of %zu bytes; 1 to %d are possible", key.n,
		    STORE_KEY_MAX);
	return true;
}

static bool
check_update(const struct txn *t, struct err *e)
{
	if (!t->is_update)
		return err_internal(e, "store: a put or del in a view");
	return true;
}

bool
txn_get(struct txn *t, struct str key, struct str *out, struct err *e)
{
	return check_key(key, e) && overlay_get(&t->over, key, out, e);
}

bool
txn_put(struct txn *t, struct str key, struct str value, struct err *e)
{
	if (!check_update(t, e) || !check_key(key, e))
		return false;
	if (value.p == NULL || value.n > STORE_VALUE_MAX)
		return err_internal(e, "store: a value that is %s",
		    value.p == NULL ? "absent" : "too long");
	return overlay_put(&t->over, key, value, e);
}

bool
txn_del(struct txn *t, struct str key, struct err *e)
{
	return check_update(t, e) && check_key(key, e) && overlay_del(&t->over, key, e);
}

struct scan *
scan_open(struct txn *t, struct str prefix, struct str after, struct err *e)
{
	struct scan *s = xmalloc(sizeof(*s) + prefix.n);
	struct str own = { s->prefix, prefix.n };

	if (prefix.n > 0)
		memcpy(s->prefix, prefix.p, prefix.n);
	if (!overlay_scan_open(&s->merged, &t->over, own, after, e)) {
		free(s);
		return NULL;
	}
	return s;
}

bool
scan_next(struct scan *s, struct str *key, struct str *value, struct err *e)
{
	return overlay_scan_next(&s->merged, key, value, e);
}

void
scan_close(struct scan *s)
{
	if (s == NULL)
		return;
	overlay_scan_close(&s->merged);
	free(s);
}

bool
store_update(struct store *s, update_fn run, void *arg, struct err *e)
{
	return committer_update(s->committer, run, arg, e);
}

void
store_submit(struct store *s, struct store_job *job)
{
	committer_submit(s->committer, job);
}

void
store_on_commit(struct store *s, void (*fn)(void *arg), void *arg)
{
	committer_on_commit(s->committer, fn, arg);
}
