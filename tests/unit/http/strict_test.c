/* SPDX-License-Identifier: Apache-2.0 */
/* What src/http/strict.c refuses and accepts, seen through a running server. */
#include "test.h"

#include <stdatomic.h>

#include "base/cleanup.h"
#include "http/server.h"
#include "http/strict.h"
#include "requests.h"
#include "wire.h"

static const char good[] = "POST /alive HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok";

static void
echo(struct http_request *r, void *arg)
{
	atomic_uint *calls = arg;

	atomic_fetch_add(calls, 1);
	http_reply(r, &(struct http_reply){ .status = 200, .body = r->body });
}

static struct http_server *
start(atomic_uint *calls)
{
	struct http_config c = { .listen = "127.0.0.1:0", .threads = 1, .on_request = echo,
		.arg = calls, .limits = http_limits_default };
	struct err e = { 0 };
	struct http_server *s = http_server_start(&c, &e);

	if (s == NULL)
		fail_msg("%s %s", e.msg, e.detail);
	return s;
}

static void
check_alive(uint16_t port, atomic_uint *calls)
{
	AUTO_FD fd = wire_connect(port);
	AUTO_RESPONSE r;
	unsigned before = *calls;

	wire_send_z(fd, good);
	wire_read(fd, &r);
	assert_int_equal(r.status, 200);
	CHECK_STR(r.body, "ok");
	assert_int_equal(*calls, before + 1);
}

/* The bytes, with a good request right behind them that must not be served either. */
static void
check_refused(uint16_t port, atomic_uint *calls, const char *name, struct str bytes, int status)
{
	AUTO_FD fd = wire_connect(port);
	AUTO_RESPONSE r = { 0 };
	unsigned before = *calls;

	if (wire_send(fd, bytes))
		wire_send(fd, str_of(good));
	if (!wire_read_end(fd, &r.bytes))
		fail_msg("'%s': the connection stays open", name);
	if (r.bytes.n == 0)
		fail_msg("'%s': closed without an answer", name);
	wire_split(&r, false);
	if (r.status != status || wire_field(buf_view(&r.bytes), "\r\nConnection: close").p == NULL)
		fail_msg("'%s': %.*s", name, (int)r.bytes.n, r.bytes.p);
	if (*calls != before)
		fail_msg("'%s': reached the handler", name);
	check_alive(port, calls);
}

static void
check_accepted(uint16_t port, const char *name, struct str bytes, struct str body)
{
	AUTO_FD fd = wire_connect(port);
	AUTO_RESPONSE r;
	bool is_head = str_starts(bytes, "HEAD");

	assert_true(wire_send(fd, bytes));
	if (!wire_read_with(wire_recv, &fd, is_head, &r))
		fail_msg("'%s': no answer", name);
	if (r.status != 200 || !str_eq(r.body, body))
		fail_msg("'%s': %.*s", name, (int)r.bytes.n, r.bytes.p);
	/* and the connection is where the next request begins */
	wire_send_z(fd, good);
	buf_free(&r.bytes);
	wire_read(fd, &r);
	CHECK_STR(r.body, "ok");
}

TEST("refused: every malformed request, with a closed connection, and nobody else suffers")
{
	atomic_uint calls = 0;
	struct http_server *s = start(&calls);

	for (size_t i = 0; i < sizeof(bad_requests) / sizeof(bad_requests[0]); i++) {
		const struct bad_request *b = &bad_requests[i];

		check_refused(http_server_port(s), &calls, b->name, b->bytes, b->status);
	}
	http_server_stop(s, 1000);
}

TEST("accepted: unusual but correct requests, and the next one on the same connection")
{
	atomic_uint calls = 0;
	struct http_server *s = start(&calls);

	for (size_t i = 0; i < sizeof(good_requests) / sizeof(good_requests[0]); i++) {
		const struct good_request *g = &good_requests[i];
		bool is_nul = strcmp(g->name, "NUL in a body") == 0;

		check_accepted(http_server_port(s), g->name, g->bytes,
		    is_nul ? STR_LIT("\0") : str_of(g->body));
	}
	http_server_stop(s, 1000);
}

static void
put_fields(struct buf *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "A%u: b\r\n", i);
}

TEST("head: 64 fields are served, the 65th is 431")
{
	atomic_uint calls = 0;
	struct http_server *s = start(&calls);
	AUTO_BUF fits = BUF_INIT, over = BUF_INIT;

	buf_z(&fits, LINE HOST);
	put_fields(&fits, HTTP_MAX_HEADERS - 1);
	buf_z(&over, LINE HOST);
	put_fields(&over, HTTP_MAX_HEADERS);
	buf_z(&fits, "\r\n");
	buf_z(&over, "\r\n");
	check_accepted(http_server_port(s), "64 fields", buf_view(&fits), STR_LIT(""));
	check_refused(http_server_port(s), &calls, "65 fields", buf_view(&over), 431);
	http_server_stop(s, 1000);
}

static void
put_head_of(struct buf *b, size_t n)
{
	buf_z(b, LINE HOST "A: ");
	while (b->n < n - 4)
		buf_c(b, 'x');
	buf_z(b, "\r\n\r\n");
}

TEST("head: 16 KiB are served, one byte more is 431, and so is a head that never ends")
{
	atomic_uint calls = 0;
	struct http_server *s = start(&calls);
	AUTO_BUF fits = BUF_INIT, over = BUF_INIT, endless = BUF_INIT;

	put_head_of(&fits, http_limits_default.head_bytes);
	put_head_of(&over, http_limits_default.head_bytes + 1);
	put_head_of(&endless, 60000);
	endless.n -= 4;
	check_accepted(http_server_port(s), "16 KiB", buf_view(&fits), STR_LIT(""));
	check_refused(http_server_port(s), &calls, "16 KiB + 1", buf_view(&over), 431);
	check_refused(http_server_port(s), &calls, "endless", buf_view(&endless), 431);
	http_server_stop(s, 1000);
}

TEST("chunks: extensions and trailers beyond 4 KiB in all are refused")
{
	atomic_uint calls = 0;
	struct http_server *s = start(&calls);
	AUTO_BUF extension = BUF_INIT, trailers = BUF_INIT;

	buf_z(&extension, LINE HOST "Transfer-Encoding: chunked\r\n\r\n5;");
	for (int i = 0; i < 5000; i++)
		buf_c(&extension, 'x');
	buf_z(&extension, "\r\nhello\r\n0\r\n\r\n");
	buf_z(&trailers, LINE HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n");
	put_fields(&trailers, 1000);
	buf_z(&trailers, "\r\n");
	check_refused(http_server_port(s), &calls, "extension", buf_view(&extension), 400);
	check_refused(http_server_port(s), &calls, "trailers", buf_view(&trailers), 400);
	http_server_stop(s, 1000);
}

/* The status for a text whose bytes arrive `step` at a time; 0 = served. */
static int
verdict(struct str text, size_t step)
{
	struct header headers[HTTP_MAX_HEADERS];
	struct strict_head h = { .headers = headers };
	size_t scanned = 0, len = 0;

	for (size_t n = step; n < text.n + step; n += step) {
		struct str come = { text.p, n < text.n ? n : text.n };
		enum strict_scan found = strict_find_end(come, &scanned, &len);

		if (found == STRICT_BAD)
			return 400;
		if (found == STRICT_WHOLE)
			return strict_read_head((struct str){ text.p, len }, &h);
	}
	return -1;
}

TEST("head: the same verdict however the bytes arrive")
{
	for (size_t i = 0; i < sizeof(bad_requests) / sizeof(bad_requests[0]); i++) {
		struct str bytes = bad_requests[i].bytes;

		if (verdict(bytes, 1) != verdict(bytes, bytes.n))
			fail_msg("'%s': %d bytewise, %d whole", bad_requests[i].name,
			    verdict(bytes, 1), verdict(bytes, bytes.n));
	}
	for (size_t i = 0; i < sizeof(good_requests) / sizeof(good_requests[0]); i++)
		assert_int_equal(verdict(good_requests[i].bytes, 1), 0);
}

TEST("head: bare CR, bare LF and NUL are refused at once, not when the head ends or times out")
{
	static const struct str starts[] = { BYTES("GET / HTTP/1.1\n"), BYTES("GET / HTTP/1.1\rH"),
		BYTES("G\0"), BYTES(LINE "Host: h\n"), BYTES(LINE "Host: h\r\r"),
		BYTES(LINE HOST "A\0"), BYTES("\r\n\n"), BYTES("\r\r") };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t whole = 0, scanned = 0, len;

		/* the last byte is what makes the difference */
		assert_int_equal(strict_find_end((struct str){ starts[i].p, starts[i].n - 1 },
		    &scanned, &len), STRICT_MORE);
		assert_int_equal(strict_find_end(starts[i], &scanned, &len), STRICT_BAD);
		assert_int_equal(strict_find_end(starts[i], &whole, &len), STRICT_BAD);
	}
}

TEST("second reading: a head that llhttp reads otherwise is not served")
{
	static const char raw[] = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
	struct header headers[HTTP_MAX_HEADERS];
	struct strict_head h = { .headers = headers }, other;
	struct str s = STR_LIT(raw);

	assert_int_equal(strict_read_head(s, &h), 0);
	assert_true(strict_second_reading(s, &h));
	other = h, other.method = STR_LIT("PUT");
	assert_false(strict_second_reading(s, &other));
	other = h, other.target.n++;
	assert_false(strict_second_reading(s, &other));
	other = h, other.content_length = 6;
	assert_false(strict_second_reading(s, &other));
	other = h, other.framing = FRAMING_CHUNKED;
	assert_false(strict_second_reading(s, &other));
	other = h, other.header_count = 1;
	assert_false(strict_second_reading(s, &other));
}
