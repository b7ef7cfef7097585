/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/sigv4_wire.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
wire_trim(struct str s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = str_skip(s, 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static struct str
join(struct arena *a, struct str left, struct str right)
{
	char *p = arena_alloc(a, left.n + 1 + right.n);

	memcpy(p, left.p, left.n);
	p[left.n] = ',';
	if (right.n > 0)
		memcpy(p + left.n + 1, right.p, right.n);
	return (struct str){ p, left.n + 1 + right.n };
}

struct str
wire_header(struct arena *a, const struct sigv4_request *r, struct str name)
{
	struct str all = STR_NULL;

	for (size_t i = 0; i < r->header_count; i++) {
		struct str value = wire_trim(r->headers[i].value);

		if (!str_eq_nocase(r->headers[i].name, name))
			continue;
		if (all.p == NULL)
			all = value.p == NULL ? STR_LIT("") : value;
		else
			all = join(a, all, value);
	}
	return all;
}

struct str
wire_path(const struct sigv4_request *r)
{
	struct str rest = r->target, path = STR_LIT("");

	return str_split(&rest, '?', &path) ? path : STR_LIT("");
}

struct str
wire_query(const struct sigv4_request *r)
{
	struct str rest = r->target, path;

	return str_split(&rest, '?', &path) && rest.p != NULL ? rest : STR_LIT("");
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A "%" without two hex digits stands for itself. */
static struct str
percent_decode(struct arena *a, struct str s)
{
	char *out;
	size_t n = 0;

	if (s.n == 0 || memchr(s.p, '%', s.n) == NULL)
		return s;
	out = arena_alloc(a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		int hi = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
		int lo = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;

		if (s.p[i] != '%' || hi < 0 || lo < 0) {
			out[n++] = s.p[i];
			continue;
		}
		out[n++] = (char)(hi << 4 | lo);
		i += 2;
	}
	return (struct str){ out, n };
}

bool
wire_next_param(struct arena *a, struct str *query, struct wire_param *out)
{
	struct str piece, name;

	do {
		if (!str_split(query, '&', &piece))
			return false;
	} while (piece.n == 0);
	if (!str_split(&piece, '=', &name))
		return false;
	out->name = percent_decode(a, name);
	out->value = piece.p == NULL ? STR_LIT("") : percent_decode(a, piece);
	return true;
}

struct str
wire_find_param(struct arena *a, const struct sigv4_request *r, const char *name)
{
	struct str query = wire_query(r), found = STR_NULL;
	struct wire_param p;

	while (wire_next_param(a, &query, &p)) {
		if (str_is(p.name, name))
			found = found.p == NULL ? p.value : STR_LIT("");
	}
	return found;
}

static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '.' || c == '_' || c == '~';
}

void
wire_encode(struct buf *out, struct str s, bool keep_slash)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_unreserved(s.p[i]) || (keep_slash && c == '/')) {
			buf_c(out, s.p[i]);
			continue;
		}
		buf_c(out, '%');
		buf_c(out, digits[c >> 4]);
		buf_c(out, digits[c & 15]);
	}
}
