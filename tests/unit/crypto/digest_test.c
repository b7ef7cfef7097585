/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/codec.h"
#include "crypto/random.h"
#include "test.h"

#define AA20 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define AA131 AA20 AA20 AA20 AA20 AA20 AA20 "aaaaaaaaaaaaaaaaaaaaaa"

static void
setup(void)
{
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
}

/* Returns bytes in `out`, whose size is the caller's promise. */
static struct str
unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	assert_true(hex_decode_lower(str_of(hex), out, n));
	return (struct str){ (const char *)out, n };
}

static void
check_hex(const uint8_t *got, size_t n, const char *want)
{
	char hex[2 * 128 + 1] = "";

	assert_true(n <= 128);
	hex_encode(got, n, hex);
	assert_string_equal(hex, want);
}

static const struct { const char *text, *digest; } sha256_rows[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

TEST("SHA-256: the examples of FIPS 180")
{
	char hex[2 * SHA256_LEN + 1];

	setup();
	for (size_t i = 0; i < sizeof(sha256_rows) / sizeof(sha256_rows[0]); i++) {
		sha256_hex(str_of(sha256_rows[i].text), hex);
		assert_string_equal(hex, sha256_rows[i].digest);
	}
}

TEST("SHA-256: a million times 'a', and an absent string is an empty one")
{
	char hex[2 * SHA256_LEN + 1];
	char *a = malloc(1000000);

	setup();
	memset(a, 'a', 1000000);
	sha256_hex((struct str){ a, 1000000 }, hex);
	assert_string_equal(
	    hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(a);
	sha256_hex(STR_NULL, hex);
	assert_string_equal(hex, sha256_rows[0].digest);
}

/* RFC 4231, section 4; case 5 is truncated there and left out. */
static const struct { const char *key, *data, *mac; } hmac_rows[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ AA20,
	  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	  "dddddddddddd",
	  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
	  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	  "cdcdcdcdcdcd",
	  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	{ AA131,
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368"
	  "204b6579204669727374",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ AA131,
	  "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a"
	  "65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865"
	  "206b6579206e6565647320746f20626520686173686564206265666f7265206265696e672075736564206279"
	  "2074686520484d414320616c676f726974686d2e",
	  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

TEST("HMAC-SHA256: the vectors of RFC 4231")
{
	uint8_t key[256], data[256], mac[SHA256_LEN];

	setup();
	for (size_t i = 0; i < sizeof(hmac_rows) / sizeof(hmac_rows[0]); i++) {
		hmac_sha256(unhex(hmac_rows[i].key, key), unhex(hmac_rows[i].data, data), mac);
		check_hex(mac, sizeof(mac), hmac_rows[i].mac);
	}
}

TEST("HMAC-SHA256: pieces give what their concatenation gives, wherever it is cut")
{
	struct str text =
	    STR_LIT("the quick brown fox jumps over the lazy dog, then over another one");
	uint8_t whole[SHA256_LEN], cut[SHA256_LEN];

	setup();
	hmac_sha256(STR_LIT("key"), text, whole);
	for (size_t i = 0; i <= text.n; i++) {
		struct str parts[3] = { { text.p, i }, STR_NULL, str_skip(text, i) };

		hmac_sha256_parts(STR_LIT("key"), parts, 3, cut);
		assert_memory_equal(cut, whole, sizeof(whole));
	}
}

TEST("HMAC-SHA256: a key of exactly one block is not hashed, one byte more is")
{
	uint8_t key[65], hashed[SHA256_LEN], a[SHA256_LEN], b[SHA256_LEN];
	struct str view = { (const char *)key, sizeof(key) };

	setup();
	memset(key, 0x11, sizeof(key));
	sha256(view, hashed);
	hmac_sha256(view, STR_LIT("x"), a);
	hmac_sha256((struct str){ (const char *)hashed, sizeof(hashed) }, STR_LIT("x"), b);
	assert_memory_equal(a, b, sizeof(a));
	view.n = 64;
	sha256(view, hashed);
	hmac_sha256(view, STR_LIT("x"), a);
	hmac_sha256((struct str){ (const char *)hashed, sizeof(hashed) }, STR_LIT("x"), b);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* RFC 5869, appendix A.1 to A.3. */
static const struct { const char *ikm, *salt, *info, *okm; } hkdf_rows[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
	  "f0f1f2f3f4f5f6f7f8f9",
	  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b"
	  "2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
	  "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b"
	  "8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
	  "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadb"
	  "dcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
	  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
	  "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87" },
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
	  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
};

TEST("HKDF-SHA256: the vectors of RFC 5869")
{
	uint8_t ikm[128], salt[128], info[128], okm[128];

	setup();
	for (size_t i = 0; i < sizeof(hkdf_rows) / sizeof(hkdf_rows[0]); i++) {
		size_t len = strlen(hkdf_rows[i].okm) / 2;

		hkdf_sha256(unhex(hkdf_rows[i].ikm, ikm), unhex(hkdf_rows[i].salt, salt),
		    unhex(hkdf_rows[i].info, info), okm, len);
		check_hex(okm, len, hkdf_rows[i].okm);
	}
}

TEST("bytes_equal_ct: equal bytes are equal, one changed bit anywhere is not")
{
	uint8_t a[33] = { 1, 2, 3 }, b[33] = { 1, 2, 3 };

	assert_true(bytes_equal_ct(a, b, sizeof(a)));
	assert_true(bytes_equal_ct(a, b, 0));
	for (size_t i = 0; i < 8 * sizeof(a); i++) {
		b[i / 8] ^= (uint8_t)(1U << i % 8);
		assert_false(bytes_equal_ct(a, b, sizeof(a)));
		b[i / 8] ^= (uint8_t)(1U << i % 8);
	}
}

static void *
hash_in_a_thread(void *out)
{
	for (int i = 0; i < 1000; i++)
		sha256(STR_LIT("abc"), out);
	return NULL;
}

TEST("threads hash at the same time, each with its own context")
{
	uint8_t got[4][SHA256_LEN];
	pthread_t threads[4];

	setup();
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_in_a_thread, got[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		check_hex(got[i], SHA256_LEN, sha256_rows[1].digest);
	}
}

TEST("random_below: always below n, and every residue appears")
{
	unsigned seen[7] = { 0 };

	for (int i = 0; i < 2000; i++) {
		uint32_t v = random_below(7);

		assert_true(v < 7);
		seen[v]++;
	}
	for (size_t i = 0; i < 7; i++)
		assert_true(seen[i] > 100);	/* 286 expected; below 100 is beyond 12 sigma */
	assert_int_equal(random_below(1), 0);
	assert_true(random_below(UINT32_MAX) < UINT32_MAX);
}

TEST("random_text: n characters of the alphabet and a NUL, none preferred")
{
	unsigned seen[128] = { 0 };
	char out[3001];

	random_text("abc", 3000, out);
	assert_int_equal(strlen(out), 3000);
	assert_int_equal(strspn(out, "abc"), 3000);
	for (size_t i = 0; i < 3000; i++)
		seen[(unsigned char)out[i]]++;
	assert_true(seen['a'] > 700 && seen['b'] > 700 && seen['c'] > 700);
	random_text("abc", 0, out);
	assert_string_equal(out, "");
}

TEST("random_uuid: version 4, variant 10, and never twice the same")
{
	char a[37], b[37];

	random_uuid(a);
	random_uuid(b);
	assert_int_equal(strlen(a), 36);
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
	assert_string_not_equal(a, b);
}

TEST("random_bytes: all of a long buffer is filled")
{
	uint8_t p[1000] = { 0 };
	size_t zeros = 0;

	random_bytes(p, sizeof(p));
	for (size_t i = 0; i < sizeof(p); i++)
		zeros += p[i] == 0;
	assert_true(zeros < 50);	/* 4 expected */
}
