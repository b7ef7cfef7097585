/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4.h - AWS Signature Version 4: canonical request, string to sign, signature; verified on the
 * server side (spec/security.md 1) and made on the client side. No store, no clock: both are
 * handed in.
 */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/header.h"
#include "base/str.h"

struct sigv4_request {
	struct str method;
	struct str target;		/* as on the request line: path, optional ?query */
	const struct header *headers;	/* in arrival order, duplicates kept */
	size_t header_count;
	struct str body;		/* de-chunked */
};

/* What the server knows before it looks at the signature. */
struct sigv4_expect {
	int64_t now_s;
	int skew_s;			/* 300 */
	const char *service;		/* from the request, never from the credential */
	/* True when `region` is served. sts and iam also accept us-east-1. */
	bool (*region_ok)(void *arg, struct str region);
	void *region_arg;
	/* 900 for sts; 0: the skew window, X-Amz-Expires shortens; -1: no presigned requests */
	int presigned_lifetime_s;
};

/* Everything the Authorization header or the query said. */
struct sigv4_claim {
	struct str access_key_id, date, region, service, signed_headers, signature, token;
	struct str timestamp;		/* YYYYMMDD'T'HHMMSS'Z' */
	int64_t time_s;
	bool is_query;
};

/* Steps 1-9 of spec/security.md 1.3, first failing step answers. */
MUST_CHECK bool sigv4_read(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_expect *x, struct sigv4_claim *out, struct err *e);
/* Step 11, constant time. Call it for an unknown key too, with a secret nobody holds. */
MUST_CHECK bool sigv4_check(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_claim *c, struct str secret_key, struct err *e);

/* The pieces of sigv4_check, for a caller that keeps signing keys (verify.c). */
MUST_CHECK bool sigv4_matches(const struct sigv4_claim *c, const uint8_t signing_key[32],
    struct str string_to_sign);
/* x-amz-content-sha256, where sent, is the hash of the body (1.6). */
MUST_CHECK bool sigv4_payload_is_true(struct arena *a, const struct sigv4_request *r);
bool sigv4_mismatch(struct err *e);	/* answers step 11, returns false */

/* The three stages, each callable (vectors, `pawl sigv4 explain`). NULL options are a server's:
 * the path normalised, the token signed where it is in the query. */
struct sigv4_options { bool normalize, omit_token; };
void sigv4_canonical_request(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_claim *c, const struct sigv4_options *o, struct buf *out);
void sigv4_string_to_sign(const struct sigv4_claim *c, struct str canonical_request,
    struct buf *out);
void sigv4_signature(const struct sigv4_claim *c, struct str secret_key, struct str string_to_sign,
    char out[65]);
/* k4 of the key derivation, for callers that cache it. */
void sigv4_signing_key(struct str secret_key, struct str date, struct str region,
    struct str service, uint8_t out[32]);

/* ---- client side */
struct sigv4_credentials {
	struct str access_key_id, secret_access_key, session_token;	/* token may be STR_NULL */
};
/* Signs r as it stands (host and every header given are signed, x-amz-date and the token header
 * are added) and gives the headers to send in addition, Authorization last. */
size_t sigv4_sign(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_credentials *cred, const char *region, const char *service, int64_t now_s,
    struct header out[3]);
