/* SPDX-License-Identifier: Apache-2.0 */
/* ReplicateSecretToRegions - copies of a secret for other regions (spec/api.md 9.3). */
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/replication.h"

struct replicate_input {
	struct str secret_id;
	struct struct_list add_replica_regions;
	struct opt_bool force_overwrite_replica_secret;
};

const struct field replicate_secret_to_regions_fields[] = {
	FIELD_SECRET_ID(struct replicate_input),
	{ "AddReplicaRegions", FIELD_STRUCT_LIST, AT(struct replicate_input, add_replica_regions),
	  .required = true, .min = 1, .sub = replica_fields, .sub_size = sizeof(struct replica_input) },
	{ "ForceOverwriteReplicaSecret", FIELD_BOOL,
	  AT(struct replicate_input, force_overwrite_replica_secret) },
	FIELD_END(struct replicate_input)
};

bool
replicate_secret_to_regions_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct replicate_input *in = input;

	return replica_regions_check(ctx, &in->add_replica_regions, ctx->region, e);
}

bool
replicate_secret_to_regions(struct op_ctx *ctx, const void *input, struct jsonw *out,
    struct err *e)
{
	const struct replicate_input *in = input;
	struct secret *s = ctx->secret;

	secret_touch(s, ctx->cat.now_ms);
	ctx->touched = s;
	if (!replicas_wanted(ctx, s, &in->add_replica_regions,
	    in->force_overwrite_replica_secret.value, e))
		return false;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	replicas_write_in_progress(ctx, out, s, &in->add_replica_regions);
	jsonw_close(out);
	return true;
}
