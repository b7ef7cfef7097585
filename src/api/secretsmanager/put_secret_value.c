/* SPDX-License-Identifier: Apache-2.0 */
/* PutSecretValue - a new version of a secret, or the value of a rotation's placeholder (5.4). */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "catalog/run.h"
#include "catalog/stage.h"
#include "crypto/digest.h"

struct put_secret_value_input {
	struct str secret_id, client_request_token, secret_string, secret_binary, rotation_token;
	struct str_list version_stages;
};

const struct field put_secret_value_fields[] = {
	FIELD_SECRET_ID(struct put_secret_value_input),
	FIELD_TOKEN(struct put_secret_value_input),
	FIELD_SECRET_BINARY(struct put_secret_value_input),
	FIELD_SECRET_STRING(struct put_secret_value_input),
	{ "VersionStages", FIELD_STRING_LIST, AT(struct put_secret_value_input, version_stages),
	  .min = 1, .max = 20, .element_min = 1, .element_max = 256 },
	{ "RotationToken", FIELD_STRING, AT(struct put_secret_value_input, rotation_token),
	  .min = 36, .max = 256, .sensitive = true, .pattern = "^[a-zA-Z0-9\\-]+$",
	  .matches = is_rotation_token },
	FIELD_END(struct put_secret_value_input)
};

bool
put_secret_value_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct put_secret_value_input *in = input;
	struct value value;

	(void)ctx;
	if (!token_check(in->client_request_token, ERR_INVALID_REQUEST, e) ||
	    !value_from(in->secret_string, in->secret_binary, &value, e))
		return false;
	return value.kind != VALUE_NONE || err_set(e, ERR_INVALID_REQUEST, MSG_NONE);
}

/* The run that the secret is in, when the request carries its RotationToken. */
static bool
is_of_active_run(struct op_ctx *ctx, const struct put_secret_value_input *in, struct run **out)
{
	struct secret *s = ctx->secret;
	struct err ignored;

	*out = NULL;
	return s->rotation.active_run != 0 &&
	    run_find(&ctx->cat, s, s->rotation.active_run, out, &ignored) && *out != NULL &&
	    (*out)->rotation_token.n == in->rotation_token.n &&
	    bytes_equal_ct((*out)->rotation_token.p, in->rotation_token.p, in->rotation_token.n);
}

/* spec/rotation.md 4.1: the token stands for the right to put this version with AWSPENDING. */
bool
put_secret_value_capability(struct op_ctx *ctx, const void *input)
{
	const struct put_secret_value_input *in = input;
	struct run *r;

	return in->rotation_token.p != NULL && is_of_active_run(ctx, in, &r) &&
	    str_eq(in->client_request_token, r->token) && in->version_stages.n == 1 &&
	    str_eq(in->version_stages.v[0], AWSPENDING);
}

bool
put_secret_value(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct put_secret_value_input *in = input;
	struct put_value put = { .token = in->client_request_token, .stages = &in->version_stages };
	const struct staged *labels;
	struct secret *s = ctx->secret;
	struct run *run;
	bool repeated;

	if (in->rotation_token.p != NULL && !is_of_active_run(ctx, in, &run))
		return err_set(e, ERR_ACCESS_DENIED, "User: " STR_FMT " is not authorized to "
		    "perform: secretsmanager:PutSecretValue on resource: " STR_FMT
		    " because the RotationToken is not valid",
		    STR_ARG(ctx->caller->arn), STR_ARG(in->secret_id));
	if (!value_from(in->secret_string, in->secret_binary, &put.value, e) ||
	    !put_value(ctx, s, &put, &repeated, e))
		return false;
	if (!repeated)
		secret_touch(s, ctx->cat.now_ms);
	ctx->touched = s;
	labels = stage_find(s, put.token);
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_kstr(out, "Name", s->name);
	jsonw_kstr(out, "VersionId", put.token);
	if (labels != NULL) {
		jsonw_key(out, "VersionStages");
		write_labels(out, labels);
	}
	jsonw_close(out);
	return true;
}
