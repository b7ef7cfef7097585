/* SPDX-License-Identifier: Apache-2.0 */
/* tag.h - tags of a secret (spec/api.md 9.1): insertion order, an overwritten key keeps its place. */
#pragma once
#include "catalog/secret.h"

/* Request-only rules: a key each, none twice, none reserved. */
MUST_CHECK bool tags_check(const struct tags *t, struct err *e);
/* Adds or overwrites; more than 50 is refused and leaves the secret as it was. */
MUST_CHECK bool tags_set(struct arena *a, struct secret *s, const struct tags *t, struct err *e);
void tags_unset(struct secret *s, const struct str *keys, size_t n);
