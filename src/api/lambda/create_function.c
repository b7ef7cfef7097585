/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CreateFunction - registers a function. Usable at once; the answer still says Pending, because
 * that is what clients expect to wait for.
 */
#include "api/lambda/code.h"
#include "api/lambda/configuration.h"
#include "api/lambda/ops.h"
#include "api/lambda/publish.h"
#include "api/lambda/subject.h"
#include "api/lambda/tags.h"

struct create_function_input {
	struct str function_name, package_type;
	struct settings settings;
	struct code_input *code;
	struct opt_bool publish;
	struct struct_list tags;		/* of struct map_entry */
	struct str_list architectures;
};

#define AT(member) .at = offsetof(struct create_function_input, member)

static const char *const package_types[] = { "Zip", "Image", NULL };

const struct field create_function_fields[] = {
	{ "FunctionName", FIELD_STRING, AT(function_name), .required = true, .min = 1 },
	{ "Code", FIELD_STRUCT, AT(code), .required = true, .sub = code_fields,
	  .sub_size = sizeof(struct code_input) },
	{ "PackageType", FIELD_STRING, AT(package_type), .values = package_types },
	{ "Publish", FIELD_BOOL, AT(publish) },
	{ "Tags", FIELD_STRING_MAP, AT(tags) },
	{ "Architectures", FIELD_STRING_LIST, AT(architectures) },
	SETTINGS_ROWS(offsetof(struct create_function_input, settings), true),
	FIELD_END(struct create_function_input)
};

static bool
check_package(const struct create_function_input *in, struct err *e)
{
	if (str_is(in->package_type, "Image"))
		return err_set(e, ERR_LAMBDA_PARAMETER,
		    "Container images are not supported on this server.");
	if (in->code->image_uri.p == NULL &&
	    (in->settings.runtime.p == NULL || in->settings.handler.p == NULL))
		return err_set(e, ERR_LAMBDA_PARAMETER, "Runtime and Handler are mandatory "
		    "parameters for functions created with deployment packages.");
	return true;
}

bool
create_function_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct create_function_input *in = input;
	struct subject s;

	if (!subject_parse(ctx, in->function_name, STR_NULL, &s, e))
		return false;
	if (s.ref.qualifier.p != NULL)
		return violation_set(e, in->function_name, "functionName",
		    "Member must be without a version or alias");
	return check_package(in, e) &&
	    architectures_check(&in->architectures, e) && settings_check(&in->settings, e) &&
	    function_tags_check(&in->tags, e) &&
	    code_take(ctx, in->code, "CreateFunction", false, e);
}

static struct function *
make(struct op_ctx *ctx, const struct create_function_input *in, const struct subject *s)
{
	struct function *f = arena_new_of(ctx->cat.arena, struct function);

	*f = (struct function){ .account = s->ref.account, .region = s->ref.region,
		.name = s->ref.name, .arn = s->arn, .description = STR_LIT(""), .timeout_s = 3,
		.memory_mb = 128, .ephemeral_mb = 512, .tracing_mode = STR_LIT("PassThrough"),
		.code_size = (int64_t)in->code->zip_file.n, .next_version = 1,
		.reserved_concurrency = -1, .architectures = in->architectures.v,
		.architecture_count = in->architectures.n,
		.tags = function_tags_from(ctx->cat.arena, &in->tags) };
	memcpy(f->code_sha256, in->code->sha256, sizeof(f->code_sha256));
	settings_apply(ctx->cat.arena, &in->settings, f);
	function_touch(ctx, f);
	return f;
}

bool
create_function(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct create_function_input *in = input;
	struct subject s;
	struct function *f;

	if (!subject_parse(ctx, in->function_name, STR_NULL, &s, e) ||
	    !subject_find(&ctx->cat, &s, e))
		return false;
	if (s.f != NULL || str_starts(s.ref.name, FUNCTION_BUILTIN_PREFIX))
		return err_set(e, ERR_LAMBDA_CONFLICT, "Function already exist: " STR_FMT,
		    STR_ARG(s.ref.name));
	if (!in->code->is_stored)
		return err_internal(e, "the code of a permitted CreateFunction was not stored");
	f = make(ctx, in, &s);
	ctx->status = 201;
	if (in->publish.value)
		return publish_and_write(ctx, f, FUNCTION_CREATED, out, e);
	if (!function_put(&ctx->cat, f, e))
		return false;
	configuration_write(out, f, f->arn, FUNCTION_CREATED);
	return true;
}
