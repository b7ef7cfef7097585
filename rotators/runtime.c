/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/runtime.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "rotators/fault.h"
#include "rotators/httpcall.h"

#define REPORT_LIMIT_MS 10000L

struct runtime {
	struct httpcall *http;
	const char *base;	/* host:port */
};

static bool
runtime_open(struct runtime *rt, struct err *e)
{
	rt->base = getenv("AWS_LAMBDA_RUNTIME_API");
	if (rt->base == NULL || *rt->base == '\0')
		return fault_set(e, FAULT_FUNCTION, "AWS_LAMBDA_RUNTIME_API is not set: "
		    "a rotation function is started by pawld, not by hand");
	if (!httpcall_setup(e))
		return false;
	rt->http = httpcall_new(NULL);
	return rt->http != NULL || fault_set(e, FAULT_FUNCTION, "no HTTP client");
}

static bool
runtime_post(struct runtime *rt, struct arena *a, const char *path, const char *error_type,
    struct str body, struct err *e)
{
	struct header headers[] = {
		{ STR_LIT("Content-Type"), STR_LIT("application/json") },
		{ STR_LIT("Lambda-Runtime-Function-Error-Type"), str_of(error_type) },
	};
	struct httpcall_request r = { .method = "POST",
		.url = arena_printf(a, "http://%s/2018-06-01/runtime/%s", rt->base, path),
		.headers = headers, .header_count = error_type != NULL ? 2 : 1,
		.body = body, .timeout_ms = REPORT_LIMIT_MS };
	struct str answer;
	long status;

	if (!httpcall_send(rt->http, &r, &status, &answer, e))
		return false;
	if (status != 202)
		return fault_set(e, FAULT_FUNCTION, "Runtime API: %s answered %ld", path, status);
	return true;
}

static bool
runtime_next(struct runtime *rt, struct arena *a, struct invocation *inv, struct err *e)
{
	struct httpcall_request r = { .method = "GET",
		.url = arena_printf(a, "http://%s/2018-06-01/runtime/invocation/next", rt->base) };
	unsigned long long deadline = 0;
	struct str event;
	long status;

	if (!httpcall_send(rt->http, &r, &status, &event, e))
		return false;
	if (status != 200)
		return fault_set(e, FAULT_FUNCTION, "Runtime API: next answered %ld", status);
	inv->arena = a;
	inv->event = arena_str(a, event);
	inv->request_id = httpcall_header(rt->http, a, "Lambda-Runtime-Aws-Request-Id");
	if (!str_to_u64(
		httpcall_header(rt->http, a, "Lambda-Runtime-Deadline-Ms"), INT64_MAX, &deadline))
		deadline = INT64_MAX;
	inv->deadline_ms = (int64_t)deadline;
	if (inv->request_id.n == 0)
		return fault_set(e, FAULT_FUNCTION, "Runtime API: next has no request id");
	return true;
}

static void
write_error(struct buf *out, const struct err *why)
{
	struct jsonw w = jsonw_on(out);

	jsonw_open(&w);
	jsonw_kz(&w, "errorMessage", why->msg);
	jsonw_kz(&w, "errorType", fault_type(why));
	jsonw_key(&w, "stackTrace");
	jsonw_open_list(&w);
	jsonw_close_list(&w);
	jsonw_close(&w);
}

static bool
runtime_report(
    struct runtime *rt, const struct invocation *inv, const struct err *why, struct err *e)
{
	AUTO_BUF body = BUF_INIT;
	const char *path = arena_printf(inv->arena, "invocation/" STR_FMT "/%s",
	    STR_ARG(inv->request_id), why == NULL ? "response" : "error");

	if (why == NULL)
		return runtime_post(rt, inv->arena, path, NULL, STR_LIT("null"), e);
	log_error("%s: %s", fault_type(why), why->msg);
	write_error(&body, why);
	return runtime_post(rt, inv->arena, path, fault_type(why), buf_view(&body), e);
}

static bool
serve_one(struct runtime *rt, runtime_handler handler, void *arg, struct err *e)
{
	AUTO(arena) *a = arena_new();
	struct invocation inv;
	struct err why;
	bool ok;

	if (!runtime_next(rt, a, &inv, e))
		return false;
	err_clear(&why);
	ok = handler(arg, &inv, &why);
	return runtime_report(rt, &inv, ok ? NULL : &why, e);
}

int
runtime_run(runtime_handler handler, void *arg)
{
	struct runtime rt;
	struct err e;

	if (!runtime_open(&rt, &e)) {
		log_error("%s", e.msg);
		return 1;
	}
	while (serve_one(&rt, handler, arg, &e))
		;
	httpcall_free(rt.http);
	log_error("%s", e.msg);
	return 1;
}

int
runtime_init_failed(const struct err *why)
{
	AUTO(arena) *a = arena_new();
	AUTO_BUF body = BUF_INIT;
	struct runtime rt;
	struct err e;

	log_error("%s", why->msg);
	if (!runtime_open(&rt, &e))
		return 1;
	write_error(&body, why);
	if (!runtime_post(&rt, a, "init/error", fault_type(why), buf_view(&body), &e))
		log_error("%s", e.msg);
	httpcall_free(rt.http);
	return 1;
}
