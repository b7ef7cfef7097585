/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_form.h - the compiled form of a policy: patterns split into tokens, variables located,
 * condition values typed. Private to src/auth/policy*.c.
 */
#pragma once
#include <stdint.h>

#include "auth/policy.h"
#include "base/arena.h"

/* Longest pattern and longest value that are compared (2.2). */
#define POLICY_MAX_TEXT 2048
#define POLICY_MAX_VARIABLES 16		/* in one pattern */

/* ---- patterns (policy_match.c) */

enum token_kind { TOKEN_TEXT, TOKEN_ONE, TOKEN_RUN, TOKEN_VARIABLE };

struct token {
	enum token_kind kind;
	struct str text;		/* bytes to match; a variable's key */
	struct str fallback;		/* a variable's default, or STR_NULL */
	size_t variable;		/* its number in the pattern */
};

struct pattern {
	const struct token *tokens;
	size_t count;
	size_t variables;
	bool is_everything;		/* "*" alone: also matches what is no ARN */
};

enum pattern_flags {
	PATTERN_WILDCARDS = 1,		/* "*" and "?" are wild */
	PATTERN_VARIABLES = 2,		/* "${...}" is a variable (Version 2012-10-17) */
	PATTERN_ARN = 4,		/* completed to six parts */
	PATTERN_FOLD = 8,		/* ASCII letters match in either case */
};

/* UNSET: a variable has no value and no default. */
enum pattern_result { PATTERN_NO, PATTERN_YES, PATTERN_UNSET };

/* False for text that is too long or holds a malformed variable. */
MUST_CHECK bool pattern_compile(struct arena *a, struct str text, unsigned flags,
    struct pattern *out);
/* `flags`: PATTERN_ARN keeps wildcards from crossing the first five colons, PATTERN_FOLD. */
enum pattern_result pattern_match(const struct pattern *p, struct str value, unsigned flags,
    const struct policy_request *r);
/* True for at least five colons after "arn". */
bool is_arn(struct str s);
/* NULL when absent; a list without members is absent too. */
const struct policy_key *policy_key_find(const struct policy_request *r, struct str name);

/* ---- conditions (policy_condition.c) */

enum tri { TRI_NO, TRI_YES, TRI_UNSURE };

struct operator;

struct ip_range {
	int bits;			/* of the address: 32 or 128 */
	int prefix;
	uint8_t bytes[16];
};

struct condition_value {
	struct str text;		/* as written */
	bool is_valid;			/* false: matches nothing */
	struct pattern pattern;		/* strings and ARNs */
	struct str bytes;		/* binary */
	int64_t date_s;
	bool flag;
	struct ip_range range;
};

enum set_prefix { SET_NONE, SET_ALL, SET_ANY };

struct condition {
	const struct operator *op;
	enum set_prefix set;
	bool if_exists;
	struct str key;
	const struct condition_value *values;
	size_t count;
};

/* "ForAllValues:StringLikeIfExists"; false when there is no such operator. */
MUST_CHECK bool condition_parse_operator(struct str name, struct condition *out);
/* Types `v->text`. False for a malformed variable; a bad number or date is only not valid. */
MUST_CHECK bool condition_parse_value(struct arena *a, const struct condition *c,
    bool has_variables, struct condition_value *v);
/* True for the operators whose values must be dates or numbers. */
bool condition_is_typed(const struct condition *c);
enum tri condition_match(const struct condition *c, const struct policy_request *r);
/* For policy_public.c. */
bool condition_is_arn_operator(const struct condition *c);
bool condition_pins(const struct condition *c);

/* ---- documents (policy.c) */

enum principal_kind {
	NAMES_EVERYONE,
	NAMES_ACCOUNT,			/* text is the twelve digits */
	NAMES_ARN,			/* user, role, session, federated user */
	NAMES_ID,			/* AIDA..., AROA...: shown in place of a deleted principal */
	NAMES_SERVICE,
	NAMES_PROVIDER,			/* Federated */
	NAMES_NOBODY,			/* CanonicalUser; principals that are gone */
};

struct named_principal {
	enum principal_kind kind;
	struct str text;
	struct str id;			/* unique id it is bound to, or STR_NULL */
};

struct pattern_list {
	const struct pattern *items;
	size_t count;
	bool is_negated;		/* NotAction, NotResource */
	bool is_present;
};

struct statement {
	bool is_deny;
	bool has_principal, is_not_principal;
	const struct named_principal *principals;
	size_t principal_count;
	struct pattern_list actions, resources;
	const struct condition *conditions;
	size_t condition_count;
};

struct policy {
	struct arena *arena;
	const struct statement *statements;
	size_t count;
};
