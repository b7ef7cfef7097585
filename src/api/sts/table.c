/* SPDX-License-Identifier: Apache-2.0 */
/* STS: query protocol, Version=2011-06-15 (spec/security.md 5.3). Answers are XML. */
#include "api/sts/table.h"

#include "api/sts/xml.h"

/* Always allowed, and cannot be denied. */
static bool
get_caller_identity(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct xml_member members[] = {
		{ "Arn", ctx->caller->arn }, { "UserId", ctx->caller->user_id },
		{ "Account", ctx->caller->account }, { NULL, STR_NULL }
	};

	(void)input;
	return xml_answer("GetCallerIdentity", members, ctx->request_id, out->b, e);
}

static const struct op ops[] = {
	{ "GetCallerIdentity", OP_NOTHING, OP_READ, OP_NO_PERMISSION, NULL, NULL,
	  get_caller_identity },
};

const struct service sts_service = {
	.name = "sts", .event_source = "sts.amazonaws.com", .ops = ops,
	.op_count = sizeof(ops) / sizeof(ops[0]),
};
