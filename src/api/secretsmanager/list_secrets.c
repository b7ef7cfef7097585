/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ListSecrets - the secrets of the caller's account and region (spec/api.md section 6).
 * By created-date ascending, the default, a page costs what it shows: ids begin with the time of
 * creation, so the store is already in that order. Any other order reads every secret of the region
 * for each page, and keeps only the page.
 */
#include "api/secretsmanager/describe.h"
#include "api/secretsmanager/filter.h"
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/page.h"
#include "catalog/listing.h"

#define DEFAULT_PAGE 100

struct list_secrets_input {
	struct str next_token, sort_order, sort_by;
	struct struct_list filters;
	struct opt_int max_results;
	struct opt_bool include_planned_deletion;
};

static const char *const sort_orders[] = { "asc", "desc", NULL };
static const char *const sort_keys[] = { "created-date", "last-accessed-date", "last-changed-date",
	"name", NULL };

const struct field list_secrets_fields[] = {
	{ "IncludePlannedDeletion", FIELD_BOOL, AT(struct list_secrets_input,
	  include_planned_deletion) },
	FIELD_MAX_RESULTS(struct list_secrets_input),
	FIELD_NEXT_TOKEN(struct list_secrets_input),
	FIELD_FILTERS(struct list_secrets_input),
	{ "SortOrder", FIELD_STRING, AT(struct list_secrets_input, sort_order),
	  .values = sort_orders },
	{ "SortBy", FIELD_STRING, AT(struct list_secrets_input, sort_by), .values = sort_keys },
	FIELD_END(struct list_secrets_input)
};

bool
list_secrets_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct list_secrets_input *in = input;

	(void)ctx;
	return filters_check(&in->filters, e);
}

static bool
wanted(void *arg, const struct secret *s)
{
	const struct list_secrets_input *in = arg;

	return (in->include_planned_deletion.value || !secret_is_scheduled(s)) &&
	    filters_match(&in->filters, s);
}

static enum listing_order
order_of(const struct list_secrets_input *in)
{
	return str_is(in->sort_by, "name") ? LISTING_NAME :
	    str_is(in->sort_by, "last-accessed-date") ? LISTING_ACCESSED :
	    str_is(in->sort_by, "last-changed-date") ? LISTING_CHANGED : LISTING_CREATED;
}

static struct str
scope_of(struct op_ctx *ctx, const struct list_secrets_input *in)
{
	AUTO_BUF b = BUF_INIT;

	buf_printf(&b, "secrets:%d:%d:%d", (int)order_of(in), str_is(in->sort_order, "desc"),
	    in->include_planned_deletion.value);
	filters_scope(&in->filters, &b);
	return arena_str(ctx->cat.arena, buf_view(&b));
}

bool
list_secrets(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct list_secrets_input *in = input;
	struct str scope = scope_of(ctx, in), next = STR_NULL;
	struct listing l = { .account = ctx->account, .region = ctx->region,
		.order = order_of(in), .descending = str_is(in->sort_order, "desc"),
		.wanted = wanted, .arg = (void *)(uintptr_t)in,
		.max = (size_t)(in->max_results.set ? in->max_results.value : DEFAULT_PAGE) };
	struct page_mark mark;

	if (!page_open(ctx, in->next_token, scope, &mark, e))
		return false;
	l.after = mark.id;
	if (!listing_page(&ctx->cat, &l, e))
		return false;
	if (l.more) {
		mark = (struct page_mark){ 0, l.last };
		if (!page_close(ctx, scope, &mark, &next, e))
			return false;
	}
	jsonw_open(out);
	if (next.p != NULL)
		jsonw_kstr(out, "NextToken", next);
	jsonw_key(out, "SecretList");
	jsonw_open_list(out);
	for (size_t i = 0; i < l.n; i++)
		secret_write_description(ctx, out, l.page[i], true);
	jsonw_close_list(out);
	jsonw_close(out);
	return true;
}
