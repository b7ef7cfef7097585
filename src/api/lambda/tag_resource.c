/* SPDX-License-Identifier: Apache-2.0 */
/* ListTags, TagResource and UntagResource. The path holds the function's whole ARN. */
#include "api/lambda/ops.h"
#include "api/lambda/route.h"
#include "api/lambda/subject.h"
#include "api/lambda/tags.h"

struct tag_function_input {
	struct struct_list tags;	/* of struct map_entry */
};

const struct field tag_function_fields[] = {
	{ "Tags", FIELD_STRING_MAP, .at = offsetof(struct tag_function_input, tags),
	  .required = true },
	FIELD_END(struct tag_function_input)
};

bool
tag_function_check(struct op_ctx *ctx, const void *input, struct err *e)
{
	const struct tag_function_input *in = input;

	(void)ctx;
	return function_tags_check(&in->tags, e);
}

bool
list_function_tags(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct subject s;

	(void)input;
	if (!subject_get(ctx, &s, e))
		return false;
	jsonw_open(out);
	function_tags_write(out, &s.f->tags);
	jsonw_close(out);
	return true;
}

/* An overwritten key keeps its place. */
static void
set_tag(struct tags *t, struct tag tag)
{
	for (size_t i = 0; i < t->n; i++) {
		if (str_eq(t->v[i].key, tag.key)) {
			t->v[i].value = tag.value;
			return;
		}
	}
	t->v[t->n++] = tag;
}

bool
tag_function(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct tag_function_input *in = input;
	struct tags all, more = function_tags_from(ctx->cat.arena, &in->tags);
	struct subject s;

	(void)out;
	if (!subject_get_latest(ctx, &s, e))
		return false;
	all = (struct tags){ arena_array(ctx->cat.arena, struct tag, s.f->tags.n + more.n), 0 };
	for (size_t i = 0; i < s.f->tags.n; i++)
		set_tag(&all, s.f->tags.v[i]);
	for (size_t i = 0; i < more.n; i++)
		set_tag(&all, more.v[i]);
	if (all.n > FUNCTION_TAGS_MAX)
		return err_set(e, ERR_LAMBDA_PARAMETER, MSG_TAGS);
	s.f->tags = all;
	ctx->status = 204;
	return function_put(&ctx->cat, s.f, e);
}

static void
unset_tag(struct tags *t, struct str key)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!str_eq(t->v[i].key, key))
			continue;
		t->n--;
		memmove(&t->v[i], &t->v[i + 1], (t->n - i) * sizeof(t->v[0]));
		return;
	}
}

bool
untag_function(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct str query = ctx->query, key;
	size_t given = 0;
	struct subject s;

	(void)input;
	(void)out;
	if (!subject_get_latest(ctx, &s, e))
		return false;
	while (query_next(ctx->cat.arena, &query, "tagKeys", &key)) {
		unset_tag(&s.f->tags, key);
		given++;
	}
	if (given == 0)
		return err_set(e, ERR_LAMBDA_VALIDATION, "1 validation error detected: Value null "
		    "at 'tagKeys' failed to satisfy constraint: Member must not be null");
	ctx->status = 204;
	return function_put(&ctx->cat, s.f, e);
}
