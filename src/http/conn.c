/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/reply.h"

/* A buffer that one large request made big is not kept for the next. */
#define KEEP_BUF_MAX (16 * 1024)
#define LARGE_BODIES_MAX ((size_t)256 * 1024 * 1024)

static bool start_reading(struct conn *c);

/* ---- states */

static int
patience_ms(const struct http_limits *limits, enum conn_state state)
{
	switch (state) {
	case CONN_HEAD:
		return limits->head_ms;
	case CONN_BODY:
		return limits->body_ms;
	case CONN_WRITE:
		return limits->write_ms;
	case CONN_IDLE:
		return limits->idle_ms;
	case CONN_LINGER:
		return LINGER_MS;
	case CONN_HANDLER: case CONN_CLOSED: case CONN_STATES:
		break;
	}
	return 0;
}

void
conn_set_state(struct conn *c, enum conn_state state)
{
	struct loop *l = c->loop;
	int ms = patience_ms(&l->server->config.limits, state);

	TAILQ_REMOVE(&l->by_state[c->state], c, link);
	TAILQ_INSERT_TAIL(&l->by_state[state], c, link);
	c->state = state;
	c->deadline = ms <= 0 ? 0 : uv_now(&l->uv) + (uint64_t)ms;
	if (c->deadline != 0)
		loop_arm(l, c->deadline);
}

void
conn_release(struct conn *c)
{
	arena_free(c->request.arena);
	buf_free(&c->in);
	buf_free(&c->body);
	buf_free(&c->reply);
	free(c);
}

void
conn_free(struct conn *c)
{
	struct loop *l = c->loop;

	TAILQ_REMOVE(&l->by_state[c->state], c, link);
	conn_release(c);
	loop_conn_gone(l);
}

static void
give_large_back(struct conn *c)
{
	atomic_fetch_sub(&c->loop->server->large_bodies, c->large);
	c->large = 0;
}

static void
on_closed(uv_handle_t *handle)
{
	struct conn *c = handle->data;

	c->uv_closed = true;
	tls_session_free(c->tls);
	c->tls = NULL;
	if (!c->out)
		conn_free(c);
}

void
conn_close(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	conn_set_state(c, CONN_CLOSED);
	if (c->slot != NULL)
		peers_leave(c->loop->server->peers, c->slot);
	c->slot = NULL;
	give_large_back(c);
	uv_close(&c->uv.handle, on_closed);
}

/* close_notify, so that the peer can tell our end from a cut. */
static void
say_goodbye(struct conn *c)
{
	if (c->tls == NULL || c->state == CONN_CLOSED)
		return;
	tls_session_close(c->tls);
	reply_flush_tls(c);
}

static void
on_shutdown(uv_shutdown_t *req, int status)
{
	struct conn *c = req->handle->data;

	if (status < 0 || c->at_eof)
		conn_close(c);
}

void
conn_linger(struct conn *c)
{
	say_goodbye(c);
	if (c->state == CONN_CLOSED)
		return;
	conn_set_state(c, CONN_LINGER);
	if (uv_shutdown(&c->shutdown, &c->uv.stream, on_shutdown) != 0)
		conn_close(c);
}

void
conn_expire(struct conn *c)
{
	bool partial = c->state == CONN_BODY || (c->state == CONN_HEAD && c->in.n > 0);

	if (partial)
		reply_refuse(c, 408);
	else
		conn_close(c);
}

static void
trim_buf(struct buf *b)
{
	if (b->cap > KEEP_BUF_MAX)
		buf_free(b);
	else
		buf_reset(b);
}

void
conn_replied(struct conn *c)
{
	struct http_request *r = &c->request;

	arena_reset(r->arena);
	give_large_back(c);
	trim_buf(&c->body);
	trim_buf(&c->reply);
	r->header_count = 0;
	r->user = NULL;
	if (c->close_after || c->loop->stopping) {
		say_goodbye(c);
		if (c->writes > 0)
			conn_linger(c);		/* close_notify waits for the socket */
		else
			conn_close(c);
		return;
	}
	conn_set_state(c, CONN_IDLE);
}

/* ---- from bytes to a request */

static void
hand_over(struct conn *c, struct str body)
{
	struct loop *l = c->loop;
	const struct http_config *config = &l->server->config;

	c->request.body = body;
	c->served++;
	c->close_after = c->head.close || c->served >= CONNECTION_REQUESTS ||
	    uv_now(&l->uv) - c->born >= CONNECTION_LIFE_MS;
	c->out = true;
	conn_set_state(c, CONN_HANDLER);
	c->in_handler = true;
	config->on_request(&c->request, config->arg);
	c->in_handler = false;
}

static size_t
body_cap(const struct conn *c)
{
	const struct http_config *config = &c->loop->server->config;
	size_t cap = 0;

	if (config->limits.body_cap != NULL)
		cap = config->limits.body_cap(config->arg, c->head.method, c->head.target);
	return cap > config->limits.body_bytes ? cap : config->limits.body_bytes;
}

/* False when the large bodies under way leave no room for one of `n` bytes. */
static bool
take_large(struct conn *c, size_t n)
{
	struct http_server *s = c->loop->server;

	if (n <= s->config.limits.body_bytes)
		return true;
	c->large = n;
	if (atomic_fetch_add(&s->large_bodies, n) + n <= LARGE_BODIES_MAX)
		return true;
	give_large_back(c);
	return false;
}

/* The part of the body that came with the head, and what to wait for. Returns bytes used. */
static size_t
begin_body(struct conn *c, struct str in)
{
	size_t n = c->head.content_length;

	if (c->head.framing == FRAMING_NONE || (c->head.framing == FRAMING_LENGTH && n == 0)) {
		hand_over(c, STR_LIT(""));
		return 0;
	}
	c->body_cap = body_cap(c);
	if (c->head.framing == FRAMING_LENGTH && n > c->body_cap) {
		reply_refuse(c, 413);
		return 0;
	}
	if (!take_large(c, c->head.framing == FRAMING_LENGTH ? n : c->body_cap)) {
		reply_refuse(c, 503);
		return 0;
	}
	if (c->head.framing == FRAMING_LENGTH && in.n >= n) {
		hand_over(c, arena_str(c->request.arena, (struct str){ in.p, n }));
		return n;
	}
	c->chunks = (struct strict_chunks){ 0 };
	conn_set_state(c, CONN_BODY);
	if (c->head.expects_continue && in.n == 0)
		reply_continue(c);
	return 0;
}

/* 0, or the status to refuse with. The head is copied: the request outlives what was read. */
static int
read_head(struct conn *c, struct str head)
{
	struct http_request *r = &c->request;
	struct str raw = arena_str(r->arena, head);
	int status;

	c->head.headers = r->headers;
	status = strict_read_head(raw, &c->head);
	if (status != 0)
		return status;
	if (!strict_second_reading(raw, &c->head))
		return 400;
	r->method = c->head.method;
	r->target = c->head.target;
	r->header_count = c->head.header_count;
	return 0;
}

static size_t
refuse(struct conn *c, int status, struct str in)
{
	reply_refuse(c, status);
	return in.n;
}

static size_t
take_head(struct conn *c, struct str in)
{
	size_t limit = c->loop->server->config.limits.head_bytes, n = 0;
	enum strict_scan found = strict_find_end(in, &c->scanned, &n);
	int status;

	if (found == STRICT_BAD)
		return refuse(c, 400, in);
	if ((found == STRICT_MORE ? in.n : n) > limit)
		return refuse(c, 431, in);
	if (found == STRICT_MORE) {
		if (c->state == CONN_IDLE)
			conn_set_state(c, CONN_HEAD);
		return 0;
	}
	c->scanned = 0;
	status = read_head(c, (struct str){ in.p, n });
	if (status != 0)
		return refuse(c, status, in);
	return n + begin_body(c, str_skip(in, n));
}

static size_t
take_chunks(struct conn *c, struct str in)
{
	struct str rest = in;

	switch (strict_read_chunks(&c->chunks, &rest, &c->body, c->body_cap)) {
	case BODY_BAD:
		return refuse(c, 400, in);
	case BODY_TOO_LARGE:
		return refuse(c, 413, in);
	case BODY_WHOLE:
		hand_over(c, buf_view(&c->body));
		break;
	case BODY_MORE:
		break;
	}
	return in.n - rest.n;
}

static size_t
take_body(struct conn *c, struct str in)
{
	size_t want = c->head.content_length - c->body.n, n = in.n < want ? in.n : want;

	if (c->head.framing == FRAMING_CHUNKED)
		return take_chunks(c, in);
	buf_add(&c->body, in.p, n);
	if (n == want)
		hand_over(c, buf_view(&c->body));
	return n;
}

/* Bytes used of `in`; 0 when what is left must wait. */
static size_t
step(struct conn *c, struct str in)
{
	switch (c->state) {
	case CONN_IDLE: case CONN_HEAD:
		return take_head(c, in);
	case CONN_BODY:
		return take_body(c, in);
	case CONN_LINGER: case CONN_CLOSED:
		return in.n;
	case CONN_HANDLER: case CONN_WRITE: case CONN_STATES:
		break;
	}
	return 0;
}

static size_t
run(struct conn *c, struct str in)
{
	size_t used = 0, n;

	while (used < in.n && (n = step(c, str_skip(in, used))) > 0)
		used += n;
	return used;
}

static void
drop_front(struct buf *b, size_t n)
{
	size_t rest = b->n - n;

	if (rest == 0) {
		trim_buf(b);
		return;
	}
	memmove(b->p, b->p + n, rest);
	explicit_bzero(b->p + rest, n);
	b->n = rest;
}

/* After input or a reply: what the state of the buffers and of the peer asks for. */
static void
settle(struct conn *c)
{
	bool wants_bytes = c->state == CONN_HEAD || c->state == CONN_BODY || c->state == CONN_IDLE;
	bool full = !wants_bytes && c->in.n >= PIPELINE_MAX;

	if (c->state == CONN_CLOSED || full == c->paused) {
		if (c->at_eof && wants_bytes)
			conn_close(c);	/* nothing can complete what is missing */
		return;
	}
	c->paused = full;
	if (full)
		uv_read_stop(&c->uv.stream);
	else if (!start_reading(c))
		conn_close(c);
}

static void
drain(struct conn *c)
{
	size_t used = run(c, buf_view(&c->in));

	if (used > 0)
		drop_front(&c->in, used);
}

static void
take_input(struct conn *c, struct str bytes)
{
	if (c->in.n > 0) {
		buf_str(&c->in, bytes);
		drain(c);
	} else {
		buf_str(&c->in, str_skip(bytes, run(c, bytes)));
	}
}

void
conn_resume(struct conn *c)
{
	if (c->state == CONN_IDLE && c->in.n > 0)
		drain(c);
	settle(c);
}

void
conn_take_reply(struct conn *c)
{
	struct str whole = buf_view(&c->reply);

	c->out = false;
	if (c->state == CONN_CLOSED) {
		if (c->uv_closed)
			conn_free(c);
		return;
	}
	reply_send(c, (struct str){ whole.p, c->reply_head_len },
	    str_skip(whole, c->reply_head_len), c->reply_close);
	trim_buf(&c->reply);
	conn_resume(c);
}

/* ---- reading */

static void
on_eof(struct conn *c)
{
	c->at_eof = true;
	if (c->state == CONN_LINGER && c->writes == 0)
		conn_close(c);
	else
		settle(c);
}

static void
note_tls(struct conn *c)
{
	if (c->request.tls_version != NULL)
		return;
	c->request.tls_version = tls_session_version(c->tls);
	c->request.tls_cipher = tls_session_cipher(c->tls);
}

static void
take_tls_input(struct conn *c, struct str bytes)
{
	char *plain = c->loop->plain;
	int n = 0;

	tls_session_feed(c->tls, bytes);
	while (c->state != CONN_CLOSED && (n = tls_session_read(c->tls, plain, READ_SIZE)) > 0) {
		note_tls(c);
		take_input(c, (struct str){ plain, (size_t)n });
		explicit_bzero(plain, (size_t)n);
	}
	reply_flush_tls(c);
	if (n == TLS_FAILED)
		conn_close(c);
	else if (n == TLS_CLOSED)
		on_eof(c);
	else
		settle(c);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct conn *c = handle->data;
	(void)suggested;

	*out = uv_buf_init(c->loop->bytes, READ_SIZE);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = stream->data;

	if (n == UV_EOF) {
		on_eof(c);
	} else if (n < 0) {
		conn_close(c);
	} else if (n > 0 && c->tls != NULL) {
		take_tls_input(c, (struct str){ buf->base, (size_t)n });
	} else if (n > 0) {
		take_input(c, (struct str){ buf->base, (size_t)n });
		settle(c);
		explicit_bzero(buf->base, (size_t)n);
	}
}

static bool
start_reading(struct conn *c)
{
	return c->at_eof || uv_read_start(&c->uv.stream, on_alloc, on_read) == 0;
}

/* ---- a new connection */

static struct conn *
conn_new(struct loop *l)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->loop = l;
	c->born = uv_now(&l->uv);
	c->request.arena = arena_new();
	c->request.thread = l->index;
	c->request.peer_uid = -1;
	if (l->server->address.is_unix)
		uv_pipe_init(&l->uv, &c->uv.pipe, 0);
	else
		uv_tcp_init(&l->uv, &c->uv.tcp);
	c->uv.handle.data = c;
	c->state = CONN_HEAD;
	TAILQ_INSERT_TAIL(&l->by_state[CONN_HEAD], c, link);
	l->conns++;
	return c;
}

/* Counts the connection in; at the total cap the oldest idle one makes room (security.md 7.4). */
static bool
admit(struct conn *c, const struct sockaddr *who)
{
	struct loop *l = c->loop;
	enum peers_answer answer = peers_enter(l->server->peers, who, &c->slot);
	struct conn *oldest = TAILQ_FIRST(&l->by_state[CONN_IDLE]);

	if (answer == PEERS_FULL && oldest != NULL) {
		conn_close(oldest);
		answer = peers_enter(l->server->peers, who, &c->slot);
	}
	return answer == PEERS_OK;
}

static bool
identify_unix(struct conn *c)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int fd;

	if (uv_fileno(&c->uv.handle, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return false;
	memcpy(c->request.peer, "unix", sizeof("unix"));
	c->request.peer_uid = (int64_t)cred.uid;
	return admit(c, NULL);
}

static bool
identify_inet(struct conn *c)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	} a;
	int len = sizeof(a);
	bool v6;

	if (uv_tcp_getpeername(&c->uv.tcp, &a.any, &len) != 0)
		return false;
	v6 = a.any.sa_family == AF_INET6;
	c->request.peer_port = ntohs(v6 ? a.in6.sin6_port : a.in4.sin_port);
	inet_ntop(a.any.sa_family, v6 ? (void *)&a.in6.sin6_addr : (void *)&a.in4.sin_addr,
	    c->request.peer, sizeof(c->request.peer));
	uv_tcp_nodelay(&c->uv.tcp, 1);
	return admit(c, &a.any);
}

static bool
start_tls(struct conn *c)
{
	struct tls *t = server_tls(c->loop->server);

	if (t == NULL)
		return true;
	c->tls = tls_session_new(t, &c->loop->cipher);
	tls_unref(t);
	return c->tls != NULL;
}

void
conn_accept(struct loop *l)
{
	struct conn *c = conn_new(l);
	bool ok = uv_accept(&l->listener.stream, &c->uv.stream) == 0 &&
	    (l->server->address.is_unix ? identify_unix(c) : identify_inet(c)) &&
	    start_tls(c) && start_reading(c);

	if (ok)
		conn_set_state(c, CONN_HEAD);
	else
		conn_close(c);
}
