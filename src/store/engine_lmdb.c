/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_lmdb.c - the embedded store: one LMDB environment, its unnamed database, one process.
 *
 * The folder holds data.mdb, lock.mdb (both LMDB's) and pawl.lock, whose flock() keeps every other
 * process, and a second store in this one, out. LMDB's files must not be opened by anyone else:
 * closing a second descriptor would drop its fcntl() locks.
 *
 * Flags. NOTLS: a reader slot belongs to a transaction, not to a thread, so ended views go to a
 * pool and begin again with a renew, without LMDB's reader mutex. NORDAHEAD: reads are of single
 * records at random, and reading ahead would push out pages that are in use. Not WRITEMAP: a stray
 * write in this process must not reach the file. Not NOMEMINIT: freed memory must not reach the
 * file. Never DUPSORT. Nothing that weakens the flush at commit.
 *
 * The map is address space, not memory, and the file is as long as its data. When the data outgrow
 * the map (MDB_MAP_FULL, from put or from commit) the update ends in ERR_CONFLICT, and the next
 * begin() doubles the map first. LMDB unmaps the file for that, so no view may be open: views that
 * want to begin wait, and growing waits for those already open, for a bounded time, because a
 * thread that waits for an update while it holds a view would otherwise wait for itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "store/engine.h"

#define LOCK_FILE "pawl.lock"
#define FLAGS (MDB_NOTLS | MDB_NORDAHEAD)
#define READERS_MAX 512
#define MAP_BYTES_DEFAULT (UINT64_C(64) << 30)
#define VIEW_WAIT_DEFAULT_MS 10000

struct engine {
	MDB_env *env;
	MDB_dbi dbi;
	int lock_fd;			/* held with flock() while open */
	int view_wait_ms;
	bool is_full;			/* the updating thread's: the last update found no room */

	pthread_mutex_t lock;		/* guards what follows; leaf: take no other under it */
	pthread_cond_t changed;		/* views_open fell to 0 while growing, or growing ended */
	struct engine_txn *idle;	/* ended views, each with its reader slot */
	size_t views_open;
	bool is_growing;
	bool is_lost;			/* the file is no longer mapped; nothing can begin */
};

struct engine_txn {
	struct engine *g;
	MDB_txn *mdb;
	bool is_update;
	struct engine_txn *next;	/* in g->idle */
};

struct engine_scan {
	MDB_cursor *cursor;
	struct str prefix;
	MDB_val key, value;		/* what `rc` of 0 found */
	int rc;
	bool is_started;		/* that pair has been handed out */
};

static MDB_val
to_val(struct str s)
{
	return (MDB_val){ .mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p };
}

static struct str
from_val(const MDB_val *v)
{
	return (struct str){ v->mv_size == 0 ? "" : v->mv_data, v->mv_size };
}

static enum err_code
code_of(int rc)
{
	switch (rc) {
	case MDB_MAP_FULL:
		return ERR_CONFLICT;
	case MDB_READERS_FULL:
		return ERR_UNAVAILABLE;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
		return ERR_CORRUPT;
	default:
		return ERR_IO;
	}
}

#define HERE __FILE__ ":" ERR_STR(__LINE__)
#define fail(e, what, rc) fail_at((e), HERE, (what), (rc))

static bool
fail_at(struct err *e, const char *at, const char *what, int rc)
{
	err_internal_at(e, at, code_of(rc), "lmdb: %s: %s", what, mdb_strerror(rc));
	if (rc > 0)
		e->sys = rc;
	return false;
}

/* ---- opening */

static bool
lock_folder(struct engine *g, int folder, const char *path, struct err *e)
{
	g->lock_fd = openat(folder, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (g->lock_fd < 0)
		return err_set(e, ERR_CONFIG, "cannot open '%s/" LOCK_FILE "': %s", path,
		    strerror(errno));
	if (flock(g->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		return err_set(e, ERR_CONFIG, "the store in '%s' is in use by another process; "
		    "end it, or choose another folder", path);
	return err_set(e, ERR_CONFIG, "cannot lock '%s/" LOCK_FILE "': %s", path, strerror(errno));
}

static int
set_sizes(struct engine *g, const struct store_config *c)
{
	uint64_t map_bytes = c->map_bytes == 0 ? MAP_BYTES_DEFAULT : c->map_bytes;
	int rc = map_bytes > SIZE_MAX ? EOVERFLOW : mdb_env_set_mapsize(g->env, (size_t)map_bytes);

	return rc != 0 ? rc : mdb_env_set_maxreaders(g->env, READERS_MAX);
}

static int
open_database(struct engine *g)
{
	MDB_txn *t;
	int rc = mdb_txn_begin(g->env, NULL, 0, &t);

	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(t, NULL, 0, &g->dbi);
	if (rc != 0) {
		mdb_txn_abort(t);
		return rc;
	}
	return mdb_txn_commit(t);
}

/* LMDB leaves this descriptor open across exec. */
static int
close_on_exec(struct engine *g)
{
	int fd, rc = mdb_env_get_fd(g->env, &fd);

	if (rc == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		rc = errno;
	return rc;
}

static int
open_env(struct engine *g, const struct store_config *c)
{
	int stale, rc = mdb_env_create(&g->env);

	if (rc == 0)
		rc = set_sizes(g, c);
	if (rc == 0)
		rc = mdb_env_open(g->env, c->path, FLAGS, 0600);
	if (rc == 0)
		rc = close_on_exec(g);
	if (rc == 0)
		rc = mdb_reader_check(g->env, &stale);
	if (rc == 0)
		rc = open_database(g);
	return rc;
}

static bool
open_files(struct engine *g, const struct store_config *c, struct err *e)
{
	AUTO_FD folder = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (folder < 0)
		return err_set(e, ERR_CONFIG, "cannot open the folder '%s': %s", c->path,
		    strerror(errno));
	if (!lock_folder(g, folder, c->path, e))
		return false;
	rc = open_env(g, c);
	/* A new file survives a power cut only when its name in the folder does. */
	if (rc == 0 && fsync(folder) != 0)
		rc = errno;
	if (rc != 0)
		return err_set(e, ERR_CONFIG, "cannot open the store in '%s': %s", c->path,
		    mdb_strerror(rc));
	return true;
}

/* Waits in this file are measured on the monotonic clock. */
static void
init_changed(struct engine *g)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->changed, &attr);
	pthread_condattr_destroy(&attr);
}

static void
lmdb_close(struct engine *g)
{
	while (g->idle != NULL) {
		struct engine_txn *t = g->idle;

		g->idle = t->next;
		mdb_txn_abort(t->mdb);
		free(t);
	}
	if (g->env != NULL)
		mdb_env_close(g->env);
	if (g->lock_fd >= 0)
		close(g->lock_fd);
	pthread_cond_destroy(&g->changed);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

static struct engine *
lmdb_open(const struct store_config *c, struct err *e)
{
	struct engine *g = xcalloc(1, sizeof(*g));

	g->lock_fd = -1;
	g->view_wait_ms = c->view_wait_ms == 0 ? VIEW_WAIT_DEFAULT_MS : c->view_wait_ms;
	pthread_mutex_init(&g->lock, NULL);
	init_changed(g);
	if (!open_files(g, c, e)) {
		lmdb_close(g);
		return NULL;
	}
	return g;
}

/* ---- growing the map */

static struct timespec
deadline_after_ms(int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* With the lock held. */
static bool
wait_for_views(struct engine *g, struct err *e)
{
	struct timespec until = deadline_after_ms(g->view_wait_ms);
	int rc = 0;

	while (g->views_open > 0 && rc == 0)
		rc = pthread_cond_timedwait(&g->changed, &g->lock, &until);
	if (g->views_open > 0)
		return err_internal_at(e, HERE, ERR_UNAVAILABLE, "lmdb: the map is full and %zu views "
		    "did not end within %d ms", g->views_open, g->view_wait_ms);
	return true;
}

/* LMDB gives its map up before it asks for a larger one, so ask first. */
static bool
has_address_space(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return false;
	munmap(p, bytes);
	return true;
}

/* With the lock held and no view open. */
static bool
double_map(struct engine *g, struct err *e)
{
	MDB_envinfo info;
	int rc = mdb_env_info(g->env, &info);

	if (rc != 0)
		return fail(e, "asking for the size of the map", rc);
	if (info.me_mapsize > SIZE_MAX / 2 || !has_address_space(info.me_mapsize * 2))
		return fail(e, "growing the map", ENOMEM);
	rc = mdb_env_set_mapsize(g->env, info.me_mapsize * 2);
	if (rc != 0) {
		g->is_lost = true;
		return fail(e, "growing the map", rc);
	}
	return true;
}

static bool
grow_map(struct engine *g, struct err *e)
{
	bool ok;

	pthread_mutex_lock(&g->lock);
	g->is_growing = true;
	ok = wait_for_views(g, e) && double_map(g, e);
	g->is_growing = false;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	return ok;
}

/* ---- transactions */

/* Counts a view in and takes an idle one for it, if there is any. */
static bool
enter_view(struct engine *g, struct engine_txn **idle, struct err *e)
{
	bool is_lost;

	pthread_mutex_lock(&g->lock);
	while (g->is_growing)
		pthread_cond_wait(&g->changed, &g->lock);
	is_lost = g->is_lost;
	if (!is_lost) {
		g->views_open++;
		*idle = g->idle;
		if (g->idle != NULL)
			g->idle = g->idle->next;
	}
	pthread_mutex_unlock(&g->lock);
	if (is_lost)
		return fail(e, "the map is lost; restart", ENOMEM);
	return true;
}

/* Counts a view out; keeps `t`, which may be NULL, for the next one. */
static void
leave_view(struct engine *g, struct engine_txn *t)
{
	pthread_mutex_lock(&g->lock);
	if (t != NULL) {
		t->next = g->idle;
		g->idle = t;
	}
	g->views_open--;
	if (g->views_open == 0 && g->is_growing)
		pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static struct engine_txn *
txn_new(struct engine *g, unsigned flags, int *rc)
{
	struct engine_txn *t = xcalloc(1, sizeof(*t));

	t->g = g;
	t->is_update = (flags & MDB_RDONLY) == 0;
	*rc = mdb_txn_begin(g->env, NULL, flags, &t->mdb);
	if (*rc == 0)
		return t;
	free(t);
	return NULL;
}

static struct engine_txn *
begin_view(struct engine *g, struct err *e)
{
	struct engine_txn *t;
	int rc;

	if (!enter_view(g, &t, e))
		return NULL;
	if (t == NULL)
		t = txn_new(g, MDB_RDONLY, &rc);
	else
		rc = mdb_txn_renew(t->mdb);
	if (rc == 0)
		return t;
	leave_view(g, t);
	fail(e, "beginning a view", rc);
	return NULL;
}

static struct engine_txn *
begin_update(struct engine *g, struct err *e)
{
	struct engine_txn *t;
	int rc;

	if (g->is_full) {
		g->is_full = false;	/* should growing fail: a smaller update may still fit */
		if (!grow_map(g, e))
			return NULL;
	}
	/* Only this thread's grow_map() sets is_lost. */
	if (g->is_lost) {
		fail(e, "the map is lost; restart", ENOMEM);
		return NULL;
	}
	t = txn_new(g, 0, &rc);
	if (t == NULL)
		fail(e, "beginning an update", rc);
	return t;
}

static struct engine_txn *
lmdb_begin(struct engine *g, bool is_update, struct err *e)
{
	return is_update ? begin_update(g, e) : begin_view(g, e);
}

static void
lmdb_abort(struct engine_txn *t)
{
	if (t->is_update) {
		mdb_txn_abort(t->mdb);
		free(t);
	} else {
		mdb_txn_reset(t->mdb);
		leave_view(t->g, t);
	}
}

static bool
lmdb_commit(struct engine_txn *t, struct err *e)
{
	int rc = mdb_txn_commit(t->mdb);

	if (rc == MDB_MAP_FULL)
		t->g->is_full = true;
	free(t);
	return rc == 0 || fail(e, "commit", rc);
}

/* LMDB numbers the commits that wrote, and keeps the number in the file. */
static uint64_t
lmdb_rev(const struct engine_txn *t)
{
	return mdb_txn_id(t->mdb);
}

static bool
lmdb_get(struct engine_txn *t, struct str key, struct str *out, struct err *e)
{
	MDB_val k = to_val(key), v;
	int rc = mdb_get(t->mdb, t->g->dbi, &k, &v);

	if (rc != 0 && rc != MDB_NOTFOUND)
		return fail(e, "get", rc);
	*out = rc == 0 ? from_val(&v) : STR_NULL;
	return true;
}

static bool
lmdb_put(struct engine_txn *t, struct str key, struct str value, struct err *e)
{
	MDB_val k = to_val(key), v = to_val(value);
	int rc = mdb_put(t->mdb, t->g->dbi, &k, &v, 0);

	if (rc == MDB_MAP_FULL)
		t->g->is_full = true;
	return rc == 0 || fail(e, "put", rc);
}

static bool
lmdb_del(struct engine_txn *t, struct str key, struct err *e)
{
	MDB_val k = to_val(key);
	int rc = mdb_del(t->mdb, t->g->dbi, &k, NULL);

	if (rc == MDB_MAP_FULL)		/* pages are copied before they lose a record */
		t->g->is_full = true;
	return rc == 0 || rc == MDB_NOTFOUND || fail(e, "del", rc);
}

/* ---- scans */

/* LMDB cannot look for the empty key; every other it can, longer ones than it stores too. */
static int
seek(struct engine_scan *s, struct scan_start from)
{
	int rc;

	if (from.key.n == 0)
		return mdb_cursor_get(s->cursor, &s->key, &s->value, MDB_FIRST);
	s->key = to_val(from.key);
	rc = mdb_cursor_get(s->cursor, &s->key, &s->value, MDB_SET_RANGE);
	if (rc == 0 && from.strictly && str_eq(from_val(&s->key), from.key))
		rc = mdb_cursor_get(s->cursor, &s->key, &s->value, MDB_NEXT);
	return rc;
}

static struct engine_scan *
lmdb_scan(struct engine_txn *t, struct str prefix, struct str after, struct err *e)
{
	struct engine_scan *s = xcalloc(1, sizeof(*s));
	int rc = mdb_cursor_open(t->mdb, t->g->dbi, &s->cursor);

	if (rc != 0) {
		free(s);
		fail(e, "opening a scan", rc);
		return NULL;
	}
	s->prefix = prefix;
	s->rc = seek(s, scan_start(prefix, after));
	return s;
}

static bool
lmdb_next(struct engine_scan *s, struct str *key, struct str *value, struct err *e)
{
	if (s->is_started && s->rc == 0)
		s->rc = mdb_cursor_get(s->cursor, &s->key, &s->value, MDB_NEXT);
	s->is_started = true;
	if (s->rc == 0 && !scan_covers(s->prefix, from_val(&s->key)))
		s->rc = MDB_NOTFOUND;
	if (s->rc == MDB_NOTFOUND) {
		err_clear(e);
		return false;
	}
	if (s->rc != 0)
		return fail(e, "scan", s->rc);
	*key = from_val(&s->key);
	*value = from_val(&s->value);
	return true;
}

static void
lmdb_scan_end(struct engine_scan *s)
{
	mdb_cursor_close(s->cursor);
	free(s);
}

const struct engine_ops engine_lmdb = {
	.name = "lmdb",
	.open = lmdb_open,
	.close = lmdb_close,
	.begin = lmdb_begin,
	.commit = lmdb_commit,
	.abort = lmdb_abort,
	.rev = lmdb_rev,
	.get = lmdb_get,
	.put = lmdb_put,
	.del = lmdb_del,
	.scan = lmdb_scan,
	.next = lmdb_next,
	.scan_end = lmdb_scan_end,
};
