/* SPDX-License-Identifier: Apache-2.0 */
/* tags.h - tags of functions: a map, where Secrets Manager has a list. */
#pragma once
#include "api/op.h"
#include "catalog/function.h"

#define FUNCTION_TAGS_MAX 50
#define MSG_TAGS "Number of tags exceeds resource tag limit."

/* Keys of 1 to 128 characters, values of at most 256, at most 50 of them. */
MUST_CHECK bool function_tags_check(const struct struct_list *map, struct err *e);
struct tags function_tags_from(struct arena *a, const struct struct_list *map);
void function_tags_write(struct jsonw *out, const struct tags *t);
