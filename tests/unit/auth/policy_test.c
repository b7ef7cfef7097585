/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: spec/security.md 2 and 3. The vectors run through the same code as build/vectors. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/policy.h"
#include "base/arena.h"

#include "../../vectors/iam.c"
#include "../../vectors/sigv4_case.c"
#include "../../vectors/sigv4_requests.c"
#include "../../vectors/vectors.c"

#define ACCOUNT "111122223333"
#define ALICE "arn:aws:iam::111122223333:user/alice"
#define APP "arn:aws:iam::111122223333:role/svc/app"
#define SESSION "arn:aws:sts::111122223333:assumed-role/app/i-1"
#define SECRET_ARN "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1b2c3"
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

TEST("match, conditions, evaluate, public-policy, malformed-policy: every case as stated")
{
	struct tally t = { 0, 0 };

	assert_true(vectors_run(&t, "tests/vectors/iam"));
	printf("tests/vectors/iam: %zu passed, %zu failed\n", t.passed, t.failed);
	assert_int_equal(t.failed, 0);
	assert_true(t.passed > 250);
}

/* ---- a caller, a resource, policies given as text */

static struct policy_request
request_of(enum policy_principal_type type)
{
	struct policy_request r = { .action = STR_LIT("secretsmanager:GetSecretValue"),
		.resource = STR_LIT(SECRET_ARN), .account = STR_LIT(ACCOUNT) };

	r.principal = (struct policy_principal){ .type = type, .account = STR_LIT(ACCOUNT),
		.arn = STR_LIT(ALICE), .user_id = STR_LIT("AIDAALICEEXAMPLE00001") };
	if (type == PRINCIPAL_SESSION) {
		r.principal.arn = STR_LIT(SESSION);
		r.principal.role_arn = STR_LIT(APP);
		r.principal.user_id = STR_LIT("AROAAPPEXAMPLE0000001:i-1");
	}
	return r;
}

static struct policy *
stored(const char *text, enum policy_kind kind)
{
	struct policy_options o = { .kind = kind, .is_stored = true };
	struct policy *p;
	struct err e;

	p = policy_compile(str_of(text), &o, &e);
	if (p == NULL)
		fail_msg("%s: %s", text, e.msg);
	return p;
}

static struct policy_decision
identity_says(const struct policy_request *r, const char *text)
{
	AUTO(policy) *p = stored(text, POLICY_IDENTITY);
	const struct policy *list[] = { p };
	struct policy_set s = { .identity = list, .identity_count = 1 };

	return policy_evaluate(r, &s);
}

static struct policy_decision
resource_says(const struct policy_request *r, const struct policy *p, enum policy_rule rule)
{
	struct policy_set s = { .rule = rule, .resource = p };

	return policy_evaluate(r, &s);
}

#define STATEMENT(effect, rest) \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"" effect "\"," rest "}]}"
#define ANY_ACTION "\"Action\":\"*\",\"Resource\":\"*\""
#define BY(principal) "\"Principal\":" principal ",\"Action\":\"*\",\"Resource\":\"*\""

/* ---- errors: the wording of 3.1, 3.2, 3.3 */

TEST("IAM: each fault has its text, and the first in AWS's order answers")
{
	static const struct { enum policy_kind kind; const char *text, *msg; } rows[] = {
		{ POLICY_IDENTITY, "{", "This policy contains invalid Json" },
		{ POLICY_IDENTITY, "", "This policy contains invalid Json" },
		{ POLICY_IDENTITY, "[]", "Syntax errors in policy." },
		{ POLICY_IDENTITY, "{\"Version\":\"2012-10-17\",\"Id\":\"x\",\"Statement\":{\"Effect\":"
		    "\"Allow\"," ANY_ACTION "}}", "Syntax errors in policy." },
		{ POLICY_IDENTITY, STATEMENT("Maybe", ANY_ACTION), "Syntax errors in policy." },
		{ POLICY_IDENTITY, "{\"Statement\":{\"Effect\":\"Allow\"," ANY_ACTION "}}",
		    "Policy document must be version 2012-10-17 or greater." },
		{ POLICY_IDENTITY, STATEMENT("Allow", ANY_ACTION ",\"Condition\":{\"DateLessThan\":"
		    "{\"aws:CurrentTime\":\"tomorrow\"}}"), "The policy failed legacy parsing" },
		{ POLICY_IDENTITY, STATEMENT("Allow", ANY_ACTION ",\"Condition\":{\"NumericEquals\":"
		    "{\"x:y\":[1,\"two\"]}}"), "The policy failed legacy parsing" },
		{ POLICY_IDENTITY, STATEMENT("Allow", ANY_ACTION ",\"Sid\":\"a b\""),
		    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
		    "regular expression [0-9A-Za-z]*" },
		{ POLICY_IDENTITY, STATEMENT("Allow", "\"Action\":[],\"Resource\":\"*\""),
		    "Policy statement must contain actions." },
		{ POLICY_IDENTITY, STATEMENT("Allow", "\"Action\":\"a:b\""),
		    "Policy statement must contain resources." },
		{ POLICY_IDENTITY, STATEMENT("Allow", "\"Action\":\"a:b\",\"Resource\":\"prod/db\""),
		    "Resource prod/db must be in ARN format or \"*\"." },
		{ POLICY_IDENTITY, STATEMENT("Allow", "\"Action\":\"a\",\"Resource\":\"prod/db\""),
		    "Resource prod/db must be in ARN format or \"*\"." },
		{ POLICY_IDENTITY, STATEMENT("Allow", "\"Action\":\"a:b\",\"Resource\":\"arn:aws:*:x\""),
		    "Resource vendor must be fully qualified and cannot contain regexes." },
		{ POLICY_IDENTITY, STATEMENT("Allow", "\"Action\":\"a:b\",\"Resource\":\"arn:aws\""),
		    "Resource vendor must be fully qualified and cannot contain regexes." },
		{ POLICY_IDENTITY, STATEMENT("Allow", "\"Action\":\"a:b\",\"Resource\":"
		    "\"arn:aws:iam:us-east-1:111122223333:user/a\""), "IAM resource "
		    "arn:aws:iam:us-east-1:111122223333:user/a cannot contain region information." },
		{ POLICY_IDENTITY, STATEMENT("Allow", "\"NotPrincipal\":\"*\"," ANY_ACTION),
		    "Policy document should not specify a principal." },
		{ POLICY_TRUST, STATEMENT("Allow", "\"Action\":\"sts:AssumeRole\""),
		    "Missing required field Principal" },
		{ POLICY_TRUST, STATEMENT("Deny", "\"NotPrincipal\":\"*\",\"Action\":"
		    "\"sts:AssumeRole\""), "Has prohibited field NotPrincipal." },
		{ POLICY_TRUST, STATEMENT("Allow", "\"Principal\":\"*\",\"Action\":\"sts:*\""),
		    "Trust Policy statement actions can only be sts:AssumeRole, "
		    "sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity" },
		{ POLICY_TRUST, STATEMENT("Allow", "\"Principal\":{\"AWS\":\"" APP "/*\"},\"Action\":"
		    "\"sts:AssumeRole\""), "Invalid principal in policy: \"AWS\":\"" APP "/*\"" },
		{ POLICY_KEY, STATEMENT("Allow", BY("{\"AWS\":\"bob\"}")),
		    "Policy contains a statement with one or more invalid principals." },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy_options o = { .kind = rows[i].kind };
		struct err e;

		assert_null(policy_compile(str_of(rows[i].text), &o, &e));
		assert_string_equal(e.msg, rows[i].msg);
		assert_int_equal(e.code, ERR_MALFORMED_POLICY);
	}
}

TEST("trust policies admit sts:TagSession, sts:SetSourceIdentity, sts:SetContext as well")
{
	struct policy_options o = { .kind = POLICY_TRUST };
	AUTO(policy) *p = NULL;
	struct err e;

	p = policy_compile(STR_LIT(STATEMENT("Allow", "\"Principal\":{\"Federated\":\"arn:aws:iam::"
	    "111122223333:oidc-provider/x\"},\"Action\":[\"sts:AssumeRoleWithWebIdentity\","
	    "\"sts:TagSession\",\"sts:SetSourceIdentity\",\"sts:SetContext\"]")), &o, &e);
	CHECK_OK(p != NULL, &e);
}

TEST("a secret's policy: what the grammar refuses, and its neighbour that it accepts")
{
	static const struct { bool is_ok; const char *text; } rows[] = {
		{ true, STATEMENT("Allow", BY("{\"AWS\":[\"" ALICE "\",\"" SESSION "\"]}")) },
		{ false, STATEMENT("Allow", BY("\"" ALICE "\"")) },
		{ false, STATEMENT("Allow", BY("{}")) },
		{ false, STATEMENT("Allow", BY("{\"AWS\":[]}")) },
		{ false, STATEMENT("Allow", BY("{\"AWS\":7}")) },
		{ false, STATEMENT("Allow", BY("{\"AWS\":\"" ALICE "/\"}")) },
		{ false, STATEMENT("Allow", BY("{\"AWS\":\"AIDAALICEEXAMPLE00001\"}")) },
		{ true, STATEMENT("Allow", BY("{\"CanonicalUser\":\"79a5\"}")) },
		{ true, STATEMENT("Allow", BY("{\"Service\":\"logs.eu-west-1.amazonaws.com\"}")) },
		{ false, STATEMENT("Allow", BY("{\"Service\":\"*\"}")) },
		{ false, STATEMENT("Allow", BY("{\"Service\":\"lambda.example.com\"}")) },
		{ true, STATEMENT("Deny", "\"NotPrincipal\":{\"AWS\":\"" ALICE "\"}," ANY_ACTION) },
		{ false, STATEMENT("Allow", "\"NotPrincipal\":{\"AWS\":\"" ALICE "\"}," ANY_ACTION) },
		{ true, STATEMENT("Allow", BY("\"*\"") ",\"Condition\":{}") },
		{ false, STATEMENT("Allow", BY("\"*\"") ",\"Condition\":[]") },
		{ false, STATEMENT("Allow", BY("\"*\"") ",\"Condition\":{\"StringEquals\":"
		    "{\"x:y\":null}}") },
		{ false, STATEMENT("Allow", BY("\"*\"") ",\"Condition\":{\"stringequals\":"
		    "{\"x:y\":\"z\"}}") },
		{ true, STATEMENT("Allow", BY("\"*\"") ",\"Condition\":{\"StringLike\":"
		    "{\"x:y\":[\"${aws:username}\",1,true,2.5]}}") },
		{ false, STATEMENT("Allow", BY("\"*\"") ",\"Condition\":{\"StringLike\":"
		    "{\"x:y\":\"${aws:username\"}}") },
		{ false, STATEMENT("Allow", BY("\"*\"") ",\"Condition\":{\"StringLike\":"
		    "{\"x:y\":\"${}\"}}") },
		{ false, STATEMENT("Allow", BY("\"*\"") ",\"Condition\":{\"StringLike\":"
		    "{\"x:y\":\"${k, none}\"}}") },
		{ false, STATEMENT("Allow", BY("\"*\"") ",\"action\":\"*\"") },
		{ false, STATEMENT("Allow", "\"Principal\":\"*\",\"Action\":\"*:*\",\"Resource\":\"*\"") },
		{ true, STATEMENT("Allow", "\"Principal\":\"*\",\"Action\":\"x:*\",\"Resource\":\"*\"") },
		{ false, STATEMENT("Allow", BY("\"*\"") ",\"Sid\":\"\\u20ac\xe2\x82\xac\"") },
		{ true, STATEMENT("Allow", BY("\"*\"") ",\"Sid\":\"\\u20ac\xc3\xa9\"") },
		{ false, STATEMENT("Allow", BY("\"*\"") ",\"Sid\":\"\xff\"") },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy_options o = { .kind = POLICY_SECRET };
		AUTO(policy) *p = NULL;
		struct err e;

		p = policy_compile(str_of(rows[i].text), &o, &e);
		if ((p != NULL) != rows[i].is_ok)
			fail_msg("%s: %s", rows[i].text, p != NULL ? "accepted" : e.msg);
	}
}

TEST("a secret's policy has 1 to 20,480 characters")
{
	struct policy_options o = { .kind = POLICY_SECRET };
	struct err e;

	assert_null(policy_compile(STR_LIT(""), &o, &e));
	assert_int_equal(e.code, ERR_VALIDATION);
	assert_string_equal(e.msg, "1 validation error detected: Value at 'resourcePolicy' failed "
	    "to satisfy constraint: Member must have length greater than or equal to 1");
}

TEST("nesting below the grammar's and more than 1,000 statements are refused")
{
	AUTO_BUF b = BUF_INIT;
	struct policy_options o = { .kind = POLICY_IDENTITY };
	struct err e;

	buf_z(&b, "{\"Version\":\"2012-10-17\",\"Statement\":[");
	for (int i = 0; i <= 1000; i++)
		buf_printf(&b, "%s{\"Effect\":\"Allow\"," ANY_ACTION "}", i > 0 ? "," : "");
	buf_z(&b, "]}");
	assert_null(policy_compile(buf_view(&b), &o, &e));
	assert_string_equal(e.msg, "Syntax errors in policy.");
	assert_null(policy_compile(STR_LIT(STATEMENT("Allow", ANY_ACTION
	    ",\"Condition\":{\"StringEquals\":{\"a\":[[[[[1]]]]]}}")), &o, &e));
}

TEST("white space outside strings does not count against IAM's size limits")
{
	assert_int_equal(policy_counted_size(STR_LIT("{ \"a b\\\" \" :\n\t1 }")), 12);
	assert_int_equal(policy_counted_size(STR_LIT("\"\xc3\xa9\"")), 3);
}

/* ---- principals are bound to their unique ids */

static bool
alice_is_001(void *arg, struct str principal, struct str *out_id)
{
	if (!str_is(principal, ALICE))
		return false;
	*out_id = str_of(arg);
	return true;
}

TEST("a user deleted and made again under the same name is not the user the policy named")
{
	static const char text[] = STATEMENT("Allow", BY("{\"AWS\":\"" ALICE "\"}"));
	struct policy_options o = { .kind = POLICY_SECRET, .find_principal = alice_is_001 };
	struct policy_request r = request_of(PRINCIPAL_USER);
	AUTO(policy) *first = NULL;
	AUTO(policy) *second = NULL;
	struct err e;

	o.arg = (void *)(uintptr_t)"AIDAALICEEXAMPLE00001";
	first = policy_compile(str_of(text), &o, &e);
	assert_int_equal(resource_says(&r, first, RULE_RESOURCE).verdict, POLICY_ALLOW);
	o.arg = (void *)(uintptr_t)"AIDAANOTHERALICE00002";
	second = policy_compile(str_of(text), &o, &e);
	assert_int_equal(resource_says(&r, second, RULE_RESOURCE).verdict, POLICY_IMPLICIT_DENY);
}

TEST("a principal that is gone: refused at save, matches nobody once stored")
{
	static const char text[] = STATEMENT("Allow", BY("{\"AWS\":\"" APP "\"}"));
	struct policy_options o = { .kind = POLICY_SECRET, .find_principal = alice_is_001 };
	struct policy_request r = request_of(PRINCIPAL_SESSION);
	AUTO(policy) *p = NULL;
	struct err e;

	assert_null(policy_compile(str_of(text), &o, &e));
	assert_string_equal(e.msg, "This resource policy contains an unsupported principal.");
	o.is_stored = true;
	p = policy_compile(str_of(text), &o, &e);
	assert_non_null(p);
	assert_int_equal(resource_says(&r, p, RULE_RESOURCE).verdict, POLICY_IMPLICIT_DENY);
}

TEST("a unique id in a stored policy is the principal that has it")
{
	AUTO(policy) *p = stored(STATEMENT("Allow", BY("{\"AWS\":\"AROAAPPEXAMPLE0000001\"}")),
	    POLICY_SECRET);
	struct policy_request r = request_of(PRINCIPAL_SESSION);

	assert_int_equal(resource_says(&r, p, RULE_RESOURCE).verdict, POLICY_ALLOW);
	r.principal.user_id = STR_LIT("AROAAPPEXAMPLE0000002:i-1");
	assert_int_equal(resource_says(&r, p, RULE_RESOURCE).verdict, POLICY_IMPLICIT_DENY);
}

TEST("NotPrincipal with Allow, should one be stored, grants nothing and is public")
{
	AUTO(policy) *p = stored(STATEMENT("Allow", "\"NotPrincipal\":{\"AWS\":\"444455556666\"},"
	    ANY_ACTION), POLICY_SECRET);
	struct policy_request r = request_of(PRINCIPAL_USER);

	assert_int_equal(resource_says(&r, p, RULE_RESOURCE).verdict, POLICY_IMPLICIT_DENY);
	assert_true(policy_is_public(p));
}

TEST("NotPrincipal spares a session only when role and session are both listed")
{
	static const struct { const char *listed; enum policy_verdict verdict; } rows[] = {
		{ "\"" APP "\",\"" SESSION "\"", POLICY_IMPLICIT_DENY },
		{ "\"" APP "\"", POLICY_EXPLICIT_DENY },
		{ "\"" SESSION "\"", POLICY_EXPLICIT_DENY },
		{ "\"" ACCOUNT "\"", POLICY_EXPLICIT_DENY },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		AUTO(arena) *a = arena_new();
		AUTO(policy) *p = stored(arena_printf(a, STATEMENT("Deny", "\"NotPrincipal\":{\"AWS\":"
		    "[%s]}," ANY_ACTION), rows[i].listed), POLICY_SECRET);
		struct policy_request r = request_of(PRINCIPAL_SESSION);

		assert_int_equal(resource_says(&r, p, RULE_RESOURCE).verdict, rows[i].verdict);
	}
}

TEST("BlockPublicPolicy: set operators narrow nothing, but for ForAnyValue on PrincipalOrgPaths")
{
	static const struct { const char *condition; bool is_public; } rows[] = {
		{ "\"StringEquals\":{\"aws:SourceAccount\":\"" ACCOUNT "\"}", false },
		{ "\"ForAllValues:StringEquals\":{\"aws:SourceAccount\":\"" ACCOUNT "\"}", true },
		{ "\"ForAnyValue:StringEquals\":{\"aws:SourceAccount\":\"" ACCOUNT "\"}", true },
		{ "\"ForAnyValue:StringLike\":{\"aws:PrincipalOrgPaths\":\"o-1/*\"}", false },
		{ "\"StringLike\":{\"aws:PrincipalOrgPaths\":\"o-1/*\"}", true },
		{ "\"ForAnyValue:StringLike\":{\"aws:PrincipalOrgPaths\":\"o-*/r\"}", true },
		{ "\"StringEquals\":{\"aws:SourceAccount\":[]}", true },
		{ "\"StringEquals\":{\"aws:SourceAccount\":[\"" ACCOUNT "\",\"*\"]}", true },
		{ "\"StringLike\":{\"aws:userid\":\"AROA*:*\"}", true },
		{ "\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:s3:::b\"}", true },
		{ "\"StringEquals\":{\"aws:SourceArn\":\"arn:aws:s3:::b\"}", false },
		{ "\"StringEquals\":{\"aws:SourceArn\":\"${aws:SourceArn}\"}", true },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		AUTO(arena) *a = arena_new();
		AUTO(policy) *p = stored(arena_printf(a, STATEMENT("Allow", BY("\"*\"")
		    ",\"Condition\":{%s}"), rows[i].condition), POLICY_SECRET);

		if (policy_is_public(p) != rows[i].is_public)
			fail_msg("%s", rows[i].condition);
	}
}

TEST("no wildcard crosses the first five colons of an ARN; in the last part they cross anything")
{
	static const struct { const char *pattern; bool want; } rows[] = {
		{ "arn:aws:secretsmanager:us-east-1:111122223333:secret?prod/db-a1b2c3", true },
		{ "arn:aws:secretsmanager:us-east-1?111122223333:secret:prod/db-a1b2c3", false },
		{ "arn:aws:secretsmanager?us-east-1:111122223333:secret:prod/db-a1b2c3", false },
		{ "arn:aws:*:secret:prod/db-a1b2c3", false },
		{ "arn:aws:*3:secret:*", false },
		{ "arn*", true },		/* missing parts are "*" */
		{ "arn:*", true },
		{ "arn:aws:secretsmanager:us-*-1:*:*-a1b2c3", true },
		{ "", false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		if (policy_resource_matches(str_of(rows[i].pattern), STR_LIT(SECRET_ARN)) !=
		    rows[i].want)
			fail_msg("%s", rows[i].pattern);
	}
}

/* ---- services with their own rule (2.8) */

TEST("KMS: an identity policy alone never suffices")
{
	struct policy_request r = request_of(PRINCIPAL_USER);
	AUTO(policy) *identity = stored(STATEMENT("Allow", ANY_ACTION), POLICY_IDENTITY);
	const struct policy *list[] = { identity };
	struct policy_set s = { .rule = RULE_KEY, .identity = list, .identity_count = 1 };
	struct policy_decision d = policy_evaluate(&r, &s);

	assert_int_equal(d.verdict, POLICY_IMPLICIT_DENY);
	assert_int_equal(d.by, SOURCE_RESOURCE);
	s.rule = RULE_RESOURCE;
	assert_int_equal(policy_evaluate(&r, &s).verdict, POLICY_ALLOW);
}

TEST("AssumeRole: the trust policy must admit; naming the account needs an identity Allow too")
{
	static const struct { const char *principal; bool has_identity; enum policy_verdict verdict;
	    enum policy_source by; } rows[] = {
		{ "{\"AWS\":\"" ALICE "\"}", false, POLICY_ALLOW, SOURCE_RESOURCE },
		{ "{\"AWS\":\"" ACCOUNT "\"}", false, POLICY_IMPLICIT_DENY, SOURCE_IDENTITY },
		{ "{\"AWS\":\"" ACCOUNT "\"}", true, POLICY_ALLOW, SOURCE_IDENTITY },
		{ "{\"AWS\":\"444455556666\"}", true, POLICY_IMPLICIT_DENY, SOURCE_TRUST },
		{ "{\"Service\":\"lambda.amazonaws.com\"}", true, POLICY_IMPLICIT_DENY, SOURCE_TRUST },
	};
	AUTO(policy) *identity = stored(STATEMENT("Allow", ANY_ACTION), POLICY_IDENTITY);
	const struct policy *list[] = { identity };

	for (size_t i = 0; i < LENGTH(rows); i++) {
		AUTO(arena) *a = arena_new();
		AUTO(policy) *trust = stored(arena_printf(a, "{\"Statement\":{\"Effect\":\"Allow\","
		    "\"Principal\":%s,\"Action\":\"sts:AssumeRole\"}}", rows[i].principal), POLICY_TRUST);
		struct policy_request r = request_of(PRINCIPAL_USER);
		struct policy_set s = { .rule = RULE_TRUST, .identity = list,
			.identity_count = rows[i].has_identity, .resource = trust };
		struct policy_decision d;

		r.action = STR_LIT("sts:AssumeRole");
		r.resource = STR_LIT(APP);
		d = policy_evaluate(&r, &s);
		assert_int_equal(d.verdict, rows[i].verdict);
		assert_int_equal(d.by, rows[i].by);
	}
}

TEST("web identities: only the provider a trust policy names")
{
	AUTO(policy) *trust = stored(STATEMENT("Allow", "\"Principal\":{\"Federated\":\"arn:p\"},"
	    "\"Action\":\"sts:AssumeRoleWithWebIdentity\""), POLICY_TRUST);
	struct policy_request r = { .action = STR_LIT("sts:AssumeRoleWithWebIdentity"),
		.resource = STR_LIT(APP), .account = STR_LIT(ACCOUNT),
		.principal = { .type = PRINCIPAL_WEB_IDENTITY, .provider_arn = STR_LIT("arn:p") } };

	assert_int_equal(resource_says(&r, trust, RULE_TRUST).verdict, POLICY_ALLOW);
	r.principal.provider_arn = STR_LIT("arn:q");
	assert_int_equal(resource_says(&r, trust, RULE_TRUST).verdict, POLICY_IMPLICIT_DENY);
}

TEST("the RotationToken counts as an identity Allow, and a Deny still wins")
{
	struct policy_request r = request_of(PRINCIPAL_SESSION);
	struct policy_set none = { .rule = RULE_RESOURCE };

	assert_int_equal(policy_evaluate(&r, &none).verdict, POLICY_IMPLICIT_DENY);
	r.has_capability = true;
	assert_int_equal(policy_evaluate(&r, &none).verdict, POLICY_ALLOW);
	assert_int_equal(identity_says(&r, STATEMENT("Deny", ANY_ACTION)).verdict,
	    POLICY_EXPLICIT_DENY);
}

/* ---- conditions the vectors do not hold */

TEST("conditions: decimals are exact, addresses unmapped, set operators as tabled")
{
	static const struct { const char *condition, *given; bool is_list, want; } rows[] = {
		{ "\"NumericEquals\":{\"k\":\"0.30\"}", "0.3", false, true },
		{ "\"NumericEquals\":{\"k\":0.3}", "0.30000000000000001", false, false },
		{ "\"NumericLessThan\":{\"k\":\"-1\"}", "-1.5", false, true },
		{ "\"NumericGreaterThan\":{\"k\":\"9223372036854775807\"}", "9223372036854775808",
		    false, true },
		{ "\"NumericEquals\":{\"k\":\"-0\"}", "0", false, true },
		{ "\"NumericNotEquals\":{\"k\":\"1\"}", "one", false, true },
		{ "\"NumericLessThan\":{\"k\":\"1\"}", "", false, false },
		{ "\"IpAddress\":{\"k\":\"192.0.2.0/24\"}", "::ffff:192.0.2.7", false, true },
		{ "\"IpAddress\":{\"k\":\"::ffff:192.0.2.0/120\"}", "192.0.2.7", false, true },
		{ "\"IpAddress\":{\"k\":\"::/0\"}", "192.0.2.7", false, false },
		{ "\"IpAddress\":{\"k\":\"192.0.2.0/33\"}", "192.0.2.0", false, false },
		{ "\"IpAddress\":{\"k\":\"0.0.0.0/0\"}", "192.0.2.0/24", false, false },
		{ "\"IpAddress\":{\"k\":\"192.0.2.128/25\"}", "192.0.2.127", false, false },
		{ "\"Bool\":{\"k\":\"TRUE\"}", "True", false, true },
		{ "\"Bool\":{\"k\":\"yes\"}", "yes", false, false },
		{ "\"DateEquals\":{\"k\":\"2026-03-01T12:00:00Z\"}", "1772366400", false, true },
		{ "\"StringEqualsIgnoreCase\":{\"k\":\"ABC\"}", "abC", false, true },
		{ "\"StringLike\":{\"k\":\"*\xc3\xa9?\"}", "caf\xc3\xa9\xc3\xa9", false, true },
		{ "\"StringLike\":{\"k\":\"?\"}", "\xc3\xa9", false, true },
		{ "\"StringLike\":{\"k\":\"*??\"}", "\xc3\xa9", false, false },
		{ "\"ForAnyValue:StringNotEquals\":{\"k\":[\"a\",\"b\"]}", "a", true, false },
		{ "\"ForAnyValue:StringNotEquals\":{\"k\":[\"a\",\"b\"]}", "c", true, true },
		{ "\"ForAllValues:StringEquals\":{\"k\":\"a\"}", "", true, true },
		{ "\"StringNotEquals\":{\"k\":\"a\"}", "b", true, false },
		{ "\"StringNotEqualsIfExists\":{\"k\":\"a\"}", "b", true, false },
		{ "\"ForAnyValue:StringEqualsIfExists\":{\"other\":\"a\"}", "b", false, true },
		{ "\"ForAnyValue:StringNotEquals\":{\"other\":\"a\"}", "b", false, false },
		{ "\"ArnLike\":{\"k\":\"arn:aws:*\"}", "arn:aws:sns:r:1:t", false, true },
		{ "\"ArnLike\":{\"k\":\"${k}\"}", "arn:aws:sns:r:1:t:u", false, true },
		{ "\"ArnLike\":{\"k\":\"arn:aws:s*:t\"}", "arn:aws:sns:r:1:t", false, false },
		{ "\"StringEquals\":{\"k\":\"${$}${?}${*}\"}", "$?*", false, true },
		{ "\"StringEquals\":{\"k\":\"${other, 'it is'}\"}", "it is", false, true },
		{ "\"StringEquals\":{\"k\":[]}", "", false, false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		AUTO(arena) *a = arena_new();
		struct policy_request r = request_of(PRINCIPAL_USER);
		struct str value = str_of(rows[i].given);
		struct policy_key key = { STR_LIT("K"), &value, 1, rows[i].is_list };
		struct policy_decision d;

		r.keys = &key;
		r.key_count = 1;
		d = identity_says(&r, arena_printf(a, STATEMENT("Allow", ANY_ACTION
		    ",\"Condition\":{%s}"), rows[i].condition));
		if ((d.verdict == POLICY_ALLOW) != rows[i].want)
			fail_msg("%s with '%s'", rows[i].condition, rows[i].given);
	}
}

TEST("a variable's value is literal: a tag of * matches only *")
{
	static const char text[] = STATEMENT("Allow", "\"Action\":\"*\",\"Resource\":\"arn:aws:"
	    "secretsmanager:*:*:secret:${aws:PrincipalTag/team}/*\"");
	struct policy_request r = request_of(PRINCIPAL_USER);
	struct str value = STR_LIT("*");
	struct policy_key key = { STR_LIT("aws:principaltag/team"), &value, 1, false };

	r.keys = &key;
	r.key_count = 1;
	assert_int_equal(identity_says(&r, text).verdict, POLICY_IMPLICIT_DENY);
	value = STR_LIT("prod");
	assert_int_equal(identity_says(&r, text).verdict, POLICY_ALLOW);
	key.is_multivalued = true;
	assert_int_equal(identity_says(&r, text).verdict, POLICY_IMPLICIT_DENY);
}

TEST("a value longer than any pattern: Allow does not match, Deny does")
{
	struct policy_request r = request_of(PRINCIPAL_USER);
	static char text[4096];
	struct str value = { text, sizeof(text) };
	struct policy_key key = { STR_LIT("aws:UserAgent"), &value, 1, false };

	memset(text, 'x', sizeof(text));
	r.keys = &key;
	r.key_count = 1;
	assert_int_equal(identity_says(&r, STATEMENT("Allow", ANY_ACTION ",\"Condition\":"
	    "{\"StringLike\":{\"aws:UserAgent\":\"*\"}}")).verdict, POLICY_IMPLICIT_DENY);
	assert_int_equal(identity_says(&r, STATEMENT("Deny", ANY_ACTION ",\"Condition\":"
	    "{\"StringLike\":{\"aws:UserAgent\":\"y*\"}}")).verdict, POLICY_EXPLICIT_DENY);
	assert_int_equal(identity_says(&r, STATEMENT("Deny", "\"Action\":\"kms:*\",\"Resource\":\"*\","
	    "\"Condition\":{\"StringLike\":{\"aws:UserAgent\":\"y*\"}}")).verdict,
	    POLICY_IMPLICIT_DENY);
}

/* ---- words (2.13) */

TEST("AccessDeniedException names who, what, on what as written, and the type of policy")
{
	static const struct { struct policy_decision d; const char *resource, *msg; } rows[] = {
		{ { POLICY_IMPLICIT_DENY, SOURCE_IDENTITY }, "prod/db", "User: " ALICE " is not "
		    "authorized to perform: secretsmanager:GetSecretValue on resource: prod/db because "
		    "no identity-based policy allows the secretsmanager:GetSecretValue action" },
		{ { POLICY_IMPLICIT_DENY, SOURCE_BOUNDARY }, NULL, "User: " ALICE " is not "
		    "authorized to perform: secretsmanager:GetSecretValue because no permissions "
		    "boundary allows the secretsmanager:GetSecretValue action" },
		{ { POLICY_EXPLICIT_DENY, SOURCE_IDENTITY }, "x", "User: " ALICE " is not authorized "
		    "to perform: secretsmanager:GetSecretValue on resource: x with an explicit deny in "
		    "an identity-based policy" },
		{ { POLICY_EXPLICIT_DENY, SOURCE_RESOURCE }, "x", "User: " ALICE " is not authorized "
		    "to perform: secretsmanager:GetSecretValue on resource: x with an explicit deny in "
		    "a resource-based policy" },
	};
	struct policy_request r = request_of(PRINCIPAL_USER);

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct err e;

		assert_false(policy_refuse(&e, &r, str_of(rows[i].resource), rows[i].d));
		assert_int_equal(e.code, ERR_ACCESS_DENIED);
		assert_string_equal(e.msg, rows[i].msg);
	}
}

/* ---- properties (2.16 no. 2) over random statements */

#define MAX_RANDOM 4

static const char *
pick(unsigned *seed, const char *const *list, size_t n)
{
	return list[(size_t)rand_r(seed) % n];
}

static const char *
random_statement(struct arena *a, unsigned *seed, const char *effect)
{
	static const char *const actions[] = { "\"*\"", "\"secretsmanager:*\"",
		"\"secretsmanager:Get*\"", "\"kms:*\"", "[\"x:y\",\"secretsmanager:GetSecretValue\"]" };
	static const char *const resources[] = { "\"*\"", "\"" SECRET_ARN "\"",
		"\"arn:aws:secretsmanager:*:*:secret:prod/*\"", "\"arn:aws:s3:::b\"" };
	static const char *const conditions[] = { "{}", "{\"StringEquals\":{\"k\":\"v\"}}",
		"{\"StringNotEquals\":{\"k\":[\"v\",\"w\"]}}", "{\"Null\":{\"k\":true}}",
		"{\"Bool\":{\"k\":\"true\"}}" };

	return arena_printf(a, "{\"Effect\":\"%s\",\"%s\":%s,\"%s\":%s,\"Condition\":%s}", effect,
	    rand_r(seed) % 4 ? "Action" : "NotAction", pick(seed, actions, LENGTH(actions)),
	    rand_r(seed) % 4 ? "Resource" : "NotResource", pick(seed, resources, LENGTH(resources)),
	    pick(seed, conditions, LENGTH(conditions)));
}

static struct policy *
policy_of(struct arena *a, const char *const *statements, size_t n)
{
	const char *list = "";

	for (size_t i = 0; i < n; i++)
		list = arena_printf(a, "%s%s%s", list, i > 0 ? "," : "", statements[i]);
	return stored(arena_printf(a, "{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", list),
	    POLICY_IDENTITY);
}

static enum policy_verdict
verdict_of(const struct policy_request *r, const struct policy *one, const struct policy *two,
    const struct policy *boundary)
{
	const struct policy *list[] = { one, two };
	struct policy_set s = { .identity = list, .identity_count = two == NULL ? 1 : 2,
		.boundary = boundary };

	return policy_evaluate(r, &s).verdict;
}

static void
check_properties(struct arena *a, unsigned *seed, const struct policy_request *r)
{
	const char *text[MAX_RANDOM + 1], *turned[MAX_RANDOM];
	size_t n = 2 + (size_t)rand_r(seed) % (MAX_RANDOM - 1);
	enum policy_verdict v, with_deny;

	for (size_t i = 0; i < n; i++) {
		text[i] = random_statement(a, seed, rand_r(seed) % 3 ? "Allow" : "Deny");
		turned[n - 1 - i] = text[i];
	}
	text[n] = random_statement(a, seed, "Deny");

	AUTO(policy) *whole = policy_of(a, text, n);
	AUTO(policy) *reversed = policy_of(a, turned, n);
	AUTO(policy) *left = policy_of(a, text, 1);
	AUTO(policy) *right = policy_of(a, text + 1, n - 1);
	AUTO(policy) *denied = policy_of(a, text, n + 1);

	v = verdict_of(r, whole, NULL, NULL);
	assert_int_equal(verdict_of(r, reversed, NULL, NULL), v);	/* order is irrelevant */
	assert_int_equal(verdict_of(r, left, right, NULL), v);		/* so is splitting in two */
	with_deny = verdict_of(r, denied, NULL, NULL);
	if (v != POLICY_ALLOW)
		assert_int_not_equal(with_deny, POLICY_ALLOW);
	if (v == POLICY_EXPLICIT_DENY)
		assert_int_equal(with_deny, v);
	if (v != POLICY_ALLOW)		/* a boundary never grants */
		assert_int_not_equal(verdict_of(r, whole, NULL, right), POLICY_ALLOW);
}

TEST("order and splitting are irrelevant, a Deny never grants, nor does a boundary")
{
	static const char *const values[] = { "v", "w", "true", NULL };
	unsigned seed = 1;

	for (int i = 0; i < 2000; i++) {
		AUTO(arena) *a = arena_new();
		struct policy_request r = request_of(PRINCIPAL_USER);
		struct str value = str_of(values[i % 4]);
		struct policy_key key = { STR_LIT("k"), &value, 1, false };

		r.keys = &key;
		r.key_count = value.p != NULL;
		check_properties(a, &seed, &r);
	}
}
