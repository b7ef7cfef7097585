/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aead.h - the one sealed form of everything pawl keeps: the PWL1 blob (spec/security.md 4.3).
 *
 *	offset	size
 *	0	4	magic "PWL1"
 *	4	1	algorithm, 1 = AES-256-GCM with keys derived per message by HKDF-SHA256
 *	5	1	purpose
 *	6	2	flags, 0
 *	8	16	id of the wrapping key
 *	24	24	salt, random
 *	48	16	commitment to the key
 *	64	n	ciphertext
 *	64+n	16	GCM tag
 *
 *	okm = HKDF-SHA256(ikm = key, salt, info = "pawl/1/" and the purpose byte, 60 bytes)
 *	subkey = okm[0..31], nonce = okm[32..43], commitment = okm[44..59]
 *	additional data = the 64 header bytes, then the binding
 *
 * A key per message: a random 192-bit salt has no practical limit of messages per key and needs no
 * counter that a restored snapshot could repeat. A commitment: GCM alone lets one ciphertext open
 * under two keys.
 *
 * A binding is what the blob belongs to (4.4): a list of tag u8, length u32 big-endian, bytes;
 * tags ascend and don't repeat, so two bindings never encode alike.
 * Threads: no shared state; crypto_setup() must have run.
 */
#pragma once
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define BLOB_KEY_LEN 32
#define BLOB_KEY_ID_LEN 16
#define BLOB_SALT_LEN 24
#define BLOB_HEADER_LEN 64
#define BLOB_TAG_LEN 16
#define BLOB_OVERHEAD (BLOB_HEADER_LEN + BLOB_TAG_LEN)
#define BLOB_PLAIN_MAX (256U * 1024 * 1024)

/* In blobs on disk: never renumber. */
enum blob_purpose {
	BLOB_SLOT = 1,
	BLOB_EPOCH = 2,
	BLOB_STABLE = 3,
	BLOB_BACKING = 4,
	BLOB_DATA_KEY = 5,
	BLOB_VALUE = 6,
	BLOB_METADATA = 7,
	BLOB_IAM = 8,
	BLOB_TOKEN = 9,
	BLOB_KMS = 10,
	BLOB_ANCHOR = 11,
	BLOB_CURSOR = 12
};

/* In every binding: never renumber, append only. */
enum bind_tag {
	BIND_STORE_ID = 1,
	BIND_ACCOUNT = 2,
	BIND_REGION = 3,
	BIND_SECRET_ARN = 4,
	BIND_VERSION_ID = 5,
	BIND_VALUE_KIND = 6,
	BIND_DATA_KEY_ID = 7,
	BIND_CREATED = 8,
	BIND_CMK = 9,
	BIND_BACKING_ID = 10,
	BIND_CONTEXT = 11,		/* encryption context, sorted by key */
	BIND_RECORD_KEY = 12,
	BIND_GENERATION = 13,
	BIND_ACCESS_KEY_ID = 14,
	BIND_USER_ID = 15,
	BIND_ROTATION = 16,
	BIND_OWN_ID = 17,
	BIND_KIND = 18
};

struct binding {
	struct buf tlv;
	unsigned last_tag;
};

#define AUTO_BINDING __attribute__((cleanup(binding_free))) struct binding
/* A binding that starts with the store's id, as all of them do. */
struct binding binding_new(const uint8_t store_id[16]);
void binding_free(struct binding *b);
/* Tags must ascend: anything else is our own mistake and ends the process. */
void binding_add(struct binding *b, enum bind_tag tag, struct str value);
void binding_add_u64(struct binding *b, enum bind_tag tag, uint64_t value);

/* Borrows both. */
struct blob_key {
	const uint8_t *bytes;		/* BLOB_KEY_LEN */
	const uint8_t *id;		/* BLOB_KEY_ID_LEN, written to the header */
};

/* Appends the blob to `out`, which is unchanged on failure: a plaintext above BLOB_PLAIN_MAX. */
MUST_CHECK bool blob_seal(const struct blob_key *key, enum blob_purpose purpose,
    const struct binding *b, struct str plain, struct buf *out, struct err *e);
/* The same with a given salt: only for tests that pin the format. One salt twice under one key
 * gives the plaintexts away. */
MUST_CHECK bool blob_seal_with_salt(const struct blob_key *key, enum blob_purpose purpose,
    const struct binding *b, const uint8_t salt[BLOB_SALT_LEN], struct str plain, struct buf *out,
    struct err *e);

/* True for bytes that have the shape of a blob of that purpose; then `out_id` names its key. */
MUST_CHECK bool blob_key_id(struct str blob, enum blob_purpose purpose,
    uint8_t out_id[BLOB_KEY_ID_LEN]);
/* Length of the plaintext; only for what has the shape of a blob. */
static inline size_t
blob_plain_len(struct str blob)
{
	return blob.n - BLOB_OVERHEAD;
}
/* True when the blob was sealed under this key; says nothing about the rest of it. */
MUST_CHECK bool blob_key_fits(const struct blob_key *key, enum blob_purpose purpose,
    struct str blob);
/* Writes blob_plain_len(blob) bytes to `out`. Shape, key id and commitment are checked first; on
 * any failure `out` is wiped and `e` is ERR_CORRUPT, its detail naming the wrapping key's id. */
MUST_CHECK bool blob_open(const struct blob_key *key, enum blob_purpose purpose,
    const struct binding *b, struct str blob, uint8_t *out, struct err *e);
