/* SPDX-License-Identifier: Apache-2.0 */
#include "front/admin.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/secbuf.h"
#include "front/admin_call.h"
#include "func/func.h"
#include "rotate/scheduler.h"

#define BODY_CAP ((size_t)64 * 1024)
#define STOP_GRACE_MS 1000
#define VERIFY_TRIES 3

struct admin {
	struct server *server;
	struct http_server *http;
	char *path;
	int64_t started_ms;		/* monotonic */
	atomic_bool stopping;
	pthread_mutex_t lock;		/* guards what follows; leaf */
	const char *busy_with;		/* path of the worker's job; NULL: none */
	bool has_worker;		/* to be joined before the next one starts */
	pthread_t worker;
};

/* ---- state of the daemon */

static void
write_rotations(struct admin_call *c, int64_t next_ms)
{
	jsonw_key(&c->w, "Rotations");
	jsonw_open(&c->w);
	jsonw_kint(&c->w, "Active", rotator_active(c->server->rotator));
	if (next_ms != INT64_MAX)
		jsonw_ktime(&c->w, "NextDue", next_ms);
	jsonw_close(&c->w);
}

static void
write_busy(struct admin_call *c)
{
	const char *path;

	pthread_mutex_lock(&c->admin->lock);
	path = c->admin->busy_with;
	pthread_mutex_unlock(&c->admin->lock);
	if (path != NULL)
		jsonw_kz(&c->w, "BusyWith", path + 1);
}

static bool
status(struct admin_call *c, struct txn *t, struct err *e)
{
	const struct server *s = c->server;
	struct jsonw *w = &c->w;
	int64_t next_ms;

	(void)t;
	if (!rotator_next_due(s->rotator, &next_ms, e))
		return false;
	jsonw_open(w);
	jsonw_kz(w, "Account", s->account);
	jsonw_kz(w, "Audit", audit_is_behind(s->audit) ? "behind" : "ok");
	write_busy(c);
	jsonw_kint(w, "ClockOffsetMs", atomic_load(&s->clock->offset_ms));
	jsonw_kz(w, "Data", s->data);
	jsonw_kbool(w, "Dev", s->is_dev);
	if (s->engine != NULL)
		jsonw_kz(w, "Engine", s->engine);
	jsonw_kz(w, "Endpoint", s->endpoint_url);
	jsonw_kbool(w, "MemoryLocked", secbuf_is_locked());
	jsonw_ktime(w, "Now", clock_now_ms(s->clock));
	jsonw_kint(w, "Pid", getpid());
	write_rotations(c, next_ms);
	jsonw_kz(w, "Runner", func_is_running(s->func) ? "running" : "down");
	jsonw_kint(w, "RunnerPid", func_runner_pid(s->func));
	jsonw_kint(w, "RunnerRestarts", func_restarts(s->func));
	jsonw_kint(w, "UptimeMs", c->up_ms);
	jsonw_kz(w, "Version", PAWL_VERSION);
	jsonw_close(w);
	return true;
}

/* The record being written may look like one that was added (audit.h): look again before crying. */
static bool
verify_audit(struct admin_call *c, struct txn *t, struct err *e)
{
	char *folder = arena_printf(c->http->arena, "%s/audit", c->server->data);
	uint64_t records = 0;
	bool ok = false;

	(void)t;
	for (int i = 0; i < VERIFY_TRIES && !ok && !atomic_load(c->stopping); i++)
		ok = audit_verify(folder, c->server->keys, &records, e);
	if (!ok)
		return false;
	jsonw_open(&c->w);
	jsonw_kz(&c->w, "Folder", folder);
	jsonw_kint(&c->w, "Records", (int64_t)records);
	jsonw_close(&c->w);
	return true;
}

static const struct admin_route routes[] = {
	{ "/status", ADMIN_HERE, false, status },
	{ "/rotation/list", ADMIN_HERE, false, admin_rotation_list },
	{ "/rotation/show", ADMIN_HERE, false, admin_rotation_show },
	{ "/rotation/retry", ADMIN_UPDATE, false, admin_rotation_retry },
	{ "/rotation/clear-pending", ADMIN_UPDATE, false, admin_rotation_clear_pending },
	{ "/rotation/promote", ADMIN_UPDATE, false, admin_rotation_promote },
	{ "/rotation/rollback", ADMIN_UPDATE, false, admin_rotation_rollback },
	{ "/clock", ADMIN_HERE, true, admin_clock },
	{ "/clock/set", ADMIN_WORKER, true, admin_clock_set },
	{ "/clock/advance", ADMIN_WORKER, true, admin_clock_advance },
	{ "/dev/reset", ADMIN_WORKER, true, admin_dev_reset },
	{ "/audit/verify", ADMIN_WORKER, false, verify_audit },
};

/* ---- answers */

static void
answer(struct admin_call *c, int http_status, struct str body)
{
	const struct header type = { STR_LIT("Content-Type"), STR_LIT("application/json") };

	http_reply(c->http, &(struct http_reply){ .status = http_status, .headers = &type,
	    .header_count = 1, .body = body });
}

/* Whoever may ask here may read the log as well, so the detail is theirs too; of an internal error
 * it is all there is to say. */
static void
refuse(struct admin_call *c, int http_status, const struct err *e)
{
	AUTO_BUF body = BUF_INIT;
	struct jsonw w = jsonw_on(&body);

	bool is_internal = http_status >= 500 && e->detail[0] != '\0';

	jsonw_open(&w);
	if (e->detail[0] != '\0' && !is_internal)
		jsonw_kz(&w, "Detail", e->detail);
	jsonw_kz(&w, "Message", is_internal ? e->detail : e->msg);
	jsonw_close(&w);
	answer(c, http_status, buf_view(&body));
}

static void
finish(struct admin_call *c, bool ok)
{
	if (ok)
		answer(c, 200, buf_view(&c->out));
	else
		refuse(c, c->err.code == ERR_CONFIG ? 409 : err_status(c->err.code), &c->err);
}

/* ---- updates */

static bool
run_update(struct txn *t, void *arg, struct err *e)
{
	struct admin_call *c = arg;

	buf_reset(&c->out);
	c->w = jsonw_on(&c->out);
	return c->route->run(c, t, e);
}

/* On the committer, after the flush. */
static void
update_done(struct store_job *job)
{
	struct admin_call *c = job->arg;

	c->err = job->err;
	if (job->ok)
		rotator_wake(c->server->rotator);
	finish(c, job->ok);
}

static void
submit(struct admin_call *c)
{
	c->job = (struct store_job){ .run = run_update, .arg = c, .done = update_done };
	store_submit(c->server->store, &c->job);
}

/* ---- the worker */

static void *
worker_main(void *arg)
{
	struct admin_call *c = arg;
	struct admin *a = c->admin;
	bool ok = c->route->run(c, NULL, &c->err);

	pthread_mutex_lock(&a->lock);
	a->busy_with = NULL;
	pthread_mutex_unlock(&a->lock);
	finish(c, ok);
	return NULL;
}

/* Under the lock. */
static bool
hire(struct admin *a, struct admin_call *c, struct err *e)
{
	int error;

	if (a->busy_with != NULL)
		return err_set(e, ERR_CONFIG, "pawld is busy with an earlier '%s'",
		    a->busy_with + 1);
	if (atomic_load(&a->stopping))
		return err_set(e, ERR_CONFIG, "pawld is stopping");
	if (a->has_worker)
		pthread_join(a->worker, NULL);	/* it has only its reply left to make */
	a->has_worker = false;
	error = pthread_create(&a->worker, NULL, worker_main, c);
	if (error != 0)
		return err_set(e, ERR_CONFIG, "cannot start a thread: %s", strerror(error));
	a->busy_with = c->route->path;
	a->has_worker = true;
	return true;
}

static void
start_worker(struct admin_call *c)
{
	struct admin *a = c->admin;
	bool ok;

	pthread_mutex_lock(&a->lock);
	ok = hire(a, c, &c->err);
	pthread_mutex_unlock(&a->lock);
	if (!ok)
		finish(c, false);
}

/* ---- requests */

static const struct admin_route *
find_route(struct str target)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (str_is(target, routes[i].path))
			return &routes[i];
	}
	return NULL;
}

static bool
check_peer(const struct admin_call *c, struct err *e)
{
	int64_t uid = c->http->peer_uid;

	if (uid == 0 || uid == (int64_t)geteuid())
		return true;
	return err_set(e, ERR_ACCESS_DENIED, "only root and the user that runs pawld (uid %u) may "
	    "use this socket", (unsigned)geteuid());
}

/* They become part of keys, where nothing but their form keeps tenants apart. */
static bool
check_place(const struct admin_call *c, struct err *e)
{
	struct str account = admin_text(c, "Account"), region = admin_text(c, "Region");
	unsigned long long number;

	if (account.p != NULL && (account.n != 12 || !str_to_u64(account, UINT64_MAX, &number)))
		return err_set(e, ERR_INVALID_PARAMETER, "an account has twelve digits");
	if (region.p != NULL && !region_is_valid(region))
		return err_set(e, ERR_INVALID_PARAMETER, "'" STR_FMT "' is no region",
		    STR_ARG(region));
	return true;
}

static bool
understand(struct admin_call *c, struct err *e)
{
	if (!str_is(c->http->method, "POST"))
		return err_set(e, ERR_INVALID_REQUEST, "only POST is understood here");
	c->route = find_route(c->http->target);
	if (c->route == NULL)
		return err_set(e, ERR_UNKNOWN_OPERATION, "this pawld has no '" STR_FMT "'",
		    STR_ARG(c->http->target));
	if (c->route->dev_only && !c->server->is_dev)
		return err_set(e, ERR_CONFIG, "this is a production server: its clock and its data "
		    "are not for turning (only 'pawld --dev' allows it)");
	c->in = json_parse(c->http->arena, c->http->body, JSON_STRICT_KEYS, e);
	if (c->in == NULL)
		return false;
	if (!json_is_object(c->in))
		return err_set(e, ERR_SERIALIZATION, "need a JSON object");
	return check_place(c, e);
}

static void
wipe(void *p)
{
	buf_free(p);
}

static void
on_request(struct http_request *r, void *arg)
{
	struct admin_call *c = arena_new_of(r->arena, struct admin_call);
	struct admin *a = arg;

	c->http = r;
	c->admin = a;
	c->server = a->server;
	c->stopping = &a->stopping;
	c->up_ms = monotonic_ms() - a->started_ms;
	c->w = jsonw_on(&c->out);
	arena_defer(r->arena, wipe, &c->out);
	if (!check_peer(c, &c->err)) {
		refuse(c, 403, &c->err);
	} else if (!understand(c, &c->err)) {
		finish(c, false);
	} else if (c->route->where == ADMIN_UPDATE) {
		submit(c);
	} else if (c->route->where == ADMIN_WORKER) {
		start_worker(c);
	} else {
		finish(c, c->route->run(c, NULL, &c->err));
	}
}

/* ---- life */

struct admin *
admin_start(struct server *s, const char *path, struct err *e)
{
	AUTO_BUF listen = BUF_INIT;
	struct http_config config = { .threads = 1, .limits = http_limits_default,
		.on_request = on_request };
	struct admin *a = xcalloc(1, sizeof(*a));

	buf_printf(&listen, "unix:%s", path);
	buf_c(&listen, '\0');
	a->server = s;
	a->path = xstrdup(path);
	a->started_ms = monotonic_ms();
	pthread_mutex_init(&a->lock, NULL);
	config.listen = listen.p;
	config.limits.body_bytes = BODY_CAP;
	config.arg = a;
	a->http = http_server_start(&config, e);
	if (a->http == NULL) {
		err_prefix(e, "admin socket");
		admin_stop(a);
		return NULL;
	}
	return a;
}

void
admin_stop(struct admin *a)
{
	bool has_worker;

	if (a == NULL)
		return;
	atomic_store(&a->stopping, true);
	pthread_mutex_lock(&a->lock);
	has_worker = a->has_worker;
	a->has_worker = false;
	pthread_mutex_unlock(&a->lock);
	if (has_worker)
		pthread_join(a->worker, NULL);
	if (a->http != NULL) {
		http_server_stop(a->http, STOP_GRACE_MS);
		(void)unlink(a->path);
	}
	pthread_mutex_destroy(&a->lock);
	free(a->path);
	free(a);
}
