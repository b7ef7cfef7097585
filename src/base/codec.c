/* SPDX-License-Identifier: Apache-2.0 */
#include "base/codec.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
hex_encode(const void *p, size_t n, char *out)
{
	const uint8_t *s = p;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex_digits[s[i] >> 4];
		out[2 * i + 1] = hex_digits[s[i] & 15];
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hex_decode_lower(struct str hex, uint8_t *out, size_t n)
{
	if (hex.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(hex.p[2 * i]), lo = hex_value(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

void
base64_add(struct buf *b, const void *p, size_t n)
{
	const uint8_t *s = p;

	buf_reserve(b, BASE64_LEN(n));
	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t v = (uint32_t)s[i] << 16 | (left > 1 ? (uint32_t)s[i + 1] << 8 : 0) |
		    (left > 2 ? s[i + 2] : 0);
		char out[4] = { base64_digits[v >> 18], base64_digits[v >> 12 & 63],
			left > 1 ? base64_digits[v >> 6 & 63] : '=',
			left > 2 ? base64_digits[v & 63] : '=' };

		buf_add(b, out, sizeof(out));
	}
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
base64_decode(struct str s, uint8_t *out, size_t *out_len)
{
	size_t n = 0, pad = 0;

	if (s.n % 4 != 0)
		return false;
	if (s.n > 0 && s.p[s.n - 1] == '=')
		pad = s.p[s.n - 2] == '=' ? 2 : 1;
	for (size_t i = 0; i < s.n; i += 4) {
		size_t digits = i + 4 == s.n ? 4 - pad : 4;
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = k < digits ? base64_value(s.p[i + k]) : 0;

			if (d < 0)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		if ((digits == 2 && (v & 0xffff) != 0) || (digits == 3 && (v & 0xff) != 0))
			return false;	/* bits that no encoder writes */
		out[n++] = (uint8_t)(v >> 16);
		if (digits > 2)
			out[n++] = (uint8_t)(v >> 8);
		if (digits > 3)
			out[n++] = (uint8_t)v;
	}
	*out_len = n;
	return true;
}

void
uuid_format(const uint8_t random[16], char out[UUID_LEN + 1])
{
	uint8_t u[16];
	size_t o = 0;

	memcpy(u, random, sizeof(u));
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(u); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[o++] = '-';
		hex_encode(&u[i], 1, out + o);
		o += 2;
	}
	out[o] = '\0';
}
