/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/verify.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/secbuf.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#define SLOTS 256		/* a power of two */
#define MAX_SCOPE 160		/* key id, date, region and service; longer ones are not kept */
#define MAX_SECRET 64
#define NOBODY_LEN 40		/* as long as a real secret */

struct slot {
	uint16_t scope_len;		/* 0: empty */
	uint16_t secret_len;
	char scope[MAX_SCOPE];
	uint8_t secret[MAX_SECRET];
	uint8_t key[SHA256_LEN];
};

/* What lies in the locked pages. */
struct memory {
	struct slot slots[SLOTS];
	uint8_t nobody[NOBODY_LEN];		/* a secret nobody holds */
	uint8_t nobody_key[SHA256_LEN];		/* a signing key nobody holds */
};

struct verifier {
	struct secbuf *pages;
	struct memory *m;
};

struct verifier *
verifier_new(void)
{
	struct verifier *v = xcalloc(1, sizeof(*v));

	v->pages = secbuf_new(sizeof(struct memory));
	v->m = (struct memory *)(void *)secbuf_expose(v->pages);
	random_bytes(v->m->nobody, sizeof(v->m->nobody));
	random_bytes(v->m->nobody_key, sizeof(v->m->nobody_key));
	return v;
}

void
verifier_free(struct verifier *v)
{
	if (v == NULL)
		return;
	secbuf_free(v->pages);
	free(v);
}

/* "keyid/date/region/service"; none of the four holds a slash (step 8). */
static struct str
scope_of(const struct sigv4_claim *c, char out[MAX_SCOPE])
{
	const struct str parts[] = { c->access_key_id, c->date, c->region, c->service };
	size_t n = 0;

	for (size_t i = 0; i < 4; i++) {
		if (parts[i].n >= MAX_SCOPE - n)
			return STR_NULL;
		memcpy(out + n, parts[i].p, parts[i].n);
		n += parts[i].n;
		out[n++] = '/';
	}
	return (struct str){ out, n };
}

/* FNV-1a: spreads scopes over the table; a collision only costs a derivation. */
static struct slot *
slot_of(struct verifier *v, struct str scope)
{
	uint32_t h = UINT32_C(2166136261);

	for (size_t i = 0; i < scope.n; i++)
		h = (h ^ (uint8_t)scope.p[i]) * UINT32_C(16777619);
	return &v->m->slots[(h ^ h >> 16) % SLOTS];
}

/*
 * The signing key remembered for that scope and secret, else one that verifies nothing. Both
 * comparisons are made in full either way. An empty slot equals no scope: those end in a slash.
 */
static const uint8_t *
recall(struct verifier *v, struct str scope, struct str secret)
{
	const struct slot *s = slot_of(v, scope);
	const uint8_t *const keys[] = { v->m->nobody_key, s->key };
	unsigned same;

	if (scope.p == NULL || secret.n > MAX_SECRET)
		return v->m->nobody_key;
	same = bytes_equal_ct(s->scope, scope.p, scope.n);
	same &= bytes_equal_ct(s->secret, secret.p, secret.n);
	same &= (s->scope_len == scope.n) & (s->secret_len == secret.n);
	return keys[same];
}

static void
remember(struct verifier *v, struct str scope, struct str secret, const uint8_t key[SHA256_LEN])
{
	struct slot *s;

	if (scope.p == NULL || secret.n > MAX_SECRET)
		return;
	s = slot_of(v, scope);
	explicit_bzero(s, sizeof(*s));
	s->scope_len = (uint16_t)scope.n;
	s->secret_len = (uint16_t)secret.n;
	memcpy(s->scope, scope.p, scope.n);
	memcpy(s->secret, secret.p, secret.n);
	memcpy(s->key, key, SHA256_LEN);
}

/*
 * Tries what is remembered; if that is not it, derives the key and tries again. An unknown key id
 * goes the same way with a secret nobody holds: otherwise the time to answer tells a caller which
 * ids exist, or which were used of late.
 */
static bool
is_signed_with(struct verifier *v, const struct sigv4_claim *c, struct str secret,
    struct str to_sign)
{
	char text[MAX_SCOPE];
	struct str scope = scope_of(c, text);
	uint8_t key[SHA256_LEN];
	bool same;

	if (sigv4_matches(c, recall(v, scope, secret), to_sign))
		return true;
	sigv4_signing_key(secret, c->date, c->region, c->service, key);
	same = sigv4_matches(c, key, to_sign);
	if (same)
		remember(v, scope, secret, key);
	explicit_bzero(key, sizeof(key));
	return same;
}

/* Steps 10, 11 and 12, once the key is looked up. */
static bool
decide(const struct sigv4_key *key, const struct sigv4_expect *x, bool is_good, struct err *e)
{
	if (key->secret.p == NULL)
		return err_set(e, ERR_UNRECOGNIZED_CLIENT,
		    "The security token included in the request is invalid.");
	if (!is_good)
		return sigv4_mismatch(e);
	if (key->expires_s != 0 && x->now_s >= key->expires_s)
		return err_set(e, ERR_EXPIRED_TOKEN,
		    "The security token included in the request is expired");
	return true;
}

bool
sigv4_verify(struct verifier *v, struct arena *a, const struct sigv4_request *r,
    const struct sigv4_expect *x, sigv4_lookup *lookup, void *arg, struct sigv4_claim *out,
    struct err *e)
{
	AUTO_BUF canonical = BUF_INIT;
	AUTO_BUF to_sign = BUF_INIT;
	struct sigv4_key key = { .secret = STR_NULL };
	struct str secret;
	struct sigv4_claim c;
	bool is_good;

	if (!sigv4_read(a, r, x, &c, e) || !lookup(arg, c.access_key_id, c.token, &key, e))
		return false;
	secret = key.secret.p != NULL ? key.secret :
	    (struct str){ (const char *)v->m->nobody, NOBODY_LEN };
	sigv4_canonical_request(a, r, &c, NULL, &canonical);
	sigv4_string_to_sign(&c, buf_view(&canonical), &to_sign);
	is_good = is_signed_with(v, &c, secret, buf_view(&to_sign));
	is_good = sigv4_payload_is_true(a, r) && is_good;
	if (!decide(&key, x, is_good, e))
		return false;
	*out = c;
	return true;
}
