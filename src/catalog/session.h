/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - temporary credentials (spec/security.md 1.8, spec/rotation.md 5.6): stateless, all
 * there is to know lies sealed in the session token. Times are of the system's clock, never of a
 * dev server's: signatures are made by clients that know nothing of it.
 */
#pragma once
#include "catalog/catalog.h"

struct session {
	struct str account, user_id, role_name, session_name;
	int64_t issued_ms, expires_ms;
	struct str function_arn;
	struct str *secret_arns, *readable_arns;
	size_t secret_arn_count, readable_arn_count;
};

struct session_credentials {
	struct str access_key_id, secret_access_key, session_token;
};

MUST_CHECK bool session_issue(struct keyring *k, struct arena *a, const struct session *s,
    struct session_credentials *out, struct err *e);
/* False (ERR_UNRECOGNIZED_CLIENT) when the token is not ours or belongs to another key. An expired
 * one opens: the signature is checked first. */
MUST_CHECK bool session_open(struct keyring *k, struct arena *a, struct str access_key_id,
    struct str token, struct session *out, struct str *out_secret, struct err *e);
