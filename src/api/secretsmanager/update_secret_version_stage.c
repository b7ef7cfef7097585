/* SPDX-License-Identifier: Apache-2.0 */
/* UpdateSecretVersionStage - moves, attaches or removes one label (the table of spec/api.md 5.6). */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "catalog/stage.h"

struct update_stage_input {
	struct str secret_id, version_stage, move_to_version_id, remove_from_version_id;
};

const struct field update_secret_version_stage_fields[] = {
	FIELD_SECRET_ID(struct update_stage_input),
	{ "VersionStage", FIELD_STRING, AT(struct update_stage_input, version_stage),
	  .required = true, .min = 1, .max = 256 },
	FIELD_VERSION_ID(struct update_stage_input, "RemoveFromVersionId", remove_from_version_id),
	FIELD_VERSION_ID(struct update_stage_input, "MoveToVersionId", move_to_version_id),
	FIELD_END(struct update_stage_input)
};

bool
update_secret_version_stage_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct update_stage_input *in = input;

	(void)ctx;
	if (in->move_to_version_id.p == NULL && in->remove_from_version_id.p == NULL)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_IDS);
	return true;
}

static bool
must_exist(struct op_ctx *ctx, struct str version_id, struct err *e)
{
	struct version *v;

	if (version_id.p == NULL)
		return true;
	if (!version_find(&ctx->cat, ctx->secret, version_id, &v, e))
		return false;
	return v != NULL || err_set(e, ERR_NOT_FOUND, MSG_NFV, STR_ARG(version_id));
}

static bool
move(struct op_ctx *ctx, const struct update_stage_input *in, struct err *e)
{
	struct secret *s = ctx->secret;
	struct str to = in->move_to_version_id, from = in->remove_from_version_id;
	struct str holder = stage_holder(s, in->version_stage);

	if (from.p != NULL && (holder.p == NULL || !str_eq(from, holder)))
		return err_set(e, ERR_INVALID_PARAMETER, MSG_RMW, STR_ARG(in->version_stage),
		    STR_ARG(in->version_stage));
	if (to.p == NULL) {
		if (str_eq(in->version_stage, AWSCURRENT))
			return err_set(e, ERR_INVALID_PARAMETER, MSG_CUR);
		stage_remove(s, in->version_stage);
		return true;
	}
	if (holder.p != NULL && str_eq(holder, to))
		return true;
	if (holder.p != NULL && from.p == NULL)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_RMV, STR_ARG(in->version_stage),
		    STR_ARG(holder));
	if (str_eq(in->version_stage, AWSCURRENT))
		stage_promote(ctx->cat.arena, s, to);
	else
		stage_attach(ctx->cat.arena, s, in->version_stage, to);
	return stage_check_limit(s, e);
}

bool
update_secret_version_stage(struct op_ctx *ctx, const void *input, struct jsonw *out,
    struct err *e)
{
	const struct update_stage_input *in = input;

	if (!must_exist(ctx, in->move_to_version_id, e) ||
	    !must_exist(ctx, in->remove_from_version_id, e) || !move(ctx, in, e))
		return false;
	secret_touch(ctx->secret, ctx->cat.now_ms);
	ctx->touched = ctx->secret;
	write_identity(out, ctx->secret);
	return true;
}
