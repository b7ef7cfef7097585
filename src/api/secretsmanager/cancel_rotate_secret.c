/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CancelRotateSecret - turns rotation off and stops a run in flight; its labels stay where they are
 * (spec/api.md 5.23, spec/rotation.md 1.14).
 */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "api/server.h"
#include "rotate/rotation.h"

const struct field cancel_rotate_secret_fields[] = {
	FIELD_SECRET_ID(struct secret_id_input),
	FIELD_END(struct secret_id_input)
};

bool
cancel_rotate_secret(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct rotation_ctx x = { &ctx->cat, ctx->server->audit };
	struct secret *s = ctx->secret;
	struct str version;

	(void)input;
	if (!s->rotation.is_configured)
		return err_set(e, ERR_INVALID_REQUEST, MSG_LAM0);
	if (!rotation_cancel(&x, s, &version, e))
		return false;
	secret_touch(s, ctx->cat.now_ms);
	ctx->touched = s;
	ctx->version_id = version;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_kstr(out, "Name", s->name);
	if (version.p != NULL)
		jsonw_kstr(out, "VersionId", version);
	jsonw_close(out);
	return true;
}
