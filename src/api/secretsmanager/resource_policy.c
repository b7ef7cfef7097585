/* SPDX-License-Identifier: Apache-2.0 */
#include "api/secretsmanager/resource_policy.h"

struct policy *
resource_policy_compile(struct op_ctx *ctx, struct str text, struct err *e)
{
	struct policy_options o = { .kind = POLICY_SECRET };

	(void)ctx;
	return policy_compile(text, &o, e);
}
