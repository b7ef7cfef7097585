/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - what a storage engine does for the store: ordered keys in transactions.
 *
 * The store has checked what it passes on: keys are 1..STORE_KEY_MAX bytes, values at most
 * STORE_VALUE_MAX, puts and dels come in updates only, and never while a scan is open.
 * Threads: views begin and end on any thread, each on one; at most one update is open at a time,
 * begun and ended on one thread.
 * Memory: every key and value handed out borrows from the transaction: in a view until its end, in
 * an update until its next put or del.
 * Errors: ERR_CONFLICT from put, del or commit means that the same update may succeed when it is
 * run again from begin(), which first does whatever that takes. Every other error is final for the
 * update, and must leave the engine able to begin the next one.
 */
#pragma once
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

#define STORE_KEY_MAX 511
#define STORE_VALUE_MAX ((size_t)256 << 20)

struct engine;
struct engine_txn;
struct engine_scan;

struct engine_ops {
	const char *name;
	struct engine *(*open)(const struct store_config *c, struct err *e);
	void (*close)(struct engine *g);

	struct engine_txn *(*begin)(struct engine *g, bool is_update, struct err *e);
	/* Durable when it returns true. Ends the update either way; false leaves nothing stored. */
	bool (*commit)(struct engine_txn *t, struct err *e);
	/* Ends a view; ends an update without a trace. */
	void (*abort)(struct engine_txn *t);
	/* Of a view: grows with every commit that wrote, so that equal means equal contents. */
	uint64_t (*rev)(const struct engine_txn *t);

	/* True with STR_NULL when the key is absent. */
	bool (*get)(struct engine_txn *t, struct str key, struct str *out, struct err *e);
	bool (*put)(struct engine_txn *t, struct str key, struct str value, struct err *e);
	bool (*del)(struct engine_txn *t, struct str key, struct err *e);

	/* As scan_open() in store.h; the scan borrows `prefix`. */
	struct engine_scan *(*scan)(struct engine_txn *t, struct str prefix, struct str after,
	    struct err *e);
	/* False with ERR_NONE at the end, however often it is asked. */
	bool (*next)(struct engine_scan *s, struct str *key, struct str *value, struct err *e);
	void (*scan_end)(struct engine_scan *s);
};

extern const struct engine_ops engine_lmdb, engine_mem;

/* Where a scan begins: the first key not below `key`, or strictly above it. */
struct scan_start {
	struct str key;
	bool strictly;
};

static inline struct scan_start
scan_start(struct str prefix, struct str after)
{
	if (after.p != NULL && str_cmp(after, prefix) >= 0)
		return (struct scan_start){ after, true };
	return (struct scan_start){ prefix, false };
}

static inline bool
scan_covers(struct str prefix, struct str key)
{
	return key.n >= prefix.n && (prefix.n == 0 || memcmp(key.p, prefix.p, prefix.n) == 0);
}
