/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logtail.h - what a function printed during one invocation: masked as it arrives, and only the
 * last LOGTAIL_BYTES of the masked text kept (spec/rotation.md 5.7).
 *
 * A value that arrives in pieces is masked too: bytes that may be the start of one are held back
 * until the rest decides. Threads: none. Memory: borrows the masks; wipes what it held.
 */
#pragma once
#include "base/buf.h"
#include "base/str.h"

#define LOGTAIL_BYTES 4096
#define LOGTAIL_MASK_MIN 6	/* shorter values would blank out ordinary words */

struct logtail {
	const struct str *masks;
	size_t mask_count;
	struct buf held;	/* raw bytes not yet decided */
	struct buf tail;	/* masked; at most 2 * LOGTAIL_BYTES between trims */
	/* Hears everything once it is masked; may be NULL. */
	void (*sink)(void *arg, struct str masked);
	void *arg;
};

/* Sets other masks for what follows; held bytes are decided by the old ones first. */
void logtail_set_masks(struct logtail *t, const struct str *masks, size_t count);
void logtail_add(struct logtail *t, struct str bytes);
/* Decides the held bytes and returns the tail, which is valid until the next call. */
struct str logtail_end(struct logtail *t);
bool logtail_at_line_start(const struct logtail *t);
void logtail_clear(struct logtail *t);
void logtail_free(struct logtail *t);

/* Adds `text` to `out` with every masked value as ****. */
void mask_text(struct buf *out, struct str text, const struct str *masks, size_t count);
