/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place where it is decided. An administrator may do everything in its account; a rotation
 * function's session may do what spec/rotation.md 5.6 lists; everybody else nothing. Resource
 * policies are evaluated for both, so that an explicit Deny always wins and another account gets in
 * only when both sides allow (spec/security.md 2.6, 2.7).
 */
#include "front/call.h"

#include <string.h>

#include "auth/policy.h"
#include "base/clock.h"
#include "catalog/messages.h"

/* Two for each of 50 tags (LIMIT_TAGS_PER_SECRET), and the others. A key that found no room would
 * be absent to every condition, also to a Deny's. */
#define MAX_KEYS 128

static bool
contains(const struct str *list, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(list[i], s))
			return true;
	}
	return false;
}

static bool
is_one_of(struct str action, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (str_is(action, *list))
			return true;
	}
	return false;
}

/* What a function's session may do: spec/rotation.md 5.6. */
static bool
session_may(const struct principal *p, struct str action, const struct secret *s)
{
	static const char *const work[] = { "secretsmanager:DescribeSecret",
		"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
		"secretsmanager:UpdateSecretVersionStage", NULL };
	static const char *const look[] = { "secretsmanager:DescribeSecret",
		"secretsmanager:GetSecretValue", NULL };

	if (str_is(action, "secretsmanager:GetRandomPassword"))
		return true;
	if (s == NULL)
		return false;
	if (contains(p->secret_arns, p->secret_arn_count, s->arn) ||
	    (p->function_arn.n > 0 && str_eq(s->rotation.lambda_arn, p->function_arn)))
		return is_one_of(action, work);
	return contains(p->readable_arns, p->readable_arn_count, s->arn) &&
	    is_one_of(action, look);
}

struct keys {
	struct policy_key v[MAX_KEYS];
	struct str values[MAX_KEYS];
	size_t n;
};

static void
add_key(struct keys *k, struct str name, struct str value)
{
	if (k->n == MAX_KEYS || value.p == NULL || value.n == 0)
		return;
	k->values[k->n] = value;
	k->v[k->n] = (struct policy_key){ .name = name, .values = &k->values[k->n], .count = 1 };
	k->n++;
}

static void
add_secret_keys(struct arena *a, struct keys *k, const struct secret *s)
{
	add_key(k, STR_LIT("secretsmanager:SecretId"), s->arn);
	add_key(k, STR_LIT("secretsmanager:resource/AllowRotationLambdaArn"),
	    s->rotation.lambda_arn);
	add_key(k, STR_LIT("secretsmanager:SecretPrimaryRegion"),
	    s->primary_region.n > 0 ? s->primary_region : s->region);
	add_key(k, STR_LIT("aws:ResourceAccount"), s->account);
	for (size_t i = 0; i < s->tags.n && k->n + 2 < MAX_KEYS; i++) {
		struct str key = s->tags.v[i].key;

		add_key(k, str_of(arena_printf(a, "secretsmanager:ResourceTag/" STR_FMT,
		    STR_ARG(key))), s->tags.v[i].value);
		add_key(k, str_of(arena_printf(a, "aws:ResourceTag/" STR_FMT, STR_ARG(key))),
		    s->tags.v[i].value);
	}
}

static void
add_global_keys(struct call *c, struct keys *k)
{
	struct arena *a = c->http->arena;
	char *now = arena_alloc(a, 21);

	time_format_iso(c->ctx.cat.now_ms / 1000, now);
	add_key(k, STR_LIT("aws:CurrentTime"), str_of(now));
	add_key(k, STR_LIT("aws:EpochTime"), str_of(arena_printf(a, "%lld",
	    (long long)(c->ctx.cat.now_ms / 1000))));
	add_key(k, STR_LIT("aws:SourceIp"), str_of(c->http->peer));
	add_key(k, STR_LIT("aws:SecureTransport"),
	    c->http->tls_version != NULL ? STR_LIT("true") : STR_LIT("false"));
	add_key(k, STR_LIT("aws:PrincipalArn"), c->caller.arn);
	add_key(k, STR_LIT("aws:PrincipalAccount"), c->caller.account);
	add_key(k, STR_LIT("aws:userid"), c->caller.user_id);
	add_key(k, STR_LIT("aws:username"), c->caller.user_name);
	add_key(k, STR_LIT("aws:RequestedRegion"), c->claim.region);
	add_key(k, STR_LIT("aws:UserAgent"), header_get(c->http->headers, c->http->header_count,
	    "user-agent"));
}

static struct policy_principal
principal_of(struct call *c)
{
	struct principal *p = &c->caller;
	struct policy_principal out = { .type = PRINCIPAL_USER, .arn = p->arn,
		.account = p->account, .user_id = p->user_id };

	if (p->type == CALLER_SESSION) {
		out.type = PRINCIPAL_SESSION;
		out.role_arn = str_of(arena_printf(c->http->arena, "arn:aws:iam::" STR_FMT
		    ":role/" STR_FMT, STR_ARG(p->account), STR_ARG(p->role_name)));
	}
	return out;
}

bool
authorize_action(struct call *c, const char *action, struct secret *s, struct str resource,
    struct str shown, struct err *e)
{
	struct keys *keys = arena_new_of(c->http->arena, struct keys);
	AUTO(policy) *attached = NULL;
	const struct policy_options stored = { .kind = POLICY_SECRET, .is_stored = true };
	struct policy_set set = { .rule = RULE_RESOURCE };
	struct policy_request r = { .principal = principal_of(c), .action = str_of(action),
		.resource = resource, .account = s != NULL ? s->account : c->ctx.ref.account };
	struct policy_decision d;

	if (r.account.n == 0)
		r.account = c->caller.account;
	if (s != NULL && s->resource_policy.n > 0) {
		attached = policy_compile(s->resource_policy, &stored, e);
		if (attached == NULL)
			return err_corrupt(e, "a stored resource policy does not compile");
	}
	add_global_keys(c, keys);
	if (s != NULL)
		add_secret_keys(c->http->arena, keys, s);
	r.keys = keys->v;
	r.key_count = keys->n;
	r.has_capability = c->caller.is_administrator || session_may(&c->caller, r.action, s) ||
	    (c->op->capability != NULL && s != NULL && c->op->capability(&c->ctx, c->input));
	set.resource = attached;
	d = policy_evaluate(&r, &set);
	return d.verdict == POLICY_ALLOW || policy_refuse(e, &r, shown, d);
}

/* An unknown name is judged as an ARN whose suffix is six question marks, so that someone without
 * permission learns nothing (spec/security.md 2.12). */
static struct str
pseudo_arn(struct call *c, struct str name)
{
	struct op_ctx *x = &c->ctx;
	struct str account = x->ref.account.p != NULL ? x->ref.account : x->account;

	return secret_arn(c->http->arena, account, x->region, name, "??????");
}

bool
authorize_secret(struct call *c, const char *action, struct secret *s, struct str shown,
    struct err *e)
{
	const struct secret_ref *ref = &c->ctx.ref;

	return authorize_action(c, action, s, s != NULL ? s->arn : ref->arn.p != NULL ? ref->arn :
	    pseudo_arn(c, ref->name), shown, e);
}

bool
authorize(struct call *c, struct err *e)
{
	const struct first_member { struct str text; } *in = c->input;
	char action[96];

	if (c->op->flags & OP_NO_PERMISSION)
		return true;
	snprintf(action, sizeof(action), "%s:%s", c->service->name, c->op->name);
	switch (c->op->on) {
	case OP_SECRET:
		if (in->text.p == NULL)
			break;
		return authorize_secret(c, action, c->ctx.secret, in->text, e);
	case OP_NEW_SECRET:
		return authorize_action(c, action, NULL, pseudo_arn(c, in->text), in->text, e);
	case OP_FUNCTION:
	case OP_NOTHING:
		break;
	}
	return authorize_action(c, action, NULL, STR_LIT("*"), STR_NULL, e);
}
