/* SPDX-License-Identifier: Apache-2.0 */
/* The function a secret names, with a version: that one runs, and no other in its place. */
#include "test.h"

#include "catalog/function.h"
#include "fixture.h"

#define ARN "arn:aws:lambda:eu-west-1:123456789012:function:mine"

static void
put_function(struct rig *g, int64_t version, const char *revision)
{
	struct function f = { .account = STR_LIT("123456789012"), .region = STR_LIT("eu-west-1"),
		.name = STR_LIT("mine"), .arn = STR_LIT(ARN), .runtime = STR_LIT("python3.11"),
		.handler = STR_LIT("index.handler"), .role = STR_LIT("arn:aws:iam::123456789012:role/r"),
		.timeout_s = 30, .memory_mb = 128, .version = version, .next_version = 2,
		.revision_id = str_of(revision), .reserved_concurrency = -1 };
	struct err e;

	CHECK_OK(function_put(&g->w.cat, &f, &e), &e);
}

TEST("RotationLambdaARN with a version calls that version; without, the function as it is")
{
	static const struct { const char *arn; int64_t version; const char *revision; } rows[] = {
		{ ARN, 0, "latest" },
		{ ARN ":$LATEST", 0, "latest" },
		{ ARN ":1", 1, "first" },
		{ ARN ":2", -1, NULL },
		{ ARN ":prod", -1, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig g;

		rig_open(&g);
		put_function(&g, 0, "latest");
		put_function(&g, 1, "first");
		g.s->rotation.lambda_arn = str_of(rows[i].arn);
		rig_settle(&g);
		begin(&g, RUN_ROTATE, T);
		step(&g);
		assert_int_equal(g.order.is_due, rows[i].version >= 0);
		if (rows[i].version >= 0) {
			assert_int_equal(g.order.function->version, rows[i].version);
			CHECK_STR(g.order.function->revision_id, rows[i].revision);
			CHECK_STR(g.order.function_arn, rows[i].arn);
		} else {
			CHECK_STATE(&g, "FAILED");
		}
		rig_close(&g);
	}
}
