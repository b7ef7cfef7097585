/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RestoreSecret - cancels a scheduled deletion (spec/api.md 8.3).
 * Succeeds on a live secret and changes nothing, so that a client may repeat it.
 */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "api/server.h"
#include "rotate/rotation.h"

const struct field restore_secret_fields[] = {
	FIELD_SECRET_ID(struct secret_id_input),
	FIELD_END(struct secret_id_input)
};

bool
restore_secret(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct rotation_ctx x = { &ctx->cat, ctx->server->audit };
	struct secret *s = ctx->secret;

	(void)input;
	if (secret_is_scheduled(s)) {
		s->deletion_ms = 0;
		secret_touch(s, ctx->cat.now_ms);
		if (!rotation_restored(&x, s, e))
			return false;
	}
	ctx->touched = s;
	write_identity(out, s);
	return true;
}
