/* SPDX-License-Identifier: Apache-2.0 */
/* route.h - paths and queries of a REST API: "/2015-03-31/functions/{}/policy/{}". */
#pragma once
#include "base/arena.h"
#include "base/str.h"

#define ROUTE_VARS 3	/* the most that a path of the model has */

/* Each "{}" of the pattern stands for one part of the path, not empty; vars are what stood there,
 * percent-decoded, in the arena. */
bool route_match(struct arena *a, const char *pattern, struct str path,
    struct str vars[ROUTE_VARS]);

/* The next value of that name in a query, decoded; one that does not decode is passed over. */
bool query_next(struct arena *a, struct str *query, const char *name, struct str *out);
/* The first one, or STR_NULL. */
struct str query_value(struct arena *a, struct str query, const char *name);
