/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/cleanup.h"
#include "test.h"

/* ---- a record back into the struct, as far as the struct can carry it */

static struct str
compact(struct arena *a, const json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	char *own = arena_strdup(a, text);

	free(text);
	return str_of(own);
}

static struct str
json_or_null(struct arena *a, const json_t *v)
{
	return v == NULL || json_is_null(v) ? STR_NULL : compact(a, v);
}

static int64_t
time_of(const json_t *object, const char *key)
{
	int64_t s = 0;

	assert_true(time_parse_iso(json_member_str(object, key), &s));
	return s * 1000;
}

static enum audit_identity
identity_of(struct str type)
{
	static const struct { const char *type; enum audit_identity identity; } rows[] = {
		{ "Root", AUDIT_ROOT }, { "IAMUser", AUDIT_IAM_USER },
		{ "AssumedRole", AUDIT_ASSUMED_ROLE }, { "FederatedUser", AUDIT_FEDERATED_USER },
		{ "WebIdentityUser", AUDIT_WEB_IDENTITY }, { "AWSAccount", AUDIT_ACCOUNT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_is(type, rows[i].type))
			return rows[i].identity;
	}
	return AUDIT_SERVICE;
}

static void
read_identity(struct audit_event *v, const json_t *id)
{
	const json_t *session = json_object_get(id, "sessionContext");
	const json_t *issuer = json_object_get(session, "sessionIssuer");

	v->identity = identity_of(json_member_str(id, "type"));
	v->account = json_member_str(id, "accountId");
	v->principal_id = json_member_str(id, "principalId");
	v->arn = json_member_str(id, "arn");
	v->access_key_id = json_member_str(id, "accessKeyId");
	v->user_name = json_member_str(id, "userName");
	v->invoked_by = json_member_str(id, "invokedBy");
	v->issuer_arn = json_member_str(issuer, "arn");
	v->issuer_id = json_member_str(issuer, "principalId");
	v->issuer_name = json_member_str(issuer, "userName");
	v->identity_provider = json_member_str(json_object_get(session, "webIdFederationData"),
	    "federatedProvider");
	if (session != NULL)
		v->session_created_ms =
		    time_of(json_object_get(session, "attributes"), "creationDate");
}

static struct audit_event
read_event(struct arena *a, const json_t *r)
{
	const json_t *tls = json_object_get(r, "tlsDetails");
	struct audit_event v = { .time_ms = time_of(r, "eventTime") };

	read_identity(&v, json_object_get(r, "userIdentity"));
	v.source = json_member_str(r, "eventSource");
	v.name = json_member_str(r, "eventName");
	v.region = json_member_str(r, "awsRegion");
	v.source_ip = json_member_str(r, "sourceIPAddress");
	v.user_agent = json_member_str(r, "userAgent");
	v.error_code = json_member_str(r, "errorCode");
	v.error_message = json_member_str(r, "errorMessage");
	v.request_parameters = json_or_null(a, json_object_get(r, "requestParameters"));
	v.response_elements = json_or_null(a, json_object_get(r, "responseElements"));
	v.additional_data = json_or_null(a, json_object_get(r, "additionalEventData"));
	v.request_id = json_member_str(r, "requestID");
	v.event_id = json_member_str(r, "eventID");
	v.read_only = json_is_true(json_object_get(r, "readOnly"));
	v.resources = json_or_null(a, json_object_get(r, "resources"));
	v.is_service_event = str_is(json_member_str(r, "eventType"), "AwsServiceEvent");
	v.recipient_account = json_member_str(r, "recipientAccountId");
	v.shared_event_id = json_member_str(r, "sharedEventID");
	v.vpc_endpoint_id = json_member_str(r, "vpcEndpointId");
	v.tls_version = json_string_value(json_object_get(tls, "tlsVersion"));
	v.tls_cipher = json_string_value(json_object_get(tls, "cipherSuite"));
	v.host_header = json_member_str(tls, "clientProvidedHostHeader");
	return v;
}

static void
check_round_trip(struct arena *a, const json_t *record)
{
	struct audit_event v = read_event(a, record);
	AUTO_BUF out = BUF_INIT;

	audit_format(&v, &out);
	CHECK_STR(buf_view(&out), compact(a, record).p);
}

static json_t *
parse(struct arena *a, struct str text)
{
	struct err e;
	json_t *doc = json_parse(a, text, JSON_STRICT_KEYS, &e);

	if (doc == NULL)
		fail_msg("no JSON (%s): " STR_FMT, e.detail, STR_ARG(text));
	return doc;
}

TEST("the four records of vectors/cloudtrail/events.json come out byte for byte")
{
	AUTO(arena) *a = arena_new();
	json_error_t at;
	json_t *events = json_load_file("tests/vectors/cloudtrail/events.json", 0, &at);

	assert_non_null(events);
	assert_int_equal(json_array_size(events), 4);
	for (size_t i = 0; i < 4; i++)
		check_round_trip(a, json_array_get(events, i));
	json_decref(events);
}

/* spec/security.md 6.6 */
static const char *const examples[] = {
	"{\"eventVersion\":\"1.11\",\"userIdentity\":{\"type\":\"AssumedRole\",\"principalId\":"
	"\"AROABILLINGEXAMPLE001:billing-7f9c\",\"arn\":\"arn:aws:sts::444455556666:assumed-role/"
	"billing/"
	"billing-7f9c\",\"accountId\":\"444455556666\",\"accessKeyId\":\"ASIAEXAMPLEBILLING01\","
	"\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\",\"principalId\":"
	"\"AROABILLINGEXAMPLE001\","
	"\"arn\":\"arn:aws:iam::444455556666:role/k8s/billing\",\"accountId\":\"444455556666\","
	"\"userName\":\"billing\"},\"webIdFederationData\":{\"federatedProvider\":"
	"\"arn:aws:iam::444455556666:oidc-provider/oidc.cluster.example/prod\",\"attributes\":{}},"
	"\"attributes\":{\"creationDate\":\"2026-05-04T07:58:11Z\",\"mfaAuthenticated\":\"false\"}}"
	"},"
	"\"eventTime\":\"2026-05-04T08:00:42Z\",\"eventSource\":\"secretsmanager.amazonaws.com\","
	"\"eventName\":\"GetSecretValue\",\"awsRegion\":\"eu-west-1\",\"sourceIPAddress\":\"10.42."
	"7.19\","
	"\"userAgent\":\"aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.2 "
	"api/secretsmanager#1.35.4\",\"requestParameters\":{\"secretId\":\"billing/stripe\","
	"\"versionStage\":\"AWSCURRENT\"},\"responseElements\":null,"
	"\"requestID\":\"6b1c5b0e-35a0-4f67-8a5e-0f2a9f0a7d31\","
	"\"eventID\":\"e3f5bb0c-8c1e-4ad4-9f57-3a55e2f3c7a9\",\"readOnly\":true,"
	"\"eventType\":\"AwsApiCall\",\"managementEvent\":true,\"recipientAccountId\":"
	"\"444455556666\","
	"\"vpcEndpointId\":\"vpce-0a1b2c3d4e5f67890\",\"eventCategory\":\"Management\","
	"\"tlsDetails\":"
	"{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\","
	"\"clientProvidedHostHeader\":\"secrets.corp.example:8443\"}}",
	"{\"eventVersion\":\"1.11\",\"userIdentity\":{\"type\":\"AWSAccount\",\"principalId\":"
	"\"AIDACAROLEXAMPLE00001\",\"accountId\":\"777788889999\"},\"eventTime\":\"2026-05-04T08:"
	"03:05Z\","
	"\"eventSource\":\"secretsmanager.amazonaws.com\",\"eventName\":\"PutResourcePolicy\","
	"\"awsRegion\":\"eu-west-1\",\"sourceIPAddress\":\"10.42.9.2\",\"userAgent\":\"Boto3/"
	"1.43.11 "
	"md/Botocore#1.43.11 lang/python#3.12.4\",\"errorCode\":\"AccessDenied\",\"errorMessage\":"
	"\"User: arn:aws:iam::777788889999:user/carol is not authorized to perform: "
	"secretsmanager:PutResourcePolicy on resource: "
	"arn:aws:secretsmanager:eu-west-1:444455556666:secret:billing/stripe-Qx7Lm2 because no "
	"resource-based policy allows the secretsmanager:PutResourcePolicy action\","
	"\"requestParameters\":{\"secretId\":\"arn:aws:secretsmanager:eu-west-1:444455556666:"
	"secret:"
	"billing/stripe-Qx7Lm2\"},\"responseElements\":null,"
	"\"requestID\":\"1f0c0f0a-6f3b-4d55-b7c4-2f6f4a9a0c55\","
	"\"eventID\":\"97b5a1b6-0a59-4e7e-9b0e-6a3e4b6f1d02\",\"readOnly\":false,"
	"\"eventType\":\"AwsApiCall\",\"managementEvent\":true,\"recipientAccountId\":"
	"\"444455556666\","
	"\"sharedEventID\":\"5c1d4c8b-7a0e-4a1c-9f0b-1d7c2b3a4e5f\",\"eventCategory\":"
	"\"Management\","
	"\"tlsDetails\":{\"tlsVersion\":\"TLSv1.2\",\"cipherSuite\":\"ECDHE-ECDSA-AES128-GCM-"
	"SHA256\","
	"\"clientProvidedHostHeader\":\"secrets.corp.example:8443\"}}",
};

TEST("the two full examples of the specification come out byte for byte")
{
	AUTO(arena) *a = arena_new();

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct audit_event v = read_event(a, parse(a, str_of(examples[i])));
		AUTO_BUF out = BUF_INIT;

		audit_format(&v, &out);
		CHECK_STR(buf_view(&out), examples[i]);
	}
}

static struct audit_event
some_event(void)
{
	return (struct audit_event){ .identity = AUDIT_IAM_USER,
		.account = STR_LIT("111122223333"),
		.principal_id = STR_LIT("AIDA1"),
		.arn = STR_LIT("arn:aws:iam::111122223333:user/a"),
		.access_key_id = STR_LIT("AKIA1"),
		.user_name = STR_LIT("a"),
		.source = STR_LIT("secretsmanager.amazonaws.com"),
		.name = STR_LIT("GetSecretValue"),
		.region = STR_LIT("us-east-1"),
		.source_ip = STR_LIT("10.0.0.1"),
		.user_agent = STR_LIT("test"),
		.request_id = STR_LIT("r"),
		.event_id = STR_LIT("e"),
		.read_only = true };
}

/* The record as a document of the arena. */
static json_t *
format(struct arena *a, const struct audit_event *v)
{
	AUTO_BUF out = BUF_INIT;

	audit_format(v, &out);
	assert_null(memchr(out.p, '\n', out.n));
	return parse(a, arena_str(a, buf_view(&out)));
}

TEST("what is absent is left out, but parameters and response are null")
{
	AUTO(arena) *a = arena_new();
	static const char *const left_out[] = { "errorCode", "errorMessage", "additionalEventData",
		"resources", "sharedEventID", "vpcEndpointId", "tlsDetails" };
	struct audit_event v = some_event();
	json_t *r = format(a, &v);

	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		assert_null(json_object_get(r, left_out[i]));
	assert_true(json_is_null(json_object_get(r, "requestParameters")));
	assert_true(json_is_null(json_object_get(r, "responseElements")));
	CHECK_STR(json_member_str(r, "recipientAccountId"), "111122223333");
}

static const struct { enum audit_identity identity; const char *want; } identities[] = {
	{ AUDIT_ROOT, "{\"type\":\"Root\",\"principalId\":\"P\",\"arn\":\"A\",\"accountId\":\"1\","
		      "\"accessKeyId\":\"K\",\"userName\":\"U\"}" },
	{ AUDIT_IAM_USER,
	    "{\"type\":\"IAMUser\",\"principalId\":\"P\",\"arn\":\"A\",\"accountId\":\"1\","
	    "\"accessKeyId\":\"K\",\"userName\":\"U\"}" },
	{ AUDIT_FEDERATED_USER, "{\"type\":\"FederatedUser\",\"principalId\":\"P\",\"arn\":\"A\","
				"\"accountId\":\"1\",\"accessKeyId\":\"K\",\"userName\":\"U\"}" },
	{ AUDIT_WEB_IDENTITY,
	    "{\"type\":\"WebIdentityUser\",\"principalId\":\"P\",\"userName\":\"U\","
	    "\"identityProvider\":\"I\"}" },
	{ AUDIT_ACCOUNT, "{\"type\":\"AWSAccount\",\"principalId\":\"P\",\"accountId\":\"1\"}" },
	{ AUDIT_SERVICE, "{\"accountId\":\"1\"}" },
};

TEST("each identity shows its own members only")
{
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
		AUTO(arena) *a = arena_new();
		struct audit_event v = some_event();

		v.identity = identities[i].identity;
		v.account = STR_LIT("1");
		v.principal_id = STR_LIT("P");
		v.arn = STR_LIT("A");
		v.access_key_id = STR_LIT("K");
		v.user_name = STR_LIT("U");
		v.identity_provider = STR_LIT("I");
		CHECK_STR(compact(a, json_object_get(format(a, &v), "userIdentity")),
		    identities[i].want);
	}
}

TEST("temporary credentials of a user show a session; a call made for a caller shows by whom")
{
	AUTO(arena) *a = arena_new();
	struct audit_event v = some_event();

	v.session_created_ms = INT64_C(1772366400000);
	v.invoked_by = STR_LIT("secretsmanager.amazonaws.com");
	CHECK_STR(compact(a, json_object_get(format(a, &v), "userIdentity")),
	    "{\"type\":\"IAMUser\",\"principalId\":\"AIDA1\",\"arn\":\"arn:aws:iam::111122223333:"
	    "user/a\","
	    "\"accountId\":\"111122223333\",\"accessKeyId\":\"AKIA1\",\"userName\":\"a\","
	    "\"sessionContext\":"
	    "{\"attributes\":{\"creationDate\":\"2026-03-01T12:00:00Z\",\"mfaAuthenticated\":"
	    "\"false\"}},"
	    "\"invokedBy\":\"secretsmanager.amazonaws.com\"}");
}

TEST("an event id that is not given is a fresh UUID each time")
{
	AUTO(arena) *a = arena_new();
	struct audit_event v = some_event();
	struct str one, two;

	v.event_id = STR_NULL;
	one = json_member_str(format(a, &v), "eventID");
	two = json_member_str(format(a, &v), "eventID");
	assert_int_equal(one.n, 36);
	assert_false(str_eq(one, two));
}

TEST("texts of more than 1 KiB are cut at a code point and end in three dots")
{
	AUTO(arena) *a = arena_new();
	struct audit_event v = some_event();
	char *ascii = arena_alloc(a, 3000), *euros = arena_alloc(a, 3000);
	struct str got;
	json_t *r;

	memset(ascii, 'x', 3000);
	for (size_t i = 0; i < 1000; i++)
		memcpy(euros + 3 * i, "\xe2\x82\xac", 3);
	v.user_agent = (struct str){ ascii, 1024 };
	v.error_code = (struct str){ ascii, 1025 };
	v.error_message = (struct str){ euros, 3000 };
	r = format(a, &v);
	assert_int_equal(json_member_str(r, "userAgent").n, 1024);
	got = json_member_str(r, "errorCode");
	assert_int_equal(got.n, 1024);
	assert_memory_equal(got.p + 1020, "x...", 4);
	got = json_member_str(r, "errorMessage");
	assert_int_equal(got.n, 340 * 3 + 3);
	assert_memory_equal(got.p + got.n - 6, "\xe2\x82\xac...", 6);
}

TEST("a header with control characters or bytes that are no UTF-8 still gives one line of JSON")
{
	AUTO(arena) *a = arena_new();
	struct audit_event v = some_event();
	json_t *r;

	v.user_agent = STR_LIT("a\r\n\x1b[31m\"\\\0z");
	v.source_ip = STR_LIT("\xff\xc3\xa4\xe2\x82z\xed\xa0\x80");
	r = format(a, &v);
	assert_true(str_eq(json_member_str(r, "userAgent"), STR_LIT("a\r\n\x1b[31m\"\\\0z")));
	CHECK_STR(json_member_str(r, "sourceIPAddress"),
	    "\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbdz"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

/* {"x":"aaaa..."} of n bytes */
static struct str
object_of(struct arena *a, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memset(p, 'a', n);
	memcpy(p, "{\"x\":\"", 6);
	memcpy(p + n - 2, "\"}", 2);
	return (struct str){ p, n };
}

TEST("parameters of more than 100 KiB become null, and additionalEventData says so")
{
	AUTO(arena) *a = arena_new();
	struct audit_event v = some_event();
	json_t *r;

	v.request_parameters = object_of(a, 100 * 1024);
	v.response_elements = object_of(a, 100 * 1024 + 1);
	v.additional_data = STR_LIT("{\"SecretId\":\"s\"}");
	r = format(a, &v);
	assert_true(json_is_object(json_object_get(r, "requestParameters")));
	assert_true(json_is_null(json_object_get(r, "responseElements")));
	CHECK_STR(compact(a, json_object_get(r, "additionalEventData")),
	    "{\"responseElementsOmitted\":true,\"SecretId\":\"s\"}");
	v.request_parameters = object_of(a, 100 * 1024 + 1);
	v.additional_data = STR_LIT("{ }");
	CHECK_STR(compact(a, json_object_get(format(a, &v), "additionalEventData")),
	    "{\"requestParametersOmitted\":true,\"responseElementsOmitted\":true}");
	v = some_event();
	v.additional_data = object_of(a, 28 * 1024 + 1);
	CHECK_STR(compact(a, json_object_get(format(a, &v), "additionalEventData")),
	    "{\"additionalEventDataOmitted\":true}");
	v.additional_data = object_of(a, 28 * 1024);
	assert_non_null(
	    json_object_get(json_object_get(format(a, &v), "additionalEventData"), "x"));
}

TEST("parameters that were written over several lines are put on one")
{
	AUTO(arena) *a = arena_new();
	struct audit_event v = some_event();

	v.request_parameters = STR_LIT("{\n  \"a\":\r\n 1\n}");
	CHECK_STR(compact(a, json_object_get(format(a, &v), "requestParameters")), "{\"a\":1}");
}
