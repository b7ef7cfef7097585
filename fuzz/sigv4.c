/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4.c - fuzz target of src/auth/sigv4*.c and verify.c.
 * Input: a request as text, lines ended by LF: "METHOD SP target", header lines, an empty line,
 * the body.
 * As it arrives it is verified: a refusal must say why, within bounds, and nobody without the
 * secret may be accepted. Then its plain headers are signed by our client, and the server must
 * accept exactly that.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "auth/verify.h"
#include "crypto/digest.h"

#define MAX_HEADERS 40
#define KEY_ID "AKIAIOSFODNN7EXAMPLE"
/* Not what any corpus file was signed with. */
#define SECRET "0000000000000000000000000000000000000000"
#define NOW 1772366400

/* Not assert(): the oracle must hold in every build. */
static void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
any_region(void *arg, struct str region)
{
	(void)arg, (void)region;
	return true;
}

static bool
find_key(void *arg, struct str access_key_id, struct str token, struct sigv4_key *out,
    struct err *e)
{
	(void)arg, (void)token, (void)e;
	if (str_is(access_key_id, KEY_ID))
		out->secret = STR_LIT(SECRET);
	return true;
}

static struct sigv4_request
parse(struct arena *a, struct str text)
{
	struct header *h = arena_array(a, struct header, MAX_HEADERS);
	struct sigv4_request r = { .method = STR_LIT(""), .target = STR_LIT(""), .headers = h };
	struct str line = STR_LIT("");

	(void)str_split(&text, '\n', &line);
	(void)str_split(&line, ' ', &r.method);
	r.target = line.p == NULL ? STR_LIT("") : line;
	while (str_split(&text, '\n', &line) && line.n > 0 && r.header_count < MAX_HEADERS) {
		(void)str_split(&line, ':', &h[r.header_count].name);
		h[r.header_count++].value = line.p == NULL ? STR_LIT("") : line;
	}
	r.body = text.p == NULL ? STR_LIT("") : text;
	return r;
}

static void
check_refusal(const struct err *e)
{
	must(e->code == ERR_MISSING_AUTH_TOKEN || e->code == ERR_INCOMPLETE_SIGNATURE ||
	    e->code == ERR_INVALID_SIGNATURE || e->code == ERR_UNRECOGNIZED_CLIENT);
	must(e->msg[0] != '\0');
	for (const char *p = e->msg; *p != '\0'; p++)
		must(*p >= 0x20 && *p < 0x7f);
}

/* What the client would send by itself: names that are tokens, nothing that authenticates. */
static bool
is_plain(const struct header *h)
{
	static const char *const own[] = { "authorization", "x-amz-date", "date", "host",
		"x-amz-security-token", "x-amz-content-sha256" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (str_eq_nocase(h->name, str_of(own[i])))
			return false;
	}
	for (size_t i = 0; i < h->name.n; i++) {
		if (!isalnum((unsigned char)h->name.p[i]) && h->name.p[i] != '-')
			return false;
	}
	return h->name.n > 0;
}

static void
check_round_trip(struct verifier *v, struct arena *a, struct sigv4_request *r,
    struct sigv4_expect *x)
{
	struct sigv4_credentials cred = { STR_LIT(KEY_ID), STR_LIT(SECRET), STR_NULL };
	struct header *h = arena_array(a, struct header, MAX_HEADERS + 4);
	struct sigv4_claim c;
	size_t n = 0;
	struct err e;

	h[n++] = (struct header){ STR_LIT("Host"), STR_LIT("localhost") };
	for (size_t i = 0; i < r->header_count; i++) {
		if (is_plain(&r->headers[i]))
			h[n++] = r->headers[i];
	}
	/* A parameter may arrive encoded; only a target without any is surely a header request. */
	r->target.n = strnlen(r->target.p, r->target.n);
	if (memchr(r->target.p, '?', r->target.n) != NULL &&
	    memmem(r->target.p, r->target.n, "lgorithm", 8) != NULL)
		return;
	r->headers = h;
	r->header_count = n;
	r->header_count += sigv4_sign(a, r, &cred, "us-east-1", x->service, NOW, h + n);
	if (!sigv4_verify(v, a, r, x, find_key, NULL, &c, &e)) {
		/* the only thing that may be wrong is a name hidden by an escape, or a bound */
		must(e.code == ERR_INCOMPLETE_SIGNATURE ||
		    memchr(r->target.p, '%', r->target.n) != NULL);
		return;
	}
	must(str_is(c.access_key_id, KEY_ID) && str_is(c.region, "us-east-1") && !c.is_query);
	r->method = STR_LIT("FORGED");
	must(!sigv4_verify(v, a, r, x, find_key, NULL, &c, &e));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct verifier *v;
	AUTO(arena) *a = arena_new();
	struct sigv4_expect x = { .now_s = NOW, .skew_s = 300, .service = "secretsmanager",
		.region_ok = any_region };
	struct sigv4_request r = parse(a, (struct str){ (const char *)data, size });
	struct sigv4_claim c;
	struct err e;

	if (v == NULL) {
		must(crypto_setup(&e));
		v = verifier_new();
	}
	must(!sigv4_verify(v, a, &r, &x, find_key, NULL, &c, &e));
	check_refusal(&e);
	check_round_trip(v, a, &r, &x);
	return 0;
}
