/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DeleteFunction - with its versions, or one version. Secrets that still name it do not stand in
 * the way; their next rotation fails and says so.
 */
#include "api/lambda/ops.h"
#include "api/lambda/subject.h"
#include "api/server.h"
#include "func/func.h"

#define BATCH 100

static bool
remove_versions(struct op_ctx *ctx, const struct function *latest, struct err *e)
{
	struct function **list;
	size_t n;

	do {
		if (!function_versions(&ctx->cat, latest, 0, BATCH, &list, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			if (!function_remove(&ctx->cat, list[i], e))
				return false;
		}
	} while (n == BATCH);
	return true;
}

bool
delete_function(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct subject s;

	(void)input;
	(void)out;
	if (!subject_get_registered(ctx, &s, e))
		return false;
	if (str_is(s.ref.qualifier, LATEST))
		return err_set(e, ERR_LAMBDA_PARAMETER,
		    "$LATEST version cannot be deleted without deleting the function.");
	if ((s.f->version == 0 && !remove_versions(ctx, s.f, e)) ||
	    !function_remove(&ctx->cat, s.f, e))
		return false;
	/* Only a hint, and harmless when the transaction fails after all: warm sandboxes go. */
	if (ctx->server->func != NULL)
		func_retire(ctx->server->func, subject_arn(ctx->cat.arena, &s));
	ctx->status = 204;
	return true;
}
