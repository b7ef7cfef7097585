/* SPDX-License-Identifier: Apache-2.0 */
/* describe.h - a secret as DescribeSecret and ListSecrets show it. */
#pragma once
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/replication.h"

/* A list entry has SecretVersionsToStages in place of VersionIdsToStages, and no ReplicationStatus. */
void secret_write_description(struct op_ctx *ctx, struct jsonw *out, struct secret *s,
    bool in_list);
