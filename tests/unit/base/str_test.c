/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

TEST("absent and empty are different values but equal texts")
{
	assert_null(str_of(NULL).p);
	assert_non_null(str_of("").p);
	assert_true(str_eq(STR_NULL, str_of("")));
	assert_true(str_starts(STR_NULL, ""));
	assert_false(str_starts(STR_NULL, "a"));
	assert_null(str_skip(STR_NULL, 5).p);
}

TEST("equality and prefixes count every byte, NUL included")
{
	assert_true(str_eq(STR_LIT("a\0b"), STR_LIT("a\0b")));
	assert_false(str_eq(STR_LIT("a\0b"), STR_LIT("a\0c")));
	assert_false(str_eq(STR_LIT("a"), STR_LIT("ab")));
	assert_true(str_starts(STR_LIT("abc"), "ab"));
	assert_false(str_starts(STR_LIT("ab"), "abc"));
	CHECK_STR(str_skip(STR_LIT("abc"), 2), "c");
	CHECK_STR(str_skip(STR_LIT("abc"), 9), "");
}

TEST("order is byte order, a shorter prefix first")
{
	static const char *const sorted[] = { "", "A", "AB", "B", "a", "a-", "a/", "\xc3\xa4" };

	for (size_t i = 0; i < COUNT(sorted); i++) {
		for (size_t k = 0; k < COUNT(sorted); k++) {
			int c = str_cmp(str_of(sorted[i]), str_of(sorted[k]));

			assert_true(i < k ? c < 0 : i > k ? c > 0 : c == 0);
		}
	}
}

TEST("only ASCII letters fold")
{
	assert_true(str_eq_nocase(STR_LIT("Host-1"), STR_LIT("hOST-1")));
	assert_false(str_eq_nocase(STR_LIT("a"), STR_LIT("b")));
	assert_false(str_eq_nocase(STR_LIT("a"), STR_LIT("ab")));
	assert_false(str_eq_nocase(STR_LIT("@["), STR_LIT("`{")));	/* differ in bit 5 only */
	assert_false(str_eq_nocase(STR_LIT("\xc3\x84"), STR_LIT("\xc3\xa4")));
}

static const struct { const char *text; size_t n; const char *parts[4]; } splits[] = {
	{ "a,b,c", 3, { "a", "b", "c" } }, { "", 1, { "" } }, { ",", 2, { "", "" } },
	{ "a,", 2, { "a", "" } }, { ",a", 2, { "", "a" } }, { "abc", 1, { "abc" } },
};

TEST("splitting gives every part, empty ones too, and then nothing")
{
	struct str none = STR_NULL, part;

	for (size_t i = 0; i < COUNT(splits); i++) {
		struct str rest = str_of(splits[i].text);

		for (size_t k = 0; k < splits[i].n; k++) {
			assert_true(str_split(&rest, ',', &part));
			CHECK_STR(part, splits[i].parts[k]);
		}
		assert_false(str_split(&rest, ',', &part));
	}
	assert_false(str_split(&none, ',', &part));
}

static const struct { const char *text; unsigned long long max, value; bool ok; } numbers[] = {
	{ "0", 0, 0, true }, { "7", 7, 7, true }, { "007", 10, 7, true }, { "8", 7, 0, false },
	{ "10", 9, 0, false }, { "100", 100, 100, true }, { "101", 100, 0, false },
	{ "18446744073709551615", ~0ULL, ~0ULL, true }, { "18446744073709551616", ~0ULL, 0, false },
	{ "99999999999999999999999", ~0ULL, 0, false }, { "", 9, 0, false }, { "-1", 9, 0, false },
	{ "+1", 9, 0, false }, { " 1", 9, 0, false }, { "1 ", 9, 0, false }, { "1a", 99, 0, false },
	{ "5", 3, 0, false },
};

TEST("numbers are decimal digits up to the limit and nothing else")
{
	for (size_t i = 0; i < COUNT(numbers); i++) {
		unsigned long long v = 12345;

		assert_int_equal(str_to_u64(str_of(numbers[i].text), numbers[i].max, &v),
		    numbers[i].ok);
		assert_true(v == (numbers[i].ok ? numbers[i].value : 12345));
	}
}

static const struct { const char *text; bool valid; size_t points; } utf8[] = {
	{ "", true, 0 },
	{ "abc", true, 3 },
	{ "\xc3\xa4", true, 1 },
	{ "\xe2\x82\xac", true, 1 },
	{ "\xf0\x9f\x94\x91", true, 1 },
	{ "\xf4\x8f\xbf\xbf", true, 1 },
	{ "\xed\x9f\xbf", true, 1 },
	{ "\xc2\x80", true, 1 },
	{ "\xe0\xa0\x80", true, 1 },
	{ "\xf0\x90\x80\x80", true, 1 },
	{ "\x80", false, 0 },
	{ "\xc3", false, 0 },
	{ "\xc3(", false, 0 },
	{ "\xe2\x82", false, 0 },
	{ "\xc0\x80", false, 0 },
	{ "\xc1\xbf", false, 0 },
	{ "\xe0\x9f\xbf", false, 0 },
	{ "\xf0\x8f\xbf\xbf", false, 0 },
	{ "\xed\xa0\x80", false, 0 },
	{ "\xed\xbf\xbf", false, 0 },
	{ "\xf4\x90\x80\x80", false, 0 },
	{ "\xf5\x80\x80\x80", false, 0 },
	{ "\xff", false, 0 },
	{ "z\xfez", false, 0 },
};

TEST("UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF")
{
	for (size_t i = 0; i < COUNT(utf8); i++) {
		struct str s = str_of(utf8[i].text);

		assert_int_equal(str_is_utf8(s), utf8[i].valid);
		if (utf8[i].valid)
			assert_int_equal(str_code_points(s), utf8[i].points);
	}
	assert_true(str_is_utf8(STR_NULL));
	assert_true(str_is_utf8(STR_LIT("a\0b")));
}
