/* SPDX-License-Identifier: Apache-2.0 */
#include "api/lambda/subject.h"

#include "api/lambda/route.h"
#include "crypto/random.h"

#define NAME_MAX_CHARS 64
#define NAME_PATTERN "(arn:(aws[a-zA-Z-]*)?:lambda:)?" \
	"([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?" \
	"([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?"

static bool
all_of(struct str s, const char *extra)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
		    (c == '\0' || strchr(extra, c) == NULL))
			return false;
	}
	return s.n > 0;
}

bool
is_function_name(struct str s)
{
	return all_of(s, "-_");
}

bool
is_qualifier(struct str s)
{
	return s.n <= 128 && all_of(s, "$_-");
}

bool
violation_set(struct err *e, struct str value, const char *at, const char *constraint)
{
	return err_set(e, ERR_LAMBDA_VALIDATION, "1 validation error detected: Value '" STR_FMT
	    "' at '%s' failed to satisfy constraint: %s", STR_ARG(value), at, constraint);
}

/* The qualifier may stand in the name, in the query, or in both when they agree. */
static bool
settle_qualifier(struct function_ref *r, struct str given, struct err *e)
{
	if (given.p == NULL)
		return true;
	if (!is_qualifier(given))
		return violation_set(e, given, "qualifier", "Member must satisfy regular "
		    "expression pattern: \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+");
	if (r->qualifier.p != NULL && !str_eq(r->qualifier, given))
		return err_set(e, ERR_LAMBDA_PARAMETER, "The derived qualifier from the function "
		    "name does not match the specified qualifier.");
	r->qualifier = given;
	return true;
}

static bool
check_place(struct op_ctx *ctx, const struct subject *s, struct err *e)
{
	if (!str_eq(s->ref.region, ctx->region))
		return err_set(e, ERR_LAMBDA_NOT_FOUND, "Functions from '" STR_FMT "' are not "
		    "reachable in this region ('" STR_FMT "')", STR_ARG(s->ref.region),
		    STR_ARG(ctx->region));
	if (!str_eq(s->ref.account, ctx->account))
		return err_set(e, ERR_LAMBDA_DENIED, "User: " STR_FMT " is not authorized to use "
		    "the resource: " STR_FMT, STR_ARG(ctx->caller->arn), STR_ARG(s->arn));
	return true;
}

bool
subject_parse(struct op_ctx *ctx, struct str text, struct str qualifier, struct subject *out,
    struct err *e)
{
	struct function_ref *r = &out->ref;

	out->f = NULL;
	if (text.n > 170)
		return violation_set(e, text, "functionName",
		    "Member must have length less than or equal to 140");
	if (!function_ref_parse(text, ctx->account, ctx->region, r) ||
	    !is_function_name(r->name) || (r->qualifier.p != NULL && !is_qualifier(r->qualifier)))
		return violation_set(e, text, "functionName",
		    "Member must satisfy regular expression pattern: " NAME_PATTERN);
	if (r->name.n > NAME_MAX_CHARS)
		return violation_set(e, text, "functionName",
		    "Member must have length less than or equal to 64");
	out->arn = function_arn(ctx->cat.arena, r->account, r->region, r->name);
	return settle_qualifier(r, qualifier, e) && check_place(ctx, out, e);
}

bool
subject_find(struct catalog *c, struct subject *s, struct err *e)
{
	return function_resolve(c, &s->ref, &s->f, e);
}

bool
subject_look_up(struct op_ctx *ctx, struct subject *out, struct err *e)
{
	struct str qualifier = query_value(ctx->cat.arena, ctx->query, "Qualifier");

	return subject_parse(ctx, ctx->path_name, qualifier, out, e) &&
	    subject_find(&ctx->cat, out, e);
}

struct str
subject_arn(struct arena *a, const struct subject *s)
{
	if (s->ref.qualifier.p == NULL)
		return s->arn;
	return str_of(arena_printf(a, STR_FMT ":" STR_FMT, STR_ARG(s->arn),
	    STR_ARG(s->ref.qualifier)));
}

bool
subject_missing(struct op_ctx *ctx, const struct subject *s, struct err *e)
{
	return err_set(e, ERR_LAMBDA_NOT_FOUND, MSG_NO_FUNCTION,
	    STR_ARG(subject_arn(ctx->cat.arena, s)));
}

bool
subject_get(struct op_ctx *ctx, struct subject *out, struct err *e)
{
	return subject_look_up(ctx, out, e) && (out->f != NULL || subject_missing(ctx, out, e));
}

bool
subject_get_registered(struct op_ctx *ctx, struct subject *out, struct err *e)
{
	if (!subject_get(ctx, out, e))
		return false;
	return out->f->builtin.p == NULL || err_set(e, ERR_LAMBDA_PARAMETER,
	    "Function " STR_FMT " is built in.", STR_ARG(out->f->name));
}

bool
subject_get_latest(struct op_ctx *ctx, struct subject *out, struct err *e)
{
	if (!subject_get_registered(ctx, out, e))
		return false;
	return out->f->version == 0 || err_set(e, ERR_LAMBDA_PARAMETER, "This operation is "
	    "permitted on Lambda functions only. Aliases and versions do not support this "
	    "operation. Please specify either a function name or an unqualified function ARN.");
}

struct str
function_version(struct arena *a, const struct function *f)
{
	return f->version == 0 ? STR_LIT(LATEST) :
	    str_of(arena_printf(a, "%lld", (long long)f->version));
}

struct str
new_revision(struct arena *a)
{
	char *uuid = arena_alloc(a, 37);

	random_uuid(uuid);
	return str_of(uuid);
}

void
function_touch(struct op_ctx *ctx, struct function *f)
{
	f->revision_id = new_revision(ctx->cat.arena);
	f->modified_ms = ctx->cat.now_ms;
}

bool
revision_check(struct str given, struct str present, const char *call, struct err *e)
{
	return given.n == 0 || str_eq(given, present) ||
	    err_set(e, ERR_LAMBDA_PRECONDITION, MSG_REVISION, call);
}
