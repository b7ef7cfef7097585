/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replication.h - what clients ask and see of copies in other regions (spec/api.md 9.3); the copies
 * themselves are catalog/replica.h's. They are made at once; the call that adds a region still
 * answers InProgress, as AWS does.
 */
#pragma once
#include "api/secretsmanager/fields.h"
#include "catalog/replica.h"

/* Request-only: a region each, hosted, of the same partition, not the primary's; else MSG_REPR. */
MUST_CHECK bool replica_regions_check(struct op_ctx *ctx, const struct struct_list *regions,
    struct str primary_region, struct err *e);
MUST_CHECK bool replicas_wanted(struct op_ctx *ctx, struct secret *s,
    const struct struct_list *regions, bool force, struct err *e);
/* "ReplicationStatus": [...] as it is, or with the named regions still InProgress. */
void replicas_write(struct op_ctx *ctx, struct jsonw *out, const struct secret *s);
void replicas_write_in_progress(struct op_ctx *ctx, struct jsonw *out, const struct secret *s,
    const struct struct_list *regions);
/* "r1, r2" */
struct str replicas_region_list(struct op_ctx *ctx, const struct secret *s);
