/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables (spec/api.md 1.3, 1.8 and section 2), on a table with a member of every type. */
#include "api/field.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(member) .at = offsetof(struct input, member)

struct pair { struct str key, value; };
struct inner { struct str name; struct struct_list pairs; };
struct input {
	struct str name, token, secret_string, blob, sort;
	struct opt_bool flag;
	struct opt_int number, free_number;
	struct str_list labels;
	struct inner *inner;
	struct struct_list pairs, map;
};

static bool
is_lower(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 'a' || s.p[i] > 'z')
			return false;
	}
	return true;
}

static const char *const sorts[] = { "asc", "desc", NULL };
static const struct field pair_fields[] = {
	{ "Key", FIELD_STRING, .at = offsetof(struct pair, key), .required = true, .min = 1, .max = 3 },
	{ "Value", FIELD_STRING, .at = offsetof(struct pair, value), .max = 3 },
	FIELD_END(struct pair)
};
static const struct field inner_fields[] = {
	{ "InnerName", FIELD_STRING, .at = offsetof(struct inner, name), .required = true },
	{ "Pairs", FIELD_STRUCT_LIST, .at = offsetof(struct inner, pairs), .max = 2,
	  .sub = pair_fields, .sub_size = sizeof(struct pair) },
	FIELD_END(struct inner)
};
static const struct field fields[] = {
	{ "Name", FIELD_STRING, AT(name), .required = true, .min = 2, .max = 4, .pattern = "^[a-z]+$",
	  .matches = is_lower },
	{ "NextToken", FIELD_STRING, AT(token), .min = 1, .max = 4, .hidden = true },
	{ "SecretString", FIELD_STRING, AT(secret_string), .min = 1, .max = 4, .sensitive = true,
	  .count_bytes = true },
	{ "SecretBinary", FIELD_BLOB, AT(blob), .min = 1, .max = 4, .sensitive = true },
	{ "SortOrder", FIELD_STRING, AT(sort), .values = sorts },
	{ "Flag", FIELD_BOOL, AT(flag) },
	{ "MaxResults", FIELD_INTEGER, AT(number), .min = 1, .max = 100 },
	{ "Days", FIELD_LONG, AT(free_number) },
	{ "Labels", FIELD_STRING_LIST, AT(labels), .min = 1, .max = 2, .element_min = 1,
	  .element_max = 3 },
	{ "Inner", FIELD_STRUCT, AT(inner), .sub = inner_fields, .sub_size = sizeof(struct inner) },
	{ "Pairs", FIELD_STRUCT_LIST, AT(pairs), .sub = pair_fields, .sub_size = sizeof(struct pair) },
	{ "Map", FIELD_STRING_MAP, AT(map) },
	FIELD_END(struct input)
};

static const struct input *
decode(struct arena *a, const char *body, struct err *e)
{
	json_t *doc = json_parse(a, str_of(body), 0, e);
	void *in = NULL;

	CHECK_OK(doc != NULL, e);
	return fields_decode(a, fields, doc, &in, e) ? in : NULL;
}

struct row { const char *body, *text; };

/* A row without a text is accepted. */
static void
check_rows(const struct row *rows, size_t n, enum err_code code)
{
	for (size_t i = 0; i < n; i++) {
		AUTO(arena) *a = arena_new();
		struct err e = { .code = ERR_NONE };
		const struct input *in = decode(a, rows[i].body, &e);

		if (rows[i].text == NULL) {
			if (in == NULL)
				fail_msg("%s: " STR_FMT, rows[i].body, STR_ARG(err_text(&e)));
			continue;
		}
		if (in != NULL)
			fail_msg("%s was accepted", rows[i].body);
		assert_string_equal(err_type(e.code), err_type(code));
		CHECK_STR(err_text(&e), rows[i].text);
	}
}

TEST("a member of another JSON type is a SerializationException that names both")
{
	static const struct row rows[] = {
		{ "{\"Name\":1}", "NUMBER_VALUE cannot be converted to String" },
		{ "{\"Name\":1.5}", "NUMBER_VALUE cannot be converted to String" },
		{ "{\"Name\":true}", "TRUE_VALUE cannot be converted to String" },
		{ "{\"Name\":false}", "FALSE_VALUE cannot be converted to String" },
		{ "{\"Name\":{}}", "START_OBJECT cannot be converted to String" },
		{ "{\"Name\":[]}", "START_ARRAY cannot be converted to String" },
		{ "{\"SecretBinary\":1}", "NUMBER_VALUE cannot be converted to String" },
		{ "{\"SecretBinary\":\"?\"}", "STRING_VALUE cannot be converted to Blob" },
		{ "{\"Flag\":\"true\"}", "STRING_VALUE cannot be converted to Boolean" },
		{ "{\"Flag\":1}", "NUMBER_VALUE cannot be converted to Boolean" },
		{ "{\"MaxResults\":\"1\"}", "STRING_VALUE cannot be converted to Integer" },
		{ "{\"MaxResults\":1.0}", "NUMBER_VALUE cannot be converted to Integer" },
		{ "{\"Days\":true}", "TRUE_VALUE cannot be converted to Long" },
		{ "{\"Labels\":\"a\"}", "STRING_VALUE cannot be converted to List" },
		{ "{\"Labels\":[1]}", "NUMBER_VALUE cannot be converted to String" },
		{ "{\"Inner\":\"a\"}", "STRING_VALUE cannot be converted to Map" },
		{ "{\"Inner\":{\"InnerName\":1}}", "NUMBER_VALUE cannot be converted to String" },
		{ "{\"Pairs\":{}}", "START_OBJECT cannot be converted to List" },
		{ "{\"Pairs\":[1]}", "NUMBER_VALUE cannot be converted to Map" },
		{ "{\"Map\":[]}", "START_ARRAY cannot be converted to Map" },
		{ "{\"Map\":{\"a\":1}}", "NUMBER_VALUE cannot be converted to String" },
		{ "[]", "Unable to parse the request body." },
		{ "\"text\"", "Unable to parse the request body." },
	};

	check_rows(rows, COUNT(rows), ERR_SERIALIZATION);
}

TEST("a type is refused before any limit is looked at")
{
	static const struct row rows[] = {
		{ "{\"Name\":\"TOO LONG\",\"MaxResults\":\"x\"}",
		  "STRING_VALUE cannot be converted to Integer" },
	};

	check_rows(rows, COUNT(rows), ERR_SERIALIZATION);
}

#define ONE "1 validation error detected: "
#define AT_MOST(n) "Member must have length less than or equal to " n
#define AT_LEAST(n) "Member must have length greater than or equal to " n
#define FAILED " failed to satisfy constraint: "

TEST("each limit holds at its edge and is broken one past it")
{
	static const struct row rows[] = {
		{ "{\"Name\":\"ab\"}", NULL },
		{ "{\"Name\":\"a\"}", ONE "Value 'a' at 'name'" FAILED AT_LEAST("2") },
		{ "{\"Name\":\"abcd\"}", NULL },
		{ "{\"Name\":\"abcde\"}", ONE "Value 'abcde' at 'name'" FAILED AT_MOST("4") },
		{ "{\"Name\":\"aB\"}", ONE "Value 'aB' at 'name'" FAILED
		  "Member must satisfy regular expression pattern: ^[a-z]+$" },
		{ "{}", ONE "Value null at 'name'" FAILED "Member must not be null" },
		{ "{\"Name\":null}", ONE "Value null at 'name'" FAILED "Member must not be null" },
		{ "{\"Name\":\"ab\",\"MaxResults\":1}", NULL },
		{ "{\"Name\":\"ab\",\"MaxResults\":0}", ONE "Value '0' at 'maxResults'" FAILED
		  "Member must have value greater than or equal to 1" },
		{ "{\"Name\":\"ab\",\"MaxResults\":100}", NULL },
		{ "{\"Name\":\"ab\",\"MaxResults\":101}", ONE "Value '101' at 'maxResults'" FAILED
		  "Member must have value less than or equal to 100" },
		{ "{\"Name\":\"ab\",\"Days\":-9223372036854775808}", NULL },
		{ "{\"Name\":\"ab\",\"Days\":9223372036854775807}", NULL },
		{ "{\"Name\":\"ab\",\"SortOrder\":\"desc\"}", NULL },
		{ "{\"Name\":\"ab\",\"SortOrder\":\"DESC\"}", ONE "Value 'DESC' at 'sortOrder'" FAILED
		  "Member must satisfy enum value set: [asc, desc]" },
		{ "{\"Name\":\"ab\",\"Labels\":[\"a\"]}", NULL },
		{ "{\"Name\":\"ab\",\"Labels\":[\"a\",\"abc\"]}", NULL },
		{ "{\"Name\":\"ab\",\"Labels\":[]}", ONE "Value '[]' at 'labels'" FAILED AT_LEAST("1") },
		{ "{\"Name\":\"ab\",\"Labels\":[\"a\",\"b\",\"c\"]}",
		  ONE "Value '[a, b, c]' at 'labels'" FAILED AT_MOST("2") },
		{ "{\"Name\":\"ab\",\"Inner\":{\"InnerName\":\"x\",\"Pairs\":[{\"Key\":\"a\"},"
		  "{\"Key\":\"b\"}]}}", NULL },
		{ "{\"Name\":\"ab\",\"Pairs\":[{\"Key\":\"abc\",\"Value\":\"\"}]}", NULL },
	};

	check_rows(rows, COUNT(rows), ERR_VALIDATION);
}

TEST("a path names members and elements from one, first letters lower case")
{
	static const struct row rows[] = {
		{ "{\"Name\":\"ab\",\"Labels\":[\"a\",\"abcd\"]}",
		  ONE "Value 'abcd' at 'labels.2.member'" FAILED AT_MOST("3") },
		{ "{\"Name\":\"ab\",\"Inner\":{}}",
		  ONE "Value null at 'inner.innerName'" FAILED "Member must not be null" },
		{ "{\"Name\":\"ab\",\"Pairs\":[{\"Key\":\"a\"},{\"Value\":\"v\"}]}",
		  ONE "Value null at 'pairs.2.member.key'" FAILED "Member must not be null" },
		{ "{\"Name\":\"ab\",\"Inner\":{\"InnerName\":\"x\",\"Pairs\":[{\"Key\":\"abcd\"}]}}",
		  ONE "Value 'abcd' at 'inner.pairs.1.member.key'" FAILED AT_MOST("3") },
	};

	check_rows(rows, COUNT(rows), ERR_VALIDATION);
}

TEST("all violations are told together, in the order of the table")
{
	static const struct row rows[] = {
		{ "{\"MaxResults\":0,\"Name\":\"A\"}", "3 validation errors detected: "
		  "Value 'A' at 'name'" FAILED AT_LEAST("2") "; "
		  "Value 'A' at 'name'" FAILED
		  "Member must satisfy regular expression pattern: ^[a-z]+$; "
		  "Value '0' at 'maxResults'" FAILED
		  "Member must have value greater than or equal to 1" },
	};

	check_rows(rows, COUNT(rows), ERR_VALIDATION);
}

TEST("a sensitive value is left out of the message, with its quotes")
{
	static const struct row rows[] = {
		{ "{\"Name\":\"ab\",\"SecretString\":\"12345\"}",
		  ONE "Value at 'secretString'" FAILED AT_MOST("4") },
		{ "{\"Name\":\"ab\",\"SecretString\":\"\"}",
		  ONE "Value at 'secretString'" FAILED AT_LEAST("1") },
		{ "{\"Name\":\"ab\",\"SecretBinary\":\"MTIzNDU=\"}",
		  ONE "Value at 'secretBinary'" FAILED AT_MOST("4") },
	};

	check_rows(rows, COUNT(rows), ERR_VALIDATION);
}

TEST("names are counted in characters, a SecretString in bytes, a blob when decoded")
{
	static const struct row rows[] = {
		{ "{\"Name\":\"ab\",\"NextToken\":\"\\u00e9\\u00e9\\u00e9\\u00e9\"}", NULL },
		{ "{\"Name\":\"ab\",\"NextToken\":\"\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00"
		  "\\ud83d\\ude00\"}", NULL },
		{ "{\"Name\":\"ab\",\"SecretString\":\"\\u00e9\\u00e9\"}", NULL },
		{ "{\"Name\":\"ab\",\"SecretString\":\"\\u00e9\\u00e9x\"}",
		  ONE "Value at 'secretString'" FAILED AT_MOST("4") },
		{ "{\"Name\":\"ab\",\"SecretBinary\":\"MTIzNA==\"}", NULL },
	};

	check_rows(rows, COUNT(rows), ERR_VALIDATION);
}

TEST("unknown members, and nulls wherever they stand, are as if they were absent")
{
	AUTO(arena) *a = arena_new();
	struct err e;
	const struct input *in = decode(a, "{\"Name\":\"ab\",\"name\":1,\"Zebra\":{\"x\":[1]},"
	    "\"Flag\":null,\"MaxResults\":null,\"Labels\":[null,\"a\",null],\"Inner\":null,"
	    "\"Pairs\":[null,{\"Key\":\"k\",\"Value\":null}]}", &e);

	CHECK_OK(in != NULL, &e);
	assert_false(in->flag.set);
	assert_false(in->number.set);
	assert_null(in->inner);
	assert_true(in->labels.set);
	assert_int_equal(in->labels.n, 1);
	CHECK_STR(in->labels.v[0], "a");
	assert_int_equal(in->pairs.n, 1);
	CHECK_STR(((struct pair *)in->pairs.v)[0].key, "k");
	assert_null(((struct pair *)in->pairs.v)[0].value.p);
	assert_false(in->map.set);
}

TEST("each type arrives as it was sent, and an empty text is not an absent one")
{
	AUTO(arena) *a = arena_new();
	struct err e;
	const struct input *in = decode(a, "{\"Name\":\"ab\",\"SecretString\":\"\\u0000x\","
	    "\"SecretBinary\":\"AAH+\",\"Flag\":false,\"MaxResults\":7,\"Days\":-3,"
	    "\"Labels\":[\"b\",\"a\"],\"Inner\":{\"InnerName\":\"\"},\"Map\":{\"k\":\"\"}}", &e);
	struct str nul = { "\0x", 2 }, blob = { "\0\1\xfe", 3 };

	CHECK_OK(in != NULL, &e);
	assert_true(str_eq(in->secret_string, nul));
	assert_true(str_eq(in->blob, blob));
	assert_true(in->flag.set && !in->flag.value);
	assert_int_equal(in->number.value, 7);
	assert_int_equal(in->free_number.value, -3);
	CHECK_STR(in->labels.v[0], "b");
	assert_non_null(in->inner->name.p);
	assert_int_equal(in->inner->name.n, 0);
	CHECK_STR(((struct map_entry *)in->map.v)[0].key, "k");
	assert_null(in->token.p);
	assert_false(in->pairs.set);
}

TEST("a member given twice counts as it was given last")
{
	AUTO(arena) *a = arena_new();
	struct err e;
	const struct input *in = decode(a, "{\"Name\":\"ab\",\"Name\":\"cd\"}", &e);

	CHECK_OK(in != NULL, &e);
	CHECK_STR(in->name, "cd");
}

TEST("the audit record shows what was given, except what is secret, hidden, binary or a map")
{
	static const struct row rows[] = {
		{ "{\"Name\":\"ab\"}", "{\"name\":\"ab\"}" },
		{ "{\"Name\":\"ab\",\"SecretString\":\"pw\",\"SecretBinary\":\"AA==\",\"NextToken\":\"t\","
		  "\"Map\":{\"a\":\"b\"},\"Flag\":true,\"MaxResults\":7}",
		  "{\"name\":\"ab\",\"flag\":true,\"maxResults\":7}" },
		{ "{\"Name\":\"ab\",\"Labels\":[\"a\",\"b\"],\"Inner\":{\"InnerName\":\"x\"},"
		  "\"Pairs\":[{\"Key\":\"k\"}]}",
		  "{\"name\":\"ab\",\"labels\":[\"a\",\"b\"],\"inner\":{\"innerName\":\"x\"},"
		  "\"pairs\":[{\"key\":\"k\"}]}" },
	};
	struct input nothing = { .name = STR_NULL };
	AUTO_BUF empty = BUF_INIT;
	struct jsonw w = jsonw_on(&empty);

	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(arena) *a = arena_new();
		AUTO_BUF b = BUF_INIT;
		struct jsonw out = jsonw_on(&b);
		struct err e;
		const struct input *in = decode(a, rows[i].body, &e);

		CHECK_OK(in != NULL, &e);
		fields_audit(fields, in, &out);
		CHECK_STR(buf_view(&b), rows[i].text);
	}
	fields_audit(fields, &nothing, &w);
	CHECK_STR(buf_view(&empty), "null");
}
