/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ListVersionsByFunction - $LATEST, then the published versions by number. The marker is the number
 * of the last one shown, 0 for $LATEST.
 */
#include "api/lambda/configuration.h"
#include "api/lambda/ops.h"
#include "api/lambda/page.h"
#include "api/lambda/subject.h"

struct versions_page {
	bool has_latest;
	struct function **list;
	size_t n;
	bool more;
	int64_t last;
};

static bool
take_page(struct op_ctx *ctx, struct function *latest, struct versions_page *out, struct err *e)
{
	unsigned long long after = 0;
	struct page page;
	size_t room;

	if (!page_from_query(ctx, &page, e))
		return false;
	if (page.after.p != NULL && !str_to_u64(page.after, 9999999999ULL, &after))
		return err_set(e, ERR_LAMBDA_PARAMETER, "Invalid Marker value.");
	out->has_latest = page.after.p == NULL;
	room = page.max - out->has_latest;
	if (!function_versions(&ctx->cat, latest, (int64_t)after, room + 1, &out->list, &out->n, e))
		return false;
	out->more = out->n > room;
	if (out->more)
		out->n = room;
	out->last = out->n == 0 ? (int64_t)after : out->list[out->n - 1]->version;
	return true;
}

static struct str
latest_arn(struct arena *a, const struct function *f)
{
	return str_of(arena_printf(a, STR_FMT ":" LATEST, STR_ARG(f->arn)));
}

bool
list_versions_by_function(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct versions_page page;
	struct subject s;

	(void)input;
	if (!subject_get(ctx, &s, e) || !take_page(ctx, s.f, &page, e))
		return false;
	jsonw_open(out);
	if (page.more)
		jsonw_kstr(out, "NextMarker", str_of(arena_printf(ctx->cat.arena, "%lld",
		    (long long)page.last)));
	jsonw_key(out, "Versions");
	jsonw_open_list(out);
	if (page.has_latest)
		configuration_write(out, s.f, latest_arn(ctx->cat.arena, s.f), FUNCTION_SEEN);
	for (size_t i = 0; i < page.n; i++)
		configuration_write_listed(ctx, out, page.list[i]);
	jsonw_close_list(out);
	jsonw_close(out);
	return true;
}
