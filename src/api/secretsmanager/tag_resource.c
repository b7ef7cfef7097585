/* SPDX-License-Identifier: Apache-2.0 */
/* TagResource - adds tags, or overwrites the values of existing ones (spec/api.md 9.1). */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "catalog/tag.h"

struct tag_resource_input {
	struct str secret_id;
	struct struct_list tags;
};

const struct field tag_resource_fields[] = {
	FIELD_SECRET_ID(struct tag_resource_input),
	{ "Tags", FIELD_STRUCT_LIST, AT(struct tag_resource_input, tags), .required = true,
	  .sub = tag_fields, .sub_size = sizeof(struct tag_input) },
	FIELD_END(struct tag_resource_input)
};

bool
tag_resource_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct tag_resource_input *in = input;
	struct tags tags = tags_from(ctx->cat.arena, &in->tags);

	return tags_check(&tags, e);
}

bool
tag_resource(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct tag_resource_input *in = input;
	struct tags tags = tags_from(ctx->cat.arena, &in->tags);
	struct secret *s = ctx->secret;

	(void)out;
	ctx->touched = s;
	secret_touch(s, ctx->cat.now_ms);
	return tags_set(ctx->cat.arena, s, &tags, e);
}
