/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replication.h - copies of a secret under other regions' names on this server (spec/api.md 9.3).
 * Copies are made synchronously, in the same transaction as the change; the call that adds a region
 * still answers InProgress, as AWS does.
 */
#pragma once
#include "api/secretsmanager/fields.h"

/* Request-only: a region each, hosted, of the same partition, not the primary's; else MSG_REPR. */
MUST_CHECK bool replica_regions_check(struct op_ctx *ctx, const struct struct_list *regions,
    struct str primary_region, struct err *e);
/* Adds entries and copies the secret; a region that cannot take it gets a Failed entry. The caller
 * puts the primary. */
MUST_CHECK bool replicas_add(struct op_ctx *ctx, struct secret *s,
    const struct struct_list *regions, bool force, struct err *e);
/* After a change of the primary: every copy becomes like it again. */
MUST_CHECK bool replicas_refresh(struct op_ctx *ctx, struct secret *s, struct err *e);
/* Deletes one copy and its entry. */
MUST_CHECK bool replica_drop(struct op_ctx *ctx, struct secret *s, struct str region,
    struct err *e);
/* "ReplicationStatus": [...] as it is, or with the named regions still InProgress. */
void replicas_write(struct op_ctx *ctx, struct jsonw *out, const struct secret *s);
void replicas_write_in_progress(struct op_ctx *ctx, struct jsonw *out, const struct secret *s,
    const struct struct_list *regions);
/* "r1, r2" */
struct str replicas_region_list(struct op_ctx *ctx, const struct secret *s);
