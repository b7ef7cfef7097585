/* SPDX-License-Identifier: Apache-2.0 */
#include "front/dispatch.h"

#include "api/secretsmanager/table.h"
#include "base/log.h"
#include "catalog/messages.h"
#include "crypto/random.h"
#include "front/call.h"
#include "front/throttle.h"
#include "rotate/scheduler.h"

#define LAMBDA_BODY_CAP ((size_t)72 * 1024 * 1024)	/* a 50 MiB zip in base64, and its frame */

size_t
dispatch_body_cap(void *arg, struct str method, struct str target)
{
	(void)arg;
	(void)method;
	return str_starts(target, "/2015-03-31/functions") ? LAMBDA_BODY_CAP : 0;
}

/* ---- inside the transaction */

static struct call *
call_of(struct op_ctx *ctx)
{
	return (struct call *)((char *)ctx - offsetof(struct call, ctx));
}

static bool
look_up(struct call *c, struct err *e)
{
	struct op_ctx *x = &c->ctx;
	const struct secret_id_member { struct str secret_id; } *in = c->input;

	x->secret = NULL;
	if (c->op->on != OP_SECRET || in->secret_id.p == NULL)
		return true;
	return secret_ref_parse(in->secret_id, x->account, x->region, &x->ref, e) &&
	    secret_find(&x->cat, &x->ref, &x->secret, e);
}

/* The columns of spec/api.md 3.3: replica before scheduled, as the row says. */
static bool
check_state(struct call *c, const struct secret *s, struct err *e)
{
	unsigned flags = c->op->flags;

	if (s == NULL)
		return (flags & OP_MISSING_OK) || err_set(e, ERR_NOT_FOUND, MSG_NF);
	if (secret_is_replica(s) && !(flags & OP_REPLICA_OK))
		return err_set(e, ERR_INVALID_PARAMETER, MSG_REP);
	if (secret_is_scheduled(s) && !(flags & OP_SCHEDULED_OK))
		return err_set(e, ERR_INVALID_REQUEST, MSG_DEL);
	return true;
}

/* A secret of another account under the default key keeps its values to itself. */
static bool
check_wall(struct call *c, const struct secret *s, struct err *e)
{
	if (s == NULL || str_eq(s->account, c->caller.account) || s->kms_key_id.n > 0)
		return true;
	if (!(c->op->flags & (OP_REVEALS | OP_LABELS)))
		return true;
	return err_set(e, ERR_INVALID_REQUEST, MSG_XACC);
}

static bool
may(struct op_ctx *ctx, const char *action, struct secret *s, struct str resource, struct err *e)
{
	return authorize_action(call_of(ctx), action, s, resource, resource, e);
}

static bool
may_reveal(struct op_ctx *ctx, struct secret *s, struct str shown, struct err *e)
{
	struct call *c = call_of(ctx);

	return authorize_secret(c, "secretsmanager:GetSecretValue", s, shown, e) &&
	    check_state(c, s, e) && check_wall(c, s, e);
}

static bool
check_secret(struct call *c, struct err *e)
{
	return c->op->on != OP_SECRET ||
	    (check_state(c, c->ctx.secret, e) && check_wall(c, c->ctx.secret, e));
}

/* May run more than once; everything it sets is set anew. */
static bool
run_in(struct txn *t, void *arg, struct err *e)
{
	struct call *c = arg;
	struct op_ctx *x = &c->ctx;

	x->cat.txn = t;
	x->cat.now_ms = clock_now_ms(c->server->clock);
	x->needs_update = x->new_current = x->rearm = x->is_gone = false;
	x->touched = NULL;
	x->ref = (struct secret_ref){ .name = STR_NULL };
	x->version_id = STR_NULL;
	x->status = 0;
	x->reply_header_count = 0;
	buf_reset(&c->out);
	c->writer = jsonw_on(&c->out);
	if (!look_up(c, e) || !authorize(c, e) || !check_secret(c, e) ||
	    !c->op->run(x, c->input, &c->writer, e))
		return false;
	if (!txn_is_update(t) || x->needs_update)
		return true;
	if (c->service->finish != NULL && !c->service->finish(x, c->op, e))
		return false;
	return c->op->mode == OP_READ || record_change(c, t, e);
}

/* ---- answers */

static void
refuse(struct call *c, const struct err *why)
{
	struct err e;

	if (err_status(why->code) >= 500 && why->code != ERR_UNAVAILABLE)
		log_err(LOG_ERR, c->op == NULL ? "request" : c->op->name, why);
	if (c->op != NULL && c->caller.arn.p != NULL && !record_read(c, why, &e)) {
		log_err(LOG_ERR, "audit", &e);
		reply_error(c, &e);
		return;
	}
	reply_error(c, why);
}

static void
answer_read(struct call *c)
{
	struct err e;

	if (!record_read(c, NULL, &e)) {	/* fail closed: nothing leaves unrecorded */
		log_err(LOG_ERR, "audit", &e);
		reply_error(c, &e);
		return;
	}
	reply_ok(c);
}

/* On the committer, after the flush. */
static void
update_done(struct store_job *job)
{
	struct call *c = job->arg;
	struct server *s = c->server;

	if (!job->ok) {
		if (c->ctx.rearm && c->ctx.secret != NULL)
			rotator_rearm(s->rotator, c->ctx.account, c->ctx.region, c->ctx.secret->id);
		refuse(c, &job->err);
		return;
	}
	if (s->rotator != NULL && c->ctx.touched != NULL)
		rotator_wake(s->rotator);
	if (c->op->mode == OP_READ)
		answer_read(c);
	else
		reply_ok(c);
}

static void
submit(struct call *c)
{
	c->job = (struct store_job){ .run = run_in, .arg = c, .done = update_done };
	store_submit(c->server->store, &c->job);
}

static void
read_now(struct call *c)
{
	struct txn *t = store_view(c->server->store, &c->err);
	bool ok = t != NULL && run_in(t, c, &c->err);

	txn_end(t);
	if (!ok)
		refuse(c, &c->err);
	else if (c->ctx.needs_update)
		submit(c);
	else
		answer_read(c);
}

/* ---- operations that answer later */

static void
complete(struct op_ctx *ctx, const struct err *refused)
{
	struct call *c = call_of(ctx);

	if (refused != NULL)
		refuse(c, refused);
	else
		answer_read(c);
}

static void
start(struct call *c)
{
	struct txn *t = store_view(c->server->store, &c->err);
	bool ok;

	c->ctx.cat.txn = t;
	c->writer = jsonw_on(&c->out);
	ok = t != NULL && authorize(c, &c->err);
	txn_end(t);
	c->ctx.cat.txn = NULL;
	if (ok)
		c->op->start(&c->ctx, c->input, &c->writer);
	else
		refuse(c, &c->err);
}

/* ---- before the transaction */

static bool
decode(struct call *c, struct err *e)
{
	struct str body = c->http->body;
	void *input;
	json_t *doc;

	if (c->op->input == NULL)
		return true;
	doc = json_parse(c->http->arena, body.n == 0 ? STR_LIT("{}") : body, 0, e);
	if (doc == NULL || !fields_decode(c->http->arena, c->op->input, doc, &input, e))
		return false;
	c->input = input;
	return true;
}

static void
fill_context(struct call *c)
{
	struct op_ctx *x = &c->ctx;

	x->cat.keys = c->server->keys;
	x->cat.arena = c->http->arena;
	x->cat.now_ms = clock_now_ms(c->server->clock);
	x->cat.versions_limit = c->server->versions_limit;
	x->server = c->server;
	x->caller = &c->caller;
	x->account = c->caller.account;
	x->region = c->claim.region;
	x->request_id = str_of(c->request_id);
	x->headers = c->http->headers;
	x->header_count = c->http->header_count;
	x->body = c->http->body;
	x->may = may;
	x->may_reveal = may_reveal;
	x->complete = complete;
}

static void
wipe(void *p)
{
	buf_free(p);
}

/* Only this API has rates: what others do here, AWS counts elsewhere. By the machine's own clock,
 * so that a dev server's may be turned. */
static bool
admit(struct call *c, struct err *e)
{
	return c->service != &secretsmanager_service ||
	    throttle_take(c->server->throttle, c->caller.account, c->claim.region,
	    str_of(c->op->name), monotonic_ms(), e);
}

void
dispatch_request(struct http_request *r, void *arg)
{
	struct call *c = arena_new_of(r->arena, struct call);

	c->http = r;
	c->server = arg;
	random_uuid(c->request_id);
	arena_defer(r->arena, wipe, &c->out);
	if (!route(c, &c->err) || !authenticate(c, &c->err)) {
		refuse(c, &c->err);
		return;
	}
	fill_context(c);
	if (!admit(c, &c->err) || !decode(c, &c->err) ||
	    (c->op->check != NULL && !c->op->check(&c->ctx, c->input, &c->err))) {
		refuse(c, &c->err);
		return;
	}
	if (c->op->start != NULL)
		start(c);
	else if (c->op->mode == OP_WRITE)
		submit(c);
	else
		read_now(c);
}
