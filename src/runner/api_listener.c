/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/api_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/log.h"
#include "runner/peer.h"

#define MAX_CONNS 16
#define READ_BYTES 65536

struct conn {
	uv_tcp_t tcp;
	struct api_listener *listener;
	struct conn *next;
	struct runtime_conn *api;	/* NULL once it said it is done, or was never admitted */
	char in[READ_BYTES];
};

struct api_listener {
	uv_tcp_t tcp;
	uv_loop_t *loop;
	struct runtime_api *api;
	uint16_t port;
	uid_t uid;
	pid_t session;
	bool admits, closing;
	struct conn *conns;
	size_t open;			/* conns; the listener goes when it and all of them have */
	bool listener_closed;
	void (*closed)(void *arg);
	void *arg;
};

struct sending {
	uv_write_t req;
	bool close_after;
	size_t n;
	char bytes[];
};

static void
finish_close(struct api_listener *l)
{
	if (!l->listener_closed || l->open > 0)
		return;
	if (l->closed != NULL)
		l->closed(l->arg);
	free(l);
}

static void
on_conn_closed(uv_handle_t *h)
{
	struct conn *c = h->data;
	struct api_listener *l = c->listener;

	for (struct conn **p = &l->conns; *p != NULL; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			break;
		}
	}
	explicit_bzero(c->in, sizeof(c->in));
	free(c);
	l->open--;
	finish_close(l);
}

static void
conn_close(struct conn *c)
{
	if (uv_is_closing((uv_handle_t *)&c->tcp))
		return;
	runtime_conn_free(c->api);
	c->api = NULL;
	uv_close((uv_handle_t *)&c->tcp, on_conn_closed);
}

/* ---- bytes */

static void
on_sent(uv_write_t *req, int status)
{
	struct sending *s = (struct sending *)req;
	struct conn *c = req->handle->data;

	explicit_bzero(s->bytes, s->n);
	if (s->close_after || status != 0)
		conn_close(c);
	free(s);
}

static void
write_bytes(struct conn *c, struct str bytes, bool close_after)
{
	struct sending *s = xmalloc(sizeof(*s) + bytes.n);
	uv_buf_t b;

	s->close_after = close_after;
	s->n = bytes.n;
	if (bytes.n > 0)
		memcpy(s->bytes, bytes.p, bytes.n);
	b = uv_buf_init(s->bytes, (unsigned)bytes.n);
	if (uv_write(&s->req, (uv_stream_t *)&c->tcp, &b, 1, on_sent) != 0) {
		free(s);	/* the read side will see the broken connection */
	}
}

static void
send_bytes(void *arg, struct str bytes)
{
	write_bytes(arg, bytes, false);
}

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	struct conn *c = h->data;

	(void)hint;
	*out = uv_buf_init(c->in, sizeof(c->in));
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct conn *c = s->data;

	(void)b;
	if (n < 0) {
		conn_close(c);
		return;
	}
	if (c->api == NULL || runtime_conn_feed(c->api, (struct str){ c->in, (size_t)n }))
		return;
	/* What was answered leaves first. Reading goes on, so that unread bytes do not turn the
	 * close into a reset that destroys the answer. */
	runtime_conn_free(c->api);
	c->api = NULL;
	write_bytes(c, STR_LIT(""), true);
}

/* ---- who may connect */

static bool
is_ours(const struct api_listener *l, const uv_tcp_t *tcp)
{
	struct sockaddr_in peer;
	struct peer_owner owner;
	int len = sizeof(peer);

	if (uv_tcp_getpeername(tcp, (struct sockaddr *)&peer, &len) != 0 ||
	    peer.sin_family != AF_INET)
		return false;
	if (!peer_find_owner(ntohs(peer.sin_port), l->port, &owner) || owner.uid != l->uid)
		return false;
	return l->session == 0 || peer_is_in_session(owner.inode, l->session);
}

static void
on_connection(uv_stream_t *s, int status)
{
	struct api_listener *l = s->data;
	struct conn *c;

	if (status != 0 || l->closing)
		return;
	c = xcalloc(1, sizeof(*c));
	c->listener = l;
	uv_tcp_init(l->loop, &c->tcp);
	c->tcp.data = c;
	c->next = l->conns;
	l->conns = c;
	l->open++;
	if (uv_accept(s, (uv_stream_t *)&c->tcp) != 0 || l->open > MAX_CONNS || !l->admits) {
		conn_close(c);
		return;
	}
	if (!is_ours(l, &c->tcp)) {
		log_warn("a process outside the sandbox tried its runtime API on port %u", l->port);
		conn_close(c);
		return;
	}
	uv_tcp_nodelay(&c->tcp, 1);
	c->api = runtime_conn_new(l->api, send_bytes, c);
	uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

/* ---- life */

static int
listen_on_loopback(struct api_listener *l)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int len = sizeof(a), r;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r = uv_tcp_bind(&l->tcp, (const struct sockaddr *)&a, 0);
	if (r == 0)
		r = uv_listen((uv_stream_t *)&l->tcp, MAX_CONNS, on_connection);
	if (r == 0)
		r = uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&a, &len);
	l->port = ntohs(a.sin_port);
	return r;
}

struct api_listener *
api_listener_new(uv_loop_t *loop, struct runtime_api *api, struct err *e)
{
	struct api_listener *l = xcalloc(1, sizeof(*l));
	int r;

	l->loop = loop;
	l->api = api;
	uv_tcp_init(loop, &l->tcp);
	l->tcp.data = l;
	r = listen_on_loopback(l);
	if (r == 0)
		return l;
	err_internal(e, "runtime API listener: %s", uv_strerror(r));
	api_listener_close(l, NULL, NULL);
	return NULL;
}

uint16_t
api_listener_port(const struct api_listener *l)
{
	return l->port;
}

void
api_listener_admit(struct api_listener *l, uid_t uid, pid_t session)
{
	l->uid = uid;
	l->session = session;
	l->admits = true;
}

size_t
api_listener_open(const struct api_listener *l)
{
	return l->open;
}

static void
on_listener_closed(uv_handle_t *h)
{
	struct api_listener *l = h->data;

	l->listener_closed = true;
	finish_close(l);
}

void
api_listener_close(struct api_listener *l, void (*closed)(void *arg), void *arg)
{
	l->closing = true;
	l->closed = closed;
	l->arg = arg;
	for (struct conn *c = l->conns; c != NULL; c = c->next)
		conn_close(c);
	uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
}
