/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invoke - runs a function on request (spec/rotation.md 5.8). RequestResponse answers with its
 * result; DryRun only says whether it could be run.
 *
 * Event answers at once and runs it once: there is no queue and no retry behind it, so a function
 * that is busy or a server that stops loses the event. AWS would try again.
 */
#include "api/lambda/json_text.h"
#include "api/lambda/ops.h"
#include "api/lambda/route.h"
#include "api/lambda/session_cache.h"
#include "api/lambda/subject.h"
#include "api/server.h"
#include "base/codec.h"
#include "func/func.h"
#include "rotate/scheduler.h"

#define PAYLOAD_MAX 6291456
#define EVENT_MAX 1048576
#define CONTEXT_MAX 3583

enum kind { REQUEST_RESPONSE, EVENT, DRY_RUN };

/* One call under way. It has an arena of its own, because an Event outlives its request. */
struct invocation {
	struct arena *arena;
	struct func_call call;
	enum kind kind;
	bool wants_log;
	/* who waits for the result; not for an Event */
	struct op_ctx *ctx;
	struct jsonw *out;
};

/* ---- what is asked for */

static bool
read_kind(struct op_ctx *ctx, enum kind *out, struct err *e)
{
	struct str s = header_get(ctx->headers, ctx->header_count, "x-amz-invocation-type");

	if (s.n == 0 || str_is(s, "RequestResponse"))
		*out = REQUEST_RESPONSE;
	else if (str_is(s, "Event"))
		*out = EVENT;
	else if (str_is(s, "DryRun"))
		*out = DRY_RUN;
	else
		return violation_set(e, s, "invocationType", "Member must satisfy enum value set: "
		    "[Event, RequestResponse, DryRun]");
	return true;
}

static bool
read_log_type(struct op_ctx *ctx, bool *wants_log, struct err *e)
{
	struct str s = header_get(ctx->headers, ctx->header_count, "x-amz-log-type");

	*wants_log = str_is(s, "Tail");
	if (s.n == 0 || *wants_log || str_is(s, "None"))
		return true;
	return violation_set(e, s, "logType", "Member must satisfy enum value set: [None, Tail]");
}

static bool
check_payload(struct invocation *v, struct str body, struct err *e)
{
	size_t at, max = v->kind == EVENT ? EVENT_MAX : PAYLOAD_MAX;
	const char *kind = v->kind == EVENT ? "Event" : "RequestResponse";

	if (body.n > max)
		return err_set(e, ERR_TOO_LARGE, "%zu byte payload is too large for the %s "
		    "invocation type (limit %zu bytes)", body.n, kind, max);
	if (body.n == 0)
		v->call.payload = STR_LIT("{}");
	else if (!json_text_check(body, &at))
		return err_set(e, ERR_LAMBDA_CONTENT, "Could not parse request body into json: "
		    "unexpected input at byte %zu", at);
	else	/* an Event outlives the request's body */
		v->call.payload = v->kind == EVENT ? arena_str(v->arena, body) : body;
	return true;
}

/* Base64 of a JSON object. It goes to the function in a header, hence written anew on one line. */
static bool
read_context(struct op_ctx *ctx, struct invocation *v, struct err *e)
{
	struct str s = header_get(ctx->headers, ctx->header_count, "x-amz-client-context"), text;
	uint8_t *p = arena_alloc(v->arena, s.n + 1);
	json_t *doc = NULL;
	struct err why;
	char *line;

	if (s.n == 0)
		return true;
	text.p = (const char *)p;
	if (s.n <= BASE64_LEN(CONTEXT_MAX) && base64_decode(s, p, &text.n))
		doc = json_parse(v->arena, text, 0, &why);
	if (!json_is_object(doc))
		return err_set(e, ERR_LAMBDA_CONTENT,
		    "Client context must be a valid Base64-encoded JSON object.");
	line = json_dumps(doc, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (line == NULL)
		return err_internal(e, "a client context could not be written");
	v->call.client_context = arena_str(v->arena, str_of(line));
	free(line);
	return true;
}

/* ---- the function */

static bool
find(struct op_ctx *ctx, struct invocation *v, struct subject *s, struct err *e)
{
	struct str qualifier = query_value(ctx->cat.arena, ctx->query, "Qualifier");
	struct catalog cat = { .keys = ctx->cat.keys, .arena = v->arena,
		.now_ms = ctx->cat.now_ms };
	AUTO(txn) *t = NULL;

	if (!subject_parse(ctx, ctx->path_name, qualifier, s, e))
		return false;
	t = store_view(ctx->server->store, e);
	cat.txn = t;
	if (t == NULL || !subject_find(&cat, s, e))
		return false;
	if (s->f != NULL)
		return true;
	if (s->ref.qualifier.p == NULL)
		s->ref.qualifier = STR_LIT(LATEST);
	return subject_missing(ctx, s, e);
}

static bool
prepare(struct op_ctx *ctx, struct invocation *v, const struct subject *s, struct err *e)
{
	struct func_call *call = &v->call;
	struct str arn = arena_str(v->arena, subject_arn(v->arena, s));

	if (s->f->reserved_concurrency == 0)
		return err_set(e, ERR_LAMBDA_TOO_MANY, "Rate Exceeded.");
	if (ctx->server->func == NULL)
		return err_set(e, ERR_UNAVAILABLE, "The function runner is not available.");
	if (!rotator_prepare_call(ctx->server->rotation, v->arena, s->f, arn, STR_NULL, STR_NULL,
	    call, e))
		return false;
	session_cache_share(s->f, call);
	call->spec.version = function_version(v->arena, s->f);
	call->request_id = arena_str(v->arena, ctx->request_id);
	return true;
}

/* ---- the result */

static void
add_header(struct op_ctx *ctx, const char *name, struct str value)
{
	ctx->reply_headers[ctx->reply_header_count++] = (struct header){ str_of(name), value };
}

static struct str
log_result(struct arena *a, struct str tail)
{
	AUTO_BUF b = BUF_INIT;

	base64_add(&b, tail.p, tail.n);
	return arena_str(a, buf_view(&b));
}

/* What the function said, or, when it never ran, what kept it from running. */
static void
write_payload(struct jsonw *out, const struct func_result *r)
{
	if (r->payload.n > 0) {
		buf_str(out->b, r->payload);
		return;
	}
	if (r->outcome == FUNC_OK) {
		buf_z(out->b, "null");
		return;
	}
	jsonw_open(out);
	jsonw_kstr(out, "errorMessage", r->error_message);
	jsonw_kstr(out, "errorType", r->error_type);
	jsonw_close(out);
}

static void
answer(struct invocation *v)
{
	const struct func_result *r = &v->call.result;
	struct op_ctx *ctx = v->ctx;
	struct err e;

	if (r->outcome == FUNC_THROTTLED) {
		err_set(&e, ERR_LAMBDA_TOO_MANY, "Rate Exceeded.");
		ctx->complete(ctx, &e);
		return;
	}
	if (r->outcome == FUNC_UNAVAILABLE) {
		err_set(&e, ERR_UNAVAILABLE, "The function runner is not available.");
		ctx->complete(ctx, &e);
		return;
	}
	add_header(ctx, "X-Amz-Executed-Version", v->call.spec.version);
	if (r->outcome != FUNC_OK)
		add_header(ctx, "X-Amz-Function-Error", STR_LIT("Unhandled"));
	if (v->wants_log)
		add_header(ctx, "X-Amz-Log-Result", log_result(v->arena, r->log_tail));
	write_payload(v->out, r);
	ctx->complete(ctx, NULL);
}

static void
returned(struct func_call *call)
{
	struct invocation *v = call->arg;

	if (v->ctx != NULL)
		answer(v);
	arena_free(v->arena);
}

/* ---- */

static bool
accept(struct op_ctx *ctx, struct invocation *v, struct err *e)
{
	struct subject s;

	return read_kind(ctx, &v->kind, e) && read_log_type(ctx, &v->wants_log, e) &&
	    check_payload(v, ctx->body, e) && read_context(ctx, v, e) && find(ctx, v, &s, e) &&
	    (v->kind == DRY_RUN || prepare(ctx, v, &s, e));
}

/* Once func_invoke has a call that somebody waits for, ctx may be gone at any moment. */
static void
run(struct op_ctx *ctx, struct invocation *v, struct jsonw *out)
{
	struct func *f = ctx->server->func;

	if (v->kind == REQUEST_RESPONSE) {
		v->ctx = ctx;
		v->out = out;
		func_invoke(f, &v->call);
		return;
	}
	if (v->kind == EVENT)
		func_invoke(f, &v->call);
	else
		arena_free(v->arena);
}

void
invoke(struct op_ctx *ctx, const void *input, struct jsonw *out)
{
	struct arena *a = arena_new();
	struct invocation *v = arena_new_of(a, struct invocation);
	enum kind kind;
	struct err e;

	(void)input;
	v->arena = a;
	if (!accept(ctx, v, &e)) {
		arena_free(a);
		ctx->complete(ctx, &e);
		return;
	}
	v->call.done = returned;
	v->call.arg = v;
	kind = v->kind;
	run(ctx, v, out);
	if (kind == REQUEST_RESPONSE)
		return;
	ctx->status = kind == EVENT ? 202 : 204;
	ctx->complete(ctx, NULL);
}
