/* SPDX-License-Identifier: Apache-2.0 */
/* publish.h - making a numbered version of what $LATEST is now. */
#pragma once
#include "api/lambda/configuration.h"

/* Stores `latest` and a copy of it under the next number. When nothing changed since the last
 * published version there is no new one, as AWS documents; *out is that last one. */
MUST_CHECK bool publish(struct op_ctx *ctx, struct function *latest, struct str description,
    struct function **out, struct err *e);
/* The same and the answer about the version, for Publish=true. */
MUST_CHECK bool publish_and_write(struct op_ctx *ctx, struct function *latest, enum moment moment,
    struct jsonw *out, struct err *e);
