/* SPDX-License-Identifier: Apache-2.0 */
/* The Runtime API as bytes: spec/rotation.md 5.1 and 5.2. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "runner/runtime_api.h"

#define ID "6f0c7a1e-54b5-4b0e-9d0a-3c1f2f6f9a11"
#define BASE "/2018-06-01/runtime/"

struct world {
	struct runtime_api *api;
	struct runtime_conn *conn;
	struct buf out;			/* what the connection sent */
	struct buf said;		/* what the hooks heard, a line each */
	bool deliver_at_once;
};

static void
deliver(struct world *w)
{
	const struct runtime_event ev = { .request_id = STR_LIT(ID), .arn = STR_LIT("arn:f"),
	    .trace_id = STR_LIT("Root=1-2-3"), .client_context = STR_LIT(""),
	    .payload = STR_LIT("{\"a\":1}"), .deadline_ms = 1700000000123 };

	runtime_api_deliver(w->api, &ev);
}

static void
on_ready(void *arg)
{
	struct world *w = arg;

	buf_z(&w->said, "ready\n");
	if (w->deliver_at_once)
		deliver(w);
}

static void
on_response(void *arg, struct str body)
{
	buf_printf(&((struct world *)arg)->said, "response %zu " STR_FMT "\n", body.n,
	    (int)(body.n < 40 ? body.n : 40), body.p == NULL ? "" : body.p);
}

static void
on_error(void *arg, struct str type, struct str body)
{
	buf_printf(&((struct world *)arg)->said, "error " STR_FMT " " STR_FMT "\n", STR_ARG(type),
	    STR_ARG(body));
}

static void
on_init_error(void *arg, struct str type, struct str body)
{
	buf_printf(&((struct world *)arg)->said, "init " STR_FMT " " STR_FMT "\n", STR_ARG(type),
	    STR_ARG(body));
}

static void
on_too_large(void *arg, uint64_t size)
{
	buf_printf(&((struct world *)arg)->said, "large %llu\n", (unsigned long long)size);
}

static void
on_send(void *arg, struct str bytes)
{
	buf_str(&((struct world *)arg)->out, bytes);
}

static void
open_world(struct world *w)
{
	const struct runtime_hooks hooks = { on_ready, on_response, on_error, on_init_error,
		on_too_large, w };

	w->api = runtime_api_new(&hooks);
	w->conn = runtime_conn_new(w->api, on_send, w);
}

static void
close_world(struct world *w)
{
	runtime_conn_free(w->conn);
	runtime_api_free(w->api);
	buf_free(&w->out);
	buf_free(&w->said);
}

static bool
feed(struct world *w, const char *text)
{
	buf_reset(&w->out);
	buf_reset(&w->said);
	return runtime_conn_feed(w->conn, str_of(text));
}

static int
status(const struct world *w)
{
	return w->out.n > 12 ? atoi(w->out.p + strlen("HTTP/1.1 ")) : 0;
}

static const char get_next[] = "GET " BASE "invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";

static const char *
post(struct arena *a, const char *path, const char *extra, const char *body)
{
	return arena_printf(a, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", path,
	    extra, strlen(body), body);
}

TEST("next waits for an event and is answered with the headers of 5.2")
{
	struct world w = { 0 };

	open_world(&w);
	assert_true(feed(&w, get_next));
	CHECK_STR(buf_view(&w.said), "ready\n");
	assert_int_equal(w.out.n, 0);
	assert_true(runtime_api_is_waiting(w.api));
	deliver(&w);
	assert_false(runtime_api_is_waiting(w.api));
	CHECK_STR(buf_view(&w.out), "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	    "Content-Length: 7\r\nLambda-Runtime-Aws-Request-Id: " ID "\r\n"
	    "Lambda-Runtime-Deadline-Ms: 1700000000123\r\n"
	    "Lambda-Runtime-Invoked-Function-Arn: arn:f\r\nLambda-Runtime-Trace-Id: Root=1-2-3\r\n"
	    "\r\n{\"a\":1}");
	close_world(&w);
}

TEST("a response, then the next event, on one connection; every byte may come alone")
{
	AUTO(arena) *a = arena_new();
	const char *text = post(a, BASE "invocation/" ID "/response", "", "[1]");
	struct world w = { .deliver_at_once = true };

	open_world(&w);
	for (int round = 0; round < 2; round++) {
		buf_reset(&w.said);
		for (const char *p = get_next; *p != '\0'; p++)
			assert_true(runtime_conn_feed(w.conn, (struct str){ p, 1 }));
		buf_reset(&w.out);
		for (const char *p = text; *p != '\0'; p++)
			assert_true(runtime_conn_feed(w.conn, (struct str){ p, 1 }));
		CHECK_STR(buf_view(&w.said), "ready\nresponse 3 [1]\n");
		assert_int_equal(status(&w), 202);
		assert_non_null(memmem(w.out.p, w.out.n, "{\"status\":\"OK\"}", 15));
	}
	close_world(&w);
}

TEST("answers, in order, of a runtime that does not follow the order")
{
	AUTO(arena) *a = arena_new();
	const struct { const char *text; int status; const char *said, *body; } rows[] = {
		{ post(a, BASE "invocation/" ID "/response", "", "1"), 400, "",
		    "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}" },
		{ "GET /ping HTTP/1.1\r\n\r\n", 200, "", "pong" },
		{ get_next, 200, "ready\n", NULL },
		{ get_next, 403, "", "{\"errorMessage\":\"State transition from Running to Ready failed for "
		    "runtime. Error: State transition is not allowed\","
		    "\"errorType\":\"InvalidStateTransition\"}" },
		{ post(a, BASE "init/error", "", "{}"), 403, "", NULL },
		{ post(a, BASE "invocation/other/response", "", "1"), 400, "", NULL },
		{ post(a, BASE "invocation/" ID "/response",
		    "Lambda-Runtime-Function-Response-Mode: odd\r\n", "1"), 400, "", NULL },
		{ post(a, BASE "invocation/" ID "/error",
		    "LAMBDA-RUNTIME-FUNCTION-ERROR-TYPE: Function.Foo\r\n", "{\"x\":1}"), 202,
		    "error Function.Foo {\"x\":1}\n", NULL },
		{ post(a, BASE "invocation/" ID "/response", "", "1"), 403, "", NULL },
		{ get_next, 200, "ready\n", NULL },
		{ post(a, BASE "invocation/" ID "/response",
		    "Lambda-Runtime-Function-Response-Mode: streaming\r\n", "s"), 202, "response 1 s\n",
		    NULL },
		{ "GET /2018-06-01/runtime/invocation HTTP/1.1\r\n\r\n", 404, "", NULL },
		{ "GET /2018-06-01/runtime/invocation/" ID "/response HTTP/1.1\r\n\r\n", 404, "", NULL },
		{ "GET /2020-01-01/extension/register HTTP/1.1\r\n\r\n", 404, "", NULL },
		{ "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n", 404, "", NULL },
		{ "GET /2018-06-01/runtime/invocation/next?x=1 HTTP/1.1\r\n\r\n", 200, "ready\n", NULL },
	};
	struct world w = { .deliver_at_once = true };

	open_world(&w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(feed(&w, rows[i].text));
		if (status(&w) != rows[i].status)
			fail_msg("row %zu: %d", i, status(&w));
		CHECK_STR(buf_view(&w.said), rows[i].said);
		if (rows[i].body != NULL)
			assert_string_equal(strstr(arena_strz(a, buf_view(&w.out)), "\r\n\r\n") + 4,
			    rows[i].body);
	}
	close_world(&w);
}

TEST("init/error ends a sandbox that has not asked for an event yet")
{
	AUTO(arena) *a = arena_new();
	struct world w = { 0 };

	open_world(&w);
	assert_true(feed(&w, post(a, BASE "init/error",
	    "Lambda-Runtime-Function-Error-Type: Runtime.X\r\n", "{\"errorMessage\":\"m\"}")));
	assert_int_equal(status(&w), 202);
	CHECK_STR(buf_view(&w.said), "init Runtime.X {\"errorMessage\":\"m\"}\n");
	assert_true(feed(&w, get_next));
	assert_int_equal(status(&w), 403);
	close_world(&w);
}

TEST("chunked bodies are accepted, and an error in the trailers counts")
{
	struct world w = { .deliver_at_once = true };

	open_world(&w);
	assert_true(feed(&w, get_next));
	assert_true(feed(&w, "POST " BASE "invocation/" ID "/response HTTP/1.1\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
	CHECK_STR(buf_view(&w.said), "response 5 abcde\n");
	assert_true(feed(&w, get_next));
	assert_true(feed(&w, "POST " BASE "invocation/" ID "/response HTTP/1.1\r\n"
	    "Transfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n"
	    "3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: Function.Late\r\n"
	    "Lambda-Runtime-Function-Error-Body: e30=\r\n\r\n"));
	CHECK_STR(buf_view(&w.said), "error Function.Late {}\n");
	close_world(&w);
}

TEST("a result of one byte too many is 413, and the connection stays in step")
{
	AUTO_BUF b = BUF_INIT;
	struct world w = { .deliver_at_once = true };
	const size_t sizes[] = { RUNTIME_MAX_RESULT, RUNTIME_MAX_RESULT + 1 };

	open_world(&w);
	for (size_t i = 0; i < 2; i++) {
		assert_true(feed(&w, get_next));
		buf_reset(&w.out);
		buf_reset(&w.said);
		buf_reset(&b);
		buf_printf(&b, "POST " BASE "invocation/" ID "/response HTTP/1.1\r\nExpect: "
		    "100-continue\r\nContent-Length: %zu\r\n\r\n", sizes[i]);
		assert_true(runtime_conn_feed(w.conn, buf_view(&b)));
		CHECK_STR(buf_view(&w.out), "HTTP/1.1 100 Continue\r\n\r\n");
		buf_reset(&w.out);
		buf_reset(&b);
		buf_reserve(&b, sizes[i]);
		memset(b.p, 'x', sizes[i]);
		b.n = sizes[i];
		assert_true(runtime_conn_feed(w.conn, buf_view(&b)));
		assert_int_equal(status(&w), i == 0 ? 202 : 413);
	}
	CHECK_STR(buf_view(&w.said), "large 6291557\n");
	assert_non_null(memmem(w.out.p, w.out.n,
	    "Exceeded maximum allowed payload size (6291556 bytes).", 54));
	close_world(&w);
}

TEST("what is not HTTP/1.1 gets 400 and a closed connection; too long a head as well")
{
	AUTO(arena) *a = arena_new();
	char *pad = arena_alloc(a, 20001);
	const char *rows[5] = { "hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" };

	memset(pad, 'a', 20000);
	rows[3] = arena_printf(a, "GET /%s HTTP/1.1\r\n\r\n", pad);
	rows[4] = arena_printf(a, "GET / HTTP/1.1\r\nX: %s\r\n\r\n", pad);
	for (size_t i = 0; i < 5; i++) {
		struct world w = { 0 };

		open_world(&w);
		assert_false(feed(&w, rows[i]));
		assert_int_equal(status(&w), 400);
		assert_non_null(memmem(w.out.p, w.out.n, "Connection: close\r\n", 19));
		close_world(&w);
	}
}

TEST("bytes behind a waiting next end the connection, and a closed one waits no longer")
{
	struct world w = { 0 };

	open_world(&w);
	assert_true(feed(&w, get_next));
	assert_false(feed(&w, "GET /ping HTTP/1.1\r\n\r\n"));
	runtime_conn_free(w.conn);
	assert_false(runtime_api_is_waiting(w.api));
	w.conn = runtime_conn_new(w.api, on_send, &w);
	assert_true(feed(&w, get_next));
	assert_true(runtime_api_is_waiting(w.api));
	close_world(&w);
}
