/* SPDX-License-Identifier: Apache-2.0 */
/* PutResourcePolicy - replaces a secret's policy; the text is kept as received (spec/api.md 9.2). */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/resource_policy.h"

struct put_policy_input {
	struct str secret_id, resource_policy;
	struct opt_bool block_public_policy;
};

const struct field put_resource_policy_fields[] = {
	FIELD_SECRET_ID(struct put_policy_input),
	{ "ResourcePolicy", FIELD_STRING, AT(struct put_policy_input, resource_policy),
	  .required = true, .min = 1, .max = 20480, .unquoted = true },
	{ "BlockPublicPolicy", FIELD_BOOL, AT(struct put_policy_input, block_public_policy) },
	FIELD_END(struct put_policy_input)
};

bool
put_resource_policy(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct put_policy_input *in = input;
	AUTO(policy) *p = resource_policy_compile(ctx, in->resource_policy, e);

	if (p == NULL)
		return false;
	if (in->block_public_policy.value && policy_is_public(p))
		return err_set(e, ERR_PUBLIC_POLICY, MSG_POLB);
	ctx->secret->resource_policy = in->resource_policy;
	secret_touch(ctx->secret, ctx->cat.now_ms);
	ctx->touched = ctx->secret;
	write_identity(out, ctx->secret);
	return true;
}
