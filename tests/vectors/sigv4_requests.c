/* SPDX-License-Identifier: Apache-2.0 */
/* cases.json: requests as SDKs sign them, each with the verdict a server must give. */
#include "sigv4_requests.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "vectors.h"

bool
requests_region_ok(void *arg, struct str region)
{
	const json_t *regions = json_object_get(arg, "regions"), *one;
	size_t i;

	json_array_foreach(regions, i, one) {
		if (str_eq(json_str(one), region))
			return true;
	}
	return false;
}

bool
requests_lookup(void *arg, struct str access_key_id, struct str token, struct sigv4_key *out,
    struct err *e)
{
	const json_t *keys = json_object_get(arg, "keys"), *k;
	size_t i;

	(void)e;
	json_array_foreach(keys, i, k) {
		struct str own = json_member_str(k, "session_token");
		struct str status = json_member_str(k, "status");

		if (!str_eq(json_member_str(k, "access_key_id"), access_key_id))
			continue;
		if ((status.p != NULL && !str_is(status, "Active")) ||
		    (own.p == NULL) != (token.p == NULL) || own.n != token.n ||
		    !bytes_equal_ct(own.p, token.p, own.n))
			return true;
		out->secret = json_member_str(k, "secret_access_key");
		(void)time_parse_iso(json_member_str(k, "expires"), &out->expires_s);
	}
	return true;
}

struct sigv4_request
requests_parse(struct arena *a, const json_t *request)
{
	const json_t *list = json_object_get(request, "headers"), *pair;
	struct header *headers = arena_array(a, struct header, json_array_size(list));
	struct sigv4_request r = { .headers = headers, .header_count = json_array_size(list) };
	size_t i;

	r.method = json_member_str(request, "method");
	r.target = json_member_str(request, "target");
	r.body = json_member_str(request, "body");
	json_array_foreach(list, i, pair) {
		headers[i].name = json_str(json_array_get(pair, 0));
		headers[i].value = json_str(json_array_get(pair, 1));
	}
	return r;
}

static bool
holds(struct str text, const char *needle)
{
	return text.n > 0 && memmem(text.p, text.n, needle, strlen(needle)) != NULL;
}

/* The dispatcher's rule (spec/security.md 1.2), in small. */
const char *
requests_service(const struct sigv4_request *r)
{
	struct str target = header_get(r->headers, r->header_count, "x-amz-target");

	if (str_starts(target, "secretsmanager."))
		return "secretsmanager";
	if (str_starts(target, "TrentService."))
		return "kms";
	if (str_starts(target, "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."))
		return "cloudtrail";
	if (str_starts(r->target, "/20"))
		return "lambda";
	if (holds(r->body, "Version=2011-06-15") || holds(r->target, "Version=2011-06-15"))
		return "sts";
	if (holds(r->body, "Version=2010-05-08") || holds(r->target, "Version=2010-05-08"))
		return "iam";
	return "secretsmanager";
}

struct sigv4_expect
requests_expect(json_t *server, const char *service)
{
	struct sigv4_expect x = { .service = service, .region_ok = requests_region_ok,
		.region_arg = server };

	(void)time_parse_iso(json_member_str(server, "now"), &x.now_s);
	x.skew_s = (int)json_integer_value(json_object_get(server, "skew_seconds"));
	x.presigned_lifetime_s = strcmp(service, "sts") == 0 ? 900 : 0;
	return x;
}

/* The query protocol's own names and statuses (spec/security.md 1.4); lambda answers 403. */
static const char *
public_name(const char *service, enum err_code code, int *status)
{
	static const struct { enum err_code code; const char *name; int status; } query[] = {
		{ ERR_MISSING_AUTH_TOKEN, "MissingAuthenticationToken", 403 },
		{ ERR_INCOMPLETE_SIGNATURE, "IncompleteSignature", 400 },
		{ ERR_INVALID_SIGNATURE, "SignatureDoesNotMatch", 403 },
		{ ERR_UNRECOGNIZED_CLIENT, "InvalidClientTokenId", 403 },
		{ ERR_EXPIRED_TOKEN, "ExpiredToken", 403 },
	};
	bool is_query = strcmp(service, "sts") == 0 || strcmp(service, "iam") == 0;

	*status = strcmp(service, "lambda") == 0 ? 403 : err_status(code);
	for (size_t i = 0; is_query && i < sizeof(query) / sizeof(query[0]); i++) {
		if (query[i].code == code) {
			*status = query[i].status;
			return query[i].name;
		}
	}
	return err_type(code);
}

static bool
is_refusal(const json_t *want, const char *code, int status, const char *message)
{
	struct str text = json_member_str(want, "message"), got = str_of(message);
	struct str name = json_member_str(want, "code");
	const json_t *number = json_object_get(want, "status");

	if (str_is(json_member_str(want, "message_match"), "prefix") && got.n > text.n)
		got.n = text.n;
	return (name.p == NULL || str_is(name, code)) && (text.p == NULL || str_eq(got, text)) &&
	    (number == NULL || json_integer_value(number) == status);
}

static bool
is_any_refusal(const json_t *want, const char *code, int status, const char *message)
{
	const json_t *one;
	size_t i;

	if (is_refusal(want, code, status, message))
		return true;
	json_array_foreach(json_object_get(want, "alternatives"), i, one) {
		if (json_is_object(one) && is_refusal(one, code, status, message))
			return true;
	}
	return false;
}

static void
run_case(struct tally *t, struct verifier *v, json_t *server, const json_t *k)
{
	AUTO(arena) *a = arena_new();
	const char *name = vectors_text(a, k, "name"), *code;
	const json_t *want = json_object_get(k, "expect");
	struct sigv4_request r = requests_parse(a, json_object_get(k, "request"));
	const char *service = requests_service(&r);
	struct sigv4_expect x = requests_expect(server, service);
	struct sigv4_claim c;
	struct err e;
	int status;

	if (sigv4_verify(v, a, &r, &x, requests_lookup, server, &c, &e)) {
		vectors_equal(t, name, "access key", c.access_key_id,
		    json_member_str(want, "access_key_id"));
		return;
	}
	code = public_name(service, e.code, &status);
	vectors_check(t, name, arena_printf(a, "got %d %s %s", status, code, e.msg),
	    str_is(json_member_str(want, "auth"), "error") &&
	    is_any_refusal(want, code, status, e.msg));
}

bool
vectors_sigv4_requests(struct tally *t, const char *dir)
{
	AUTO(arena) *a = arena_new();
	json_t *doc = vectors_read_json(t, a, dir, "cases.json");
	AUTO(verifier) *v = verifier_new();
	const json_t *k;
	size_t i;

	if (doc == NULL || json_object_get(doc, "server") == NULL)
		return false;
	json_array_foreach(json_object_get(doc, "cases"), i, k)
		run_case(t, v, json_object_get(doc, "server"), k);
	return true;
}
