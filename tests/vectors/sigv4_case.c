/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One folder of the public AWS signing suite: canonical request, string to sign and signature,
 * in the header and the query variant, read from the signed request only, as a server would.
 */
#include "auth/sigv4.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "vectors.h"

#define MAX_HEADERS 64

struct signing_case {
	struct tally *t;
	struct arena *a;
	const char *dir;
	struct sigv4_credentials cred;
	struct str region;
	struct sigv4_expect expect;
	struct sigv4_options options;
	bool sign_body;
};

static bool
is_region(void *arg, struct str region)
{
	return str_eq(*(struct str *)arg, region);
}

static bool
read_context(struct signing_case *k)
{
	json_t *context = vectors_read_json(k->t, k->a, k->dir, "context.json");
	const json_t *cred = json_object_get(context, "credentials");

	if (context == NULL)
		return false;
	k->cred = (struct sigv4_credentials){ json_member_str(cred, "access_key_id"),
		json_member_str(cred, "secret_access_key"), json_member_str(cred, "token") };
	k->region = json_member_str(context, "region");
	k->options.normalize = json_is_true(json_object_get(context, "normalize"));
	k->options.omit_token = json_is_true(json_object_get(context, "omit_session_token"));
	k->sign_body = json_is_true(json_object_get(context, "sign_body"));
	k->expect.service = vectors_text(k->a, context, "service");
	k->expect.skew_s = 300;
	k->expect.region_ok = is_region;
	k->expect.region_arg = &k->region;
	return time_parse_iso(json_member_str(context, "timestamp"), &k->expect.now_s);
}

/* Takes one line and those folded onto it. */
static struct str
take_line(struct str *rest)
{
	struct str line = STR_LIT(""), next;

	if (!str_split(rest, '\n', &line))
		return line;
	while (line.n > 0 && rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
		(void)str_split(rest, '\n', &next);
		line.n = (size_t)(next.p + next.n - line.p);
	}
	return line;
}

/* Targets may hold raw blanks: the line is split at its first and its last one. */
static void
parse_request_line(struct str line, struct sigv4_request *r)
{
	size_t end = line.n;

	(void)str_split(&line, ' ', &r->method);
	for (end = line.n; end > 0 && line.p[end - 1] != ' '; end--)
		;
	r->target = (struct str){ line.p, end > 0 ? end - 1 : 0 };
}

static struct sigv4_request
parse_request(struct arena *a, struct str text)
{
	struct header *headers = arena_array(a, struct header, MAX_HEADERS);
	struct sigv4_request r = { .headers = headers };
	struct str line;

	parse_request_line(take_line(&text), &r);
	while ((line = take_line(&text)).n > 0 && r.header_count < MAX_HEADERS) {
		struct header *h = &headers[r.header_count++];

		(void)str_split(&line, ':', &h->name);
		h->value = line;
	}
	r.body = text.p == NULL ? STR_LIT("") : text;
	return r;
}

static void
compare_file(struct signing_case *k, const char *variant, const char *what, struct str got)
{
	const char *name = arena_printf(k->a, "%s-%s.txt", variant, what);

	vectors_equal(k->t, k->dir, name, got, vectors_read(k->a, k->dir, name));
}

static void
run_variant(struct signing_case *k, const char *variant)
{
	struct sigv4_request r = parse_request(k->a,
	    vectors_read(k->a, k->dir, arena_printf(k->a, "%s-signed-request.txt", variant)));
	AUTO_BUF canonical = BUF_INIT;
	AUTO_BUF to_sign = BUF_INIT;
	struct sigv4_claim c;
	char signature[65];
	struct err e;

	if (!sigv4_read(k->a, &r, &k->expect, &c, &e)) {
		vectors_check(k->t, k->dir, e.msg, false);
		return;
	}
	sigv4_canonical_request(k->a, &r, &c, &k->options, &canonical);
	compare_file(k, variant, "canonical-request", buf_view(&canonical));
	sigv4_string_to_sign(&c, buf_view(&canonical), &to_sign);
	compare_file(k, variant, "string-to-sign", buf_view(&to_sign));
	sigv4_signature(&c, k->cred.secret_access_key, buf_view(&to_sign), signature);
	compare_file(k, variant, "signature", str_of(signature));
	vectors_equal(k->t, k->dir, "signature as sent", c.signature, str_of(signature));
	/* A server normalises and lets nobody add a token to a signed query. */
	if (k->options.normalize && !(c.is_query && k->options.omit_token))
		vectors_check(k->t, k->dir, "server's check",
		    sigv4_check(k->a, &r, &c, k->cred.secret_access_key, &e));
}

/* Our client signs every header it is given and never the body's hash. */
static void
run_client(struct signing_case *k)
{
	struct sigv4_request r = parse_request(k->a, vectors_read(k->a, k->dir, "request.txt"));
	struct str want = vectors_read(k->a, k->dir, "header-signature.txt"), got;
	struct header added[3];
	size_t n;

	if (!k->options.normalize || k->options.omit_token || k->sign_body)
		return;
	n = sigv4_sign(k->a, &r, &k->cred, arena_strz(k->a, k->region), k->expect.service,
	    k->expect.now_s, added);
	got = added[n - 1].value;
	vectors_equal(k->t, k->dir, "client's signature",
	    str_skip(got, got.n > want.n ? got.n - want.n : 0), want);
}

bool
vectors_sigv4_case(struct tally *t, const char *dir)
{
	AUTO(arena) *a = arena_new();
	struct signing_case k = { .t = t, .a = a, .dir = dir };

	if (!read_context(&k))
		return false;
	run_variant(&k, "header");
	run_variant(&k, "query");
	run_client(&k);
	return true;
}
