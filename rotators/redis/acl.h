/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acl.h - users of one Redis or Valkey node. The server is told hashes, never passwords. A user may
 * have several passwords at a time, and here has two: the pending and the current one; the old one
 * goes at the next rotation (spec/rotation.md 8.5).
 */
#pragma once
#include "rotators/redis/link.h"

/* Gives `user` the pending password beside the current one (NULL: none is kept) and takes away all
 * others. */
MUST_CHECK bool acl_set_password(struct link *l, struct arena *a, const char *user,
    const char *pending, const char *current, struct err *e);
/* Makes `clone` what `base` is, with the pending password alone. */
MUST_CHECK bool acl_set_clone(struct link *l, struct arena *a, const char *base, const char *clone,
    const char *pending, struct err *e);
/* Keeps the change over a restart; a node that cannot is only warned about. */
void acl_persist(struct link *l, struct arena *a);
