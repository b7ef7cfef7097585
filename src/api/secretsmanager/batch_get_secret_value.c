/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BatchGetSecretValue - several AWSCURRENT values at once, by id or by filter (spec/api.md 5.3).
 * One bad item never fails the call: it becomes an entry of Errors.
 */
#include "api/secretsmanager/filter.h"
#include "api/secretsmanager/get_value.h"
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/page.h"
#include "catalog/listing.h"

#define DEFAULT_PAGE 20
#define MSG_EITHER "Either 'SecretIdList' or 'Filters' must be provided, but not both."
#define MSG_NO_FILTERS "'Filters' not specified. 'Filters' must also be specified when '%s' is " \
	"provided."

struct batch_input {
	struct str_list secret_id_list;
	struct struct_list filters;
	struct opt_int max_results;
	struct str next_token;
};

const struct field batch_get_secret_value_fields[] = {
	{ "SecretIdList", FIELD_STRING_LIST, AT(struct batch_input, secret_id_list), .min = 1,
	  .max = 20, .element_min = 1, .element_max = 2048 },
	FIELD_FILTERS(struct batch_input),
	{ "MaxResults", FIELD_INTEGER, AT(struct batch_input, max_results), .min = 1, .max = 20 },
	FIELD_NEXT_TOKEN(struct batch_input),
	FIELD_END(struct batch_input)
};

bool
batch_get_secret_value_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct batch_input *in = input;
	const struct str_list *ids = &in->secret_id_list;

	(void)ctx;
	if (in->max_results.set && !in->filters.set)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_NO_FILTERS, "MaxResults");
	if (in->next_token.p != NULL && !in->filters.set)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_NO_FILTERS, "NextToken");
	if (ids->set == in->filters.set)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_EITHER);
	for (size_t i = 0; i < ids->n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (str_eq(ids->v[i], ids->v[k]))
				return err_set(e, ERR_INVALID_PARAMETER,
				    "SecretIdList contains duplicate values.");
		}
	}
	return filters_check(&in->filters, e);
}

/* What GetSecretValue alone would have answered. */
static bool
reveal(struct op_ctx *ctx, struct secret *s, struct str id, struct jsonw *out, struct err *e)
{
	struct version *v;

	return ctx->may_reveal(ctx, s, id, e) &&
	    version_select(ctx, s, STR_NULL, STR_NULL, &v, e) &&
	    version_reveal(ctx, s, v, out, e);
}

static void
write_item_error(struct jsonw *errors, struct str id, const struct err *e)
{
	jsonw_open(errors);
	jsonw_kz(errors, "ErrorCode", err_type(e->code));
	jsonw_kz(errors, "Message", e->msg);
	jsonw_kstr(errors, "SecretId", id);
	jsonw_close(errors);
}

/* An internal fault fails the call; anything else is the item's. */
static bool
one(struct op_ctx *ctx, struct secret *s, const struct err *lookup, struct str id,
    struct jsonw *values, struct jsonw *errors, struct err *e)
{
	struct err item = { .code = ERR_NONE };

	if (lookup->code == ERR_NONE && reveal(ctx, s, id, values, &item))
		return true;
	if (lookup->code != ERR_NONE)
		item = *lookup;
	if (err_status(item.code) >= 500) {
		*e = item;
		return false;
	}
	write_item_error(errors, id, &item);
	return true;
}

static bool
by_ids(struct op_ctx *ctx, const struct batch_input *in, struct jsonw *values,
    struct jsonw *errors, struct err *e)
{
	for (size_t i = 0; i < in->secret_id_list.n; i++) {
		struct str id = in->secret_id_list.v[i];
		struct err lookup = { .code = ERR_NONE };
		struct secret *s = NULL;

		if (secret_ref_parse(id, ctx->account, ctx->region, &ctx->ref, &lookup) &&
		    !secret_find(&ctx->cat, &ctx->ref, &s, &lookup))
			s = NULL;
		if (!one(ctx, s, &lookup, id, values, errors, e))
			return false;
	}
	return true;
}

static bool
wanted(void *arg, const struct secret *s)
{
	const struct batch_input *in = arg;

	return !secret_is_scheduled(s) && filters_match(&in->filters, s);
}

static bool
by_filters(struct op_ctx *ctx, const struct batch_input *in, struct jsonw *values,
    struct jsonw *errors, struct str *next, struct err *e)
{
	AUTO_BUF scope = BUF_INIT;
	struct listing l = { .account = ctx->account, .region = ctx->region,
		.order = LISTING_CREATED, .wanted = wanted, .arg = (void *)(uintptr_t)in,
		.max = (size_t)(in->max_results.set ? in->max_results.value : DEFAULT_PAGE) };
	const struct err fine = { .code = ERR_NONE };
	struct page_mark mark;

	buf_z(&scope, "batch");
	filters_scope(&in->filters, &scope);
	if (!page_open(ctx, in->next_token, buf_view(&scope), &mark, e))
		return false;
	l.after = mark.id;
	if (!listing_page(&ctx->cat, &l, e))
		return false;
	for (size_t i = 0; i < l.n; i++) {
		if (!one(ctx, l.page[i], &fine, l.page[i]->arn, values, errors, e))
			return false;
	}
	mark = (struct page_mark){ 0, l.last };
	return !l.more || page_close(ctx, buf_view(&scope), &mark, next, e);
}

bool
batch_get_secret_value(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct batch_input *in = input;
	AUTO_BUF v = BUF_INIT, errs = BUF_INIT;
	struct jsonw values = jsonw_on(&v), errors = jsonw_on(&errs);
	struct str next = STR_NULL;
	bool ok;

	jsonw_open_list(&values);
	jsonw_open_list(&errors);
	ok = in->filters.set ? by_filters(ctx, in, &values, &errors, &next, e) :
	    by_ids(ctx, in, &values, &errors, e);
	jsonw_close_list(&values);
	jsonw_close_list(&errors);
	if (!ok)
		return false;
	jsonw_open(out);
	jsonw_key(out, "Errors");
	jsonw_raw(out, buf_view(&errs));
	if (next.p != NULL)
		jsonw_kstr(out, "NextToken", next);
	jsonw_key(out, "SecretValues");
	jsonw_raw(out, buf_view(&v));
	jsonw_close(out);
	return true;
}
