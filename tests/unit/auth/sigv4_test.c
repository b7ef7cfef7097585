/* SPDX-License-Identifier: Apache-2.0 */
/* Signature Version 4: spec/security.md 1. The vectors run through the same code as build/vectors. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/verify.h"
#include "base/clock.h"
#include "crypto/digest.h"

#include "../../vectors/iam.c"
#include "../../vectors/sigv4_case.c"
#include "../../vectors/sigv4_requests.c"
#include "../../vectors/vectors.c"

#define KEY_ID "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define NOW 1772366400		/* 2026-03-01T12:00:00Z */

__attribute__((constructor)) static void
setup(void)
{
	struct err e;

	if (!crypto_setup(&e))
		abort();
}

/* ---- a server with one key and one region */

struct fixture {
	struct arena *a;
	struct verifier *v;
	struct err e;
	struct sigv4_expect x;
	struct sigv4_claim c;
	bool has_no_key;
	int64_t expires_s;
	const char *secret;
	const char *token;
};

static bool
only_us_east_1(void *arg, struct str region)
{
	(void)arg;
	return str_is(region, "us-east-1");
}

static bool
find_key(void *arg, struct str access_key_id, struct str token, struct sigv4_key *out,
    struct err *e)
{
	struct fixture *f = arg;

	(void)e;
	if (f->has_no_key || !str_is(access_key_id, KEY_ID) ||
	    (f->token == NULL ? token.p != NULL : !str_is(token, f->token)))
		return true;
	out->secret = str_of(f->secret);
	out->expires_s = f->expires_s;
	return true;
}

static bool
store_is_down(void *arg, struct str access_key_id, struct str token, struct sigv4_key *out,
    struct err *e)
{
	(void)arg, (void)access_key_id, (void)token, (void)out;
	return err_internal(e, "no store");
}

static struct fixture
fixture(void)
{
	return (struct fixture){ .a = arena_new(), .v = verifier_new(), .secret = SECRET,
		.x = { .now_s = NOW, .skew_s = 300, .service = "secretsmanager",
		    .region_ok = only_us_east_1 } };
}

static void
done(struct fixture *f)
{
	verifier_free(f->v);
	arena_free(f->a);
}

static bool
verify(struct fixture *f, const struct sigv4_request *r)
{
	return sigv4_verify(f->v, f->a, r, &f->x, find_key, f, &f->c, &f->e);
}

struct line { const char *name, *value; };

/* A request with the given header lines; the list ends with a NULL name. */
static struct sigv4_request
request(struct fixture *f, const char *target, const struct line *lines)
{
	struct header *h = arena_array(f->a, struct header, 16);
	struct sigv4_request r = { .method = STR_LIT("POST"), .target = str_of(target),
		.headers = h, .body = STR_LIT("{}") };

	for (; lines->name != NULL; lines++)
		h[r.header_count++] = (struct header){ str_of(lines->name), str_of(lines->value) };
	return r;
}

static const struct line plain[] = {
	{ "Host", "localhost:7295" },
	{ "X-Amz-Target", "secretsmanager.ListSecrets" },
	{ NULL, NULL }
};

/* Signs r and adds what the client must send. */
static void
sign(struct fixture *f, struct sigv4_request *r, const char *token, int64_t now_s)
{
	struct sigv4_credentials cred = { STR_LIT(KEY_ID), STR_LIT(SECRET), str_of(token) };
	struct header *h = (struct header *)(uintptr_t)r->headers, added[3];
	size_t n = sigv4_sign(f->a, r, &cred, "us-east-1", "secretsmanager", now_s, added);

	memcpy(h + r->header_count, added, n * sizeof(added[0]));
	r->header_count += n;
}

/* ---- vectors */

static void
run_folder(const char *dir)
{
	struct tally t = { 0, 0 };

	assert_true(vectors_run(&t, dir));
	printf("%s: %zu passed, %zu failed\n", dir, t.passed, t.failed);
	assert_int_equal(t.failed, 0);
	assert_true(t.passed > 0);
}

TEST("the public signing suite: canonical request, string to sign, signature, both variants")
{
	const char *root = getenv("PAWL_VECTORS");
	char dir[512];

	snprintf(dir, sizeof(dir), "%s/sigv4", root != NULL ? root : "../shared/vectors");
	if (access(dir, R_OK) != 0) {
		printf("%s is not here: set PAWL_VECTORS to run the public signing suite\n", dir);
		skip();
	}
	run_folder(dir);
}

TEST("requests as SDKs sign them get the verdict, code, status and text the vectors state")
{
	run_folder("tests/vectors/sigv4-requests");
}

/* ---- every byte counts (1.10 no. 3) */

enum part { METHOD, TARGET, NAME, VALUE, BODY };

static bool
is_signed_header(const struct sigv4_claim *c, struct str name)
{
	struct str rest = c->signed_headers, one;

	while (str_split(&rest, ';', &one)) {
		if (str_eq_nocase(one, name))
			return true;
	}
	return false;
}

static bool
is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/*
 * The bytes a signature does not cover:
 * - headers not listed in SignedHeaders, but for Authorization (proxies may add and change them);
 * - the letter case of header names;
 * - the letter case of the hex digits in a query's percent escape, which is decoded and encoded
 *   again (%2f and %2F are the same text).
 */
static bool
is_uncovered(const struct sigv4_claim *c, const struct sigv4_request *r, enum part part,
    size_t header, size_t at, unsigned char mask)
{
	struct str t = r->target;

	if (part == NAME || part == VALUE) {
		struct str name = r->headers[header].name;

		if (!is_signed_header(c, name) && !str_eq_nocase(name, STR_LIT("authorization")))
			return true;
		return part == NAME && mask == 0x20 && is_letter(name.p[at]);
	}
	return part == TARGET && mask == 0x20 && is_letter(t.p[at]) && memchr(t.p, '?', at) != NULL &&
	    ((at >= 1 && t.p[at - 1] == '%') || (at >= 2 && t.p[at - 2] == '%'));
}

struct mutation {
	struct verifier *v;
	json_t *server;
	const char *name;
	struct sigv4_expect x;
	struct sigv4_request r;
	struct sigv4_claim c;
	size_t refused, uncovered, accepted;
};

static void
flip(struct mutation *m, struct str s, enum part part, size_t header)
{
	static const unsigned char masks[] = { 0x01, 0x20, 0x80 };

	for (size_t i = 0; i < s.n * sizeof(masks); i++) {
		AUTO(arena) *a = arena_new();
		unsigned char mask = masks[i % sizeof(masks)];
		char *byte = (char *)(uintptr_t)s.p + i / sizeof(masks), old = *byte;
		bool is_exempt = is_uncovered(&m->c, &m->r, part, header, i / sizeof(masks), mask);
		struct sigv4_claim c;
		struct err e;

		*byte = (char)(old ^ mask);
		if (!sigv4_verify(m->v, a, &m->r, &m->x, requests_lookup, m->server, &c, &e)) {
			m->refused++;
		} else if (is_exempt) {
			m->uncovered++;
		} else {
			m->accepted++;
			printf("%s: part %d, header %zu, byte %zu ^ %02x accepted\n", m->name,
			    (int)part, header, i / sizeof(masks), mask);
		}
		*byte = old;
	}
}

static void
flip_everything(struct mutation *m)
{
	flip(m, m->r.method, METHOD, 0);
	flip(m, m->r.target, TARGET, 0);
	flip(m, m->r.body, BODY, 0);
	for (size_t i = 0; i < m->r.header_count; i++) {
		flip(m, m->r.headers[i].name, NAME, i);
		flip(m, m->r.headers[i].value, VALUE, i);
	}
}

TEST("a request with any covered byte changed is refused")
{
	AUTO(arena) *a = arena_new();
	struct tally t = { 0, 0 };
	json_t *doc = vectors_read_json(&t, a, "tests/vectors/sigv4-requests", "cases.json"), *k;
	struct mutation m = { .v = verifier_new(), .server = json_object_get(doc, "server") };
	size_t i, requests = 0;
	struct err e;

	assert_non_null(doc);
	json_array_foreach(json_object_get(doc, "cases"), i, k) {
		m.name = vectors_text(a, k, "name");
		m.r = requests_parse(a, json_object_get(k, "request"));
		m.x = requests_expect(m.server, requests_service(&m.r));
		if (!sigv4_verify(m.v, a, &m.r, &m.x, requests_lookup, m.server, &m.c, &e))
			continue;
		requests++;
		/* the claim must outlive the bytes it was read from */
		m.c.signed_headers = arena_str(a, m.c.signed_headers);
		flip_everything(&m);
	}
	printf("%zu requests: %zu mutants refused, %zu in uncovered bytes, %zu accepted\n", requests,
	    m.refused, m.uncovered, m.accepted);
	assert_true(requests > 10 && m.refused > 10000);
	assert_int_equal(m.accepted, 0);
	verifier_free(m.v);
}

/* ---- client and server */

TEST("what the client signs the server verifies")
{
	static const struct { const char *target; struct line lines[6]; const char *token; } rows[] = {
		{ "/", { { "Host", "localhost:7295" } }, NULL },
		{ "/", { { "Host", "[::1]:8443" }, { "Content-Type", "application/x-amz-json-1.1" },
		    { "X-Amz-Target", "secretsmanager.ListSecrets" } }, NULL },
		{ "/", { { "host", "localhost" } }, "a+token/with==" },
		{ "/2015-03-31/functions/arn%3Aaws%3Alambda?Qualifier=%24LATEST&a=b+c&a=&a",
		    { { "Host", "localhost" } }, NULL },
		{ "/", { { "Host", "localhost" }, { "X-B", "  a   \"b  c\"\t" }, { "x-a", "2" },
		    { "X-A", "1" }, { "X-C", "" } }, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f = fixture();
		struct sigv4_request r = request(&f, rows[i].target, rows[i].lines);

		f.token = rows[i].token;
		sign(&f, &r, rows[i].token, NOW);
		CHECK_OK(verify(&f, &r), &f.e);
		CHECK_STR(f.c.access_key_id, KEY_ID);
		CHECK_STR(f.c.region, "us-east-1");
		CHECK_OK(verify(&f, &r), &f.e);		/* and from memory */
		r.body = STR_LIT("{ }");
		CHECK_ERR(verify(&f, &r), &f.e, ERR_INVALID_SIGNATURE);
		done(&f);
	}
}

TEST("a plus in a query is a plus, encoded as %2B, and not a blank")
{
	struct fixture f = fixture();
	struct sigv4_request r = request(&f, "/?a=b+c", plain);
	AUTO_BUF canonical = BUF_INIT;
	struct sigv4_claim c = { .signed_headers = STR_LIT("host") };

	sigv4_canonical_request(f.a, &r, &c, NULL, &canonical);
	assert_true(memmem(canonical.p, canonical.n, "\na=b%2Bc\n", 9) != NULL);
	done(&f);
}

/* ---- refusals: order and texts of 1.3 */

static struct line *
with_authorization(struct fixture *f, const char *value, const char *date)
{
	struct line *l = arena_array(f->a, struct line, 6);

	l[0] = plain[0];
	l[1] = plain[1];
	l[2] = (struct line){ "X-Amz-Date", date };
	l[3] = (struct line){ "Authorization", value };
	return l;
}

#define SCOPE "20260301/us-east-1/secretsmanager/aws4_request"
#define REST ", SignedHeaders=host;x-amz-date;x-amz-target, Signature=00"
#define ZEROES "0000000000000000000000000000000000000000000000000000000000000000"

TEST("Authorization: the first fault in the order of the specification answers, with its text")
{
	static const struct { const char *authorization, *date, *msg; enum err_code code; } rows[] = {
		{ "Basic dTpw", "20260301T120000Z", "Request is missing Authentication Token",
		    ERR_MISSING_AUTH_TOKEN },
		{ "", "20260301T120000Z", "Request is missing Authentication Token",
		    ERR_MISSING_AUTH_TOKEN },
		{ "AWS4-HMAC-SHA256", "", "Authorization header requires 'Credential' parameter. "
		    "Authorization header requires 'Signature' parameter. Authorization header "
		    "requires 'SignedHeaders' parameter. Authorization header requires existence of "
		    "either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256",
		    ERR_INCOMPLETE_SIGNATURE },
		{ "AWS4-HMAC-SHA256 Credential=a, Credential=b, SignedHeaders=c, Signature=d",
		    "20260301T120000Z", "Authorization header requires 'Credential' parameter. "
		    "Authorization=AWS4-HMAC-SHA256 Credential=a, Credential=b, SignedHeaders=c, "
		    "Signature=d", ERR_INCOMPLETE_SIGNATURE },
		{ "AWS4-HMAC-SHA256 Credential=a, b, SignedHeaders=c, Signature=d",
		    "20260301T120000Z", "'b' not a valid key=value pair (missing equal-sign) in "
		    "Authorization header: 'AWS4-HMAC-SHA256 Credential=a, b, SignedHeaders=c, "
		    "Signature=d'.", ERR_INCOMPLETE_SIGNATURE },
		{ "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=c, Signature=d", "2026-03-01T12:00:00Z",
		    "Date must be in ISO-8601 'basic format'. Got '2026-03-01T12:00:00Z'. See "
		    "http://en.wikipedia.org/wiki/ISO_8601", ERR_INCOMPLETE_SIGNATURE },
		{ "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=c, Signature=d", "20260301T120501Z",
		    "Signature not yet current: 20260301T120501Z is still later than "
		    "20260301T120500Z (20260301T120000Z + 5 min.)", ERR_INVALID_SIGNATURE },
		{ "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=Host, Signature=d", "20260301T120000Z",
		    "'Host' must be a 'SignedHeader' in the AWS Authorization.",
		    ERR_INVALID_SIGNATURE },
		{ "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host;x-amz-target, Signature=d",
		    "20260301T120000Z", "'X-Amz-Date' must be a 'SignedHeader' in the AWS "
		    "Authorization.", ERR_INVALID_SIGNATURE },
		{ "AWS4-ECDSA-P256-SHA256 Credential=a" REST, "20260301T120000Z",
		    "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for "
		    "now). ", ERR_INCOMPLETE_SIGNATURE },
		{ "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f" REST, "20260301T120000Z",
		    "Credential must have exactly 5 slash-delimited elements, e.g. "
		    "keyid/date/region/service/term, got 'a/b/c/d/e/f'", ERR_INCOMPLETE_SIGNATURE },
		{ "AWS4-HMAC-SHA256 Credential=a/20260301//secretsmanager/aws4_request" REST,
		    "20260301T120000Z", "Credential should be scoped to a valid region.",
		    ERR_INVALID_SIGNATURE },
		{ "AWS4-HMAC-SHA256 Credential=nobody/" SCOPE REST, "20260301T120000Z",
		    "The security token included in the request is invalid.",
		    ERR_UNRECOGNIZED_CLIENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f = fixture();
		struct sigv4_request r = request(&f, "/", with_authorization(&f,
		    rows[i].authorization, rows[i].date));

		CHECK_ERR(verify(&f, &r), &f.e, rows[i].code);
		assert_string_equal(f.e.msg, rows[i].msg);
		done(&f);
	}
}

TEST("what a client sent is echoed as printable ASCII, bounded")
{
	struct fixture f = fixture();
	char long_header[2000];
	struct sigv4_request r;

	memset(long_header, '\xff', sizeof(long_header) - 1);
	memcpy(long_header, "AWS4-\x01", 6);
	long_header[sizeof(long_header) - 1] = '\0';
	r = request(&f, "/", with_authorization(&f, long_header, "20260301T120000Z"));
	CHECK_ERR(verify(&f, &r), &f.e, ERR_INCOMPLETE_SIGNATURE);
	assert_non_null(strstr(f.e.msg, "Authorization=AWS4-\\x01\\xFF"));
	assert_true(strlen(f.e.msg) < 1024);
	done(&f);
}

TEST("both an Authorization header and X-Amz-Algorithm: refused before anything else")
{
	struct fixture f = fixture();
	struct sigv4_request r = request(&f, "/?X-Amz-Algorithm=", with_authorization(&f, "x", ""));

	CHECK_ERR(verify(&f, &r), &f.e, ERR_INVALID_SIGNATURE);
	assert_string_equal(f.e.msg, "Found both 'X-Amz-Algorithm' as a query-string param and "
	    "'Authorization' as HTTP header.");
	done(&f);
}

TEST("two lines of a header are joined, so nobody chooses which of them was verified")
{
	struct fixture f = fixture();
	struct sigv4_request r = request(&f, "/", plain);
	struct header *h = (struct header *)(uintptr_t)r.headers;

	sign(&f, &r, NULL, NOW);
	CHECK_OK(verify(&f, &r), &f.e);
	h[r.header_count++] = (struct header){ STR_LIT("x-amz-target"),
		STR_LIT("secretsmanager.DeleteSecret") };
	CHECK_ERR(verify(&f, &r), &f.e, ERR_INVALID_SIGNATURE);
	done(&f);
}

TEST("a signature is 64 lower-case hex digits or step 11, without a comparison")
{
	static const char *const rows[] = { "x", ZEROES, ZEROES "0", "0", "0x" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f = fixture();
		struct sigv4_request r = request(&f, "/", with_authorization(&f, arena_printf(f.a,
		    "AWS4-HMAC-SHA256 Credential=" KEY_ID "/" SCOPE ", SignedHeaders=host;x-amz-date;"
		    "x-amz-target, Signature=%s", rows[i]), "20260301T120000Z"));

		CHECK_ERR(verify(&f, &r), &f.e, ERR_INVALID_SIGNATURE);
		assert_true(str_starts(str_of(f.e.msg), "The request signature we calculated"));
		done(&f);
	}
}

TEST("the time may come from a Date header in its RFC 1123 form")
{
	struct fixture f = fixture();
	struct sigv4_request r = request(&f, "/", (const struct line[]){
	    { "Host", "h" }, { "Date", "Sun, 01 Mar 2026 12:00:00 GMT" },
	    { "Authorization", "AWS4-HMAC-SHA256 Credential=" KEY_ID "/" SCOPE
	      ", SignedHeaders=date;host, Signature=00" }, { NULL, NULL } });
	struct sigv4_claim c;

	CHECK_OK(sigv4_read(f.a, &r, &f.x, &c, &f.e), &f.e);
	CHECK_STR(c.timestamp, "20260301T120000Z");
	assert_int_equal(c.time_s, NOW);
	done(&f);
}

/* ---- presigned (1.7) */

static struct sigv4_request
presigned(struct fixture *f, const char *date, const char *more)
{
	return request(f, arena_printf(f->a, "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
	    KEY_ID "%%2F20260301%%2Fus-east-1%%2Fsecretsmanager%%2Faws4_request&X-Amz-Date=%s"
	    "&X-Amz-SignedHeaders=host&X-Amz-Signature=" ZEROES "%s", date, more),
	    (const struct line[]){ { "Host", "h" }, { NULL, NULL } });
}

TEST("presigned: X-Amz-Expires shortens the window, sts grants 15 minutes whatever it says")
{
	static const struct { int lifetime_s; const char *date, *more, *msg; } rows[] = {
		{ 0, "20260301T115500Z", "", NULL },
		{ 0, "20260301T115500Z", "&X-Amz-Expires=300", NULL },
		{ 0, "20260301T115500Z", "&X-Amz-Expires=3600", NULL },
		{ 0, "20260301T115459Z", "&X-Amz-Expires=3600", "Signature expired: "
		    "20260301T115459Z is now earlier than 20260301T115500Z (20260301T120000Z - 5 min.)" },
		{ 0, "20260301T115859Z", "&X-Amz-Expires=60", "Signature expired: "
		    "20260301T115859Z is now earlier than 20260301T115900Z (20260301T120000Z - 1 min.)" },
		{ 0, "20260301T115900Z", "&X-Amz-Expires=60", NULL },
		{ 0, "20260301T120000Z", "&X-Amz-Expires=-1",
		    "X-Amz-Expires should be a number of seconds, at most 604800." },
		{ 0, "20260301T120000Z", "&X-Amz-Expires=60&X-Amz-Expires=70",
		    "X-Amz-Expires should be a number of seconds, at most 604800." },
		{ 900, "20260301T114500Z", "&X-Amz-Expires=60", NULL },
		{ 900, "20260301T114459Z", "&X-Amz-Expires=3600", "Signature expired: "
		    "20260301T114459Z is now earlier than 20260301T114500Z (20260301T120000Z - 15 min.)" },
		{ 900, "20260301T120501Z", "", "Signature not yet current: 20260301T120501Z is still "
		    "later than 20260301T120500Z (20260301T120000Z + 5 min.)" },
		{ -1, "20260301T120000Z", "", "Request is missing Authentication Token" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f = fixture();
		struct sigv4_request r = presigned(&f, rows[i].date, rows[i].more);
		struct sigv4_claim c;

		f.x.presigned_lifetime_s = rows[i].lifetime_s;
		if (rows[i].msg == NULL) {
			CHECK_OK(sigv4_read(f.a, &r, &f.x, &c, &f.e), &f.e);
			assert_true(c.is_query);
		} else {
			assert_false(sigv4_read(f.a, &r, &f.x, &c, &f.e));
			assert_string_equal(f.e.msg, rows[i].msg);
		}
		done(&f);
	}
}

TEST("presigned: a parameter that is repeated counts as missing")
{
	struct fixture f = fixture();
	struct sigv4_request r = presigned(&f, "20260301T120000Z", "&X-Amz-Date=20260301T120000Z");

	CHECK_ERR(verify(&f, &r), &f.e, ERR_INCOMPLETE_SIGNATURE);
	assert_string_equal(f.e.msg, "AWS query-string parameters must include 'X-Amz-Date'. "
	    "Re-examine the query-string parameters.");
	done(&f);
}

/* ---- keys: steps 10 and 12, and what is remembered */

TEST("a key that stops being usable is refused at once, although its signing key is remembered")
{
	struct fixture f = fixture();
	struct sigv4_request r = request(&f, "/", plain);

	sign(&f, &r, NULL, NOW);
	CHECK_OK(verify(&f, &r), &f.e);
	f.has_no_key = true;
	CHECK_ERR(verify(&f, &r), &f.e, ERR_UNRECOGNIZED_CLIENT);
	f.has_no_key = false;
	f.secret = "another secret of the same key id.......";
	CHECK_ERR(verify(&f, &r), &f.e, ERR_INVALID_SIGNATURE);
	f.secret = SECRET;
	CHECK_OK(verify(&f, &r), &f.e);
	done(&f);
}

TEST("an expired token is told only to one who signed correctly")
{
	struct fixture f = fixture();
	struct sigv4_request r = request(&f, "/", plain);

	f.token = "t";
	sign(&f, &r, "t", NOW);
	f.expires_s = NOW + 1;
	CHECK_OK(verify(&f, &r), &f.e);
	f.expires_s = NOW;
	CHECK_ERR(verify(&f, &r), &f.e, ERR_EXPIRED_TOKEN);
	assert_string_equal(f.e.msg, "The security token included in the request is expired");
	r.body = STR_LIT("[]");
	CHECK_ERR(verify(&f, &r), &f.e, ERR_INVALID_SIGNATURE);
	done(&f);
}

TEST("a fault of the lookup is an internal error, never a verdict")
{
	struct fixture f = fixture();
	struct sigv4_request r = request(&f, "/", plain);

	sign(&f, &r, NULL, NOW);
	assert_false(sigv4_verify(f.v, f.a, &r, &f.x, store_is_down, NULL, &f.c, &f.e));
	assert_int_equal(f.e.code, ERR_INTERNAL);
	done(&f);
}

TEST("scopes too long to be remembered verify all the same")
{
	struct fixture f = fixture();
	struct sigv4_request r = request(&f, "/", plain);
	char secret[200];

	memset(secret, 's', sizeof(secret) - 1);
	secret[sizeof(secret) - 1] = '\0';
	f.secret = secret;
	for (int i = 0; i < 2; i++) {
		struct sigv4_credentials cred = { STR_LIT(KEY_ID), str_of(secret), STR_NULL };
		struct sigv4_request signed_r = r;
		struct header all[8], added[3];
		size_t n = sigv4_sign(f.a, &r, &cred, "us-east-1", "secretsmanager", NOW, added);

		memcpy(all, r.headers, r.header_count * sizeof(all[0]));
		memcpy(all + r.header_count, added, n * sizeof(added[0]));
		signed_r.headers = all;
		signed_r.header_count += n;
		CHECK_OK(verify(&f, &signed_r), &f.e);
	}
	done(&f);
}
