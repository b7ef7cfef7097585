/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests: what strict.c accepts, llhttp must read as the same method, target, field names and
 * framing, and a chunked body as the same bytes ending in the same place. How the bytes are cut
 * into reads must change nothing.
 */
#include <llhttp.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "http/server.h"
#include "http/strict.h"

#define CAP 4096

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Bytes from outside a head's own buffer would show under ASan. */
static unsigned
sum(struct str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (unsigned char)s.p[i];
	return n;
}

static void
check_scan(struct str in, enum strict_scan whole, size_t whole_len)
{
	size_t scanned = 0, len = 0;
	enum strict_scan found = STRICT_MORE;

	for (size_t n = 1; n <= in.n && found == STRICT_MORE; n++)
		found = strict_find_end((struct str){ in.p, n }, &scanned, &len);
	if (whole == STRICT_WHOLE && found == STRICT_WHOLE)
		must(len == whole_len);
	/* Bytewise may see a fault earlier, but never accept what the whole refuses. */
	else
		must(found == whole || found == STRICT_BAD);
}

static enum strict_body
read_chunks(struct str in, size_t step, struct buf *out, size_t *used)
{
	struct strict_chunks k = { 0 };
	enum strict_body result = BODY_MORE;

	*used = 0;
	while (result == BODY_MORE && *used < in.n) {
		size_t left = in.n - *used;
		struct str part = { in.p + *used, left < step ? left : step }, rest = part;

		result = strict_read_chunks(&k, &rest, out, CAP);
		must(out->n <= CAP && rest.n <= part.n);
		*used += part.n - rest.n;
	}
	return result;
}

struct second {
	struct buf body;
	bool last;		/* the chunk of size 0 has come */
	bool complete;
};

static int
on_body(llhttp_t *p, const char *at, size_t n)
{
	buf_add(&((struct second *)p->data)->body, at, n);
	return 0;
}

static int
on_chunk_header(llhttp_t *p)
{
	((struct second *)p->data)->last |= p->content_length == 0;
	return 0;
}

static int
on_complete(llhttp_t *p)
{
	((struct second *)p->data)->complete = true;
	return HPE_PAUSED;
}

/* llhttp refuses some fields (Content-Length) in trailers, which strict.c drops unread. */
static void
check_chunks(struct str message, const struct buf *body)
{
	static const llhttp_settings_t settings = { .on_body = on_body,
		.on_chunk_header = on_chunk_header, .on_message_complete = on_complete };
	struct second s = { .body = BUF_INIT };
	llhttp_errno_t result;
	llhttp_t p;

	llhttp_init(&p, HTTP_REQUEST, &settings);
	p.data = &s;
	result = llhttp_execute(&p, message.p, message.n);
	must(s.last && str_eq(buf_view(&s.body), buf_view(body)));
	if (s.complete)
		must(result == HPE_PAUSED && llhttp_get_error_pos(&p) >= message.p + message.n - 1);
	buf_free(&s.body);
}

static void
check_body(struct str in, size_t head_len)
{
	AUTO_BUF whole = BUF_INIT, bytewise = BUF_INIT;
	size_t used, used_bytewise;
	enum strict_body result = read_chunks(str_skip(in, head_len), SIZE_MAX, &whole, &used);

	must(read_chunks(str_skip(in, head_len), 1, &bytewise, &used_bytewise) == result ||
	    result == BODY_TOO_LARGE);
	if (result != BODY_WHOLE)
		return;
	must(used == used_bytewise && str_eq(buf_view(&whole), buf_view(&bytewise)));
	check_chunks((struct str){ in.p, head_len + used }, &whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct header headers[HTTP_MAX_HEADERS];
	struct strict_head h = { .headers = headers };
	volatile unsigned seen = 0;
	size_t scanned = 0, len = 0;
	enum strict_scan found = strict_find_end(in, &scanned, &len);

	check_scan(in, found, len);
	if (found != STRICT_WHOLE || strict_read_head((struct str){ in.p, len }, &h) != 0)
		return 0;
	must(strict_second_reading((struct str){ in.p, len }, &h));
	seen += sum(h.method) + sum(h.target);
	for (size_t i = 0; i < h.header_count; i++)
		seen += sum(headers[i].name) + sum(headers[i].value);
	if (h.framing == FRAMING_CHUNKED)
		check_body(in, len);
	return 0;
}
