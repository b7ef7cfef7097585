/* SPDX-License-Identifier: Apache-2.0 */
#include "http/strict.h"

#include <llhttp.h>

#include "http/server.h"

#define TOKEN 1		/* RFC 9110 5.6.2 */
#define TARGET 2	/* RFC 3986: pchar, "/", "?"; "%" is looked at again */
#define VALUE 4		/* RFC 9110 5.5: blank, tab, visible, obs-text */

static const uint8_t byte_class[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* blank ! " # $ % & ' ( ) * + , - . / */
	4, 7, 4, 5, 7, 7, 7, 7, 6, 6, 7, 7, 6, 7, 7, 6,
	/* 0-9 : ; < = > ? */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 4, 6, 4, 6,
	/* @ A-O */
	6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
	/* P-Z [ \ ] ^ _ */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 4, 4, 4, 5, 7,
	/* ` a-o */
	5, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
	/* p-z { | } ~ DEL */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 4, 5, 4, 7, 0,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
};

static inline bool
is(char c, int class)
{
	return (byte_class[(unsigned char)c] & class) != 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* -1 when c is no hex digit. */
static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* ---- where a head ends */

/* One empty line may stand before a request: old clients end a body with one too many. */
static size_t
blank_line_len(struct str in)
{
	return str_starts(in, "\r\n") ? 2 : 0;
}

/* The line that has no LF yet: CR may only be its last byte, NUL never appears. */
static bool
tail_is_sound(struct str tail)
{
	const char *cr = tail.n == 0 ? NULL : memchr(tail.p, '\r', tail.n);

	if (cr != NULL && cr + 1 != tail.p + tail.n)
		return false;
	return tail.n == 0 || memchr(tail.p, '\0', tail.n) == NULL;
}

enum strict_scan
strict_find_end(struct str in, size_t *scanned, size_t *out_len)
{
	size_t at = *scanned == 0 ? blank_line_len(in) : *scanned;
	const char *lf;

	while (at < in.n && (lf = memchr(in.p + at, '\n', in.n - at)) != NULL) {
		size_t line_end = (size_t)(lf - in.p);

		if (line_end == at || lf[-1] != '\r')
			return STRICT_BAD;
		if (line_end == at + 1) {
			*out_len = line_end + 1;
			return STRICT_WHOLE;
		}
		at = line_end + 1;
	}
	*scanned = at;
	return tail_is_sound(str_skip(in, at)) ? STRICT_MORE : STRICT_BAD;
}

/* ---- the request line */

static bool
take_byte(struct str *in, char c)
{
	if (in->n == 0 || in->p[0] != c)
		return false;
	*in = str_skip(*in, 1);
	return true;
}

static bool
take_literal(struct str *in, const char *z)
{
	if (!str_starts(*in, z))
		return false;
	*in = str_skip(*in, strlen(z));
	return true;
}

static struct str
take_run(struct str *in, int class)
{
	struct str out = { in->p, 0 };

	while (out.n < in->n && is(in->p[out.n], class))
		out.n++;
	*in = str_skip(*in, out.n);
	return out;
}

static bool
is_method_known(struct str m)
{
	static const char *const methods[] = { "POST", "GET", "PUT", "DELETE", "HEAD" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (str_is(m, methods[i]))
			return true;
	}
	return false;
}

/* Every "%" begins two hex digits that do not spell NUL. */
static bool
escapes_are_sound(struct str t)
{
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] != '%')
			continue;
		if (t.n - i < 3 || hex_value(t.p[i + 1]) < 0 || hex_value(t.p[i + 2]) < 0)
			return false;
		if (t.p[i + 1] == '0' && t.p[i + 2] == '0')
			return false;
	}
	return true;
}

/* "." or "..", plain or escaped. */
static bool
is_dot_segment(struct str s)
{
	size_t dots = 0;

	while (s.n > 0) {
		if (s.p[0] == '.')
			s = str_skip(s, 1);
		else if (s.n >= 3 && str_eq_nocase((struct str){ s.p, 3 }, STR_LIT("%2e")))
			s = str_skip(s, 3);
		else
			return false;
		dots++;
	}
	return dots == 1 || dots == 2;
}

/* No path that a normaliser would change (security.md 1.5): signer and router must see one path. */
static bool
path_is_normal(struct str path)
{
	struct str segment;

	if (!take_byte(&path, '/'))
		return false;
	while (str_split(&path, '/', &segment)) {
		if (segment.n == 0 && path.p != NULL)
			return false;
		if (is_dot_segment(segment))
			return false;
	}
	return true;
}

static bool
target_is_sound(struct str target)
{
	struct str query = target, path;

	if (target.n == 1)
		return target.p[0] == '/';
	return str_split(&query, '?', &path) && path_is_normal(path) && escapes_are_sound(target);
}

static bool
read_request_line(struct str *in, struct strict_head *h)
{
	h->method = take_run(in, TOKEN);
	if (!is_method_known(h->method) || !take_byte(in, ' '))
		return false;
	h->target = take_run(in, TARGET);
	return target_is_sound(h->target) && take_literal(in, " HTTP/1.1\r\n");
}

/* ---- fields with rules of their own; each answers 0 or the status to refuse with */

/* name, IPv4 or [IPv6], then perhaps a port: no lists, no userinfo, no path. */
static int
on_host(struct strict_head *h, struct str v)
{
	size_t i = 0, port;
	(void)h;

	if (v.n > 0 && v.p[0] == '[') {
		for (i = 1; i < v.n && (hex_value(v.p[i]) >= 0 || v.p[i] == ':' || v.p[i] == '.'); i++)
			continue;
		if (i == 1 || i == v.n || v.p[i++] != ']')
			return 400;
	} else {
		while (i < v.n && (is_digit(v.p[i]) || (is(v.p[i], TOKEN) &&
		    strchr("!#$%&'*+^`|", v.p[i]) == NULL)))
			i++;
	}
	if (i == 0)
		return 400;
	if (i == v.n)
		return 0;
	if (v.p[i++] != ':' || v.n - i > 5)
		return 400;
	for (port = i; port < v.n; port++) {
		if (!is_digit(v.p[port]))
			return 400;
	}
	return 0;
}

/* Digits only, no leading zero (another reader might take it for octal), no list. */
static int
on_content_length(struct strict_head *h, struct str v)
{
	unsigned long long n;

	if (!str_to_u64(v, SIZE_MAX / 4, &n) || (v.n > 1 && v.p[0] == '0'))
		return 400;
	h->framing = FRAMING_LENGTH;
	h->content_length = (size_t)n;
	return 0;
}

static int
on_transfer_encoding(struct strict_head *h, struct str v)
{
	if (!str_is(v, "chunked"))
		return 400;
	h->framing = FRAMING_CHUNKED;
	return 0;
}

static struct str
trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_skip(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* What trim took off the end of `whole`. */
static struct str
behind(struct str whole, struct str trimmed)
{
	return str_skip(whole, (size_t)(trimmed.p - whole.p) + trimmed.n);
}

static bool
has_byte(struct str s, char c)
{
	return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

static int
on_connection(struct strict_head *h, struct str v)
{
	struct str option;

	while (str_split(&v, ',', &option)) {
		option = trim(option);
		if (str_eq_nocase(option, STR_LIT("close")))
			h->close = true;
		if (str_eq_nocase(option, STR_LIT("upgrade")))
			return 400;
	}
	return 0;
}

static int
on_expect(struct strict_head *h, struct str v)
{
	if (!str_eq_nocase(v, STR_LIT("100-continue")))
		return 417;
	h->expects_continue = true;
	return 0;
}

static int
on_content_encoding(struct strict_head *h, struct str v)
{
	(void)h;
	return str_eq_nocase(v, STR_LIT("identity")) ? 0 : 415;
}

static int
refuse_field(struct strict_head *h, struct str v)
{
	(void)h;
	(void)v;
	return 400;
}

enum { RULE_HOST, RULE_CONTENT_LENGTH, RULE_TRANSFER_ENCODING };

static const struct rule {
	struct str name;
	bool repeats;		/* may stand on several lines */
	int (*check)(struct strict_head *h, struct str value);
} rules[] = {
#define NAME(z) { (z), sizeof(z) - 1 }
	[RULE_HOST] = { NAME("host"), false, on_host },
	[RULE_CONTENT_LENGTH] = { NAME("content-length"), false, on_content_length },
	[RULE_TRANSFER_ENCODING] = { NAME("transfer-encoding"), false, on_transfer_encoding },
	/* what the verifier and the dispatcher must read alike (security.md 1.3) */
	{ NAME("authorization"), false, NULL },
	{ NAME("x-amz-target"), false, NULL },
	{ NAME("x-amz-date"), false, NULL },
	{ NAME("x-amz-security-token"), false, NULL },
	{ NAME("connection"), true, on_connection },
	{ NAME("expect"), false, on_expect },
	{ NAME("content-encoding"), true, on_content_encoding },
	{ NAME("upgrade"), true, refuse_field },
	{ NAME("http2-settings"), true, refuse_field },
#undef NAME
};

#define SEEN(rule) (1u << (rule))

static int
apply_rules(struct strict_head *h, const struct header *field)
{
	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (field->name.n != rules[i].name.n || !str_eq_nocase(field->name, rules[i].name))
			continue;
		if (!rules[i].repeats && (h->seen & SEEN(i)) != 0)
			return 400;
		h->seen |= SEEN(i);
		return rules[i].check == NULL ? 0 : rules[i].check(h, field->value);
	}
	return 0;
}

/*
 * name ":" OWS value OWS CRLF. A line that starts with a blank (obs-fold) has no name.
 * A tab behind a value is legal and refused: llhttp 8 counts it into "chunked" and lengths.
 */
static bool
read_field(struct str *in, struct header *out)
{
	struct str raw;

	out->name = take_run(in, TOKEN);
	if (out->name.n == 0 || !take_byte(in, ':'))
		return false;
	raw = take_run(in, VALUE);
	out->value = trim(raw);
	if (out->value.n > 0 && has_byte(behind(raw, out->value), '\t'))
		return false;
	return take_literal(in, "\r\n");
}

static int
read_fields(struct str in, struct strict_head *h)
{
	int refused = 0;

	while (!str_is(in, "\r\n")) {
		struct header *field = &h->headers[h->header_count];

		if (h->header_count == HTTP_MAX_HEADERS)
			return 431;
		if (!read_field(&in, field))
			return 400;
		h->header_count++;
		/* The first refusal stands, but a malformed line further down beats it. */
		if (refused == 0)
			refused = apply_rules(h, field);
	}
	return refused;
}

int
strict_read_head(struct str raw, struct strict_head *h)
{
	struct str in = str_skip(raw, blank_line_len(raw));
	struct header *headers = h->headers;
	int refused;

	*h = (struct strict_head){ .headers = headers };
	if (!read_request_line(&in, h))
		return 400;
	refused = read_fields(in, h);
	if (refused != 0)
		return refused;
	if ((h->seen & SEEN(RULE_HOST)) == 0)
		return 400;
	if ((h->seen & SEEN(RULE_CONTENT_LENGTH)) != 0 && (h->seen & SEEN(RULE_TRANSFER_ENCODING)) != 0)
		return 400;
	return 0;
}

/* ---- llhttp's reading of the same bytes */

struct second {
	const struct strict_head *h;
	size_t names;			/* that agreed so far */
	bool complete, same_target;
};

static int
second_url(llhttp_t *p, const char *at, size_t n)
{
	struct second *s = p->data;

	s->same_target = at == s->h->target.p && n == s->h->target.n;
	return 0;
}

static int
second_name(llhttp_t *p, const char *at, size_t n)
{
	struct second *s = p->data;
	const struct str *want;

	if (s->names == s->h->header_count)
		return -1;
	want = &s->h->headers[s->names++].name;
	return at == want->p && n == want->n ? 0 : -1;
}

static int
second_complete(llhttp_t *p)
{
	struct second *s = p->data;

	s->complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t second_settings = {
	.on_url = second_url,
	.on_header_field = second_name,
	.on_headers_complete = second_complete,
};

static enum framing
second_framing(const llhttp_t *p)
{
	if ((p->flags & F_CHUNKED) != 0)
		return FRAMING_CHUNKED;
	return (p->flags & F_CONTENT_LENGTH) != 0 ? FRAMING_LENGTH : FRAMING_NONE;
}

bool
strict_second_reading(struct str raw, const struct strict_head *h)
{
	struct second s = { .h = h };
	llhttp_t p;

	llhttp_init(&p, HTTP_REQUEST, &second_settings);
	p.data = &s;
	if (llhttp_execute(&p, raw.p, raw.n) != HPE_PAUSED || !s.complete || !s.same_target)
		return false;
	if (s.names != h->header_count || p.http_major != 1 || p.http_minor != 1 || p.upgrade)
		return false;
	if (!str_is(h->method, llhttp_method_name((llhttp_method_t)p.method)))
		return false;
	if (second_framing(&p) != h->framing)
		return false;
	return h->framing != FRAMING_LENGTH || p.content_length == h->content_length;
}

/* ---- chunked bodies */

/*
 *   SIZE -> SIZE_MORE -+-> SIZE_LF -+-> DATA -> DATA_CR -> DATA_LF -> SIZE
 *                      |     ^      +-> LINE (after the chunk of size 0)
 *                 ";"  v     |
 *          EXT_NAME -> EXT_NAME_MORE -> EXT_VALUE -> EXT_VALUE_MORE
 *   LINE -> NAME -> FIELD -> FIELD_LF -> LINE       trailers, read and dropped
 *   LINE -> END_LF -> whole
 */
enum chunk_state {
	SIZE, SIZE_MORE, SIZE_LF,
	EXT_NAME, EXT_NAME_MORE, EXT_VALUE, EXT_VALUE_MORE,
	DATA, DATA_CR, DATA_LF,
	LINE, NAME, FIELD, FIELD_LF, END_LF,
	WHOLE, BAD
};

#define MAX_SIZE_DIGITS 8
/* Extensions and trailers mean nothing here; no client needs more of them than this. */
#define MAX_OVERHEAD 4096

static enum chunk_state
on_size_byte(struct strict_chunks *k, char c)
{
	int digit = hex_value(c);

	if (digit < 0 || k->digits == MAX_SIZE_DIGITS)
		return BAD;
	k->left = k->left * 16 + (size_t)digit;
	k->digits++;
	return SIZE_MORE;
}

/* After a size or an extension's name. */
static enum chunk_state
on_size_line_end(char c)
{
	return c == '\r' ? SIZE_LF : c == ';' ? EXT_NAME : BAD;
}

static enum chunk_state
on_extension_byte(enum chunk_state state, char c)
{
	bool in_name = state == EXT_NAME || state == EXT_NAME_MORE;

	if (is(c, TOKEN))
		return in_name ? EXT_NAME_MORE : EXT_VALUE_MORE;
	if (state == EXT_NAME_MORE)
		return c == '=' ? EXT_VALUE : on_size_line_end(c);
	/* RFC 9112 7.1.1 has further extensions after a value; llhttp 8 refuses them, so do we. */
	return state == EXT_VALUE_MORE && c == '\r' ? SIZE_LF : BAD;
}

static enum chunk_state
on_trailer_byte(enum chunk_state state, char c)
{
	if (state == LINE)
		return c == '\r' ? END_LF : is(c, TOKEN) ? NAME : BAD;
	if (state == NAME)
		return c == ':' ? FIELD : is(c, TOKEN) ? NAME : BAD;
	return c == '\r' ? FIELD_LF : is(c, VALUE) ? FIELD : BAD;
}

static enum chunk_state
on_size_lf(struct strict_chunks *k, char c)
{
	k->digits = 0;
	if (c != '\n')
		return BAD;
	return k->left == 0 ? LINE : DATA;
}

static enum chunk_state
on_framing_byte(struct strict_chunks *k, char c)
{
	enum chunk_state state = (enum chunk_state)k->state;

	switch (state) {
	case SIZE:
		return on_size_byte(k, c);
	case SIZE_MORE:
		return hex_value(c) >= 0 ? on_size_byte(k, c) : on_size_line_end(c);
	case SIZE_LF:
		return on_size_lf(k, c);
	case EXT_NAME: case EXT_NAME_MORE: case EXT_VALUE: case EXT_VALUE_MORE:
		return ++k->overhead > MAX_OVERHEAD ? BAD : on_extension_byte(state, c);
	case DATA_CR:
		return c == '\r' ? DATA_LF : BAD;
	case DATA_LF:
		return c == '\n' ? SIZE : BAD;
	case LINE: case NAME: case FIELD:
		return ++k->overhead > MAX_OVERHEAD ? BAD : on_trailer_byte(state, c);
	case FIELD_LF:
		return c == '\n' ? LINE : BAD;
	case END_LF:
		return c == '\n' ? WHOLE : BAD;
	case DATA: case WHOLE: case BAD:
		break;
	}
	return BAD;
}

static void
take_data(struct strict_chunks *k, struct str *in, struct buf *out)
{
	size_t n = in->n < k->left ? in->n : k->left;

	buf_add(out, in->p, n);
	*in = str_skip(*in, n);
	k->left -= n;
	if (k->left == 0)
		k->state = DATA_CR;
}

enum strict_body
strict_read_chunks(struct strict_chunks *k, struct str *in, struct buf *out, size_t cap)
{
	while (k->state != WHOLE && k->state != BAD && in->n > 0) {
		if (k->state == DATA) {
			if (k->left > cap - out->n)
				return BODY_TOO_LARGE;
			take_data(k, in, out);
			continue;
		}
		k->state = (int)on_framing_byte(k, in->p[0]);
		*in = str_skip(*in, 1);
	}
	return k->state == WHOLE ? BODY_WHOLE : k->state == BAD ? BODY_BAD : BODY_MORE;
}
