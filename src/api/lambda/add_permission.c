/* SPDX-License-Identifier: Apache-2.0 */
/* AddPermission - one statement of the function's resource policy (spec/rotation.md 5.8). */
#include "api/lambda/configuration.h"
#include "api/lambda/ops.h"
#include "api/lambda/subject.h"

struct add_permission_input {
	struct str statement_id, action, principal, source_arn, source_account;
	struct str event_source_token, principal_org_id, function_url_auth_type, revision_id;
};

#define POLICY_MAX 20480
#define AT(member) .at = offsetof(struct add_permission_input, member)

static bool
is_letters(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z')))
			return false;
	}
	return s.n > 0;
}

static bool
is_action(struct str s)
{
	return str_is(s, "*") || str_is(s, "lambda:*") ||
	    (str_starts(s, "lambda:") && is_letters(str_skip(s, 7)));
}

static bool
is_account(struct str s)
{
	unsigned long long n;

	return s.n == 12 && str_to_u64(s, 999999999999ULL, &n);
}

static bool
is_arn(struct str s)
{
	struct str f, rest = s;
	size_t n = 0;

	if (!str_starts(s, "arn:aws"))
		return false;
	while (n < 5 && str_split(&rest, ':', &f))
		n++;
	return n == 5 && rest.p != NULL;
}

static const char *const url_auth_types[] = { "NONE", "AWS_IAM", NULL };

const struct field add_permission_fields[] = {
	{ "StatementId", FIELD_STRING, AT(statement_id), .required = true, .min = 1, .max = 100,
	  .pattern = "([a-zA-Z0-9-_]+)", .matches = is_function_name },
	{ "Action", FIELD_STRING, AT(action), .required = true,
	  .pattern = "(lambda:[*]|lambda:[a-zA-Z]+|[*])", .matches = is_action },
	{ "Principal", FIELD_STRING, AT(principal), .required = true, .pattern = "[^\\s]+",
	  .matches = is_without_blanks },
	{ "SourceArn", FIELD_STRING, AT(source_arn), .pattern = "arn:(aws[a-zA-Z0-9-]*):"
	  "([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)",
	  .matches = is_arn },
	{ "SourceAccount", FIELD_STRING, AT(source_account), .max = 12, .pattern = "\\d{12}",
	  .matches = is_account },
	{ "EventSourceToken", FIELD_STRING, AT(event_source_token), .max = 256 },
	{ "PrincipalOrgID", FIELD_STRING, AT(principal_org_id), .min = 12, .max = 34 },
	{ "FunctionUrlAuthType", FIELD_STRING, AT(function_url_auth_type),
	  .values = url_auth_types },
	{ "RevisionId", FIELD_STRING, AT(revision_id) },
	FIELD_END(struct add_permission_input)
};

static bool
write_principal(struct op_ctx *ctx, struct jsonw *w, struct str p, struct err *e)
{
	const char *key = "AWS";

	if (str_is(p, "*")) {
		jsonw_kstr(w, "Principal", p);
		return true;
	}
	if (str_glob(STR_LIT("?*.amazonaws.com"), p) || str_glob(STR_LIT("?*.amazonaws.com.cn"), p))
		key = "Service";
	else if (is_account(p))
		p = str_of(arena_printf(ctx->cat.arena, "arn:%s:iam::" STR_FMT ":root",
		    partition_of(ctx->region), STR_ARG(p)));
	else if (!is_arn(p))
		return err_set(e, ERR_LAMBDA_PARAMETER, "The provided principal was invalid. "
		    "Please check the principal and try again.");
	jsonw_key(w, "Principal");
	jsonw_open(w);
	jsonw_kstr(w, key, p);
	jsonw_close(w);
	return true;
}

/* The conditions of StringEquals, and of ArnLike. */
static void
write_conditions(struct jsonw *w, const struct add_permission_input *in)
{
	const struct { const char *key; struct str value; } equals[] = {
		{ "AWS:SourceAccount", in->source_account },
		{ "lambda:EventSourceToken", in->event_source_token },
		{ "aws:PrincipalOrgID", in->principal_org_id },
		{ "lambda:FunctionUrlAuthType", in->function_url_auth_type },
	};
	bool any = false;

	for (size_t i = 0; i < sizeof(equals) / sizeof(equals[0]); i++) {
		if (equals[i].value.p == NULL)
			continue;
		if (!any) {
			jsonw_key(w, "StringEquals");
			jsonw_open(w);
			any = true;
		}
		jsonw_kstr(w, equals[i].key, equals[i].value);
	}
	if (any)
		jsonw_close(w);
	if (in->source_arn.p == NULL)
		return;
	jsonw_key(w, "ArnLike");
	jsonw_open(w);
	jsonw_kstr(w, "AWS:SourceArn", in->source_arn);
	jsonw_close(w);
}

/* Conditions that a rotation never meets: it carries no token, no organization and no URL. */
static bool
has_other_condition(const struct add_permission_input *in)
{
	return in->event_source_token.p != NULL || in->principal_org_id.p != NULL ||
	    in->function_url_auth_type.p != NULL;
}

static bool
write_statement(struct op_ctx *ctx, const struct add_permission_input *in, struct str resource,
    struct buf *out, struct err *e)
{
	struct jsonw w = jsonw_on(out);

	jsonw_open(&w);
	jsonw_kstr(&w, "Sid", in->statement_id);
	jsonw_kz(&w, "Effect", "Allow");
	if (!write_principal(ctx, &w, in->principal, e))
		return false;
	jsonw_kstr(&w, "Action", in->action);
	jsonw_kstr(&w, "Resource", resource);
	if (has_other_condition(in) || in->source_account.p != NULL || in->source_arn.p != NULL) {
		jsonw_key(&w, "Condition");
		jsonw_open(&w);
		write_conditions(&w, in);
		jsonw_close(&w);
	}
	jsonw_close(&w);
	return true;
}

static bool
check_new(const struct subject *s, struct str statement_id, struct err *e)
{
	for (size_t i = 0; i < s->f->permission_count; i++) {
		if (str_eq(s->f->permissions[i].statement_id, statement_id))
			return err_set(e, ERR_LAMBDA_CONFLICT, "The statement id (" STR_FMT
			    ") provided already exists. Please provide a new statement id, or "
			    "remove the existing statement.", STR_ARG(statement_id));
	}
	return true;
}

/* AWS's limit on a policy; its own error type for it is not in our table. */
static bool
check_size(const struct function *f, struct str statement, struct err *e)
{
	size_t total = statement.n;

	for (size_t i = 0; i < f->permission_count; i++)
		total += f->permissions[i].statement.n + 1;
	return total <= POLICY_MAX || err_set(e, ERR_LAMBDA_PARAMETER, "The final policy size "
	    "(%zu) is bigger than the limit (%d).", total, POLICY_MAX);
}

static void
append(struct op_ctx *ctx, struct function *f, const struct permission *p)
{
	struct permission *all = arena_array(ctx->cat.arena, struct permission,
	    f->permission_count + 1);

	for (size_t i = 0; i < f->permission_count; i++)
		all[i] = f->permissions[i];
	all[f->permission_count++] = *p;
	f->permissions = all;
	f->policy_revision_id = new_revision(ctx->cat.arena);
}

bool
add_permission(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e)
{
	const struct add_permission_input *in = input;
	AUTO_BUF statement = BUF_INIT;
	struct permission p;
	struct subject s;

	if (!subject_look_up(ctx, &s, e))
		return false;
	if (str_is(s.ref.qualifier, LATEST))
		return err_set(e, ERR_LAMBDA_PARAMETER,
		    "We currently do not support adding policies for $LATEST.");
	if (!subject_get_registered(ctx, &s, e) || !check_new(&s, in->statement_id, e) ||
	    !revision_check(in->revision_id, s.f->policy_revision_id, "GetPolicy", e) ||
	    !write_statement(ctx, in, subject_arn(ctx->cat.arena, &s), &statement, e) ||
	    !check_size(s.f, buf_view(&statement), e))
		return false;
	p = (struct permission){ .statement_id = in->statement_id,
		.statement = arena_str(ctx->cat.arena, buf_view(&statement)),
		.principal = in->principal, .action = in->action, .source_arn = in->source_arn,
		.source_account = in->source_account,
		.has_other_condition = has_other_condition(in) };
	append(ctx, s.f, &p);
	if (!function_put(&ctx->cat, s.f, e))
		return false;
	ctx->status = 201;
	jsonw_open(out);
	jsonw_kstr(out, "Statement", p.statement);
	jsonw_close(out);
	return true;
}
