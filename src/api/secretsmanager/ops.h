/* SPDX-License-Identifier: Apache-2.0 */
/* ops.h - what each operation's file offers to table.c: its fields, its rule, and where it has
 * rules that need only the request, its check. */
#pragma once
#include "api/op.h"

#define OPERATION(fn) \
	extern const struct field fn##_fields[]; \
	bool fn(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
#define OPERATION_CHECKED(fn) \
	OPERATION(fn); \
	bool fn##_check(struct op_ctx *ctx, const void *input, struct err *e)

OPERATION_CHECKED(batch_get_secret_value);
OPERATION(cancel_rotate_secret);
OPERATION_CHECKED(create_secret);
OPERATION(delete_resource_policy);
OPERATION_CHECKED(delete_secret);
OPERATION(describe_secret);
OPERATION(get_random_password);
OPERATION(get_resource_policy);
OPERATION(get_secret_value);
OPERATION(list_secret_version_ids);
OPERATION_CHECKED(list_secrets);
OPERATION(put_resource_policy);
OPERATION_CHECKED(put_secret_value);
bool put_secret_value_capability(struct op_ctx *ctx, const void *input);
OPERATION(remove_regions_from_replication);
OPERATION_CHECKED(replicate_secret_to_regions);
OPERATION(restore_secret);
OPERATION_CHECKED(rotate_secret);
OPERATION(stop_replication_to_replica);
OPERATION_CHECKED(tag_resource);
OPERATION(untag_resource);
OPERATION_CHECKED(update_secret);
OPERATION_CHECKED(update_secret_version_stage);
OPERATION(validate_resource_policy);
