/* SPDX-License-Identifier: Apache-2.0 */
/* The three stages, the check and the client's side; reading a claim is in sigv4_read.c. */
#include "auth/sigv4.h"

#include <stdlib.h>

#include "auth/sigv4_wire.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/codec.h"
#include "crypto/digest.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

static struct str
bytes(const uint8_t *p)
{
	return (struct str){ (const char *)p, SHA256_LEN };
}

/*
 * Drops "." and empty segments, lets ".." take its parent away; a closing slash stays. A path that
 * does not begin with a slash is left alone: "." must not be signed like "/".
 */
static struct str
normalize(struct arena *a, struct str path)
{
	struct str rest = path, segment;
	char *out = arena_alloc(a, path.n + 2);
	size_t n = 0;

	if (path.n > 0 && path.p[0] != '/')
		return path;
	while (str_split(&rest, '/', &segment)) {
		if (segment.n == 0 || str_is(segment, "."))
			continue;
		if (str_is(segment, "..")) {
			while (n > 0 && out[--n] != '/')
				;
			continue;
		}
		out[n++] = '/';
		memcpy(out + n, segment.p, segment.n);
		n += segment.n;
	}
	if (n == 0 || path.p[path.n - 1] == '/')
		out[n++] = '/';
	return (struct str){ out, n };
}

static int
compare_params(const void *left, const void *right)
{
	const struct wire_param *l = left, *r = right;
	int c = str_cmp(l->name, r->name);

	return c != 0 ? c : str_cmp(l->value, r->value);
}

static struct str
encoded(struct arena *a, struct str s)
{
	AUTO_BUF b = BUF_INIT;

	wire_encode(&b, s, false);
	return arena_str(a, buf_view(&b));
}

static bool
is_left_out(const struct sigv4_claim *c, const struct sigv4_options *o, struct str name)
{
	return c->is_query && (str_is(name, "X-Amz-Signature") ||
	    (o->omit_token && str_is(name, "X-Amz-Security-Token")));
}

/* Pairs are encoded first and sorted then, as pairs: "Param=" comes before "Param-3=". */
static void
add_query(struct arena *a, const struct sigv4_request *r, const struct sigv4_claim *c,
    const struct sigv4_options *o, struct buf *out)
{
	struct str query = wire_query(r), count = query;
	struct wire_param *all, one;
	size_t n = 0, max = 0;

	if (query.n == 0)
		return;
	while (str_split(&count, '&', &one.name))
		max++;
	all = arena_array(a, struct wire_param, max);
	while (wire_next_param(a, &query, &one)) {
		if (is_left_out(c, o, one.name))
			continue;
		all[n].name = encoded(a, one.name);
		all[n++].value = encoded(a, one.value);
	}
	qsort(all, n, sizeof(all[0]), compare_params);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_c(out, '&');
		buf_str(out, all[i].name);
		buf_c(out, '=');
		buf_str(out, all[i].value);
	}
}

/* Inner runs of blanks become one, also inside quotes; a folded line is such a run. */
static void
add_collapsed(struct buf *out, struct str value)
{
	bool gap = false;

	value = wire_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			gap = true;
			continue;
		}
		if (gap)
			buf_c(out, ' ');
		gap = false;
		buf_c(out, c);
	}
}

static void
add_header_values(const struct sigv4_request *r, struct str name, struct buf *out)
{
	bool more = false;

	for (size_t i = 0; i < r->header_count; i++) {
		if (!str_eq_nocase(r->headers[i].name, name))
			continue;
		if (more)
			buf_c(out, ',');
		more = true;
		add_collapsed(out, r->headers[i].value);
	}
}

/* A listed header that was not sent counts as an empty value. */
static void
add_headers(const struct sigv4_request *r, const struct sigv4_claim *c, struct buf *out)
{
	struct str rest = c->signed_headers, name;

	while (str_split(&rest, ';', &name)) {
		buf_str(out, name);
		buf_c(out, ':');
		add_header_values(r, name, out);
		buf_c(out, '\n');
	}
}

static struct str
payload_header(struct arena *a, const struct sigv4_request *r)
{
	return wire_header(a, r, STR_LIT("x-amz-content-sha256"));
}

void
sigv4_canonical_request(struct arena *a, const struct sigv4_request *r, const struct sigv4_claim *c,
    const struct sigv4_options *o, struct buf *out)
{
	static const struct sigv4_options server = { .normalize = true };
	struct str path = wire_path(r), payload = payload_header(a, r);
	char hash[2 * SHA256_LEN + 1];

	if (o == NULL)
		o = &server;
	if (o->normalize || path.n == 0)
		path = normalize(a, path);
	if (payload.p == NULL) {
		sha256_hex(r->body, hash);
		payload = str_of(hash);
	}
	buf_str(out, r->method);
	buf_c(out, '\n');
	wire_encode(out, path, true);
	buf_c(out, '\n');
	add_query(a, r, c, o, out);
	buf_c(out, '\n');
	add_headers(r, c, out);
	buf_c(out, '\n');
	buf_str(out, c->signed_headers);
	buf_c(out, '\n');
	buf_str(out, payload);
}

void
sigv4_string_to_sign(const struct sigv4_claim *c, struct str canonical_request, struct buf *out)
{
	char hash[2 * SHA256_LEN + 1];

	sha256_hex(canonical_request, hash);
	buf_z(out, ALGORITHM "\n");
	buf_str(out, c->timestamp);
	buf_c(out, '\n');
	buf_str(out, c->date);
	buf_c(out, '/');
	buf_str(out, c->region);
	buf_c(out, '/');
	buf_str(out, c->service);
	buf_z(out, "/aws4_request\n");
	buf_z(out, hash);
}

void
sigv4_signing_key(struct str secret_key, struct str date, struct str region, struct str service,
    uint8_t out[32])
{
	AUTO_BUF seed = BUF_INIT;
	uint8_t k[SHA256_LEN];

	buf_z(&seed, "AWS4");
	buf_str(&seed, secret_key);
	hmac_sha256(buf_view(&seed), date, k);
	hmac_sha256(bytes(k), region, out);
	hmac_sha256(bytes(out), service, k);
	hmac_sha256(bytes(k), STR_LIT("aws4_request"), out);
	explicit_bzero(k, sizeof(k));
}

void
sigv4_signature(const struct sigv4_claim *c, struct str secret_key, struct str string_to_sign,
    char out[65])
{
	uint8_t key[SHA256_LEN], mac[SHA256_LEN];

	sigv4_signing_key(secret_key, c->date, c->region, c->service, key);
	hmac_sha256(bytes(key), string_to_sign, mac);
	hex_encode(mac, sizeof(mac), out);
	out[64] = '\0';
	explicit_bzero(key, sizeof(key));
	explicit_bzero(mac, sizeof(mac));
}

bool
sigv4_matches(const struct sigv4_claim *c, const uint8_t signing_key[32], struct str string_to_sign)
{
	uint8_t sent[SHA256_LEN] = { 0 }, mac[SHA256_LEN];
	bool is_hex = hex_decode_lower(c->signature, sent, sizeof(sent));
	bool same;

	hmac_sha256(bytes(signing_key), string_to_sign, mac);
	same = bytes_equal_ct(sent, mac, sizeof(mac));
	explicit_bzero(mac, sizeof(mac));
	return is_hex && same;
}

bool
sigv4_payload_is_true(struct arena *a, const struct sigv4_request *r)
{
	struct str claimed = payload_header(a, r);
	char hash[2 * SHA256_LEN + 1];

	if (claimed.p == NULL)
		return true;
	sha256_hex(r->body, hash);
	return str_is(claimed, hash);
}

bool
sigv4_mismatch(struct err *e)
{
	return err_set(e, ERR_INVALID_SIGNATURE, "The request signature we calculated does not "
	    "match the signature you provided. Check your AWS Secret Access Key and signing "
	    "method. Consult the service documentation for details.");
}

bool
sigv4_check(struct arena *a, const struct sigv4_request *r, const struct sigv4_claim *c,
    struct str secret_key, struct err *e)
{
	AUTO_BUF canonical = BUF_INIT;
	AUTO_BUF to_sign = BUF_INIT;
	uint8_t key[SHA256_LEN];
	bool same;

	sigv4_canonical_request(a, r, c, NULL, &canonical);
	sigv4_string_to_sign(c, buf_view(&canonical), &to_sign);
	sigv4_signing_key(secret_key, c->date, c->region, c->service, key);
	same = sigv4_matches(c, key, buf_view(&to_sign));
	explicit_bzero(key, sizeof(key));
	return (same && sigv4_payload_is_true(a, r)) || sigv4_mismatch(e);
}

/* ---- client side */

static struct str
lower(struct arena *a, struct str s)
{
	char *p = arena_strz(a, s);

	for (size_t i = 0; i < s.n; i++) {
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] + 32);
	}
	return (struct str){ p, s.n };
}

static int
compare_names(const void *left, const void *right)
{
	return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

/* "host;x-amz-date": every name once, lower case, sorted. */
static struct str
list_names(struct arena *a, const struct sigv4_request *r)
{
	struct str *names = arena_array(a, struct str, r->header_count);
	AUTO_BUF list = BUF_INIT;

	for (size_t i = 0; i < r->header_count; i++)
		names[i] = lower(a, r->headers[i].name);
	qsort(names, r->header_count, sizeof(names[0]), compare_names);
	for (size_t i = 0; i < r->header_count; i++) {
		if (i > 0 && str_eq(names[i], names[i - 1]))
			continue;
		if (i > 0)
			buf_c(&list, ';');
		buf_str(&list, names[i]);
	}
	return arena_str(a, buf_view(&list));
}

static const char *
authorization(struct arena *a, const struct sigv4_request *r, const struct sigv4_claim *c,
    struct str secret_key)
{
	AUTO_BUF canonical = BUF_INIT;
	AUTO_BUF to_sign = BUF_INIT;
	char signature[65];

	sigv4_canonical_request(a, r, c, NULL, &canonical);
	sigv4_string_to_sign(c, buf_view(&canonical), &to_sign);
	sigv4_signature(c, secret_key, buf_view(&to_sign), signature);
	return arena_printf(a, ALGORITHM " Credential=" STR_FMT "/" STR_FMT "/" STR_FMT "/" STR_FMT
	    "/aws4_request, SignedHeaders=" STR_FMT ", Signature=%s", STR_ARG(c->access_key_id),
	    STR_ARG(c->date), STR_ARG(c->region), STR_ARG(c->service), STR_ARG(c->signed_headers),
	    signature);
}

size_t
sigv4_sign(struct arena *a, const struct sigv4_request *r, const struct sigv4_credentials *cred,
    const char *region, const char *service, int64_t now_s, struct header out[3])
{
	struct header *all = arena_array(a, struct header, r->header_count + 2);
	struct sigv4_request full = *r;
	char *now = arena_alloc(a, 17);
	struct sigv4_claim c;
	size_t n = 0;

	time_format_basic(now_s, now);
	out[n++] = (struct header){ STR_LIT("X-Amz-Date"), str_of(now) };
	if (cred->session_token.p != NULL)
		out[n++] = (struct header){ STR_LIT("X-Amz-Security-Token"), cred->session_token };
	if (r->header_count > 0)
		memcpy(all, r->headers, r->header_count * sizeof(all[0]));
	memcpy(all + r->header_count, out, n * sizeof(all[0]));
	full.headers = all;
	full.header_count = r->header_count + n;
	c = (struct sigv4_claim){ .access_key_id = cred->access_key_id, .date = { now, 8 },
		.region = str_of(region), .service = str_of(service), .timestamp = str_of(now),
		.time_s = now_s, .signed_headers = list_names(a, &full) };
	out[n++] = (struct header){ STR_LIT("Authorization"),
		str_of(authorization(a, &full, &c, cred->secret_access_key)) };
	return n;
}
