/* SPDX-License-Identifier: Apache-2.0 */
/* committer_test.c - what the committer does when the engine fails: the reference engine, with a
 * failure at the chosen call. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include "store/committer.h"
#include "test.h"

/* ---- an engine that fails on request. Atomics: set by the test, read by the committer. */

enum failing_call { FAIL_NOTHING, FAIL_BEGIN, FAIL_PUT, FAIL_COMMIT };

static _Atomic enum failing_call fail_at;
static _Atomic enum err_code fail_code;
static atomic_int fail_times, bodies_run;

static bool
fails(enum failing_call call, struct err *e)
{
	if (fail_at != call || fail_times == 0)
		return false;
	fail_times--;
	err_internal_at(e, "here", fail_code, "as asked");
	return true;
}

static struct engine_txn *
failing_begin(struct engine *g, bool is_update, struct err *e)
{
	return is_update && fails(FAIL_BEGIN, e) ? NULL : engine_mem.begin(g, is_update, e);
}

static bool
failing_put(struct engine_txn *t, struct str key, struct str value, struct err *e)
{
	return !fails(FAIL_PUT, e) && engine_mem.put(t, key, value, e);
}

static bool
failing_commit(struct engine_txn *t, struct err *e)
{
	if (!fails(FAIL_COMMIT, e))
		return engine_mem.commit(t, e);
	engine_mem.abort(t);
	return false;
}

static struct engine_ops failing_ops;

/* ---- fixture */

struct fixture {
	struct engine *engine;
	struct committer *committer;
};

static void
setup(struct fixture *f)
{
	struct store_config none = { .engine = "mem" };
	struct err e;

	failing_ops = engine_mem;
	failing_ops.begin = failing_begin;
	failing_ops.put = failing_put;
	failing_ops.commit = failing_commit;
	fail_at = FAIL_NOTHING;
	bodies_run = 0;
	f->engine = engine_mem.open(&none, &e);
	f->committer = committer_start(&failing_ops, f->engine, &e);
	CHECK_OK(f->committer != NULL, &e);
}

static void
teardown(struct fixture *f)
{
	committer_stop(f->committer);
	engine_mem.close(f->engine);
}

static bool
is_stored(struct fixture *f, const char *key)
{
	struct err e;
	struct engine_txn *t = engine_mem.begin(f->engine, false, &e);
	struct str v;

	CHECK_OK(engine_mem.get(t, str_of(key), &v, &e), &e);
	engine_mem.abort(t);
	return v.p != NULL;
}

/* ---- bodies */

static bool
put_key(struct txn *t, void *arg, struct err *e)
{
	bodies_run++;
	return txn_put(t, str_of(arg), STR_LIT("v"), e);
}

static bool
refuse(struct txn *t __attribute__((unused)), void *arg __attribute__((unused)), struct err *e)
{
	bodies_run++;
	return err_set(e, ERR_EXISTS, "no");
}

static void
count_commit(void *arg)
{
	++*(atomic_int *)arg;
}

/* ---- a batch of three: the committer is held in a body of its own until they are queued */

struct batch {
	struct store_job gate, jobs[3];
	sem_t entered, opened, answered;
	enum failing_call at;
};

static bool
wait_at_gate(struct txn *t __attribute__((unused)), void *arg, struct err *e __attribute__((unused)))
{
	struct batch *b = arg;

	sem_post(&b->entered);
	sem_wait(&b->opened);
	return true;
}

/* After the gate's own commit and before the batch begins. */
static void
gate_done(struct store_job *job)
{
	const struct batch *b = job->arg;

	fail_at = b->at;
}

static struct batch *running;	/* set before its jobs are queued, changed after all are answered */

static void
job_done(struct store_job *job __attribute__((unused)))
{
	sem_post(&running->answered);
}

/* Puts "a", is refused, puts "b", with the given failure. */
static void
run_batch_of_three(struct fixture *f, struct batch *b, enum failing_call at, enum err_code code,
    int times)
{
	*b = (struct batch){ .at = at };
	b->gate = (struct store_job){ .run = wait_at_gate, .arg = b, .done = gate_done };
	b->jobs[0] = (struct store_job){ .run = put_key, .arg = (void *)(uintptr_t)"a" };
	b->jobs[1] = (struct store_job){ .run = refuse };
	b->jobs[2] = (struct store_job){ .run = put_key, .arg = (void *)(uintptr_t)"b" };
	sem_init(&b->entered, 0, 0);
	sem_init(&b->opened, 0, 0);
	sem_init(&b->answered, 0, 0);
	running = b;
	committer_submit(f->committer, &b->gate);
	sem_wait(&b->entered);
	for (size_t i = 0; i < 3; i++) {
		b->jobs[i].done = job_done;
		committer_submit(f->committer, &b->jobs[i]);
	}
	fail_code = code;
	fail_times = times;
	sem_post(&b->opened);
	for (size_t i = 0; i < 3; i++)
		sem_wait(&b->answered);
	fail_at = FAIL_NOTHING;
}

static void
check_still_serving(struct fixture *f)
{
	struct err e;

	CHECK_OK(committer_update(f->committer, put_key, (void *)(uintptr_t)"later", &e), &e);
	assert_true(is_stored(f, "later"));
}

static const struct {
	enum failing_call at;
	enum err_code code;
} failures[] = {
	{ FAIL_BEGIN, ERR_IO }, { FAIL_BEGIN, ERR_UNAVAILABLE }, { FAIL_PUT, ERR_IO },
	{ FAIL_PUT, ERR_CORRUPT }, { FAIL_COMMIT, ERR_IO },
};

TEST("a batch that the engine fails is failed whole, and the committer goes on")
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		atomic_int commits = 0;
		struct fixture f;
		struct batch b;

		setup(&f);
		run_batch_of_three(&f, &b, failures[i].at, failures[i].code, 1);
		for (size_t j = 0; j < 3; j++) {
			assert_false(b.jobs[j].ok);
			assert_int_equal(b.jobs[j].err.code, failures[i].code);
		}
		assert_false(is_stored(&f, "a") || is_stored(&f, "b"));
		committer_on_commit(f.committer, count_commit, &commits);
		check_still_serving(&f);
		assert_int_equal(commits, 1);
		teardown(&f);
	}
}

TEST("a batch in conflict is run again, whole, until it is stored")
{
	static const enum failing_call calls[] = { FAIL_PUT, FAIL_COMMIT };

	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		struct batch b;

		setup(&f);
		run_batch_of_three(&f, &b, calls[i], ERR_CONFLICT, 2);
		assert_true(b.jobs[0].ok && !b.jobs[1].ok && b.jobs[2].ok);
		assert_int_equal(b.jobs[1].err.code, ERR_EXISTS);
		assert_true(is_stored(&f, "a") && is_stored(&f, "b"));
		assert_true(bodies_run > 3);
		check_still_serving(&f);
		teardown(&f);
	}
}

TEST("a conflict that never ends is an I/O error, and the committer goes on")
{
	struct fixture f;
	struct batch b;

	setup(&f);
	run_batch_of_three(&f, &b, FAIL_PUT, ERR_CONFLICT, 1000000);
	assert_false(b.jobs[0].ok || b.jobs[1].ok || b.jobs[2].ok);
	assert_int_equal(b.jobs[0].err.code, ERR_IO);
	assert_false(is_stored(&f, "a") || is_stored(&f, "b"));
	check_still_serving(&f);
	teardown(&f);
}

TEST("the commit function does not run for a batch that was not stored")
{
	atomic_int commits = 0;
	struct fixture f;
	struct err e;

	setup(&f);
	committer_on_commit(f.committer, count_commit, &commits);
	fail_code = ERR_IO;
	fail_times = 1;
	fail_at = FAIL_COMMIT;
	CHECK_ERR(committer_update(f.committer, put_key, (void *)(uintptr_t)"a", &e), &e, ERR_IO);
	assert_int_equal(commits, 0);
	CHECK_OK(committer_update(f.committer, put_key, (void *)(uintptr_t)"a", &e), &e);
	assert_int_equal(commits, 1);
	teardown(&f);
}

/* ---- done() may submit the job again */

struct repeat {
	struct store_job job;
	struct committer *committer;
	int left;
	sem_t finished;
};

static void
submit_again(struct store_job *job)
{
	struct repeat *r = (struct repeat *)job;

	if (--r->left == 0)
		sem_post(&r->finished);
	else
		committer_submit(r->committer, job);
}

TEST("done may submit the same job again")
{
	struct repeat r = { .left = 100 };
	struct fixture f;

	setup(&f);
	r.committer = f.committer;
	r.job = (struct store_job){ .run = put_key, .arg = (void *)(uintptr_t)"a",
		.done = submit_again };
	sem_init(&r.finished, 0, 0);
	committer_submit(f.committer, &r.job);
	sem_wait(&r.finished);
	assert_int_equal(bodies_run, 100);
	teardown(&f);
}
