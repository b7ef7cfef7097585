/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/secretjson.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "rotators/fault.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t
skip_blanks(struct str t, size_t at)
{
	while (at < t.n && is_blank(t.p[at]))
		at++;
	return at;
}

bool
secretjson_is_object(struct str text)
{
	size_t at = skip_blanks(text, 0);

	return at < text.n && text.p[at] == '{';
}

bool
secretjson_parse(struct arena *a, struct str text, struct secretjson *out, struct err *e)
{
	const json_t *doc = json_parse(a, text, JSON_STRICT_KEYS, e);

	if (doc == NULL)
		return fault_set(e, FAULT_CONFIG,
		    "the secret's value is not valid JSON, or names a member twice");
	if (!json_is_object(doc))
		return fault_set(e, FAULT_CONFIG, "the secret's value is not a JSON object");
	*out = (struct secretjson){ .text = text, .doc = doc };
	return true;
}

/* The end of the string that starts at `at`, after its closing quote. */
static size_t
skip_string(struct str t, size_t at)
{
	for (at++; at < t.n && t.p[at] != '"'; at++) {
		if (t.p[at] == '\\')
			at++;
	}
	return at < t.n ? at + 1 : t.n;
}

static size_t
skip_nested(struct str t, size_t at)
{
	int depth = 0;

	while (at < t.n) {
		char c = t.p[at];

		if (c == '"') {
			at = skip_string(t, at);
			continue;
		}
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			break;
	}
	return at;
}

static size_t
skip_value(struct str t, size_t at)
{
	if (at >= t.n)
		return t.n;
	if (t.p[at] == '"')
		return skip_string(t, at);
	if (t.p[at] == '{' || t.p[at] == '[')
		return skip_nested(t, at);
	while (at < t.n && !is_blank(t.p[at]) && strchr(",]}", t.p[at]) == NULL)
		at++;
	return at;
}

/* Names may be spelled with escapes: "pass\u0077ord" is password. */
static bool
is_key(struct arena *a, struct str quoted, const char *key)
{
	struct err ignored;

	if (memchr(quoted.p, '\\', quoted.n) == NULL)
		return quoted.n >= 2 && str_is((struct str){ quoted.p + 1, quoted.n - 2 }, key);
	return str_is(json_str(json_parse(a, quoted, 0, &ignored)), key);
}

/* Where the value of a member of the outer object stands. */
static bool
find_member(struct arena *a, struct str t, const char *key, size_t *out_from, size_t *out_to)
{
	size_t at = skip_blanks(t, 0) + 1;

	while ((at = skip_blanks(t, at)) < t.n && t.p[at] == '"') {
		size_t name_end = skip_string(t, at);
		size_t from = skip_blanks(t, skip_blanks(t, name_end) + 1);	/* past the colon */
		size_t to = skip_value(t, from);

		if (is_key(a, (struct str){ t.p + at, name_end - at }, key)) {
			*out_from = from;
			*out_to = to;
			return to <= t.n && from < to;
		}
		at = skip_blanks(t, to) + 1;					/* past the comma */
	}
	return false;
}

static void
append_member(struct buf *out, struct str t, const struct secretjson_edit *edit)
{
	struct jsonw w = jsonw_on(out);
	size_t end = t.n;

	while (end > 0 && t.p[end - 1] != '}')
		end--;
	end = end > 0 ? end - 1 : 0;
	while (end > 0 && is_blank(t.p[end - 1]))
		end--;
	buf_add(out, t.p, end);
	w.comma = end > 0 && t.p[end - 1] != '{';
	jsonw_kstr(&w, edit->key, edit->value);
	buf_add(out, t.p + end, t.n - end);
}

struct str
secretjson_replace(struct arena *a, struct str text, const struct secretjson_edit *edit)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w = jsonw_on(&out);
	size_t from, to;

	if (!find_member(a, text, edit->key, &from, &to)) {
		append_member(&out, text, edit);
		return arena_str(a, buf_view(&out));
	}
	buf_add(&out, text.p, from);
	jsonw_str(&w, edit->value);
	buf_add(&out, text.p + to, text.n - to);
	return arena_str(a, buf_view(&out));
}
