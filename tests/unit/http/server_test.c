/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: their order, limits, timers and ends. What a request may look like is strict_test.c. */
#include "test.h"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "fixture.h"

#define GET(target) "GET " target " HTTP/1.1\r\nHost: h\r\n\r\n"
#define POST(target, n, body) \
	"POST " target " HTTP/1.1\r\nHost: h\r\nContent-Length: " n "\r\n\r\n" body
#define MIB (1024 * 1024)

static void
start(struct fixture *f)
{
	struct http_config c = fixture_config(f);

	fixture_start(f, &c);
}

/* ---- requests in a row */

TEST("keep-alive: one connection serves request after request")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);

	for (int i = 0; i < 3; i++) {
		wire_send_z(fd, POST("/", "5", "hello"));
		check_response(fd, 200, "hello");
	}
	assert_int_equal(f.calls, 3);
	fixture_stop(&f);
}

TEST("Connection: close ends it after the reply, in a list and in any case too")
{
	struct fixture f;
	start(&f);
	static const char *const options[] = { "close", "Close", "TE, close", "keep-alive ,close" };

	for (size_t i = 0; i < 4; i++) {
		AUTO_FD fd = fixture_connect(&f);
		AUTO_BUF request = BUF_INIT;
		AUTO_RESPONSE r;

		buf_printf(&request, "GET / HTTP/1.1\r\nHost: h\r\nConnection: %s\r\n\r\n", options[i]);
		buf_z(&request, GET("/ignored"));
		assert_true(wire_send(fd, buf_view(&request)));
		wire_read(fd, &r);
		CHECK_STR(wire_field(buf_view(&r.bytes), "\r\nConnection: "), "close");
		check_end(fd);
	}
	assert_int_equal(f.calls, 4);
	fixture_stop(&f);
}

TEST("a connection serves 10,000 requests and says goodbye with the last")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	AUTO_RESPONSE r = { 0 };

	for (int i = 0; i < 100; i++) {
		AUTO_BUF batch = BUF_INIT;

		for (int k = 0; k < 100; k++)
			buf_z(&batch, GET("/"));
		assert_true(wire_send(fd, buf_view(&batch)));
		for (int k = 0; k < 100; k++) {
			buf_free(&r.bytes);
			wire_read(fd, &r);
		}
		assert_int_equal(wire_field(buf_view(&r.bytes), "\r\nConnection: ").p != NULL, i == 99);
	}
	check_end(fd);
	fixture_stop(&f);
}

TEST("pipelining: answers come in the order of the requests")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	AUTO_BUF all = BUF_INIT;

	for (int i = 0; i < 50; i++)
		buf_printf(&all, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n%02d", i);
	assert_true(wire_send(fd, buf_view(&all)));
	for (int i = 0; i < 50; i++) {
		char want[3] = { (char)('0' + i / 10), (char)('0' + i % 10), 0 };

		check_response(fd, 200, want);
	}
	fixture_stop(&f);
}

TEST("pipelining: while one request is with the handler the next ones wait")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	struct http_request *r;

	wire_send_z(fd, GET("/hold") POST("/", "3", "two") GET("/hold") POST("/", "4", "four"));
	r = held(&f);
	assert_int_equal(f.calls, 1);
	reply_200(r, STR_LIT("one"));
	check_response(fd, 200, "one");
	check_response(fd, 200, "two");
	reply_200(held(&f), STR_LIT("three"));
	check_response(fd, 200, "three");
	check_response(fd, 200, "four");
	fixture_stop(&f);
}

struct sending {
	int fd;
	struct str bytes;
};

/* Sends until the server has read everything, which takes a thread of its own. */
static void *
send_thread(void *arg)
{
	struct sending *s = arg;

	wire_send(s->fd, s->bytes);
	return NULL;
}

TEST("pipelining: a megabyte behind a request in progress is not lost")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	AUTO_BUF bytes = BUF_INIT;
	AUTO_RESPONSE r;
	pthread_t sender;

	buf_z(&bytes, POST("/", "1000000", ""));
	while (bytes.n < strlen(POST("/", "1000000", "")) + 1000000)
		buf_c(&bytes, 'z');
	wire_send_z(fd, GET("/hold"));
	assert_int_equal(pthread_create(&sender, NULL, send_thread,
	    &(struct sending){ fd, buf_view(&bytes) }), 0);
	reply_200(held(&f), STR_LIT("one"));
	check_response(fd, 200, "one");
	wire_read(fd, &r);
	pthread_join(sender, NULL);
	assert_int_equal(r.body.n, 1000000);
	fixture_stop(&f);
}

TEST("pipelining: what waits behind a request in progress does not pile up in the server")
{
	struct fixture f;
	struct timeval wait = { .tv_usec = 200000 };
	char piece[65536];
	size_t sent = 0, enough = 64 * MIB;	/* more than the kernel's buffers hold */
	ssize_t n = 1;

	memset(piece, 'x', sizeof(piece));
	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	wire_send_z(fd, GET("/hold"));
	for (; n > 0 && sent < enough; sent += n > 0 ? (size_t)n : 0)
		n = send(fd, piece, sizeof(piece), MSG_NOSIGNAL);
	assert_true(sent < enough);
	reply_200(held(&f), STR_LIT("ok"));
	check_response(fd, 200, "ok");
	fixture_stop(&f);
}

/* ---- how bytes arrive */

static void
send_bytewise(int fd, const char *z)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof(one));
	for (; *z != '\0'; z++)
		assert_true(wire_send(fd, (struct str){ z, 1 }));
}

TEST("bytes one by one: head, Content-Length body, and chunks cut everywhere")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);

	send_bytewise(fd, POST("/", "5", "hello"));
	check_response(fd, 200, "hello");
	send_bytewise(fd, "\r\nPOST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "5;a=b\r\nhello\r\n0007\r\n, world\r\n0\r\nTrailer: x\r\n\r\n");
	check_response(fd, 200, "hello, world");
	fixture_stop(&f);
}

TEST("Expect: 100-continue is answered before the body, once")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	AUTO_RESPONSE r;

	wire_send_z(fd, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	wire_read(fd, &r);
	CHECK_STR(buf_view(&r.bytes), "HTTP/1.1 100 Continue\r\n\r\n");
	wire_send_z(fd, "hello");
	check_response(fd, 200, "hello");
	fixture_stop(&f);
}

TEST("Expect: 100-continue with the body already there, or with none, gets the reply alone")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);

	wire_send_z(fd, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
	check_response(fd, 200, "hi");
	wire_send_z(fd, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n");
	check_response(fd, 200, "");
	fixture_stop(&f);
}

/* ---- sizes */

static void
put_body_request(struct buf *b, const char *target, size_t n)
{
	buf_printf(b, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", target, n);
	buf_reserve(b, n);
	for (size_t i = 0; i < n; i++)
		buf_c(b, (char)('a' + i % 26));
}

static void
check_large(struct fixture *f, const char *target, size_t n)
{
	AUTO_FD fd = fixture_connect(f);
	AUTO_BUF request = BUF_INIT;
	AUTO_RESPONSE r;

	put_body_request(&request, target, n);
	assert_true(wire_send(fd, buf_view(&request)));
	wire_read(fd, &r);
	assert_int_equal(r.status, 200);
	assert_true(str_eq(r.body, str_skip(buf_view(&request), request.n - n)));
}

static void
check_too_large(struct fixture *f, struct str request)
{
	AUTO_FD fd = fixture_connect(f);
	AUTO_BUF all = BUF_INIT;
	unsigned calls = f->calls;

	wire_send(fd, request);
	assert_true(wire_read_end(fd, &all));
	if (!str_starts(buf_view(&all), "HTTP/1.1 413 ") ||
	    memmem(all.p, all.n, "\r\nConnection: close\r\n", 21) == NULL ||
	    memmem(all.p, all.n, "\r\n\r\n{\"a\":1}", 11) == NULL)
		fail_msg("%.*s", (int)all.n, all.p);
	assert_int_equal(f->calls, calls);
}

static size_t
big_for_upload(void *arg, struct str method, struct str target)
{
	(void)arg;
	return str_is(method, "POST") && str_is(target, "/upload") ? 3 * MIB : 0;
}

TEST("bodies: up to the cap and a target's own cap; beyond it 413 and the end")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);
	AUTO_BUF over = BUF_INIT, chunked = BUF_INIT, upload = BUF_INIT;

	c.too_large_body = STR_LIT("{\"a\":1}");
	c.limits.body_cap = big_for_upload;
	fixture_start(&f, &c);
	put_body_request(&over, "/", MIB + 1);
	put_body_request(&upload, "/upload", 3 * MIB + 1);
	buf_z(&chunked, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n!");
	check_large(&f, "/", MIB);
	check_large(&f, "/upload", 3 * MIB);
	check_too_large(&f, buf_view(&over));
	check_too_large(&f, buf_view(&upload));
	check_too_large(&f, buf_view(&chunked));
	check_too_large(&f, STR_LIT("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
	    "Content-Length: 1048577\r\n\r\n"));
	fixture_stop(&f);
}

TEST("replies: one larger than the socket takes at once arrives whole, also from another thread")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	AUTO_BUF big = BUF_INIT;
	AUTO_RESPONSE direct, queued;

	wire_send_z(fd, GET("/bytes/8000000") GET("/hold"));
	wire_read(fd, &direct);
	assert_int_equal(direct.body.n, 8000000);
	for (size_t i = 0; i < direct.body.n; i++)
		assert_true(direct.body.p[i] == (char)('a' + i % 26));
	reply_200(held(&f), direct.body);
	wire_read(fd, &queued);
	assert_true(str_eq(queued.body, direct.body));
	fixture_stop(&f);
}

/* ---- replies */

TEST("replies: length, date and no-store on each; a value cannot add a field")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	AUTO_RESPONSE r;
	struct header h = { STR_LIT("X-A"), STR_LIT("b\r\nSet-Cookie: c\x7f") };

	wire_send_z(fd, GET("/hold"));
	http_reply(held(&f), &(struct http_reply){ .status = 404, .headers = &h, .header_count = 1,
	    .body = STR_LIT("no") });
	wire_read(fd, &r);
	assert_true(str_starts(buf_view(&r.bytes), "HTTP/1.1 404 Not Found\r\n"));
	CHECK_STR(wire_field(buf_view(&r.bytes), "\r\nX-A: "), "b  Set-Cookie: c ");
	CHECK_STR(wire_field(buf_view(&r.bytes), "\r\nContent-Length: "), "2");
	CHECK_STR(wire_field(buf_view(&r.bytes), "\r\nCache-Control: "), "no-store");
	assert_int_equal(wire_field(buf_view(&r.bytes), "\r\nDate: ").n, 29);
	fixture_stop(&f);
}

TEST("replies: HEAD gets the length but no body, 204 neither")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	AUTO_RESPONSE head, none;

	wire_send_z(fd, "HEAD /bytes/5 HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_true(wire_read_with(wire_recv, &fd, true, &head));
	CHECK_STR(wire_field(buf_view(&head.bytes), "\r\nContent-Length: "), "5");
	wire_send_z(fd, GET("/hold"));
	http_reply(held(&f), &(struct http_reply){ .status = 204, .body = STR_LIT("x") });
	wire_read(fd, &none);
	assert_null(wire_field(buf_view(&none.bytes), "\r\nContent-Length: ").p);
	wire_send_z(fd, POST("/", "2", "ok"));
	check_response(fd, 200, "ok");
	fixture_stop(&f);
}

TEST("replies: close = true ends the connection")
{
	struct fixture f;
	start(&f);
	AUTO_FD fd = fixture_connect(&f);

	wire_send_z(fd, GET("/hold"));
	http_reply(held(&f), &(struct http_reply){ .status = 200, .close = true });
	check_response(fd, 200, "");
	check_end(fd);
	fixture_stop(&f);
}

TEST("replies: one request's handler may answer another request of the same loop")
{
	struct fixture f;
	start(&f);
	AUTO_FD waiting = fixture_connect(&f);
	AUTO_FD fd = fixture_connect(&f);

	wire_send_z(waiting, GET("/hold") POST("/", "4", "next"));
	while (f.calls == 0)
		continue;
	wire_send_z(fd, GET("/free"));
	check_response(fd, 200, "done");
	check_response(waiting, 200, "freed");
	check_response(waiting, 200, "next");
	fixture_stop(&f);
}

/* ---- peers that leave */

TEST("half-closed peer: what it asked before is answered, now or later, then the end")
{
	struct fixture f;
	start(&f);
	AUTO_FD now = fixture_connect(&f);
	AUTO_FD later = fixture_connect(&f);

	wire_send_z(now, POST("/", "1", "a") POST("/", "1", "b"));
	shutdown(now, SHUT_WR);
	check_response(now, 200, "a");
	check_response(now, 200, "b");
	check_end(now);
	wire_send_z(later, GET("/hold") POST("/", "1", "d"));
	shutdown(later, SHUT_WR);
	reply_200(held(&f), STR_LIT("c"));
	check_response(later, 200, "c");
	check_response(later, 200, "d");
	check_end(later);
	fixture_stop(&f);
}

TEST("half-closed peer: half a request is never answered")
{
	struct fixture f;
	start(&f);
	static const char *const halves[] = { "", "GET / HTT", POST("/", "5", "hel"),
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" };

	for (size_t i = 0; i < 4; i++) {
		AUTO_FD fd = fixture_connect(&f);

		wire_send_z(fd, halves[i]);
		shutdown(fd, SHUT_WR);
		check_end(fd);
	}
	assert_int_equal(f.calls, 0);
	fixture_stop(&f);
}

static void
reset_connection(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

/* True when a new connection is served; false when a cap turned it away. Returns once the server
 * has closed it, so that it counts no more. */
static bool
is_served(struct fixture *f)
{
	AUTO_FD fd = fixture_connect(f);
	AUTO_BUF all = BUF_INIT;

	wire_send(fd, STR_LIT("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	assert_true(wire_read_end(fd, &all));
	return str_starts(buf_view(&all), "HTTP/1.1 200 ");
}

TEST("client gone before the reply: the reply is dropped, nobody else notices")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);
	struct http_request *r;

	c.limits.connections = 1;	/* served again = the first one has been counted out */
	fixture_start(&f, &c);
	for (int i = 0; i < 20; i++) {
		int fd = fixture_connect(&f);

		wire_send_z(fd, GET("/hold"));
		r = held(&f);
		reset_connection(fd);
		while (!is_served(&f))
			continue;
		reply_200(r, STR_LIT("too late"));
		assert_true(is_served(&f));
	}
	fixture_stop(&f);
}

/* ---- many, and too many */

TEST("200 connections at a time on two loops, answered inline and from elsewhere")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);
	int fds[200];

	c.threads = 2;
	fixture_start(&f, &c);
	for (int i = 0; i < 200; i++)
		fds[i] = fixture_connect(&f);
	for (int i = 0; i < 200; i++)
		wire_send_z(fds[i], i % 2 == 0 ? POST("/", "2", "ok") : GET("/hold"));
	for (int i = 0; i < 100; i++)
		reply_200(held(&f), STR_LIT("ok"));
	for (int i = 0; i < 200; i++) {
		check_response(fds[i], 200, "ok");
		close(fds[i]);
	}
	assert_int_equal(f.calls, 200);
	fixture_stop(&f);
}

TEST("cap per address: one connection too many is closed at once, and room comes back")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);
	int first;

	c.limits.connections_per_address = 2;
	fixture_start(&f, &c);
	first = fixture_connect(&f);
	AUTO_FD second = fixture_connect(&f);
	wire_send_z(first, GET("/"));
	check_response(first, 200, "");
	wire_send_z(second, GET("/"));
	check_response(second, 200, "");
	assert_false(is_served(&f));
	close(first);
	while (!is_served(&f))
		continue;
	wire_send_z(second, GET("/"));
	check_response(second, 200, "");
	fixture_stop(&f);
}

TEST("cap in total: the connection idle for longest makes room; busy ones do not")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);

	c.limits.connections = 3;
	fixture_start(&f, &c);
	AUTO_FD busy = fixture_connect(&f);
	AUTO_FD oldest = fixture_connect(&f);
	AUTO_FD newest = fixture_connect(&f);
	wire_send_z(busy, GET("/hold"));
	wire_send_z(oldest, GET("/"));
	check_response(oldest, 200, "");
	wire_send_z(newest, GET("/"));
	check_response(newest, 200, "");
	assert_true(is_served(&f));
	check_end(oldest);
	wire_send_z(newest, GET("/"));
	check_response(newest, 200, "");
	reply_200(held(&f), STR_LIT("ok"));
	check_response(busy, 200, "ok");
	fixture_stop(&f);
}

TEST("cap in total: with nobody idle the new connection is closed")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);

	c.limits.connections = 1;
	fixture_start(&f, &c);
	AUTO_FD busy = fixture_connect(&f);
	wire_send_z(busy, GET("/hold"));
	struct http_request *r = held(&f);
	assert_false(is_served(&f));
	reply_200(r, STR_LIT("ok"));
	check_response(busy, 200, "ok");
	fixture_stop(&f);
}

/* ---- time */

static void
check_timed_out(struct fixture *f, const char *sent, int status)
{
	AUTO_FD fd = fixture_connect(f);

	wire_send_z(fd, sent);
	if (status != 0)
		check_response(fd, status, "");
	check_end(fd);
	assert_int_equal(f->calls, 0);
}

TEST("timers: a slow head or body is 408 and closed, silence is just closed")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);

	c.limits.head_ms = c.limits.body_ms = 200;	/* longer than connect to send on a busy machine */
	fixture_start(&f, &c);
	check_timed_out(&f, "", 0);
	check_timed_out(&f, "GET / HTTP/1.1\r\nHost: h\r\n", 408);
	check_timed_out(&f, "\r\n", 408);
	check_timed_out(&f, POST("/", "5", "hel"), 408);
	check_timed_out(&f, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", 408);
	fixture_stop(&f);
}

TEST("timers: an idle connection is closed, one whose handler is slow is not")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);

	c.limits.idle_ms = c.limits.write_ms = 50;
	fixture_start(&f, &c);
	AUTO_FD slow = fixture_connect(&f);
	AUTO_FD idle = fixture_connect(&f);
	wire_send_z(slow, GET("/hold"));
	wire_send_z(idle, GET("/"));
	check_response(idle, 200, "");
	check_end(idle);
	reply_200(held(&f), STR_LIT("ok"));
	check_response(slow, 200, "ok");
	check_end(slow);
	fixture_stop(&f);
}

TEST("timers: a peer that does not read its reply loses the connection")
{
	struct fixture f;
	struct http_config c = fixture_config(&f);
	AUTO_BUF got = BUF_INIT;

	c.limits.write_ms = 50;
	c.limits.connections = 1;	/* served again = the first one was given up */
	fixture_start(&f, &c);
	AUTO_FD fd = fixture_connect(&f);
	wire_send_z(fd, GET("/bytes/20000000"));
	while (!is_served(&f))
		continue;
	wire_read_end(fd, &got);
	assert_true(got.n > 0 && got.n < 20000000);
	fixture_stop(&f);
}

/* ---- where it listens */

static int
unix_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(a.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
check_refused_config(struct http_config *c, const char *listen)
{
	struct err e = { 0 };

	c->listen = listen;
	CHECK_ERR(http_server_start(c, &e) != NULL, &e, ERR_CONFIG);
}

TEST("unix socket: mode 0600, the peer's uid, replaced when stale, refused when in use")
{
	char dir[] = "/tmp/http-test-XXXXXX", listen[64];
	const char *path = listen + strlen("unix:");
	struct stat st;
	struct fixture f;
	struct http_config c = fixture_config(&f);
	char want[64];

	assert_non_null(mkdtemp(dir));
	snprintf(listen, sizeof(listen), "unix:%s/s", dir);
	snprintf(want, sizeof(want), "unix %u - -", getuid());
	c.listen = listen;
	c.threads = 4;
	fixture_start(&f, &c);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	AUTO_FD fd = unix_connect(path);
	wire_send_z(fd, GET("/who"));
	check_response(fd, 200, want);
	check_refused_config(&c, listen);
	fixture_stop(&f);
	assert_int_not_equal(lstat(path, &st), 0);

	/* what a killed server leaves behind */
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	AUTO_FD stale = socket(AF_UNIX, SOCK_STREAM, 0);
	memcpy(a.sun_path, path, strlen(path));
	assert_int_equal(bind(stale, (struct sockaddr *)&a, sizeof(a)), 0);
	c.listen = listen;
	fixture_start(&f, &c);
	fixture_stop(&f);
	rmdir(dir);
}

TEST("unix socket: a file that is no socket is left alone")
{
	char path[] = "/tmp/http-test-XXXXXX", listen[64];
	struct fixture f;
	struct http_config c = fixture_config(&f);
	AUTO_FD fd = mkstemp(path);
	struct stat st;

	snprintf(listen, sizeof(listen), "unix:%s", path);
	check_refused_config(&c, listen);
	assert_int_equal(lstat(path, &st), 0);
	unlink(path);
}

TEST("listen: a port in use and addresses that are none are refused")
{
	static const char *const bad[] = { "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "1.2.3:4",
		"localhost:1", ":1", "::1:1", "[::1]", "[::1:1", "unix:", "127.0.0.1:-1" };
	struct fixture f;
	struct http_config c = fixture_config(&f);
	char taken[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_refused_config(&c, bad[i]);
	c.listen = "127.0.0.1:0";
	fixture_start(&f, &c);
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", http_server_port(f.server));
	check_refused_config(&c, taken);
	fixture_stop(&f);
}

TEST("listen: IPv6")
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct fixture f;
	struct http_config c = fixture_config(&f);
	AUTO_FD fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		skip();		/* this machine has none */
	c.listen = "[::1]:0";
	fixture_start(&f, &c);
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	a.sin6_port = htons(http_server_port(f.server));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	wire_send_z(fd, GET("/who"));
	check_response(fd, 200, "::1 -1 - -");
	fixture_stop(&f);
}

/* ---- the end */

struct stopping {
	struct fixture *f;
	pthread_t thread;
};

static void *
stop_thread(void *arg)
{
	http_server_stop(((struct stopping *)arg)->f->server, 20000);
	return NULL;
}

/* Returns once the listener is closed. */
static void
begin_stop(struct stopping *s, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bool refused = false;

	assert_int_equal(pthread_create(&s->thread, NULL, stop_thread, s), 0);
	while (!refused) {
		AUTO_FD fd = socket(AF_INET, SOCK_STREAM, 0);

		refused = connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0;
	}
}

TEST("stop: idle connections end at once, a request in flight is answered first")
{
	struct fixture f;
	struct stopping s = { &f, 0 };
	AUTO_RESPONSE r;

	start(&f);
	AUTO_FD idle = fixture_connect(&f);
	AUTO_FD busy = fixture_connect(&f);
	wire_send_z(idle, GET("/"));
	check_response(idle, 200, "");
	wire_send_z(busy, GET("/hold") GET("/never"));
	struct http_request *request = held(&f);
	begin_stop(&s, http_server_port(f.server));
	check_end(idle);
	reply_200(request, STR_LIT("last words"));
	wire_read(busy, &r);
	CHECK_STR(r.body, "last words");
	CHECK_STR(wire_field(buf_view(&r.bytes), "\r\nConnection: "), "close");
	check_end(busy);
	pthread_join(s.thread, NULL);
	assert_int_equal(f.calls, 2);
}

TEST("stop: when patience ends the connection does too, and replies after that are harmless")
{
	struct fixture f;

	start(&f);
	AUTO_FD one = fixture_connect(&f);
	AUTO_FD two = fixture_connect(&f);
	wire_send_z(one, GET("/hold"));
	wire_send_z(two, GET("/hold"));
	struct http_request *a = held(&f), *b = held(&f);
	http_server_stop(f.server, 20);
	check_end(one);
	check_end(two);
	reply_200(a, STR_LIT("too late"));
	reply_200(b, STR_LIT("too late"));
}

TEST("stop: with no patience at all")
{
	struct fixture f;

	start(&f);
	AUTO_FD fd = fixture_connect(&f);
	wire_send_z(fd, "GET / HT");
	http_server_stop(f.server, 0);
	check_end(fd);
}
