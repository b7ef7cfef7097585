/* SPDX-License-Identifier: Apache-2.0 */
/* PutFunctionConcurrency, GetFunctionConcurrency and DeleteFunctionConcurrency: how many sandboxes
 * a function may have at once; 0 stops direct invocations. */
#include "api/lambda/ops.h"
#include "api/lambda/subject.h"

struct put_function_concurrency_input {
	struct opt_int reserved;
};

/* The most the runner takes. */
#define CONCURRENCY_MAX 1000

const struct field put_function_concurrency_fields[] = {
	{ "ReservedConcurrentExecutions", FIELD_INTEGER,
	  .at = offsetof(struct put_function_concurrency_input, reserved), .required = true,
	  .min = 0, .max = CONCURRENCY_MAX },
	FIELD_END(struct put_function_concurrency_input)
};

static void
write_reserved(struct jsonw *out, const struct function *f)
{
	jsonw_open(out);
	if (f->reserved_concurrency >= 0)
		jsonw_kint(out, "ReservedConcurrentExecutions", f->reserved_concurrency);
	jsonw_close(out);
}

bool
put_function_concurrency(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct put_function_concurrency_input *in = input;
	struct subject s;

	if (!subject_get_latest(ctx, &s, e))
		return false;
	s.f->reserved_concurrency = (int)in->reserved.value;
	write_reserved(out, s.f);
	return function_put(&ctx->cat, s.f, e);
}

bool
get_function_concurrency(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct subject s;

	(void)input;
	if (!subject_get(ctx, &s, e))
		return false;
	write_reserved(out, s.f);
	return true;
}

bool
delete_function_concurrency(struct op_ctx *ctx, const void *input, struct jsonw *out,
    struct err *e)
{
	struct subject s;

	(void)input;
	(void)out;
	if (!subject_get_latest(ctx, &s, e))
		return false;
	s.f->reserved_concurrency = -1;
	ctx->status = 204;
	return function_put(&ctx->cat, s.f, e);
}
