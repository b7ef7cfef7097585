/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cli/output.h"

static void
check_table(const struct table *t, const char *want)
{
	struct buf out = BUF_INIT;

	table_write(t, &out);
	CHECK_STR(buf_view(&out), want);
	buf_free(&out);
}

TEST("columns are as wide as their widest cell, two blanks apart")
{
	static const char *const heads[] = { "NAME", "STATE" };
	struct arena *a = arena_new();
	struct table t;

	table_init(&t, a, "", heads, 2);
	table_add(&t, "a");
	table_add(&t, "on");
	table_add(&t, "%s", "longer/name");
	table_add(&t, "off");
	check_table(&t,
	    "NAME         STATE\n"
	    "a            on\n"
	    "longer/name  off\n");
	arena_free(a);
}

TEST("no line ends in blanks, whatever its last cells are")
{
	struct arena *a = arena_new();
	struct table t;

	table_init(&t, a, "  ", NULL, 3);
	table_add(&t, "one");
	table_add(&t, "two");
	table_add(&t, "three");
	table_add(&t, "1");
	table_add(&t, "%s", "");
	table_add(&t, "%s", "");
	table_add(&t, "%s", "");
	table_add(&t, "2");
	table_add(&t, "%s", "");
	check_table(&t,
	    "  one  two  three\n"
	    "  1\n"
	    "       2\n");
	arena_free(a);
}

TEST("width is counted in characters, not in bytes")
{
	struct arena *a = arena_new();
	struct table t;

	table_init(&t, a, "", NULL, 2);
	table_add(&t, "caf\u00e9");
	table_add(&t, "x");
	table_add(&t, "four");
	table_add(&t, "y");
	check_table(&t, "caf\u00e9  x\nfour  y\n");
	arena_free(a);
}

TEST("a note stands on a line of its own and widens nothing")
{
	struct arena *a = arena_new();
	struct table t;

	table_init(&t, a, "  ", NULL, 2);
	table_add(&t, "a");
	table_add(&t, "b");
	table_note(&t, "a text that is longer than any cell");
	table_add(&t, "c");
	table_add(&t, "d");
	check_table(&t,
	    "  a  b\n"
	    "      a text that is longer than any cell\n"
	    "  c  d\n");
	arena_free(a);
}

TEST("a table without rows is its heads, or nothing")
{
	static const char *const heads[] = { "A", "B" };
	struct arena *a = arena_new();
	struct table t;

	table_init(&t, a, "", heads, 2);
	check_table(&t, "A  B\n");
	table_init(&t, a, "", NULL, 2);
	check_table(&t, "");
	arena_free(a);
}

TEST("a row that was not filled shows what it has")
{
	struct arena *a = arena_new();
	struct table t;

	table_init(&t, a, "", NULL, 3);
	table_add(&t, "only");
	check_table(&t, "only\n");
	arena_free(a);
}

TEST("cells and notes cannot play with the terminal")
{
	struct arena *a = arena_new();
	struct table t;

	table_init(&t, a, "", NULL, 1);
	table_add(&t, "%s", "\x1b[2J\r\nnew line");
	table_note(&t, "%s", "bell\x07");
	check_table(&t, "\\x1b[2J\\x0d\\x0anew line\n    bell\\x07\n");
	arena_free(a);
}

TEST("control characters and broken UTF-8 are shown as hexadecimal")
{
	static const struct { struct str in; const char *out; } rows[] = {
		{ { "", 0 }, "" },
		{ { "plain text", 10 }, "plain text" },
		{ { "na\xc3\xafve", 6 }, "na\xc3\xafve" },
		{ { "\xf0\x9f\x94\x91", 4 }, "\xf0\x9f\x94\x91" },
		{ { "a\tb", 3 }, "a b" },
		{ { "a\0b", 3 }, "a\\x00b" },
		{ { "\x1b]0;x\x07", 6 }, "\\x1b]0;x\\x07" },
		{ { "\x7f", 1 }, "\\x7f" },
		{ { "\xc2\x9b" "31m", 5 }, "\\x9b31m" },	/* C1: some terminals obey it */
		{ { "\xc2\xa0", 2 }, "\xc2\xa0" },
		{ { "\xff\xfe", 2 }, "\\xff\\xfe" },
		{ { "\xc3", 1 }, "\\xc3" },
		{ { "ok\xc3\xa9\xff", 5 }, "ok\\xc3\\xa9\\xff" },
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(printable(a, rows[i].in), rows[i].out);
	arena_free(a);
}

TEST("a long text is cut at a character and says so")
{
	static const struct { const char *in; size_t max; const char *out; } rows[] = {
		{ "", 10, "" },
		{ "exactly ten", 11, "exactly ten" },
		{ "exactly ten", 10, "exactly..." },
		{ "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", 5, "\u00e9\u00e9..." },
		{ "abcdef", 4, "a..." },
		{ "abcdef", 3, "abcdef" },	/* no room for the dots */
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(shortened(a, rows[i].in, rows[i].max), rows[i].out);
	arena_free(a);
}

TEST("times of an answer are seconds with a fraction, texts may be absent")
{
	struct arena *a = arena_new();
	struct err e;
	json_t *v = json_parse(a, STR_LIT("{\"At\": 1767225600.123, \"Whole\": 1767225600, "
	    "\"Text\": \"x\\u001b\", \"Wrong\": []}"), 0, &e);

	assert_non_null(v);
	assert_int_equal(member_ms(v, "At"), INT64_C(1767225600123));
	assert_int_equal(member_ms(v, "Whole"), INT64_C(1767225600000));
	assert_int_equal(member_ms(v, "Absent"), 0);
	assert_int_equal(member_ms(v, "Wrong"), 0);
	assert_int_equal(member_ms(NULL, "At"), 0);
	assert_string_equal(member_text(a, v, "Text"), "x\\x1b");
	assert_string_equal(member_text(a, v, "Absent"), "");
	assert_string_equal(member_text(a, NULL, "Text"), "");
	assert_string_equal(time_text(a, INT64_C(1767225600123)), "2026-01-01T00:00:00Z");
	assert_string_equal(time_text(a, 0), "-");
	arena_free(a);
}
