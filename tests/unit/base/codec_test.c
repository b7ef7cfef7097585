/* SPDX-License-Identifier: Apache-2.0 */
#include "base/codec.h"

#include "base/cleanup.h"
#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

TEST("hex is lower case, and only lower case of the right length is read")
{
	static const char *const refused[] = { "0F", "0g", "0", "0f0", "", " 0f", "0x", "0/", "0:",
		"0`", "\xc3\xa4" };
	uint8_t out[2] = { 0 };
	char text[5] = "";

	hex_encode("\x0f\xa0", 2, text);
	assert_string_equal(text, "0fa0");
	assert_true(hex_decode_lower(STR_LIT("0fa0"), out, 2));
	assert_memory_equal(out, "\x0f\xa0", 2);
	assert_true(hex_decode_lower(STR_LIT(""), out, 0));
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_false(hex_decode_lower(str_of(refused[i]), out, 1));
}

/* RFC 4648, section 10 */
static const struct { const char *plain, *text; } base64[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "+/+/" },
};

TEST("base64: the vectors of RFC 4648, both ways")
{
	for (size_t i = 0; i < COUNT(base64); i++) {
		AUTO_BUF b = BUF_INIT;
		uint8_t out[16];
		size_t n;

		base64_add(&b, base64[i].plain, strlen(base64[i].plain));
		CHECK_STR(buf_view(&b), base64[i].text);
		assert_int_equal(b.n, BASE64_LEN(strlen(base64[i].plain)));
		assert_true(base64_decode(str_of(base64[i].text), out, &n));
		CHECK_STR(((struct str){ (char *)out, n }), base64[i].plain);
	}
}

TEST("base64: what no encoder writes is refused")
{
	static const char *const refused[] = { "Z", "Zg", "Zg=", "Zg===", "=",
		"==", "===", "====", "A===", "Zh==", "Zm9=", "Zg==Zg==", "Z=g=", "Zm9v\n", "Zm 9v",
		"Zm9_", "Zm9-", "Zm9v=", "Zg==\n\n\n\n", "\xc3\xa4\xc3\xa4" };

	for (size_t i = 0; i < COUNT(refused); i++) {
		uint8_t out[16];
		size_t n;

		if (base64_decode(str_of(refused[i]), out, &n))
			fail_msg("'%s' was taken", refused[i]);
	}
}

TEST("base64: every byte value and every length up to 100 survives")
{
	uint8_t bytes[256], out[300];
	size_t n;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(255 - i);
	for (size_t len = 0; len <= sizeof(bytes); len += len < 100 ? 1 : 156) {
		AUTO_BUF b = BUF_INIT;

		base64_add(&b, bytes, len);
		assert_true(base64_decode(buf_view(&b), out, &n));
		assert_int_equal(n, len);
		assert_memory_equal(out, bytes, len);
	}
}

TEST("a UUID is version 4, variant 10, over the bytes given")
{
	uint8_t bytes[16], zeros[16] = { 0 };
	char text[UUID_LEN + 1];

	memset(bytes, 0xff, sizeof(bytes));
	uuid_format(bytes, text);
	assert_string_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
	uuid_format(zeros, text);
	assert_string_equal(text, "00000000-0000-4000-8000-000000000000");
}
