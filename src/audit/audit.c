/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows in the store, and the way from there to the files.
 *
 *	ac		first row that may still be there, last row given out, both as u64
 *	af		sealed: seq, row, mac (8, 8, 32 bytes) of a record that is on disk for sure
 *	ar <row>	sealed: one record
 *
 * Numbers are big-endian. The way of a record:
 *
 *	audit_put -- commit --> row in the store -- audit_ship --> line in the file -- flush -->
 *	the row is deleted by the next audit_put
 *
 * A row is deleted only after its line was flushed, and the file knows the last row it holds
 * (chain.h), so that a crash anywhere neither loses a record nor writes it twice.
 *
 * Threads that write take turns: whoever finds nobody writing writes for all that wait.
 */
#include "audit/audit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "audit/trail.h"
#include "base/cleanup.h"
#include "base/clock.h"

#define ROTATE_BYTES_DEFAULT (64U * 1024 * 1024)
#define UNFLUSHED_ROWS_MAX 256		/* then audit_ship flushes, so that rows can be deleted */
#define DELETE_ROWS_MAX (2 * UNFLUSHED_ROWS_MAX)	/* in one update */
#define BATCH_BYTES (256U * 1024)
#define ROW_KEY_LEN 10
#define FLOOR_LEN (16 + CHAIN_MAC_LEN)

/* A record that waits for its turn; on the stack of the thread that waits. */
struct waiting {
	struct str record;
	bool is_done, ok;
	struct err err;
	struct waiting *next;
};

struct audit {
	/* Set by audit_open, then read only. */
	struct keyring *keyring;
	struct store *store;
	bool sync_reads;
	uint64_t first_row;		/* rows are numbered above what the files hold already */

	pthread_mutex_t lock;		/* guards the six below; a leaf */
	pthread_cond_t turn;		/* is_writing was cleared */
	bool is_writing;		/* some thread has the turn, and the trail with it */
	bool is_behind;			/* the last shipment failed */
	struct waiting *queue, **queue_end;
	struct chain_head head, synced;	/* copies of the trail's */

	struct trail trail;		/* the thread's that has the turn */
	struct trail_batch batch;
	struct arena *arena;

	atomic_bool has_rows;		/* an update has put rows since the last shipment began */
};

/* ---- keys and stored forms */

static void
put_be64(uint64_t v, uint8_t out[8])
{
	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static uint64_t
get_be64(const char *p)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | (uint8_t)p[i];
	return v;
}

static struct str
row_key(uint64_t row, char out[ROW_KEY_LEN])
{
	out[0] = 'a';
	out[1] = 'r';
	put_be64(row, (uint8_t *)out + 2);
	return (struct str){ out, ROW_KEY_LEN };
}

struct counters {
	uint64_t first, last;		/* first == last + 1: no row */
};

static bool
get_counters(struct txn *t, struct counters *out, struct err *e)
{
	struct str v;

	*out = (struct counters){ 1, 0 };
	if (!txn_get(t, STR_LIT("ac"), &v, e))
		return false;
	if (v.p == NULL)
		return true;
	if (v.n != 16)
		return err_corrupt(e, "audit: the row counters have %zu bytes", v.n);
	out->first = get_be64(v.p);
	out->last = get_be64(v.p + 8);
	return true;
}

static bool
put_counters(struct txn *t, const struct counters *c, struct err *e)
{
	uint8_t v[16];

	put_be64(c->first, v);
	put_be64(c->last, v + 8);
	return txn_put(t, STR_LIT("ac"), (struct str){ (char *)v, sizeof(v) }, e);
}

static bool
get_floor(const struct audit *a, struct txn *t, struct arena *arena, struct chain_head *out,
    struct err *e)
{
	struct str v, plain;

	*out = (struct chain_head){ 0 };
	if (!txn_get(t, STR_LIT("af"), &v, e))
		return false;
	if (v.p == NULL)
		return true;
	if (!keyring_meta_open(a->keyring, STR_LIT("af"), 0, v, arena, &plain, e))
		return false;
	if (plain.n != FLOOR_LEN)
		return err_corrupt(e, "audit: the floor has %zu bytes", plain.n);
	out->seq = get_be64(plain.p);
	out->row = get_be64(plain.p + 8);
	memcpy(out->mac, plain.p + 16, CHAIN_MAC_LEN);
	return true;
}

static bool
put_floor(const struct audit *a, struct txn *t, const struct chain_head *floor, struct err *e)
{
	uint8_t plain[FLOOR_LEN];
	AUTO_BUF sealed = BUF_INIT;

	put_be64(floor->seq, plain);
	put_be64(floor->row, plain + 8);
	memcpy(plain + 16, floor->mac, CHAIN_MAC_LEN);
	return keyring_meta_seal(a->keyring, STR_LIT("af"), 0,
	    (struct str){ (char *)plain, sizeof(plain) }, &sealed, e) &&
	    txn_put(t, STR_LIT("af"), buf_view(&sealed), e);
}

/* ---- taking turns */

static void
take_turn(struct audit *a)
{
	pthread_mutex_lock(&a->lock);
	while (a->is_writing)
		pthread_cond_wait(&a->turn, &a->lock);
	a->is_writing = true;
	pthread_mutex_unlock(&a->lock);
}

/* The caller holds the lock. */
static void
publish(struct audit *a, bool is_behind)
{
	a->head = a->trail.head;
	a->synced = a->trail.synced;
	a->is_behind = is_behind;
}

static void
end_turn(struct audit *a, bool is_behind)
{
	pthread_mutex_lock(&a->lock);
	publish(a, is_behind);
	a->is_writing = false;
	pthread_cond_broadcast(&a->turn);
	pthread_mutex_unlock(&a->lock);
}

/* ---- shipping rows; the caller has the turn */

static bool
add_row(struct audit *a, struct str key, struct str stored, struct err *e)
{
	uint64_t row = key.n == ROW_KEY_LEN ? get_be64(key.p + 2) : 0;
	struct str record;

	/* Rows are numbered without gaps: one that is missing was taken out of the store. */
	if (row != a->batch.head.row + 1)
		return err_corrupt(e, "audit: row %llu follows row %llu", (unsigned long long)row,
		    (unsigned long long)a->batch.head.row);
	if (!keyring_meta_open(a->keyring, key, 0, stored, a->arena, &record, e))
		return false;
	trail_batch_add(&a->trail, &a->batch, row, record);
	return true;
}

/* Appends what the files don't hold yet, at most about BATCH_BYTES of it. */
static bool
ship_some(struct audit *a, struct txn *t, bool *out_more, struct err *e)
{
	char after[ROW_KEY_LEN];
	AUTO(scan) *s = scan_open(t, STR_LIT("ar"), row_key(a->trail.head.row, after), e);
	struct str key, value;

	if (s == NULL)
		return false;
	arena_reset(a->arena);
	trail_batch_start(&a->trail, &a->batch);
	*out_more = false;
	while (scan_next(s, &key, &value, e)) {
		if (!add_row(a, key, value, e))
			return false;
		if (a->batch.log.n >= BATCH_BYTES) {
			*out_more = true;
			break;
		}
	}
	return (*out_more || e->code == ERR_NONE) && trail_append(&a->trail, &a->batch, e);
}

static bool
ship_rows(struct audit *a, struct err *e)
{
	AUTO(txn) *t = NULL;
	bool more = true;

	atomic_store(&a->has_rows, false);	/* before the snapshot: a later row sets it again */
	t = store_view(a->store, e);
	if (t == NULL)
		return false;
	while (more) {
		err_clear(e);
		if (!ship_some(a, t, &more, e))
			return false;
	}
	if (a->trail.head.row - a->trail.synced.row >= UNFLUSHED_ROWS_MAX)
		return trail_sync(&a->trail, e);
	return true;
}

void
audit_ship(struct audit *a)
{
	struct err e;

	if (!atomic_load(&a->has_rows) && !audit_is_behind(a))
		return;
	take_turn(a);
	end_turn(a, !ship_rows(a, &e));
}

bool
audit_is_behind(struct audit *a)
{
	bool behind;

	pthread_mutex_lock(&a->lock);
	behind = a->is_behind;
	pthread_mutex_unlock(&a->lock);
	return behind;
}

/* ---- rows */

/* Rows up to `synced` are in the file and flushed; the floor says so in the same transaction. */
static bool
delete_shipped(struct audit *a, struct txn *t, struct counters *c, const struct chain_head *synced,
    struct err *e)
{
	uint64_t end = synced->row < c->last ? synced->row : c->last;

	if (c->first > end)
		return true;
	if (end - c->first >= DELETE_ROWS_MAX)
		end = c->first + DELETE_ROWS_MAX - 1;
	for (; c->first <= end; c->first++) {
		char key[ROW_KEY_LEN];

		if (!txn_del(t, row_key(c->first, key), e))
			return false;
	}
	return put_floor(a, t, synced, e);
}

static bool
put_row(struct audit *a, struct txn *t, struct counters *c, struct str record, struct err *e)
{
	char key[ROW_KEY_LEN];
	AUTO_BUF sealed = BUF_INIT;

	if (c->last < a->first_row) {	/* a store older than the files: its numbers are taken */
		if (c->first > c->last)
			c->first = a->first_row + 1;
		c->last = a->first_row;
	}
	c->last++;
	return keyring_meta_seal(a->keyring, row_key(c->last, key), 0, record, &sealed, e) &&
	    txn_put(t, row_key(c->last, key), buf_view(&sealed), e);
}

bool
audit_put(struct audit *a, struct txn *t, const struct audit_event *v, struct err *e)
{
	AUTO_BUF record = BUF_INIT;
	struct counters c;
	struct chain_head head, synced;

	pthread_mutex_lock(&a->lock);
	head = a->head;
	synced = a->synced;
	pthread_mutex_unlock(&a->lock);
	if (!get_counters(t, &c, e) || !delete_shipped(a, t, &c, &synced, e))
		return false;
	if (c.last > head.row && c.last - head.row >= AUDIT_ROWS_MAX)
		return err_internal(e,
		    "audit: %d records wait for audit.log, which cannot be written",
		    AUDIT_ROWS_MAX);
	buf_reserve(&record, 2048);
	audit_format(v, &record);
	atomic_store(&a->has_rows, true);
	return put_row(a, t, &c, buf_view(&record), e) && put_counters(t, &c, e);
}

/* ---- records that are no rows */

/* Writes all of the queue. Rows whose shipment failed come first: their changes were earlier. */
static bool
write_all(struct audit *a, const struct waiting *queue, bool was_behind, bool *out_behind,
    struct err *e)
{
	*out_behind = was_behind && !ship_rows(a, e);
	if (*out_behind) {
		e->code = ERR_INTERNAL;
		return err_prefix(e, "audit: earlier records are stuck");
	}
	trail_batch_start(&a->trail, &a->batch);
	for (; queue != NULL; queue = queue->next)
		trail_batch_add(&a->trail, &a->batch, 0, queue->record);
	return trail_append(&a->trail, &a->batch, e) &&
	    (!a->sync_reads || trail_sync(&a->trail, e));
}

/* The caller holds the lock and nobody is writing. */
static void
write_for_all(struct audit *a)
{
	struct waiting *queue = a->queue, *next;
	bool was_behind = a->is_behind, behind, ok;
	struct err e;

	a->queue = NULL;
	a->queue_end = &a->queue;
	a->is_writing = true;
	pthread_mutex_unlock(&a->lock);
	err_clear(&e);
	ok = write_all(a, queue, was_behind, &behind, &e);

	pthread_mutex_lock(&a->lock);
	publish(a, behind);
	a->is_writing = false;
	for (; queue != NULL; queue = next) {
		next = queue->next;	/* its thread may return as soon as it is done */
		queue->ok = ok;
		if (!ok)
			queue->err = e;
		queue->is_done = true;
	}
	pthread_cond_broadcast(&a->turn);
}

static bool
write_record(struct audit *a, struct str record, struct err *e)
{
	struct waiting w = { .record = record };

	pthread_mutex_lock(&a->lock);
	*a->queue_end = &w;
	/* cppcheck-suppress autoVariables ; it is off the queue before it is done */
	a->queue_end = &w.next;
	while (!w.is_done) {
		if (a->is_writing)
			pthread_cond_wait(&a->turn, &a->lock);
		else
			write_for_all(a);
	}
	pthread_mutex_unlock(&a->lock);
	if (!w.ok)
		*e = w.err;
	return w.ok;
}

bool
audit_write(struct audit *a, const struct audit_event *v, struct err *e)
{
	AUTO_BUF record = BUF_INIT;

	buf_reserve(&record, 2048);
	audit_format(v, &record);
	return write_record(a, buf_view(&record), e);
}

/* ---- opening and closing */

/* What had to be left behind at the end of the files becomes a record itself. */
static bool
write_gap(struct audit *a, const struct trail_gap *gap, struct err *e)
{
	static const struct clock wall = { 0 };
	AUTO_BUF data = BUF_INIT;
	struct jsonw w = jsonw_on(&data);
	struct audit_event v = { .identity = AUDIT_SERVICE, .account = STR_LIT("000000000000"),
		.invoked_by = STR_LIT("pawl.internal"), .time_ms = clock_now_ms(&wall),
		.source = STR_LIT("pawl.internal"), .name = STR_LIT("PawlAuditGap"),
		.region = STR_LIT("local"), .source_ip = STR_LIT("pawl.internal"),
		.user_agent = STR_LIT("pawl.internal"), .is_service_event = true };

	if (!gap->is_new_chain && gap->without_chain == 0 && gap->without_record == 0)
		return true;
	jsonw_open(&w);
	jsonw_kint(&w, "afterRecord", (int64_t)gap->after);
	jsonw_kint(&w, "chainWithoutRecords", (int64_t)gap->without_record);
	jsonw_kbool(&w, "isAcknowledged", gap->is_new_chain);
	jsonw_kint(&w, "recordsWithoutChain", (int64_t)gap->without_chain);
	jsonw_close(&w);
	v.additional_data = buf_view(&data);
	return audit_write(a, &v, e);
}

static bool
read_floor(struct audit *a, struct chain_head *out, struct err *e)
{
	AUTO(txn) *t = store_view(a->store, e);

	return t != NULL && get_floor(a, t, a->arena, out, e);
}

static bool
open_trail(struct audit *a, const struct audit_config *c, struct err *e)
{
	struct chain_head floor;
	struct trail_gap gap;

	if (!read_floor(a, &floor, e) ||
	    !trail_open(&a->trail, c->folder, c->keyring,
	    c->rotate_bytes == 0 ? ROTATE_BYTES_DEFAULT : c->rotate_bytes, &floor,
	    c->resume_broken, &gap, e))
		return false;
	a->first_row = a->trail.head.row;
	a->head = a->trail.head;
	a->synced = a->trail.synced;
	return write_gap(a, &gap, e) && ship_rows(a, e);
}

static struct audit *
audit_new(const struct audit_config *c)
{
	struct audit *a = xcalloc(1, sizeof(*a));

	a->keyring = c->keyring;
	a->store = c->store;
	a->sync_reads = c->sync_reads;
	a->queue_end = &a->queue;
	a->arena = arena_new();
	a->trail.folder_fd = a->trail.log_fd = a->trail.chain_fd = -1;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->turn, NULL);
	return a;
}

static void
audit_free(struct audit *a)
{
	trail_close(&a->trail);
	trail_batch_done(&a->batch);
	arena_free(a->arena);
	pthread_cond_destroy(&a->turn);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

struct audit *
audit_open(const struct audit_config *c, struct err *e)
{
	struct audit *a = audit_new(c);

	if (!open_trail(a, c, e)) {
		audit_free(a);
		return NULL;
	}
	publish(a, false);	/* no other thread knows it yet */
	return a;
}

static bool
store_floor(struct txn *t, void *arg, struct err *e)
{
	struct audit *a = arg;
	struct counters c;
	struct chain_head synced;

	pthread_mutex_lock(&a->lock);
	synced = a->synced;
	pthread_mutex_unlock(&a->lock);
	return get_counters(t, &c, e) && delete_shipped(a, t, &c, &synced, e) &&
	    put_counters(t, &c, e) && put_floor(a, t, &synced, e);
}

/* Best effort: what is not done now, the next audit_open does. */
void
audit_close(struct audit *a)
{
	struct err e;
	bool ok;

	if (a == NULL)
		return;
	take_turn(a);
	ok = ship_rows(a, &e) && trail_sync(&a->trail, &e);
	end_turn(a, !ok);
	(void)(ok && store_update(a->store, store_floor, a, &e));
	audit_free(a);
}
