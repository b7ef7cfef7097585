/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - one request on its way through front/: who, what, and the answer so far. Lives in the
 * request's arena; dispatch.c takes it through the stages in order.
 */
#pragma once
#include "api/op.h"
#include "api/server.h"
#include "auth/principal.h"
#include "auth/sigv4.h"
#include "http/server.h"
#include "store/store.h"

enum protocol { PROTOCOL_JSON, PROTOCOL_REST, PROTOCOL_QUERY };

struct call {
	struct http_request *http;
	struct server *server;
	enum protocol protocol;
	const struct service *service;
	const struct op *op;
	struct principal caller;
	struct sigv4_claim claim;
	const void *input;
	struct op_ctx ctx;
	struct buf out;			/* the answer's body; wiped with the call */
	struct jsonw writer;
	struct store_job job;
	struct err err;
	char request_id[37];
};

/* ---- route.c: which operation, before any signature work. ERR_UNKNOWN_OPERATION otherwise. */
MUST_CHECK bool route(struct call *c, struct err *e);

/* ---- authenticate.c: steps 1-12 of spec/security.md 1.3; fills caller and claim. */
MUST_CHECK bool authenticate(struct call *c, struct err *e);

/* ---- authorize.c: may this caller do this (spec/security.md 2)? Inside the transaction, after the
 * secret was looked up: a refusal looks the same whether it exists or not. */
MUST_CHECK bool authorize(struct call *c, struct err *e);
/* A second permission of the same call, on a given resource. */
MUST_CHECK bool authorize_action(struct call *c, const char *action, struct secret *s,
    struct str resource, struct str shown, struct err *e);
/* The same on the secret that ctx.ref says, found or not (NULL): refused alike. */
MUST_CHECK bool authorize_secret(struct call *c, const char *action, struct secret *s,
    struct str shown, struct err *e);

/* ---- reply.c */
void reply_ok(struct call *c);
void reply_error(struct call *c, const struct err *e);

/* ---- record.c: the audit record of a call */
MUST_CHECK bool record_change(struct call *c, struct txn *t, struct err *e);
MUST_CHECK bool record_read(struct call *c, const struct err *refused, struct err *e);
