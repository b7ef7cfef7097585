/* SPDX-License-Identifier: Apache-2.0 */
/* duration.h - spans of time as people write and read them. */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* "30d", "12h", "90m", "45s", or several in that order: "1d12h". At least a second, at most
 * 10,000 years. ERR_CONFIG otherwise. */
MUST_CHECK bool duration_parse(struct str s, int64_t *out_ms, struct err *e);
/* The two largest units that matter: "350 ms", "1.2 s", "2 min 5 s", "3 d 4 h". */
char *duration_text(struct arena *a, int64_t ms);
