/* SPDX-License-Identifier: Apache-2.0 */
#include "api/secretsmanager/fields.h"

#include "base/clock.h"
#include "catalog/stage.h"

static bool
all_of(struct str s, const char *extra)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
		    (c == '\0' || strchr(extra, c) == NULL))
			return false;
	}
	return true;
}

bool
is_region(struct str s)
{
	return region_has_form(s);
}

bool
is_duration(struct str s)
{
	if (s.n < 2 || s.p[s.n - 1] != 'h')
		return false;
	for (size_t i = 0; i + 1 < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return true;
}

bool
is_schedule_expression(struct str s)
{
	return s.n > 0 && all_of(s, "()#?*-/, ");
}

bool
is_rotation_token(struct str s)
{
	return s.n > 0 && all_of(s, "-");
}

bool
is_filter_value(struct str s)
{
	return all_of(s, " :_@/+=.-!");
}

const struct field tag_fields[] = {
	{ "Key", FIELD_STRING, AT(struct tag_input, key), .min = 1, .max = 128 },
	{ "Value", FIELD_STRING, AT(struct tag_input, value), .max = 256 },
	FIELD_END(struct tag_input)
};

const struct field replica_fields[] = {
	{ "Region", FIELD_STRING, AT(struct replica_input, region), .min = 1, .max = 128,
	  .pattern = "^([a-z]+-)+\\d+$", .matches = is_region },
	{ "KmsKeyId", FIELD_STRING, AT(struct replica_input, kms_key_id), .max = 2048 },
	FIELD_END(struct replica_input)
};

const struct field secret_id_fields[] = {
	FIELD_SECRET_ID(struct secret_id_input),
	FIELD_END(struct secret_id_input)
};

struct tags
tags_from(struct arena *a, const struct struct_list *list)
{
	struct tags t = { arena_array(a, struct tag, list->n), list->n };
	const struct tag_input *in = list->v;

	for (size_t i = 0; i < list->n; i++)
		t.v[i] = (struct tag){ in[i].key, in[i].value };
	return t;
}

bool
value_from(struct str secret_string, struct str secret_binary, struct value *out, struct err *e)
{
	if (secret_string.p != NULL && secret_binary.p != NULL)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_BOTH);
	*out = secret_string.p != NULL ? (struct value){ VALUE_STRING, secret_string } :
	    secret_binary.p != NULL ? (struct value){ VALUE_BINARY, secret_binary } :
	    (struct value){ VALUE_NONE, STR_NULL };
	return true;
}

bool
token_check(struct str token, enum err_code code, struct err *e)
{
	return token.p != NULL || err_set(e, code, MSG_CRT);
}

void
write_identity(struct jsonw *out, const struct secret *s)
{
	jsonw_open(out);
	jsonw_kstr(out, "ARN", s->arn);
	jsonw_kstr(out, "Name", s->name);
	jsonw_close(out);
}

void
write_labels(struct jsonw *out, const struct staged *v)
{
	jsonw_open_list(out);
	for (size_t i = 0; i < v->n; i++)
		jsonw_str(out, v->labels[i]);
	jsonw_close_list(out);
}

void
write_tags(struct jsonw *out, const struct tags *t)
{
	jsonw_open_list(out);
	for (size_t i = 0; i < t->n; i++) {
		jsonw_open(out);
		jsonw_kstr(out, "Key", t->v[i].key);
		jsonw_kstr(out, "Value", t->v[i].value);
		jsonw_close(out);
	}
	jsonw_close_list(out);
}

int64_t
day_of(int64_t ms)
{
	return ms - ms % DAY_MS;
}

static bool
asks_for_current(const struct put_value *p)
{
	if (p->stages == NULL || !p->stages->set)
		return true;
	for (size_t i = 0; i < p->stages->n; i++) {
		if (str_eq(p->stages->v[i], AWSCURRENT))
			return true;
	}
	return false;
}

/* 4.2: a new AWSCURRENT takes AWSPENDING off every other version; other labels are attached. */
static bool
apply_stages(struct op_ctx *ctx, struct secret *s, const struct put_value *p, struct err *e)
{
	struct arena *a = ctx->cat.arena;
	bool becomes_current = asks_for_current(p) || stage_holder(s, AWSCURRENT).p == NULL;

	if (becomes_current) {
		struct str pending = stage_holder(s, AWSPENDING);

		stage_promote(a, s, p->token);
		if (pending.p != NULL)
			stage_remove(s, AWSPENDING);
		ctx->new_current = true;
		s->value_ms = ctx->cat.now_ms;
	}
	for (size_t i = 0; p->stages != NULL && i < p->stages->n; i++) {
		struct str label = p->stages->v[i];

		if (str_eq(label, AWSCURRENT) ||
		    (becomes_current && str_eq(label, AWSPREVIOUS)))
			continue;	/* PROMOTE has decided those */
		stage_attach(a, s, label, p->token);
	}
	return stage_check_limit(s, e);
}

bool
put_value(struct op_ctx *ctx, struct secret *s, const struct put_value *p, bool *out_repeat,
    struct err *e)
{
	struct version *v;
	bool same;

	*out_repeat = false;
	if (!version_find(&ctx->cat, s, p->token, &v, e))
		return false;
	if (v != NULL && v->kind != VALUE_NONE) {
		if (!version_has_value(&ctx->cat, s, v, &p->value, &same, e))
			return false;
		if (!same)
			return err_set(e, ERR_EXISTS, MSG_TOK, STR_ARG(p->token), STR_ARG(s->arn));
		*out_repeat = true;
		return true;
	}
	if (v != NULL) {	/* a rotation's placeholder */
		if (!version_fill(&ctx->cat, s, v, &p->value, e))
			return false;
	} else if (!version_add(&ctx->cat, s, p->token, &p->value, false, &v, e)) {
		return false;
	}
	return apply_stages(ctx, s, p, e);
}
