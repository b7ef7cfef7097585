/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keyring.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "crypto/digest.h"
#include "crypto/keyring_impl.h"
#include "test.h"

/*
 * A whole store's keys and one blob of each kind, computed from the specification alone, in
 * another language on another library: if any of it stops opening, the format has drifted.
 * Unlock secret 00..1f, store id 16 * 51, R 32 * 52, E 32 * 45, stable keys 32 * 61, 62, 63.
 */
static const struct { const char *name, *hex; } stored[] = {
	{ "root",
	    "5151515151515151515151515151515150574c310103000053535353535353535353535353535353"
	    "0102030405060708090a0b0c0d0e0f1011121314151617185255ba00c7e647b4101094dc0b0cef71"
	    "a39430aaf5370f33b3680e49817cfb025b35d8ff2a55495b781c946010cfbf83" },
	{ "slot/54545454545454545454545454545454",
	    "50574c31010100005454545454545454545454545454545402030405060708090a0b0c0d0e0f1011"
	    "1213141516171819f93e5ce006b0a613988605c600c3e4f0bd8cd8935d762f89ccda9e200b3ae8a9"
	    "a0d7700797244f6d8f8167d2ec1353e8bfae43fd2964c94e3ab1529fe67f90776942836b1d835e9f"
	    "db20646f5027786d" },
	{ "epoch/46464646464646464646464646464646",
	    "50574c310102000053535353535353535353535353535353030405060708090a0b0c0d0e0f101112"
	    "131415161718191ae83a72d0e6731bd648b8abe27974daf6ecf3efb393b75a58d8ae50451cb0ac5b"
	    "f7e7c25be5c91ad014a89bd9479074c250bebc6daae462de1e8c07c8461bff66" },
	{ "stable/index",
	    "50574c3101030000535353535353535353535353535353530405060708090a0b0c0d0e0f10111213"
	    "1415161718191a1b3d3e91e3f015f96e41789d03c0198d01ad1af75e5afc078ec0f09529c8d4e90d"
	    "cdb7947883b70ffa70306ee65497f529c5544c9cf01ec20b50899bd0a642993f" },
	{ "stable/set",
	    "50574c31010300005353535353535353535353535353535305060708090a0b0c0d0e0f1011121314"
	    "15161718191a1b1cee2aacd2ff2e4b6f44af1298b6ad28cb7481fe10d70da1a0abf1d6d106cc9765"
	    "afecef8052a6085c179ea5b1af611a47d83ea52bf4e76c26c712e1a5043a18c3" },
	{ "stable/audit",
	    "50574c310103000053535353535353535353535353535353060708090a0b0c0d0e0f101112131415"
	    "161718191a1b1c1d91bda3733cd3762aa46569d191e55d4677c7e6a5c3f43370cacf8ba43bd6082e"
	    "e39e90d0f44f448c23a7b2b5a54a0df06588a2cfa430222409ecccb9136df938" },
};

static const char meta_hex[] =
    "50574c3101070000464646464646464646464646464646460a0b0c0d0e0f10111213141516171819"
    "1a1b1c1d1e1f20216491317485b1f1e582c1bb7b84e6575c18eeab9aa95522e00349b4ddd0153dc6"
    "7e3e5d6e7ae3c1b3e84bc427479d742c1cb7";
static const char iam_hex[] =
    "50574c3101080000464646464646464646464646464646460b0c0d0e0f101112131415161718191a"
    "1b1c1d1e1f20212274d6688a6d2a0e67b97489ca585d37c9fbfdf1e66266aae075cc80a1da838b26"
    "21e68507d9292587f76bfff43652773aa38d9e5dcc01f9daa41d6f982728a6a2350ce4e6e5c8a86f";
static const char token_hex[] =
    "50574c3101090000464646464646464646464646464646460c0d0e0f101112131415161718191a1b"
    "1c1d1e1f2021222304e202d584ba4a88e90b59b92debbf4b564d1e64f5e03c7ed1cc90c39283e872"
    "a0d6f837fc79ef";
#define TOKEN_SECRET "UfGzDa+45aNSq+fkxZVkd8AnrSK8vvJN1fPfSaNR"
static const char cursor_hex[] =
    "50574c31010c0000464646464646464646464646464646460d0e0f101112131415161718191a1b1c"
    "1d1e1f202122232446fd32c4f23b80af62930ccfc7f05e7d865b40722470cb36468b2ae4d9713dae"
    "a6ac65febdb17a4cda9f70e7f2de";
static const char backing_hex[] =
    "50574c3101040000464646464646464646464646464646460e0f101112131415161718191a1b1c1d"
    "1e1f2021222324253173c6cead213a527390d0adfebc701b7e93c480088cd0898370bd7eb7d25928"
    "ee6244e01cace137f7949bcf678beae9305dcd79dba4421ee45f9df634a171486a644a22b6eb2c59"
    "71daf842babe3cae";
static const char data_key_hex[] =
    "50574c3101050000424242424242424242424242424242420f101112131415161718191a1b1c1d1e"
    "1f20212223242526e3dabde52ca0342d01b37b1efffdc28b1dd5165135fef8c2f0c1d1519fa49810"
    "7e53075e0257e0f623e62cbd7dfb2b233b9c1883e6abbaba507ca923dff456ac";
static const char value_hex[] =
    "50574c310106000044444444444444444444444444444444101112131415161718191a1b1c1d1e1f"
    "20212223242526273d0af2274329a561c6a1cc68715a8040ee35a1dbe87abb514227adfb3efff5c5"
    "cfb59ffe96e141e8f031ee3234f908dafdb9d11f654a76bd4aadbbf6c9f86c5f11d34078adf606e5"
    "a585d6de76d66a6d3d02901fca939593a6fa9fb1dc81d60ad392bb0f";
static const char index_hex[] =
    "c87b8a6936013a51eaaf89633d3286e5";
static const char audit_hex[] =
    "79c309a30e2d4ec085e80b70955e2467284ad371b50eecb5447a015b633db009";

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ACCOUNT STR_LIT("111122223333")
#define CMK STR_LIT("arn:aws:kms:us-east-1:111122223333:key/0f0e0d0c-0b0a-4908-8706-050403020100")
#define KEY_ID STR_LIT("AKIAIOSFODNN7EXAMPLE")
#define TEMPORARY_ID STR_LIT("ASIAIOSFODNN7EXAMPLE")
#define USER_ID STR_LIT("AIDAALICEEXAMPLE00001")

static const struct value_binding binding = {
	.account = { "111122223333", 12 },
	.region = { "us-east-1", 9 },
	.secret_arn = { "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1b2c3", 67 },
	.version_id = { "5c0e7b1e-7d2f-4b64-9b43-0c0c7f6f1e22", 36 },
	.cmk_arn = { "arn:aws:kms:us-east-1:111122223333:key/0f0e0d0c-0b0a-4908-8706-050403020100",
	    75 },
	.kind = VALUE_STRING,
	.created_ms = INT64_C(1767225600123),
};

static struct str
unhex(struct arena *a, const char *hex)
{
	size_t n = strlen(hex) / 2;
	uint8_t *p = arena_alloc(a, n + 1);

	assert_true(hex_decode_lower(str_of(hex), p, n));
	return (struct str){ (const char *)p, n };
}

/* An unlock secret of 32 consecutive bytes from `first`. */
static struct secbuf *
unlock_from(uint8_t first)
{
	struct secbuf *s = secbuf_new(32);

	for (size_t i = 0; i < 32; i++)
		secbuf_expose(s)[i] = (uint8_t)(first + i);
	return s;
}

static void
pinned_records(struct arena *a, struct key_records *out)
{
	out->n = 0;
	for (size_t i = 0; i < COUNT(stored); i++) {
		snprintf(out->r[i].name, sizeof(out->r[i].name), "%s", stored[i].name);
		out->r[i].blob = unhex(a, stored[i].hex);
		out->n++;
	}
}

static struct keyring *
pinned(struct arena *a)
{
	AUTO(secbuf) *unlock = unlock_from(0);
	struct key_records records;
	struct keyring *k;
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	pinned_records(a, &records);
	k = keyring_open(unlock, &records, &e);
	CHECK_OK(k != NULL, &e);
	return k;
}

static struct keyring *
fresh(struct arena *a, struct key_records *out)
{
	AUTO(secbuf) *unlock = unlock_from(7);
	struct keyring *k;
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	k = keyring_create(a, unlock, out, &e);
	CHECK_OK(k != NULL, &e);
	return k;
}

static void
check_not_opened(const struct secbuf *unlock, const struct key_records *records, enum err_code want)
{
	AUTO(keyring) *k = NULL;
	struct err e;

	CHECK_ERR((k = keyring_open(unlock, records, &e)) != NULL, &e, want);
}

/* ---- the format */

TEST("the format is pinned: stored keys, metadata, IAM secrets, cursors open")
{
	AUTO(arena) *a = arena_new();
	AUTO(keyring) *k = pinned(a);
	struct str out;
	struct err e;

	CHECK_OK(keyring_meta_open(k, STR_LIT("s/1234"), 7, unhex(a, meta_hex), a, &out, &e), &e);
	CHECK_STR(out, "{\"name\":\"prod/db\"}");
	CHECK_OK(keyring_iam_open(k, ACCOUNT, KEY_ID, USER_ID, unhex(a, iam_hex), a, &out, &e), &e);
	CHECK_STR(out, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
	CHECK_OK(keyring_cursor_open(k, unhex(a, cursor_hex), a, &out, &e), &e);
	CHECK_STR(out, "ListSecrets|42");
}

TEST("the format is pinned: tokens and the secret keys that go with them")
{
	AUTO(arena) *a = arena_new();
	AUTO(keyring) *k = pinned(a);
	char secret[41];
	struct str out;
	struct err e;

	CHECK_OK(keyring_token_open(k, TEMPORARY_ID, unhex(a, token_hex), a, &out, &e), &e);
	CHECK_STR(out, "{\"p\":1}");
	keyring_token_secret(k, TEMPORARY_ID, unhex(a, token_hex), secret);
	assert_string_equal(secret, TOKEN_SECRET);
}

TEST("the format is pinned: backing key, data key, value with its padding")
{
	AUTO(arena) *a = arena_new();
	AUTO(keyring) *k = pinned(a);
	uint8_t id[BACKING_ID_LEN], wanted[BACKING_ID_LEN];
	struct str out;
	struct err e;

	CHECK_OK(keyring_data_key_backing(unhex(a, data_key_hex), wanted), &e);
	assert_false(keyring_backing_is_loaded(k, wanted));
	CHECK_OK(keyring_backing_load(k, CMK, 3, unhex(a, backing_hex), id, &e), &e);
	assert_memory_equal(id, wanted, sizeof(id));
	assert_true(keyring_backing_is_loaded(k, id));
	CHECK_OK(keyring_value_open(
		     k, &binding, unhex(a, data_key_hex), unhex(a, value_hex), a, &out, &e),
	    &e);
	CHECK_STR(out, "correct horse battery staple");
}

TEST("the format is pinned: the blind index and the audit chain")
{
	AUTO(arena) *a = arena_new();
	AUTO(keyring) *k = pinned(a);
	struct str parts[] = { ACCOUNT, STR_LIT("us-east-1"), STR_LIT("prod/db") };
	uint8_t index[INDEX_LEN], mac[32], zeros[32] = { 0 };

	keyring_index(k, parts, 3, index);
	assert_memory_equal(index, unhex(a, index_hex).p, sizeof(index));
	keyring_audit_mac(
	    k, (struct str){ (char *)zeros, 32 }, STR_LIT("{\"eventName\":\"x\"}"), mac);
	assert_memory_equal(mac, unhex(a, audit_hex).p, sizeof(mac));
	assert_memory_equal(keyring_store_id(k), "QQQQQQQQQQQQQQQQ", 16);
}

/* ---- the ladder */

TEST("a new store's records open with the unlock secret that made them, and with no other")
{
	AUTO(arena) *a = arena_new();
	AUTO(secbuf) *right = unlock_from(7);
	AUTO(secbuf) *wrong = unlock_from(8);
	struct key_records records;
	AUTO(keyring) *k = fresh(a, &records);
	AUTO(keyring) *again = NULL;
	AUTO(keyring) *none = NULL;
	struct err e;

	again = keyring_open(right, &records, &e);
	CHECK_OK(again != NULL, &e);
	assert_memory_equal(keyring_store_id(again), keyring_store_id(k), 16);
	CHECK_ERR((none = keyring_open(wrong, &records, &e)) != NULL, &e, ERR_CONFIG);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_string_equal(e.msg, "this key opens none of the store's 1 key slots; it is another "
	    "store's key, or the slots were changed");
}

TEST("an unlock secret of another length is refused")
{
	AUTO(arena) *a = arena_new();
	AUTO(secbuf) *s = secbuf_new(31);
	AUTO(keyring) *k = NULL;
	struct key_records records;
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	CHECK_ERR((k = keyring_create(a, s, &records, &e)) != NULL, &e, ERR_CONFIG);
	pinned_records(a, &records);
	check_not_opened(s, &records, ERR_CONFIG);
}

TEST("two new stores share nothing: not ids, not records")
{
	AUTO(arena) *a = arena_new();
	struct key_records one, two;
	AUTO(keyring) *k1 = fresh(a, &one);
	AUTO(keyring) *k2 = fresh(a, &two);

	assert_memory_not_equal(keyring_store_id(k1), keyring_store_id(k2), 16);
	assert_int_equal(one.n, 6);
	for (size_t i = 0; i < one.n; i++)
		assert_false(str_eq(one.r[i].blob, two.r[i].blob));
}

TEST("any changed byte of any key record is refused")
{
	AUTO(arena) *a = arena_new();
	AUTO(secbuf) *unlock = unlock_from(0);
	struct key_records records;
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	pinned_records(a, &records);
	for (size_t r = 0; r < records.n; r++) {
		char *p = arena_strz(a, records.r[r].blob);

		records.r[r].blob.p = p;
		for (size_t i = 0; i < records.r[r].blob.n; i++) {
			AUTO(keyring) *k = NULL;

			p[i] ^= 1;
			k = keyring_open(unlock, &records, &e);
			assert_null(k);
			p[i] ^= 1;
		}
	}
}

TEST("a missing, cut, renamed or unknown key record is refused")
{
	AUTO(arena) *a = arena_new();
	AUTO(secbuf) *unlock = unlock_from(0);
	struct key_records whole, changed;
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	pinned_records(a, &whole);
	for (size_t r = 0; r < whole.n; r++) {
		bool is_slot = strncmp(whole.r[r].name, "slot", 4) == 0;

		changed = whole;
		changed.r[r] = changed.r[--changed.n];
		check_not_opened(unlock, &changed, is_slot ? ERR_CONFIG : ERR_CORRUPT);
		changed = whole;
		changed.r[r].blob.n = 15;
		check_not_opened(unlock, &changed, is_slot ? ERR_CONFIG : ERR_CORRUPT);
		changed = whole;
		changed.r[r].name[0] = 'X';
		check_not_opened(unlock, &changed, is_slot ? ERR_CONFIG : ERR_CORRUPT);
		changed = whole;
		memset(changed.r[r].name, 'x', sizeof(changed.r[r].name));	/* no NUL either */
		check_not_opened(unlock, &changed, is_slot ? ERR_CONFIG : ERR_CORRUPT);
	}
	changed = whole;
	changed.n = KEY_RECORDS_MAX + 1;
	check_not_opened(unlock, &changed, ERR_CORRUPT);
	changed.n = 0;
	check_not_opened(unlock, &changed, ERR_CORRUPT);
}

TEST("key records exchanged with each other, doubled or from another store are refused")
{
	AUTO(arena) *a = arena_new();
	AUTO(secbuf) *unlock = unlock_from(0);
	struct key_records whole, other, changed;
	AUTO(keyring) *k = fresh(a, &other);

	pinned_records(a, &whole);
	changed = whole;
	changed.r[3].blob = whole.r[4].blob;	/* stable/index holds stable/set */
	check_not_opened(unlock, &changed, ERR_CORRUPT);
	changed = whole;
	changed.r[changed.n++] = whole.r[3];
	check_not_opened(unlock, &changed, ERR_CORRUPT);
	for (size_t i = 0; i < whole.n; i++) {
		struct key_records mixed = whole;

		mixed.r[mixed.n++] = other.r[i];
		if (strncmp(other.r[i].name, "slot", 4) != 0 &&
		    strcmp(other.r[i].name, "root") != 0)
			check_not_opened(unlock, &mixed, ERR_CORRUPT);
	}
	changed = whole;
	changed.r[0].blob = other.r[other.n - 1].blob;	/* the other store's root */
	check_not_opened(unlock, &changed, ERR_CORRUPT);
}

TEST("either of two slots opens the store")
{
	AUTO(arena) *a = arena_new();
	AUTO(secbuf) *unlock = unlock_from(0);
	struct key_records whole, other;
	AUTO(keyring) *k = NULL;
	AUTO(keyring) *foreign = fresh(a, &other);
	struct err e;

	pinned_records(a, &whole);
	for (size_t i = 0; i < other.n; i++) {	/* a slot that does not fit comes first */
		if (strncmp(other.r[i].name, "slot", 4) == 0) {
			whole.r[whole.n++] = whole.r[1];
			whole.r[1] = other.r[i];
		}
	}
	k = keyring_open(unlock, &whole, &e);
	CHECK_OK(k != NULL, &e);
}

TEST("a renewed epoch seals under another key, and what the old one sealed still opens")
{
	AUTO(arena) *a = arena_new();
	AUTO(secbuf) *unlock = unlock_from(0);
	struct key_records records, more;
	AUTO(keyring) *k = pinned(a);
	AUTO(keyring) *next = NULL;
	AUTO_BUF blob = BUF_INIT;
	struct str out;
	struct err e;

	pinned_records(a, &records);
	CHECK_OK(keyring_renew_epoch(k, a, &more, &e), &e);
	assert_int_equal(more.n, 2);
	assert_string_equal(more.r[1].name, "root");
	records.r[0] = more.r[1];
	records.r[records.n++] = more.r[0];
	next = keyring_open(unlock, &records, &e);
	CHECK_OK(next != NULL, &e);
	CHECK_OK(
	    keyring_meta_open(next, STR_LIT("s/1234"), 7, unhex(a, meta_hex), a, &out, &e), &e);
	CHECK_OK(keyring_meta_seal(next, STR_LIT("k"), 1, STR_LIT("new"), &blob, &e), &e);
	CHECK_OK(keyring_meta_open(next, STR_LIT("k"), 1, buf_view(&blob), a, &out, &e), &e);
	CHECK_ERR(
	    keyring_meta_open(k, STR_LIT("k"), 1, buf_view(&blob), a, &out, &e), &e, ERR_CORRUPT);
	records.n--;	/* root names an epoch that is not there */
	check_not_opened(unlock, &records, ERR_CORRUPT);
}

/* ---- metadata, IAM secrets, tokens, cursors */

TEST("metadata opens only at its own key and generation, and in its own store")
{
	AUTO(arena) *a = arena_new();
	AUTO(keyring) *k = pinned(a);
	struct key_records records;
	AUTO(keyring) *other = fresh(a, &records);
	struct str blob = unhex(a, meta_hex), out = STR_LIT("untouched");
	struct err e;

	CHECK_ERR(keyring_meta_open(k, STR_LIT("s/1235"), 7, blob, a, &out, &e), &e, ERR_CORRUPT);
	CHECK_ERR(keyring_meta_open(k, STR_LIT("s/1234"), 8, blob, a, &out, &e), &e, ERR_CORRUPT);
	CHECK_ERR(
	    keyring_meta_open(other, STR_LIT("s/1234"), 7, blob, a, &out, &e), &e, ERR_CORRUPT);
	CHECK_ERR(
	    keyring_meta_open(k, STR_LIT("s/1234"), 7, STR_NULL, a, &out, &e), &e, ERR_CORRUPT);
	CHECK_STR(out, "untouched");
	assert_string_equal(e.msg, "An internal service error occurred.");
}

TEST("an access key's secret opens only for its account, key id and user")
{
	AUTO(arena) *a = arena_new();
	AUTO(keyring) *k = pinned(a);
	struct str blob = unhex(a, iam_hex), out;
	struct err e;

	CHECK_ERR(keyring_iam_open(k, STR_LIT("111122223334"), KEY_ID, USER_ID, blob, a, &out, &e),
	    &e, ERR_CORRUPT);
	CHECK_ERR(keyring_iam_open(
		      k, ACCOUNT, STR_LIT("AKIAIOSFODNN7EXAMPLF"), USER_ID, blob, a, &out, &e),
	    &e, ERR_CORRUPT);
	CHECK_ERR(keyring_iam_open(k, ACCOUNT, KEY_ID, STR_LIT("AIDABOB"), blob, a, &out, &e), &e,
	    ERR_CORRUPT);
	CHECK_ERR(keyring_meta_open(k, STR_LIT("s/1234"), 7, blob, a, &out, &e), &e, ERR_CORRUPT);
}

TEST("an IAM secret sealed here opens here")
{
	AUTO(arena) *a = arena_new();
	struct key_records records;
	AUTO(keyring) *k = fresh(a, &records);
	AUTO_BUF blob = BUF_INIT;
	struct str out;
	struct err e;

	CHECK_OK(keyring_iam_seal(k, ACCOUNT, KEY_ID, USER_ID, STR_LIT("s3cret"), &blob, &e), &e);
	CHECK_OK(keyring_iam_open(k, ACCOUNT, KEY_ID, USER_ID, buf_view(&blob), a, &out, &e), &e);
	CHECK_STR(out, "s3cret");
}

TEST("a token with another key id, from another store or changed is an invalid security token")
{
	AUTO(arena) *a = arena_new();
	AUTO(keyring) *k = pinned(a);
	struct key_records records;
	AUTO(keyring) *other = fresh(a, &records);
	struct str blob = unhex(a, token_hex), out;
	struct err e;

	CHECK_ERR(keyring_token_open(k, STR_LIT("ASIAIOSFODNN7EXAMPLF"), blob, a, &out, &e), &e,
	    ERR_UNRECOGNIZED_CLIENT);
	CHECK_ERR(keyring_token_open(other, TEMPORARY_ID, blob, a, &out, &e), &e,
	    ERR_UNRECOGNIZED_CLIENT);
	CHECK_ERR(keyring_token_open(k, TEMPORARY_ID, STR_LIT("garbage"), a, &out, &e), &e,
	    ERR_UNRECOGNIZED_CLIENT);
	CHECK_ERR(keyring_token_open(k, TEMPORARY_ID, STR_NULL, a, &out, &e), &e,
	    ERR_UNRECOGNIZED_CLIENT);
	assert_string_equal(e.msg, "The security token included in the request is invalid.");
	for (size_t i = 0; i < blob.n; i++) {
		char *p = arena_strz(a, blob);

		p[i] ^= 0x40;
		CHECK_ERR(
		    keyring_token_open(k, TEMPORARY_ID, (struct str){ p, blob.n }, a, &out, &e), &e,
		    ERR_UNRECOGNIZED_CLIENT);
	}
}

TEST("a token's secret key depends on key id and token, and survives a restart")
{
	AUTO(arena) *a = arena_new();
	AUTO(secbuf) *unlock = unlock_from(7);
	struct key_records records;
	AUTO(keyring) *k = fresh(a, &records);
	AUTO(keyring) *again = NULL;
	AUTO_BUF one = BUF_INIT;
	AUTO_BUF two = BUF_INIT;
	char first[41], second[41];
	struct err e;

	CHECK_OK(keyring_token_seal(k, TEMPORARY_ID, STR_LIT("claims"), &one, &e), &e);
	CHECK_OK(keyring_token_seal(k, TEMPORARY_ID, STR_LIT("claims"), &two, &e), &e);
	keyring_token_secret(k, TEMPORARY_ID, buf_view(&one), first);
	assert_int_equal(strlen(first), 40);
	keyring_token_secret(k, TEMPORARY_ID, buf_view(&two), second);
	assert_string_not_equal(first, second);
	keyring_token_secret(k, STR_LIT("ASIAX"), buf_view(&one), second);
	assert_string_not_equal(first, second);
	again = keyring_open(unlock, &records, &e);
	CHECK_OK(again != NULL, &e);
	keyring_token_secret(again, TEMPORARY_ID, buf_view(&one), second);
	assert_string_equal(first, second);
	keyring_token_secret(k, TEMPORARY_ID, STR_LIT("no token"), second); /* must not fall over */
	assert_int_equal(strlen(second), 40);
}

TEST("a cursor from another store, changed or made up is an invalid NextToken")
{
	AUTO(arena) *a = arena_new();
	AUTO(keyring) *k = pinned(a);
	struct key_records records;
	AUTO(keyring) *other = fresh(a, &records);
	struct str blob = unhex(a, cursor_hex), out;
	AUTO_BUF sealed = BUF_INIT;
	struct err e;

	CHECK_OK(keyring_cursor_seal(other, STR_LIT("page 2"), &sealed, &e), &e);
	CHECK_OK(keyring_cursor_open(other, buf_view(&sealed), a, &out, &e), &e);
	CHECK_STR(out, "page 2");
	CHECK_ERR(keyring_cursor_open(other, blob, a, &out, &e), &e, ERR_NEXT_TOKEN);
	CHECK_ERR(keyring_cursor_open(k, STR_LIT("AAAA"), a, &out, &e), &e, ERR_NEXT_TOKEN);
	CHECK_ERR(keyring_cursor_open(k, unhex(a, token_hex), a, &out, &e), &e, ERR_NEXT_TOKEN);
	assert_string_equal(e.msg, "The NextToken value is invalid.");
}

TEST("the blind index tells parts apart by length, and stores by key")
{
	AUTO(arena) *a = arena_new();
	struct key_records records;
	AUTO(keyring) *k = pinned(a);
	AUTO(keyring) *other = fresh(a, &records);
	struct str ab_c[] = { STR_LIT("ab"), STR_LIT("c") },
		   a_bc[] = { STR_LIT("a"), STR_LIT("bc") };
	uint8_t one[INDEX_LEN], two[INDEX_LEN];

	keyring_index(k, ab_c, 2, one);
	keyring_index(k, a_bc, 2, two);
	assert_memory_not_equal(one, two, sizeof(one));
	keyring_index(other, ab_c, 2, two);
	assert_memory_not_equal(one, two, sizeof(one));
	keyring_index(k, ab_c, 2, two);
	assert_memory_equal(one, two, sizeof(one));
}

/* ---- backing keys and values */

TEST("a backing key opens only for its KMS key and rotation; twice is harmless")
{
	AUTO(arena) *a = arena_new();
	AUTO(secbuf) *unlock = unlock_from(7);
	struct key_records records;
	AUTO(keyring) *k = fresh(a, &records);
	AUTO(keyring) *again = NULL;
	AUTO_BUF blob = BUF_INIT;
	uint8_t id[BACKING_ID_LEN], got[BACKING_ID_LEN];
	struct err e;

	CHECK_OK(keyring_backing_new(k, CMK, 0, id, &blob, &e), &e);
	assert_true(keyring_backing_is_loaded(k, id));
	again = keyring_open(unlock, &records, &e);
	CHECK_OK(again != NULL, &e);
	assert_false(keyring_backing_is_loaded(again, id));
	CHECK_ERR(keyring_backing_load(again, CMK, 1, buf_view(&blob), got, &e), &e, ERR_CORRUPT);
	CHECK_ERR(keyring_backing_load(again, STR_LIT("arn:other"), 0, buf_view(&blob), got, &e),
	    &e, ERR_CORRUPT);
	CHECK_ERR(keyring_backing_load(again, CMK, 0, STR_LIT("short"), got, &e), &e, ERR_CORRUPT);
	assert_false(keyring_backing_is_loaded(again, id));
	CHECK_OK(keyring_backing_load(again, CMK, 0, buf_view(&blob), got, &e), &e);
	CHECK_OK(keyring_backing_load(again, CMK, 0, buf_view(&blob), got, &e), &e);
	assert_memory_equal(got, id, sizeof(id));
}

TEST("hundreds of backing keys are all found, and strangers are not")
{
	AUTO(arena) *a = arena_new();
	struct key_records records;
	AUTO(keyring) *k = fresh(a, &records);
	uint8_t ids[300][BACKING_ID_LEN], stranger[BACKING_ID_LEN] = { 1 };
	struct err e;

	assert_false(keyring_backing_is_loaded(k, stranger));
	for (uint32_t i = 0; i < COUNT(ids); i++) {
		AUTO_BUF blob = BUF_INIT;

		CHECK_OK(keyring_backing_new(k, CMK, i, ids[i], &blob, &e), &e);
	}
	for (size_t i = 0; i < COUNT(ids); i++)
		assert_true(keyring_backing_is_loaded(k, ids[i]));
	assert_false(keyring_backing_is_loaded(k, stranger));
}

struct sealed {
	struct keyring *k;
	struct str data_key, value;
};

/* A store with one backing key and `plain` sealed as `binding`. */
static struct sealed
seal(struct arena *a, struct str plain)
{
	struct key_records records;
	struct sealed s = { .k = fresh(a, &records) };
	uint8_t id[BACKING_ID_LEN];
	AUTO_BUF backing = BUF_INIT;
	AUTO_BUF data_key = BUF_INIT;
	AUTO_BUF value = BUF_INIT;
	struct err e;

	CHECK_OK(keyring_backing_new(s.k, binding.cmk_arn, 0, id, &backing, &e), &e);
	CHECK_OK(keyring_value_seal(s.k, &binding, id, plain, &data_key, &value, &e), &e);
	s.data_key = arena_str(a, buf_view(&data_key));
	s.value = arena_str(a, buf_view(&value));
	return s;
}

static const struct { size_t len, sealed; } sizes[] = {
	{ 0, 64 }, { 1, 64 }, { 64, 64 }, { 65, 128 }, { 128, 128 }, { 129, 256 }, { 1000, 1024 },
	{ 2049, 4096 }, { 4096, 4096 }, { 4097, 4097 }, { 65536, 65536 },
};

TEST("values of 0 to 65,536 bytes come back whole; up to 4 KiB their length is hidden")
{
	for (size_t i = 0; i < COUNT(sizes); i++) {
		AUTO(arena) *a = arena_new();
		char *plain = arena_alloc(a, sizes[i].len + 1);
		struct sealed s;
		struct str out;
		struct err e;

		memset(plain, 'v', sizes[i].len);
		s = seal(a, (struct str){ plain, sizes[i].len });
		assert_int_equal(s.value.n, 80 + 4 + sizes[i].sealed);
		assert_int_equal(s.data_key.n, 80 + 32);
		CHECK_OK(keyring_value_open(s.k, &binding, s.data_key, s.value, a, &out, &e), &e);
		assert_int_equal(out.n, sizes[i].len);
		assert_memory_equal(out.p, plain, sizes[i].len);
		keyring_free(s.k);
	}
}

TEST("a value opens for its own secret and version only: every member of the binding counts")
{
	AUTO(arena) *a = arena_new();
	struct sealed s = seal(a, STR_LIT("secret"));
	struct value_binding v[8];
	struct str out = STR_LIT("untouched");
	struct err e;

	for (size_t i = 0; i < COUNT(v); i++)
		v[i] = binding;
	v[0].account = STR_LIT("111122223334");
	v[1].region = STR_LIT("us-east-2");
	v[2].secret_arn =
	    STR_LIT("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1b2c4");
	v[3].version_id = STR_LIT("5c0e7b1e-7d2f-4b64-9b43-0c0c7f6f1e23");
	v[4].cmk_arn = STR_LIT("arn:aws:kms:us-east-1:111122223333:key/other");
	v[5].kind = VALUE_BINARY;
	v[6].created_ms++;
	v[7].account = STR_LIT("");
	for (size_t i = 0; i < COUNT(v); i++) {
		CHECK_ERR(keyring_value_open(s.k, &v[i], s.data_key, s.value, a, &out, &e), &e,
		    ERR_DECRYPTION);
		assert_string_equal(e.msg,
		    "Secrets Manager can't decrypt the protected secret text "
		    "using the provided KMS key.");
	}
	CHECK_STR(out, "untouched");
	keyring_free(s.k);
}

TEST("every changed byte of a value or of its data key is refused")
{
	AUTO(arena) *a = arena_new();
	struct sealed s = seal(a, STR_LIT("secret"));
	char *value = arena_strz(a, s.value), *data_key = arena_strz(a, s.data_key);
	struct str v = { value, s.value.n }, d = { data_key, s.data_key.n }, out;
	struct err e;

	for (size_t i = 0; i < v.n; i++) {
		value[i] ^= 1;
		CHECK_ERR(keyring_value_open(s.k, &binding, d, v, a, &out, &e), &e, ERR_DECRYPTION);
		value[i] ^= 1;
	}
	for (size_t i = 0; i < d.n; i++) {
		data_key[i] ^= 1;
		CHECK_ERR(keyring_value_open(s.k, &binding, d, v, a, &out, &e), &e, ERR_DECRYPTION);
		data_key[i] ^= 1;
	}
	CHECK_OK(keyring_value_open(s.k, &binding, d, v, a, &out, &e), &e);
	keyring_free(s.k);
}

TEST("a value with another version's data key is refused, also under equal bindings")
{
	AUTO(arena) *a = arena_new();
	struct key_records records;
	AUTO(keyring) *k = fresh(a, &records);
	uint8_t id[BACKING_ID_LEN];
	AUTO_BUF backing = BUF_INIT;
	struct buf keys[2] = { BUF_INIT, BUF_INIT }, values[2] = { BUF_INIT, BUF_INIT };
	struct str out;
	struct err e;

	CHECK_OK(keyring_backing_new(k, CMK, 0, id, &backing, &e), &e);
	for (size_t i = 0; i < 2; i++)
		CHECK_OK(
		    keyring_value_seal(k, &binding, id, STR_LIT("x"), &keys[i], &values[i], &e),
		    &e);
	CHECK_ERR(keyring_value_open(k, &binding, buf_view(&keys[0]), buf_view(&values[1]), a, &out,
	    &e), &e, ERR_DECRYPTION);
	CHECK_OK(keyring_value_open(k, &binding, buf_view(&keys[1]), buf_view(&values[1]), a, &out,
	    &e), &e);
	for (size_t i = 0; i < 2; i++) {
		buf_free(&keys[i]);
		buf_free(&values[i]);
	}
}

TEST("without its backing key a value neither opens nor is sealed")
{
	AUTO(arena) *a = arena_new();
	AUTO(keyring) *k = pinned(a);
	uint8_t id[BACKING_ID_LEN] = { 9 };
	AUTO_BUF data_key = BUF_INIT;
	AUTO_BUF value = BUF_INIT;
	struct str out;
	struct err e;

	CHECK_ERR(keyring_value_open(
		      k, &binding, unhex(a, data_key_hex), unhex(a, value_hex), a, &out, &e),
	    &e, ERR_DECRYPTION);
	CHECK_ERR(keyring_value_seal(k, &binding, id, STR_LIT("x"), &data_key, &value, &e), &e,
	    ERR_ENCRYPTION);
	assert_int_equal(data_key.n + value.n, 0);
	assert_false(keyring_data_key_backing(STR_LIT("short"), id));
}

/* Seals `inner` as it stands, which pad() would never write, and tries to open it as a value. */
static bool
opens_with_inner(struct arena *a, struct str inner)
{
	AUTO(keyring) *k = pinned(a);
	uint8_t id[BACKING_ID_LEN], d_id[16], d[32];
	struct blob_key key = { d, d_id };
	AUTO_BINDING b = binding_new(keyring_store_id(k));
	AUTO_BUF value = BUF_INIT;
	struct str out;
	struct err e;

	memset(d_id, 0x44, sizeof(d_id));	/* the pinned data key */
	memset(d, 0x4d, sizeof(d));
	binding_add(&b, BIND_ACCOUNT, binding.account);
	binding_add(&b, BIND_REGION, binding.region);
	binding_add(&b, BIND_SECRET_ARN, binding.secret_arn);
	binding_add(&b, BIND_VERSION_ID, binding.version_id);
	binding_add(&b, BIND_VALUE_KIND, STR_LIT("\1"));
	binding_add(&b, BIND_DATA_KEY_ID, (struct str){ (char *)d_id, 16 });
	binding_add_u64(&b, BIND_CREATED, (uint64_t)binding.created_ms);
	CHECK_OK(blob_seal(&key, BLOB_VALUE, &b, inner, &value, &e), &e);
	CHECK_OK(keyring_backing_load(k, CMK, 3, unhex(a, backing_hex), id, &e), &e);
	if (keyring_value_open(k, &binding, unhex(a, data_key_hex), buf_view(&value), a, &out, &e))
		return true;
	assert_int_equal(e.code, ERR_DECRYPTION);
	return false;
}

TEST("padding is taken only as it is written: length, zeros, size")
{
	AUTO(arena) *a = arena_new();
	char inner[4 + 128] = { 0, 0, 0, 2, 'a', 'b' };

	assert_true(opens_with_inner(a, (struct str){ inner, 68 }));
	assert_false(opens_with_inner(a, (struct str){ inner, 67 }));
	assert_false(opens_with_inner(a, (struct str){ inner, 132 }));
	assert_false(opens_with_inner(a, (struct str){ inner, 3 }));
	assert_false(opens_with_inner(a, (struct str){ inner, 0 }));
	inner[67] = 1;
	assert_false(opens_with_inner(a, (struct str){ inner, 68 }));
	inner[67] = 0;
	inner[0] = (char)0xff;
	assert_false(opens_with_inner(a, (struct str){ inner, 68 }));
}

struct reader {
	const struct sealed *s;
	int opened;
};

static void *
read_and_load(void *arg)
{
	struct reader *r = arg;
	AUTO(arena) *a = arena_new();

	for (uint32_t i = 0; i < 50; i++) {
		uint8_t id[BACKING_ID_LEN];
		AUTO_BUF blob = BUF_INIT;
		struct str out;
		struct err e;

		if (keyring_backing_new(r->s->k, CMK, i, id, &blob, &e) &&
		    keyring_value_open(r->s->k, &binding, r->s->data_key, r->s->value, a, &out, &e))
			r->opened++;
	}
	return NULL;
}

TEST("threads open values while others add backing keys")
{
	AUTO(arena) *a = arena_new();
	struct sealed s = seal(a, STR_LIT("secret"));
	struct reader readers[4];
	pthread_t threads[4];

	for (size_t i = 0; i < 4; i++) {
		readers[i] = (struct reader){ .s = &s };
		assert_int_equal(pthread_create(&threads[i], NULL, read_and_load, &readers[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(readers[i].opened, 50);
	}
	keyring_free(s.k);
}

/* ---- key files */

struct folder {
	char path[64], key[96], link[96];
};

static struct folder
folder_new(void)
{
	struct folder f = { .path = "/tmp/pawl-key-XXXXXX" };

	assert_non_null(mkdtemp(f.path));
	snprintf(f.key, sizeof(f.key), "%s/key", f.path);
	snprintf(f.link, sizeof(f.link), "%s/link", f.path);
	return f;
}

static void
folder_remove(const struct folder *f)
{
	unlink(f->key);
	unlink(f->link);
	rmdir(f->path);
}

static void
check_key_refused(const char *path, const char *reason)
{
	AUTO(secbuf) *s = NULL;
	struct err e;

	CHECK_ERR((s = key_file_read(path, &e)) != NULL, &e, ERR_CONFIG);
	assert_int_equal(e.code, ERR_CONFIG);
	if (strstr(e.msg, path) == NULL || strstr(e.msg, reason) == NULL)
		fail_msg("'%s' does not say '%s' and '%s'", e.msg, path, reason);
}

TEST("a key file is 32 random bytes of mode 0400, and reads back")
{
	struct folder f = folder_new();
	AUTO(secbuf) *one = NULL;
	AUTO(secbuf) *two = NULL;
	struct stat st;
	struct err e;

	CHECK_OK(key_file_create(f.key, &e), &e);
	assert_int_equal(stat(f.key, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(st.st_size, 32);
	one = key_file_read(f.key, &e);
	CHECK_OK(one != NULL, &e);
	assert_int_equal(secbuf_len(one), 32);
	assert_int_equal(unlink(f.key), 0);
	CHECK_OK(key_file_create(f.key, &e), &e);
	two = key_file_read(f.key, &e);
	CHECK_OK(two != NULL, &e);
	assert_false(secbuf_equal(one, two));
	assert_int_equal(chmod(f.key, 0600), 0);
	secbuf_free(two);
	two = key_file_read(f.key, &e);
	CHECK_OK(two != NULL, &e);
	folder_remove(&f);
}

TEST("a key file is never overwritten, nor made through a link or without its folder")
{
	struct folder f = folder_new();
	struct err e;

	CHECK_OK(key_file_create(f.key, &e), &e);
	CHECK_ERR(key_file_create(f.key, &e), &e, ERR_CONFIG);
	assert_non_null(strstr(e.msg, f.key));
	assert_int_equal(unlink(f.key), 0);
	assert_int_equal(symlink(f.key, f.link), 0);
	CHECK_ERR(key_file_create(f.link, &e), &e, ERR_CONFIG);
	assert_int_equal(access(f.key, F_OK), -1);
	folder_remove(&f);
	CHECK_ERR(key_file_create(f.key, &e), &e, ERR_CONFIG);
}

TEST("a key file that others may read is refused, whoever they are")
{
	static const mode_t modes[] = { 0440, 0404, 0640, 0644, 0660, 0700, 0500, 04400 };
	struct folder f = folder_new();
	struct err e;

	CHECK_OK(key_file_create(f.key, &e), &e);
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod(f.key, modes[i]), 0);
		check_key_refused(f.key, "has mode");
	}
	folder_remove(&f);
}

TEST("a key file in a folder that others may write to is refused")
{
	static const mode_t modes[] = { 0770, 0707, 01777 };
	struct folder f = folder_new();
	struct err e;

	CHECK_OK(key_file_create(f.key, &e), &e);
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod(f.path, modes[i]), 0);
		check_key_refused(f.key, "others may write to its folder");
	}
	folder_remove(&f);
	check_key_refused(f.key, "cannot open its folder");
}

TEST("a link, a FIFO, a folder, a missing file and a file of another length are no key files")
{
	struct folder f = folder_new();
	struct err e;
	int fd;

	check_key_refused(f.key, "cannot open");
	CHECK_OK(key_file_create(f.key, &e), &e);
	assert_int_equal(symlink(f.key, f.link), 0);
	check_key_refused(f.link, "symbolic link");
	assert_int_equal(unlink(f.link), 0);
	assert_int_equal(mkfifo(f.link, 0400), 0);
	check_key_refused(f.link, "regular file");
	check_key_refused(f.path, "others may write");	/* /tmp */
	for (int bytes = 31; bytes <= 33; bytes += 2) {
		unlink(f.link);
		fd = open(f.link, O_WRONLY | O_CREAT | O_EXCL, 0400);
		assert_int_equal(ftruncate(fd, bytes), 0);
		close(fd);
		check_key_refused(f.link, "32 bytes");
	}
	folder_remove(&f);
}

TEST("a key file of another user is refused")
{
	struct folder f = folder_new();
	struct err e;

	CHECK_OK(key_file_create(f.key, &e), &e);
	if (chown(f.key, 12345, (gid_t)-1) != 0)
		skip();		/* only root can make one */
	check_key_refused(f.key, "belongs to user 12345");
	folder_remove(&f);
}

TEST("a store made with a key file opens with it, and not with another key file")
{
	AUTO(arena) *a = arena_new();
	struct folder f = folder_new();
	AUTO(secbuf) *right = NULL;
	AUTO(secbuf) *wrong = NULL;
	AUTO(keyring) *k = NULL;
	AUTO(keyring) *again = NULL;
	struct key_records records;
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	CHECK_OK(key_file_create(f.key, &e), &e);
	CHECK_OK((right = key_file_read(f.key, &e)) != NULL, &e);
	CHECK_OK(key_file_create(f.link, &e), &e);
	CHECK_OK((wrong = key_file_read(f.link, &e)) != NULL, &e);
	CHECK_OK((k = keyring_create(a, right, &records, &e)) != NULL, &e);
	CHECK_OK((again = keyring_open(right, &records, &e)) != NULL, &e);
	check_not_opened(wrong, &records, ERR_CONFIG);
	folder_remove(&f);
}
