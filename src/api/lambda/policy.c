/* SPDX-License-Identifier: Apache-2.0 */
/* GetPolicy and RemovePermission. */
#include "api/lambda/ops.h"
#include "api/lambda/route.h"
#include "api/lambda/subject.h"

/* Built-in functions may be invoked by rotation, always. */
static void
write_builtin_statement(struct buf *b, const struct function *f)
{
	struct jsonw w = jsonw_on(b);

	jsonw_open(&w);
	jsonw_kz(&w, "Sid", "builtin");
	jsonw_kz(&w, "Effect", "Allow");
	jsonw_key(&w, "Principal");
	jsonw_open(&w);
	jsonw_kz(&w, "Service", "secretsmanager.amazonaws.com");
	jsonw_close(&w);
	jsonw_kz(&w, "Action", "lambda:InvokeFunction");
	jsonw_kstr(&w, "Resource", f->arn);
	jsonw_close(&w);
}

static void
write_document(struct buf *b, const struct function *f)
{
	buf_z(b, "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[");
	if (f->builtin.p != NULL)
		write_builtin_statement(b, f);
	for (size_t i = 0; i < f->permission_count; i++) {
		if (i > 0)
			buf_c(b, ',');
		buf_str(b, f->permissions[i].statement);
	}
	buf_z(b, "]}");
}

bool
get_policy(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	AUTO_BUF document = BUF_INIT;
	struct subject s;

	(void)input;
	if (!subject_get(ctx, &s, e))
		return false;
	if (s.f->permission_count == 0 && s.f->builtin.p == NULL)
		return err_set(e, ERR_LAMBDA_NOT_FOUND,
		    "The resource you requested does not exist.");
	write_document(&document, s.f);
	jsonw_open(out);
	jsonw_kstr(out, "Policy", buf_view(&document));
	jsonw_kstr(out, "RevisionId", s.f->builtin.p != NULL ? s.f->revision_id :
	    s.f->policy_revision_id);
	jsonw_close(out);
	return true;
}

/* Takes the statement out; false when there is none of that id. */
static bool
take_out(struct function *f, struct str statement_id)
{
	for (size_t i = 0; i < f->permission_count; i++) {
		if (!str_eq(f->permissions[i].statement_id, statement_id))
			continue;
		f->permission_count--;
		memmove(&f->permissions[i], &f->permissions[i + 1],
		    (f->permission_count - i) * sizeof(f->permissions[0]));
		return true;
	}
	return false;
}

bool
remove_permission(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	struct str revision = query_value(ctx->cat.arena, ctx->query, "RevisionId");
	struct subject s;

	(void)input;
	(void)out;
	if (!subject_look_up(ctx, &s, e))
		return false;
	if (s.f == NULL)
		return err_set(e, ERR_LAMBDA_NOT_FOUND, "No policy found for: " STR_FMT,
		    STR_ARG(subject_arn(ctx->cat.arena, &s)));
	if (!subject_get_registered(ctx, &s, e))
		return false;
	if (s.f->permission_count == 0)
		return err_set(e, ERR_LAMBDA_NOT_FOUND,
		    "No policy is associated with the given resource.");
	if (!revision_check(revision, s.f->policy_revision_id, "GetPolicy", e))
		return false;
	if (!take_out(s.f, ctx->path_rest))
		return err_set(e, ERR_LAMBDA_NOT_FOUND, "Statement " STR_FMT
		    " is not found in resource policy.", STR_ARG(ctx->path_rest));
	s.f->policy_revision_id = new_revision(ctx->cat.arena);
	if (!function_put(&ctx->cat, s.f, e))
		return false;
	ctx->status = 204;
	return true;
}
