/* SPDX-License-Identifier: Apache-2.0 */
/* DeleteResourcePolicy - succeeds also when none is attached (spec/api.md 9.2). */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"

const struct field delete_resource_policy_fields[] = {
	FIELD_SECRET_ID(struct secret_id_input),
	FIELD_END(struct secret_id_input)
};

bool
delete_resource_policy(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	(void)input;
	(void)e;
	ctx->secret->resource_policy = STR_LIT("");
	secret_touch(ctx->secret, ctx->cat.now_ms);
	ctx->touched = ctx->secret;
	write_identity(out, ctx->secret);
	return true;
}
