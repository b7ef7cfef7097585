/* SPDX-License-Identifier: Apache-2.0 */
/* trail_impl.h - what trail_open.c needs of trail.c. */
#pragma once
#include "audit/trail.h"

/* Opens, or makes, both files; `flags` as for open(2). */
MUST_CHECK bool trail_open_pair(struct trail *t, int flags, struct err *e);
/* An empty pair that begins after `first`. */
MUST_CHECK bool trail_create_pair(struct trail *t, const struct chain_head *first, struct err *e);
