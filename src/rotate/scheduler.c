/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate/scheduler.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/log.h"
#include "catalog/due.h"
#include "catalog/function.h"
#include "catalog/replica.h"
#include "catalog/session.h"
#include "catalog/version.h"
#include "crypto/random.h"
#include "rotate/rotation.h"
#include "rotate/task.h"

#define DEFAULT_CONCURRENCY 16
#define BATCH 64
#define MAX_SLEEP_MS (60 * SECOND_MS)
#define COOL_DOWN_MS 5000		/* after a task that could not be stored */

struct rotator {
	struct rotator_config c;
	pthread_t thread;
	pthread_mutex_t lock;		/* guards all below; leaf */
	pthread_cond_t changed;		/* woken, a task ended, or stop */
	struct task *tasks;
	int active, cooling;
	bool going, woken, stopping;
};

/* ---- places to die at, for the crash tests (--dev-crash-at) */

static void
crash_point(const struct rotator *r, const char *step, const char *place)
{
	char at[64];

	if (r->c.crash_at == NULL)
		return;
	snprintf(at, sizeof(at), "%s%s%s", step, step[0] == '\0' ? "" : ".", place);
	if (strcmp(at, r->c.crash_at) == 0) {
		kill(getpid(), SIGKILL);
		pause();
	}
}

/* ---- the list of tasks */

static bool
has_task(struct rotator *r, const struct due *d)
{
	for (struct task *t = r->tasks; t != NULL; t = t->next) {
		if (memcmp(t->due.id, d->id, RECORD_ID_LEN) == 0)
			return true;
	}
	return false;
}

static void
forget(struct rotator *r, struct task *t)
{
	for (struct task **at = &r->tasks; *at != NULL; at = &(*at)->next) {
		if (*at == t) {
			*at = t->next;
			break;
		}
	}
	r->active--;
}

static void
task_free(struct task *t)
{
	arena_free(t->arena);
	arena_free(t->session_arena);
	free(t->account);
	free(t->region);
	free(t);
}

static void
task_end(struct task *t)
{
	struct rotator *r = t->rotator;

	pthread_mutex_lock(&r->lock);
	forget(r, t);
	r->woken = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	task_free(t);
}

static int
cool_down_ms(const struct rotator *r)
{
	return r->c.cool_down_ms > 0 ? r->c.cool_down_ms : COOL_DOWN_MS;
}

/* A task whose update failed stays in the list for a while, so that a full disk is no busy loop. */
static void
task_cool(struct task *t)
{
	struct rotator *r = t->rotator;

	pthread_mutex_lock(&r->lock);
	t->cool_until_ms = monotonic_ms() + cool_down_ms(r);
	r->cooling++;
	r->woken = true;		/* it may be asleep for longer than that */
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

/* A result goes back to the store, since nobody else knows it; the others are found again by their
 * due entry, so their task ends here. Under the lock. */
static struct task *
take_cooled(struct rotator *r)
{
	int64_t now = monotonic_ms();

	if (r->cooling == 0)
		return NULL;
	for (struct task *t = r->tasks; t != NULL; t = t->next) {
		if (t->cool_until_ms != 0 && t->cool_until_ms <= now) {
			r->cooling--;
			t->cool_until_ms = 0;
			if (t->what != TASK_RESULT)
				forget(r, t);
			return t;
		}
	}
	return NULL;
}

/* ---- updates */

static bool
purge_version_event(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	struct run shown = { .token = STR_LIT("") };
	struct version **list;
	size_t n;

	if (!version_list(x->cat, s, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		shown.token = list[i]->version_id;
		if (!rotation_event(x, s, &shown, "EndSecretVersionDelete", STR_NULL, e))
			return false;
	}
	return true;
}

static bool
purge(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	if (s->deletion_ms == 0 || s->deletion_ms > x->cat->now_ms)
		return secret_put(x->cat, s, e);
	return purge_version_event(x, s, e) && secret_remove(x->cat, s, e);
}

/* Copies in other regions follow what a rotation does to the labels, too. */
static bool
store_secret(const struct rotation_ctx *x, struct secret *s, struct err *e)
{
	return secret_put(x->cat, s, e) && replicas_refresh(x->cat, s, e);
}

static bool
drive(const struct rotation_ctx *x, struct task *t, struct secret *s, struct err *e)
{
	switch (t->what) {
	case TASK_PURGE:
		return purge(x, s, e);
	case TASK_WINDOW:
		return rotation_window(x, s, e) && store_secret(x, s, e);
	case TASK_STEP:
		return rotation_step(x, s, &t->order, e) && store_secret(x, s, e);
	case TASK_RESULT:
		return rotation_result(x, s, t->sequence, t->invoke_id, &t->result, &t->order, e) &&
		    store_secret(x, s, e);
	case TASK_REARM:
		return rotation_rearm(x, s, e) && store_secret(x, s, e);
	}
	return true;
}

/* An entry that its secret no longer knows would be found again for ever. */
static bool
drop_stale(const struct rotation_ctx *x, const struct task *t, struct secret *s, struct err *e)
{
	struct run *run = NULL;
	int64_t known = 0;

	if (t->due.at_ms == 0)
		return true;
	if (s != NULL && t->due.what == DUE_WINDOW) {
		known = s->stored_moment_ms;
	} else if (s != NULL && t->due.what == DUE_DELETION) {
		known = s->stored_deletion_ms;
	} else if (s != NULL && s->rotation.active_run != 0) {
		if (!run_find(x->cat, s, s->rotation.active_run, &run, e))
			return false;
		known = run == NULL ? 0 : run->stored_due_ms;
	}
	return known == t->due.at_ms || due_del(x->cat, &t->due, e);
}

static bool
task_update(struct txn *txn, void *arg, struct err *e)
{
	struct task *t = arg;
	struct rotator *r = t->rotator;
	struct catalog cat = { .txn = txn, .keys = r->c.keys, .arena = t->arena,
		.now_ms = clock_now_ms(r->c.clock) };
	struct rotation_ctx x = { .cat = &cat, .audit = r->c.audit };
	struct secret *s;

	memset(&t->order, 0, sizeof(t->order));
	if (!secret_find_id(&cat, str_of(t->account), str_of(t->region), t->due.id, &s, e))
		return false;
	if (s != NULL)
		t->secret_arn = s->arn;
	if (s != NULL && !drive(&x, t, s, e))
		return false;
	return drop_stale(&x, t, s, e);
}

static void task_done(struct store_job *job);

static void
task_submit(struct task *t)
{
	t->job = (struct store_job){ .run = task_update, .arg = t, .done = task_done };
	store_submit(t->rotator->c.store, &t->job);
}

/* ---- functions */

static void
function_returned(struct func_call *call)
{
	struct task *t = call->arg;

	crash_point(t->rotator, run_step_names[t->step], "returned");
	t->result = call->result;
	t->what = TASK_RESULT;
	task_submit(t);
}

/* "arn:aws:iam::123456789012:role/path/name" -> name */
static struct str
role_name(struct str role)
{
	size_t at = role.n;

	while (at > 0 && role.p[at - 1] != '/')
		at--;
	return at == 0 ? STR_LIT("function") : str_skip(role, at);
}

static bool
issue(const struct rotator_config *c, struct arena *a, const struct function *f, struct str arn,
    struct str secret_arn, struct str master_arn, struct session_credentials *out, struct err *e)
{
	struct str name = role_name(f->role);
	struct timespec ts;
	struct session s = { .account = f->account, .role_name = name, .session_name = f->name,
		.function_arn = arn, .secret_arns = &secret_arn, .readable_arns = &master_arn,
		.secret_arn_count = secret_arn.p != NULL, .readable_arn_count = master_arn.p != NULL };

	/* The system's clock: the function signs by it, whatever a dev server shows. All four steps
	 * of an attempt and a minute. */
	clock_gettime(CLOCK_REALTIME, &ts);
	s.issued_ms = (int64_t)ts.tv_sec * 1000;
	s.expires_ms = s.issued_ms + (4 * (int64_t)f->timeout_s + 60) * SECOND_MS;
	s.user_id = str_of(arena_printf(a, "AROAPAWLFUNCTION00000:" STR_FMT, STR_ARG(f->name)));
	return session_issue(c->keys, a, &s, out, e);
}

static void
fill_spec(const struct rotator_config *c, struct arena *a, const struct function *f,
    struct str arn, struct func_spec *out)
{
	struct func_env *env = arena_array(a, struct func_env, f->environment.n);
	char hex[65] = "";

	for (size_t i = 0; i < f->environment.n; i++)
		env[i] = (struct func_env){ f->environment.v[i].key, f->environment.v[i].value };
	hex_encode(f->code_sha256, 32, hex);
	*out = (struct func_spec){ .arn = arn, .name = f->name, .account = f->account,
		.region = f->region, .role = f->role,
		.version = f->version == 0 ? STR_LIT("$LATEST") :
		    str_of(arena_printf(a, "%lld", (long long)f->version)),
		.runtime = f->runtime, .handler = f->handler,
		.code_sha256 = arena_str(a, str_of(hex)), .builtin = f->builtin,
		.revision = f->revision_id, .timeout_s = f->timeout_s, .memory_mb = f->memory_mb,
		.concurrency = f->reserved_concurrency > 0 ? f->reserved_concurrency : 0,
		.env = env, .env_count = f->environment.n };
	out->code_path = f->builtin.p != NULL ? STR_LIT("") :
	    str_of(function_code_path(a, c->data, f->code_sha256));
}

bool
rotator_prepare_call(const struct rotator_config *c, struct arena *a, const struct function *f,
    struct str arn, struct str secret_arn, struct str master_arn, struct func_call *out,
    struct err *e)
{
	struct session_credentials cred;

	if (!issue(c, a, f, f->arn, secret_arn, master_arn, &cred, e))
		return false;
	out->arena = a;
	fill_spec(c, a, f, arn, &out->spec);
	out->access_key_id = cred.access_key_id;
	out->secret_access_key = cred.secret_access_key;
	out->session_token = cred.session_token;
	out->endpoint_url = str_of(c->endpoint_url);
	out->ca_bundle = c->ca_bundle == NULL ? STR_NULL : str_of(c->ca_bundle);
	return true;
}

/* One session serves the steps of a task, so that one warm sandbox can. */
static bool
prepare(struct task *t, struct err *e)
{
	struct rotator *r = t->rotator;
	struct func_call *call = &t->call;
	const struct function *f = t->order.function;
	struct str master = t->order.masterarn;

	*call = (struct func_call){ .done = function_returned, .arg = t };
	if (!rotator_prepare_call(&r->c, t->arena, f, t->order.function_arn, t->secret_arn,
	    master.p == NULL ? STR_NULL : master, call, e))
		return false;
	if (t->session_arena == NULL || t->session_until_ms < monotonic_ms()) {
		arena_free(t->session_arena);
		t->session_arena = arena_new();
		t->access_key_id = arena_str(t->session_arena, call->access_key_id);
		t->secret_access_key = arena_str(t->session_arena, call->secret_access_key);
		t->session_token = arena_str(t->session_arena, call->session_token);
		t->session_until_ms = monotonic_ms() + 3 * (int64_t)f->timeout_s * SECOND_MS;
	}
	call->access_key_id = t->access_key_id;
	call->secret_access_key = t->secret_access_key;
	call->session_token = t->session_token;
	call->request_id = t->order.invoke_id;
	call->payload = t->order.payload;
	call->mask = t->order.mask;
	call->mask_count = t->order.mask_count;
	return true;
}

static bool
is_stopping(struct rotator *r)
{
	bool stopping;

	pthread_mutex_lock(&r->lock);
	stopping = r->stopping;
	pthread_mutex_unlock(&r->lock);
	return stopping;
}

/* On the committer thread, after the flush: INVOKED is on disk, now the function may be called. */
static void
task_done(struct store_job *job)
{
	struct task *t = job->arg;
	struct rotator *r = t->rotator;
	struct err e;

	if (!job->ok) {
		log_err(LOG_ERR, "rotation task", &job->err);
		task_cool(t);
		return;
	}
	if (t->what == TASK_RESULT)
		crash_point(r, run_step_names[t->step], "recorded");
	if (!t->order.is_due || is_stopping(r)) {
		task_end(t);
		return;
	}
	t->step = t->order.step;
	t->sequence = t->order.sequence;
	t->invoke_id = t->order.invoke_id;
	crash_point(r, run_step_names[t->step], "invoked");
	if (!prepare(t, &e)) {
		log_err(LOG_ERR, "rotation task", &e);
		t->call.result = (struct func_result){ .outcome = FUNC_UNAVAILABLE,
			.error_message = STR_LIT("no credentials for the function") };
		function_returned(&t->call);
		return;
	}
	if (t->order.function->reserved_concurrency == 0) {	/* its owner has stopped it */
		t->call.result = (struct func_result){ .outcome = FUNC_THROTTLED,
			.error_type = STR_LIT("TooManyRequestsException"),
			.error_message = STR_LIT("Rate Exceeded.") };
		function_returned(&t->call);
		return;
	}
	func_invoke(r->c.func, &t->call);
	crash_point(r, run_step_names[t->step], "called");
}

/* ---- the thread */

static struct task *
task_new(struct rotator *r, const struct due *d, enum task_what what)
{
	struct task *t = xcalloc(1, sizeof(*t));
	struct arena *a = arena_new();

	t->rotator = r;
	t->arena = a;
	t->what = what;
	t->due = *d;
	t->account = xstrdup(arena_strz(a, d->account));
	t->region = xstrdup(arena_strz(a, d->region));
	t->due.account = str_of(t->account);
	t->due.region = str_of(t->region);
	return t;
}

static enum task_what
task_for(enum due_kind what)
{
	return what == DUE_WINDOW ? TASK_WINDOW : what == DUE_DELETION ? TASK_PURGE : TASK_STEP;
}

static bool
start_task(struct rotator *r, const struct due *d, enum task_what what)
{
	int most = r->c.concurrency > 0 ? r->c.concurrency : DEFAULT_CONCURRENCY;
	struct task *t;

	pthread_mutex_lock(&r->lock);
	if (r->stopping || r->active >= most || has_task(r, d)) {
		pthread_mutex_unlock(&r->lock);
		return false;
	}
	t = task_new(r, d, what);
	t->next = r->tasks;
	r->tasks = t;
	r->active++;
	pthread_mutex_unlock(&r->lock);
	if (what == TASK_STEP)
		crash_point(r, "", "queued");
	task_submit(t);
	return true;
}

static bool
list_due(struct rotator *r, struct arena *a, int64_t until_ms, struct due *out, size_t *n,
    int64_t *next_ms, struct err *e)
{
	AUTO(txn) *txn = store_view(r->c.store, e);
	struct catalog cat = { .txn = txn, .keys = r->c.keys, .arena = a, .now_ms = until_ms };

	return txn != NULL && due_list(&cat, until_ms, out, BATCH, n, next_ms, e);
}

/* Starts what is due; gives the time to sleep. */
static int64_t
round_of(struct rotator *r, struct arena *a)
{
	int64_t now = clock_now_ms(r->c.clock), next;
	struct due due[BATCH];
	struct err e;
	size_t n;

	if (!list_due(r, a, now, due, &n, &next, &e)) {
		log_err(LOG_ERR, "reading the time index", &e);
		return COOL_DOWN_MS;
	}
	for (size_t i = 0; i < n; i++)
		start_task(r, &due[i], task_for(due[i].what));
	if (next == INT64_MAX || next - now > MAX_SLEEP_MS)
		return MAX_SLEEP_MS;
	return next > now ? next - now : MAX_SLEEP_MS;	/* more than a batch: a task's end wakes us */
}

static void
sleep_until_woken(struct rotator *r, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	if (r->cooling > 0 && ms > cool_down_ms(r))
		ms = cool_down_ms(r);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000 + 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (!r->woken && !r->stopping) {
		if (pthread_cond_timedwait(&r->changed, &r->lock, &until) == ETIMEDOUT)
			break;
	}
	r->woken = false;
}

/* Called and left with the lock held. */
static void
revive_cooled(struct rotator *r)
{
	struct task *t;

	while ((t = take_cooled(r)) != NULL) {
		pthread_mutex_unlock(&r->lock);
		if (t->what == TASK_RESULT)
			task_submit(t);
		else
			task_free(t);
		pthread_mutex_lock(&r->lock);
	}
}

static void *
scheduler_main(void *arg)
{
	struct rotator *r = arg;
	AUTO(arena) *a = arena_new();
	int64_t ms;

	pthread_mutex_lock(&r->lock);
	while (!r->going && !r->stopping)
		pthread_cond_wait(&r->changed, &r->lock);
	while (!r->stopping) {
		revive_cooled(r);
		pthread_mutex_unlock(&r->lock);
		ms = round_of(r, a);
		arena_reset(a);
		pthread_mutex_lock(&r->lock);
		sleep_until_woken(r, ms);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* ---- life */

struct recovery { struct rotator *r; struct due *due; };

static bool
recover_one(struct txn *txn, void *arg, struct err *e)
{
	struct recovery *v = arg;
	AUTO(arena) *a = arena_new();
	struct catalog cat = { .txn = txn, .keys = v->r->c.keys, .arena = a,
		.now_ms = clock_now_ms(v->r->c.clock) };
	struct rotation_ctx x = { .cat = &cat, .audit = v->r->c.audit };
	struct secret *s;

	if (!secret_find_id(&cat, v->due->account, v->due->region, v->due->id, &s, e))
		return false;
	if (s == NULL)
		return due_del(&cat, v->due, e);
	return rotation_recover(&x, s, e) && secret_put(&cat, s, e);
}

/* Every run that is not terminal has a due entry; those found INVOKED lost their function. */
static bool
recover_all(struct rotator *r, struct err *e)
{
	AUTO(arena) *a = arena_new();
	AUTO(txn) *txn = store_view(r->c.store, e);
	struct catalog cat = { .txn = txn, .keys = r->c.keys, .arena = a };
	struct due_runs runs;

	if (txn == NULL || !due_list_runs(&cat, &runs, e))
		return false;
	txn_end(TAKE(txn));
	for (size_t i = 0; i < runs.n; i++) {
		struct recovery v = { r, &runs.v[i] };

		if (!store_update(r->c.store, recover_one, &v, e))
			return false;
	}
	return true;
}

struct rotator *
rotator_start(const struct rotator_config *c, struct err *e)
{
	struct rotator *r = xcalloc(1, sizeof(*r));
	pthread_condattr_t attr;
	int error;

	r->c = *c;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (!recover_all(r, e)) {
		free(r);
		return NULL;
	}
	error = pthread_create(&r->thread, NULL, scheduler_main, r);
	if (error != 0) {
		err_set(e, ERR_CONFIG, "cannot start the scheduler thread: %s", strerror(error));
		free(r);
		return NULL;
	}
	return r;
}

void
rotator_go(struct rotator *r)
{
	pthread_mutex_lock(&r->lock);
	r->going = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

void
rotator_quiesce(struct rotator *r)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

/* Tasks in flight end by themselves: func_stop answers their calls, the store takes the results. */
void
rotator_stop(struct rotator *r)
{
	if (r == NULL)
		return;
	rotator_quiesce(r);
	pthread_join(r->thread, NULL);
	pthread_mutex_lock(&r->lock);
	while (r->active > r->cooling)
		pthread_cond_wait(&r->changed, &r->lock);
	while (r->tasks != NULL) {
		struct task *t = r->tasks;

		r->tasks = t->next;
		task_free(t);
	}
	pthread_mutex_unlock(&r->lock);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void
rotator_wake(struct rotator *r)
{
	pthread_mutex_lock(&r->lock);
	r->woken = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

void
rotator_rearm(struct rotator *r, struct str account, struct str region, const uint8_t id[16])
{
	struct due d = { .account = account, .region = region };

	memcpy(d.id, id, RECORD_ID_LEN);
	(void)start_task(r, &d, TASK_REARM);
}

int
rotator_active(struct rotator *r)
{
	int n;

	pthread_mutex_lock(&r->lock);
	n = r->active;
	pthread_mutex_unlock(&r->lock);
	return n;
}

int
rotator_cooling(struct rotator *r)
{
	int n;

	pthread_mutex_lock(&r->lock);
	n = r->cooling;
	pthread_mutex_unlock(&r->lock);
	return n;
}

/* ---- the dev clock */

bool
rotator_next_due(struct rotator *r, int64_t *out_ms, struct err *e)
{
	AUTO(arena) *a = arena_new();
	struct due due[BATCH];
	int64_t next;
	size_t n;

	if (!list_due(r, a, 0, due, &n, &next, e))
		return false;
	*out_ms = n > 0 ? due[0].at_ms : next;
	return true;
}

bool
rotator_settle(struct rotator *r, int wait_ms, struct err *e)
{
	int64_t until = monotonic_ms() + wait_ms, next;
	const struct timespec moment = { 0, 2000000 };

	for (;;) {
		if (!rotator_next_due(r, &next, e))
			return false;
		if (rotator_active(r) == 0 && next > clock_now_ms(r->c.clock))
			return true;
		if (monotonic_ms() > until)
			return err_set(e, ERR_CONFIG, "rotations are still under way");
		rotator_wake(r);
		nanosleep(&moment, NULL);
	}
}

bool
rotator_advance(struct rotator *r, int64_t target_ms, int wait_ms, struct err *e)
{
	int64_t next;

	for (;;) {
		if (!rotator_settle(r, wait_ms, e) || !rotator_next_due(r, &next, e))
			return false;
		if (next > target_ms)
			break;
		clock_set_ms(r->c.clock, next);
		rotator_wake(r);
	}
	if (clock_now_ms(r->c.clock) < target_ms)
		clock_set_ms(r->c.clock, target_ms);
	rotator_wake(r);
	return rotator_settle(r, wait_ms, e);
}
