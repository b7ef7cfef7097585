/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The distribution of GetRandomPassword (spec/api.md section 7), measured on the handler itself.
 *
 * Pearson's chi-square over counts, against a limit that a fair draw passes with probability below
 * 1e-11 (Laurent and Massart: a chi-square of df degrees exceeds df + 2 sqrt(df x) + 2 x with
 * probability at most exp(-x); x = 25.5). A run makes about sixty comparisons, so fewer than one in
 * a thousand million runs raises a false alarm.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/secretsmanager/ops.h"
#include "catalog/messages.h"
#include "test.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define PUNCTUATION "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
#define EVERYTHING LOWER UPPER DIGITS PUNCTUATION
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define X 25.5

struct draws {
	struct arena *arena;
	const char *body;
	struct err e;
};

/* One password, in the arena; STR_NULL when refused. */
static struct str
draw(struct draws *d)
{
	struct op_ctx ctx = { .cat.arena = d->arena };
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);
	json_t *doc;
	void *in;

	doc = json_parse(d->arena, str_of(d->body), 0, &d->e);
	CHECK_OK(doc != NULL && fields_decode(d->arena, get_random_password_fields, doc, &in, &d->e),
	    &d->e);
	if (!get_random_password(&ctx, in, &w, &d->e))
		return STR_NULL;
	doc = json_parse(d->arena, buf_view(&b), 0, &d->e);
	assert_non_null(doc);
	return arena_str(d->arena, json_member_str(doc, "RandomPassword"));
}

static double
limit(double df)
{
	return df + 2 * sqrt(df * X) + 2 * X;
}

/* `n` cells that should each hold total * weight[i] (weights NULL: the same). */
static void
check_fit(const char *what, const uint64_t *cells, const double *weights, size_t n, uint64_t total)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		double want = (double)total * (weights == NULL ? 1.0 / (double)n : weights[i]);
		double off = (double)cells[i] - want;

		assert_true(want >= 5);		/* below, the approximation does not hold */
		sum += off * off / want;
	}
	if (sum > limit((double)n - 1))
		fail_msg("%s: chi-square %.1f above %.1f", what, sum, limit((double)n - 1));
}

static size_t
class_of(char c)
{
	static const char *const classes[] = { LOWER, UPPER, DIGITS, PUNCTUATION };

	for (size_t i = 0; i < COUNT(classes); i++) {
		if (strchr(classes[i], c) != NULL)
			return i;
	}
	fail_msg("'%c' is in no class", c);
	return 0;
}

TEST("without required classes every character of the pool is equally likely at every position")
{
	struct draws d = { arena_new(), "{\"PasswordLength\":8,\"RequireEachIncludedType\":false}" };
	static uint64_t cells[8][94], all[94];
	const uint64_t passwords = 40000;

	for (uint64_t i = 0; i < passwords; i++) {
		struct str p = draw(&d);

		assert_int_equal(p.n, 8);
		for (size_t at = 0; at < p.n; at++) {
			size_t which = (size_t)(strchr(EVERYTHING, p.p[at]) - EVERYTHING);

			cells[at][which]++;
			all[which]++;
		}
		arena_reset(d.arena);
	}
	for (size_t at = 0; at < 8; at++)
		check_fit("characters at a position", cells[at], NULL, 94, passwords);
	check_fit("characters", all, NULL, 94, passwords * 8);
	arena_free(d.arena);
}

TEST("neighbours are independent of each other")
{
	struct draws d = { arena_new(), "{\"PasswordLength\":4096,\"RequireEachIncludedType\":false,"
	    "\"ExcludeLowercase\":true,\"ExcludeUppercase\":true,\"ExcludePunctuation\":true}" };
	static uint64_t pairs[100];
	uint64_t total = 0;

	for (int i = 0; i < 50; i++) {
		struct str p = draw(&d);

		for (size_t at = 0; at + 1 < p.n; at += 2, total++)
			pairs[(p.p[at] - '0') * 10 + (p.p[at + 1] - '0')]++;
		arena_reset(d.arena);
	}
	check_fit("pairs of digits", pairs, NULL, 100, total);
	arena_free(d.arena);
}

TEST("the one of each required class may stand anywhere: no position prefers a class")
{
	struct draws d = { arena_new(), "{\"PasswordLength\":4}" };
	static uint64_t classes[4][4], letters[4][26];
	static uint64_t orders[24];
	const uint64_t passwords = 40000;

	for (uint64_t i = 0; i < passwords; i++) {
		struct str p = draw(&d);
		size_t order = 0, c[4];

		assert_int_equal(p.n, 4);
		for (size_t at = 0; at < 4; at++) {
			c[at] = class_of(p.p[at]);
			classes[at][c[at]]++;
			if (c[at] == 0)
				letters[at][p.p[at] - 'a']++;
		}
		for (size_t x = 0; x < 4; x++) {	/* the permutation's number */
			size_t less = 0;

			for (size_t y = x + 1; y < 4; y++) {
				assert_int_not_equal(c[x], c[y]);
				less += c[y] < c[x];
			}
			order = order * (4 - x) + less;
		}
		orders[order]++;
		arena_reset(d.arena);
	}
	for (size_t at = 0; at < 4; at++) {
		uint64_t n = 0;

		check_fit("classes at a position", classes[at], NULL, 4, passwords);
		for (size_t k = 0; k < 26; k++)
			n += letters[at][k];
		check_fit("letters at a position", letters[at], NULL, 26, n);
	}
	check_fit("orders of the classes", orders, NULL, 24, passwords);
	arena_free(d.arena);
}

TEST("beyond the required ones, classes come as large as they are in the pool")
{
	struct draws d = { arena_new(), "{\"PasswordLength\":32}" };
	/* at a position: 4 of 32 times a required one, else from the pool of 94 */
	const double weights[] = { 1.0 / 32 + 28.0 / 32 * 26 / 94, 1.0 / 32 + 28.0 / 32 * 26 / 94,
		1.0 / 32 + 28.0 / 32 * 10 / 94, 1.0 / 32 + 28.0 / 32 * 32 / 94 };
	static uint64_t cells[32][4];
	const uint64_t passwords = 20000;

	for (uint64_t i = 0; i < passwords; i++) {
		struct str p = draw(&d);

		for (size_t at = 0; at < p.n; at++)
			cells[at][class_of(p.p[at])]++;
		arena_reset(d.arena);
	}
	for (size_t at = 0; at < 32; at++)
		check_fit("classes at a position", cells[at], weights, 4, passwords);
	arena_free(d.arena);
}

TEST("a space is as likely as any other character, and may be missing")
{
	struct draws d = { arena_new(), "{\"PasswordLength\":10,\"IncludeSpace\":true,"
	    "\"ExcludeUppercase\":true,\"ExcludeLowercase\":true,\"ExcludePunctuation\":true,"
	    "\"RequireEachIncludedType\":false}" };
	static uint64_t cells[11];
	bool ever_missing = false;

	for (int i = 0; i < 20000; i++) {
		struct str p = draw(&d);

		ever_missing = ever_missing || memchr(p.p, ' ', p.n) == NULL;
		for (size_t at = 0; at < p.n; at++)
			cells[p.p[at] == ' ' ? 10 : p.p[at] - '0']++;
		arena_reset(d.arena);
	}
	check_fit("digits and the space", cells, NULL, 11, 200000);
	assert_true(ever_missing);
	arena_free(d.arena);
}

TEST("the measure itself fails a distribution that modulo would give")
{
	uint64_t cells[94];
	const uint64_t each = 40000 * 8 / 256;	/* a byte modulo 94: the first 68 come three times */
	double sum = 0, want = 40000.0 * 8 / 94;

	for (size_t i = 0; i < 94; i++) {
		cells[i] = each * (i < 68 ? 3 : 2);
		sum += ((double)cells[i] - want) * ((double)cells[i] - want) / want;
	}
	assert_true(sum > limit(93));
}

/* ---- rules */

TEST("what is excluded never comes, and what is refused is refused in AWS's words")
{
	static const struct { const char *body, *never, *refusal; } rows[] = {
		{ "{}", " ", NULL },
		{ "{\"ExcludeCharacters\":\"abcABC012!@#\"}", "abcABC012!@# ", NULL },
		{ "{\"ExcludeLowercase\":true}", LOWER " ", NULL },
		{ "{\"ExcludeUppercase\":true}", UPPER " ", NULL },
		{ "{\"ExcludeNumbers\":true}", DIGITS " ", NULL },
		{ "{\"ExcludePunctuation\":true}", PUNCTUATION " ", NULL },
		{ "{\"ExcludeCharacters\":\"aa\\u00e9\\ud83d\\ude00\"}", "a ", NULL },
		{ "{\"ExcludeCharacters\":\"[a-z]\"}", "[a-z]", NULL },
		{ "{\"IncludeSpace\":true,\"ExcludeCharacters\":\" \"}", " ", NULL },
		{ "{\"PasswordLength\":4}", " ", NULL },
		{ "{\"PasswordLength\":3}", NULL, MSG_PW1 },
		{ "{\"PasswordLength\":3,\"ExcludeNumbers\":true}", DIGITS, NULL },
		{ "{\"PasswordLength\":2,\"ExcludeNumbers\":true}", NULL, MSG_PW1 },
		{ "{\"PasswordLength\":1,\"RequireEachIncludedType\":false}", " ", NULL },
		{ "{\"ExcludeCharacters\":\"" DIGITS "\"}", NULL, MSG_PW2 },
		{ "{\"ExcludeCharacters\":\"" DIGITS "\",\"RequireEachIncludedType\":false}", DIGITS,
		  NULL },
		{ "{\"ExcludeCharacters\":\"" DIGITS "\",\"ExcludeNumbers\":true}", DIGITS, NULL },
		{ "{\"ExcludeLowercase\":true,\"ExcludeUppercase\":true,\"ExcludeNumbers\":true,"
		  "\"ExcludePunctuation\":true}", NULL, MSG_PW3 },
		{ "{\"ExcludeLowercase\":true,\"ExcludeUppercase\":true,\"ExcludeNumbers\":true,"
		  "\"ExcludePunctuation\":true,\"IncludeSpace\":true}", EVERYTHING, NULL },
		{ "{\"ExcludeLowercase\":true,\"ExcludeUppercase\":true,\"ExcludePunctuation\":true,"
		  "\"RequireEachIncludedType\":false,\"ExcludeCharacters\":\"" DIGITS "\"}", NULL,
		  MSG_PW3 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct draws d = { arena_new(), rows[i].body };

		for (int k = 0; k < 200; k++) {
			struct str p = draw(&d);

			if (rows[i].refusal != NULL) {
				assert_null(p.p);
				assert_string_equal(err_type(d.e.code), "InvalidParameterException");
				assert_string_equal(d.e.msg, rows[i].refusal);
				break;
			}
			for (size_t at = 0; at < p.n; at++) {
				if (strchr(rows[i].never, p.p[at]) != NULL)
					fail_msg("%s gave '%c'", rows[i].body, p.p[at]);
			}
			arena_reset(d.arena);
		}
		arena_free(d.arena);
	}
}

TEST("each included class is there, in every password")
{
	struct draws d = { arena_new(), "{\"PasswordLength\":5}" };

	for (int i = 0; i < 5000; i++) {
		struct str p = draw(&d);
		unsigned seen = 0;

		for (size_t at = 0; at < p.n; at++)
			seen |= 1u << class_of(p.p[at]);
		assert_int_equal(seen, 15);
		arena_reset(d.arena);
	}
	arena_free(d.arena);
}
