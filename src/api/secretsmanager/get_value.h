/* SPDX-License-Identifier: Apache-2.0 */
/* get_value.h - choosing and giving out a version, for GetSecretValue and BatchGetSecretValue. */
#pragma once
#include "api/secretsmanager/fields.h"

/* The table of spec/api.md 5.2: no selector means AWSCURRENT. */
MUST_CHECK bool version_select(struct op_ctx *ctx, const struct secret *s, struct str version_id,
    struct str version_stage, struct version **out, struct err *e);
/* Writes the answer's object and notes the access; sets needs_update instead when the first read of
 * the day meets a view. */
MUST_CHECK bool version_reveal(struct op_ctx *ctx, struct secret *s, struct version *v,
    struct jsonw *out, struct err *e);
