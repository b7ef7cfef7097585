/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DescribeSecret - everything but the value (spec/api.md 5.7). Only members that have something to
 * say appear: the table there says when.
 */
#include "api/secretsmanager/describe.h"
#include "api/secretsmanager/ops.h"
#include "rotate/plan.h"

const struct field describe_secret_fields[] = {
	FIELD_SECRET_ID(struct secret_id_input),
	FIELD_END(struct secret_id_input)
};

static void
write_rules(struct op_ctx *ctx, struct jsonw *out, const struct secret *s)
{
	const struct rotation_config *r = &s->rotation;
	int64_t days = r->automatically_after_days;
	struct schedule sched;
	struct err ignored;

	if (r->schedule_expression.n > 0 && plan_schedule(s, &sched, &ignored))
		days = schedule_automatically_after_days(&sched, ctx->cat.now_ms / 1000);
	jsonw_key(out, "RotationRules");
	jsonw_open(out);
	if (days > 0)
		jsonw_kint(out, "AutomaticallyAfterDays", days);
	if (r->duration.n > 0)
		jsonw_kstr(out, "Duration", r->duration);
	if (r->schedule_expression.n > 0)
		jsonw_kstr(out, "ScheduleExpression", r->schedule_expression);
	jsonw_close(out);
}

static void
write_stages_map(struct jsonw *out, const struct secret *s)
{
	jsonw_open(out);
	for (size_t i = 0; i < s->staged_count; i++) {
		jsonw_key_str(out, s->staged[i].version_id);
		write_labels(out, &s->staged[i]);
	}
	jsonw_close(out);
}

static void
write_metadata(struct jsonw *out, const struct rotation_config *r)
{
	jsonw_key(out, "ExternalSecretRotationMetadata");
	write_tags(out, &r->external_metadata);
}

static void
write_rotation(struct op_ctx *ctx, struct jsonw *out, const struct secret *s)
{
	jsonw_kbool(out, "RotationEnabled", s->rotation.is_enabled);
	if (s->rotation.lambda_arn.n > 0)
		jsonw_kstr(out, "RotationLambdaARN", s->rotation.lambda_arn);
	if (s->rotation.has_rules)
		write_rules(ctx, out, s);
}

void
secret_write_description(struct op_ctx *ctx, struct jsonw *out, struct secret *s, bool in_list)
{
	const struct rotation_config *r = &s->rotation;
	int64_t next_s = plan_next_rotation_date_s(s);
	bool has_replicas = s->replica_count > 0;

	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_ktime(out, "CreatedDate", s->created_ms);
	if (s->deletion_ms != 0)
		jsonw_ktime(out, "DeletedDate", s->deletion_ms);
	if (s->description.n > 0)
		jsonw_kstr(out, "Description", s->description);
	if (r->external_metadata.n > 0)
		write_metadata(out, r);
	if (r->external_role_arn.n > 0)
		jsonw_kstr(out, "ExternalSecretRotationRoleArn", r->external_role_arn);
	if (s->kms_key_id.n > 0)
		jsonw_kstr(out, "KmsKeyId", s->kms_key_id);
	if (s->accessed_day_ms != 0)
		jsonw_ktime(out, "LastAccessedDate", s->accessed_day_ms);
	jsonw_ktime(out, "LastChangedDate", s->changed_ms);
	if (r->last_rotated_ms != 0)
		jsonw_ktime(out, "LastRotatedDate", r->last_rotated_ms);
	jsonw_kstr(out, "Name", s->name);
	if (next_s != 0)
		jsonw_ktime(out, "NextRotationDate", next_s * 1000);
	if (secret_is_replica(s) || has_replicas)
		jsonw_kstr(out, "PrimaryRegion", secret_is_replica(s) ? s->primary_region : s->region);
	if (has_replicas && !in_list)
		replicas_write(ctx, out, s);
	if (r->is_configured)
		write_rotation(ctx, out, s);
	if (in_list && s->staged_count > 0) {
		jsonw_key(out, "SecretVersionsToStages");
		write_stages_map(out, s);
	}
	if (s->ever_tagged) {
		jsonw_key(out, "Tags");
		write_tags(out, &s->tags);
	}
	if (s->type.n > 0)
		jsonw_kstr(out, "Type", s->type);
	if (!in_list && s->staged_count > 0) {
		jsonw_key(out, "VersionIdsToStages");
		write_stages_map(out, s);
	}
	jsonw_close(out);
}

bool
describe_secret(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	(void)input;
	(void)e;
	secret_write_description(ctx, out, ctx->secret, false);
	return true;
}
