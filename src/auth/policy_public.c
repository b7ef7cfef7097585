/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BlockPublicPolicy (spec/security.md 2.14). It may call a narrow policy public; it never calls a
 * policy narrow unless a key of the table pins it. Deny statements are not credited, actions and
 * resources not looked at.
 */
#include "auth/policy_form.h"
#include "auth/policy_principal.h"

static bool
has_wildcard(struct str s)
{
	return s.n > 0 && (memchr(s.p, '*', s.n) != NULL || memchr(s.p, '?', s.n) != NULL);
}

static bool
has_variable(struct str s)
{
	return s.n > 0 && memmem(s.p, s.n, "${", 2) != NULL;
}

static bool
is_fixed(struct str s)
{
	return s.n > 0 && !has_wildcard(s) && !has_variable(s);
}

static bool
is_fixed_after(struct str s, const char *prefix)
{
	return str_starts(s, prefix) && s.n > strlen(prefix) && is_fixed(s);
}

/* ---- value forms */

static bool
form_account(const struct condition *c, struct str s)
{
	(void)c;
	return principal_is_account(s);
}

static bool
form_vpc(const struct condition *c, struct str s)
{
	(void)c;
	return is_fixed_after(s, "vpc-");
}

static bool
form_vpce(const struct condition *c, struct str s)
{
	(void)c;
	return is_fixed_after(s, "vpce-");
}

static bool
form_organisation(const struct condition *c, struct str s)
{
	(void)c;
	return is_fixed_after(s, "o-");
}

/* Begins with a fixed "o-.../". */
static bool
form_organisation_path(const struct condition *c, struct str s)
{
	struct str id;

	(void)c;
	return !has_variable(s) && str_split(&s, '/', &id) && s.p != NULL &&
	    is_fixed_after(id, "o-");
}

/* Fixed, or every session of one fixed role: "AROA...:*". */
static bool
form_user_id(const struct condition *c, struct str s)
{
	struct str id, session = s;

	(void)c;
	return is_fixed(s) || (str_split(&session, ':', &id) && is_fixed_after(id, "AROA") &&
	    str_is(session, "*"));
}

/* Only ARN operators keep a wildcard inside its part; they must fix the account. */
static bool
form_arn(const struct condition *c, struct str s)
{
	struct str rest = s, part = STR_NULL;

	if (!condition_is_arn_operator(c))
		return is_fixed(s);
	if (has_variable(s) || !is_arn(s))
		return false;
	for (int i = 0; i < 5; i++)
		(void)str_split(&rest, ':', &part);
	return principal_is_account(part);
}

static const struct {
	const char *key;
	enum set_prefix set;
	bool (*form)(const struct condition *c, struct str value);
} pins[] = {
	{ "aws:SourceAccount", SET_NONE, form_account },
	{ "aws:SourceOwner", SET_NONE, form_account },
	{ "aws:PrincipalAccount", SET_NONE, form_account },
	{ "aws:SourceVpc", SET_NONE, form_vpc },
	{ "aws:SourceVpce", SET_NONE, form_vpce },
	{ "aws:PrincipalOrgID", SET_NONE, form_organisation },
	{ "aws:PrincipalOrgPaths", SET_ANY, form_organisation_path },
	{ "aws:userid", SET_NONE, form_user_id },
	{ "aws:SourceArn", SET_NONE, form_arn },
	{ "aws:PrincipalArn", SET_NONE, form_arn },
};

/* ---- statements */

static bool
narrows(const struct condition *c)
{
	size_t row = 0;

	while (row < sizeof(pins) / sizeof(pins[0]) &&
	    !str_eq_nocase(c->key, str_of(pins[row].key)))
		row++;
	if (row == sizeof(pins) / sizeof(pins[0]) || c->set != pins[row].set || c->if_exists ||
	    !condition_pins(c) || c->count == 0)
		return false;
	for (size_t i = 0; i < c->count; i++) {
		if (!pins[row].form(c, c->values[i].text))
			return false;
	}
	return true;
}

static bool
is_broad(const struct statement *s)
{
	if (s->is_not_principal)
		return true;
	for (size_t i = 0; i < s->principal_count; i++) {
		if (str_is(s->principals[i].text, "*"))
			return true;
	}
	return false;
}

static bool
is_public(const struct statement *s)
{
	if (s->is_deny || !is_broad(s))
		return false;
	for (size_t i = 0; i < s->condition_count; i++) {
		if (narrows(&s->conditions[i]))
			return false;
	}
	return true;
}

bool
policy_is_public(const struct policy *p)
{
	for (size_t i = 0; i < p->count; i++) {
		if (is_public(&p->statements[i]))
			return true;
	}
	return false;
}
