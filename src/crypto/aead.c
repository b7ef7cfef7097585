/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include <assert.h>
#include <string.h>

#include "base/codec.h"
#include "crypto/context.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#define MAGIC "PWL1"
#define ALGORITHM 1
#define AT_ALGORITHM 4
#define AT_PURPOSE 5
#define AT_FLAGS 6
#define AT_KEY_ID 8
#define AT_SALT 24
#define AT_COMMITMENT 48
#define COMMITMENT_LEN 16
#define NONCE_LEN 12

/* What HKDF gives for one message. */
struct message_keys {
	uint8_t subkey[BLOB_KEY_LEN];
	uint8_t nonce[NONCE_LEN];
	uint8_t commitment[COMMITMENT_LEN];
};
_Static_assert(sizeof(struct message_keys) == 60, "HKDF fills it without gaps");

struct binding
binding_new(const uint8_t store_id[16])
{
	struct binding b = { .tlv = BUF_INIT };

	buf_reserve(&b.tlv, 512);
	binding_add(&b, BIND_STORE_ID, (struct str){ (const char *)store_id, 16 });
	return b;
}

void
binding_free(struct binding *b)
{
	buf_free(&b->tlv);
}

void
binding_add(struct binding *b, enum bind_tag tag, struct str value)
{
	assert((unsigned)tag > b->last_tag && value.n <= UINT32_MAX);
	b->last_tag = (unsigned)tag;
	buf_c(&b->tlv, (char)tag);
	buf_u32be(&b->tlv, (uint32_t)value.n);
	buf_str(&b->tlv, value);
}

void
binding_add_u64(struct binding *b, enum bind_tag tag, uint64_t value)
{
	uint8_t be[8];

	for (size_t i = 0; i < sizeof(be); i++)
		be[i] = (uint8_t)(value >> (56 - 8 * i));
	binding_add(b, tag, (struct str){ (const char *)be, sizeof(be) });
}

static void
derive(const uint8_t key[BLOB_KEY_LEN], enum blob_purpose purpose,
    const uint8_t salt[BLOB_SALT_LEN], struct message_keys *out)
{
	char info[] = "pawl/1/?";

	info[sizeof(info) - 2] = (char)purpose;
	hkdf_sha256((struct str){ (const char *)key, BLOB_KEY_LEN },
	    (struct str){ (const char *)salt, BLOB_SALT_LEN },
	    (struct str){ info, sizeof(info) - 1 }, (uint8_t *)out, sizeof(*out));
}

/* Leaves the context keyed with zeros instead of the message's key. */
static void
forget_key(EVP_CIPHER_CTX *ctx)
{
	static const uint8_t zeros[BLOB_KEY_LEN];

	crypto_must(EVP_CipherInit_ex2(ctx, NULL, zeros, zeros, -1, NULL), "AES-GCM");
}

static bool
aad(EVP_CIPHER_CTX *ctx, const uint8_t header[BLOB_HEADER_LEN], const struct binding *b)
{
	int n;

	return EVP_CipherUpdate(ctx, NULL, &n, header, BLOB_HEADER_LEN) > 0 &&
	    EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)b->tlv.p, (int)b->tlv.n) > 0;
}

/* `out` gets the ciphertext and the tag. */
static void
gcm_seal(const struct message_keys *k, const uint8_t header[BLOB_HEADER_LEN],
    const struct binding *b, struct str plain, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = crypto_context()->gcm_seal;
	int n;

	crypto_must(EVP_EncryptInit_ex2(ctx, NULL, k->subkey, k->nonce, NULL), "AES-GCM");
	crypto_must(aad(ctx, header, b), "AES-GCM");
	if (plain.n > 0)
		crypto_must(EVP_EncryptUpdate(ctx, out, &n, (const uint8_t *)plain.p,
		    (int)plain.n), "AES-GCM");
	crypto_must(EVP_EncryptFinal_ex(ctx, out + plain.n, &n), "AES-GCM");
	crypto_must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, BLOB_TAG_LEN, out + plain.n),
	    "AES-GCM");
	forget_key(ctx);
}

static bool
gcm_open(const struct message_keys *k, const struct binding *b, struct str blob, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = crypto_context()->gcm_open;
	const uint8_t *p = (const uint8_t *)blob.p;
	size_t len = blob_plain_len(blob);
	uint8_t tag[BLOB_TAG_LEN], none[BLOB_TAG_LEN];
	int n;
	bool ok;

	memcpy(tag, p + BLOB_HEADER_LEN + len, sizeof(tag));
	ok = EVP_DecryptInit_ex2(ctx, NULL, k->subkey, k->nonce, NULL) > 0 && aad(ctx, p, b);
	if (ok && len > 0)
		ok = EVP_DecryptUpdate(ctx, out, &n, p + BLOB_HEADER_LEN, (int)len) > 0;
	ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, BLOB_TAG_LEN, tag) > 0 &&
	    EVP_DecryptFinal_ex(ctx, none, &n) > 0;
	forget_key(ctx);
	if (!ok && len > 0)
		explicit_bzero(out, len);
	return ok;
}

bool
blob_seal_with_salt(const struct blob_key *key, enum blob_purpose purpose,
    const struct binding *b, const uint8_t salt[BLOB_SALT_LEN], struct str plain, struct buf *out,
    struct err *e)
{
	uint8_t header[BLOB_HEADER_LEN] = MAGIC;
	struct message_keys k;

	if (plain.n > BLOB_PLAIN_MAX)
		return err_internal(e, "%zu bytes are too many to seal", plain.n);
	derive(key->bytes, purpose, salt, &k);
	header[AT_ALGORITHM] = ALGORITHM;
	header[AT_PURPOSE] = (uint8_t)purpose;
	memcpy(header + AT_KEY_ID, key->id, BLOB_KEY_ID_LEN);
	memcpy(header + AT_SALT, salt, BLOB_SALT_LEN);
	memcpy(header + AT_COMMITMENT, k.commitment, COMMITMENT_LEN);

	buf_reserve(out, BLOB_OVERHEAD + plain.n);
	buf_add(out, header, sizeof(header));
	gcm_seal(&k, header, b, plain, (uint8_t *)out->p + out->n);
	out->n += plain.n + BLOB_TAG_LEN;
	explicit_bzero(&k, sizeof(k));
	return true;
}

bool
blob_seal(const struct blob_key *key, enum blob_purpose purpose, const struct binding *b,
    struct str plain, struct buf *out, struct err *e)
{
	uint8_t salt[BLOB_SALT_LEN];

	random_bytes(salt, sizeof(salt));
	return blob_seal_with_salt(key, purpose, b, salt, plain, out, e);
}

static bool
has_shape(struct str blob, enum blob_purpose purpose)
{
	const uint8_t *p = (const uint8_t *)blob.p;

	return blob.n >= BLOB_OVERHEAD && blob_plain_len(blob) <= BLOB_PLAIN_MAX &&
	    memcmp(p, MAGIC, 4) == 0 && p[AT_ALGORITHM] == ALGORITHM && p[AT_PURPOSE] == purpose &&
	    p[AT_FLAGS] == 0 && p[AT_FLAGS + 1] == 0;
}

bool
blob_key_id(struct str blob, enum blob_purpose purpose, uint8_t out_id[BLOB_KEY_ID_LEN])
{
	if (!has_shape(blob, purpose))
		return false;
	memcpy(out_id, blob.p + AT_KEY_ID, BLOB_KEY_ID_LEN);
	return true;
}

/* Derives the message's keys; false when the commitment is not to this key. */
static bool
derive_checked(const struct blob_key *key, enum blob_purpose purpose, struct str blob,
    struct message_keys *out)
{
	const uint8_t *p = (const uint8_t *)blob.p;

	if (memcmp(p + AT_KEY_ID, key->id, BLOB_KEY_ID_LEN) != 0)	/* ids are public */
		return false;
	derive(key->bytes, purpose, p + AT_SALT, out);
	return bytes_equal_ct(out->commitment, p + AT_COMMITMENT, COMMITMENT_LEN);
}

bool
blob_key_fits(const struct blob_key *key, enum blob_purpose purpose, struct str blob)
{
	struct message_keys k = { 0 };
	bool fits = has_shape(blob, purpose) && derive_checked(key, purpose, blob, &k);

	explicit_bzero(&k, sizeof(k));
	return fits;
}

static bool
refuse(struct str blob, enum blob_purpose purpose, const char *why, struct err *e)
{
	char id[2 * BLOB_KEY_ID_LEN + 1];

	hex_encode(blob.p + AT_KEY_ID, BLOB_KEY_ID_LEN, id);
	id[2 * BLOB_KEY_ID_LEN] = '\0';
	return err_corrupt(e, "sealed bytes of purpose %d under key %s: %s", (int)purpose, id, why);
}

bool
blob_open(const struct blob_key *key, enum blob_purpose purpose, const struct binding *b,
    struct str blob, uint8_t *out, struct err *e)
{
	struct message_keys k = { 0 };
	bool fits, ok;

	if (!has_shape(blob, purpose))
		return err_corrupt(e, "%zu bytes that are no sealed blob of purpose %d", blob.n,
		    (int)purpose);
	fits = derive_checked(key, purpose, blob, &k);
	ok = fits && gcm_open(&k, b, blob, out);
	explicit_bzero(&k, sizeof(k));
	if (!fits) {
		explicit_bzero(out, blob_plain_len(blob));
		return refuse(blob, purpose, "another key", e);
	}
	return ok || refuse(blob, purpose, "changed, or not at its place", e);
}
