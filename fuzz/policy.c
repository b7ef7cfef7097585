/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c - fuzz target of src/auth/policy*.c.
 * Input: one byte, then text. Byte "=": a pattern and a value, parted by LF, matched by our loop
 * and by a slow one written from spec/security.md 2.2. Any other byte chooses the kind of policy
 * the text is compiled as.
 * A refusal must say why. What is accepted at save must load again once stored, decide the same,
 * and never turn a Deny into an Allow by being attached twice or bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/policy.h"
#include "base/json.h"

/* Not assert(): the oracle must hold in every build. */
static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- globs, slowly */

static bool
slow_glob(struct str p, struct str v)
{
	if (p.n == 0)
		return v.n == 0;
	if (p.p[0] == '*') {
		for (size_t i = 0; i <= v.n; i++) {
			if (slow_glob(str_skip(p, 1), str_skip(v, i)))
				return true;
		}
		return false;
	}
	return v.n > 0 && (p.p[0] == '?' || p.p[0] == v.p[0]) &&
	    slow_glob(str_skip(p, 1), str_skip(v, 1));
}

/* At most six parts at the first five colons; parts that are missing are "*". */
static bool
slow_arn(struct str pattern, struct str value)
{
	struct str p = pattern, v = value, pp = STR_NULL, vp = STR_NULL;

	if (str_is(pattern, "*"))
		return true;
	for (int i = 0; i < 5; i++) {
		if (!str_split(&v, ':', &vp) || v.p == NULL)
			return false;
		if (str_split(&p, ':', &pp) && !slow_glob(pp, vp))
			return false;
	}
	return p.p == NULL || slow_glob(p, v);
}

static void
check_globs(struct str text)
{
	struct str pattern = STR_LIT(""), value;

	if (text.n > 60)
		return;
	for (size_t i = 0, stars = 0; i < text.n; i++) {
		stars += text.p[i] == '*';
		if (stars > 8 || (unsigned char)text.p[i] >= 0x80 ||
		    (text.p[i] >= 'A' && text.p[i] <= 'Z'))
			return;
	}
	value = text;
	if (!str_split(&value, '\n', &pattern) || value.p == NULL)
		return;
	must(policy_action_matches(pattern, value) == slow_glob(pattern, value));
	must(policy_resource_matches(pattern, value) == slow_arn(pattern, value));
}

/* ---- documents */

#define ACCOUNT "111122223333"

static struct policy_request
request_of(const struct policy_key *keys, size_t n, enum policy_principal_type type)
{
	struct policy_request r = { .action = STR_LIT("secretsmanager:GetSecretValue"),
		.resource = STR_LIT("arn:aws:secretsmanager:us-east-1:" ACCOUNT ":secret:a-abcdef"),
		.account = STR_LIT(ACCOUNT), .keys = keys, .key_count = n };

	r.principal = (struct policy_principal){ .type = type, .account = STR_LIT(ACCOUNT),
		.arn = STR_LIT("arn:aws:iam::" ACCOUNT ":user/alice"),
		.user_id = STR_LIT("AIDAALICEEXAMPLE00001:x"),
		.role_arn = STR_LIT("arn:aws:iam::" ACCOUNT ":role/app") };
	return r;
}

static void
check_decisions(const struct policy *p, const struct policy *again, const struct policy_request *r)
{
	const struct policy *twice[] = { p, again };
	struct policy_set one = { .identity = twice, .identity_count = 1 };
	struct policy_set two = { .identity = twice, .identity_count = 2 };
	struct policy_set bounded = { .identity = twice, .identity_count = 1, .boundary = again };
	struct policy_set resource = { .resource = p }, same = { .resource = again };
	enum policy_verdict v = policy_evaluate(r, &one).verdict;

	must(policy_evaluate(r, &two).verdict == v);
	must(policy_evaluate(r, &bounded).verdict == v);
	must(policy_evaluate(r, &resource).verdict == policy_evaluate(r, &same).verdict);
	resource.rule = RULE_KEY;
	(void)policy_evaluate(r, &resource);
	resource.rule = RULE_TRUST;
	(void)policy_evaluate(r, &resource);
}

static void
check_document(struct str text, enum policy_kind kind)
{
	static const struct str values[] = { { "alice", 5 }, { "2026-03-01T12:00:00Z", 20 },
		{ "true", 4 }, { "10.0.0.1", 8 }, { "7.5", 3 } };
	struct policy_key keys[] = {
		{ STR_LIT("aws:username"), &values[0], 1, false },
		{ STR_LIT("aws:CurrentTime"), &values[1], 1, false },
		{ STR_LIT("aws:SecureTransport"), &values[2], 1, false },
		{ STR_LIT("aws:SourceIp"), &values[3], 1, false },
		{ STR_LIT("aws:TagKeys"), values, 5, true },
		{ STR_LIT("k"), &values[4], 1, false },
	};
	struct policy_options o = { .kind = kind };
	AUTO(policy) *p = NULL;
	AUTO(policy) *again = NULL;
	struct err e;

	p = policy_compile(text, &o, &e);
	o.is_stored = true;
	if (p == NULL) {
		must(e.msg[0] != '\0');
		p = policy_compile(text, &o, &e);	/* stored, the looser rules apply */
	}
	if (p == NULL)
		return;
	again = policy_compile(text, &o, &e);
	must(again != NULL && policy_is_public(p) == policy_is_public(again));
	must(policy_counted_size(text) <= text.n);
	for (int type = PRINCIPAL_ROOT; type <= PRINCIPAL_WEB_IDENTITY; type++) {
		struct policy_request r = request_of(keys, sizeof(keys) / sizeof(keys[0]),
		    (enum policy_principal_type)type);

		check_decisions(p, again, &r);
		r.resource = STR_LIT("*");
		r.account = STR_LIT("444455556666");
		check_decisions(p, again, &r);
	}
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	json_setup();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };

	if (size == 0)
		return 0;
	if (data[0] == '=')
		check_globs(str_skip(text, 1));
	else
		check_document(str_skip(text, 1), (enum policy_kind)(data[0] % (POLICY_FUNCTION + 1)));
	return 0;
}
