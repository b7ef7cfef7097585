/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - NextToken (spec/api.md 6.4): where the last page ended, sealed together with what was
 * asked for. A token of another question, another account or another server is refused.
 */
#pragma once
#include "api/op.h"

/* The last entry given: its sort value and its id. id STR_NULL: the first page. */
struct page_mark {
	int64_t number;
	struct str id;
};
/* `scope` names operation and parameters; MaxResults is not among them. */
MUST_CHECK bool page_open(struct op_ctx *ctx, struct str token, struct str scope,
    struct page_mark *out, struct err *e);
MUST_CHECK bool page_close(struct op_ctx *ctx, struct str scope, const struct page_mark *mark,
    struct str *out_token, struct err *e);
