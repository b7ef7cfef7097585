/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_call.h - one request on the admin socket; private to front/admin*.c.
 * Lives in the request's arena, so it must not be touched after the reply.
 */
#pragma once
#include <stdatomic.h>

#include "api/server.h"
#include "base/json.h"
#include "catalog/secret.h"
#include "http/server.h"
#include "store/store.h"

struct admin_route;

struct admin_call {
	struct http_request *http;
	struct server *server;
	struct admin *admin;
	const struct admin_route *route;
	const atomic_bool *stopping;	/* a long job looks at it between its steps */
	int64_t up_ms;			/* how long the daemon has served */
	json_t *in;			/* the request's object */
	struct buf out;
	struct jsonw w;			/* the answer goes here */
	struct err err;
	struct store_job job;
};

enum admin_where {
	ADMIN_HERE,		/* on the loop thread; quick */
	ADMIN_UPDATE,		/* on the committer, inside a transaction; may run twice */
	ADMIN_WORKER,		/* on a thread of its own, one such job at a time */
};

struct admin_route {
	const char *path;
	enum admin_where where;
	bool dev_only;
	/* t: the update's; NULL otherwise */
	bool (*run)(struct admin_call *c, struct txn *t, struct err *e);
};

/* ---- admin_rotation.c */
MUST_CHECK bool admin_rotation_list(struct admin_call *c, struct txn *t, struct err *e);
MUST_CHECK bool admin_rotation_show(struct admin_call *c, struct txn *t, struct err *e);
/* ---- admin_repair.c */
MUST_CHECK bool admin_rotation_retry(struct admin_call *c, struct txn *t, struct err *e);
MUST_CHECK bool admin_rotation_clear_pending(struct admin_call *c, struct txn *t, struct err *e);
MUST_CHECK bool admin_rotation_promote(struct admin_call *c, struct txn *t, struct err *e);
MUST_CHECK bool admin_rotation_rollback(struct admin_call *c, struct txn *t, struct err *e);
/* ---- admin_dev.c */
MUST_CHECK bool admin_clock(struct admin_call *c, struct txn *t, struct err *e);
MUST_CHECK bool admin_clock_set(struct admin_call *c, struct txn *t, struct err *e);
MUST_CHECK bool admin_clock_advance(struct admin_call *c, struct txn *t, struct err *e);
MUST_CHECK bool admin_dev_reset(struct admin_call *c, struct txn *t, struct err *e);

/* ---- admin_secret.c: what several of them need */
struct catalog admin_catalog(struct admin_call *c, struct txn *t, struct arena *a);
/* A text member, or STR_NULL. */
struct str admin_text(const struct admin_call *c, const char *member);
/* "Account", or the server's own. */
struct str admin_account(const struct admin_call *c);
/* A whole-number member, within bounds; `otherwise` when it is absent. */
MUST_CHECK bool admin_number(const struct admin_call *c, const char *member, int64_t min,
    int64_t max, int64_t otherwise, int64_t *out, struct err *e);
/* The account's first region with secrets after `after` (STR_NULL: of all); STR_NULL at the end. */
MUST_CHECK bool admin_next_region(struct catalog *cat, struct str account, struct str after,
    struct str *out, struct err *e);
/* The secret that "Secret" (name or ARN), "Region" and "Account" mean. A name without a region is
 * looked for in all of them and refused when several have it. */
MUST_CHECK bool admin_find_secret(struct admin_call *c, struct catalog *cat, struct secret **out,
    struct err *e);
/* Records a change; s may be NULL. In an update `t`, else at once. */
MUST_CHECK bool admin_record(struct admin_call *c, struct txn *t, const char *event,
    const struct secret *s, struct err *e);
/* Who the audit and the rotation's history say it was. */
struct str admin_arn(struct arena *a, struct str account);
