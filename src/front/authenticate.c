/* SPDX-License-Identifier: Apache-2.0 */
#include "front/call.h"

#include <time.h>

#include "api/sts/table.h"
#include "auth/verify.h"
#include "base/clock.h"
#include "base/log.h"
#include "catalog/access_key.h"
#include "catalog/session.h"

#define PRESIGNED_STS_S 900

struct finding {
	struct call *c;
	struct access_key *key;
	struct session session;
	bool is_session;
};

static bool
find_session(struct finding *f, struct str id, struct str token, struct sigv4_key *out)
{
	struct err ignored;

	if (!session_open(f->c->server->keys, f->c->http->arena, id, token, &f->session,
	    &out->secret, &ignored))
		return true;		/* no secret: step 10 */
	f->is_session = true;
	out->expires_s = f->session.expires_ms / 1000;
	return true;
}

static bool
look_up(void *arg, struct str id, struct str token, struct sigv4_key *out, struct err *e)
{
	struct finding *f = arg;
	struct server *s = f->c->server;
	AUTO(txn) *t = NULL;
	struct catalog cat = { .keys = s->keys, .arena = f->c->http->arena };

	if (token.p != NULL)
		return find_session(f, id, token, out);
	t = store_view(s->store, e);
	cat.txn = t;
	if (t == NULL || !access_key_find(&cat, id, &f->key, e))
		return false;
	if (f->key != NULL && f->key->is_active)
		out->secret = f->key->secret;
	return true;
}

static bool
region_ok(void *arg, struct str region)
{
	(void)arg;
	return region_is_valid(region);
}

static void
caller_from_key(struct call *c, const struct access_key *k)
{
	c->caller = (struct principal){ .type = CALLER_USER, .account = k->account,
		.arn = k->user_arn, .user_id = k->user_id, .access_key_id = k->access_key_id,
		.user_name = k->user_name, .is_administrator = k->is_administrator };
}

static void
caller_from_session(struct call *c, const struct session *s)
{
	c->caller = (struct principal){ .type = CALLER_SESSION, .account = s->account,
		.arn = str_of(arena_printf(c->http->arena, "arn:aws:sts::" STR_FMT
		    ":assumed-role/" STR_FMT "/" STR_FMT, STR_ARG(s->account),
		    STR_ARG(s->role_name), STR_ARG(s->session_name))),
		.user_id = s->user_id, .access_key_id = c->claim.access_key_id,
		.role_name = s->role_name, .session_name = s->session_name,
		.issued_ms = s->issued_ms, .expires_ms = s->expires_ms,
		.function_arn = s->function_arn, .secret_arns = s->secret_arns,
		.secret_arn_count = s->secret_arn_count, .readable_arns = s->readable_arns,
		.readable_arn_count = s->readable_arn_count };
}

/* --dev-any-key: whoever signs, with whatever, is the administrator. What cannot be read of the
 * signature is made up, so that suites written against emulators run. */
static void
admit_anyone(struct call *c)
{
	struct arena *a = c->http->arena;
	struct str header = header_get(c->http->headers, c->http->header_count, "authorization");
	struct str rest = header, part, region = STR_NULL, id = STR_NULL;
	const char *at = header.p == NULL ? NULL :
	    memmem(header.p, header.n, "Credential=", 11);

	if (at != NULL) {
		rest = str_skip(header, (size_t)(at - header.p) + 11);
		for (int i = 0; i < 3 && str_split(&rest, '/', &part); i++) {
			if (i == 0)
				id = part;
			else if (i == 2)
				region = part;
		}
	}
	c->claim.region = region_is_valid(region) ? arena_str(a, region) : STR_LIT("us-east-1");
	c->caller = (struct principal){ .type = CALLER_USER, .account = str_of(c->server->account),
		.arn = str_of(arena_printf(a, "arn:aws:iam::%s:user/admin", c->server->account)),
		.user_id = STR_LIT("AIDAPAWLDEVANYKEY000"), .is_administrator = true,
		.access_key_id = id.p == NULL ? STR_LIT("ANY") : arena_str(a, id),
		.user_name = STR_LIT("admin") };
}

static bool
verify(struct call *c, struct err *e)
{
	struct http_request *h = c->http;
	struct finding f = { .c = c };
	struct sigv4_request r = { h->method, h->target, h->headers, h->header_count, h->body };
	struct sigv4_expect x = { .now_s = (int64_t)time(NULL), .skew_s = c->server->skew_s,
		.service = c->service->name, .region_ok = region_ok,
		.presigned_lifetime_s = c->service == &sts_service ? PRESIGNED_STS_S : 0 };

	if (!sigv4_verify(c->server->verifiers[h->thread], h->arena, &r, &x, look_up, &f, &c->claim, e))
		return false;
	if (f.is_session)
		caller_from_session(c, &f.session);
	else
		caller_from_key(c, f.key);
	return true;
}

bool
authenticate(struct call *c, struct err *e)
{
	if (verify(c, e))
		return true;
	if (!c->server->any_key || err_status(e->code) >= 500)
		return false;
	log_debug("--dev-any-key: admitted a request that is not signed right");
	admit_anyone(c);
	err_clear(e);
	return true;
}
