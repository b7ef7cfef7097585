/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring_impl.h - what a keyring holds. Private to crypto/keyring*.c.
 *
 * Stored key records (keyring.h), all but the store id sealed as PWL1 blobs (aead.h):
 *
 *	root		store id (16 bytes), then a blob under R: the current epoch's id
 *	slot/<id>	under the slot's unlock secret: R (32 bytes), R's id (16)
 *	epoch/<id>	under R: E (32 bytes)
 *	stable/<name>	under R: 32 bytes
 *
 * Each is bound to the store id, its own id (or name) and its kind: "file", "epoch", "stable",
 * "root".
 */
#pragma once
#include <pthread.h>

#include "crypto/aead.h"
#include "crypto/keyring.h"

#define STORE_ID_LEN 16
#define EPOCH_ID_LEN BLOB_KEY_ID_LEN

/* K of spec 4.2: K = HKDF-SHA256(ikm = E, salt = store id, info = "pawl/1/key/" and the name). */
enum purpose_key { KEY_META, KEY_IAM, KEY_TOKEN, KEY_CMK, KEY_CURSOR, PURPOSE_KEYS };

/* S of spec 4.2. */
enum stable_key { STABLE_INDEX, STABLE_SET, STABLE_AUDIT, STABLE_KEYS };

struct epoch {
	uint8_t id[EPOCH_ID_LEN];
	struct secbuf *keys;		/* PURPOSE_KEYS times BLOB_KEY_LEN */
};

struct backing {
	uint8_t id[BACKING_ID_LEN];
	struct secbuf *key;		/* NULL: an empty place */
};

struct keyring {
	/* Set by keyring_create or keyring_open, then read only. */
	uint8_t store_id[STORE_ID_LEN];
	uint8_t root_id[BLOB_KEY_ID_LEN];
	struct secbuf *root;
	struct epoch epochs[KEY_RECORDS_MAX];
	size_t epoch_count;
	const struct epoch *current;
	struct secbuf *stable[STABLE_KEYS];

	/* Guards the three below; a leaf. Keys stay until keyring_free, so a key that was found may
	 * be used after the lock is released. */
	pthread_rwlock_t backing_lock;
	struct backing *backing;	/* open addressing by id; a power of two places */
	size_t backing_places, backing_count;
};

struct blob_key keyring_purpose_key(const struct epoch *ep, enum purpose_key which);
/* NULL when no epoch of that id is here (destroyed, or another store's). */
const struct epoch *keyring_find_epoch(const struct keyring *k, const uint8_t id[EPOCH_ID_LEN]);
/* Seals under the current epoch's key; opens under the key of the epoch that the blob names. */
MUST_CHECK bool keyring_seal(const struct keyring *k, enum purpose_key which,
    enum blob_purpose purpose, const struct binding *b, struct str plain, struct buf *out,
    struct err *e);
MUST_CHECK bool keyring_open_blob(const struct keyring *k, enum purpose_key which,
    enum blob_purpose purpose, const struct binding *b, struct str blob, uint8_t *out,
    struct err *e);
void keyring_forget_backing(struct keyring *k);

static inline struct str
bytes_view(const uint8_t *p, size_t n)
{
	return (struct str){ (const char *)p, n };
}

static inline struct str
secbuf_view(const struct secbuf *s)
{
	return bytes_view(secbuf_expose_const(s), secbuf_len(s));
}
