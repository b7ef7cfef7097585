/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.h - a borrowed run of bytes with its length. Never NUL-terminated, may hold NUL.
 * `p == NULL` means absent; an empty present string has a non-NULL p and n == 0.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR_LIT(s) ((struct str){ (s), sizeof(s) - 1 })
#define STR_NULL ((struct str){ NULL, 0 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, ((s).p == NULL ? "" : (s).p)

static inline struct str
str_of(const char *z)
{
	return (struct str){ z, z == NULL ? 0 : strlen(z) };
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
str_is(struct str a, const char *z)
{
	return str_eq(a, str_of(z));
}

static inline bool
str_starts(struct str a, const char *z)
{
	size_t n = strlen(z);

	return a.n >= n && (n == 0 || memcmp(a.p, z, n) == 0);
}

static inline struct str
str_skip(struct str a, size_t n)
{
	if (a.p == NULL)
		return a;	/* arithmetic on NULL is undefined, even + 0 */
	return n > a.n ? (struct str){ a.p + a.n, 0 } : (struct str){ a.p + n, a.n - n };
}

/* Byte order, a shorter prefix first. */
int str_cmp(struct str a, struct str b);
/* ASCII letters fold; nothing else does. */
bool str_eq_nocase(struct str a, struct str b);
/* Takes the part before the first `sep` off the front of *rest; true while there is one. */
bool str_split(struct str *rest, char sep, struct str *out);
/* Decimal digits only, no sign, no blanks, at most `max`. */
bool str_to_u64(struct str s, unsigned long long max, unsigned long long *out);
/* Code points in valid UTF-8. */
size_t str_code_points(struct str s);
bool str_is_utf8(struct str s);

/* Glob over the whole text: '*' any run, '?' exactly one byte. Linear in memory, no recursion. */
bool str_glob(struct str pattern, struct str s);
