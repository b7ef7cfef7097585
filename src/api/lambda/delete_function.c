/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DeleteFunction - secrets that still name it do not stand in the way; their next rotation fails
 * and says so.
 */
#include "api/lambda/ops.h"
#include "api/lambda/subject.h"
#include "api/server.h"
#include "func/func.h"

bool
delete_function(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct subject s;

	(void)input;
	(void)out;
	if (!subject_get_changeable(ctx, &s, e))
		return false;
	if (s.ref.qualifier.p != NULL)
		return err_set(e, ERR_LAMBDA_PARAMETER,
		    "$LATEST version cannot be deleted without deleting the function.");
	if (!function_remove(&ctx->cat, s.f, e))
		return false;
	/* Only a hint, and harmless when the transaction fails after all: warm sandboxes go. */
	if (ctx->server->func != NULL)
		func_retire(ctx->server->func, s.f->arn);
	ctx->status = 204;
	return true;
}
