/* SPDX-License-Identifier: Apache-2.0 */
/* GetFunction and GetFunctionConfiguration. */
#include "api/lambda/configuration.h"
#include "api/lambda/ops.h"
#include "api/lambda/subject.h"
#include "api/lambda/tags.h"
#include "api/server.h"

/* Where the code is. AWS hands out a link to its own S3; here it is a file of the server, named but
 * not offered for download. RepositoryType is what clients look for. */
static void
write_code(struct op_ctx *ctx, struct jsonw *out, const struct function *f)
{
	struct arena *a = ctx->cat.arena;
	const char *location = f->builtin.p != NULL ?
	    arena_printf(a, "builtin:" STR_FMT, STR_ARG(f->builtin)) :
	    arena_printf(a, "file://%s", function_code_path(a, ctx->server->data, f->code_sha256));

	jsonw_key(out, "Code");
	jsonw_open(out);
	jsonw_kz(out, "Location", location);
	jsonw_kz(out, "RepositoryType", "S3");
	jsonw_close(out);
}

bool
get_function(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct subject s;

	(void)input;
	if (!subject_get(ctx, &s, e))
		return false;
	jsonw_open(out);
	write_code(ctx, out, s.f);
	if (s.f->reserved_concurrency >= 0) {
		jsonw_key(out, "Concurrency");
		jsonw_open(out);
		jsonw_kint(out, "ReservedConcurrentExecutions", s.f->reserved_concurrency);
		jsonw_close(out);
	}
	jsonw_key(out, "Configuration");
	configuration_write(out, s.f, subject_arn(ctx->cat.arena, &s), FUNCTION_SEEN);
	if (s.f->tags.n > 0)
		function_tags_write(out, &s.f->tags);
	jsonw_close(out);
	return true;
}

bool
get_function_configuration(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct subject s;

	(void)input;
	if (!subject_get(ctx, &s, e))
		return false;
	configuration_write(out, s.f, subject_arn(ctx->cat.arena, &s), FUNCTION_SEEN);
	return true;
}
