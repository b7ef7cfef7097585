/* SPDX-License-Identifier: Apache-2.0 */
/* RemoveRegionsFromReplication - deletes copies at once; unknown regions are ignored (9.3). */
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/replication.h"

struct remove_regions_input {
	struct str secret_id;
	struct str_list remove_replica_regions;
};

const struct field remove_regions_from_replication_fields[] = {
	FIELD_SECRET_ID(struct remove_regions_input),
	{ "RemoveReplicaRegions", FIELD_STRING_LIST,
	  AT(struct remove_regions_input, remove_replica_regions), .required = true, .min = 1,
	  .element_min = 1, .element_max = 128, .element_pattern = "^([a-z]+-)+\\d+$",
	  .element_matches = is_region },
	FIELD_END(struct remove_regions_input)
};

bool
remove_regions_from_replication(struct op_ctx *ctx, const void *input, struct jsonw *out,
    struct err *e)
{
	const struct remove_regions_input *in = input;
	struct secret *s = ctx->secret;

	for (size_t i = 0; i < in->remove_replica_regions.n; i++) {
		if (!replica_drop(&ctx->cat, s, in->remove_replica_regions.v[i], e))
			return false;
	}
	secret_touch(s, ctx->cat.now_ms);
	ctx->touched = s;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	replicas_write(ctx, out, s);
	jsonw_close(out);
	return true;
}
