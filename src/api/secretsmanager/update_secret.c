/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UpdateSecret - metadata, the key, or a new value (spec/api.md 5.5). A changed key re-encrypts the
 * versions labelled AWSCURRENT, AWSPENDING and AWSPREVIOUS and makes no new version.
 */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "catalog/keys.h"
#include "catalog/stage.h"

struct update_secret_input {
	struct str secret_id, client_request_token, description, kms_key_id, secret_string,
	    secret_binary, type;
};

const struct field update_secret_fields[] = {
	FIELD_SECRET_ID(struct update_secret_input),
	FIELD_TOKEN(struct update_secret_input),
	FIELD_DESCRIPTION(struct update_secret_input),
	FIELD_KMS_KEY_ID(struct update_secret_input),
	FIELD_SECRET_BINARY(struct update_secret_input),
	FIELD_SECRET_STRING(struct update_secret_input),
	FIELD_TYPE(struct update_secret_input),
	FIELD_END(struct update_secret_input)
};

bool
update_secret_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct update_secret_input *in = input;
	struct value value;

	(void)ctx;
	if ((in->secret_string.p != NULL || in->secret_binary.p != NULL) &&
	    !token_check(in->client_request_token, ERR_INVALID_REQUEST, e))
		return false;
	return value_from(in->secret_string, in->secret_binary, &value, e);
}

static bool
change_key(struct op_ctx *ctx, struct secret *s, struct str kms_key_id, struct err *e)
{
	const struct str labels[] = { AWSCURRENT, AWSPENDING, AWSPREVIOUS };
	struct str wanted = cmk_is_default(kms_key_id) ? STR_LIT("") : kms_key_id;

	if (!cmk_check(&ctx->cat, s->account, s->region, kms_key_id, e))
		return false;
	if (str_eq(wanted, s->kms_key_id))
		return true;
	s->kms_key_id = wanted;
	for (size_t i = 0; i < 3; i++) {
		struct str id = stage_holder(s, labels[i]);
		struct version *v = NULL;

		if (id.p != NULL && !version_find(&ctx->cat, s, id, &v, e))
			return false;
		if (v != NULL && !version_reseal(&ctx->cat, s, v, e))
			return false;
	}
	return true;
}

bool
update_secret(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct update_secret_input *in = input;
	struct put_value put = { .token = in->client_request_token };
	struct secret *s = ctx->secret;
	bool repeated;

	if (!value_from(in->secret_string, in->secret_binary, &put.value, e))
		return false;
	if (in->description.p != NULL)
		s->description = in->description;
	if (in->type.p != NULL)
		s->type = in->type;
	if (in->kms_key_id.p != NULL && !change_key(ctx, s, in->kms_key_id, e))
		return false;
	if (put.value.kind != VALUE_NONE && !put_value(ctx, s, &put, &repeated, e))
		return false;
	secret_touch(s, ctx->cat.now_ms);
	ctx->touched = s;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_kstr(out, "Name", s->name);
	if (put.value.kind != VALUE_NONE) {
		ctx->version_id = put.token;
		jsonw_kstr(out, "VersionId", put.token);
	}
	jsonw_close(out);
	return true;
}
