/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CreateSecret - a new secret, with or without a first value (spec/api.md 5.1).
 * Repeating the call with the same token and value answers the same again.
 */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/replication.h"
#include "catalog/keys.h"
#include "catalog/tag.h"

struct create_secret_input {
	struct str name, client_request_token, description, kms_key_id, secret_string, secret_binary,
	    type;
	struct struct_list tags, add_replica_regions;
	struct opt_bool force_overwrite_replica_secret;
};

const struct field create_secret_fields[] = {
	{ "Name", FIELD_STRING, AT(struct create_secret_input, name), .required = true, .min = 1,
	  .max = 512 },
	FIELD_TOKEN(struct create_secret_input),
	FIELD_DESCRIPTION(struct create_secret_input),
	FIELD_KMS_KEY_ID(struct create_secret_input),
	FIELD_SECRET_BINARY(struct create_secret_input),
	FIELD_SECRET_STRING(struct create_secret_input),
	FIELD_TAGS(struct create_secret_input),
	FIELD_ADD_REPLICAS(struct create_secret_input),
	{ "ForceOverwriteReplicaSecret", FIELD_BOOL,
	  AT(struct create_secret_input, force_overwrite_replica_secret) },
	FIELD_TYPE(struct create_secret_input),
	FIELD_END(struct create_secret_input)
};

bool
create_secret_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct create_secret_input *in = input;
	struct tags tags = tags_from(ctx->cat.arena, &in->tags);
	struct value value;

	if (in->secret_string.p != NULL || in->secret_binary.p != NULL) {
		if (!token_check(in->client_request_token, ERR_INVALID_REQUEST, e))
			return false;
	}
	return secret_name_check(in->name, e) &&
	    value_from(in->secret_string, in->secret_binary, &value, e) && tags_check(&tags, e) &&
	    replica_regions_check(ctx, &in->add_replica_regions, ctx->region, e);
}

/* The name is taken: an error, or the same call once more (4.3). */
static bool
repeat(struct op_ctx *ctx, const struct create_secret_input *in, struct secret *s,
    const struct value *value, struct jsonw *out, struct err *e)
{
	struct version *v = NULL;
	bool same;

	if (secret_is_scheduled(s))
		return err_set(e, ERR_INVALID_REQUEST, MSG_DELC);
	if (value->kind == VALUE_NONE || secret_is_replica(s))
		return err_set(e, ERR_EXISTS, MSG_EX, STR_ARG(in->name));
	if (!version_find(&ctx->cat, s, in->client_request_token, &v, e))
		return false;
	if (v == NULL)
		return err_set(e, ERR_EXISTS, MSG_EX, STR_ARG(in->name));
	if (!version_has_value(&ctx->cat, s, v, value, &same, e))
		return false;
	if (!same)
		return err_set(e, ERR_EXISTS, MSG_TOK, STR_ARG(in->client_request_token),
		    STR_ARG(s->arn));
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_kstr(out, "Name", s->name);
	jsonw_kstr(out, "VersionId", v->version_id);
	jsonw_close(out);
	return true;
}

/* Section 10. Replicas count in their region, but are made whatever the count. */
static bool
quota_check(struct op_ctx *ctx, struct err *e)
{
	uint64_t quota = ctx->server->secrets_quota, n;

	if (quota == 0)
		return true;
	if (!secret_count(&ctx->cat, ctx->account, ctx->region, &n, e))
		return false;
	return n < quota || err_set(e, ERR_LIMIT, MSG_QUOTA);
}

bool
create_secret(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct create_secret_input *in = input;
	struct put_value put = { .token = in->client_request_token };
	struct tags tags = tags_from(ctx->cat.arena, &in->tags);
	struct secret *s;
	bool repeated;

	if (!value_from(in->secret_string, in->secret_binary, &put.value, e) ||
	    !secret_find_name(&ctx->cat, ctx->account, ctx->region, in->name, &s, e))
		return false;
	if (s != NULL)
		return repeat(ctx, in, s, &put.value, out, e);
	if (!quota_check(ctx, e) ||
	    !cmk_check(&ctx->cat, ctx->account, ctx->region, in->kms_key_id, e))
		return false;
	s = secret_new(&ctx->cat, ctx->account, ctx->region, in->name, e);
	if (s == NULL)
		return false;
	s->description = in->description;
	s->kms_key_id = cmk_is_default(in->kms_key_id) ? STR_NULL : in->kms_key_id;
	s->type = in->type;
	if (!tags_set(ctx->cat.arena, s, &tags, e))
		return false;
	if (put.value.kind != VALUE_NONE && !put_value(ctx, s, &put, &repeated, e))
		return false;
	if (!replicas_wanted(ctx, s, &in->add_replica_regions,
	    in->force_overwrite_replica_secret.value, e))
		return false;
	ctx->touched = s;
	ctx->version_id = put.value.kind == VALUE_NONE ? STR_NULL : put.token;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_kstr(out, "Name", s->name);
	if (in->add_replica_regions.set)
		replicas_write_in_progress(ctx, out, s, &in->add_replica_regions);
	if (put.value.kind != VALUE_NONE)
		jsonw_kstr(out, "VersionId", put.token);
	jsonw_close(out);
	return true;
}
