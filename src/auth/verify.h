/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h - steps 1-12 of spec/security.md 1.3 over a key lookup the caller provides.
 *
 * A struct verifier remembers signing keys, so that a busy client costs one HMAC and not five. An
 * entry is used only while the secret handed in is the one it was derived from, so a key that is
 * deactivated, deleted or replaced needs no invalidation: the lookup decides anew every time.
 *
 * Always: every refusal of steps 10 and 11 costs the same HMACs, whether the key id is unknown,
 * known, or remembered (1.8); only a verified request changes what is remembered.
 * Threads: one verifier per thread. Memory: secrets in locked memory, wiped on free.
 */
#pragma once
#include "auth/sigv4.h"
#include "base/cleanup.h"

struct sigv4_key {
	struct str secret;		/* STR_NULL: there is no such key to use (steps 10, 12a, 12c) */
	int64_t expires_s;		/* 0: never; the first second that is refused (12b) */
};

/*
 * Finds the secret of an access key. `token` is STR_NULL when none was sent; a temporary key
 * without its own token, or a token with a long-term key, gives no secret, as do unknown,
 * inactive and deleted keys. False is for faults of ours only; `e` then says which.
 * The secret borrows; it must outlive the call of sigv4_verify.
 */
typedef bool sigv4_lookup(void *arg, struct str access_key_id, struct str token,
    struct sigv4_key *out, struct err *e);

struct verifier;

struct verifier *verifier_new(void);
void verifier_free(struct verifier *v);
AUTO_FREE(verifier, verifier_free)

/* On success `out` says who signed; it borrows from the request and the arena. */
MUST_CHECK bool sigv4_verify(struct verifier *v, struct arena *a, const struct sigv4_request *r,
    const struct sigv4_expect *x, sigv4_lookup *lookup, void *arg, struct sigv4_claim *out,
    struct err *e);
