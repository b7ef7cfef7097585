/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - ordered keys to sealed bytes, with snapshots and serialisable, durable updates.
 *
 * Keys are 1..511 bytes, values 0..256 MiB; order is byte order. The engine never sees plaintext.
 * An update's body runs on the committer thread, on an overlay over one engine transaction; it may
 * run more than once and so has no effect outside the transaction. A body that returns false (or
 * an engine that refuses) leaves nothing behind and harms no other update of the same batch.
 * An update is reported done only after its batch is on disk.
 * Threads: views from any thread (one txn belongs to one thread); submit from any thread.
 * Views are short: end a view before waiting for an update. When lmdb's file outgrows its map the
 * next batch waits for every view to end, at most view_wait_ms, and views begun then wait for it.
 */
#pragma once
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct store;
struct txn;
struct scan;

struct store_config {
	const char *engine;	/* "lmdb" or "mem" */
	const char *path;	/* lmdb: a folder that exists; mem: ignored */
	uint64_t map_bytes;	/* lmdb: address space to begin with; 0 is 64 GiB */
	int view_wait_ms;	/* lmdb: how long growing waits for views to end; 0 is 10,000 */
};

/* NULL on failure. lmdb refuses a folder that another process has open for writing. */
MUST_CHECK struct store *store_open(const struct store_config *c, struct err *e);
/* Ends the committer after what is queued; no txn may be open. NULL is fine. */
void store_close(struct store *s);

/* ---- a consistent snapshot */
MUST_CHECK struct txn *store_view(struct store *s, struct err *e);
void txn_end(struct txn *t);		/* NULL is fine; only for views */
/* Grows with every commit that writes; equal revisions are equal contents. What an update sees has
 * no revision yet: there it is a number above 2^63 that no other transaction has. */
uint64_t txn_rev(const struct txn *t);
bool txn_is_update(const struct txn *t);

/* ---- inside a view or an update */
/* True with *out == STR_NULL when the key is absent. The value borrows from the transaction and is
 * good until its next put or del, or its end. */
MUST_CHECK bool txn_get(struct txn *t, struct str key, struct str *out, struct err *e);
/* Only in an update. Deleting what is absent succeeds. */
MUST_CHECK bool txn_put(struct txn *t, struct str key, struct str value, struct err *e);
MUST_CHECK bool txn_del(struct txn *t, struct str key, struct err *e);
/* Keys that start with `prefix` and, when `after` is not STR_NULL, sort strictly after it;
 * ascending. No put or del while a scan is open. */
MUST_CHECK struct scan *scan_open(struct txn *t, struct str prefix, struct str after, struct err *e);
/* True: one pair, borrowed until the next call. False: the end (e->code is ERR_NONE) or an error. */
MUST_CHECK bool scan_next(struct scan *s, struct str *key, struct str *value, struct err *e);
void scan_close(struct scan *s);	/* NULL is fine */

/* ---- updates */
typedef bool (*update_fn)(struct txn *t, void *arg, struct err *e);

/* Waits until the update is durable or refused. Never call it from a body or a done function. */
MUST_CHECK bool store_update(struct store *s, update_fn run, void *arg, struct err *e);

/* The same without waiting. The job is the caller's memory and must live until done() runs, which
 * happens on the committer thread, after the flush; done() must be quick and must not wait. */
struct store_job {
	update_fn run;
	void *arg;
	void (*done)(struct store_job *job);
	bool ok;		/* set before done() */
	struct err err;
	struct store_job *next;	/* the store's while queued */
};
void store_submit(struct store *s, struct store_job *job);

/* Called on the committer thread after each flush and before the done functions of its batch;
 * set once before threads start. Used to ship audit rows. */
void store_on_commit(struct store *s, void (*fn)(void *arg), void *arg);

AUTO_FREE(txn, txn_end)
AUTO_FREE(scan, scan_close)
