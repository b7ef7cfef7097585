/* SPDX-License-Identifier: Apache-2.0 */
#include "http/reply.h"

#include <stdlib.h>

#include "base/arena.h"

/* ---- the head as bytes */

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
	{ 304, "Not Modified" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
	{ 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
	{ 408, "Request Timeout" }, { 409, "Conflict" }, { 412, "Precondition Failed" },
	{ 413, "Content Too Large" }, { 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" }, { 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
	{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
};

static const char *
reason_of(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

static void
put_number(struct buf *out, size_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	buf_add(out, digits + at, sizeof(digits) - at);
}

/* A value may carry text from a request: a line break in it must not become a field. */
static void
put_value(struct buf *out, struct str value)
{
	size_t start = out->n;

	buf_str(out, value);
	for (size_t i = start; i < out->n; i++) {
		unsigned char c = (unsigned char)out->p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			out->p[i] = ' ';
	}
}

static bool
status_has_body(int status)
{
	return status != 204 && status != 304;
}

/* Everything but Date, Connection and the empty line, which only the loop knows. */
static void
put_head(struct buf *out, const struct http_reply *reply)
{
	int status = reply->status >= 200 && reply->status <= 599 ? reply->status : 500;

	buf_reserve(out, 512);
	buf_str(out, STR_LIT("HTTP/1.1 "));
	put_number(out, (size_t)status);
	buf_c(out, ' ');
	buf_z(out, reason_of(status));
	for (size_t i = 0; i < reply->header_count; i++) {
		buf_str(out, STR_LIT("\r\n"));
		buf_str(out, reply->headers[i].name);
		buf_str(out, STR_LIT(": "));
		put_value(out, reply->headers[i].value);
	}
	if (status_has_body(status)) {
		buf_str(out, STR_LIT("\r\nContent-Length: "));
		put_number(out, reply->body.n);
	}
	buf_str(out, STR_LIT("\r\nCache-Control: no-store\r\n"));
}

/* What follows the head: nothing for HEAD and the statuses without a body. */
static struct str
body_of(const struct http_reply *reply, struct str method)
{
	if (!status_has_body(reply->status) || str_is(method, "HEAD"))
		return STR_NULL;
	return reply->body;
}

/* ---- writing: what the socket takes at once, and the rest later */

struct later {
	uv_write_t req;
	struct buf bytes;
};

static void
on_written(uv_write_t *req, int status)
{
	struct later *w = (struct later *)req->data;
	struct conn *c = req->handle->data;

	buf_free(&w->bytes);
	free(w);
	c->writes--;
	if (status < 0) {
		conn_close(c);
	} else if (c->writes == 0 && c->state == CONN_WRITE) {
		conn_replied(c);
		conn_resume(c);
	}
}

static void
write_later(struct conn *c, const uv_buf_t *parts, unsigned n, size_t sent)
{
	struct later *w = xcalloc(1, sizeof(*w));
	uv_buf_t rest;

	for (unsigned i = 0; i < n; i++) {
		size_t skip = sent < parts[i].len ? sent : parts[i].len;

		buf_add(&w->bytes, parts[i].base + skip, parts[i].len - skip);
		sent -= skip;
	}
	w->req.data = w;
	rest = uv_buf_init(w->bytes.p, (unsigned)w->bytes.n);
	if (uv_write(&w->req, &c->uv.stream, &rest, 1, on_written) == 0) {
		c->writes++;
		return;
	}
	buf_free(&w->bytes);
	free(w);
	conn_close(c);
}

static void
write_parts(struct conn *c, const uv_buf_t *parts, unsigned n)
{
	int sent = uv_try_write(&c->uv.stream, parts, n);
	size_t total = 0;

	for (unsigned i = 0; i < n; i++)
		total += parts[i].len;
	if (sent < 0 && sent != UV_EAGAIN)
		conn_close(c);
	else if (sent < 0 || (size_t)sent < total)
		write_later(c, parts, n, sent < 0 ? 0 : (size_t)sent);
}

void
reply_flush_tls(struct conn *c)
{
	struct buf *cipher = &c->loop->cipher;
	uv_buf_t part = { cipher->p, cipher->n };

	if (cipher->n > 0 && c->state != CONN_CLOSED)
		write_parts(c, &part, 1);
	cipher->n = 0;		/* ciphertext: nothing to wipe */
}

/* One record for all parts: each costs a header and a tag. */
static void
write_tls(struct conn *c, const uv_buf_t *parts, unsigned n)
{
	struct buf *record = &c->loop->record;
	bool ok;

	for (unsigned i = 0; i < n; i++)
		buf_add(record, parts[i].base, parts[i].len);
	ok = tls_session_write(c->tls, buf_view(record));
	buf_reset(record);
	reply_flush_tls(c);
	if (!ok)
		conn_close(c);
}

static uv_buf_t
part(struct str s)
{
	return (uv_buf_t){ .base = (char *)(uintptr_t)s.p, .len = s.n };
}

static void
write_message(struct conn *c, struct str head, struct str body, bool close)
{
	uv_buf_t parts[4] = { part(head), part(loop_date(c->loop)),
		part(close ? STR_LIT("Connection: close\r\n\r\n") : STR_LIT("\r\n")), part(body) };
	unsigned n = body.n > 0 ? 4 : 3;

	if (c->tls != NULL)
		write_tls(c, parts, n);
	else
		write_parts(c, parts, n);
}

void
reply_continue(struct conn *c)
{
	uv_buf_t p = part(STR_LIT("HTTP/1.1 100 Continue\r\n\r\n"));

	if (c->tls != NULL)
		write_tls(c, &p, 1);
	else
		write_parts(c, &p, 1);
}

void
reply_send(struct conn *c, struct str head, struct str body, bool close)
{
	c->close_after = c->close_after || close || c->loop->stopping;
	conn_set_state(c, CONN_WRITE);
	write_message(c, head, body, c->close_after);
	if (c->state == CONN_WRITE && c->writes == 0)
		conn_replied(c);
}

void
reply_refuse(struct conn *c, int status)
{
	const struct http_config *config = &c->loop->server->config;
	const struct header json = { STR_LIT("Content-Type"),
		STR_LIT("application/x-amz-json-1.1") };
	struct http_reply reply = { .status = status };
	struct buf *head = &c->loop->head;

	if (status == 413 && config->too_large_body.n > 0) {
		reply.headers = &json;
		reply.header_count = 1;
		reply.body = config->too_large_body;
	}
	put_head(head, &reply);
	write_message(c, buf_view(head), reply.body, true);
	buf_reset(head);
	conn_linger(c);
}

/* ---- http_reply */

/* Inside on_request, on the loop's own thread: straight into the socket, the body uncopied. */
static void
reply_here(struct conn *c, const struct http_reply *reply)
{
	struct buf *head = &c->loop->head;

	c->out = false;
	put_head(head, reply);
	reply_send(c, buf_view(head), body_of(reply, c->request.method), reply->close);
	buf_reset(head);
}

/* `lock` is held. True when the loop has ended and the connection is ours to free. */
static bool
queue_reply(struct loop *l, struct conn *c)
{
	if (l->ended) {
		l->orphans--;
		return true;
	}
	STAILQ_INSERT_TAIL(&l->replied, c, reply_link);
	if (!l->deaf)
		uv_async_send(&l->wake);
	return false;
}

/* On any thread. As soon as the lock is open again the loop may free the connection. */
static void
reply_elsewhere(struct conn *c, const struct http_reply *reply)
{
	struct loop *l = c->loop;
	bool orphan, last;

	put_head(&c->reply, reply);
	c->reply_head_len = c->reply.n;
	buf_str(&c->reply, body_of(reply, c->request.method));
	c->reply_close = reply->close;
	pthread_mutex_lock(&l->lock);
	orphan = queue_reply(l, c);
	last = orphan && l->abandoned && l->orphans == 0;
	pthread_mutex_unlock(&l->lock);
	if (orphan)
		conn_release(c);
	if (last)
		loop_free(l);
}

void
http_reply(struct http_request *r, const struct http_reply *reply)
{
	struct conn *c = (struct conn *)r;

	/* in_handler is the loop thread's; the first test keeps other threads from reading it. */
	if (pthread_equal(pthread_self(), c->loop->self) && c->in_handler)
		reply_here(c, reply);
	else
		reply_elsewhere(c, reply);
}
