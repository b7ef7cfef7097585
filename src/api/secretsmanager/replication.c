/* SPDX-License-Identifier: Apache-2.0 */
#include "api/secretsmanager/replication.h"

#include "catalog/limits.h"

#define IN_PROGRESS "InProgress"

bool
replica_regions_check(struct op_ctx *ctx, const struct struct_list *regions,
    struct str primary_region, struct err *e)
{
	const struct replica_input *in = regions->v;

	(void)ctx;
	if (regions->n > LIMIT_REPLICAS)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_REPLICAS);
	for (size_t i = 0; i < regions->n; i++) {
		if (in[i].region.p == NULL || str_eq(in[i].region, primary_region) ||
		    strcmp(partition_of(in[i].region), partition_of(primary_region)) != 0)
			return err_set(e, ERR_INVALID_PARAMETER, MSG_REPR);
	}
	return true;
}

bool
replicas_wanted(struct op_ctx *ctx, struct secret *s, const struct struct_list *regions,
    bool force, struct err *e)
{
	struct replica *wanted = arena_array(ctx->cat.arena, struct replica, regions->n);
	const struct replica_input *in = regions->v;

	for (size_t i = 0; i < regions->n; i++)
		wanted[i] = (struct replica){ .region = in[i].region,
			.kms_key_id = in[i].kms_key_id };
	return replicas_add(&ctx->cat, s, wanted, regions->n, force, e);
}

static void
write_entry(struct op_ctx *ctx, struct jsonw *out, const struct secret *s,
    const struct replica *r, bool in_progress)
{
	struct secret *copy = NULL;
	struct err ignored;

	if (!replica_find_copy(&ctx->cat, s, r, &copy, &ignored))
		copy = NULL;
	jsonw_open(out);
	jsonw_kstr(out, "KmsKeyId", r->kms_key_id.n > 0 ? r->kms_key_id :
	    STR_LIT("alias/aws/secretsmanager"));
	if (copy != NULL && copy->accessed_day_ms != 0)
		jsonw_ktime(out, "LastAccessedDate", copy->accessed_day_ms);
	jsonw_kstr(out, "Region", r->region);
	jsonw_kstr(out, "Status", in_progress ? STR_LIT(IN_PROGRESS) : r->status);
	if (!in_progress && r->status_message.n > 0)
		jsonw_kstr(out, "StatusMessage", r->status_message);
	jsonw_close(out);
}

static bool
is_named(const struct struct_list *regions, struct str region)
{
	const struct replica_input *in = regions == NULL ? NULL : regions->v;

	for (size_t i = 0; regions != NULL && i < regions->n; i++) {
		if (str_eq(in[i].region, region))
			return true;
	}
	return false;
}

void
replicas_write_in_progress(struct op_ctx *ctx, struct jsonw *out, const struct secret *s,
    const struct struct_list *regions)
{
	jsonw_key(out, "ReplicationStatus");
	jsonw_open_list(out);
	for (size_t i = 0; i < s->replica_count; i++)
		write_entry(ctx, out, s, &s->replicas[i],
		    is_named(regions, s->replicas[i].region));
	jsonw_close_list(out);
}

void
replicas_write(struct op_ctx *ctx, struct jsonw *out, const struct secret *s)
{
	replicas_write_in_progress(ctx, out, s, NULL);
}

struct str
replicas_region_list(struct op_ctx *ctx, const struct secret *s)
{
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < s->replica_count; i++)
		buf_printf(&b, "%s" STR_FMT, i == 0 ? "" : ", ", STR_ARG(s->replicas[i].region));
	return arena_str(ctx->cat.arena, buf_view(&b));
}
