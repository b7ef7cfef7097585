/* SPDX-License-Identifier: Apache-2.0 */
/* GetResourcePolicy - the text as it was put; no member when none is attached (spec/api.md 9.2). */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"

const struct field get_resource_policy_fields[] = {
	FIELD_SECRET_ID(struct secret_id_input),
	FIELD_END(struct secret_id_input)
};

bool
get_resource_policy(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct secret *s = ctx->secret;

	(void)input;
	(void)e;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_kstr(out, "Name", s->name);
	if (s->resource_policy.n > 0)
		jsonw_kstr(out, "ResourcePolicy", s->resource_policy);
	jsonw_close(out);
	return true;
}
