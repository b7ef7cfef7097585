/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "api/op.h"

extern const struct service lambda_service;
/* The row for a method and path, NULL when there is none. *name is the percent-decoded {name} of
 * the path, *rest what stands in the second variable place ({sid}, {alias}), STR_NULL if none. */
const struct op *lambda_route(struct arena *a, struct str method, struct str path,
    struct str *name, struct str *rest);
