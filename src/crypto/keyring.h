/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - every key pawl holds, and what may be done with it (spec/security.md 4.2-4.5).
 *
 * Pure: it is handed stored key records and gives back new ones; catalog/ loads and saves. Keys
 * live in secbufs only. All blobs are the PWL1 format of aead.h with the binding that 4.4 names.
 * Inside its blob a value of at most 4 KiB is padded to 64 * 2^k bytes (keyring_value.c).
 * A child process reads zeros where its parent has keys (secbuf.h): fork first, or open again.
 * Threads: after keyring_open the keyring is read-mostly and safe from any thread (the cache of
 * backing keys has its own lock).
 */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/secbuf.h"

struct keyring;

/* A stored key: `name` is "slot/<hex id>", "epoch/<hex id>", "stable/index|set|audit" or "root"
 * (store id, current epoch); `blob` is what the store keeps. */
struct key_record {
	char name[80];
	struct str blob;		/* borrows from the arena given */
};
#define KEY_RECORDS_MAX 64
struct key_records {
	struct key_record r[KEY_RECORDS_MAX];
	size_t n;
};

/* ---- a file slot's unlock secret: 32 raw bytes, mode 0400 or 0600, owned by us, no symlink */
MUST_CHECK bool key_file_create(const char *path, struct err *e);
MUST_CHECK struct secbuf *key_file_read(const char *path, struct err *e);

/* A new store: store id, root, first epoch, stable keys, one slot opened by `unlock`. */
MUST_CHECK struct keyring *keyring_create(struct arena *a, const struct secbuf *unlock,
    struct key_records *out, struct err *e);
/* Opens stored records with any slot that `unlock` fits. ERR_CONFIG when none does. */
MUST_CHECK struct keyring *keyring_open(const struct secbuf *unlock, const struct key_records *in,
    struct err *e);
void keyring_free(struct keyring *k);
/* Rotation of the epoch (4.7): a new current epoch and a new "root" record, both to be stored in
 * one transaction; the next keyring_open uses it. This keyring is unchanged. Older epochs stay for
 * opening. */
MUST_CHECK bool keyring_renew_epoch(const struct keyring *k, struct arena *a,
    struct key_records *out, struct err *e);
const uint8_t *keyring_store_id(const struct keyring *k);	/* 16 bytes */

/* ---- blind index: HMAC(K_index, parts, each with its length), 16 bytes */
#define INDEX_LEN 16
void keyring_index(const struct keyring *k, const struct str *parts, size_t n,
    uint8_t out[INDEX_LEN]);

/* ---- metadata records; `key` is the record's key in the store, table included */
MUST_CHECK bool keyring_meta_seal(struct keyring *k, struct str key, uint64_t generation,
    struct str plain, struct buf *out, struct err *e);
MUST_CHECK bool keyring_meta_open(struct keyring *k, struct str key, uint64_t generation,
    struct str blob, struct arena *a, struct str *out, struct err *e);

/* ---- access-key secrets (purpose iam) */
MUST_CHECK bool keyring_iam_seal(struct keyring *k, struct str account, struct str key_id,
    struct str user_id, struct str plain, struct buf *out, struct err *e);
MUST_CHECK bool keyring_iam_open(struct keyring *k, struct str account, struct str key_id,
    struct str user_id, struct str blob, struct arena *a, struct str *out, struct err *e);

/* ---- KMS backing keys. `blob` goes to the store; the id names the backing key in value blobs. */
#define BACKING_ID_LEN 16
MUST_CHECK bool keyring_backing_new(struct keyring *k, struct str cmk_arn, uint32_t rotation,
    uint8_t out_id[BACKING_ID_LEN], struct buf *out_blob, struct err *e);
/* Opens a stored backing key into the cache; doing so twice is harmless. */
MUST_CHECK bool keyring_backing_load(struct keyring *k, struct str cmk_arn, uint32_t rotation,
    struct str blob, uint8_t out_id[BACKING_ID_LEN], struct err *e);
bool keyring_backing_is_loaded(struct keyring *k, const uint8_t id[BACKING_ID_LEN]);

/* ---- secret values: a fresh data key per version, wrapped by a loaded backing key */
enum value_kind { VALUE_NONE, VALUE_STRING, VALUE_BINARY };
struct value_binding {
	struct str account, region, secret_arn, version_id, cmk_arn;
	enum value_kind kind;
	int64_t created_ms;
};
MUST_CHECK bool keyring_value_seal(struct keyring *k, const struct value_binding *b,
    const uint8_t backing[BACKING_ID_LEN], struct str plain, struct buf *out_data_key,
    struct buf *out_value, struct err *e);
/* ERR_DECRYPTION when anything does not fit. The plaintext lies in the arena, wiped with it.
 * The data key's blob names its backing key: keyring_data_key_backing tells which to load. */
MUST_CHECK bool keyring_value_open(struct keyring *k, const struct value_binding *b,
    struct str data_key, struct str value, struct arena *a, struct str *out, struct err *e);
MUST_CHECK bool keyring_data_key_backing(struct str data_key, uint8_t out[BACKING_ID_LEN]);

/* ---- session tokens (temporary credentials are stateless: 1.8 of the spec) */
MUST_CHECK bool keyring_token_seal(struct keyring *k, struct str key_id, struct str claims,
    struct buf *out, struct err *e);
MUST_CHECK bool keyring_token_open(struct keyring *k, struct str key_id, struct str token_blob,
    struct arena *a, struct str *out_claims, struct err *e);
/* 40 characters and a NUL: base64 of HKDF(K_token, key id | SHA-256(token)). */
void keyring_token_secret(struct keyring *k, struct str key_id, struct str token_blob,
    char out[41]);

/* ---- NextToken: sealed, so forged or foreign tokens are refused */
MUST_CHECK bool keyring_cursor_seal(struct keyring *k, struct str plain, struct buf *out,
    struct err *e);
MUST_CHECK bool keyring_cursor_open(struct keyring *k, struct str blob, struct arena *a,
    struct str *out, struct err *e);

/* ---- the audit chain: h_n = HMAC(K_audit, h_{n-1} | sha256(record)) */
void keyring_audit_mac(const struct keyring *k, struct str previous, struct str record,
    uint8_t out[32]);

AUTO_FREE(keyring, keyring_free)
