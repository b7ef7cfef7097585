/* SPDX-License-Identifier: Apache-2.0 */
/* access_key.h - long-term access keys and whose they are. Secrets are recoverable, because HMAC
 * needs them, and so are sealed twice: as the record and under purpose iam. */
#pragma once
#include "catalog/catalog.h"

struct access_key {
	struct str access_key_id, account, user_name, user_id, user_arn;
	bool is_active, is_administrator;
	int64_t created_ms;
	struct str secret;		/* plaintext in the arena */
};

/* True with *out == NULL when unknown. */
MUST_CHECK bool access_key_find(struct catalog *c, struct str access_key_id,
    struct access_key **out, struct err *e);
/* The user of that ARN, by one of its keys; *out == NULL when there is none. Reads every key. */
MUST_CHECK bool access_key_find_user(struct catalog *c, struct str user_arn,
    struct access_key **out, struct err *e);
MUST_CHECK bool access_key_put(struct catalog *c, const struct access_key *k, struct err *e);
/* The account that init was given: whose administrator the first key is. "" when not stored. */
MUST_CHECK bool access_account_get(struct catalog *c, struct str *out, struct err *e);
MUST_CHECK bool access_account_put(struct catalog *c, struct str account, struct err *e);
/* AKIA and 16 characters; 40 characters. */
void access_key_generate(char id[21], char secret[41]);
/* The administrator of an account: user arn:aws:iam::ACCOUNT:user/admin. */
struct access_key access_key_admin(struct arena *a, struct str account, struct str id,
    struct str secret, int64_t now_ms);
