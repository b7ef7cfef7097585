/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/codec.h"

static void
wiping_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void
json_setup(void)
{
	json_set_alloc_funcs(malloc, wiping_free);
	json_object_seed(0);
}

/* Bounds nesting before Jansson, whose own limit is 2,048, sees the text. */
static bool
is_too_deep(struct str text)
{
	int depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_MAX_DEPTH)
				return true;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return false;
}

static void
release(void *doc)
{
	json_decref(doc);
}

json_t *
json_parse(struct arena *a, struct str text, int flags, struct err *e)
{
	size_t opts = JSON_ALLOW_NUL | JSON_DECODE_ANY;
	json_error_t at;
	json_t *doc;

	if (flags & JSON_STRICT_KEYS)
		opts |= JSON_REJECT_DUPLICATES;
	if (is_too_deep(text)) {
		err_set(e, ERR_SERIALIZATION, "Unable to parse the request body.");
		return NULL;
	}
	doc = json_loadb(text.p == NULL ? "" : text.p, text.n, opts, &at);
	if (doc == NULL) {
		err_set(e, ERR_SERIALIZATION, "Unable to parse the request body.");
		snprintf(e->detail, sizeof(e->detail), "JSON error %d at byte %d",
		    json_error_code(&at), at.position);
		return NULL;
	}
	arena_defer(a, release, doc);
	return doc;
}

struct str
json_str(const json_t *v)
{
	if (!json_is_string(v))
		return STR_NULL;
	return (struct str){ json_string_value(v), json_string_length(v) };
}

struct str
json_member_str(const json_t *object, const char *key)
{
	return json_str(json_object_get(object, key));
}

static void
value(struct jsonw *w)
{
	if (w->comma)
		buf_c(w->b, ',');
	w->comma = true;
}

void
jsonw_open(struct jsonw *w)
{
	value(w);
	buf_c(w->b, '{');
	w->comma = false;
}

void
jsonw_close(struct jsonw *w)
{
	buf_c(w->b, '}');
	w->comma = true;
}

void
jsonw_open_list(struct jsonw *w)
{
	value(w);
	buf_c(w->b, '[');
	w->comma = false;
}

void
jsonw_close_list(struct jsonw *w)
{
	buf_c(w->b, ']');
	w->comma = true;
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* True when one of the eight bytes at p is a control character, a quote or a backslash. A byte is
 * below c when subtracting c borrows into its top bit and that bit was clear. */
static bool
must_escape_8(const char *p)
{
	uint64_t v, quote, backslash;

	memcpy(&v, p, sizeof(v));
	quote = v ^ EACH_BYTE('"');
	backslash = v ^ EACH_BYTE('\\');
	return (((v - EACH_BYTE(0x20)) & ~v) | ((quote - EACH_BYTE(1)) & ~quote) |
	    ((backslash - EACH_BYTE(1)) & ~backslash)) & EACH_BYTE(0x80);
}

/* Runs of bytes that need no escape are copied whole. */
static void
escaped(struct buf *b, struct str s)
{
	static const char hex[] = "0123456789abcdef";
	size_t run = 0;

	if (s.p == NULL)
		s = STR_LIT("");	/* arithmetic on NULL is undefined, even + 0 */
	buf_reserve(b, s.n + 2);
	buf_c(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char u[6] = { '\\', 'u', '0', '0', 0, 0 };
		const char *short_form = NULL;

		if (s.n - i >= 8 && !must_escape_8(s.p + i)) {
			i += 7;
			continue;
		}
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, s.p + run, i - run);
		run = i + 1;
		switch (c) {
		case '"': short_form = "\\\""; break;
		case '\\': short_form = "\\\\"; break;
		case '\b': short_form = "\\b"; break;
		case '\f': short_form = "\\f"; break;
		case '\n': short_form = "\\n"; break;
		case '\r': short_form = "\\r"; break;
		case '\t': short_form = "\\t"; break;
		default: break;
		}
		if (short_form != NULL) {
			buf_add(b, short_form, 2);
			continue;
		}
		u[4] = hex[c >> 4];
		u[5] = hex[c & 15];
		buf_add(b, u, sizeof(u));
	}
	buf_add(b, s.p + run, s.n - run);
	buf_c(b, '"');
}

void
jsonw_key_str(struct jsonw *w, struct str key)
{
	value(w);
	escaped(w->b, key);
	buf_c(w->b, ':');
	w->comma = false;
}

void
jsonw_key(struct jsonw *w, const char *key)
{
	jsonw_key_str(w, str_of(key));
}

void
jsonw_str(struct jsonw *w, struct str s)
{
	value(w);
	escaped(w->b, s);
}

void
jsonw_z(struct jsonw *w, const char *z)
{
	jsonw_str(w, str_of(z));
}

void
jsonw_base64(struct jsonw *w, const void *p, size_t n)
{
	value(w);
	buf_c(w->b, '"');
	base64_add(w->b, p, n);
	buf_c(w->b, '"');
}

void
jsonw_int(struct jsonw *w, int64_t v)
{
	value(w);
	buf_printf(w->b, "%lld", (long long)v);
}

void
jsonw_bool(struct jsonw *w, bool v)
{
	value(w);
	buf_z(w->b, v ? "true" : "false");
}

void
jsonw_null(struct jsonw *w)
{
	value(w);
	buf_z(w->b, "null");
}

void
jsonw_time(struct jsonw *w, int64_t ms)
{
	uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;

	value(w);
	buf_printf(w->b, "%s%llu.%03u", ms < 0 ? "-" : "", (unsigned long long)(size / 1000),
	    (unsigned)(size % 1000));
}

void
jsonw_raw(struct jsonw *w, struct str json)
{
	value(w);
	buf_str(w->b, json);
}

void
jsonw_kstr(struct jsonw *w, const char *key, struct str s)
{
	jsonw_key(w, key);
	jsonw_str(w, s);
}

void
jsonw_kz(struct jsonw *w, const char *key, const char *z)
{
	jsonw_key(w, key);
	jsonw_z(w, z);
}

void
jsonw_kint(struct jsonw *w, const char *key, int64_t v)
{
	jsonw_key(w, key);
	jsonw_int(w, v);
}

void
jsonw_kbool(struct jsonw *w, const char *key, bool v)
{
	jsonw_key(w, key);
	jsonw_bool(w, v);
}

void
jsonw_ktime(struct jsonw *w, const char *key, int64_t ms)
{
	jsonw_key(w, key);
	jsonw_time(w, ms);
}

void
jsonw_knull(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_null(w);
}
