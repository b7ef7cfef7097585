/* SPDX-License-Identifier: Apache-2.0 */
#include "api/lambda/page.h"

#include "api/lambda/route.h"
#include "api/lambda/subject.h"

bool
page_from_query(struct op_ctx *ctx, struct page *out, struct err *e)
{
	struct str marker = query_value(ctx->cat.arena, ctx->query, "Marker");
	struct str max = query_value(ctx->cat.arena, ctx->query, "MaxItems");
	unsigned long long n = PAGE_MAX;

	*out = (struct page){ STR_NULL, PAGE_MAX };
	if (marker.n > 0) {
		if (marker.n > 128 || !is_function_name(marker))
			return err_set(e, ERR_LAMBDA_PARAMETER, "Invalid Marker value.");
		out->after = marker;
	}
	if (max.p != NULL && (!str_to_u64(max, 10000, &n) || n < 1))
		return violation_set(e, max, "maxItems",
		    "Member must have value between 1 and 10000");
	if (n < PAGE_MAX)
		out->max = (size_t)n;
	return true;
}
