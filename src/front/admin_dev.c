/* SPDX-License-Identifier: Apache-2.0 */
/* A dev server's clock, and emptying it between tests. Never reached on a production server. */
#include "front/admin_call.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "catalog/function.h"
#include "func/func.h"
#include "rotate/scheduler.h"

#define LAST_MS (INT64_C(253402300799) * 1000)	/* 9999-12-31: what dates can show */
#define SLICE_MS 100		/* how soon a stop is noticed */
#define STUCK_MS (20 * MINUTE_MS)	/* no step of a rotation takes longer */
#define RESET_BATCH 1000	/* records deleted by one update */

/* ---- the clock */

bool
admin_clock(struct admin_call *c, struct txn *t, struct err *e)
{
	(void)t;
	(void)e;
	jsonw_open(&c->w);
	jsonw_ktime(&c->w, "Now", clock_now_ms(c->server->clock));
	jsonw_kint(&c->w, "OffsetMs", atomic_load(&c->server->clock->offset_ms));
	jsonw_close(&c->w);
	return true;
}

bool
admin_clock_set(struct admin_call *c, struct txn *t, struct err *e)
{
	struct clock *clock = c->server->clock;
	int64_t ms;

	if (!admin_number(c, "Ms", 0, LAST_MS, -1, &ms, e) ||
	    !admin_record(c, NULL, "SetClock", NULL, e))
		return false;
	if (ms < 0)
		atomic_store(&clock->offset_ms, 0);	/* back to the system's time */
	else
		clock_set_ms(clock, ms);
	rotator_wake(c->server->rotator);
	return admin_clock(c, t, e);
}

static bool
check_stopping(const struct admin_call *c, struct err *e)
{
	return !atomic_load(c->stopping) || err_set(e, ERR_CONFIG, "pawld is stopping");
}

/* From one due entry to the next, in slices: a stop must not wait for a year of rotations, nor for
 * one function. rotator_advance goes on where an earlier call gave up waiting. */
static bool
advance_to(struct admin_call *c, int64_t target_ms, struct err *e)
{
	struct rotator *r = c->server->rotator;
	int64_t give_up = monotonic_ms() + STUCK_MS, next;

	for (;;) {
		if (!check_stopping(c, e) || !rotator_next_due(r, &next, e))
			return false;
		if (next > target_ms)
			next = target_ms;
		if (rotator_advance(r, next, SLICE_MS, e)) {
			if (next == target_ms)
				return true;
			give_up = monotonic_ms() + STUCK_MS;
		} else if (e->code != ERR_CONFIG || monotonic_ms() > give_up) {
			return false;
		}
	}
}

bool
admin_clock_advance(struct admin_call *c, struct txn *t, struct err *e)
{
	int64_t now = clock_now_ms(c->server->clock), ms;

	if (!admin_number(c, "Ms", 1, INT64_MAX, INT64_MAX, &ms, e))
		return false;
	if (now > LAST_MS - ms)
		return err_set(e, ERR_INVALID_PARAMETER, "the clock ends with the year 9999");
	return admin_record(c, NULL, "AdvanceClock", NULL, e) && advance_to(c, now + ms, e) &&
	    admin_clock(c, t, e);
}

/* ---- reset */

struct sweep {
	char kind;
	size_t deleted;
	bool more;
};

static bool
collect(struct txn *t, struct arena *a, struct sweep *s, struct str *keys, struct err *e)
{
	AUTO(scan) *scan = scan_open(t, (struct str){ &s->kind, 1 }, STR_NULL, e);
	struct str key, value;

	if (scan == NULL)
		return false;
	err_clear(e);
	while (s->deleted < RESET_BATCH && scan_next(scan, &key, &value, e))
		keys[s->deleted++] = arena_str(a, key);
	s->more = s->deleted == RESET_BATCH;
	return e->code == ERR_NONE;
}

static bool
sweep_some(struct txn *t, void *arg, struct err *e)
{
	AUTO(arena) *a = arena_new();
	struct str *keys = arena_array(a, struct str, RESET_BATCH);
	struct sweep *s = arg;

	s->deleted = 0;
	if (!collect(t, a, s, keys, e))
		return false;
	for (size_t i = 0; i < s->deleted; i++) {
		if (!txn_del(t, keys[i], e))
			return false;
	}
	return true;
}

static bool
sweep_kind(struct admin_call *c, char kind, uint64_t *records, struct err *e)
{
	struct sweep s = { .kind = kind, .more = true };

	while (s.more) {
		if (!check_stopping(c, e) ||
		    !store_update(c->server->store, sweep_some, &s, e))
			return false;
		*records += s.deleted;
	}
	return true;
}

/* Names and due entries go first: whoever looks meanwhile finds nothing rather than half of it. */
static bool
sweep_all(struct admin_call *c, uint64_t *records, struct err *e)
{
	static const char kept[] = { KIND_KEY, KIND_ACCESS, 'a' /* audit */ };

	if (!sweep_kind(c, KIND_NAME, records, e) || !sweep_kind(c, KIND_DUE, records, e))
		return false;
	for (int kind = 1; kind < 256; kind++) {
		if (memchr(kept, kind, sizeof(kept)) == NULL &&
		    !sweep_kind(c, (char)(unsigned char)kind, records, e))
			return false;
	}
	return true;
}

/* Warm sandboxes would outlive their function. Key: 'f', account, NUL, region, NUL, name. */
static bool
retire_functions(struct admin_call *c, struct err *e)
{
	static const char kind[] = { KIND_FUNCTION };
	struct arena *a = c->http->arena;
	AUTO(txn) *view = store_view(c->server->store, e);
	AUTO(scan) *scan = NULL;
	struct str key, value, account, region;

	if (view == NULL)
		return false;
	scan = scan_open(view, (struct str){ kind, 1 }, STR_NULL, e);
	if (scan == NULL)
		return false;
	err_clear(e);
	while (scan_next(scan, &key, &value, e)) {
		key = str_skip(key, 1);
		if (str_split(&key, '\0', &account) && str_split(&key, '\0', &region) &&
		    key.p != NULL)
			func_retire(c->server->func, function_arn(a, account, region, key));
	}
	return e->code == ERR_NONE;
}

/* DATA/functions/HEX.zip */
static void
remove_code(const char *data)
{
	AUTO_FD fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int folder = fd < 0 ? -1 : openat(fd, "functions", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = folder < 0 ? NULL : fdopendir(folder);
	const struct dirent *d;

	if (dir == NULL) {
		if (folder >= 0)
			close(folder);
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		const char *dot = strrchr(d->d_name, '.');

		if (dot != NULL && strcmp(dot, ".zip") == 0)
			(void)unlinkat(folder, d->d_name, 0);
	}
	closedir(dir);
}

static bool
settle(struct admin_call *c, struct err *e)
{
	int64_t give_up = monotonic_ms() + STUCK_MS;

	while (!rotator_settle(c->server->rotator, SLICE_MS, e)) {
		if (e->code != ERR_CONFIG || monotonic_ms() > give_up || !check_stopping(c, e))
			return false;
	}
	return true;
}

bool
admin_dev_reset(struct admin_call *c, struct txn *t, struct err *e)
{
	uint64_t records = 0;

	(void)t;
	if (!settle(c, e) || !admin_record(c, NULL, "ResetServer", NULL, e) ||
	    !retire_functions(c, e) || !sweep_all(c, &records, e))
		return false;
	remove_code(c->server->data);
	atomic_store(&c->server->clock->offset_ms, 0);
	rotator_wake(c->server->rotator);
	jsonw_open(&c->w);
	jsonw_kint(&c->w, "Records", (int64_t)records);
	jsonw_close(&c->w);
	return true;
}
