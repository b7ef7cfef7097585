/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replica.h - copies of a secret under other regions' names on this server (spec/api.md 9.3).
 *
 * Copies are made and brought up to date in the same transaction as the change of the primary.
 * Always: a copy has the primary's name and suffix, is never written by clients, and never rotates
 * by itself. Works on the secret in memory; the caller stores the primary.
 */
#pragma once
#include "catalog/secret.h"

#define REPLICA_IN_SYNC "InSync"
#define REPLICA_FAILED "Failed"

/* Adds entries (region and kms_key_id of `wanted` count) and copies the secret; a region that
 * cannot take it gets a Failed entry. */
MUST_CHECK bool replicas_add(struct catalog *c, struct secret *s, const struct replica *wanted,
    size_t n, bool force, struct err *e);
/* After a change of the primary: every copy becomes like it again. */
MUST_CHECK bool replicas_refresh(struct catalog *c, struct secret *s, struct err *e);
/* Deletes one copy and its entry. */
MUST_CHECK bool replica_drop(struct catalog *c, struct secret *s, struct str region,
    struct err *e);
/* The copy an entry speaks of; *out is NULL when it is not, or no longer, ours. */
MUST_CHECK bool replica_find_copy(struct catalog *c, const struct secret *s,
    const struct replica *entry, struct secret **out, struct err *e);
