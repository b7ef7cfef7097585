/* SPDX-License-Identifier: Apache-2.0 */
/* ops.h - what each operation's file offers to table.c: its fields, its rule, and where it has
 * rules that need only the request, its check. */
#pragma once
#include "api/op.h"

#define RULE(fn) bool fn(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
#define CHECK_STAGE(fn) bool fn##_check(struct op_ctx *ctx, const void *input, struct err *e)
#define FIELDS(fn) extern const struct field fn##_fields[]

FIELDS(create_function); CHECK_STAGE(create_function); RULE(create_function);
RULE(get_function);
RULE(get_function_configuration);
RULE(list_functions);
FIELDS(update_function_code); CHECK_STAGE(update_function_code); RULE(update_function_code);
FIELDS(update_function_configuration); CHECK_STAGE(update_function_configuration);
RULE(update_function_configuration);
RULE(delete_function);

FIELDS(add_permission); RULE(add_permission);
RULE(get_policy);
RULE(remove_permission);

FIELDS(publish_version); RULE(publish_version);
RULE(list_versions_by_function);

FIELDS(put_function_concurrency); RULE(put_function_concurrency);
RULE(get_function_concurrency);
RULE(delete_function_concurrency);

RULE(list_function_tags);
FIELDS(tag_function); CHECK_STAGE(tag_function); RULE(tag_function);
RULE(untag_function);

RULE(get_account_settings);
RULE(get_function_code_signing_config);

void invoke(struct op_ctx *ctx, const void *input, struct jsonw *out);
