/* SPDX-License-Identifier: Apache-2.0 */
#include "api/secretsmanager/resource_policy.h"

#include "catalog/access_key.h"
#include "catalog/function.h"

static bool
ends_with(struct str s, const char *tail)
{
	size_t n = strlen(tail);

	return s.n >= n && str_is(str_skip(s, s.n - n), tail);
}

/* Roles are known here as what functions run under. */
static bool
is_role_of_function(struct op_ctx *ctx, struct str role)
{
	struct function **list;
	struct str after = STR_NULL;
	struct err ignored;
	size_t n;

	do {
		if (!function_list(&ctx->cat, ctx->account, ctx->region, after, 50, &list, &n,
		    &ignored))
			return false;
		for (size_t i = 0; i < n; i++) {
			if (str_eq(list[i]->role, role))
				return true;
		}
		after = n > 0 ? list[n - 1]->name : STR_NULL;
	} while (n == 50);
	return false;
}

/* arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION -> arn:aws:iam::ACCOUNT:role/NAME */
static struct str
role_of_session(struct op_ctx *ctx, struct str arn)
{
	struct str rest = arn, f[5], name;

	for (size_t i = 0; i < 5; i++) {
		if (!str_split(&rest, ':', &f[i]))
			return STR_NULL;
	}
	if (!str_is(f[2], "sts") || !str_starts(rest, "assumed-role/"))
		return STR_NULL;
	rest = str_skip(rest, sizeof("assumed-role/") - 1);
	(void)str_split(&rest, '/', &name);
	return str_of(arena_printf(ctx->cat.arena, "arn:" STR_FMT ":iam::" STR_FMT ":role/" STR_FMT,
	    STR_ARG(f[1]), STR_ARG(f[4]), STR_ARG(name)));
}

/* Accounts are taken at their word; users and roles have to be there (spec/security.md 2.5). */
static bool
find_principal(void *arg, struct str principal, struct str *out_id)
{
	struct op_ctx *ctx = arg;
	struct str role = role_of_session(ctx, principal);
	struct access_key *user;
	struct err ignored;

	if (!str_starts(principal, "arn:") || ends_with(principal, ":root"))
		return true;
	if (role.p != NULL)
		return is_role_of_function(ctx, role);
	if (is_role_of_function(ctx, principal))
		return true;
	if (!access_key_find_user(&ctx->cat, principal, &user, &ignored) || user == NULL)
		return false;
	*out_id = user->user_id;
	return true;
}

struct policy *
resource_policy_compile(struct op_ctx *ctx, struct str text, struct err *e)
{
	struct policy_options o = { .kind = POLICY_SECRET, .find_principal = find_principal,
		.arg = ctx };

	return policy_compile(text, &o, e);
}
