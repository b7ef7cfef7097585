/* SPDX-License-Identifier: Apache-2.0 */
/*
 * due.h - the one time index: what must happen when. Key: 'd', time (8 bytes, big-endian), kind,
 * account, NUL, region, NUL, id. A million schedules cost one ordered index and no timers; the
 * scheduler sleeps until the first entry.
 */
#pragma once
#include "catalog/catalog.h"

struct secret;
enum due_kind {
	DUE_WINDOW = 'w',	/* a rotation window's moment */
	DUE_RUN = 'r',		/* a run is ready, or its lease has expired */
	DUE_DELETION = 'x',	/* the recovery window is over */
};

struct due {
	int64_t at_ms;
	enum due_kind what;
	struct str account, region;
	uint8_t id[RECORD_ID_LEN];
};

MUST_CHECK bool due_put(struct catalog *c, const struct due *d, struct err *e);
MUST_CHECK bool due_del(struct catalog *c, const struct due *d, struct err *e);
/* The entries of the active run of a secret that goes away. */
MUST_CHECK bool due_del_runs(struct catalog *c, const struct secret *s, struct err *e);
/* Up to `max` entries with at_ms <= until_ms, earliest first; *next_ms is the time of the first one
 * after them, INT64_MAX when there is none. */
MUST_CHECK bool due_list(struct catalog *c, int64_t until_ms, struct due *out, size_t max,
    size_t *n, int64_t *next_ms, struct err *e);
/* Every entry of a run, due or not: what a restart has to look at. */
struct due_runs { struct due *v; size_t n; };
MUST_CHECK bool due_list_runs(struct catalog *c, struct due_runs *out, struct err *e);
