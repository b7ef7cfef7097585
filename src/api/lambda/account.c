/* SPDX-License-Identifier: Apache-2.0 */
/* GetAccountSettings and GetFunctionCodeSigningConfig: what stock tools read in passing. */
#include "api/lambda/code.h"
#include "api/lambda/ops.h"
#include "api/lambda/subject.h"

#define BATCH 100
#define CODE_MAX_ZIPPED 52428800
/* What AWS gives a new account; here it bounds nothing, the runner's own limits do. */
#define CONCURRENT_EXECUTIONS 1000
#define TOTAL_CODE_SIZE INT64_C(80530636800)

static bool
add_up(struct op_ctx *ctx, int64_t *bytes, int64_t *count, struct err *e)
{
	struct str after = STR_NULL;
	struct function **list;
	size_t n;

	*bytes = *count = 0;
	do {
		if (!function_list(&ctx->cat, ctx->account, ctx->region, after, BATCH, &list, &n,
		    e))
			return false;
		for (size_t i = 0; i < n; i++)
			*bytes += list[i]->code_size;
		*count += (int64_t)n;
		if (n > 0)
			after = list[n - 1]->name;
	} while (n == BATCH);
	return true;
}

bool
get_account_settings(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	int64_t bytes, count;

	(void)input;
	if (!add_up(ctx, &bytes, &count, e))
		return false;
	jsonw_open(out);
	jsonw_key(out, "AccountLimit");
	jsonw_open(out);
	jsonw_kint(out, "CodeSizeUnzipped", CODE_MAX_UNZIPPED);
	jsonw_kint(out, "CodeSizeZipped", CODE_MAX_ZIPPED);
	jsonw_kint(out, "ConcurrentExecutions", CONCURRENT_EXECUTIONS);
	jsonw_kint(out, "TotalCodeSize", TOTAL_CODE_SIZE);
	jsonw_kint(out, "UnreservedConcurrentExecutions", CONCURRENT_EXECUTIONS);
	jsonw_close(out);
	jsonw_key(out, "AccountUsage");
	jsonw_open(out);
	jsonw_kint(out, "FunctionCount", count);
	jsonw_kint(out, "TotalCodeSize", bytes);
	jsonw_close(out);
	jsonw_close(out);
	return true;
}

/* None is ever attached; Terraform asks after every create. */
bool
get_function_code_signing_config(struct op_ctx *ctx, const void *input, struct jsonw *out,
    struct err *e)
{
	struct subject s;

	(void)input;
	if (!subject_get(ctx, &s, e))
		return false;
	jsonw_open(out);
	jsonw_close(out);
	return true;
}
