/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freeing a rotation that is stuck (spec/rotation.md 2.6): the same label moves as
 * UpdateSecretVersionStage makes, with the versions found instead of named, and another try.
 */
#include "front/admin_call.h"

#include "api/op.h"
#include "api/secretsmanager/table.h"
#include "catalog/messages.h"
#include "catalog/run.h"
#include "catalog/stage.h"
#include "catalog/version.h"
#include "rotate/rotation.h"

#define ROTATE_SECRET "'aws secretsmanager rotate-secret' starts a new one"

static void
write_done(struct admin_call *c, const struct secret *s, struct str version_id)
{
	jsonw_open(&c->w);
	jsonw_kstr(&c->w, "ARN", s->arn);
	jsonw_kstr(&c->w, "Name", s->name);
	jsonw_kstr(&c->w, "VersionId", version_id);
	jsonw_close(&c->w);
}

static bool
find(struct admin_call *c, struct catalog *cat, struct secret **out, struct err *e)
{
	if (!admin_find_secret(c, cat, out, e))
		return false;
	if (secret_is_replica(*out))
		return err_set(e, ERR_INVALID_PARAMETER, MSG_REP);
	if (secret_is_scheduled(*out))
		return err_set(e, ERR_INVALID_REQUEST, MSG_DEL);
	return true;
}

/* What every change of a secret's labels has in common, as the API does it. */
static bool
store_labels(struct admin_call *c, struct catalog *cat, struct secret *s, const char *event,
    struct err *e)
{
	static const struct op row = { .name = "pawl", .mode = OP_WRITE, .flags = OP_LABELS };
	struct principal operator = { .type = CALLER_USER, .account = s->account,
		.arn = admin_arn(cat->arena, s->account), .is_administrator = true };
	struct op_ctx x = { .cat = *cat, .server = c->server, .caller = &operator,
		.account = s->account, .region = s->region, .secret = s, .touched = s };

	secret_touch(s, cat->now_ms);
	return secretsmanager_service.finish(&x, &row, e) && admin_record(c, cat->txn, event, s, e);
}

/* ---- retry */

static bool
check_retry(const struct secret *s, const struct run *r, struct err *e)
{
	struct str name = s->name;

	if (r == NULL)
		return err_set(e, ERR_INVALID_REQUEST, "'" STR_FMT "' was never rotated; "
		    ROTATE_SECRET, STR_ARG(name));
	if (!s->rotation.is_enabled)
		return err_set(e, ERR_INVALID_REQUEST, "rotation of '" STR_FMT "' is off; "
		    "'aws secretsmanager rotate-secret' turns it on", STR_ARG(name));
	if (r->state == RUN_RETRY_WAIT)
		return true;
	if (!run_is_terminal(r))
		return err_set(e, ERR_INVALID_REQUEST, "a rotation of '" STR_FMT "' is under way",
		    STR_ARG(name));
	if (r->kind != RUN_ROTATE || r->state == RUN_SUCCEEDED || r->state == RUN_ABANDONED)
		return err_set(e, ERR_INVALID_REQUEST, "the last rotation of '" STR_FMT "' ended "
		    "as %s: there is nothing to retry; " ROTATE_SECRET, STR_ARG(name),
		    run_state_names[r->state]);
	if (!stage_is_on(s, AWSPENDING, r->token))
		return err_set(e, ERR_INVALID_REQUEST, "AWSPENDING is no longer on the version of "
		    "the last rotation of '" STR_FMT "'; " ROTATE_SECRET, STR_ARG(name));
	return true;
}

/* The operator's word counts for more than the window and the wait. */
static bool
run_now(struct catalog *cat, struct secret *s, struct run *r, struct err *e)
{
	r->not_before_ms = cat->now_ms;
	r->window_start_ms = r->window_end_ms = 0;
	r->trigger = STR_LIT("cli");
	return run_put(cat, s, r, e) && secret_put(cat, s, e);
}

bool
admin_rotation_retry(struct admin_call *c, struct txn *t, struct err *e)
{
	struct catalog cat = admin_catalog(c, t, c->http->arena);
	struct rotation_ctx x = { &cat, c->server->audit };
	struct secret *s;
	struct run *r;

	if (!find(c, &cat, &s, e) || !rotation_current(&x, s, &r, e) || !check_retry(s, r, e))
		return false;
	if (run_is_terminal(r) && (!rotation_restart(&x, s, e) || !rotation_current(&x, s, &r, e)))
		return false;
	if (!run_now(&cat, s, r, e) || !admin_record(c, t, "RetryRotation", s, e))
		return false;
	write_done(c, s, r->token);
	return true;
}

/* ---- labels */

/* The version that waits to become current. */
static bool
find_pending(const struct secret *s, struct str *out, struct err *e)
{
	*out = stage_holder(s, AWSPENDING);
	return out->p != NULL || err_set(e, ERR_INVALID_REQUEST, "no version of '" STR_FMT
	    "' has AWSPENDING", STR_ARG(s->name));
}

/* A rotation's empty placeholder is of no use to anyone once its label is gone. */
static bool
drop_if_empty(struct catalog *cat, struct secret *s, struct str version_id, struct err *e)
{
	struct version *v;

	if (stage_find(s, version_id) != NULL)
		return true;
	if (!version_find(cat, s, version_id, &v, e))
		return false;
	return v == NULL || v->kind != VALUE_NONE || version_remove(cat, s, version_id, e);
}

bool
admin_rotation_clear_pending(struct admin_call *c, struct txn *t, struct err *e)
{
	struct catalog cat = admin_catalog(c, t, c->http->arena);
	struct secret *s;
	struct str pending;

	if (!find(c, &cat, &s, e) || !find_pending(s, &pending, e))
		return false;
	stage_remove(s, AWSPENDING);
	if (!drop_if_empty(&cat, s, pending, e) || !store_labels(c, &cat, s, "ClearPending", e))
		return false;
	write_done(c, s, pending);
	return true;
}

static bool
make_current(struct admin_call *c, struct catalog *cat, struct secret *s, struct str version_id,
    const char *event, struct err *e)
{
	struct version *v;

	if (!version_find(cat, s, version_id, &v, e))
		return false;
	if (v == NULL || v->kind == VALUE_NONE)
		return err_set(e, ERR_INVALID_REQUEST, "version " STR_FMT " of '" STR_FMT "' has "
		    "no value", STR_ARG(version_id), STR_ARG(s->name));
	stage_promote(cat->arena, s, version_id);
	if (!stage_check_limit(s, e) || !store_labels(c, cat, s, event, e))
		return false;
	write_done(c, s, version_id);
	return true;
}

bool
admin_rotation_promote(struct admin_call *c, struct txn *t, struct err *e)
{
	struct catalog cat = admin_catalog(c, t, c->http->arena);
	struct secret *s;
	struct str pending;

	if (!find(c, &cat, &s, e) || !find_pending(s, &pending, e))
		return false;
	if (stage_is_on(s, AWSCURRENT, pending))
		return err_set(e, ERR_INVALID_REQUEST, "the version of '" STR_FMT "' that has "
		    "AWSPENDING is current already", STR_ARG(s->name));
	return make_current(c, &cat, s, pending, "PromotePending", e);
}

bool
admin_rotation_rollback(struct admin_call *c, struct txn *t, struct err *e)
{
	struct catalog cat = admin_catalog(c, t, c->http->arena);
	struct str previous;
	struct secret *s;

	if (!find(c, &cat, &s, e))
		return false;
	previous = stage_holder(s, AWSPREVIOUS);
	if (previous.p == NULL)
		return err_set(e, ERR_INVALID_REQUEST, "no version of '" STR_FMT "' has "
		    "AWSPREVIOUS", STR_ARG(s->name));
	return make_current(c, &cat, s, previous, "RollbackSecret", e);
}
