/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/cleanup.h"
#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static json_t *
parse(struct arena *a, struct str text, int flags)
{
	struct err e;

	return json_parse(a, text, flags, &e);
}

TEST("exactly one JSON text is taken, of any kind")
{
	static const char *const taken[] = { "{}", "[]", "\"x\"", "1", "null",
		" {\"a\": [1, 2.5]} ", "{\"\\u00e4\":\"\\ud83d\\udd11\"}" };
	AUTO(arena) *a = arena_new();

	for (size_t i = 0; i < COUNT(taken); i++)
		assert_non_null(parse(a, str_of(taken[i]), 0));
}

TEST("anything else is ERR_SERIALIZATION, and the detail does not quote it")
{
	static const char *const refused[] = { "", " ", "{", "{}{}", "{} x", "{'a':1}", "{\"a\":}",
		"[1,]", "{\"a\":1,}", "nul", "\"\\ud800\"", "\"\xff\"", "\"\xc0\x80\"",
		"{\"hunter2\"", "\"\x01\"", "01", "{\"a\\u0000b\":1}", "// x\n{}" };
	AUTO(arena) *a = arena_new();
	struct err e;

	for (size_t i = 0; i < COUNT(refused); i++) {
		CHECK_ERR(json_parse(a, str_of(refused[i]), 0, &e) != NULL, &e, ERR_SERIALIZATION);
		assert_null(strstr(e.detail, "hunter2"));
		assert_null(strstr(e.msg, "hunter2"));
	}
	CHECK_ERR(json_parse(a, STR_NULL, 0, &e) != NULL, &e, ERR_SERIALIZATION);
}

TEST("repeated members: the last one wins, or with strict keys none does")
{
	AUTO(arena) *a = arena_new();
	struct str text = STR_LIT("{\"a\":\"1\",\"a\":\"2\"}");

	CHECK_STR(json_member_str(parse(a, text, 0), "a"), "2");
	assert_null(parse(a, text, JSON_STRICT_KEYS));
}

static struct str
nested(struct arena *a, size_t depth)
{
	char *p = arena_alloc(a, 2 * depth + 1);

	memset(p, '[', depth);
	memset(p + depth, ']', depth);
	return (struct str){ p, 2 * depth };
}

TEST("nesting is taken up to its limit and refused beyond, brackets in strings not counted")
{
	AUTO(arena) *a = arena_new();
	char text[103] = "\"";

	assert_non_null(parse(a, nested(a, JSON_MAX_DEPTH), 0));
	assert_null(parse(a, nested(a, JSON_MAX_DEPTH + 1), 0));
	assert_null(parse(a, nested(a, 100000), 0));
	memset(text + 1, '[', 100);
	text[101] = '"';
	assert_non_null(parse(a, str_of(text), 0));
	assert_null(parse(a, STR_LIT("\"\\"), 0));
}

TEST("strings keep NUL; what is absent, null or no string is absent")
{
	AUTO(arena) *a = arena_new();
	json_t *doc = parse(a, STR_LIT("{\"s\":\"a\\u0000b\",\"n\":null,\"i\":1,\"e\":\"\"}"), 0);
	struct str s = json_member_str(doc, "s");

	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 3);
	assert_null(json_member_str(doc, "n").p);
	assert_null(json_member_str(doc, "i").p);
	assert_null(json_member_str(doc, "absent").p);
	assert_null(json_member_str(NULL, "s").p);
	assert_non_null(json_member_str(doc, "e").p);
}

TEST("the writer places commas and escapes")
{
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);

	jsonw_open(&w);
	jsonw_kstr(&w, "s", STR_LIT("a\"b\\c\n\t\r\b\f\x01\x1f\x7f/\xc3\xa4"));
	jsonw_kz(&w, "z", "");
	jsonw_kint(&w, "i", INT64_MIN);
	jsonw_kbool(&w, "t", true);
	jsonw_kbool(&w, "f", false);
	jsonw_knull(&w, "n");
	jsonw_key(&w, "list");
	jsonw_open_list(&w);
	jsonw_int(&w, 1);
	jsonw_open(&w);
	jsonw_close(&w);
	jsonw_open_list(&w);
	jsonw_close_list(&w);
	jsonw_null(&w);
	jsonw_close_list(&w);
	jsonw_key_str(&w, STR_LIT("k\"k"));
	jsonw_raw(&w, STR_LIT("[true]"));
	jsonw_key(&w, "b");
	jsonw_base64(&w, "foob", 4);
	jsonw_kstr(&w, "absent", STR_NULL);
	jsonw_close(&w);
	CHECK_STR(buf_view(&b),
	    "{\"s\":\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u001f\x7f/\xc3\xa4\",\"z\":\"\","
	    "\"i\":-9223372036854775808,\"t\":true,\"f\":false,\"n\":null,\"list\":[1,{},[],null],"
	    "\"k\\\"k\":[true],\"b\":\"Zm9vYg==\",\"absent\":\"\"}");
}

TEST("a byte to escape is found at every place of a text of every length")
{
	static const char bytes[] = { '"', '\\', '\n', 0x01, 0x1f, 0x00 };

	for (size_t n = 1; n <= 20; n++) {
		for (size_t at = 0; at < n * sizeof(bytes); at++) {
			AUTO(arena) *a = arena_new();
			AUTO_BUF b = BUF_INIT;
			struct jsonw w = jsonw_on(&b);
			char text[20];

			memset(text, at & 1 ? 'a' : ' ', n); /* a blank is the lowest plain byte */
			text[at % n] = bytes[at / n];
			jsonw_str(&w, (struct str){ text, n });
			assert_true(b.n > n + 2);
			assert_true(
			    str_eq(json_str(parse(a, buf_view(&b), 0)), (struct str){ text, n }));
		}
	}
}

TEST("bytes above 127 are copied as they are")
{
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);

	jsonw_z(&w, "\xc3\xa2\xc2\xa2\xc3\x9c\xc2\x9c\xc2\x80\xf4\x8f\xbf\xbf");
	CHECK_STR(buf_view(&b), "\"\xc3\xa2\xc2\xa2\xc3\x9c\xc2\x9c\xc2\x80\xf4\x8f\xbf\xbf\"");
}

TEST("times are epoch seconds with exactly three fraction digits")
{
	static const struct { int64_t ms; const char *text; } rows[] = {
		{ 0, "0.000" }, { 1, "0.001" }, { INT64_C(1767225600123), "1767225600.123" },
		{ INT64_C(1767225600000), "1767225600.000" }, { -1, "-0.001" }, { -1500, "-1.500" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_BUF b = BUF_INIT;
		struct jsonw w = jsonw_on(&b);

		jsonw_time(&w, rows[i].ms);
		CHECK_STR(buf_view(&b), rows[i].text);
	}
}

TEST("what the writer writes, the reader reads back, every byte from 1 to 127")
{
	AUTO(arena) *a = arena_new();
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);
	char all[127];
	json_t *doc;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	jsonw_open(&w);
	jsonw_kstr(&w, "all", (struct str){ all, sizeof(all) });
	jsonw_kstr(&w, "nul", STR_LIT("a\0b"));
	jsonw_close(&w);
	doc = parse(a, buf_view(&b), JSON_STRICT_KEYS);
	assert_non_null(doc);
	assert_true(str_eq(json_member_str(doc, "all"), (struct str){ all, sizeof(all) }));
	assert_true(str_eq(json_member_str(doc, "nul"), STR_LIT("a\0b")));
}
