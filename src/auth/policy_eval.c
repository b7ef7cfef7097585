/* SPDX-License-Identifier: Apache-2.0 */
/* The decision and its reason (spec/security.md 2.5-2.8), and the words for a refusal (2.13). */
#include "auth/policy_form.h"

/* How much an Allow gives the caller (2.5); for a Deny anything but none hits. */
enum grant { GRANT_NONE, GRANT_ACCOUNT, GRANT_LIMITED, GRANT_DIRECT };

/* ---- principals */

/* The unique id without a session's name: "AROA...:session" is role AROA... */
static struct str
own_id(const struct policy_principal *p)
{
	struct str rest = p->user_id, id = STR_NULL;

	(void)str_split(&rest, ':', &id);
	return id;
}

static bool
is_bound_to(const struct named_principal *n, const struct policy_principal *p)
{
	return n->id.p == NULL || str_eq(n->id, own_id(p));
}

static bool
is_same_arn(struct str a, struct str b)
{
	return a.n > 0 && str_eq(a, b);
}

static enum grant
match_arn_principal(const struct named_principal *n, const struct policy_principal *p)
{
	if (p->type == PRINCIPAL_SERVICE || p->type == PRINCIPAL_WEB_IDENTITY)
		return GRANT_NONE;
	if (is_same_arn(n->text, p->arn))
		return is_bound_to(n, p) ? GRANT_DIRECT : GRANT_NONE;
	if (p->type == PRINCIPAL_SESSION && is_same_arn(n->text, p->role_arn))
		return is_bound_to(n, p) ? GRANT_LIMITED : GRANT_NONE;
	if (p->type == PRINCIPAL_FEDERATED_USER && is_same_arn(n->text, p->federating_user_arn))
		return GRANT_LIMITED;
	return GRANT_NONE;
}

static enum grant
match_id_principal(const struct named_principal *n, const struct policy_principal *p)
{
	if (!is_same_arn(n->text, own_id(p)))
		return GRANT_NONE;
	return p->type == PRINCIPAL_USER ? GRANT_DIRECT :
	    p->type == PRINCIPAL_SESSION ? GRANT_LIMITED : GRANT_NONE;
}

static enum grant
match_principal(const struct named_principal *n, const struct policy_principal *p)
{
	switch (n->kind) {
	case NAMES_EVERYONE:
		return GRANT_DIRECT;
	case NAMES_ACCOUNT:
		return is_same_arn(n->text, p->account) ? GRANT_ACCOUNT : GRANT_NONE;
	case NAMES_ARN:
		return match_arn_principal(n, p);
	case NAMES_ID:
		return match_id_principal(n, p);
	case NAMES_SERVICE:
		return p->type == PRINCIPAL_SERVICE && is_same_arn(n->text, p->arn) ?
		    GRANT_DIRECT : GRANT_NONE;
	case NAMES_PROVIDER:
		return p->type == PRINCIPAL_WEB_IDENTITY && is_same_arn(n->text, p->provider_arn) ?
		    GRANT_DIRECT : GRANT_NONE;
	case NAMES_NOBODY:
		break;
	}
	return GRANT_NONE;
}

/*
 * NotPrincipal spares a user whose ARN is listed, a session whose role and own ARN both are, and
 * by an account entry that account's root user only: never looser than AWS (2.5).
 */
static bool
is_spared(const struct statement *s, const struct policy_principal *p)
{
	bool needs_both = p->type == PRINCIPAL_SESSION || p->type == PRINCIPAL_FEDERATED_USER;
	bool own = false, origin = false;

	for (size_t i = 0; i < s->principal_count; i++) {
		enum grant g = match_principal(&s->principals[i], p);

		if (s->principals[i].kind == NAMES_EVERYONE)
			return true;
		own |= g == GRANT_DIRECT || (g == GRANT_ACCOUNT && p->type == PRINCIPAL_ROOT);
		origin |= g == GRANT_LIMITED;
	}
	return own && (origin || !needs_both);
}

/* Identity-side policies name nobody: whoever carries them is meant. */
static enum grant
match_principals(const struct statement *s, const struct policy_principal *p)
{
	enum grant best = GRANT_NONE;

	if (!s->has_principal)
		return GRANT_DIRECT;
	if (s->is_not_principal)
		return s->is_deny && !is_spared(s, p) ? GRANT_DIRECT : GRANT_NONE;
	for (size_t i = 0; i < s->principal_count; i++) {
		enum grant g = match_principal(&s->principals[i], p);

		best = g > best ? g : best;
	}
	return best;
}

/* ---- statements */

static bool
match_actions(const struct statement *s, const struct policy_request *r)
{
	bool hit = false;

	if (r->action.n > POLICY_MAX_TEXT)
		return s->is_deny;
	for (size_t i = 0; i < s->actions.count && !hit; i++)
		hit = pattern_match(&s->actions.items[i], r->action, PATTERN_FOLD, r) ==
		    PATTERN_YES;
	return s->actions.is_present && hit != s->actions.is_negated;
}

/*
 * An unset variable matches nothing; in NotResource that would let an Allow reach everything, so
 * there it fails closed: the statement matches if it is a Deny (2.3).
 */
static bool
match_resources(const struct statement *s, const struct policy_request *r)
{
	bool hit = false, is_unset = false;

	if (!s->resources.is_present)
		return true;		/* trust policies have none */
	if (r->resource.n > POLICY_MAX_TEXT)
		return s->is_deny;
	for (size_t i = 0; i < s->resources.count && !hit; i++) {
		const struct pattern *p = &s->resources.items[i];
		enum pattern_result m = pattern_match(p, r->resource, PATTERN_ARN, r);

		hit = p->is_everything || m == PATTERN_YES;
		is_unset |= m == PATTERN_UNSET;
	}
	if (!s->resources.is_negated)
		return hit;
	return !hit && (!is_unset || s->is_deny);
}

static bool
match_conditions(const struct statement *s, const struct policy_request *r)
{
	enum tri sum = TRI_YES;

	for (size_t i = 0; i < s->condition_count; i++) {
		enum tri one = condition_match(&s->conditions[i], r);

		if (one == TRI_NO)
			return false;
		if (one == TRI_UNSURE)
			sum = TRI_UNSURE;
	}
	return sum == TRI_YES || s->is_deny;
}

static enum grant
match_statement(const struct statement *s, const struct policy_request *r)
{
	enum grant g;

	if (!match_actions(s, r) || !match_resources(s, r))
		return GRANT_NONE;
	g = match_principals(s, &r->principal);
	if (g == GRANT_NONE || !match_conditions(s, r))
		return GRANT_NONE;
	return g;
}

/* ---- policies */

struct outcome {
	bool is_denied;
	enum grant grant;		/* the most any Allow gives */
};

static void
add_policy(const struct policy *p, const struct policy_request *r, struct outcome *out)
{
	for (size_t i = 0; p != NULL && i < p->count; i++) {
		enum grant g = match_statement(&p->statements[i], r);

		if (p->statements[i].is_deny)
			out->is_denied |= g != GRANT_NONE;
		else if (g > out->grant)
			out->grant = g;
	}
}

static struct outcome
outcome_of(const struct policy *const *list, size_t count, const struct policy_request *r)
{
	struct outcome out = { false, GRANT_NONE };

	for (size_t i = 0; i < count; i++)
		add_policy(list[i], r, &out);
	return out;
}

/* ---- the decision */

struct weighing {
	const struct policy_request *r;
	const struct policy_set *s;
	struct outcome identity, boundary, session, resource;
	bool has_identity;		/* the caller's own side says yes */
	enum policy_source resource_name;
};

static struct policy_decision
decide(enum policy_verdict verdict, enum policy_source by)
{
	return (struct policy_decision){ verdict, by };
}

static bool
is_cross_account(const struct policy_request *r)
{
	return r->account.n > 0 && !str_eq(r->account, r->principal.account);
}

/* Boundary and session policies cut what the caller's own side or a role grant gives. */
static bool
is_cut(const struct weighing *w, struct policy_decision *out)
{
	if (w->s->boundary != NULL && w->boundary.grant == GRANT_NONE) {
		*out = decide(POLICY_IMPLICIT_DENY, SOURCE_BOUNDARY);
		return true;
	}
	if (w->s->session_count > 0 && w->session.grant == GRANT_NONE) {
		*out = decide(POLICY_IMPLICIT_DENY, SOURCE_SESSION);
		return true;
	}
	return false;
}

/* 2.6 steps 3-7. */
static struct policy_decision
decide_same_account(const struct weighing *w)
{
	bool by_resource = w->resource.grant >= GRANT_LIMITED;
	struct policy_decision cut;

	if (w->s->rule == RULE_RESOURCE && w->r->principal.type == PRINCIPAL_ROOT)
		return decide(POLICY_ALLOW, SOURCE_IDENTITY);
	if (w->resource.grant == GRANT_DIRECT)
		return decide(POLICY_ALLOW, SOURCE_RESOURCE);
	/* Without the key policy or the trust policy nothing suffices (2.8). */
	if (w->s->rule != RULE_RESOURCE && w->resource.grant == GRANT_NONE)
		return decide(POLICY_IMPLICIT_DENY, w->resource_name);
	if (!w->has_identity && !by_resource)
		return decide(POLICY_IMPLICIT_DENY, SOURCE_IDENTITY);
	if (is_cut(w, &cut))
		return cut;
	return decide(POLICY_ALLOW, by_resource ? SOURCE_RESOURCE : SOURCE_IDENTITY);
}

/* 2.7: both sides, each by itself. */
static struct policy_decision
decide_cross_account(const struct weighing *w)
{
	struct policy_decision cut;

	if (!w->has_identity)
		return decide(POLICY_IMPLICIT_DENY, SOURCE_IDENTITY);
	if (is_cut(w, &cut))
		return cut;
	if (w->resource.grant == GRANT_NONE)
		return decide(POLICY_IMPLICIT_DENY, w->resource_name);
	return decide(POLICY_ALLOW, SOURCE_CROSS_ACCOUNT);
}

static bool
is_denied(const struct weighing *w, struct policy_decision *out)
{
	const struct { bool is_denied; enum policy_source by; } order[] = {
		{ w->identity.is_denied, SOURCE_IDENTITY },
		{ w->boundary.is_denied, SOURCE_BOUNDARY },
		{ w->session.is_denied, SOURCE_SESSION },
		{ w->resource.is_denied, SOURCE_RESOURCE },
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!order[i].is_denied)
			continue;
		*out = decide(POLICY_EXPLICIT_DENY, order[i].by);
		return true;
	}
	return false;
}

struct policy_decision
policy_evaluate(const struct policy_request *r, const struct policy_set *s)
{
	struct weighing w = { .r = r, .s = s };
	struct policy_decision denied;

	w.identity = outcome_of(s->identity, s->identity_count, r);
	w.boundary = outcome_of(&s->boundary, 1, r);
	w.session = outcome_of(s->session, s->session_count, r);
	w.resource = outcome_of(&s->resource, 1, r);
	w.has_identity = w.identity.grant != GRANT_NONE || r->has_capability ||
	    r->principal.type == PRINCIPAL_ROOT;
	w.resource_name = s->rule == RULE_TRUST ? SOURCE_TRUST : SOURCE_RESOURCE;
	if (is_denied(&w, &denied))
		return denied;
	if (r->principal.type == PRINCIPAL_SERVICE || r->principal.type == PRINCIPAL_WEB_IDENTITY)
		return decide(w.resource.grant == GRANT_NONE ? POLICY_IMPLICIT_DENY : POLICY_ALLOW,
		    w.resource_name);
	return is_cross_account(r) ? decide_cross_account(&w) : decide_same_account(&w);
}

/* ---- words */

static const struct { const char *name, *article; } sources[] = {
	[SOURCE_IDENTITY] = { "identity-based policy", "an" },
	[SOURCE_BOUNDARY] = { "permissions boundary", "a" },
	[SOURCE_SESSION] = { "session policy", "a" },
	[SOURCE_RESOURCE] = { "resource-based policy", "a" },
	[SOURCE_TRUST] = { "role trust policy", "a" },
	[SOURCE_CROSS_ACCOUNT] = { "cross-account", "a" },
};

const char *
policy_source_name(enum policy_source s)
{
	return sources[s].name;
}

bool
policy_refuse(struct err *e, const struct policy_request *r, struct str resource,
    struct policy_decision d)
{
	const char *on = resource.p == NULL ? "" : " on resource: ";
	const char *name = sources[d.by].name;

	if (d.verdict == POLICY_EXPLICIT_DENY)
		return err_set(e, ERR_ACCESS_DENIED, "User: " STR_FMT " is not authorized to "
		    "perform: " STR_FMT "%s" STR_FMT " with an explicit deny in %s %s",
		    STR_ARG(r->principal.arn), STR_ARG(r->action), on, STR_ARG(resource),
		    sources[d.by].article, name);
	return err_set(e, ERR_ACCESS_DENIED, "User: " STR_FMT " is not authorized to perform: "
	    STR_FMT "%s" STR_FMT " because no %s allows the " STR_FMT " action",
	    STR_ARG(r->principal.arn), STR_ARG(r->action), on, STR_ARG(resource), name,
	    STR_ARG(r->action));
}
