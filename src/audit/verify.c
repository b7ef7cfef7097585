/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/trail.h"
#include "base/cleanup.h"

struct verify {
	const struct keyring *keyring;
	int folder_fd;
	bool is_first;			/* nothing to compare with: older pairs may be deleted */
	struct chain_head head;		/* where the pair before ended */
	uint64_t records;
	struct arena *arena;		/* one record's JSON */
};

static bool
wrong(const struct trail_walk *w, const char *suffix, const char *why, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "audit.log%s:%llu: %s", suffix, (unsigned long long)w->line,
	    why);
}

static bool
check_record(struct verify *v, const struct trail_walk *w, const char *suffix, struct err *e)
{
	struct err why;
	json_t *doc;

	arena_reset(v->arena);
	doc = json_parse(v->arena, w->record, JSON_STRICT_KEYS, &why);
	if (!json_is_object(doc))
		return wrong(w, suffix, "the record is not a JSON object", e);
	v->records++;
	return true;
}

/* The first line continues the pair before it, or begins anew, and then the record that says so
 * must be the first: only the holder of the audit key can have written it. */
static bool
check_start(struct verify *v, struct trail_walk *w, const char *suffix, struct err *e)
{
	bool follows = v->is_first || chain_head_equal(&w->head, &v->head);
	bool restarts = chain_is_restart(&w->head);
	enum trail_step step;

	if (!follows && !restarts)
		return err_set(
		    e, ERR_CORRUPT, "audit.chain%s:1: does not follow the file before it", suffix);
	if (!restarts)
		return true;
	step = trail_walk_next(w);
	if (step != TRAIL_RECORD || !trail_is_gap(w->record))
		return wrong(w, suffix, "a chain begins anew without a PawlAuditGap record", e);
	return check_record(v, w, suffix, e);
}

static bool
check_end(const struct trail_walk *w, enum trail_step step, const char *suffix, struct err *e)
{
	switch (step) {
	case TRAIL_LOG_LONGER:
		return wrong(w, suffix, "a record that is not in the chain", e);
	case TRAIL_CHAIN_LONGER:
		return wrong(w, suffix, "the record is missing", e);
	case TRAIL_WRONG:
		return wrong(w, suffix,
		    "the record does not fit the chain: it, or one before it, was changed, "
		    "removed or moved", e);
	case TRAIL_RECORD:
	case TRAIL_END:
		break;
	}
	return true;
}

static bool
check_records(struct verify *v, struct trail_walk *w, const char *suffix, struct err *e)
{
	enum trail_step step;

	if (!check_start(v, w, suffix, e))
		return false;
	while ((step = trail_walk_next(w)) == TRAIL_RECORD) {
		if (!check_record(v, w, suffix, e))
			return false;
	}
	v->head = w->head;
	v->is_first = false;
	return check_end(w, step, suffix, e);
}

static bool
check_pair(struct verify *v, const char *suffix, struct err *e)
{
	struct trail_walk w;
	bool ok;

	if (!trail_walk_open(&w, v->folder_fd, suffix, v->keyring, e)) {
		e->code = ERR_CORRUPT;
		return false;
	}
	ok = check_records(v, &w, suffix, e);
	trail_walk_close(&w);
	return ok;
}

static bool
check_all(struct verify *v, struct err *e)
{
	unsigned *list;
	size_t n;
	bool ok = true;

	if (!trail_list(v->folder_fd, &list, &n, e))
		return false;
	for (size_t i = 0; ok && i < n; i++) {
		char suffix[16];

		snprintf(suffix, sizeof(suffix), ".%u", list[i]);
		ok = check_pair(v, suffix, e);
	}
	free(list);
	return ok && check_pair(v, "", e);
}

bool
audit_verify(const char *folder, const struct keyring *k, uint64_t *out_records, struct err *e)
{
	AUTO(arena) *a = arena_new();
	AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct verify v = { .keyring = k, .folder_fd = fd, .is_first = true, .arena = a };

	if (fd < 0)
		return err_sys(e, ERR_CONFIG, "cannot open the audit folder %s", folder);
	if (!check_all(&v, e))
		return false;
	*out_records = v.records;
	return true;
}
