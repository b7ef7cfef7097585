/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - where key records rest in the store: the keyring's own and the KMS keys that wrap data
 * keys (one default key, alias aws/secretsmanager, per account and region, made on first use).
 */
#pragma once
#include "catalog/secret.h"

/* The keyring's records under KIND_KEY; empty for a store that pawl init has not seen. */
MUST_CHECK bool keys_load(struct txn *t, struct arena *a, struct key_records *out, struct err *e);
MUST_CHECK bool keys_save(struct txn *t, struct arena *a, const struct key_records *r,
    struct err *e);

/* The key a secret's values are sealed under: its ARN and its loaded backing key. In an update it
 * makes the default key when there is none. A key that cannot be used gives MSG_KMS. */
MUST_CHECK bool cmk_for_secret(struct catalog *c, const struct secret *s, struct str *out_arn,
    uint8_t out_backing[BACKING_ID_LEN], struct err *e);
/* Makes sure the backing key that a wrapped data key names is in the keyring's cache. */
MUST_CHECK bool cmk_load(struct catalog *c, struct str cmk_arn, struct str data_key, struct err *e);
/* True when KmsKeyId means the default key: empty, or its alias by name or ARN. */
bool cmk_is_default(struct str kms_key_id);
/* MSG_KMS unless KmsKeyId names a key this caller's account can use. */
MUST_CHECK bool cmk_check(struct catalog *c, struct str account, struct str region,
    struct str kms_key_id, struct err *e);
