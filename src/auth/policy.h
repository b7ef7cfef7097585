/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - IAM policies: compiled once, evaluated without parsing, allocating or failing
 * (spec/security.md 2 and 3). Pure: no store, no clock, no request object; the caller hands in
 * who asks, for what, and the context keys.
 *
 * Always: what is not allowed is denied; a matching Deny wins wherever it stands; when a match
 * cannot be told (a value longer than any pattern), Allow does not match and Deny does.
 * Threads: a struct policy is immutable once compiled and may be shared.
 * Memory: a policy owns copies of all it needs; requests and sets borrow.
 */
#pragma once
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

/* ---- documents */

enum policy_kind {
	POLICY_SECRET,		/* a secret's resource policy; errors as PutResourcePolicy (3.1) */
	POLICY_IDENTITY,	/* of a user, group or role, managed or inline (3.2) */
	POLICY_BOUNDARY,
	POLICY_SESSION,
	POLICY_TRUST,		/* who may assume a role (3.3) */
	POLICY_KEY,		/* of a KMS key */
	POLICY_FUNCTION,	/* of a function, as AddPermission builds it */
};

/*
 * Finds a principal a policy names: twelve digits, or the ARN of a root, user, role, role session
 * or federated user. False when there is none. For users and roles `out_id` (borrowed) is the
 * unique id to bind to, so that a later namesake is not the same principal (2.5); it may stay
 * STR_NULL, which binds to the name alone.
 */
typedef bool policy_find_principal(void *arg, struct str principal, struct str *out_id);

struct policy_options {
	enum policy_kind kind;
	/* A document accepted before: what must hold at save only (version, existing principals,
	 * known services, form of dates and numbers) is not asked again. A principal that
	 * `find_principal` no longer finds matches nobody. */
	bool is_stored;
	policy_find_principal *find_principal;	/* NULL: every well-formed one exists */
	void *arg;
};

struct policy;

/* NULL with AWS's error for that kind of policy: ERR_MALFORMED_POLICY, for a secret's policy of
 * the wrong length ERR_VALIDATION. */
MUST_CHECK struct policy *policy_compile(struct str text, const struct policy_options *o,
    struct err *e);
void policy_free(struct policy *p);
AUTO_FREE(policy, policy_free)

/* Characters that count against IAM's size limits: white space outside strings does not. */
size_t policy_counted_size(struct str text);
/* BlockPublicPolicy's question (2.14): broad access that nothing pins to fixed values. */
bool policy_is_public(const struct policy *p);

/* ---- requests */

enum policy_principal_type {
	PRINCIPAL_ROOT,
	PRINCIPAL_USER,
	PRINCIPAL_SESSION,		/* of an assumed role */
	PRINCIPAL_FEDERATED_USER,
	PRINCIPAL_SERVICE,		/* an AWS service acting itself */
	PRINCIPAL_WEB_IDENTITY,		/* not yet anybody: AssumeRoleWithWebIdentity */
};

struct policy_principal {
	enum policy_principal_type type;
	struct str arn;			/* as shown in messages; a service's name */
	struct str account;		/* twelve digits; empty for services */
	struct str user_id;		/* aws:userid: AIDA..., AROA...:session */
	struct str role_arn;		/* sessions: the role, with its path */
	struct str federating_user_arn;	/* federated users */
	struct str provider_arn;	/* web identities: the Federated principal */
};

struct policy_key {
	struct str name;		/* any case */
	const struct str *values;
	size_t count;
	bool is_multivalued;		/* only set operators see it (2.4) */
};

struct policy_request {
	struct policy_principal principal;
	struct str action;		/* "secretsmanager:GetSecretValue" */
	struct str resource;		/* ARN, or "*" for operations without a resource */
	struct str account;		/* the resource's; empty: the caller's */
	const struct policy_key *keys;
	size_t key_count;
	/* The one capability (2.8): the active run's RotationToken counts as an identity Allow. */
	bool has_capability;
};

enum policy_rule {
	RULE_RESOURCE,			/* 2.6 and 2.7 */
	RULE_KEY,			/* KMS: without the key policy nothing suffices (2.8) */
	RULE_TRUST,			/* AssumeRole: likewise, the trust policy is `resource` */
};

/* Everything that has a say. NULL or a count of zero: there is none attached. */
struct policy_set {
	enum policy_rule rule;
	const struct policy *const *identity;
	size_t identity_count;
	const struct policy *boundary;
	const struct policy *const *session;
	size_t session_count;
	const struct policy *resource;
};

enum policy_verdict { POLICY_ALLOW, POLICY_IMPLICIT_DENY, POLICY_EXPLICIT_DENY };
/* Which type of policy decided, the one to name in a message. */
enum policy_source {
	SOURCE_IDENTITY,
	SOURCE_BOUNDARY,
	SOURCE_SESSION,
	SOURCE_RESOURCE,
	SOURCE_TRUST,
	SOURCE_CROSS_ACCOUNT,		/* of an allow only: both sides */
};

struct policy_decision {
	enum policy_verdict verdict;
	enum policy_source by;
};

struct policy_decision policy_evaluate(const struct policy_request *r, const struct policy_set *s);
const char *policy_source_name(enum policy_source s);	/* "identity-based policy" */
/* Answers AccessDeniedException in AWS's words (2.13), returns false. `resource` is what the
 * caller wrote, never what it resolved to; STR_NULL for list-type actions, which name none. */
bool policy_refuse(struct err *e, const struct policy_request *r, struct str resource,
    struct policy_decision d);

/* ---- matching alone, for vectors and `pawl policy explain` */
bool policy_action_matches(struct str pattern, struct str action);
bool policy_resource_matches(struct str pattern, struct str arn);
