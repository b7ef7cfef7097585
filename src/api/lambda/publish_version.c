/* SPDX-License-Identifier: Apache-2.0 */
/* PublishVersion - and what Publish=true of CreateFunction and UpdateFunctionCode does. */
#include "api/lambda/ops.h"
#include "api/lambda/publish.h"
#include "api/lambda/subject.h"
#include "base/codec.h"

struct publish_version_input {
	struct str code_sha256, description, revision_id;
};

#define AT(member) .at = offsetof(struct publish_version_input, member)

const struct field publish_version_fields[] = {
	{ "CodeSha256", FIELD_STRING, AT(code_sha256) },
	{ "Description", FIELD_STRING, AT(description), .max = 256 },
	{ "RevisionId", FIELD_STRING, AT(revision_id) },
	FIELD_END(struct publish_version_input)
};

/* The last published version while $LATEST is still what it was then; NULL otherwise. */
static bool
unchanged_since(struct op_ctx *ctx, const struct function *latest, struct function **out,
    struct err *e)
{
	struct function **list;
	size_t n;

	*out = NULL;
	if (!str_eq(latest->published_revision, latest->revision_id))
		return true;
	if (!function_versions(&ctx->cat, latest, latest->next_version - 2, 1, &list, &n, e))
		return false;
	if (n == 1)		/* none when it was deleted since */
		*out = list[0];
	return true;
}

bool
publish(struct op_ctx *ctx, struct function *latest, struct str description,
    struct function **out, struct err *e)
{
	struct function *v;

	if (!unchanged_since(ctx, latest, out, e))
		return false;
	if (*out != NULL)
		return true;
	v = arena_new_of(ctx->cat.arena, struct function);
	*v = *latest;
	v->version = latest->next_version;
	v->permissions = NULL;
	v->permission_count = 0;
	v->policy_revision_id = STR_LIT("");
	v->tags = (struct tags){ 0 };
	v->reserved_concurrency = -1;
	v->revision_id = new_revision(ctx->cat.arena);
	if (description.p != NULL)
		v->description = description;
	latest->next_version++;
	latest->published_revision = latest->revision_id;
	*out = v;
	return function_put(&ctx->cat, v, e) && function_put(&ctx->cat, latest, e);
}

bool
publish_and_write(struct op_ctx *ctx, struct function *latest, enum moment moment,
    struct jsonw *out, struct err *e)
{
	struct function *v;

	if (!publish(ctx, latest, STR_NULL, &v, e))
		return false;
	configuration_write(out, v, str_of(arena_printf(ctx->cat.arena, STR_FMT ":%lld",
	    STR_ARG(v->arn), (long long)v->version)), moment);
	return true;
}

static bool
check_code(const struct publish_version_input *in, const struct function *f, struct err *e)
{
	AUTO_BUF now = BUF_INIT;

	base64_add(&now, f->code_sha256, sizeof(f->code_sha256));
	return in->code_sha256.n == 0 || str_eq(in->code_sha256, buf_view(&now)) ||
	    err_set(e, ERR_LAMBDA_PARAMETER, "CodeSHA256 (" STR_FMT ") is different from current "
	    "CodeSHA256 in $LATEST (" STR_FMT "). Please try again with the CodeSHA256 in $LATEST.",
	    STR_ARG(in->code_sha256), STR_ARG(buf_view(&now)));
}

bool
publish_version(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct publish_version_input *in = input;
	struct function *v;
	struct subject s;

	if (!subject_get_latest(ctx, &s, e) || !check_code(in, s.f, e) ||
	    !revision_check(in->revision_id, s.f->revision_id, "GetFunction/GetAlias", e) ||
	    !publish(ctx, s.f, in->description, &v, e))
		return false;
	ctx->status = 201;
	configuration_write_listed(ctx, out, v);
	return true;
}
