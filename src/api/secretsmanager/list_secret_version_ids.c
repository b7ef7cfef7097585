/* SPDX-License-Identifier: Apache-2.0 */
/* ListSecretVersionIds - the versions of a secret, oldest first (spec/api.md 5.9). */
#include "api/secretsmanager/fields.h"
#include "api/secretsmanager/ops.h"
#include "api/secretsmanager/page.h"
#include "catalog/stage.h"

#define DEFAULT_PAGE 100

struct list_versions_input {
	struct str secret_id, next_token;
	struct opt_int max_results;
	struct opt_bool include_deprecated;
};

const struct field list_secret_version_ids_fields[] = {
	FIELD_SECRET_ID(struct list_versions_input),
	FIELD_MAX_RESULTS(struct list_versions_input),
	FIELD_NEXT_TOKEN(struct list_versions_input),
	{ "IncludeDeprecated", FIELD_BOOL, AT(struct list_versions_input, include_deprecated) },
	FIELD_END(struct list_versions_input)
};

static void
write_version(struct jsonw *out, const struct secret *s, const struct version *v)
{
	const struct staged *labels = stage_find(s, v->version_id);

	jsonw_open(out);
	jsonw_ktime(out, "CreatedDate", v->created_ms);
	if (v->kms_key_count > 0) {
		jsonw_key(out, "KmsKeyIds");
		jsonw_open_list(out);
		for (size_t i = 0; i < v->kms_key_count; i++)
			jsonw_str(out, v->kms_key_ids[i]);
		jsonw_close_list(out);
	}
	if (v->accessed_day_ms != 0)
		jsonw_ktime(out, "LastAccessedDate", v->accessed_day_ms);
	jsonw_kstr(out, "VersionId", v->version_id);
	if (labels != NULL) {
		jsonw_key(out, "VersionStages");
		write_labels(out, labels);
	}
	jsonw_close(out);
}

/* An empty placeholder is hidden until it has a value (spec/rotation.md 1.7). */
static bool
is_shown(const struct list_versions_input *in, const struct secret *s, const struct version *v)
{
	return v->kind != VALUE_NONE &&
	    (in->include_deprecated.value || stage_find(s, v->version_id) != NULL);
}

/* Strictly after the page mark in (creation, id) order. */
static bool
is_after(const struct version *v, const struct page_mark *mark)
{
	if (mark->id.p == NULL || v->created_ms != mark->number)
		return mark->id.p == NULL || v->created_ms > mark->number;
	return str_cmp(v->version_id, mark->id) > 0;
}

bool
list_secret_version_ids(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct list_versions_input *in = input;
	struct str scope = str_of(arena_printf(ctx->cat.arena, "versions:" STR_FMT ":%d",
	    STR_ARG(ctx->secret->arn), in->include_deprecated.value));
	int64_t left = in->max_results.set ? in->max_results.value : DEFAULT_PAGE;
	struct page_mark mark;
	struct version **list, *last = NULL;
	struct str next = STR_NULL;
	size_t n;

	if (!page_open(ctx, in->next_token, scope, &mark, e) ||
	    !version_list(&ctx->cat, ctx->secret, &list, &n, e))
		return false;
	jsonw_open(out);
	jsonw_kstr(out, "ARN", ctx->secret->arn);
	jsonw_kstr(out, "Name", ctx->secret->name);
	{
		AUTO_BUF b = BUF_INIT;
		struct jsonw versions = jsonw_on(&b);

		jsonw_open_list(&versions);
		for (size_t i = 0; i < n; i++) {
			if (!is_shown(in, ctx->secret, list[i]) || !is_after(list[i], &mark))
				continue;
			if (left-- == 0) {
				mark = (struct page_mark){ last->created_ms, last->version_id };
				if (!page_close(ctx, scope, &mark, &next, e))
					return false;
				break;
			}
			write_version(&versions, ctx->secret, list[i]);
			last = list[i];
		}
		jsonw_close_list(&versions);
		if (next.p != NULL)
			jsonw_kstr(out, "NextToken", next);
		jsonw_key(out, "Versions");
		jsonw_raw(out, buf_view(&b));
	}
	jsonw_close(out);
	return true;
}
