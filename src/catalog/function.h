/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function.h - registered functions (spec/rotation.md 5.8, 5.9). Code lies beside the store, in a
 * file named by its SHA-256; the record holds the rest.
 *
 * Built-in rotators are found under reserved names "pawl-rotate-ENGINE-STRATEGY"; they have no
 * record and cannot be changed.
 *
 * A published version is a copy under the function's name and its number; it never changes.
 * Memory: the catalog's arena.
 */
#pragma once
#include "catalog/secret.h"

#define FUNCTION_BUILTIN_PREFIX "pawl-rotate-"

struct permission {
	struct str statement_id, statement;	/* statement: its JSON text */
	/* as given; n == 0: absent */
	struct str principal, action, source_arn, source_account;
	bool has_other_condition;	/* one that a rotation never meets */
};

struct function {
	struct str account, region, name, arn, role, runtime, handler, description;
	int timeout_s, memory_mb, ephemeral_mb;
	struct tags environment, tags;
	bool has_environment;
	uint8_t code_sha256[32];
	int64_t code_size, modified_ms;
	int64_t version;		/* of a published version; 0 = $LATEST */
	int64_t next_version;		/* $LATEST: what is published next, from 1 */
	struct str published_revision;	/* $LATEST: revision_id when it was last published */
	struct str revision_id, policy_revision_id;
	struct permission *permissions;
	size_t permission_count;
	int reserved_concurrency;	/* -1 = none */
	struct str *architectures;
	size_t architecture_count;
	struct str tracing_mode;
	struct str builtin;		/* executable's name, or STR_NULL */
};

/* What a FunctionName, partial ARN or full ARN said. */
struct function_ref { struct str account, region, name, qualifier; };
/* False when it is none of the forms. */
bool function_ref_parse(struct str text, struct str account, struct str region,
    struct function_ref *out);
struct str function_arn(struct arena *a, struct str account, struct str region, struct str name);

/* True with *out == NULL when there is none. */
MUST_CHECK bool function_find(struct catalog *c, struct str account, struct str region,
    struct str name, struct function **out, struct err *e);
/* The version a reference names; without a qualifier, and with $LATEST, the function itself. */
MUST_CHECK bool function_resolve(struct catalog *c, const struct function_ref *ref,
    struct function **out, struct err *e);
MUST_CHECK bool function_put(struct catalog *c, const struct function *f, struct err *e);
/* One version; removing $LATEST leaves the published ones to the caller. */
MUST_CHECK bool function_remove(struct catalog *c, const struct function *f, struct err *e);
/* Registered ones by name, strictly after `after` (or STR_NULL), at most max. */
MUST_CHECK bool function_list(struct catalog *c, struct str account, struct str region,
    struct str after, size_t max, struct function ***out, size_t *n, struct err *e);
/* Published versions of a function by number, strictly after `after`, at most max. */
MUST_CHECK bool function_versions(struct catalog *c, const struct function *f, int64_t after,
    size_t max, struct function ***out, size_t *n, struct err *e);
/* The file that holds the zip: DATA/functions/HEX.zip */
char *function_code_path(struct arena *a, const char *data, const uint8_t sha256[32]);
/* May secretsmanager.amazonaws.com invoke it on behalf of this secret? Its policy decides. */
bool function_admits_rotation(const struct function *f, struct str secret_arn, struct str account);
