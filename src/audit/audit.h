/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - the audit trail: CloudTrail records, one JSON text per line, hash-chained
 * (spec/security.md section 6).
 *
 * A change's record is a row of the same transaction (audit_put) and is shipped to the file before
 * the change is acknowledged; a read's or a refusal's record is written before the reply leaves
 * (audit_write). A record that cannot be written fails the request: fail closed.
 *
 * The folder holds pairs of files. audit.log is CloudTrail records and nothing else, one a line, so
 * that jq and collectors read it as it is. Beside it audit.chain has a line of fixed length for
 * each record (chain.h) and, first, one for where the pair before it ended. A pair that has grown
 * to rotate_bytes becomes audit.log.1 and audit.chain.1, the next one .2 and so on: a file keeps
 * its name, and deleting the oldest pairs is the operator's choice.
 *
 * What is found: a record that was changed, removed, exchanged or added, in any pair
 * (audit_verify). A tail cut off both files alike is found at start, up to the last record that the
 * store knows to be on disk; after that only where the files disagree. A crash of the machine (not
 * of pawld) may cost the last records that audit_write wrote without sync_reads; what it leaves
 * half is cut off, and a record PawlAuditGap says how much.
 *
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

/* AUDIT_ACCOUNT: the owner's copy of another account's call. */
enum audit_identity { AUDIT_ROOT, AUDIT_IAM_USER, AUDIT_ASSUMED_ROLE, AUDIT_FEDERATED_USER,
	AUDIT_WEB_IDENTITY, AUDIT_ACCOUNT, AUDIT_SERVICE };

/* All a record shows; absent texts are STR_NULL. The caller fills request_parameters and
 * response_elements from the operation's allow-list only, never from the request object. */
struct audit_event {
	enum audit_identity identity;
	struct str account, principal_id, arn, access_key_id, user_name;
	struct str issuer_arn, issuer_id, issuer_name;	/* assumed role: the role */
	int64_t session_created_ms;	/* not 0: temporary credentials */
	struct str identity_provider;	/* web identity: the provider that vouched */
	struct str invoked_by;		/* the service, alone or calling for the identity */
	int64_t time_ms;
	struct str source;		/* "secretsmanager.amazonaws.com" */
	struct str name;		/* operation or event */
	struct str region, source_ip, user_agent;
	struct str error_code, error_message;
	struct str request_parameters, response_elements;	/* JSON, or STR_NULL for null */
	struct str additional_data;	/* JSON object, or STR_NULL */
	struct str request_id, event_id;	/* event_id STR_NULL: a fresh UUID */
	bool read_only, is_service_event;
	struct str resources;		/* JSON list, or STR_NULL: KMS events */
	struct str recipient_account;	/* STR_NULL: account */
	struct str shared_event_id, vpc_endpoint_id;
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
	bool resume_broken;		/* start although it does not fit; writes PawlAuditGap */
};
/* Checks the newest pair of files, cuts off what a crash left half, ships rows that it left in the
 * store. ERR_CONFIG when records are missing or were changed. Whoever opens also registers
 * audit_ship with store_on_commit. */
MUST_CHECK struct audit *audit_open(const struct audit_config *c, struct err *e);
/* Before store_close and after the last update; tells the store how far the files reach. NULL is
 * fine. */
void audit_close(struct audit *a);
/* Inside an update: the record becomes a row of the transaction. */
MUST_CHECK bool audit_put(struct audit *a, struct txn *t, const struct audit_event *v,
    struct err *e);
/* On the committer, after the flush (store_on_commit): appends the rows committed since, in order.
 * When that fails the rows stay, audit_write fails until they could be shipped, and audit_put once
 * AUDIT_ROWS_MAX are waiting. */
void audit_ship(struct audit *a);
#define AUDIT_ROWS_MAX 65536
/* A read or a refusal: the line is in the file when this returns true. ERR_INTERNAL otherwise. */
MUST_CHECK bool audit_write(struct audit *a, const struct audit_event *v, struct err *e);
/* True while rows could not be shipped: health is degraded. */
bool audit_is_behind(struct audit *a);

/* Walks audit.log* from the oldest: chain, sequence, JSON. False and `e` (ERR_CORRUPT) names file
 * and line of the first record that was changed, removed or reordered. On a running server the
 * record being written may look like one that was added: run it again. */
MUST_CHECK bool audit_verify(const char *folder, const struct keyring *k, uint64_t *out_records,
    struct err *e);

AUTO_FREE(audit, audit_close)
