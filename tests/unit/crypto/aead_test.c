/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include "base/cleanup.h"
#include "base/codec.h"
#include "crypto/context.h"
#include "crypto/digest.h"
#include "test.h"

/* NIST SP 800-38D, the validation cases of "The Galois/Counter Mode of Operation", 13 to 16. */
#define KEY_15 "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
#define PLAIN_16 \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24" \
	"49a6b525b16aedf5aa0de657ba637b39"
#define CIPHER_16 \
	"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10" \
	"56828838c5f61e6393ba7a0abcc9f662"
static const struct { const char *key, *iv, *aad, *plain, *cipher, *tag; } gcm_rows[] = {
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	  "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	  "000000000000000000000000", "", "00000000000000000000000000000000",
	  "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919" },
	{ KEY_15, "cafebabefacedbaddecaf888", "", PLAIN_16 "1aafd255", CIPHER_16 "898015ad",
	  "b094dac5d93471bdec1a502270e3cc6c" },
	{ KEY_15, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", PLAIN_16,
	  CIPHER_16, "76fc6ece0f4e1768cddf8853bb2d551b" },
};

/*
 * A blob of 4.3 computed from the specification alone, in another language on another library.
 * key 00..1f, key id 80..8f, salt a0..b7, purpose metadata, store id 16 * 51,
 * binding record key "k", generation 1, plaintext "attack at dawn".
 */
static const char pinned[] =
    "50574c3101070000808182838485868788898a8b8c8d8e8fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
    "b0b1b2b3b4b5b6b7b94a94a30dd79837239d9c50685bf1cf02a6b275816e7b145c80d340465e3051"
    "a10c93e0d0fa0dc5a16eb98ed9c0";
/* Same key, purpose value, binding the store id alone, no plaintext. */
static const char pinned_empty[] =
    "50574c3101060000808182838485868788898a8b8c8d8e8fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
    "b0b1b2b3b4b5b6b756b9bed014fb999b5887d89ca9d6012db58496ce815452e508c960db3e10790b";

static const uint8_t store_id[16] = "QQQQQQQQQQQQQQQQ";
static uint8_t key_bytes[BLOB_KEY_LEN], key_id[BLOB_KEY_ID_LEN], salt[BLOB_SALT_LEN];
static const struct blob_key key = { key_bytes, key_id };

static void
setup(void)
{
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	for (size_t i = 0; i < sizeof(key_bytes); i++)
		key_bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(key_id); i++)
		key_id[i] = (uint8_t)(0x80 + i);
	for (size_t i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)(0xa0 + i);
}

static struct str
unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	assert_true(hex_decode_lower(str_of(hex), out, n));
	return (struct str){ (const char *)out, n };
}

static struct binding
bind_record(const uint8_t id[16], const char *record, uint64_t generation)
{
	struct binding b = binding_new(id);

	binding_add(&b, BIND_RECORD_KEY, str_of(record));
	binding_add_u64(&b, BIND_GENERATION, generation);
	return b;
}

/* Seals `plain` as the pinned blob is sealed. */
static void
seal(const char *plain, struct buf *out)
{
	AUTO_BINDING b = bind_record(store_id, "k", 1);
	struct err e;

	CHECK_OK(blob_seal_with_salt(&key, BLOB_METADATA, &b, salt, str_of(plain), out, &e), &e);
}

/* Must be refused, leaving nothing of the plaintext behind. */
static void
check_refused(const struct blob_key *with, enum blob_purpose purpose, const struct binding *b,
    struct str blob)
{
	uint8_t out[256], zeros[256] = { 0 };
	struct err e;

	memset(out, 0xee, sizeof(out));
	CHECK_ERR(blob_open(with, purpose, b, blob, out, &e), &e, ERR_CORRUPT);
	if (out[0] != 0xee)
		assert_memory_equal(out, zeros, blob_plain_len(blob));
}

TEST("AES-256-GCM as fetched here: the validation cases of the GCM specification")
{
	uint8_t k[32], iv[12], aad[32], plain[64], cipher[64], tag[16], got[64], got_tag[16];
	int n;

	setup();
	for (size_t i = 0; i < sizeof(gcm_rows) / sizeof(gcm_rows[0]); i++) {
		EVP_CIPHER_CTX *ctx = crypto_context()->gcm_seal;
		struct str a = unhex(gcm_rows[i].aad, aad), p = unhex(gcm_rows[i].plain, plain);

		unhex(gcm_rows[i].key, k);
		unhex(gcm_rows[i].iv, iv);
		unhex(gcm_rows[i].cipher, cipher);
		unhex(gcm_rows[i].tag, tag);
		assert_true(EVP_EncryptInit_ex2(ctx, NULL, k, iv, NULL) > 0);
		assert_true(a.n == 0 || EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)a.n) > 0);
		assert_true(p.n == 0 || EVP_EncryptUpdate(ctx, got, &n, plain, (int)p.n) > 0);
		assert_true(EVP_EncryptFinal_ex(ctx, got + p.n, &n) > 0);
		assert_true(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, got_tag) > 0);
		assert_memory_equal(got, cipher, p.n);
		assert_memory_equal(got_tag, tag, 16);
	}
}

TEST("the format is pinned: a blob with a given salt is these bytes")
{
	AUTO_BUF blob = BUF_INIT;
	uint8_t want[256];
	struct str w = unhex(pinned, want);

	seal("attack at dawn", &blob);
	assert_int_equal(blob.n, w.n);
	assert_memory_equal(blob.p, want, w.n);
}

TEST("the format is pinned: the bytes of earlier versions open")
{
	AUTO_BINDING b = bind_record(store_id, "k", 1);
	AUTO_BINDING none = binding_new(store_id);
	uint8_t bytes[256], plain[64];
	struct str blob = unhex(pinned, bytes);
	struct err e;

	setup();
	assert_int_equal(blob_plain_len(blob), 14);
	CHECK_OK(blob_open(&key, BLOB_METADATA, &b, blob, plain, &e), &e);
	assert_memory_equal(plain, "attack at dawn", 14);
	blob = unhex(pinned_empty, bytes);
	assert_int_equal(blob_plain_len(blob), 0);
	CHECK_OK(blob_open(&key, BLOB_VALUE, &none, blob, plain, &e), &e);
}

TEST("two seals of the same text differ in salt, commitment and ciphertext, and both open")
{
	AUTO_BINDING b = bind_record(store_id, "k", 1);
	AUTO_BUF one = BUF_INIT;
	AUTO_BUF two = BUF_INIT;
	uint8_t plain[8];
	struct err e;

	setup();
	CHECK_OK(blob_seal(&key, BLOB_METADATA, &b, STR_LIT("same"), &one, &e), &e);
	CHECK_OK(blob_seal(&key, BLOB_METADATA, &b, STR_LIT("same"), &two, &e), &e);
	assert_memory_not_equal(one.p + 24, two.p + 24, 24);
	assert_memory_not_equal(one.p + 48, two.p + 48, 16);
	assert_memory_not_equal(one.p + 64, two.p + 64, 20);
	CHECK_OK(blob_open(&key, BLOB_METADATA, &b, buf_view(&one), plain, &e), &e);
	CHECK_OK(blob_open(&key, BLOB_METADATA, &b, buf_view(&two), plain, &e), &e);
}

TEST("a blob is appended to what the buffer holds")
{
	AUTO_BINDING b = bind_record(store_id, "k", 1);
	AUTO_BUF out = BUF_INIT;
	uint8_t plain[8];
	struct err e;

	setup();
	buf_z(&out, "head");
	CHECK_OK(blob_seal(&key, BLOB_METADATA, &b, STR_LIT("text"), &out, &e), &e);
	assert_int_equal(out.n, 4 + BLOB_OVERHEAD + 4);
	assert_memory_equal(out.p, "head", 4);
	CHECK_OK(blob_open(&key, BLOB_METADATA, &b, str_skip(buf_view(&out), 4), plain, &e), &e);
	assert_memory_equal(plain, "text", 4);
}

TEST("every single bit that flips is refused")
{
	AUTO_BINDING b = bind_record(store_id, "k", 1);
	AUTO_BUF blob = BUF_INIT;

	setup();
	seal("attack at dawn", &blob);
	for (size_t i = 0; i < 8 * blob.n; i++) {
		blob.p[i / 8] ^= (char)(1 << i % 8);
		check_refused(&key, BLOB_METADATA, &b, buf_view(&blob));
		blob.p[i / 8] ^= (char)(1 << i % 8);
	}
}

TEST("every shortened blob is refused, and every lengthened one")
{
	AUTO_BINDING b = bind_record(store_id, "k", 1);
	AUTO_BUF blob = BUF_INIT;

	setup();
	seal("attack at dawn", &blob);
	for (size_t n = 0; n < blob.n; n++)
		check_refused(&key, BLOB_METADATA, &b, (struct str){ blob.p, n });
	buf_c(&blob, 0);
	check_refused(&key, BLOB_METADATA, &b, buf_view(&blob));
	check_refused(&key, BLOB_METADATA, &b, STR_NULL);
}

TEST("another key is refused before anything is decrypted: by its id, then by the commitment")
{
	AUTO_BINDING b = bind_record(store_id, "k", 1);
	AUTO_BUF blob = BUF_INIT;
	uint8_t other_bytes[BLOB_KEY_LEN], other_id[BLOB_KEY_ID_LEN];
	struct blob_key wrong_bytes = { other_bytes, key_id }, wrong_id = { key_bytes, other_id };

	setup();
	seal("attack at dawn", &blob);
	memcpy(other_bytes, key_bytes, sizeof(other_bytes));
	memcpy(other_id, key_id, sizeof(other_id));
	other_bytes[31] ^= 1;
	other_id[15] ^= 1;
	check_refused(&wrong_bytes, BLOB_METADATA, &b, buf_view(&blob));
	check_refused(&wrong_id, BLOB_METADATA, &b, buf_view(&blob));
	assert_false(blob_key_fits(&wrong_bytes, BLOB_METADATA, buf_view(&blob)));
	assert_false(blob_key_fits(&wrong_id, BLOB_METADATA, buf_view(&blob)));
	assert_true(blob_key_fits(&key, BLOB_METADATA, buf_view(&blob)));
}

TEST("another purpose is refused, also when the header is rewritten to it")
{
	AUTO_BINDING b = bind_record(store_id, "k", 1);
	AUTO_BUF blob = BUF_INIT;

	setup();
	seal("attack at dawn", &blob);
	for (int p = 0; p <= 13; p++) {
		if (p == BLOB_METADATA)
			continue;
		check_refused(&key, (enum blob_purpose)p, &b, buf_view(&blob));
		blob.p[5] = (char)p;
		check_refused(&key, (enum blob_purpose)p, &b, buf_view(&blob));
		blob.p[5] = BLOB_METADATA;
	}
}

TEST("another binding is refused: store, record, generation, one member less, one more")
{
	uint8_t other_store[16] = "QQQQQQQQQQQQQQQR";
	AUTO_BINDING store = bind_record(other_store, "k", 1);
	AUTO_BINDING record = bind_record(store_id, "l", 1);
	AUTO_BINDING longer = bind_record(store_id, "kk", 1);
	AUTO_BINDING generation = bind_record(store_id, "k", 2);
	AUTO_BINDING less = binding_new(store_id);
	AUTO_BINDING more = bind_record(store_id, "k", 1);
	AUTO_BUF blob = BUF_INIT;
	const struct binding *all[] = { &store, &record, &longer, &generation, &less, &more };

	setup();
	binding_add(&less, BIND_RECORD_KEY, STR_LIT("k"));
	binding_add(&more, BIND_USER_ID, STR_LIT(""));
	seal("attack at dawn", &blob);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_refused(&key, BLOB_METADATA, all[i], buf_view(&blob));
}

TEST("a binding is tag, length and bytes, so ('ab', 'c') and ('a', 'bc') differ")
{
	AUTO_BINDING a = binding_new(store_id);
	AUTO_BINDING b = binding_new(store_id);

	binding_add(&a, BIND_ACCOUNT, STR_LIT("ab"));
	binding_add(&a, BIND_REGION, STR_LIT("c"));
	binding_add(&b, BIND_ACCOUNT, STR_LIT("a"));
	binding_add(&b, BIND_REGION, STR_LIT("bc"));
	assert_int_equal(a.tlv.n, 21 + 7 + 6);
	assert_memory_equal(a.tlv.p, "\1\0\0\0\20QQQQQQQQQQQQQQQQ\2\0\0\0\2ab\3\0\0\0\1c", 34);
	assert_memory_not_equal(a.tlv.p, b.tlv.p, 34);
}

TEST("blob_key_id names the wrapping key, for the right purpose only")
{
	AUTO_BUF blob = BUF_INIT;
	uint8_t id[BLOB_KEY_ID_LEN];

	setup();
	seal("attack at dawn", &blob);
	assert_true(blob_key_id(buf_view(&blob), BLOB_METADATA, id));
	assert_memory_equal(id, key_id, sizeof(id));
	assert_false(blob_key_id(buf_view(&blob), BLOB_VALUE, id));
	assert_false(blob_key_id((struct str){ blob.p, BLOB_OVERHEAD - 1 }, BLOB_METADATA, id));
}

TEST("too much to seal is refused and leaves the buffer alone")
{
	AUTO_BINDING b = binding_new(store_id);
	AUTO_BUF out = BUF_INIT;
	struct err e;

	setup();
	buf_z(&out, "x");
	CHECK_ERR(blob_seal(&key, BLOB_VALUE, &b, (struct str){ "", (size_t)BLOB_PLAIN_MAX + 1 },
	    &out, &e), &e, ERR_INTERNAL);
	assert_int_equal(out.n, 1);
}

TEST("after sealing and opening, the thread's contexts are keyed with zeros")
{
	AUTO_BINDING b = bind_record(store_id, "k", 1);
	AUTO_BUF blob = BUF_INIT;
	uint8_t plain[16], got[16], tag[16], want[16];
	struct err e;
	int n;

	setup();
	seal("attack at dawn", &blob);
	CHECK_OK(blob_open(&key, BLOB_METADATA, &b, buf_view(&blob), plain, &e), &e);
	/* What GCM case 14 gives for a zero key and a zero nonce, without setting either. */
	assert_true(
	    EVP_EncryptUpdate(crypto_context()->gcm_seal, got, &n, (uint8_t[16]){ 0 }, 16) > 0);
	unhex(gcm_rows[1].cipher, want);
	assert_memory_equal(got, want, 16);
	unhex(gcm_rows[1].tag, tag);
	assert_true(EVP_DecryptUpdate(crypto_context()->gcm_open, got, &n, want, 16) > 0);
	assert_true(
	    EVP_CIPHER_CTX_ctrl(crypto_context()->gcm_open, EVP_CTRL_AEAD_SET_TAG, 16, tag) > 0);
	assert_true(EVP_DecryptFinal_ex(crypto_context()->gcm_open, got, &n) > 0);
}
