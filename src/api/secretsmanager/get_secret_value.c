/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetSecretValue - one version's value (spec/api.md 5.2).
 * The first read on a day writes LastAccessedDate, and so runs as an update.
 */
#include "api/secretsmanager/get_value.h"
#include "api/secretsmanager/ops.h"
#include "catalog/stage.h"

struct get_secret_value_input {
	struct str secret_id, version_id, version_stage;
};

const struct field get_secret_value_fields[] = {
	FIELD_SECRET_ID(struct get_secret_value_input),
	FIELD_VERSION_ID(struct get_secret_value_input, "VersionId", version_id),
	FIELD_VERSION_STAGE(struct get_secret_value_input),
	FIELD_END(struct get_secret_value_input)
};

bool
version_select(struct op_ctx *ctx, const struct secret *s, struct str version_id,
    struct str version_stage, struct version **out, struct err *e)
{
	struct str stage = version_stage.p == NULL && version_id.p == NULL ? AWSCURRENT :
	    version_stage;
	struct str id = version_id.p != NULL ? version_id : stage_holder(s, stage);

	*out = NULL;
	if (id.p != NULL && !version_find(&ctx->cat, s, id, out, e))
		return false;
	if (*out == NULL || (*out)->kind == VALUE_NONE)	/* no value comes before a wrong stage */
		return version_id.p != NULL ?
		    err_set(e, ERR_NOT_FOUND, MSG_NFV, STR_ARG(version_id)) :
		    err_set(e, ERR_NOT_FOUND, MSG_NFS, STR_ARG(stage));
	if (version_id.p != NULL && version_stage.p != NULL &&
	    !stage_is_on(s, version_stage, version_id))
		return err_set(e, ERR_INVALID_REQUEST, MSG_MIS);
	return true;
}

/* In a view it only asks to be run again as an update. */
static bool
note_access(struct op_ctx *ctx, struct secret *s, struct version *v, struct err *e)
{
	int64_t today = day_of(ctx->cat.now_ms);

	if (s->accessed_day_ms == today && v->accessed_day_ms == today)
		return true;
	if (!txn_is_update(ctx->cat.txn)) {
		ctx->needs_update = true;
		return true;
	}
	s->accessed_day_ms = v->accessed_day_ms = today;
	return secret_put(&ctx->cat, s, e) && version_put(&ctx->cat, s, v, e);
}

bool
version_reveal(struct op_ctx *ctx, struct secret *s, struct version *v, struct jsonw *out,
    struct err *e)
{
	const struct staged *labels = stage_find(s, v->version_id);
	struct value value;

	if (!note_access(ctx, s, v, e))
		return false;
	if (ctx->needs_update)
		return true;
	if (!version_value(&ctx->cat, s, v, &value, e))
		return false;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_ktime(out, "CreatedDate", v->created_ms);
	jsonw_kstr(out, "Name", s->name);
	if (value.kind == VALUE_BINARY) {
		jsonw_key(out, "SecretBinary");
		jsonw_base64(out, value.bytes.p, value.bytes.n);
	} else {
		jsonw_kstr(out, "SecretString", value.bytes);
	}
	jsonw_kstr(out, "VersionId", v->version_id);
	if (labels != NULL) {
		jsonw_key(out, "VersionStages");
		write_labels(out, labels);
	}
	jsonw_close(out);
	return true;
}

bool
get_secret_value(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct get_secret_value_input *in = input;
	struct version *v;

	return version_select(ctx, ctx->secret, in->version_id, in->version_stage, &v, e) &&
	    version_reveal(ctx, ctx->secret, v, out, e);
}
