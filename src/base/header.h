/* SPDX-License-Identifier: Apache-2.0 */
/* header.h - one HTTP header line as it arrived; both parts borrow. */
#pragma once
#include "base/str.h"

struct header {
	struct str name, value;
};

/* The first value of that name (any case), or STR_NULL. */
static inline struct str
header_get(const struct header *h, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq_nocase(h[i].name, str_of(name)))
			return h[i].value;
	}
	return STR_NULL;
}
