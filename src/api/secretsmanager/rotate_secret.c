/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RotateSecret - stores rotation settings and starts a rotation (spec/rotation.md 1.5-1.8).
 * Asynchronous: success means accepted and recorded. Nothing is written on any error, so a refused
 * token can be used again.
 */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "api/server.h"
#include "catalog/function.h"
#include "catalog/stage.h"
#include "rotate/plan.h"
#include "rotate/rotation.h"

struct rules_input {
	struct opt_int automatically_after_days;
	struct str duration, schedule_expression;
};

struct rotate_secret_input {
	struct str secret_id, client_request_token, rotation_lambda_arn, external_role_arn;
	struct rules_input *rotation_rules;
	struct opt_bool rotate_immediately;
	struct struct_list external_metadata;
};

static const struct field rules_fields[] = {
	{ "AutomaticallyAfterDays", FIELD_LONG, AT(struct rules_input, automatically_after_days),
	  .min = 1, .max = 1000 },
	{ "Duration", FIELD_STRING, AT(struct rules_input, duration), .min = 2, .max = 3,
	  .pattern = "[0-9]+h", .matches = is_duration },
	{ "ScheduleExpression", FIELD_STRING, AT(struct rules_input, schedule_expression),
	  .min = 1, .max = 256, .pattern = "[0-9A-Za-z\\(\\)#\\?\\*\\-\\/, ]+",
	  .matches = is_schedule_expression },
	FIELD_END(struct rules_input)
};

static const struct field metadata_fields[] = {
	{ "Key", FIELD_STRING, AT(struct tag_input, key), .min = 1, .max = 256 },
	{ "Value", FIELD_STRING, AT(struct tag_input, value), .min = 1, .max = 2048, .hidden = true },
	FIELD_END(struct tag_input)
};

const struct field rotate_secret_fields[] = {
	FIELD_SECRET_ID(struct rotate_secret_input),
	FIELD_TOKEN(struct rotate_secret_input),
	{ "RotationLambdaARN", FIELD_STRING, AT(struct rotate_secret_input, rotation_lambda_arn),
	  .max = 2048 },
	{ "RotationRules", FIELD_STRUCT, AT(struct rotate_secret_input, rotation_rules),
	  .sub = rules_fields, .sub_size = sizeof(struct rules_input) },
	{ "ExternalSecretRotationMetadata", FIELD_STRUCT_LIST,
	  AT(struct rotate_secret_input, external_metadata), .sub = metadata_fields,
	  .sub_size = sizeof(struct tag_input) },
	{ "ExternalSecretRotationRoleArn", FIELD_STRING,
	  AT(struct rotate_secret_input, external_role_arn), .min = 20, .max = 2048 },
	{ "RotateImmediately", FIELD_BOOL, AT(struct rotate_secret_input, rotate_immediately) },
	FIELD_END(struct rotate_secret_input)
};

bool
rotate_secret_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct rotate_secret_input *in = input;

	(void)ctx;
	return token_check(in->client_request_token, ERR_INVALID_PARAMETER, e);
}

/* V8-V14. Present but empty rules count as absent. */
static bool
check_rules(const struct rules_input *r, bool *is_given, struct err *e)
{
	struct schedule_rules rules;
	struct schedule parsed;

	*is_given = r != NULL && (r->automatically_after_days.set || r->duration.p != NULL ||
	    r->schedule_expression.p != NULL);
	if (!*is_given)
		return true;
	rules = (struct schedule_rules){ r->automatically_after_days.value, r->schedule_expression,
		r->duration };
	return schedule_parse(&rules, &parsed, e);
}

/* V15, V16: a function of this account, region and partition. */
static bool
check_arn(struct op_ctx *ctx, struct str arn, struct function_ref *out, struct err *e)
{
	const struct secret *s = ctx->secret;
	struct str rest = str_skip(arn, 4), partition;

	if (arn.n == 0)
		return err_set(e, ERR_INVALID_REQUEST, MSG_LAM0);
	if (!str_starts(arn, "arn:") || !str_split(&rest, ':', &partition) ||
	    !str_is(partition, partition_of(s->region)) ||
	    !function_ref_parse(arn, s->account, s->region, out) ||
	    !str_eq(out->region, s->region) || !str_eq(out->account, s->account))
		return err_set(e, ERR_INVALID_PARAMETER, MSG_LAMARN);
	return true;
}

/* V18, and the caller's own right to have it run. */
static bool
check_function(struct op_ctx *ctx, struct str arn, const struct function_ref *ref, struct err *e)
{
	struct secret *s = ctx->secret;
	struct function *f;

	if (!ctx->may(ctx, "lambda:InvokeFunction", NULL, arn, e) ||
	    !function_resolve(&ctx->cat, ref, &f, e))
		return false;
	if (f == NULL || !function_admits_rotation(f, s->arn, s->account))
		return err_set(e, ERR_ACCESS_DENIED, MSG_LAM1);
	return true;
}

static bool
same_rules(const struct rotation_config *c, const struct rules_input *r)
{
	return c->has_rules &&
	    c->automatically_after_days == r->automatically_after_days.value &&
	    str_eq(c->duration, r->duration.p == NULL ? STR_LIT("") : r->duration) &&
	    str_eq(c->schedule_expression, r->schedule_expression.p == NULL ? STR_LIT("") :
	    r->schedule_expression);
}

/* 6.10: byte-equal rules while enabled leave the schedule alone; anything else counts from now. */
static void
configure(struct op_ctx *ctx, const struct rotate_secret_input *in, struct str arn,
    bool rules_given)
{
	struct rotation_config *c = &ctx->secret->rotation;
	const struct rules_input *r = in->rotation_rules;
	bool changed = !c->is_enabled || (rules_given && !same_rules(c, r));

	c->is_configured = c->is_enabled = true;
	c->lambda_arn = arn;
	c->generation++;
	if (rules_given) {
		c->has_rules = true;
		c->automatically_after_days = r->automatically_after_days.value;
		c->duration = r->duration;
		c->schedule_expression = r->schedule_expression;
	}
	if (changed) {
		c->changed_ms = ctx->cat.now_ms;
		c->after_failure = false;
		c->consumed_ms = 0;
	}
	if (in->external_metadata.set)
		c->external_metadata = tags_from(ctx->cat.arena, &in->external_metadata);
	if (in->external_role_arn.p != NULL)
		c->external_role_arn = in->external_role_arn;
}

static bool
begin(struct op_ctx *ctx, const struct rotate_secret_input *in, struct str arn, bool rules_given,
    struct err *e)
{
	struct rotation_ctx x = { &ctx->cat, ctx->server->audit };
	bool immediately = !in->rotate_immediately.set || in->rotate_immediately.value;
	struct secret *s = ctx->secret;

	configure(ctx, in, arn, rules_given);
	secret_touch(s, ctx->cat.now_ms);
	return rotation_begin(&x, s, immediately ? RUN_ROTATE : RUN_TEST, in->client_request_token,
	    "api", e) && plan_next(s, ctx->cat.now_ms, e);
}

static void
answer(struct op_ctx *ctx, const struct rotate_secret_input *in, struct jsonw *out)
{
	ctx->touched = ctx->secret;
	ctx->version_id = in->client_request_token;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", ctx->secret->arn);
	jsonw_kstr(out, "Name", ctx->secret->name);
	jsonw_kstr(out, "VersionId", in->client_request_token);
	jsonw_close(out);
}

bool
rotate_secret(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct rotate_secret_input *in = input;
	struct rotation_ctx x = { &ctx->cat, ctx->server->audit };
	struct secret *s = ctx->secret;
	struct str arn = in->rotation_lambda_arn.n > 0 ? in->rotation_lambda_arn :
	    s->rotation.lambda_arn;
	enum rotation_verdict verdict;
	struct function_ref ref;
	bool rules_given;

	if (!check_rules(in->rotation_rules, &rules_given, e) || !check_arn(ctx, arn, &ref, e) ||
	    !rotation_judge(&x, s, in->client_request_token, &verdict, e))
		return false;
	if (verdict == ROTATION_BUSY) {
		ctx->rearm = true;
		return err_set(e, ERR_INVALID_REQUEST, MSG_ROT);
	}
	if (verdict == ROTATION_REARM && !rotation_restart(&x, s, e))
		return false;
	if (verdict == ROTATION_START &&
	    (!check_function(ctx, arn, &ref, e) || !begin(ctx, in, arn, rules_given, e)))
		return false;
	answer(ctx, in, out);
	return true;
}
