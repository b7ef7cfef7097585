/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "api/lambda/json_text.h"
#include "base/buf.h"

TEST("every value of RFC 8259 is JSON, numbers of any size among them")
{
	static const char *const rows[] = {
		"null", "true", "false", "0", "-0", "-1", "10", "1.5", "1e9",
		"-2.50E-03", "1e+400", "123456789012345678901234567890", "\"\"", "\"a\"",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "\"\xc3\xa9\xf0\x9f\x94\x91\"", "\"\x7f\"",
		"[]", "[ ]", "{}", "{ }", "[1]", "[1,2]", "[[],[]]", "{\"a\":1}",
		"{\"a\":1,\"a\":2}", " { \"a\" : [ 1 , { } , [ ] ] , \"b\" : null } ",
		"\t\r\n[\n]\n" };
	size_t at;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!json_text_check(str_of(rows[i]), &at))
			fail_msg("%s: refused at %zu", rows[i], at);
	}
}

TEST("anything else is not, and the place is told")
{
	static const struct { const char *text; size_t at; } rows[] = {
		{ "", 0 }, { " ", 1 }, { "not json", 1 }, { "nul", 3 },
		{ "nullx", 4 }, { "True", 0 },
		{ "01", 1 }, { "-", 1 }, { "+1", 0 }, { ".5", 0 },
		{ "1.", 2 }, { "1e", 2 }, { "1e+", 3 },
		{ "0x1", 1 }, { "NaN", 0 }, { "\"", 1 }, { "\"a", 2 },
		{ "\"\n\"", 1 }, { "\"\\x\"", 2 },
		{ "\"\\u12g4\"", 5 }, { "\"\\", 2 }, { "'a'", 0 }, { "[", 1 },
		{ "[1", 2 }, { "[1,", 3 },
		{ "[1,]", 3 }, { "[,1]", 1 }, { "[1 2]", 3 }, { "]", 0 }, { "[}", 1 }, { "{", 1 },
		{ "{]", 1 }, { "{a:1}", 1 }, { "{\"a\"}", 4 },
		{ "{\"a\":}", 5 }, { "{\"a\":1,}", 7 },
		{ "{\"a\":1", 6 }, { "{\"a\" 1}", 5 }, { "{1:2}", 1 }, { "[]]", 2 }, { "1 2", 2 },
		{ "{} {}", 3 }, { "/**/1", 0 },
	};
	size_t at;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (json_text_check(str_of(rows[i].text), &at))
			fail_msg("%s: accepted", rows[i].text);
		if (at != rows[i].at)
			fail_msg("%s: refused at %zu, not at %zu", rows[i].text, at, rows[i].at);
	}
}

TEST("a NUL byte and broken UTF-8 are refused")
{
	size_t at;

	assert_false(json_text_check((struct str){ "1\0", 2 }, &at));
	assert_false(json_text_check((struct str){ "\"\0\"", 3 }, &at));
	assert_false(json_text_check(STR_LIT("\"\xff\""), &at));
	assert_false(json_text_check(STR_LIT("\"\xc3\""), &at));
	assert_false(json_text_check(STR_NULL, &at));
}

/* n times `open`, then n times `close`. */
static bool
nested(size_t n, const char *open, const char *close)
{
	struct buf b = BUF_INIT;
	size_t at;
	bool ok;

	for (size_t i = 0; i < n; i++)
		buf_z(&b, open);
	buf_c(&b, '1');
	for (size_t i = 0; i < n; i++)
		buf_z(&b, close);
	ok = json_text_check(buf_view(&b), &at);
	buf_free(&b);
	return ok;
}

TEST("1000 levels are accepted, 1001 are refused")
{
	assert_true(nested(1000, "[", "]"));
	assert_false(nested(1001, "[", "]"));
	assert_true(nested(1000, "{\"a\":", "}"));
	assert_false(nested(1001, "{\"a\":", "}"));
}

TEST("every text cut short is refused")
{
	const char *whole = "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\n\"],\"b\":{}}";
	size_t at;

	assert_true(json_text_check(str_of(whole), &at));
	for (size_t n = 0; n < strlen(whole); n++) {
		char *cut = malloc(n + 1);	/* exactly so long, for the sanitizers */

		memcpy(cut, whole, n);
		assert_false(json_text_check((struct str){ cut, n }, &at));
		free(cut);
	}
}
