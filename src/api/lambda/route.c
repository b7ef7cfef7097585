/* SPDX-License-Identifier: Apache-2.0 */
#include "api/lambda/route.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %XX, once; "+" stays a plus in a path. False on a broken escape, on %00, and on what is no UTF-8:
 * names come back in answers, which are JSON. */
static bool
decode(struct arena *a, struct str s, bool is_query, struct str *out)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_query && c == '+')
			c = ' ';
		if (c == '%') {
			int high = i + 2 < s.n ? hex_value(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? hex_value(s.p[i + 2]) : -1;

			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		p[n++] = c;
	}
	*out = (struct str){ p, n };
	return str_is_utf8(*out);
}

bool
route_match(struct arena *a, const char *pattern, struct str path, struct str vars[ROUTE_VARS])
{
	struct str want = str_of(pattern), part, given;
	size_t n = 0;

	for (size_t i = 0; i < ROUTE_VARS; i++)
		vars[i] = STR_NULL;
	if (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;		/* older SDKs list with ".../functions/" */
	while (str_split(&want, '/', &part)) {
		if (!str_split(&path, '/', &given))
			return false;
		if (!str_is(part, "{}")) {
			if (!str_eq(part, given))
				return false;
			continue;
		}
		if (given.n == 0 || n == ROUTE_VARS || !decode(a, given, false, &vars[n++]))
			return false;
	}
	return path.p == NULL;
}

bool
query_next(struct arena *a, struct str *query, const char *name, struct str *out)
{
	struct str pair, key;

	while (str_split(query, '&', &pair)) {
		if (!str_split(&pair, '=', &key) || !str_is(key, name))
			continue;
		if (decode(a, pair.p == NULL ? STR_LIT("") : pair, true, out))
			return true;
	}
	return false;
}

struct str
query_value(struct arena *a, struct str query, const char *name)
{
	struct str value;

	return query_next(a, &query, name, &value) ? value : STR_NULL;
}
