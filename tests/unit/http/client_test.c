/* SPDX-License-Identifier: Apache-2.0 */
/* src/http/client.c against our own server. */
#include "test.h"

#include <sys/un.h>

#include "fixture.h"
#include "http/client.h"

/* Says what it saw, with a redirect that nobody must follow. */
static void
describe(struct http_request *r, void *arg)
{
	struct fixture *f = arg;
	struct header headers[] = { { STR_LIT("Location"), STR_LIT("http://127.0.0.1:1/") },
		{ STR_LIT("X-Back"), STR_LIT("there") } };
	struct str target = header_get(r->headers, r->header_count, "x-amz-target");
	struct str empty = header_get(r->headers, r->header_count, "x-empty");
	struct str type = header_get(r->headers, r->header_count, "content-type");
	char *text = arena_printf(r->arena, STR_FMT " " STR_FMT " target=" STR_FMT " empty=%d type=%d '"
	    STR_FMT "'", STR_ARG(r->method), STR_ARG(r->target), STR_ARG(target), empty.p != NULL,
	    type.p != NULL, STR_ARG(r->body));

	atomic_fetch_add(&f->calls, 1);
	http_reply(r, &(struct http_reply){ .status = 302, .headers = headers, .header_count = 2,
	    .body = str_of(text) });
}

static void
start(struct fixture *f, void (*handler)(struct http_request *, void *), char url[64],
    const char *path)
{
	struct http_config c = fixture_config(f);

	c.on_request = handler;
	fixture_start(f, &c);
	snprintf(url, 64, "http://127.0.0.1:%u%s", http_server_port(f->server), path);
}

static void
check_fails(struct http_client *c, const struct http_call *call, int sys)
{
	struct http_answer a;
	struct err e = { 0 };

	CHECK_ERR(http_client_call(c, call, &a, &e), &e, ERR_IO);
	assert_int_equal(e.sys, sys);
}

TEST("a call: method, fields and body arrive as given; status, fields and body come back")
{
	struct header sent[] = { { STR_LIT("X-Amz-Target"), STR_LIT("T.Op") },
		{ STR_LIT("X-Empty"), STR_LIT("") } };
	static const struct {
		const char *method, *body, *want;
	} rows[] = {
		{ "POST", "hello", "POST /a?b=/../c target=T.Op empty=1 type=0 'hello'" },
		{ "POST", "", "POST /a?b=/../c target=T.Op empty=1 type=0 ''" },
		{ "PUT", "hello", "PUT /a?b=/../c target=T.Op empty=1 type=0 'hello'" },
		{ "GET", NULL, "GET /a?b=/../c target=T.Op empty=1 type=0 ''" },
		{ "DELETE", NULL, "DELETE /a?b=/../c target=T.Op empty=1 type=0 ''" },
		{ "HEAD", NULL, "" },
	};
	struct fixture f;
	char url[64];
	AUTO(http_client) *c = http_client_new();

	start(&f, describe, url, "/a?b=/../c");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_call call = { .method = rows[i].method, .url = url, .headers = sent,
			.header_count = 2, .body = str_of(rows[i].body) };
		struct http_answer a;
		struct err e = { 0 };

		CHECK_OK(http_client_call(c, &call, &a, &e), &e);
		assert_int_equal(a.status, 302);
		CHECK_STR(buf_view(&a.body), rows[i].want);
		CHECK_STR(header_get(a.headers, a.header_count, "x-back"), "there");
		http_answer_free(&a);
	}
	assert_int_equal(f.calls, sizeof(rows) / sizeof(rows[0]));	/* no redirect followed */
	fixture_stop(&f);
}

TEST("a header with a line break in it is not sent")
{
	struct header bad[] = { { STR_LIT("A"), STR_LIT("b\r\nC: d") }, { STR_LIT("A\n"), STR_LIT("b") },
		{ STR_LIT("A"), STR_LIT("b\0c") }, { STR_LIT(""), STR_LIT("b") } };
	AUTO(http_client) *c = http_client_new();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct http_call call = { .method = "GET", .url = "http://127.0.0.1:1/",
			.headers = &bad[i], .header_count = 1 };
		struct http_answer a;
		struct err e = { 0 };

		CHECK_ERR(http_client_call(c, &call, &a, &e), &e, ERR_INTERNAL);
	}
}

TEST("failures: nobody there, no answer in time, an answer too large, other protocols")
{
	struct fixture f;
	char url[64], big[64];
	AUTO(http_client) *c = http_client_new();

	start(&f, fixture_handle, url, "/hold");
	snprintf(big, sizeof(big), "http://127.0.0.1:%u/bytes/1001", http_server_port(f.server));
	check_fails(c, &(struct http_call){ .method = "GET", .url = "http://127.0.0.1:1/" },
	    ECONNREFUSED);
	check_fails(c, &(struct http_call){ .method = "GET", .url = url, .total_ms = 50 }, ETIMEDOUT);
	reply_200(held(&f), STR_LIT(""));
	check_fails(c, &(struct http_call){ .method = "GET", .url = big, .max_body = 1000 }, EMSGSIZE);
	check_fails(c, &(struct http_call){ .method = "GET", .url = "file:///etc/passwd" }, EIO);
	fixture_stop(&f);
}

TEST("an answer as large as allowed is whole")
{
	struct fixture f;
	char url[64];
	AUTO(http_client) *c = http_client_new();
	struct http_answer a;
	struct err e = { 0 };

	start(&f, fixture_handle, url, "/bytes/1000000");
	CHECK_OK(http_client_call(c, &(struct http_call){ .method = "GET", .url = url,
	    .max_body = 1000000 }, &a, &e), &e);
	assert_int_equal(a.body.n, 1000000);
	http_answer_free(&a);
	fixture_stop(&f);
}

TEST("a socket file instead of the URL's host")
{
	char dir[] = "/tmp/client-test-XXXXXX", listen[64], want[32];
	struct fixture f;
	struct http_config config = fixture_config(&f);
	AUTO(http_client) *c = http_client_new();
	struct http_answer a;
	struct err e = { 0 };

	assert_non_null(mkdtemp(dir));
	snprintf(listen, sizeof(listen), "unix:%s/s", dir);
	snprintf(want, sizeof(want), "unix %u - -", getuid());
	config.listen = listen;
	fixture_start(&f, &config);
	CHECK_OK(http_client_call(c, &(struct http_call){ .method = "GET", .url = "http://pawl/who",
	    .unix_path = listen + strlen("unix:") }, &a, &e), &e);
	CHECK_STR(buf_view(&a.body), want);
	http_answer_free(&a);
	fixture_stop(&f);
	rmdir(dir);
}
