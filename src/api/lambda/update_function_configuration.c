/* SPDX-License-Identifier: Apache-2.0 */
/* UpdateFunctionConfiguration - sets what is given, leaves the rest; Environment as a whole. */
#include "api/lambda/configuration.h"
#include "api/lambda/ops.h"
#include "api/lambda/subject.h"

struct update_function_configuration_input {
	struct str revision_id;
	struct settings settings;
};

const struct field update_function_configuration_fields[] = {
	{ "RevisionId", FIELD_STRING,
	  .at = offsetof(struct update_function_configuration_input, revision_id) },
	SETTINGS_ROWS(offsetof(struct update_function_configuration_input, settings), false),
	FIELD_END(struct update_function_configuration_input)
};

bool
update_function_configuration_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct update_function_configuration_input *in = input;

	(void)ctx;
	return settings_check(&in->settings, e);
}

bool
update_function_configuration(struct op_ctx *ctx, const void *input, struct jsonw *out,
    struct err *e)
{
	const struct update_function_configuration_input *in = input;
	struct subject s;

	if (!subject_get_latest(ctx, &s, e) ||
	    !revision_check(in->revision_id, s.f->revision_id, "GetFunction/GetAlias", e))
		return false;
	settings_apply(ctx->cat.arena, &in->settings, s.f);
	function_touch(ctx, s.f);
	if (!function_put(&ctx->cat, s.f, e))
		return false;
	configuration_write(out, s.f, s.f->arn, FUNCTION_UPDATED);
	return true;
}
