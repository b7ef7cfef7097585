/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secretsmanager.h - the five calls a rotation function makes (spec/rotation.md 4.4), as a client
 * like any other: signed, over $SECRETS_MANAGER_ENDPOINT, trusting $AWS_CA_BUNDLE when it is set.
 *
 * An error answer keeps its AWS code (ERR_NOT_FOUND for ResourceNotFoundException ...); a
 * connection that failed is FAULT_TRANSIENT. Results live in the arena. Threads: one owner.
 */
#pragma once
#include <jansson.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct secretsmanager;

/* Reads the environment of spec/rotation.md 5.3. NULL, and `e` names what is missing. */
MUST_CHECK struct secretsmanager *secretsmanager_new(struct err *e);
void secretsmanager_free(struct secretsmanager *sm);

/* The parsed answer: RotationEnabled, VersionIdsToStages, ... */
MUST_CHECK const json_t *secretsmanager_describe(struct secretsmanager *sm, struct arena *a,
    struct str secret_id, struct err *e);
/* version_id may be STR_NULL. A version without a SecretString is FAULT_CONFIG. */
MUST_CHECK bool secretsmanager_get_value(struct secretsmanager *sm, struct arena *a,
    struct str secret_id, struct str version_id, const char *stage, struct str *out_value,
    struct err *e);

struct secretsmanager_put {
	struct str secret_id, client_request_token;
	struct str rotation_token;	/* STR_NULL: none */
	struct str value;
};
/* Stores the value as AWSPENDING. */
MUST_CHECK bool secretsmanager_put_pending(struct secretsmanager *sm, struct arena *a,
    const struct secretsmanager_put *put, struct err *e);
/* Moves AWSCURRENT; `from` is STR_NULL when no version carries it. */
MUST_CHECK bool secretsmanager_move_current(struct secretsmanager *sm, struct arena *a,
    struct str secret_id, struct str to, struct str from, struct err *e);

struct password_rule {
	int length;
	struct str exclude;		/* characters */
	bool no_numbers, no_punctuation, no_uppercase, no_lowercase;
	bool require_each_type;
};
MUST_CHECK bool secretsmanager_random_password(struct secretsmanager *sm, struct arena *a,
    const struct password_rule *rule, struct str *out_password, struct err *e);

AUTO_FREE(secretsmanager, secretsmanager_free)
