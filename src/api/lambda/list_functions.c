/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ListFunctions - the functions of the caller's account and region, by name. The marker is the last
 * name of the page before, so that creations and deletions between pages neither skip nor repeat.
 */
#include "api/lambda/configuration.h"
#include "api/lambda/ops.h"
#include "api/lambda/page.h"
#include "api/lambda/route.h"
#include "api/lambda/subject.h"

bool
list_functions(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct function **list;
	struct page page;
	size_t n;

	(void)input;
	if (query_value(ctx->cat.arena, ctx->query, "FunctionVersion").p != NULL)
		return err_set(e, ERR_LAMBDA_PARAMETER, "FunctionVersion is not supported by this "
		    "server. ListVersionsByFunction lists versions.");
	if (!page_from_query(ctx, &page, e) || !function_list(&ctx->cat, ctx->account, ctx->region,
	    page.after, page.max + 1, &list, &n, e))
		return false;
	jsonw_open(out);
	jsonw_key(out, "Functions");
	jsonw_open_list(out);
	for (size_t i = 0; i < n && i < page.max; i++)
		configuration_write_listed(ctx, out, list[i]);
	jsonw_close_list(out);
	if (n > page.max)
		jsonw_kstr(out, "NextMarker", list[page.max - 1]->name);
	jsonw_close(out);
	return true;
}
