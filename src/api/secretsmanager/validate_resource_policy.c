/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ValidateResourcePolicy - what PutResourcePolicy would refuse, broad access, and whether the
 * caller would lock itself out (spec/api.md 9.2). SecretId is optional.
 */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/resource_policy.h"

struct validate_policy_input {
	struct str secret_id, resource_policy;
};

const struct field validate_resource_policy_fields[] = {
	{ "SecretId", FIELD_STRING, AT(struct validate_policy_input, secret_id), .min = 1,
	  .max = 2048 },
	{ "ResourcePolicy", FIELD_STRING, AT(struct validate_policy_input, resource_policy),
	  .required = true, .min = 1, .max = 20480, .unquoted = true },
	FIELD_END(struct validate_policy_input)
};

/* A Deny that covers the caller's own PutResourcePolicy or DeleteResourcePolicy. */
static bool
locks_out(struct op_ctx *ctx, const struct policy *p)
{
	static const char *const actions[] = { "secretsmanager:PutResourcePolicy",
		"secretsmanager:DeleteResourcePolicy" };
	struct policy_set set = { .rule = RULE_RESOURCE, .resource = p };
	struct policy_request r = { .principal = { .type = PRINCIPAL_USER, .arn = ctx->caller->arn,
		.account = ctx->account, .user_id = ctx->caller->user_id },
		.resource = ctx->secret != NULL ? ctx->secret->arn : STR_LIT("*"),
		.account = ctx->account };

	for (size_t i = 0; i < 2; i++) {
		r.action = str_of(actions[i]);
		if (policy_evaluate(&r, &set).verdict == POLICY_EXPLICIT_DENY)
			return true;
	}
	return false;
}

static void
write_error(struct jsonw *out, const char *check, const char *text)
{
	jsonw_open(out);
	jsonw_kz(out, "CheckName", check);
	jsonw_kz(out, "ErrorMessage", text);
	jsonw_close(out);
}

bool
validate_resource_policy(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct validate_policy_input *in = input;
	AUTO(policy) *p = NULL;
	bool is_public, is_lockout;

	if (in->secret_id.p != NULL && ctx->secret == NULL)
		return err_set(e, ERR_NOT_FOUND, MSG_NF);
	p = resource_policy_compile(ctx, in->resource_policy, e);
	if (p == NULL)
		return false;
	is_public = policy_is_public(p);
	is_lockout = locks_out(ctx, p);
	jsonw_open(out);
	jsonw_kbool(out, "PolicyValidationPassed", !is_public && !is_lockout);
	jsonw_key(out, "ValidationErrors");
	jsonw_open_list(out);
	if (is_public)
		write_error(out, "PUBLIC_ACCESS",
		    "This resource policy grants broad access to your secret.");
	if (is_lockout)
		write_error(out, "LOCKOUT", "Your requested changes will not allow you to manage "
		    "this secret in the future.");
	jsonw_close_list(out);
	jsonw_close(out);
	return true;
}
