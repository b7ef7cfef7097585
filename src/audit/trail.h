/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail.h - the pair of files audit.log and audit.chain (audit.h), written by one thread at a time.
 *
 * Always: both files agree up to log_size and chain_size, which stand for the same record, `head`.
 * The log is written before the chain, so what a crash leaves behind is records without a chain
 * line; nobody was told that those were written. Private to audit/.
 */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "audit/chain.h"
#include "base/buf.h"
#include "base/err.h"

struct trail {
	char folder[4096];
	const struct keyring *keyring;	/* borrowed */
	size_t rotate_bytes;
	int folder_fd, log_fd, chain_fd;	/* -1: not open */
	off_t log_size, chain_size;	/* good up to here */
	bool has_bad_tail;		/* bytes of a failed write may follow */
	bool flush_failed;		/* what is on disk is not known until it is read again */
	unsigned rotated;		/* the highest N of audit.log.N */
	struct chain_head head;		/* the last record */
	struct chain_head synced;	/* the last record that is on disk for sure */
};

/* Records on their way to the files. */
struct trail_batch {
	struct buf log, chain;
	struct chain_head head;		/* after the last one added */
};
#define TRAIL_BATCH_INIT { BUF_INIT, BUF_INIT, { 0 } }

/* What trail_open had to leave behind. */
struct trail_gap {
	bool is_new_chain;		/* begun anew: the old files are set aside as .N.broken */
	uint64_t after;			/* the last record before the gap */
	uint64_t without_chain, without_record;	/* cut off at the end of a file */
};

/* Opens the newest pair or makes the first one; `floor` is a head known to be on disk (all 0:
 * none). ERR_CONFIG when the files don't fit each other, the keys or the floor, unless
 * `resume_broken`. `t` must be trail_close()d also after a failure. */
MUST_CHECK bool trail_open(struct trail *t, const char *folder, const struct keyring *k,
    size_t rotate_bytes, const struct chain_head *floor, bool resume_broken,
    struct trail_gap *out_gap, struct err *e);
void trail_close(struct trail *t);

/* Empties the batch, so that it follows on the trail's last record. */
void trail_batch_start(const struct trail *t, struct trail_batch *b);
/* row is 0 for a record that was no row. */
void trail_batch_add(const struct trail *t, struct trail_batch *b, uint64_t row, struct str record);
void trail_batch_done(struct trail_batch *b);

/* All of the batch or, on failure, none of it. Begins a new pair first when this one is full. */
MUST_CHECK bool trail_append(struct trail *t, const struct trail_batch *b, struct err *e);
/* Everything appended is on disk. */
MUST_CHECK bool trail_sync(struct trail *t, struct err *e);

/* ---- reading, for trail_open and audit_verify */

struct trail_walk {
	const struct keyring *keyring;
	FILE *log, *chain;
	struct chain_head head;		/* of the record just read; at first, the first line */
	struct str record;		/* borrowed until the next step */
	uint64_t line;			/* of audit.log, from 1 */
	off_t log_end, chain_end;	/* after the record just read */
	char *buf;
	size_t cap;
};

enum trail_step {
	TRAIL_RECORD,		/* a record and its chain line, which fit */
	TRAIL_END,		/* both files end here */
	TRAIL_LOG_LONGER,	/* a record, whole or cut short, without a chain line */
	TRAIL_CHAIN_LONGER,	/* a chain line, whole or cut short, without a record */
	TRAIL_WRONG		/* they don't fit: changed, removed, exchanged */
};

/* Reads the pair's first line. `suffix` is "" or ".N". */
MUST_CHECK bool trail_walk_open(struct trail_walk *w, int folder_fd, const char *suffix,
    const struct keyring *k, struct err *e);
enum trail_step trail_walk_next(struct trail_walk *w);
void trail_walk_close(struct trail_walk *w);

/* The numbers N of audit.log.N, ascending. The caller frees. */
MUST_CHECK bool trail_list(int folder_fd, unsigned **out, size_t *out_n, struct err *e);
/* True for a PawlAuditGap record. */
bool trail_is_gap(struct str record);
