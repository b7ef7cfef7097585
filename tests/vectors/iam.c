/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy cases: match.json, conditions.json, evaluate.json, public-policy.json,
 * malformed-policy.json (their README states what a case holds).
 */
#include <stdlib.h>
#include <string.h>

#include "auth/policy.h"
#include "base/cleanup.h"
#include "vectors.h"

#define MAX_KEYS 64
#define MAX_POLICIES 16

static struct str
dump(struct arena *a, const json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT);
	struct str copy = arena_str(a, str_of(text));

	free(text);
	return copy;
}

/* ---- match.json */

static void
run_match(struct tally *t, struct arena *a, json_t *k)
{
	struct str pattern = json_member_str(k, "pattern"), value = json_member_str(k, "value");
	bool is_action = str_is(json_member_str(k, "kind"), "action");
	bool got = is_action ? policy_action_matches(pattern, value) :
	    policy_resource_matches(pattern, value);

	vectors_check(t, arena_printf(a, "match " STR_FMT, STR_ARG(pattern)), "wrong",
	    got == json_is_true(json_object_get(k, "expect")));
}

/* ---- requests */

static void
read_keys(struct arena *a, json_t *context, struct policy_request *r)
{
	struct policy_key *keys = arena_array(a, struct policy_key, MAX_KEYS);
	const char *name;
	json_t *v;

	json_object_foreach(context, name, v) {
		size_t count = json_is_array(v) ? json_array_size(v) : 1;
		struct str *values = arena_array(a, struct str, count);

		for (size_t i = 0; i < count; i++)
			values[i] = json_str(json_is_array(v) ? json_array_get(v, i) : v);
		keys[r->key_count++] = (struct policy_key){ str_of(name), values, count,
			json_is_array(v) };
	}
	r->keys = keys;
}

static const struct policy *
compile(struct tally *t, struct arena *a, const char *where, json_t *doc, enum policy_kind kind)
{
	struct policy_options o = { .kind = kind, .is_stored = true };
	struct policy *p;
	struct err e;

	p = policy_compile(dump(a, doc), &o, &e);
	if (p == NULL)
		vectors_check(t, where, e.msg, false);
	else
		arena_defer(a, (void (*)(void *))policy_free, p);
	return p;
}

/* ---- conditions.json */

static void
run_condition(struct tally *t, struct arena *a, json_t *k)
{
	const char *name = vectors_text(a, k, "name");
	json_t *doc = json_pack("{s:O, s:{s:s, s:s, s:s, s:O}}", "Version",
	    json_object_get(k, "version"), "Statement", "Effect", "Allow", "Action", "*",
	    "Resource", "*", "Condition", json_object_get(k, "condition"));
	const struct policy *p = compile(t, a, name, doc, POLICY_IDENTITY);
	struct policy_set s = { .identity = &p, .identity_count = 1 };
	struct policy_request r = { .action = STR_LIT("x:y"), .resource = STR_LIT("*"),
		.principal = { .type = PRINCIPAL_USER } };
	bool got;

	json_decref(doc);
	read_keys(a, json_object_get(k, "context"), &r);
	got = p != NULL && policy_evaluate(&r, &s).verdict == POLICY_ALLOW;
	vectors_check(t, name, got ? "matches" : "does not match",
	    got == json_is_true(json_object_get(k, "expect")));
}

/* ---- evaluate.json */

static void
read_principal(json_t *v, struct policy_principal *out)
{
	static const struct { const char *name; enum policy_principal_type type; } types[] = {
		{ "user", PRINCIPAL_USER }, { "role-session", PRINCIPAL_SESSION },
		{ "root", PRINCIPAL_ROOT }, { "federated-user", PRINCIPAL_FEDERATED_USER },
		{ "service", PRINCIPAL_SERVICE }, { "web-identity", PRINCIPAL_WEB_IDENTITY },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_is(json_member_str(v, "type"), types[i].name))
			out->type = types[i].type;
	}
	out->arn = json_member_str(v, "arn");
	out->account = json_member_str(v, "account");
	out->user_id = json_member_str(v, "user_id");
	out->role_arn = json_member_str(v, "role_arn");
	out->federating_user_arn = json_member_str(v, "federating_user_arn");
	out->provider_arn = json_member_str(v, "provider_arn");
}

static size_t
compile_list(struct tally *t, struct arena *a, const char *where, json_t *list,
    enum policy_kind kind, const struct policy **out)
{
	size_t n = 0;

	for (; n < json_array_size(list) && n < MAX_POLICIES; n++)
		out[n] = compile(t, a, where, json_array_get(list, n), kind);
	return n;
}

static enum policy_rule
rule_of(struct str name)
{
	return str_is(name, "kms") ? RULE_KEY : name.p != NULL ? RULE_TRUST : RULE_RESOURCE;
}

static void
run_evaluate(struct tally *t, struct arena *a, json_t *k)
{
	static const char *const verdicts[] = { "allow", "implicit_deny", "explicit_deny" };
	const char *name = vectors_text(a, k, "name");
	json_t *policies = json_object_get(k, "policies"), *want = json_object_get(k, "expect");
	json_t *boundary = json_object_get(policies, "boundary");
	json_t *resource = json_object_get(policies, "resource");
	const struct policy *identity[MAX_POLICIES], *session[MAX_POLICIES];
	struct policy_set s = { .identity = identity, .session = session };
	struct policy_request r = { .action = json_member_str(k, "action") };
	struct policy_decision d;

	read_principal(json_object_get(k, "principal"), &r.principal);
	r.resource = json_member_str(json_object_get(k, "resource"), "arn");
	r.account = json_member_str(json_object_get(k, "resource"), "account");
	read_keys(a, json_object_get(k, "context"), &r);
	s.rule = rule_of(json_member_str(k, "service_rule"));
	s.identity_count = compile_list(t, a, name, json_object_get(policies, "identity"),
	    POLICY_IDENTITY, identity);
	s.session_count = compile_list(t, a, name, json_object_get(policies, "session"),
	    POLICY_SESSION, session);
	s.boundary = boundary == NULL ? NULL : compile(t, a, name, boundary, POLICY_BOUNDARY);
	s.resource = resource == NULL ? NULL : compile(t, a, name, resource,
	    s.rule == RULE_TRUST ? POLICY_TRUST : POLICY_SECRET);
	d = policy_evaluate(&r, &s);
	vectors_equal(t, name, "decision", str_of(verdicts[d.verdict]),
	    json_member_str(want, "decision"));
	if (json_object_get(want, "by") != NULL)
		vectors_equal(t, name, "by", str_of(policy_source_name(d.by)),
		    json_member_str(want, "by"));
}

/* ---- public-policy.json */

static void
run_public(struct tally *t, struct arena *a, json_t *k)
{
	const char *name = vectors_text(a, k, "name");
	const struct policy *p = compile(t, a, name, json_object_get(k, "policy"), POLICY_SECRET);

	if (p != NULL)
		vectors_equal(t, name, "BlockPublicPolicy",
		    str_of(policy_is_public(p) ? "public" : "not-public"),
		    json_member_str(k, "expect"));
}

/* ---- malformed-policy.json */

static bool
mentions(struct str name, const char *word)
{
	return name.n > 0 && memmem(name.p, name.n, word, strlen(word)) != NULL;
}

/* The fixture's principals: two accounts and everybody in them but "nobody". */
static bool
fixture_principal(void *arg, struct str principal, struct str *out_id)
{
	(void)arg, (void)out_id;
	return (mentions(principal, "111122223333") || mentions(principal, "444455556666")) &&
	    !mentions(principal, "/nobody");
}

static enum policy_kind
kind_of(struct str name)
{
	static const struct { const char *word; enum policy_kind kind; } words[] = {
		{ "trust", POLICY_TRUST }, { "key", POLICY_KEY }, { "kms", POLICY_KEY },
		{ "session", POLICY_SESSION }, { "boundary", POLICY_BOUNDARY },
		{ "iam", POLICY_IDENTITY },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (mentions(name, words[i].word))
			return words[i].kind;
	}
	return POLICY_SECRET;
}

static void
run_malformed(struct tally *t, struct arena *a, json_t *k)
{
	struct policy_options o = { .kind = kind_of(json_member_str(k, "kind")),
		.find_principal = fixture_principal };
	const char *name = vectors_text(a, k, "name");
	json_t *want = json_object_get(k, "expect");
	bool is_iam = o.kind != POLICY_SECRET && o.kind != POLICY_KEY;
	AUTO(policy) *p = NULL;
	struct str code;
	struct err e;

	err_clear(&e);
	p = policy_compile(json_member_str(k, "policy"), &o, &e);
	if (p != NULL || str_is(json_member_str(want, "result"), "ok")) {
		vectors_check(t, name, p != NULL ? "accepted" : e.msg,
		    p != NULL && str_is(json_member_str(want, "result"), "ok"));
		return;
	}
	/* The query protocol names its errors without "Exception". */
	code = str_of(err_type(e.code));
	if (is_iam && e.code == ERR_MALFORMED_POLICY)
		code.n -= strlen("Exception");
	vectors_equal(t, name, "code", code, json_member_str(want, "code"));
	vectors_equal(t, name, "message", str_of(e.msg), json_member_str(want, "message"));
}

static const struct {
	const char *file;
	void (*run)(struct tally *t, struct arena *a, json_t *one);
} files[] = {
	{ "match.json", run_match },
	{ "conditions.json", run_condition },
	{ "evaluate.json", run_evaluate },
	{ "public-policy.json", run_public },
	{ "malformed-policy.json", run_malformed },
};

bool
vectors_iam(struct tally *t, const char *dir)
{
	AUTO(arena) *a = arena_new();
	bool any = false;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		json_t *doc = vectors_read_json(t, a, dir, files[i].file), *one;
		size_t n;

		any |= doc != NULL;
		json_array_foreach(json_object_get(doc, "cases"), n, one)
			files[i].run(t, a, one);
	}
	return any;
}
