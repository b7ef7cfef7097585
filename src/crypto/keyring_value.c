/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backing keys and secret values (spec/security.md 4.2: B, D and V).
 *
 * A version is two blobs: its data key D under a backing key B, and its value under D. The value's
 * blob names D by a random id in its header, and D's binding holds that id, so neither can be
 * paired with another version's.
 *
 * The sealed form of a value hides how long it is (4.5): length u32 big-endian, the value, zeros
 * up to the next 64 * 2^k bytes for values of at most 4 KiB; longer ones are not padded.
 */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/keyring_impl.h"
#include "crypto/random.h"

#define LENGTH_LEN 4
#define PAD_MIN 64
#define PAD_UP_TO 4096
#define VALUE_MAX (BLOB_PLAIN_MAX - LENGTH_LEN - 1)

/* ---- the cache of backing keys */

/* Ids are random, so their first bytes are a hash already. */
static struct backing *
place_of(struct backing *table, size_t places, const uint8_t id[BACKING_ID_LEN])
{
	uint64_t hash;
	size_t at;

	memcpy(&hash, id, sizeof(hash));
	for (at = hash & (places - 1); table[at].key != NULL; at = (at + 1) & (places - 1)) {
		if (memcmp(table[at].id, id, BACKING_ID_LEN) == 0)
			break;
	}
	return &table[at];
}

/* The caller holds the lock for writing. At most half the places are taken, so searches end. */
static void
grow(struct keyring *k)
{
	size_t places = k->backing_places == 0 ? 16 : k->backing_places * 2;
	struct backing *table = xcalloc(places, sizeof(*table));

	for (size_t i = 0; i < k->backing_places; i++) {
		if (k->backing[i].key != NULL)
			*place_of(table, places, k->backing[i].id) = k->backing[i];
	}
	free(k->backing);
	k->backing = table;
	k->backing_places = places;
}

/* Takes the key. */
static void
remember(struct keyring *k, const uint8_t id[BACKING_ID_LEN], struct secbuf *key)
{
	struct backing *b;

	pthread_rwlock_wrlock(&k->backing_lock);
	if (2 * (k->backing_count + 1) > k->backing_places)
		grow(k);
	b = place_of(k->backing, k->backing_places, id);
	if (b->key == NULL) {
		memcpy(b->id, id, BACKING_ID_LEN);
		b->key = TAKE(key);
		k->backing_count++;
	}
	pthread_rwlock_unlock(&k->backing_lock);
	secbuf_free(key);
}

/* Borrows; good until keyring_free. */
static const struct secbuf *
find(struct keyring *k, const uint8_t id[BACKING_ID_LEN])
{
	const struct secbuf *key = NULL;

	pthread_rwlock_rdlock(&k->backing_lock);
	if (k->backing_count > 0)
		key = place_of(k->backing, k->backing_places, id)->key;
	pthread_rwlock_unlock(&k->backing_lock);
	return key;
}

void
keyring_forget_backing(struct keyring *k)
{
	for (size_t i = 0; i < k->backing_places; i++)
		secbuf_free(k->backing[i].key);
	free(k->backing);
	k->backing = NULL;
	k->backing_places = k->backing_count = 0;
}

/* ---- backing keys: id (16 bytes) and key (32) under E.cmk */

#define BACKING_PLAIN_LEN (BACKING_ID_LEN + BLOB_KEY_LEN)

static struct binding
bind_backing(const struct keyring *k, struct str cmk_arn, uint32_t rotation)
{
	struct binding b = binding_new(k->store_id);

	binding_add(&b, BIND_CMK, cmk_arn);
	binding_add_u64(&b, BIND_ROTATION, rotation);
	return b;
}

static void
remember_plain(struct keyring *k, const struct secbuf *plain, uint8_t out_id[BACKING_ID_LEN])
{
	const uint8_t *p = secbuf_expose_const(plain);

	memcpy(out_id, p, BACKING_ID_LEN);
	remember(k, p, secbuf_copy(p + BACKING_ID_LEN, BLOB_KEY_LEN));
}

bool
keyring_backing_new(struct keyring *k, struct str cmk_arn, uint32_t rotation,
    uint8_t out_id[BACKING_ID_LEN], struct buf *out_blob, struct err *e)
{
	AUTO(secbuf) *plain = secbuf_new(BACKING_PLAIN_LEN);
	AUTO_BINDING b = bind_backing(k, cmk_arn, rotation);

	random_bytes(secbuf_expose(plain), BACKING_PLAIN_LEN);
	if (!keyring_seal(k, KEY_CMK, BLOB_BACKING, &b, secbuf_view(plain), out_blob, e))
		return false;
	remember_plain(k, plain, out_id);
	return true;
}

bool
keyring_backing_load(struct keyring *k, struct str cmk_arn, uint32_t rotation, struct str blob,
    uint8_t out_id[BACKING_ID_LEN], struct err *e)
{
	AUTO(secbuf) *plain = secbuf_new(BACKING_PLAIN_LEN);
	AUTO_BINDING b = bind_backing(k, cmk_arn, rotation);

	if (blob.n != BLOB_OVERHEAD + BACKING_PLAIN_LEN)
		return err_corrupt(e, "a backing key of %zu bytes", blob.n);
	if (!keyring_open_blob(k, KEY_CMK, BLOB_BACKING, &b, blob, secbuf_expose(plain), e))
		return false;
	remember_plain(k, plain, out_id);
	return true;
}

bool
keyring_backing_is_loaded(struct keyring *k, const uint8_t id[BACKING_ID_LEN])
{
	return find(k, id) != NULL;
}

/* ---- what values and data keys are bound to */

static struct binding
bind_value(const struct keyring *k, const struct value_binding *v,
    const uint8_t data_key_id[BLOB_KEY_ID_LEN])
{
	struct binding b = binding_new(k->store_id);
	char kind = (char)v->kind;

	binding_add(&b, BIND_ACCOUNT, v->account);
	binding_add(&b, BIND_REGION, v->region);
	binding_add(&b, BIND_SECRET_ARN, v->secret_arn);
	binding_add(&b, BIND_VERSION_ID, v->version_id);
	binding_add(&b, BIND_VALUE_KIND, (struct str){ &kind, 1 });
	binding_add(&b, BIND_DATA_KEY_ID, bytes_view(data_key_id, BLOB_KEY_ID_LEN));
	binding_add_u64(&b, BIND_CREATED, (uint64_t)v->created_ms);
	return b;
}

static void
add_pair(struct buf *b, const char *key, struct str value)
{
	buf_u32be(b, (uint32_t)strlen(key));
	buf_z(b, key);
	buf_u32be(b, (uint32_t)value.n);
	buf_str(b, value);
}

/* The value's binding and, as KMS would see it, key and encryption context (4.1), sorted. */
static struct binding
bind_data_key(const struct keyring *k, const struct value_binding *v,
    const uint8_t data_key_id[BLOB_KEY_ID_LEN], const uint8_t backing[BACKING_ID_LEN])
{
	struct binding b = bind_value(k, v, data_key_id);
	AUTO_BUF context = BUF_INIT;

	add_pair(&context, "SecretARN", v->secret_arn);
	add_pair(&context, "SecretVersionId", v->version_id);
	binding_add(&b, BIND_CMK, v->cmk_arn);
	binding_add(&b, BIND_BACKING_ID, bytes_view(backing, BACKING_ID_LEN));
	binding_add(&b, BIND_CONTEXT, buf_view(&context));
	return b;
}

/* ---- padding */

static size_t
padded_len(size_t n)
{
	size_t len = PAD_MIN;

	if (n > PAD_UP_TO)
		return n;
	while (len < n)
		len *= 2;
	return len;
}

static void
pad(struct str value, struct buf *out)
{
	static const char zeros[PAD_UP_TO];

	buf_reserve(out, LENGTH_LEN + padded_len(value.n));
	buf_u32be(out, (uint32_t)value.n);
	buf_str(out, value);
	buf_add(out, zeros, padded_len(value.n) - value.n);
}

/* The value inside its sealed form; only the padding that pad() writes is accepted. */
static bool
unpad(const uint8_t *p, size_t len, struct str *out)
{
	size_t n;
	uint8_t rest = 0;

	if (len < LENGTH_LEN)
		return false;
	n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (n > len - LENGTH_LEN || padded_len(n) != len - LENGTH_LEN)
		return false;
	for (size_t i = LENGTH_LEN + n; i < len; i++)
		rest |= p[i];
	*out = bytes_view(p + LENGTH_LEN, n);
	return rest == 0;
}

/* ---- values */

static bool
refuse_open(struct err *e, const char *why)
{
	char detail[sizeof(e->detail)];

	snprintf(detail, sizeof(detail), "%s", why);	/* `why` may lie in e */
	err_set(e, ERR_DECRYPTION, "Secrets Manager can't decrypt the protected secret text using "
	    "the provided KMS key.");
	memcpy(e->detail, detail, sizeof(detail));
	return false;
}

bool
keyring_value_seal(struct keyring *k, const struct value_binding *v,
    const uint8_t backing[BACKING_ID_LEN], struct str plain, struct buf *out_data_key,
    struct buf *out_value, struct err *e)
{
	const struct secbuf *backing_key = find(k, backing);
	AUTO(secbuf) *d = secbuf_new(BLOB_KEY_LEN);
	uint8_t d_id[BLOB_KEY_ID_LEN];
	size_t data_key_start = out_data_key->n;
	AUTO_BUF padded = BUF_INIT;

	if (backing_key == NULL || plain.n > VALUE_MAX)
		return err_set(e, ERR_ENCRYPTION,
		    "Secrets Manager can't encrypt the protected secret text using the provided "
		    "KMS key.");
	random_bytes(secbuf_expose(d), BLOB_KEY_LEN);
	random_bytes(d_id, sizeof(d_id));
	pad(plain, &padded);

	struct blob_key wrap = { secbuf_expose_const(backing_key), backing };
	AUTO_BINDING key_binding = bind_data_key(k, v, d_id, backing);
	if (!blob_seal(&wrap, BLOB_DATA_KEY, &key_binding, secbuf_view(d), out_data_key, e))
		return false;
	struct blob_key key = { secbuf_expose_const(d), d_id };
	AUTO_BINDING value_binding = bind_value(k, v, d_id);
	if (!blob_seal(&key, BLOB_VALUE, &value_binding, buf_view(&padded), out_value, e)) {
		out_data_key->n = data_key_start;
		return false;
	}
	return true;
}

bool
keyring_data_key_backing(struct str data_key, uint8_t out[BACKING_ID_LEN])
{
	return blob_key_id(data_key, BLOB_DATA_KEY, out);
}

/* Gives D; NULL when anything does not fit. */
static struct secbuf *
open_data_key(struct keyring *k, const struct value_binding *v, struct str blob,
    const uint8_t d_id[BLOB_KEY_ID_LEN], struct err *e)
{
	AUTO(secbuf) *d = secbuf_new(BLOB_KEY_LEN);
	uint8_t backing[BACKING_ID_LEN];
	const struct secbuf *backing_key;

	if (blob.n != BLOB_OVERHEAD + BLOB_KEY_LEN || !keyring_data_key_backing(blob, backing)) {
		refuse_open(e, "the data key's blob is damaged");
		return NULL;
	}
	backing_key = find(k, backing);
	if (backing_key == NULL) {
		refuse_open(e, "the data key's backing key is not loaded");
		return NULL;
	}
	struct blob_key key = { secbuf_expose_const(backing_key), backing };
	AUTO_BINDING b = bind_data_key(k, v, d_id, backing);
	if (!blob_open(&key, BLOB_DATA_KEY, &b, blob, secbuf_expose(d), e)) {
		refuse_open(e, e->detail);
		return NULL;
	}
	return TAKE(d);
}

bool
keyring_value_open(struct keyring *k, const struct value_binding *v, struct str data_key,
    struct str value, struct arena *a, struct str *out, struct err *e)
{
	uint8_t d_id[BLOB_KEY_ID_LEN], *plain;
	struct str found;

	if (!blob_key_id(value, BLOB_VALUE, d_id))
		return refuse_open(e, "the value's blob is damaged");
	AUTO(secbuf) *d = open_data_key(k, v, data_key, d_id, e);
	if (d == NULL)
		return false;
	struct blob_key key = { secbuf_expose_const(d), d_id };
	AUTO_BINDING b = bind_value(k, v, d_id);
	plain = arena_alloc(a, blob_plain_len(value) + 1);
	if (!blob_open(&key, BLOB_VALUE, &b, value, plain, e))
		return refuse_open(e, e->detail);
	if (!unpad(plain, blob_plain_len(value), &found)) {
		explicit_bzero(plain, blob_plain_len(value));
		return refuse_open(e, "the value's padding is wrong");
	}
	*out = found;
	return true;
}
