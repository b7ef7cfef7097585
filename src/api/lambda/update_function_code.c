/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UpdateFunctionCode - the next invocation runs the new code: the new RevisionId retires warm
 * sandboxes. The old file stays; another function may have the same code.
 */
#include "api/lambda/code.h"
#include "api/lambda/configuration.h"
#include "api/lambda/ops.h"
#include "api/lambda/publish.h"
#include "api/lambda/subject.h"

struct update_function_code_input {
	struct code_input code;
	struct str revision_id;
	struct opt_bool publish, dry_run;
	struct str_list architectures;
};

#define AT(member) .at = offsetof(struct update_function_code_input, member)

const struct field update_function_code_fields[] = {
	CODE_ROWS(offsetof(struct update_function_code_input, code)),
	{ "RevisionId", FIELD_STRING, AT(revision_id) },
	{ "Publish", FIELD_BOOL, AT(publish) },
	{ "DryRun", FIELD_BOOL, AT(dry_run) },
	{ "Architectures", FIELD_STRING_LIST, AT(architectures) },
	FIELD_END(struct update_function_code_input)
};

bool
update_function_code_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	/* The decoded input is this call's own; what the check finds out is kept beside it. */
	struct update_function_code_input *in = (void *)(uintptr_t)input;

	return architectures_check(&in->architectures, e) &&
	    code_take(ctx, &in->code, "UpdateFunctionCode", in->dry_run.value, e);
}

bool
update_function_code(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct update_function_code_input *in = input;
	struct subject s;

	if (!subject_get_latest(ctx, &s, e) ||
	    !revision_check(in->revision_id, s.f->revision_id, "GetFunction/GetAlias", e))
		return false;
	memcpy(s.f->code_sha256, in->code.sha256, sizeof(s.f->code_sha256));
	s.f->code_size = (int64_t)in->code.zip_file.n;
	if (in->architectures.set) {
		s.f->architectures = in->architectures.v;
		s.f->architecture_count = in->architectures.n;
	}
	if (in->dry_run.value) {
		configuration_write(out, s.f, s.f->arn, FUNCTION_SEEN);
		return true;
	}
	if (!in->code.is_stored)
		return err_internal(e, "the code of a permitted UpdateFunctionCode was not stored");
	function_touch(ctx, s.f);
	if (in->publish.value)
		return publish_and_write(ctx, s.f, FUNCTION_UPDATED, out, e);
	if (!function_put(&ctx->cat, s.f, e))
		return false;
	configuration_write(out, s.f, s.f->arn, FUNCTION_UPDATED);
	return true;
}
