/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op.h - what an API operation is: a row that says who may call, what is decoded and what is
 * audited, and a handler that holds only the rule.
 *
 * A handler is given its decoded input, an open transaction and the moment it happens at. It must
 * not read the clock, touch the network, log, or have any effect outside the transaction: a write
 * runs on the committer and may run twice. On failure nothing it did is kept.
 */
#pragma once
#include <stdint.h>

#include "api/field.h"
#include "auth/principal.h"
#include "base/header.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "catalog/secret.h"

struct server;		/* api/server.h: what lives as long as the daemon */

enum op_on {
	OP_NOTHING,		/* the permission is asked on "*" */
	OP_SECRET,		/* input begins with SecretId; it is looked up before run */
	OP_NEW_SECRET,		/* input begins with Name */
	OP_FUNCTION,		/* lambda: the function named in the path */
};
enum op_mode { OP_READ, OP_WRITE };

/* Flags of a row. */
enum {
	OP_MISSING_OK = 1,	/* run also when there is no such secret (ctx->secret NULL) */
	OP_SCHEDULED_OK = 2,	/* works on a secret that is scheduled for deletion */
	OP_REPLICA_OK = 4,	/* works on a replica */
	OP_REVEALS = 8,		/* gives out a value */
	OP_EMPTY_BODY = 16,	/* success has a zero-length body */
	OP_AUDIT_ARN = 32,	/* responseElements of the audit record */
	OP_AUDIT_NAME = 64,
	OP_AUDIT_VERSION = 128,
	OP_LABELS = 512,	/* may move labels: a rotation in flight must look again */
	OP_NO_PERMISSION = 1024,	/* always allowed (sts:GetCallerIdentity) */
};

struct op_ctx {
	struct catalog cat;
	struct server *server;
	const struct principal *caller;
	struct str account, region;	/* of the call */
	struct str request_id;
	struct secret_ref ref;		/* OP_SECRET: what SecretId said */
	struct secret *secret;		/* OP_SECRET: found, or NULL with OP_MISSING_OK */
	/* For start: success when `refused` is NULL. Gives ctx back. */
	void (*complete)(struct op_ctx *ctx, const struct err *refused);
	/* May the caller do this, too? For second permissions and for items that an operation finds by
	 * itself. `s` may be NULL; the resource is shown in the refusal. */
	bool (*may)(struct op_ctx *ctx, const char *action, struct secret *s, struct str resource,
	    struct err *e);
	/* May GetSecretValue give out this secret, found by `ref` or not (NULL)? Says what it would
	 * have said, so that nobody learns from an item what a call of its own keeps from them. */
	bool (*may_reveal)(struct op_ctx *ctx, struct secret *s, struct str shown, struct err *e);
	/* what a handler tells its caller */
	bool needs_update;		/* a read that found it must write: run again as an update */
	bool new_current;		/* a new AWSCURRENT value was stored */
	bool rearm;			/* refused, but a failed rotation behind it gets another try */
	struct secret *touched;		/* the secret it made or changed; stored after the handler */
	bool is_gone;			/* ... unless the handler removed it */
	struct str version_id;		/* for the audit record */
	/* REST services */
	struct str path_name, path_rest;	/* decoded {name} and what follows it */
	struct str query;
	const struct header *headers;
	size_t header_count;
	struct str body;
	int status;			/* HTTP status of the answer; 0 = 200 */
	struct header reply_headers[4];
	size_t reply_header_count;
};

struct op {
	const char *name;		/* also the IAM action, after the service's prefix */
	enum op_on on;
	enum op_mode mode;
	unsigned flags;
	const struct field *input;
	/* Rules that need only the request; before permission and look-up. May be NULL. */
	bool (*check)(struct op_ctx *ctx, const void *input, struct err *e);
	bool (*run)(struct op_ctx *ctx, const void *input, struct jsonw *out, struct err *e);
	/* True when the request itself proves a right that counts as an identity policy's Allow, on
	 * ctx->secret: an active run's RotationToken. Inside the transaction. May be NULL. */
	bool (*capability)(struct op_ctx *ctx, const void *input);
	/* Instead of run, for an operation that waits for something outside (Invoke): called without
	 * a transaction, after permission was given; writes its answer to `out` whenever it has one,
	 * from any thread, and then calls ctx->complete once. */
	void (*start)(struct op_ctx *ctx, const void *input, struct jsonw *out);
};

/* One API on this server: how a request names it, and its rows. */
struct service {
	const char *name;		/* signing name and prefix of IAM actions */
	const char *event_source;	/* "secretsmanager.amazonaws.com" */
	const char *target_prefix;	/* JSON 1.1: "secretsmanager." */
	const struct op *ops;
	size_t op_count;
	/* After a successful handler of a write, in its transaction. May be NULL. */
	bool (*finish)(struct op_ctx *ctx, const struct op *op, struct err *e);
};
