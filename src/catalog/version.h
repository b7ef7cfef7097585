/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.h - a version of a secret: an id that the client chose, a value that never changes once
 * set, and what is known about it.
 *
 * Always: a version with a value can be read by its id whether it has labels or not. A version
 * without a value exists only as a rotation's placeholder.
 * Memory: borrows from the catalog's arena; a value read lies there too and is wiped with it.
 */
#pragma once
#include "catalog/secret.h"

struct version {
	struct str version_id;
	int64_t created_ms;
	enum value_kind kind;
	struct str *kms_key_ids;	/* as ListSecretVersionIds shows them */
	size_t kms_key_count;
	int64_t accessed_day_ms;	/* 0 = never */
	bool by_rotation;
	struct str cmk_arn, data_key, value;	/* sealed */
};

struct value {
	enum value_kind kind;
	struct str bytes;
};

/* True with *out == NULL when the secret has no such version. */
MUST_CHECK bool version_find(struct catalog *c, const struct secret *s, struct str version_id,
    struct version **out, struct err *e);
/* Stores a new version; VALUE_NONE makes a placeholder. Labels are stage.h's business; the
 * caller puts the secret afterwards. Prunes and keeps the limits of spec/api.md 4.4. */
MUST_CHECK bool version_add(struct catalog *c, struct secret *s, struct str version_id,
    const struct value *value, bool by_rotation, struct version **out, struct err *e);
/* Fills a placeholder. */
MUST_CHECK bool version_fill(struct catalog *c, struct secret *s, struct version *v,
    const struct value *value, struct err *e);
/* Opens the value; ERR_DECRYPTION when its bytes do not fit. */
MUST_CHECK bool version_value(struct catalog *c, const struct secret *s, const struct version *v,
    struct value *out, struct err *e);
/* Seals the value again under the secret's present key (a changed KmsKeyId). */
MUST_CHECK bool version_reseal(struct catalog *c, const struct secret *s, struct version *v,
    struct err *e);
/* Same kind and the same bytes, compared in constant time. */
MUST_CHECK bool version_has_value(struct catalog *c, const struct secret *s,
    const struct version *v, const struct value *value, bool *same, struct err *e);
MUST_CHECK bool version_put(struct catalog *c, const struct secret *s, const struct version *v,
    struct err *e);
MUST_CHECK bool version_remove(struct catalog *c, struct secret *s, struct str version_id,
    struct err *e);
/* All versions, labelled or not, by creation time and then id. */
MUST_CHECK bool version_list(struct catalog *c, const struct secret *s, struct version ***out,
    size_t *n, struct err *e);
