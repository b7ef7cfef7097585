/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - ?Marker and ?MaxItems of listings. */
#pragma once
#include "api/op.h"

#define PAGE_MAX 50	/* AWS never gives more at once, whatever is asked for */

struct page {
	struct str after;	/* STR_NULL: from the beginning */
	size_t max;		/* 1..PAGE_MAX */
};
MUST_CHECK bool page_from_query(struct op_ctx *ctx, struct page *out, struct err *e);
