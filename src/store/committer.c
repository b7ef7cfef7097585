/* SPDX-License-Identifier: Apache-2.0 */
#include "store/committer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/arena.h"
#include "store/txn.h"

/* Runs of one batch. Every conflict of lmdb doubles the map, so this is beyond any address space. */
#define BATCH_RUNS_MAX 32
/* Set in the revision of an update, which no view ever has (txn_rev). */
#define REV_UNCOMMITTED (UINT64_C(1) << 63)

struct committer {
	const struct engine_ops *ops;
	struct engine *engine;
	pthread_t thread;
	uint64_t runs;			/* the thread's: bodies run so far */

	pthread_mutex_t lock;		/* guards what follows; leaf: take no other under it */
	pthread_cond_t work;		/* the queue has become non-empty, or is_stopping was set */
	struct store_job *head, **tail;
	bool is_stopping;
	void (*on_commit)(void *arg);
	void *on_commit_arg;
};

/* Runs one body on an overlay of its own. False only when the engine failed. */
static bool
run_job(struct committer *c, struct engine_txn *under, struct store_job *job, struct err *e)
{
	struct txn t = { .is_update = true, .rev = REV_UNCOMMITTED | ++c->runs };
	bool applied = true;

	overlay_init(&t.over, c->ops, under);
	err_clear(&job->err);
	job->ok = job->run(&t, job->arg, &job->err);
	if (job->ok)
		applied = overlay_apply(&t.over, e);
	overlay_done(&t.over);
	return applied;
}

/* One run of the whole batch. False: nothing of it is stored. */
static bool
run_batch(struct committer *c, struct store_job *batch, struct err *e)
{
	struct engine_txn *t = c->ops->begin(c->engine, true, e);

	if (t == NULL)
		return false;
	for (struct store_job *job = batch; job != NULL; job = job->next) {
		if (!run_job(c, t, job, e)) {
			c->ops->abort(t);
			return false;
		}
	}
	return c->ops->commit(t, e);
}

static bool
store_batch(struct committer *c, struct store_job *batch, struct err *e)
{
	for (int run = 0; run < BATCH_RUNS_MAX; run++) {
		if (run_batch(c, batch, e))
			return true;
		if (e->code != ERR_CONFLICT)
			return false;
	}
	return err_internal_at(e, e->at, ERR_IO, "store: %d runs of a batch were in conflict",
	    BATCH_RUNS_MAX);
}

static void
fail_batch(struct store_job *batch, const struct err *e)
{
	for (struct store_job *job = batch; job != NULL; job = job->next) {
		job->ok = false;
		job->err = *e;
	}
}

static bool
any_ok(const struct store_job *batch)
{
	while (batch != NULL && !batch->ok)
		batch = batch->next;
	return batch != NULL;
}

static void
answer_batch(struct store_job *batch)
{
	struct store_job *next;

	for (struct store_job *job = batch; job != NULL; job = next) {
		next = job->next;	/* done() may free the job, or submit it again */
		job->done(job);
	}
}

/* Waits for work and takes all of it; NULL when there is none left and none to come. */
static struct store_job *
take_batch(struct committer *c, void (**on_commit)(void *), void **on_commit_arg)
{
	struct store_job *batch;

	pthread_mutex_lock(&c->lock);
	while (c->head == NULL && !c->is_stopping)
		pthread_cond_wait(&c->work, &c->lock);
	batch = c->head;
	c->head = NULL;
	c->tail = &c->head;
	*on_commit = c->on_commit;
	*on_commit_arg = c->on_commit_arg;
	pthread_mutex_unlock(&c->lock);
	return batch;
}

static void *
committer_main(void *arg)
{
	struct committer *c = arg;
	struct store_job *batch;
	void (*on_commit)(void *);
	void *on_commit_arg;
	struct err e;

	while ((batch = take_batch(c, &on_commit, &on_commit_arg)) != NULL) {
		if (!store_batch(c, batch, &e))
			fail_batch(batch, &e);
		if (on_commit != NULL && any_ok(batch))
			on_commit(on_commit_arg);
		answer_batch(batch);
	}
	return NULL;
}

/* Signals are the main thread's business. */
static int
start_thread(struct committer *c)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&c->thread, NULL, committer_main, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		pthread_setname_np(c->thread, "committer");
	return rc;
}

static void
committer_free(struct committer *c)
{
	pthread_cond_destroy(&c->work);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct committer *
committer_start(const struct engine_ops *ops, struct engine *engine, struct err *e)
{
	struct committer *c = xcalloc(1, sizeof(*c));
	int rc;

	c->ops = ops;
	c->engine = engine;
	c->tail = &c->head;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	rc = start_thread(c);
	if (rc != 0) {
		committer_free(c);
		err_internal(e, "store: cannot start the committer: %s", strerror(rc));
		return NULL;
	}
	return c;
}

void
committer_stop(struct committer *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->is_stopping = true;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	committer_free(c);
}

void
committer_submit(struct committer *c, struct store_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&c->lock);
	if (c->head == NULL)
		pthread_cond_signal(&c->work);
	*c->tail = job;
	c->tail = &job->next;
	pthread_mutex_unlock(&c->lock);
}

void
committer_on_commit(struct committer *c, void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&c->lock);
	c->on_commit = fn;
	c->on_commit_arg = arg;
	pthread_mutex_unlock(&c->lock);
}

struct waiter {
	struct store_job job;		/* first, so that done() finds the waiter */
	pthread_mutex_t lock;		/* guards is_done; leaf: take no other under it */
	pthread_cond_t done;
	bool is_done;
};

static void
wake_waiter(struct store_job *job)
{
	struct waiter *w = (struct waiter *)job;

	pthread_mutex_lock(&w->lock);
	w->is_done = true;
	pthread_cond_signal(&w->done);
	pthread_mutex_unlock(&w->lock);
}

static void
wait_for(struct committer *c, struct waiter *w)
{
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->done, NULL);
	committer_submit(c, &w->job);
	pthread_mutex_lock(&w->lock);
	while (!w->is_done)
		pthread_cond_wait(&w->done, &w->lock);
	pthread_mutex_unlock(&w->lock);
	pthread_cond_destroy(&w->done);
	pthread_mutex_destroy(&w->lock);
}

bool
committer_update(struct committer *c, update_fn run, void *arg, struct err *e)
{
	struct waiter w = { .job = { .run = run, .arg = arg, .done = wake_waiter } };

	if (pthread_equal(pthread_self(), c->thread))
		return err_internal(e, "store: the committer would wait for itself");
	wait_for(c, &w);
	if (!w.job.ok)
		*e = w.job.err;
	return w.job.ok;
}
