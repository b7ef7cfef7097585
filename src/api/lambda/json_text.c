/* SPDX-License-Identifier: Apache-2.0 */
#include "api/lambda/json_text.h"

/* One pass without recursion: `kinds` remembers of each open bracket whether it is a brace. */
struct reader {
	struct str s;
	size_t at;
	bool kinds[JSON_TEXT_DEPTH];
	size_t depth;
};

/* The byte here; 0 at the end, which no rule below takes for one of its own. */
static char
peek(const struct reader *r)
{
	return r->at < r->s.n ? r->s.p[r->at] : '\0';
}

static bool
take(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->at++;
	return true;
}

static void
blanks(struct reader *r)
{
	while (take(r, ' ') || take(r, '\t') || take(r, '\n') || take(r, '\r'))
		continue;
}

static bool
literal(struct reader *r, const char *word)
{
	for (; *word != '\0'; word++) {
		if (!take(r, *word))
			return false;
	}
	return true;
}

static bool
digits(struct reader *r)
{
	size_t from = r->at;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->at++;
	return r->at > from;
}

static bool
number(struct reader *r)
{
	(void)take(r, '-');
	if (!take(r, '0') && !digits(r))
		return false;
	if (take(r, '.') && !digits(r))
		return false;
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			(void)take(r, '-');
		return digits(r);
	}
	return true;
}

static bool
hex_digit(struct reader *r)
{
	char c = peek(r);

	if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
		return false;
	r->at++;
	return true;
}

static bool
escape(struct reader *r)
{
	char c = peek(r);

	if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
		return false;
	r->at++;
	return c != 'u' || (hex_digit(r) && hex_digit(r) && hex_digit(r) && hex_digit(r));
}

static bool
string(struct reader *r)
{
	if (!take(r, '"'))
		return false;
	while (r->at < r->s.n && (unsigned char)peek(r) >= 0x20) {
		if (take(r, '"'))
			return true;
		if (!take(r, '\\'))
			r->at++;
		else if (!escape(r))
			return false;
	}
	return false;
}

static bool
scalar(struct reader *r)
{
	switch (peek(r)) {
	case '"': return string(r);
	case 't': return literal(r, "true");
	case 'f': return literal(r, "false");
	case 'n': return literal(r, "null");
	default: return number(r);
	}
}

static bool
key(struct reader *r)
{
	blanks(r);
	if (!string(r))
		return false;
	blanks(r);
	return take(r, ':');
}

static bool
close_one(struct reader *r)
{
	if (!take(r, r->kinds[r->depth - 1] ? '}' : ']'))
		return false;
	r->depth--;
	return true;
}

/* Opens brackets up to the first value that is whole: a scalar, or an empty pair. */
static bool
descend(struct reader *r)
{
	for (;;) {
		bool is_object;

		blanks(r);
		is_object = peek(r) == '{';
		if (!is_object && peek(r) != '[')
			return scalar(r);
		if (r->depth == JSON_TEXT_DEPTH)
			return false;
		r->at++;
		r->kinds[r->depth++] = is_object;
		blanks(r);
		if (close_one(r))
			return true;
		if (is_object && !key(r))
			return false;
	}
}

/* After a whole value: closes what ends here. *out_more: a comma came, another value follows. */
static bool
ascend(struct reader *r, bool *out_more)
{
	*out_more = false;
	for (;;) {
		blanks(r);
		if (r->depth == 0)
			return true;
		if (take(r, ',')) {
			*out_more = true;
			return !r->kinds[r->depth - 1] || key(r);
		}
		if (!close_one(r))
			return false;
	}
}

bool
json_text_check(struct str s, size_t *out_at)
{
	struct reader r = { .s = s };
	bool more = true, ok = true;

	while (ok && more)
		ok = descend(&r) && ascend(&r, &more);
	*out_at = r.at;
	return ok && r.at == s.n && str_is_utf8(s);
}
