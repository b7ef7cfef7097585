/* SPDX-License-Identifier: Apache-2.0 */
/* StopReplicationToReplica - a copy becomes a secret of its own: same ARN, writable (9.3). */
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/replication.h"

const struct field stop_replication_to_replica_fields[] = {
	FIELD_SECRET_ID(struct secret_id_input),
	FIELD_END(struct secret_id_input)
};

static void
forget_entry(struct secret *primary, struct str region)
{
	size_t kept = 0;

	for (size_t i = 0; i < primary->replica_count; i++) {
		if (!str_eq(primary->replicas[i].region, region))
			primary->replicas[kept++] = primary->replicas[i];
	}
	primary->replica_count = kept;
}

bool
stop_replication_to_replica(struct op_ctx *ctx, const void *input, struct jsonw *out,
    struct err *e)
{
	struct secret *s = ctx->secret, *primary;

	(void)input;
	if (!secret_is_replica(s))
		return err_set(e, ERR_INVALID_PARAMETER, "The secret is not a replica secret.");
	if (!secret_find_name(&ctx->cat, s->account, s->primary_region, s->name, &primary, e))
		return false;
	if (primary != NULL) {
		forget_entry(primary, s->region);
		if (!secret_put(&ctx->cat, primary, e))
			return false;
	}
	s->primary_region = STR_LIT("");
	s->rotation = (struct rotation_config){ .is_configured = false };
	secret_touch(s, ctx->cat.now_ms);
	ctx->touched = s;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_close(out);
	return true;
}
