/* SPDX-License-Identifier: Apache-2.0 */
/* UntagResource - removes tags; unknown keys are ignored (spec/api.md 9.1). */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "catalog/tag.h"

struct untag_resource_input {
	struct str secret_id;
	struct str_list tag_keys;
};

const struct field untag_resource_fields[] = {
	FIELD_SECRET_ID(struct untag_resource_input),
	{ "TagKeys", FIELD_STRING_LIST, AT(struct untag_resource_input, tag_keys),
	  .required = true, .element_min = 1, .element_max = 128 },
	FIELD_END(struct untag_resource_input)
};

bool
untag_resource(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct untag_resource_input *in = input;
	struct secret *s = ctx->secret;

	(void)out;
	(void)e;
	ctx->touched = s;
	secret_touch(s, ctx->cat.now_ms);
	tags_unset(s, in->tag_keys.v, in->tag_keys.n);
	return true;
}
