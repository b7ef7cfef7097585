/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - a client that can be as rude as it likes: raw sockets, blocking, with a limit on every
 * wait so that a server which forgets to answer fails the test instead of hanging it.
 */
#pragma once
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"
#include "test.h"

#define WAIT_S 20

static inline int
wire_connect(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval wait = { .tv_sec = WAIT_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* False when the server has closed meanwhile, which a refusing server may. */
static inline bool
wire_send(int fd, struct str s)
{
	while (s.n > 0) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		s = str_skip(s, (size_t)n);
	}
	return true;
}

static inline void
wire_send_z(int fd, const char *z)
{
	assert_true(wire_send(fd, str_of(z)));
}

/* Reads until the server closes; false when it does not within the wait. */
static inline bool
wire_read_end(int fd, struct buf *out)
{
	char part[16384];
	ssize_t n;

	while ((n = recv(fd, part, sizeof(part), 0)) > 0)
		buf_add(out, part, (size_t)n);
	return n == 0 || errno == ECONNRESET;
}

static inline struct str
wire_field(struct str head, const char *name)
{
	const char *at = memmem(head.p, head.n, name, strlen(name));
	const char *end;

	if (at == NULL)
		return STR_NULL;
	at += strlen(name);
	end = memchr(at, '\r', (size_t)(head.p + head.n - at));
	return (struct str){ at, (size_t)(end - at) };
}

/* What the head in `b` says its body has (1xx and 204 say nothing). */
static inline size_t
wire_body_len(const struct buf *b)
{
	struct str length = wire_field(buf_view(b), "\r\nContent-Length: ");
	unsigned long long n = 0;

	if (length.p != NULL)
		assert_true(str_to_u64(length, SIZE_MAX, &n));
	return (size_t)n;
}

struct wire_response {
	struct buf bytes;	/* head and body */
	int status;
	struct str body;	/* inside bytes */
};

static inline void
wire_response_free(struct wire_response *r)
{
	buf_free(&r->bytes);
}
#define AUTO_RESPONSE __attribute__((cleanup(wire_response_free))) struct wire_response

static inline void
wire_split(struct wire_response *out, bool bodiless)
{
	const char *end = memmem(out->bytes.p, out->bytes.n, "\r\n\r\n", 4);

	assert_true(out->bytes.n > 13 && memcmp(out->bytes.p, "HTTP/1.1 ", 9) == 0);
	out->status = atoi(out->bytes.p + 9);
	assert_non_null(end);
	out->body = str_skip(buf_view(&out->bytes), (size_t)(end + 4 - out->bytes.p));
	if (bodiless)
		assert_int_equal(out->body.n, 0);
}

/* One response and not a byte more, through any reader: recv here, SSL_read in the TLS tests. */
static inline bool
wire_read_with(ssize_t (*reader)(void *arg, void *p, size_t n), void *arg, bool bodiless,
    struct wire_response *out)
{
	struct buf *b = &out->bytes;
	size_t left;
	ssize_t n;
	char c;

	*out = (struct wire_response){ .bytes = BUF_INIT };
	while (b->n < 4 || memcmp(b->p + b->n - 4, "\r\n\r\n", 4) != 0) {
		if (reader(arg, &c, 1) != 1)
			return false;
		buf_c(b, c);
	}
	left = bodiless ? 0 : wire_body_len(b);
	buf_reserve(b, left);
	for (; left > 0; left -= (size_t)n, b->n += (size_t)n) {
		n = reader(arg, b->p + b->n, left);
		if (n <= 0)
			return false;
	}
	wire_split(out, bodiless);
	return true;
}

static inline ssize_t
wire_recv(void *arg, void *p, size_t n)
{
	return recv(*(int *)arg, p, n, 0);
}

static inline void
wire_read(int fd, struct wire_response *out)
{
	assert_true(wire_read_with(wire_recv, &fd, false, out));
}
