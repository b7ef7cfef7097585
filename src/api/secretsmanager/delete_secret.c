/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DeleteSecret - schedules a secret's end, or ends it at once (spec/api.md 8.1). Deleting by force
 * what does not exist succeeds, so that a client may repeat it.
 */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/replication.h"
#include "api/server.h"
#include "base/clock.h"
#include "catalog/limits.h"
#include "crypto/random.h"
#include "rotate/rotation.h"

struct delete_secret_input {
	struct str secret_id;
	struct opt_int recovery_window_in_days;
	struct opt_bool force_delete_without_recovery;
};

const struct field delete_secret_fields[] = {
	FIELD_SECRET_ID(struct delete_secret_input),
	{ "RecoveryWindowInDays", FIELD_LONG, AT(struct delete_secret_input,
	  recovery_window_in_days) },
	{ "ForceDeleteWithoutRecovery", FIELD_BOOL, AT(struct delete_secret_input,
	  force_delete_without_recovery) },
	FIELD_END(struct delete_secret_input)
};

bool
delete_secret_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct delete_secret_input *in = input;
	const struct opt_int *days = &in->recovery_window_in_days;

	(void)ctx;
	if (days->set && in->force_delete_without_recovery.value)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_WINF);
	if (days->set && (days->value < RECOVERY_DAYS_MIN || days->value > RECOVERY_DAYS_MAX))
		return err_set(e, ERR_INVALID_PARAMETER, MSG_WIN);
	return true;
}

static void
answer(struct jsonw *out, struct str arn, int64_t deletion_ms, struct str name)
{
	jsonw_open(out);
	jsonw_kstr(out, "ARN", arn);
	jsonw_ktime(out, "DeletionDate", deletion_ms);
	jsonw_kstr(out, "Name", name);
	jsonw_close(out);
}

static bool
forced_unknown(struct op_ctx *ctx, const struct delete_secret_input *in, struct jsonw *out)
{
	char suffix[7];

	if (ctx->ref.arn.p != NULL) {
		answer(out, ctx->ref.arn, ctx->cat.now_ms, ctx->ref.name);
		return true;
	}
	random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 6, suffix);
	answer(out, secret_arn(ctx->cat.arena, ctx->account, ctx->region, ctx->ref.name, suffix),
	    ctx->cat.now_ms, in->secret_id);
	return true;
}

bool
delete_secret(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct delete_secret_input *in = input;
	struct rotation_ctx x = { &ctx->cat, ctx->server->audit };
	struct secret *s = ctx->secret;
	bool force = in->force_delete_without_recovery.value;
	int64_t days = in->recovery_window_in_days.set ? in->recovery_window_in_days.value :
	    RECOVERY_DAYS_DEFAULT;

	if (s == NULL)
		return force ? forced_unknown(ctx, in, out) : err_set(e, ERR_NOT_FOUND, MSG_NF);
	if (s->replica_count > 0)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_REPD, STR_ARG(s->arn),
		    STR_ARG(replicas_region_list(ctx, s)));
	if (!force && secret_is_scheduled(s))
		return err_set(e, ERR_INVALID_REQUEST, MSG_DELD);
	ctx->touched = s;
	if (force) {
		ctx->is_gone = true;
		answer(out, s->arn, ctx->cat.now_ms, s->name);
		return secret_remove(&ctx->cat, s, e);
	}
	s->deletion_ms = ctx->cat.now_ms + days * DAY_MS;
	secret_touch(s, ctx->cat.now_ms);
	if (!rotation_deleted(&x, s, e))
		return false;
	answer(out, s->arn, s->deletion_ms, s->name);
	return true;
}
