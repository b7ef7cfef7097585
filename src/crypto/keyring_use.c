/* SPDX-License-Identifier: Apache-2.0 */
/* What epochs and stable keys are for: index, metadata, IAM secrets, tokens, cursors, audit. */
#include <assert.h>

#include "base/codec.h"
#include "crypto/digest.h"
#include "crypto/keyring_impl.h"

#define INDEX_PARTS_MAX 8

static void
be32(uint32_t v, uint8_t out[4])
{
	for (size_t i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* The plaintext goes to the arena; `out` is untouched on failure. */
static bool
open_to_arena(const struct keyring *k, enum purpose_key which, enum blob_purpose purpose,
    const struct binding *b, struct str blob, struct arena *a, struct str *out, struct err *e)
{
	size_t len = blob.n < BLOB_OVERHEAD ? 0 : blob_plain_len(blob);
	uint8_t *plain;

	if (len > BLOB_PLAIN_MAX)
		return err_corrupt(e, "a sealed blob of %zu bytes", blob.n);
	plain = arena_alloc(a, len + 1);
	if (!keyring_open_blob(k, which, purpose, b, blob, plain, e))
		return false;
	*out = bytes_view(plain, len);
	return true;
}

/* The lengths keep ("ab", "c") and ("a", "bc") apart. */
void
keyring_index(const struct keyring *k, const struct str *parts, size_t n, uint8_t out[INDEX_LEN])
{
	struct str pieces[2 * INDEX_PARTS_MAX];
	uint8_t lengths[INDEX_PARTS_MAX][4], mac[SHA256_LEN];

	assert(n <= INDEX_PARTS_MAX);
	for (size_t i = 0; i < n; i++) {
		be32((uint32_t)parts[i].n, lengths[i]);
		pieces[2 * i] = bytes_view(lengths[i], 4);
		pieces[2 * i + 1] = parts[i];
	}
	hmac_sha256_parts(secbuf_view(k->stable[STABLE_INDEX]), pieces, 2 * n, mac);
	memcpy(out, mac, INDEX_LEN);
}

static struct binding
bind_meta(const struct keyring *k, struct str key, uint64_t generation)
{
	struct binding b = binding_new(k->store_id);

	binding_add(&b, BIND_RECORD_KEY, key);
	binding_add_u64(&b, BIND_GENERATION, generation);
	return b;
}

bool
keyring_meta_seal(struct keyring *k, struct str key, uint64_t generation, struct str plain,
    struct buf *out, struct err *e)
{
	AUTO_BINDING b = bind_meta(k, key, generation);

	return keyring_seal(k, KEY_META, BLOB_METADATA, &b, plain, out, e);
}

bool
keyring_meta_open(struct keyring *k, struct str key, uint64_t generation, struct str blob,
    struct arena *a, struct str *out, struct err *e)
{
	AUTO_BINDING b = bind_meta(k, key, generation);

	return open_to_arena(k, KEY_META, BLOB_METADATA, &b, blob, a, out, e);
}

static struct binding
bind_iam(const struct keyring *k, struct str account, struct str key_id, struct str user_id)
{
	struct binding b = binding_new(k->store_id);

	binding_add(&b, BIND_ACCOUNT, account);
	binding_add(&b, BIND_ACCESS_KEY_ID, key_id);
	binding_add(&b, BIND_USER_ID, user_id);
	return b;
}

bool
keyring_iam_seal(struct keyring *k, struct str account, struct str key_id, struct str user_id,
    struct str plain, struct buf *out, struct err *e)
{
	AUTO_BINDING b = bind_iam(k, account, key_id, user_id);

	return keyring_seal(k, KEY_IAM, BLOB_IAM, &b, plain, out, e);
}

bool
keyring_iam_open(struct keyring *k, struct str account, struct str key_id, struct str user_id,
    struct str blob, struct arena *a, struct str *out, struct err *e)
{
	AUTO_BINDING b = bind_iam(k, account, key_id, user_id);

	return open_to_arena(k, KEY_IAM, BLOB_IAM, &b, blob, a, out, e);
}

static struct binding
bind_token(const struct keyring *k, struct str key_id)
{
	struct binding b = binding_new(k->store_id);

	binding_add(&b, BIND_ACCESS_KEY_ID, key_id);
	return b;
}

bool
keyring_token_seal(struct keyring *k, struct str key_id, struct str claims, struct buf *out,
    struct err *e)
{
	AUTO_BINDING b = bind_token(k, key_id);

	return keyring_seal(k, KEY_TOKEN, BLOB_TOKEN, &b, claims, out, e);
}

/* A client sent the token: it learns no more than step 10 of spec 1.3 says, the log learns why. */
bool
keyring_token_open(struct keyring *k, struct str key_id, struct str token_blob, struct arena *a,
    struct str *out_claims, struct err *e)
{
	AUTO_BINDING b = bind_token(k, key_id);
	struct err why;

	if (open_to_arena(k, KEY_TOKEN, BLOB_TOKEN, &b, token_blob, a, out_claims, &why))
		return true;
	err_set(e, ERR_UNRECOGNIZED_CLIENT,
	    "The security token included in the request is invalid.");
	memcpy(e->detail, why.detail, sizeof(e->detail));
	return false;
}

void
keyring_token_secret(struct keyring *k, struct str key_id, struct str token_blob, char out[41])
{
	uint8_t epoch_id[EPOCH_ID_LEN], digest[SHA256_LEN], secret[30];
	const struct epoch *ep = NULL;
	struct blob_key key;
	AUTO_BUF info = BUF_INIT;
	AUTO_BUF text = BUF_INIT;

	if (blob_key_id(token_blob, BLOB_TOKEN, epoch_id))
		ep = keyring_find_epoch(k, epoch_id);
	key = keyring_purpose_key(ep == NULL ? k->current : ep, KEY_TOKEN);
	sha256(token_blob, digest);
	buf_str(&info, key_id);
	buf_add(&info, digest, sizeof(digest));
	hkdf_sha256(bytes_view(key.bytes, BLOB_KEY_LEN), STR_NULL, buf_view(&info), secret,
	    sizeof(secret));
	base64_add(&text, secret, sizeof(secret));
	memcpy(out, text.p, 40);
	out[40] = '\0';
	explicit_bzero(secret, sizeof(secret));
}

bool
keyring_cursor_seal(struct keyring *k, struct str plain, struct buf *out, struct err *e)
{
	AUTO_BINDING b = binding_new(k->store_id);

	return keyring_seal(k, KEY_CURSOR, BLOB_CURSOR, &b, plain, out, e);
}

bool
keyring_cursor_open(struct keyring *k, struct str blob, struct arena *a, struct str *out,
    struct err *e)
{
	AUTO_BINDING b = binding_new(k->store_id);
	struct err why;

	if (open_to_arena(k, KEY_CURSOR, BLOB_CURSOR, &b, blob, a, out, &why))
		return true;
	err_set(e, ERR_NEXT_TOKEN, "The NextToken value is invalid.");	/* spec/api.md 6 */
	memcpy(e->detail, why.detail, sizeof(e->detail));
	return false;
}

void
keyring_audit_mac(const struct keyring *k, struct str previous, struct str record,
    uint8_t out[32])
{
	uint8_t digest[SHA256_LEN];
	struct str parts[2] = { previous, bytes_view(digest, sizeof(digest)) };

	sha256(record, digest);
	hmac_sha256_parts(secbuf_view(k->stable[STABLE_AUDIT]), parts, 2, out);
}
