/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - a secret: its identity, metadata, labelled versions and rotation settings.
 *
 * Always: one secret per (account, region, name), counting scheduled ones; name and ARN never
 * change; a secret past its deletion time does not exist for anybody.
 * Ids begin with the time of creation, so that key order is creation order and the default listing
 * is a plain scan.
 * Threads: none of its own. Memory: everything borrows from the catalog's arena. Changes reach the
 * store only by secret_put.
 */
#pragma once
#include "catalog/catalog.h"

struct tag { struct str key, value; };
struct tags { struct tag *v; size_t n; };

/* A version that carries at least one label. Labels are in ascending byte order. */
struct staged {
	struct str version_id;
	struct str *labels;
	size_t n;
};

struct replica { struct str region, kms_key_id, status, status_message; };

struct rotation_config {
	bool is_configured, is_enabled;
	struct str lambda_arn;
	bool has_rules;
	int64_t automatically_after_days;	/* 0 = not given */
	struct str schedule_expression, duration;
	int64_t changed_ms, base_ms, anchor_ms, consumed_ms;	/* 0 = never */
	bool after_failure;
	int64_t window_start_ms, window_end_ms, moment_ms;	/* 0 = none */
	int64_t last_start_ms;
	int64_t last_rotated_ms;
	uint64_t generation, active_run, last_run;
	struct str last_test_error;
	struct tags external_metadata;
	struct str external_role_arn;
	bool run_when_value_arrives;
};

struct secret {
	struct str account, region;
	uint8_t id[RECORD_ID_LEN];
	struct str name, arn;
	struct str description, kms_key_id, type, resource_policy;	/* n == 0: not set */
	int64_t created_ms, changed_ms;
	int64_t value_ms;		/* the last new AWSCURRENT value; 0 = none yet */
	int64_t accessed_day_ms;	/* midnight; 0 = never read */
	int64_t deletion_ms;		/* 0 = live */
	struct tags tags;
	bool ever_tagged;
	struct staged *staged;
	size_t staged_count;
	uint32_t version_count;
	struct rotation_config rotation;
	struct str primary_region;	/* set on a replica */
	struct replica *replicas;
	size_t replica_count;
	int64_t stored_deletion_ms;	/* what the due index knows; secret_put keeps it true */
	int64_t stored_moment_ms;
};

/* What a SecretId turned out to say (spec/api.md 3.2). */
struct secret_ref {
	struct str account, region;	/* whose; the caller's unless the ARN says otherwise */
	struct str name;		/* exact name to look up, or STR_NULL */
	struct str arn;			/* exact ARN that must match, or STR_NULL */
};

/* ASCII letters, digits and -/_+=.@! , 1..512 (MSG_NAME, ERR_VALIDATION). */
MUST_CHECK bool secret_name_check(struct str name, struct err *e);
/* Steps 1-5 of 3.2. An ARN of another region gives MSG_NF. */
MUST_CHECK bool secret_ref_parse(struct str secret_id, struct str account, struct str region,
    struct secret_ref *out, struct err *e);
/* True with *out == NULL when there is none. */
MUST_CHECK bool secret_find(struct catalog *c, const struct secret_ref *ref, struct secret **out,
    struct err *e);
MUST_CHECK bool secret_find_name(struct catalog *c, struct str account, struct str region,
    struct str name, struct secret **out, struct err *e);
MUST_CHECK bool secret_find_id(struct catalog *c, struct str account, struct str region,
    const uint8_t id[RECORD_ID_LEN], struct secret **out, struct err *e);
/* Walks a region's secrets in order of creation; *after is a record id or STR_NULL. */
struct secret_walk;
MUST_CHECK struct secret_walk *secret_walk_open(struct catalog *c, struct str account,
    struct str region, struct str after, struct err *e);
/* NULL: the end (e->code ERR_NONE) or an error. Each secret lies in `a`. Expired ones are left out. */
MUST_CHECK struct secret *secret_walk_next(struct secret_walk *w, struct arena *a, struct err *e);
void secret_walk_close(struct secret_walk *w);

/* A new one with a fresh id, suffix and times; not stored yet. */
MUST_CHECK struct secret *secret_new(struct catalog *c, struct str account, struct str region,
    struct str name, struct err *e);
struct str secret_arn(struct arena *a, struct str account, struct str region, struct str name,
    const char suffix[7]);
/* Writes the record, the name index and the due entries. */
MUST_CHECK bool secret_put(struct catalog *c, struct secret *s, struct err *e);
/* Removes the secret, its versions, runs and index entries at once. */
MUST_CHECK bool secret_remove(struct catalog *c, struct secret *s, struct err *e);

/* How many an account has in a region, scheduled ones and replicas included. */
MUST_CHECK bool secret_count(struct catalog *c, struct str account, struct str region,
    uint64_t *out, struct err *e);

bool secret_is_scheduled(const struct secret *s);
bool secret_is_replica(const struct secret *s);
void secret_touch(struct secret *s, int64_t now_ms);	/* LastChangedDate */
const char *partition_of(struct str region);		/* "aws", "aws-cn", "aws-us-gov" */
bool region_has_form(struct str region);		/* ^([a-z]+-)+\d+$ */
bool region_is_valid(struct str region);		/* ... and at most 128 long */
