/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.h - one update's puts and dels, laid over an engine transaction that they do not touch
 * until overlay_apply(). Reading sees the overlay first and the engine below it.
 *
 * Always: at most one change per key, ascending in byte order. A view is an overlay without changes.
 * Threads: its transaction's. Memory: the overlay borrows the engine transaction and owns copies of
 * what is put; what it hands out is good until the next put or del, or the transaction's end.
 */
#pragma once
#include "store/engine.h"

struct change {
	bool is_del;
	struct str key, value;
	char bytes[];
};

struct overlay {
	const struct engine_ops *ops;
	struct engine_txn *under;
	struct change **changes;	/* sorted: an update changes a handful of keys */
	size_t n, cap;
	size_t scans_open;
};

void overlay_init(struct overlay *o, const struct engine_ops *ops, struct engine_txn *under);
void overlay_done(struct overlay *o);	/* the engine transaction stays open */

MUST_CHECK bool overlay_get(struct overlay *o, struct str key, struct str *out, struct err *e);
/* Both refuse while a scan is open. */
MUST_CHECK bool overlay_put(struct overlay *o, struct str key, struct str value, struct err *e);
MUST_CHECK bool overlay_del(struct overlay *o, struct str key, struct err *e);
/* Hands every change to the engine transaction. On failure that must be aborted. */
MUST_CHECK bool overlay_apply(const struct overlay *o, struct err *e);

/* The contract of scan_open() in store.h; `prefix` is borrowed while the scan is open. */
struct overlay_scan {
	struct overlay *over;
	struct engine_scan *under;
	struct str prefix;
	size_t next;			/* in over->changes */
	enum { UNDER_UNREAD, UNDER_HELD, UNDER_ENDED } state;
	struct str key, value;		/* the engine's next pair, when held */
};

MUST_CHECK bool overlay_scan_open(struct overlay_scan *s, struct overlay *o, struct str prefix,
    struct str after, struct err *e);
MUST_CHECK bool overlay_scan_next(struct overlay_scan *s, struct str *key, struct str *value,
    struct err *e);
void overlay_scan_close(struct overlay_scan *s);
