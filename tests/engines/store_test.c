/* SPDX-License-Identifier: Apache-2.0 */
/* store_test.c - the contract of store.h, once for each engine; what only lmdb promises is at the
 * end. LMDB's files live in folders of their own under /tmp. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "test.h"

/* ---- fixture */

static void
folder_make(char path[64])
{
	snprintf(path, 64, "/tmp/pawl-store-XXXXXX");
	assert_non_null(mkdtemp(path));
}

static void
folder_remove(const char *path)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "pawl.lock" };

	for (size_t i = 0; i < 3; i++) {
		char file[128];

		snprintf(file, sizeof(file), "%s/%s", path, files[i]);
		unlink(file);
	}
	assert_int_equal(rmdir(path), 0);	/* and nothing else was left there */
}

static struct store *
open_with(const struct store_config *c)
{
	struct err e;
	struct store *s = store_open(c, &e);

	CHECK_OK(s != NULL, &e);
	return s;
}

static struct store *
open_lmdb(const char *path)
{
	return open_with(&(struct store_config){ .engine = "lmdb", .path = path });
}

static void
run_on(const char *engine, void (*body)(struct store *s))
{
	struct store *s;
	char path[64];

	folder_make(path);
	s = open_with(&(struct store_config){ .engine = engine, .path = path });
	body(s);
	store_close(s);
	folder_remove(path);
}

/* A test of the contract: runs once for each engine, on an empty store. */
#define STORE_TEST(name) \
	static void TEST_CAT(body_, __LINE__)(struct store *s); \
	static void TEST_CAT(lmdb_, __LINE__)(void **state __attribute__((unused))) \
	{ run_on("lmdb", TEST_CAT(body_, __LINE__)); } \
	static void TEST_CAT(mem_, __LINE__)(void **state __attribute__((unused))) \
	{ run_on("mem", TEST_CAT(body_, __LINE__)); } \
	__attribute__((constructor)) static void TEST_CAT(add_, __LINE__)(void) \
	{ \
		test_register("lmdb: " name, TEST_CAT(lmdb_, __LINE__)); \
		test_register("mem: " name, TEST_CAT(mem_, __LINE__)); \
	} \
	static void TEST_CAT(body_, __LINE__)(struct store *s)

/* ---- bodies of updates */

struct pair {
	struct str key, value;
};

static bool
put_pair(struct txn *t, void *arg, struct err *e)
{
	const struct pair *p = arg;

	return txn_put(t, p->key, p->value, e);
}

static bool
del_key(struct txn *t, void *arg, struct err *e)
{
	const struct str *key = arg;

	return txn_del(t, *key, e);
}

static void
put_str(struct store *s, struct str key, struct str value)
{
	struct pair p = { key, value };
	struct err e;

	CHECK_OK(store_update(s, put_pair, &p, &e), &e);
}

static void
put(struct store *s, const char *key, const char *value)
{
	put_str(s, str_of(key), str_of(value));
}

static void
del(struct store *s, const char *key)
{
	struct str k = str_of(key);
	struct err e;

	CHECK_OK(store_update(s, del_key, &k, &e), &e);
}

/* ---- looking */

static struct txn *
view(struct store *s)
{
	struct err e;
	struct txn *t = store_view(s, &e);

	CHECK_OK(t != NULL, &e);
	return t;
}

static struct str
get(struct txn *t, struct str key)
{
	struct str value = STR_LIT("untouched");
	struct err e;

	CHECK_OK(txn_get(t, key, &value, &e), &e);
	return value;
}

#define CHECK_GET(t, key, want) CHECK_STR(get((t), str_of(key)), (want))
#define CHECK_ABSENT(t, key) assert_null(get((t), str_of(key)).p)

/* The scan's pairs as "key=value key=value". */
static char *
scanned(struct txn *t, struct str prefix, struct str after, char *out, size_t cap)
{
	struct str key, value;
	size_t n = 0;
	struct err e;
	struct scan *sc = scan_open(t, prefix, after, &e);

	CHECK_OK(sc != NULL, &e);
	out[0] = '\0';
	while (scan_next(sc, &key, &value, &e)) {
		n += (size_t)snprintf(out + n, cap - n, "%s" STR_FMT "=" STR_FMT,
		    n == 0 ? "" : " ", STR_ARG(key), STR_ARG(value));
		assert_true(n < cap);
	}
	assert_int_equal(e.code, ERR_NONE);
	assert_false(scan_next(sc, &key, &value, &e));	/* the end stays the end */
	assert_int_equal(e.code, ERR_NONE);
	scan_close(sc);
	return out;
}

#define CHECK_SCAN(t, prefix, after, want) \
	do { \
		char out_[1024]; \
		assert_string_equal(scanned((t), str_of(prefix), str_of(after), out_, \
		    sizeof(out_)), (want)); \
	} while (0)

/* ---- updates that run together: the committer is held in a body while they queue */

struct gate {
	struct store_job job;
	sem_t entered, opened, answered;
};

static bool
wait_at_gate(struct txn *t __attribute__((unused)), void *arg, struct err *e __attribute__((unused)))
{
	struct gate *g = arg;

	sem_post(&g->entered);
	sem_wait(&g->opened);
	return true;
}

static void
gate_answered(struct store_job *job)
{
	struct gate *g = job->arg;

	sem_post(&g->answered);
}

static void
gate_close(struct store *s, struct gate *g)
{
	g->job = (struct store_job){ .run = wait_at_gate, .arg = g, .done = gate_answered };
	sem_init(&g->entered, 0, 0);
	sem_init(&g->opened, 0, 0);
	sem_init(&g->answered, 0, 0);
	store_submit(s, &g->job);
	sem_wait(&g->entered);
}

static void
gate_open(struct gate *g)
{
	sem_post(&g->opened);
	sem_wait(&g->answered);
}

struct pending {
	struct store_job job;
	sem_t done;
};

static void
pending_done(struct store_job *job)
{
	sem_post(&((struct pending *)job)->done);
}

static void
submit(struct store *s, struct pending *p, update_fn run, void *arg)
{
	p->job = (struct store_job){ .run = run, .arg = arg, .done = pending_done };
	sem_init(&p->done, 0, 0);
	store_submit(s, &p->job);
}

static bool
finish(struct pending *p)
{
	sem_wait(&p->done);
	sem_destroy(&p->done);
	return p->job.ok;
}

/* ---- keys and values */

STORE_TEST("what was put is found, what was not is absent")
{
	struct txn *t;

	put(s, "a", "1");
	put(s, "b", "2");
	put(s, "a", "one");
	t = view(s);
	CHECK_GET(t, "a", "one");
	CHECK_GET(t, "b", "2");
	CHECK_ABSENT(t, "c");
	CHECK_ABSENT(t, "aa");
	txn_end(t);
}

STORE_TEST("a deleted key is absent; deleting what is absent succeeds")
{
	struct txn *t;

	put(s, "a", "1");
	put(s, "b", "2");
	del(s, "a");
	del(s, "never");
	t = view(s);
	CHECK_ABSENT(t, "a");
	CHECK_GET(t, "b", "2");
	txn_end(t);
}

STORE_TEST("keys are 1 to 511 bytes; others are refused")
{
	static const struct { size_t n; bool ok; } rows[] = {
		{ 0, false }, { 1, true }, { 510, true }, { 511, true }, { 512, false }, { 4096, false },
	};
	static char bytes[4096];

	memset(bytes, 'k', sizeof(bytes));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str key = { bytes, rows[i].n }, value = STR_NULL;
		struct pair p = { key, STR_LIT("v") };
		struct err e, e2, e3;
		struct txn *t;

		if (rows[i].ok)
			CHECK_OK(store_update(s, put_pair, &p, &e), &e);
		else
			CHECK_ERR(store_update(s, put_pair, &p, &e), &e, ERR_INTERNAL);
		assert_int_equal(store_update(s, del_key, &key, &e2), rows[i].ok);
		t = view(s);
		assert_int_equal(txn_get(t, key, &value, &e3), rows[i].ok);
		txn_end(t);
	}
}

STORE_TEST("an empty value is present, an absent one cannot be put")
{
	struct pair absent = { STR_LIT("b"), STR_NULL };
	struct txn *t;
	struct err e;
	struct str v;

	put(s, "a", "");
	CHECK_ERR(store_update(s, put_pair, &absent, &e), &e, ERR_INTERNAL);
	t = view(s);
	v = get(t, str_of("a"));
	assert_non_null(v.p);
	assert_int_equal(v.n, 0);
	CHECK_ABSENT(t, "b");
	CHECK_SCAN(t, "", NULL, "a=");
	txn_end(t);
}

STORE_TEST("values of 1 MiB and more come back as they were")
{
	static const size_t sizes[] = { 4095, 4096, 65536, 1 << 20, (3 << 20) + 1 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = sizes[i];
		char *p = xmalloc(n);
		struct txn *t;

		for (size_t j = 0; j < n; j++)
			p[j] = (char)(j * 31 + j / 251 + i);
		put_str(s, STR_LIT("big"), (struct str){ p, n });
		t = view(s);
		assert_true(str_eq(get(t, STR_LIT("big")), (struct str){ p, n }));
		txn_end(t);
		free(p);
	}
}

STORE_TEST("a value over 256 MiB is refused")
{
	/* Never read: the length alone decides. */
	struct pair p = { STR_LIT("k"), { "v", ((size_t)256 << 20) + 1 } };
	struct err e;

	CHECK_ERR(store_update(s, put_pair, &p, &e), &e, ERR_INTERNAL);
}

STORE_TEST("keys are any bytes, in byte order, a prefix before what it begins")
{
	static const struct str in_order[] = {
		STR_LIT("\0"), STR_LIT("\0\0"), STR_LIT("\0\1"), STR_LIT("A"), STR_LIT("A\0"),
		STR_LIT("A\0B"), STR_LIT("AA"), STR_LIT("a"), STR_LIT("\x7f"), STR_LIT("\x80"),
		STR_LIT("\xff"), STR_LIT("\xff\xff"),
	};
	const size_t n = sizeof(in_order) / sizeof(in_order[0]);
	struct str key, value;
	struct scan *sc;
	struct txn *t;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		size_t at = i * 5 % n;	/* put in another order; 5 and 12 have no common divisor */

		put_str(s, in_order[at], in_order[at]);
	}
	t = view(s);
	sc = scan_open(t, STR_NULL, STR_NULL, &e);
	CHECK_OK(sc != NULL, &e);
	for (size_t i = 0; i < n; i++) {
		CHECK_OK(scan_next(sc, &key, &value, &e), &e);
		assert_true(str_eq(key, in_order[i]));
		assert_true(str_eq(value, in_order[i]));
	}
	assert_false(scan_next(sc, &key, &value, &e));
	scan_close(sc);
	txn_end(t);
}

/* ---- scans */

static const struct {
	const char *prefix, *after, *want;
} scans[] = {
	{ "", NULL, "a=1 b/1=2 b/2=3 b/3=4 c=5" },
	{ "", "", "a=1 b/1=2 b/2=3 b/3=4 c=5" },
	{ "", "b/2", "b/3=4 c=5" },
	{ "", "c", "" },
	{ "", "zz", "" },
	{ "b/", NULL, "b/1=2 b/2=3 b/3=4" },
	{ "b/", "a", "b/1=2 b/2=3 b/3=4" },	/* before the prefix */
	{ "b/", "b/", "b/1=2 b/2=3 b/3=4" },
	{ "b/", "b/1", "b/2=3 b/3=4" },
	{ "b/", "b/15", "b/2=3 b/3=4" },	/* a key that is not there */
	{ "b/", "b/3", "" },
	{ "b/", "c", "" },			/* beyond the prefix */
	{ "b/2", NULL, "b/2=3" },		/* the prefix is a key itself */
	{ "b/2", "b/2", "" },
	{ "b/22", NULL, "" },
	{ "d", NULL, "" },
};

static void
check_scans(struct txn *t)
{
	for (size_t i = 0; i < sizeof(scans) / sizeof(scans[0]); i++)
		CHECK_SCAN(t, scans[i].prefix, scans[i].after, scans[i].want);
}

STORE_TEST("a scan gives the keys with the prefix that sort after the given one")
{
	struct txn *t;

	put(s, "b/2", "3");
	put(s, "a", "1");
	put(s, "c", "5");
	put(s, "b/1", "2");
	put(s, "b/3", "4");
	t = view(s);
	check_scans(t);
	txn_end(t);
}

STORE_TEST("a scan of an empty store, and beyond the longest key, ends at once")
{
	char longer[600];
	struct txn *t;

	t = view(s);
	CHECK_SCAN(t, "", NULL, "");
	CHECK_SCAN(t, "a", "b", "");
	txn_end(t);
	put(s, "k", "v");
	put(s, "l", "w");
	memset(longer, 'k', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	t = view(s);
	CHECK_SCAN(t, longer, NULL, "");
	CHECK_SCAN(t, "", longer, "l=w");
	txn_end(t);
}

static bool
merge_scans(struct txn *t, void *arg __attribute__((unused)), struct err *e)
{
	/* On top of a, b/2 and two keys that go: what the table of scans expects. */
	if (!txn_put(t, STR_LIT("b/1"), STR_LIT("2"), e) ||
	    !txn_put(t, STR_LIT("b/2"), STR_LIT("3"), e) ||
	    !txn_put(t, STR_LIT("b/3"), STR_LIT("4"), e) ||
	    !txn_put(t, STR_LIT("c"), STR_LIT("5"), e) ||
	    !txn_put(t, STR_LIT("b/9"), STR_LIT("9"), e) ||
	    !txn_del(t, STR_LIT("b/9"), e) ||
	    !txn_del(t, STR_LIT("b/15"), e) ||
	    !txn_del(t, STR_LIT("d"), e))
		return false;
	check_scans(t);
	CHECK_ABSENT(t, "d");
	CHECK_GET(t, "a", "1");
	CHECK_GET(t, "b/2", "3");
	return txn_put(t, STR_LIT("d"), STR_LIT("6"), e);
}

STORE_TEST("a body reads its own writes, scans merge them with the store")
{
	struct txn *t;
	struct err e;

	put(s, "a", "1");
	put(s, "b/15", "goes");
	put(s, "b/2", "old");
	put(s, "d", "goes, and comes back");
	CHECK_OK(store_update(s, merge_scans, NULL, &e), &e);
	t = view(s);
	CHECK_SCAN(t, "", NULL, "a=1 b/1=2 b/2=3 b/3=4 c=5 d=6");
	txn_end(t);
}

static bool
put_during_scan(struct txn *t, void *arg, struct err *e)
{
	struct scan *sc = scan_open(t, STR_NULL, STR_NULL, e);
	bool ok;

	if (sc == NULL)
		return false;
	ok = put_pair(t, arg, e);
	scan_close(sc);
	return ok;
}

STORE_TEST("a put during a scan is refused")
{
	struct pair p = { STR_LIT("k"), STR_LIT("v") };
	struct err e;

	CHECK_ERR(store_update(s, put_during_scan, &p, &e), &e, ERR_INTERNAL);
}

/* ---- snapshots and revisions */

STORE_TEST("a view does not see updates that are newer than it")
{
	struct txn *before, *after;

	put(s, "a", "1");
	put(s, "b", "2");
	before = view(s);
	put(s, "a", "one");
	del(s, "b");
	put(s, "c", "3");
	after = view(s);
	CHECK_SCAN(before, "", NULL, "a=1 b=2");
	CHECK_GET(before, "a", "1");
	CHECK_ABSENT(before, "c");
	CHECK_SCAN(after, "", NULL, "a=one c=3");
	txn_end(after);
	CHECK_GET(before, "b", "2");
	txn_end(before);
}

STORE_TEST("a view cannot write")
{
	struct txn *t = view(s);
	struct err e;

	assert_false(txn_is_update(t));
	CHECK_ERR(txn_put(t, STR_LIT("k"), STR_LIT("v"), &e), &e, ERR_INTERNAL);
	CHECK_ERR(txn_del(t, STR_LIT("k"), &e), &e, ERR_INTERNAL);
	txn_end(t);
	txn_end(NULL);
}

static bool
refuse(struct txn *t, void *arg, struct err *e)
{
	if (!txn_put(t, STR_LIT("a"), STR_LIT("refused"), e) || !txn_del(t, STR_LIT("b"), e))
		return false;
	return err_set(e, ERR_EXISTS, "%s", (const char *)arg);
}

static bool
keep_rev(struct txn *t, void *arg, struct err *e __attribute__((unused)))
{
	uint64_t *rev = arg;

	assert_true(txn_is_update(t));
	*rev = txn_rev(t);
	return true;
}

static uint64_t
rev(struct store *s)
{
	struct txn *t = view(s);
	uint64_t r = txn_rev(t);

	txn_end(t);
	return r;
}

STORE_TEST("the revision grows with every commit that writes, and only then")
{
	uint64_t at[4], first, second;
	struct err e;

	at[0] = rev(s);
	put(s, "a", "1");
	at[1] = rev(s);
	put(s, "a", "2");
	at[2] = rev(s);
	del(s, "a");
	at[3] = rev(s);
	assert_true(at[0] < at[1] && at[1] < at[2] && at[2] < at[3]);
	del(s, "a");
	CHECK_ERR(store_update(s, refuse, "no", &e), &e, ERR_EXISTS);
	CHECK_OK(store_update(s, keep_rev, &first, &e), &e);
	CHECK_OK(store_update(s, keep_rev, &second, &e), &e);
	assert_true(rev(s) == at[3]);
	assert_true(first > INT64_MAX && second > first);	/* no view ever has these */
}

/* ---- updates */

STORE_TEST("a refused update says why and leaves nothing behind")
{
	struct txn *t;
	struct err e;

	put(s, "b", "2");
	CHECK_ERR(store_update(s, refuse, "there already", &e), &e, ERR_EXISTS);
	assert_string_equal(e.msg, "there already");
	t = view(s);
	CHECK_SCAN(t, "", NULL, "b=2");
	txn_end(t);
}

static bool
append_x(struct txn *t, void *arg __attribute__((unused)), struct err *e)
{
	struct str old = get(t, STR_LIT("x"));
	char text[32];

	snprintf(text, sizeof(text), STR_FMT "x", STR_ARG(old));
	return txn_put(t, STR_LIT("x"), str_of(text), e);
}

STORE_TEST("updates of one batch see each other in order; a refused one harms no neighbour")
{
	struct pair one = { STR_LIT("a"), STR_LIT("1") }, two = { STR_LIT("b"), STR_LIT("2") };
	struct pending p[6];
	uint64_t before = rev(s);
	struct gate g;
	struct txn *t;

	gate_close(s, &g);
	submit(s, &p[0], put_pair, &one);
	submit(s, &p[1], append_x, NULL);
	submit(s, &p[2], refuse, "no");
	submit(s, &p[3], put_pair, &two);
	submit(s, &p[4], append_x, NULL);
	submit(s, &p[5], append_x, NULL);
	gate_open(&g);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(finish(&p[i]), i != 2);
	assert_int_equal(p[2].job.err.code, ERR_EXISTS);
	t = view(s);
	CHECK_SCAN(t, "", NULL, "a=1 b=2 x=xxx");
	assert_true(txn_rev(t) == before + 1);		/* it was one commit */
	txn_end(t);
}

static bool
update_in_body(struct txn *t __attribute__((unused)), void *arg, struct err *e)
{
	struct pair p = { STR_LIT("k"), STR_LIT("v") };

	return store_update(arg, put_pair, &p, e);
}

STORE_TEST("a body that waits for another update is refused, not stuck")
{
	struct err e;

	CHECK_ERR(store_update(s, update_in_body, s, &e), &e, ERR_INTERNAL);
}

struct order {
	struct store *store;
	struct store_job job;
	sem_t done;
	int commits, commits_at_done;
	bool seen_in_view;
};

static void
count_commit(void *arg)
{
	struct order *o = arg;
	struct txn *t = view(o->store);

	o->commits++;
	o->seen_in_view = get(t, STR_LIT("k")).p != NULL;
	txn_end(t);
}

static void
keep_order(struct store_job *job)
{
	struct order *o = job->arg;

	o->commits_at_done = o->commits;
	sem_post(&o->done);
}

static bool
put_k(struct txn *t, void *arg __attribute__((unused)), struct err *e)
{
	return txn_put(t, STR_LIT("k"), STR_LIT("v"), e);
}

static bool
refuse_quietly(struct txn *t __attribute__((unused)), void *arg __attribute__((unused)),
    struct err *e)
{
	return err_set(e, ERR_LIMIT, "full");
}

STORE_TEST("the commit function runs after the commit and before done, and not for a refusal")
{
	struct order o = { .store = s };

	sem_init(&o.done, 0, 0);
	store_on_commit(s, count_commit, &o);
	o.job = (struct store_job){ .run = refuse_quietly, .arg = &o, .done = keep_order };
	store_submit(s, &o.job);
	sem_wait(&o.done);
	assert_int_equal(o.commits_at_done, 0);
	o.job = (struct store_job){ .run = put_k, .arg = &o, .done = keep_order };
	store_submit(s, &o.job);
	sem_wait(&o.done);
	assert_int_equal(o.commits_at_done, 1);
	assert_true(o.seen_in_view);
	store_on_commit(s, NULL, NULL);
}

/* ---- many threads */

#define WRITERS 8
#define WRITES 500

struct writer {
	struct store *store;
	pthread_t thread;
	int id;
	atomic_bool *stop;
	long seen;
};

static bool
count_up(struct txn *t, void *arg, struct err *e)
{
	const struct writer *w = arg;
	struct str old = get(t, STR_LIT("count"));
	long count = old.p == NULL ? 0 : strtol(old.p, NULL, 10);
	char text[24], own[24];

	/* Two keys in each update: a reader must never see one without the other. */
	snprintf(text, sizeof(text), "%09ld.", count + 1);
	snprintf(own, sizeof(own), "by/%d/%09ld", w->id, count + 1);
	return txn_put(t, STR_LIT("count"), str_of(text), e) &&
	    txn_put(t, str_of(own), str_of(text), e);
}

static void *
write_many(void *arg)
{
	struct writer *w = arg;
	struct err e;

	for (int i = 0; i < WRITES; i++) {
		if (!store_update(w->store, count_up, w, &e))
			return NULL;
		w->seen++;
	}
	return NULL;
}

/* How many keys begin with `prefix`. */
static long
count_keys(struct txn *t, const char *prefix)
{
	struct str key, value;
	struct err e;
	struct scan *sc = scan_open(t, str_of(prefix), STR_NULL, &e);
	long n = 0;

	while (sc != NULL && scan_next(sc, &key, &value, &e))
		n++;
	scan_close(sc);
	return n;
}

/* Not cmocka's checks: those belong to the main thread. `seen` becomes -1 on a torn view. */
static void *
read_many(void *arg)
{
	struct writer *w = arg;
	struct err e;

	while (!atomic_load(w->stop) && w->seen >= 0) {
		struct txn *t = store_view(w->store, &e);
		struct str v = STR_NULL;

		if (t == NULL || !txn_get(t, STR_LIT("count"), &v, &e)) {
			w->seen = -1;
		} else {
			long count = v.p == NULL ? 0 : strtol(v.p, NULL, 10);

			w->seen = count == count_keys(t, "by/") && count >= w->seen ? count : -1;
		}
		txn_end(t);
	}
	return NULL;
}

STORE_TEST("eight threads submit 500 updates each; none is lost, and every view is whole")
{
	struct writer w[WRITERS], reader;
	atomic_bool stop = false;
	struct txn *t;

	reader = (struct writer){ .store = s, .stop = &stop };
	assert_int_equal(pthread_create(&reader.thread, NULL, read_many, &reader), 0);
	for (int i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){ .store = s, .id = i };
		assert_int_equal(pthread_create(&w[i].thread, NULL, write_many, &w[i]), 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].seen, WRITES);
	}
	atomic_store(&stop, true);
	pthread_join(reader.thread, NULL);
	assert_true(reader.seen >= 0);
	t = view(s);
	CHECK_GET(t, "count", "000004000.");
	assert_int_equal(count_keys(t, "by/"), WRITERS * WRITES);
	txn_end(t);
}

/* ---- opening and closing */

struct chain {
	struct store_job job;
	struct store *store;
	int left;
};

static void
submit_next(struct store_job *job)
{
	struct chain *c = (struct chain *)job;

	if (--c->left > 0)
		store_submit(c->store, job);
}

TEST("closing answers everything that is queued, and what the answers queue")
{
	struct store *s = open_with(&(struct store_config){ .engine = "mem" });
	struct chain c[10];

	for (int i = 0; i < 10; i++) {
		c[i] = (struct chain){ .store = s, .left = 500 };
		c[i].job = (struct store_job){ .run = put_k, .done = submit_next };
		store_submit(s, &c[i].job);
	}
	store_close(s);
	for (int i = 0; i < 10; i++)
		assert_int_equal(c[i].left, 0);
	store_close(NULL);
}

TEST("an unknown engine is refused by name")
{
	struct store_config c = { .engine = "sqlite" };
	struct err e;

	CHECK_ERR(store_open(&c, &e) != NULL, &e, ERR_CONFIG);
	assert_non_null(strstr(e.msg, "'sqlite'"));
}

TEST("lmdb: a folder that does not exist is refused, and not made")
{
	struct store_config c = { .engine = "lmdb", .path = "/tmp/pawl-store-none/there" };
	struct err e;

	CHECK_ERR(store_open(&c, &e) != NULL, &e, ERR_CONFIG);
	assert_non_null(strstr(e.msg, c.path));
	assert_int_equal(access(c.path, F_OK), -1);
}

TEST("lmdb: a file that is no store is refused")
{
	struct store_config c = { .engine = "lmdb" };
	char path[64], file[80], junk[8192];
	struct err e;
	int fd;

	folder_make(path);
	snprintf(file, sizeof(file), "%s/data.mdb", path);
	memset(junk, 'j', sizeof(junk));
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
	close(fd);
	c.path = path;
	CHECK_ERR(store_open(&c, &e) != NULL, &e, ERR_CONFIG);
	folder_remove(path);
}

TEST("lmdb: reopening finds everything, at the same revision")
{
	struct store *s;
	char path[64];
	uint64_t at;
	struct txn *t;

	folder_make(path);
	s = open_lmdb(path);
	put(s, "a", "1");
	put(s, "b", "2");
	at = rev(s);
	store_close(s);
	s = open_lmdb(path);
	t = view(s);
	CHECK_SCAN(t, "", NULL, "a=1 b=2");
	assert_true(txn_rev(t) == at);
	txn_end(t);
	store_close(s);
	folder_remove(path);
}

TEST("lmdb: files are for their owner only")
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "pawl.lock" };
	struct store *s;
	char path[64];

	folder_make(path);
	s = open_lmdb(path);
	for (size_t i = 0; i < 3; i++) {
		char file[128];
		struct stat st;

		snprintf(file, sizeof(file), "%s/%s", path, files[i]);
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	store_close(s);
	folder_remove(path);
}

TEST("lmdb: no descriptor outlives an exec")
{
	struct store *s;
	struct dirent *d;
	char path[64];
	DIR *dir;

	folder_make(path);
	s = open_lmdb(path);
	dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL) {
		char target[256] = "", link[300];

		snprintf(link, sizeof(link), "/proc/self/fd/%s", d->d_name);
		if (readlink(link, target, sizeof(target) - 1) > 0 && strstr(target, path) == target)
			assert_true(fcntl(atoi(d->d_name), F_GETFD) & FD_CLOEXEC);
	}
	closedir(dir);
	store_close(s);
	folder_remove(path);
}

TEST("lmdb: a second store on the same folder is refused until the first is closed")
{
	struct store_config c = { .engine = "lmdb" };
	struct store *s;
	char path[64];
	struct err e;

	folder_make(path);
	c.path = path;
	s = open_lmdb(path);
	CHECK_ERR(store_open(&c, &e) != NULL, &e, ERR_CONFIG);
	assert_non_null(strstr(e.msg, "in use by another process"));
	put(s, "a", "1");		/* the first one is none the worse */
	store_close(s);
	store_close(open_lmdb(path));
	folder_remove(path);
}

/* ---- growing */

TEST("lmdb: a map that is too small grows, at put or at commit, and nothing is lost")
{
	struct store_config c = { .engine = "lmdb", .map_bytes = 64 << 10 };
	static char big[100000];
	struct store *s;
	char path[64], key[16];
	struct txn *t;

	folder_make(path);
	c.path = path;
	s = open_with(&c);
	for (int i = 0; i < 300; i++) {		/* many small steps, a huge one at times */
		snprintf(key, sizeof(key), "k/%05d", i);
		memset(big, 'a' + i % 26, sizeof(big));
		put_str(s, str_of(key), (struct str){ big, i % 50 == 49 ? sizeof(big) : 1000 });
	}
	store_close(s);
	s = open_with(&c);			/* smaller than the file by now */
	put(s, "last", "one");
	t = view(s);
	assert_int_equal(count_keys(t, "k/"), 300);
	for (int i = 0; i < 300; i++) {
		struct str v;

		snprintf(key, sizeof(key), "k/%05d", i);
		v = get(t, str_of(key));
		assert_int_equal(v.n, i % 50 == 49 ? sizeof(big) : 1000);
		assert_int_equal(v.p[v.n - 1], 'a' + i % 26);
	}
	txn_end(t);
	store_close(s);
	folder_remove(path);
}

static char half_mib[512 << 10];
static struct pair half_mib_pair = { STR_LIT("big"), { half_mib, sizeof(half_mib) } };

TEST("lmdb: growing waits for the views that are open")
{
	struct store_config c = { .engine = "lmdb", .map_bytes = 64 << 10 };
	struct pending p;
	struct store *s;
	struct txn *t;
	char path[64];

	folder_make(path);
	c.path = path;
	s = open_with(&c);
	put(s, "a", "1");
	t = view(s);
	submit(s, &p, put_pair, &half_mib_pair);
	for (int i = 0; i < 1000; i++) {
		CHECK_GET(t, "a", "1");
		assert_int_equal(sem_trywait(&p.done), -1);	/* it needs the view's end */
	}
	txn_end(t);
	assert_true(finish(&p));
	t = view(s);
	assert_int_equal(get(t, STR_LIT("big")).n, sizeof(half_mib));
	txn_end(t);
	store_close(s);
	folder_remove(path);
}

TEST("lmdb: a view that never ends refuses what needs a larger map, and nothing else")
{
	struct store_config c = { .engine = "lmdb", .map_bytes = 64 << 10, .view_wait_ms = 1 };
	struct store *s;
	struct txn *t;
	char path[64];
	struct err e;

	folder_make(path);
	c.path = path;
	s = open_with(&c);
	t = view(s);
	CHECK_ERR(store_update(s, put_pair, &half_mib_pair, &e), &e, ERR_UNAVAILABLE);
	put(s, "small", "fits");
	txn_end(t);
	CHECK_OK(store_update(s, put_pair, &half_mib_pair, &e), &e);
	t = view(s);
	CHECK_GET(t, "small", "fits");
	txn_end(t);
	store_close(s);
	folder_remove(path);
}

TEST("lmdb: more views than there are readers are refused, not stuck")
{
	struct txn *t[513];
	struct store *s;
	char path[64];
	struct err e;

	folder_make(path);
	s = open_lmdb(path);
	for (size_t i = 0; i < 512; i++)
		t[i] = view(s);
	t[512] = store_view(s, &e);
	CHECK_ERR(t[512] != NULL, &e, ERR_UNAVAILABLE);
	for (size_t i = 0; i < 512; i++)
		txn_end(t[i]);
	txn_end(view(s));
	store_close(s);
	folder_remove(path);
}

struct growth {
	struct store *store;
	atomic_bool stop, failed;
};

static void *
view_all_the_time(void *arg)
{
	struct growth *g = arg;
	struct err e;

	while (!atomic_load(&g->stop)) {
		struct txn *t = store_view(g->store, &e);
		struct str v;

		if (t == NULL || !txn_get(t, STR_LIT("k/00000"), &v, &e))
			atomic_store(&g->failed, true);
		txn_end(t);
	}
	return NULL;
}

TEST("lmdb: the map grows beside busy readers")
{
	struct store_config c = { .engine = "lmdb", .map_bytes = 64 << 10 };
	struct growth g = { .failed = false };
	pthread_t readers[2];
	char path[64], key[16];

	folder_make(path);
	c.path = path;
	g.store = open_with(&c);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, view_all_the_time, &g), 0);
	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "k/%05d", i);
		put_str(g.store, str_of(key), (struct str){ half_mib, sizeof(half_mib) / 2 });
	}
	atomic_store(&g.stop, true);
	for (size_t i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	assert_false(atomic_load(&g.failed));
	store_close(g.store);
	folder_remove(path);
}

TEST("lmdb: a write that the disk refuses fails the update, and the store goes on")
{
	struct rlimit old, tight;
	struct store *s;
	struct txn *t;
	char path[64];
	struct err e;

	folder_make(path);
	s = open_lmdb(path);
	put(s, "a", "1");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = (struct rlimit){ sizeof(half_mib) / 2, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	CHECK_ERR(store_update(s, put_pair, &half_mib_pair, &e), &e, ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	t = view(s);
	CHECK_SCAN(t, "", NULL, "a=1");
	txn_end(t);
	CHECK_OK(store_update(s, put_pair, &half_mib_pair, &e), &e);
	store_close(s);
	s = open_lmdb(path);
	t = view(s);
	assert_int_equal(get(t, STR_LIT("big")).n, sizeof(half_mib));
	CHECK_GET(t, "a", "1");
	txn_end(t);
	store_close(s);
	folder_remove(path);
}

/* ---- kill -9 */

#define KILL_THREADS 4
#define KILL_UPDATES 1000
#define OPEN_MS_MAX 2000	/* takes under a millisecond; this only has to catch a scan */

struct acker {
	struct store *store;
	pthread_t thread;
	int first, fd;
};

static void
number_key(int number, char key[16])
{
	snprintf(key, 16, "n/%06d", number);
}

static void *
update_and_ack(void *arg)
{
	const struct acker *a = arg;
	char key[16], value[200];
	struct err e;

	for (int n = a->first; n < KILL_UPDATES; n += KILL_THREADS) {
		struct pair p = { { key, 0 }, { value, sizeof(value) } };

		number_key(n, key);
		p.key.n = strlen(key);
		memset(value, n, sizeof(value));
		if (!store_update(a->store, put_pair, &p, &e) ||
		    write(a->fd, &n, sizeof(n)) != sizeof(n))
			_exit(3);
	}
	return NULL;
}

static _Noreturn void
child_main(const char *path, int fd)
{
	struct store_config c = { .engine = "lmdb", .path = path };
	struct acker a[KILL_THREADS];
	struct err e;
	struct store *s = store_open(&c, &e);

	for (int i = 0; s != NULL && i < KILL_THREADS; i++) {
		a[i] = (struct acker){ .store = s, .first = i, .fd = fd };
		if (pthread_create(&a[i].thread, NULL, update_and_ack, &a[i]) != 0)
			_exit(4);
	}
	for (int i = 0; s != NULL && i < KILL_THREADS; i++)
		pthread_join(a[i].thread, NULL);
	for (;;)
		pause();
}

/* Marks what the child acknowledged; kills it when that is `kill_after`. Returns how many. */
static int
kill_child_after(pid_t child, int fd, int kill_after, bool acked[KILL_UPDATES])
{
	int n, count = 0;

	while (read(fd, &n, sizeof(n)) == sizeof(n)) {
		assert_in_range(n, 0, KILL_UPDATES - 1);
		acked[n] = true;
		if (++count == kill_after)
			kill(child, SIGKILL);
	}
	return count;
}

static void
check_survivors(const char *path, const bool acked[KILL_UPDATES])
{
	int64_t begun = monotonic_ms();
	struct store *s = open_lmdb(path);
	struct txn *t = view(s);
	char key[16], want[200];

	assert_in_range(monotonic_ms() - begun, 0, OPEN_MS_MAX);
	for (int n = 0; n < KILL_UPDATES; n++) {
		struct str v;

		number_key(n, key);
		v = get(t, str_of(key));
		memset(want, n, sizeof(want));
		if (acked[n] && v.p == NULL)
			fail_msg("update %d was acknowledged and is lost", n);
		if (v.p != NULL)
			assert_true(str_eq(v, (struct str){ want, sizeof(want) }));
	}
	txn_end(t);
	put(s, "alive", "yes");
	store_close(s);
}

static void
kill_round(int kill_after)
{
	bool acked[KILL_UPDATES] = { false };
	int fds[2], status;
	char path[64];
	pid_t child;

	folder_make(path);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		child_main(path, fds[1]);
	}
	close(fds[1]);
	assert_true(kill_child_after(child, fds[0], kill_after, acked) >= kill_after);
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	check_survivors(path, acked);
	folder_remove(path);
}

TEST("lmdb: after kill -9 everything acknowledged is there, and the store opens at once")
{
	const char *given = getenv("PAWL_TEST_SEED");
	unsigned seed = given == NULL ? 20260301 : (unsigned)strtoul(given, NULL, 10);

	printf("seed %u\n", seed);
	for (int i = 0; i < 5; i++)
		kill_round(1 + rand_r(&seed) % KILL_UPDATES);
}
