/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - the audit trail: CloudTrail records, one JSON text per line, hash-chained
 * (spec/security.md section 6).
 *
 * A change's record is a row of the same transaction (audit_put) and is shipped to the file before
 * the change is acknowledged; a read's or a refusal's record is written before the reply leaves
 * (audit_write). A record that cannot be written fails the request: fail closed.
 * Threads: audit_put on the committer inside an update; audit_write from any thread.
 */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "crypto/keyring.h"
#include "store/store.h"

enum audit_identity { AUDIT_ROOT, AUDIT_IAM_USER, AUDIT_ASSUMED_ROLE, AUDIT_SERVICE };

/* All a record shows; absent texts are STR_NULL. The caller fills request_parameters and
 * response_elements from the operation's allow-list only, never from the request object. */
struct audit_event {
	enum audit_identity identity;
	struct str account, principal_id, arn, access_key_id, user_name;
	struct str issuer_arn, issuer_id, issuer_name;	/* assumed role: the role */
	int64_t session_created_ms;
	struct str invoked_by;
	int64_t time_ms;
	struct str source;		/* "secretsmanager.amazonaws.com" */
	struct str name;		/* operation or event */
	struct str region, source_ip, user_agent;
	struct str error_code, error_message;
	struct str request_parameters, response_elements;	/* JSON, or STR_NULL for null */
	struct str additional_data;	/* JSON object, or STR_NULL */
	struct str request_id, event_id;	/* event_id STR_NULL: a fresh UUID */
	bool read_only, is_service_event;
	struct str recipient_account;	/* STR_NULL: account */
	const char *tls_version, *tls_cipher;
	struct str host_header;
};

/* The record of 6.1: fields in order, lengths cut as specified, one line without its newline. */
void audit_format(const struct audit_event *v, struct buf *out);

struct audit;
struct audit_config {
	const char *folder;		/* audit.log, audit.log.1, ... live here; created 0700 */
	struct keyring *keyring;	/* borrowed */
	struct store *store;		/* borrowed */
	bool sync_reads;		/* fsync for audit_write too */
	size_t rotate_bytes;		/* 64 MiB */
	bool resume_broken;		/* start although the chain does not fit; writes PawlAuditGap */
};
/* Checks the chain's tail, ships rows that a crash left in the store. */
MUST_CHECK struct audit *audit_open(const struct audit_config *c, struct err *e);
void audit_close(struct audit *a);
/* Inside an update: the record becomes a row of the transaction. */
MUST_CHECK bool audit_put(struct audit *a, struct txn *t, const struct audit_event *v,
    struct err *e);
/* On the committer, after the flush (store_on_commit): appends the rows committed since, in order. */
void audit_ship(struct audit *a);
/* A read or a refusal: the line is in the file when this returns true. */
MUST_CHECK bool audit_write(struct audit *a, const struct audit_event *v, struct err *e);

/* Walks audit.log* from the oldest: chain, sequence, JSON. False and `e` names file and line of the
 * first record that was changed, removed or reordered. */
MUST_CHECK bool audit_verify(const char *folder, const struct keyring *k, uint64_t *out_records,
    struct err *e);
