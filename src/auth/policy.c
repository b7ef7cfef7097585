/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to the compiled form, and what AWS says of documents that are not policies
 * (spec/security.md 2.1, 3).
 *
 * One pass notes every fault it meets and keeps the one that AWS's checks, which run one after
 * the other over the whole document, would have met first: the enum below is that order.
 */
#include "auth/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/policy_form.h"
#include "auth/policy_principal.h"
#include "base/json.h"

#define MAX_STATEMENTS 1000
#define MAX_BYTES (128 * 1024)		/* of any kind; IAM's own limits are the caller's */
#define MAX_SECRET_CHARACTERS 20480
#define ECHO_MAX 512

enum fault {
	FAULT_JSON,
	FAULT_SYNTAX,
	FAULT_VERSION,
	FAULT_FIELD,		/* an element this kind must not or must have */
	FAULT_LEGACY,
	FAULT_SID,
	FAULT_NO_ACTION,
	FAULT_RESOURCE,
	FAULT_ACTION,
	FAULT_NO_RESOURCE,
	FAULT_PRINCIPAL,
	FAULT_SERVICE,
	FAULT_NONE
};

struct kind {
	bool has_principal, has_resource;	/* required; forbidden otherwise */
	bool has_id;
	bool is_iam;				/* worded and checked as IAM does (3.2) */
	bool needs_2012;
	bool known_services_only;
	/* one text for all such faults; NULL: the fault's own */
	const char *syntax, *principal, *service;
};

static const struct kind kinds[] = {
	[POLICY_SECRET] = { .has_principal = true, .has_resource = true, .has_id = true,
	    .known_services_only = true,
	    .syntax = "This resource policy contains a syntax error.",
	    .principal = "This resource policy contains an unsupported principal.",
	    .service = "This resource policy contains an unsupported service principal." },
	[POLICY_IDENTITY] = { .has_resource = true, .is_iam = true, .needs_2012 = true },
	[POLICY_BOUNDARY] = { .has_resource = true, .is_iam = true, .needs_2012 = true },
	[POLICY_SESSION] = { .has_resource = true, .is_iam = true, .needs_2012 = true },
	[POLICY_TRUST] = { .has_principal = true, .has_id = true, .is_iam = true },
	[POLICY_KEY] = { .has_principal = true, .has_resource = true, .has_id = true,
	    .principal = "Policy contains a statement with one or more invalid principals.",
	    .service = "Policy contains a statement with one or more invalid principals." },
	[POLICY_FUNCTION] = { .has_principal = true, .has_resource = true, .has_id = true,
	    .principal = "The provided principal was invalid. Please check the principal and try "
	    "again.",
	    .service = "The provided principal was invalid. Please check the principal and try "
	    "again." },
};

struct compiler {
	struct arena *a;		/* the policy's */
	const struct policy_options *o;
	const struct kind *kind;
	bool has_variables;		/* Version 2012-10-17 */
	enum fault fault;
	char text[1024];
	struct str *sids;
	size_t sid_count;
};

PRINTF_LIKE(3, 4) static void
note(struct compiler *c, enum fault fault, const char *fmt, ...)
{
	va_list ap;

	if (fault >= c->fault)
		return;
	c->fault = fault;
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
}

static void
note_syntax(struct compiler *c)
{
	note(c, FAULT_SYNTAX, "Syntax errors in policy.");
}

/* What the document says, bounded. */
static int
echo_len(struct str s)
{
	return (int)(s.n < ECHO_MAX ? s.n : ECHO_MAX);
}

/* ---- values: a string, or a list of them */

static size_t
list_size(json_t *v)
{
	return json_is_array(v) ? json_array_size(v) : 1;
}

static json_t *
list_item(json_t *v, size_t i)
{
	return json_is_array(v) ? json_array_get(v, i) : v;
}

static bool
is_text_list(json_t *v)
{
	for (size_t i = 0; i < list_size(v); i++) {
		if (!json_is_string(list_item(v, i)))
			return false;
	}
	return true;
}

/* The shortest text that reads back as the same number. */
static struct str
real_text(struct arena *a, double d)
{
	char text[40] = "";

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	return str_of(arena_strdup(a, text));
}

/* STR_NULL for null, lists and objects. */
static struct str
scalar_text(struct arena *a, json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		return arena_str(a, json_str(v));
	case JSON_INTEGER:
		return str_of(arena_printf(a, "%lld", (long long)json_integer_value(v)));
	case JSON_REAL:
		return real_text(a, json_real_value(v));
	case JSON_TRUE:
		return STR_LIT("true");
	case JSON_FALSE:
		return STR_LIT("false");
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return STR_NULL;
}

/* ---- actions */

static bool
is_vendor(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-'))
			return false;
	}
	return s.n > 0;
}

static void
check_action(struct compiler *c, struct str action)
{
	struct str name = action, vendor;

	if (str_is(action, "*"))
		return;
	(void)str_split(&name, ':', &vendor);
	if (name.p == NULL)
		note(c, FAULT_ACTION, "Actions/Conditions must be prefaced by a vendor, e.g., iam, "
		    "sdb, ec2, etc.");
	else if (name.n > 0 && memchr(name.p, ':', name.n) != NULL)
		note(c, FAULT_ACTION, "Actions/Condition can contain only one colon.");
	else if (!is_vendor(vendor))
		note(c, FAULT_ACTION, "Vendor %.*s is not valid", echo_len(vendor), vendor.p);
}

static void
check_trust_action(struct compiler *c, struct str action)
{
	static const char *const known[] = { "sts:AssumeRole", "sts:AssumeRoleWithSAML",
		"sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity",
		"sts:SetContext" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (str_eq_nocase(action, str_of(known[i])))
			return;
	}
	note(c, FAULT_ACTION, "Trust Policy statement actions can only be sts:AssumeRole, "
	    "sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity");
}

static void
compile_action(struct compiler *c, struct str text, struct pattern *out)
{
	if (!pattern_compile(c->a, text, PATTERN_WILDCARDS, out))
		note_syntax(c);
	check_action(c, text);
	if (c->o->kind == POLICY_TRUST && !c->o->is_stored)
		check_trust_action(c, text);
}

/* ---- resources */

static bool
has_wildcard(struct str s)
{
	return s.n > 0 && (memchr(s.p, '*', s.n) != NULL || memchr(s.p, '?', s.n) != NULL);
}

/* 3.2: the checks IAM adds to "begins with arn:". */
static void
check_iam_resource(struct compiler *c, struct str resource)
{
	struct str rest = resource, arn, partition = STR_NULL, vendor = STR_NULL, region = STR_NULL;

	(void)str_split(&rest, ':', &arn);
	(void)str_split(&rest, ':', &partition);
	if (!str_is(partition, "aws") && !str_starts(partition, "aws-") &&
	    !has_wildcard(partition)) {
		note(c, FAULT_RESOURCE, "Partition \"%.*s\" is not valid for resource \"%.*s\".",
		    echo_len(partition), partition.p, echo_len(resource), resource.p);
		return;
	}
	(void)str_split(&rest, ':', &vendor);
	(void)str_split(&rest, ':', &region);
	if (vendor.n == 0 || has_wildcard(vendor))
		note(c, FAULT_RESOURCE, "Resource vendor must be fully qualified and cannot "
		    "contain regexes.");
	else if (str_is(vendor, "iam") && region.n > 0 && rest.p != NULL)
		note(c, FAULT_RESOURCE, "IAM resource %.*s cannot contain region information.",
		    echo_len(resource), resource.p);
}

/* Variables are allowed in the sixth part only (2.3). */
static bool
has_early_variable(struct str s)
{
	size_t colons = 0;

	for (size_t i = 0; i + 1 < s.n && colons < 5; i++) {
		colons += s.p[i] == ':';
		if (s.p[i] == '$' && s.p[i + 1] == '{')
			return true;
	}
	return false;
}

static void
compile_resource(struct compiler *c, struct str text, struct pattern *out)
{
	unsigned variables = c->has_variables ? PATTERN_VARIABLES : 0;

	if (!pattern_compile(c->a, text, PATTERN_WILDCARDS | PATTERN_ARN | variables, out) ||
	    (c->has_variables && has_early_variable(text)))
		note_syntax(c);
	if (str_is(text, "*"))
		return;
	if (!str_starts(text, "arn:"))
		note(c, FAULT_RESOURCE, "Resource %.*s must be in ARN format or \"*\".",
		    echo_len(text), text.p);
	else if (c->kind->is_iam && !c->o->is_stored)
		check_iam_resource(c, text);
}

typedef void compile_one(struct compiler *c, struct str text, struct pattern *out);

/* `name` xor `not_name`, each a string or a list of them. */
static void
compile_patterns(struct compiler *c, json_t *statement, const char *name,
    const char *not_name, enum fault missing, const char *missing_text, compile_one *one,
    struct pattern_list *out)
{
	json_t *plain = json_object_get(statement, name);
	json_t *negated = json_object_get(statement, not_name);
	json_t *v = plain != NULL ? plain : negated;
	struct pattern *items;

	if (v == NULL || (json_is_array(v) && json_array_size(v) == 0)) {
		note(c, missing, "%s", missing_text);
		return;
	}
	if ((plain != NULL && negated != NULL) || !is_text_list(v)) {
		note_syntax(c);
		return;
	}
	items = arena_array(c->a, struct pattern, list_size(v));
	for (size_t i = 0; i < list_size(v); i++)
		one(c, arena_str(c->a, json_str(list_item(v, i))), &items[i]);
	*out = (struct pattern_list){ items, list_size(v), plain == NULL, true };
}

/* ---- principals */

static void
note_principal(struct compiler *c, enum fault fault, const char *type, struct str text)
{
	note(c, fault, "Invalid principal in policy: \"%s\":\"%.*s\"", type, echo_len(text),
	    text.p);
}

static void
find_principal(struct compiler *c, struct named_principal *out, struct str written)
{
	struct str id = STR_NULL;

	if (c->o->find_principal == NULL || out->kind == NAMES_ID)
		return;
	if (!c->o->find_principal(c->o->arg, written, &id)) {
		out->kind = NAMES_NOBODY;
		if (!c->o->is_stored)
			note_principal(c, FAULT_PRINCIPAL, "AWS", written);
	}
	out->id = arena_str(c->a, id);
}

static void
compile_aws_principal(struct compiler *c, struct str text, struct named_principal *out)
{
	if (str_is(text, "*")) {
		out->kind = NAMES_EVERYONE;
	} else if (principal_parse(text, out) && (out->kind != NAMES_ID || c->o->is_stored)) {
		find_principal(c, out, text);
	} else {
		out->kind = NAMES_NOBODY;
		if (!c->o->is_stored)
			note_principal(c, FAULT_PRINCIPAL, "AWS", text);
	}
}

static void
compile_principal(struct compiler *c, const char *type, struct str text,
    struct named_principal *out)
{
	bool is_new = !c->o->is_stored;

	*out = (struct named_principal){ .kind = NAMES_NOBODY, .text = text };
	if (strcmp(type, "AWS") == 0) {
		compile_aws_principal(c, text, out);
	} else if (strcmp(type, "Service") == 0) {
		out->kind = NAMES_SERVICE;
		if (is_new && !(c->kind->known_services_only ? principal_is_known_service(text) :
		    principal_is_service(text)))
			note_principal(c, FAULT_SERVICE, "SERVICE", text);
	} else if (strcmp(type, "Federated") == 0) {
		out->kind = NAMES_PROVIDER;
		if (is_new && (text.n == 0 || has_wildcard(text)))
			note_principal(c, FAULT_PRINCIPAL, "FEDERATED", text);
	} else if (strcmp(type, "CanonicalUser") != 0) {
		note_syntax(c);
	}
}

static void
compile_principal_map(struct compiler *c, json_t *map, struct statement *out)
{
	struct named_principal *all;
	size_t total = 0, n = 0;
	const char *type;
	json_t *v;

	json_object_foreach(map, type, v) {
		if (!is_text_list(v) || list_size(v) == 0) {
			note_syntax(c);
			return;
		}
		total += list_size(v);
	}
	if (total == 0)
		note_syntax(c);
	all = arena_array(c->a, struct named_principal, total);
	json_object_foreach(map, type, v) {
		for (size_t i = 0; i < list_size(v); i++)
			compile_principal(c, type, arena_str(c->a, json_str(list_item(v, i))),
			    &all[n++]);
	}
	out->principals = all;
	out->principal_count = total;
}

/* What the kind of policy demands or forbids; false when there is nothing to compile. */
static bool
check_principal_field(struct compiler *c, json_t *plain, json_t *negated)
{
	bool is_trust = c->o->kind == POLICY_TRUST;

	if (!c->kind->has_principal) {
		if (plain != NULL || negated != NULL)
			note(c, FAULT_FIELD, "Policy document should not specify a principal.");
		return false;
	}
	if (is_trust && negated != NULL)
		note(c, FAULT_FIELD, "Has prohibited field NotPrincipal.");
	else if (is_trust && plain == NULL)
		note(c, FAULT_FIELD, "Missing required field Principal");
	else if ((plain == NULL) == (negated == NULL))
		note_syntax(c);
	return plain != NULL || negated != NULL;
}

static void
compile_principals(struct compiler *c, json_t *statement, struct statement *out)
{
	static const struct named_principal everyone = { .kind = NAMES_EVERYONE,
		.text = { "*", 1 } };
	json_t *plain = json_object_get(statement, "Principal");
	json_t *negated = json_object_get(statement, "NotPrincipal");
	json_t *v = plain != NULL ? plain : negated;

	if (!check_principal_field(c, plain, negated))
		return;
	out->has_principal = true;
	out->is_not_principal = plain == NULL;
	/* Stored ones may hold it; such a statement never matches (policy_eval.c). */
	if (out->is_not_principal && !out->is_deny && !c->o->is_stored)
		note_syntax(c);
	if (json_is_object(v)) {
		compile_principal_map(c, v, out);
	} else if (str_is(json_str(v), "*")) {
		out->principals = &everyone;
		out->principal_count = 1;
	} else {
		note_syntax(c);
	}
}

/* ---- conditions */

static void
compile_values(struct compiler *c, json_t *v, struct condition *out)
{
	struct condition_value *values = arena_array(c->a, struct condition_value, list_size(v));

	for (size_t i = 0; i < list_size(v); i++) {
		values[i].text = scalar_text(c->a, list_item(v, i));
		if (values[i].text.p == NULL ||
		    !condition_parse_value(c->a, out, c->has_variables, &values[i]))
			note_syntax(c);
		else if (c->kind->is_iam && condition_is_typed(out) && !values[i].is_valid &&
		    !c->o->is_stored)
			note(c, FAULT_LEGACY, "The policy failed legacy parsing");
	}
	out->values = values;
	out->count = list_size(v);
}

static size_t
count_conditions(json_t *block)
{
	size_t n = 0;
	const char *op;
	json_t *keys;

	json_object_foreach(block, op, keys)
		n += json_object_size(keys);
	return n;
}

static void
compile_conditions(struct compiler *c, json_t *block, struct statement *out)
{
	struct condition *all = arena_array(c->a, struct condition, count_conditions(block));
	const char *op, *key;
	size_t n = 0;
	json_t *keys, *v;

	if (!json_is_object(block))
		note_syntax(c);
	json_object_foreach(block, op, keys) {
		struct condition form = { .op = NULL };

		if (!json_is_object(keys) || !condition_parse_operator(str_of(op), &form)) {
			note_syntax(c);
			continue;
		}
		json_object_foreach(keys, key, v) {
			all[n] = form;
			all[n].key = arena_str(c->a, str_of(key));
			if (key[0] == '\0')
				note_syntax(c);
			compile_values(c, v, &all[n++]);
		}
	}
	out->conditions = all;
	out->condition_count = n;
}

/* ---- statements */

static bool
is_sid_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
			return false;
	}
	return true;
}

static void
check_sid(struct compiler *c, json_t *v)
{
	struct str sid = json_str(v);

	if (v == NULL)
		return;
	if (sid.p == NULL) {
		note_syntax(c);
		return;
	}
	if (c->kind->is_iam && !c->kind->has_principal && !is_sid_text(sid))
		note(c, FAULT_SID, "Statement IDs (SID) must be alpha-numeric. Check that your "
		    "input satisfies the regular expression [0-9A-Za-z]*");
	for (size_t i = 0; i < c->sid_count && sid.n > 0; i++) {
		if (str_eq(c->sids[i], sid))
			note(c, FAULT_SID,
			    "Statement IDs (SID) in a single policy must be unique.");
	}
	c->sids[c->sid_count++] = sid;
}

static void
compile_effect(struct compiler *c, json_t *v, struct statement *out)
{
	struct str effect = json_str(v);

	out->is_deny = str_is(effect, "Deny");
	if (out->is_deny || str_is(effect, "Allow"))
		return;
	if (str_eq_nocase(effect, STR_LIT("allow")) || str_eq_nocase(effect, STR_LIT("deny")))
		note(c, FAULT_LEGACY, "The policy failed legacy parsing");
	else
		note_syntax(c);
}

static void
check_elements(struct compiler *c, json_t *statement)
{
	static const char *const known[] = { "Sid", "Effect", "Principal", "NotPrincipal", "Action",
		"NotAction", "Resource", "NotResource", "Condition" };
	const char *key;
	json_t *v;

	json_object_foreach(statement, key, v) {
		size_t i = 0;

		while (i < sizeof(known) / sizeof(known[0]) && strcmp(key, known[i]) != 0)
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			note_syntax(c);
	}
}

static void
compile_resources(struct compiler *c, json_t *statement, struct statement *out)
{
	if (c->kind->has_resource) {
		compile_patterns(c, statement, "Resource", "NotResource", FAULT_NO_RESOURCE,
		    "Policy statement must contain resources.", compile_resource, &out->resources);
		return;
	}
	if (json_object_get(statement, "Resource") != NULL)
		note(c, FAULT_FIELD, "Has prohibited field Resource.");
	if (json_object_get(statement, "NotResource") != NULL)
		note(c, FAULT_FIELD, "Has prohibited field NotResource.");
}

static void
compile_statement(struct compiler *c, json_t *v, struct statement *out)
{
	json_t *condition;

	if (!json_is_object(v)) {
		note_syntax(c);
		return;
	}
	check_elements(c, v);
	check_sid(c, json_object_get(v, "Sid"));
	compile_effect(c, json_object_get(v, "Effect"), out);
	compile_principals(c, v, out);
	compile_patterns(c, v, "Action", "NotAction", FAULT_NO_ACTION,
	    "Policy statement must contain actions.", compile_action, &out->actions);
	compile_resources(c, v, out);
	condition = json_object_get(v, "Condition");
	if (condition != NULL)
		compile_conditions(c, condition, out);
}

/* ---- the document */

static void
check_version(struct compiler *c, json_t *v)
{
	struct str version = json_str(v);

	c->has_variables = str_is(version, "2012-10-17");
	if (c->has_variables)
		return;
	if (v != NULL && !str_is(version, "2008-10-17"))
		note_syntax(c);
	else if (c->kind->needs_2012 && !c->o->is_stored)
		note(c, FAULT_VERSION, "Policy document must be version 2012-10-17 or greater.");
}

static void
check_document(struct compiler *c, json_t *doc)
{
	const char *key;
	json_t *v;

	json_object_foreach(doc, key, v) {
		bool is_id = strcmp(key, "Id") == 0;

		if (is_id ? !c->kind->has_id || !json_is_string(v) :
		    strcmp(key, "Version") != 0 && strcmp(key, "Statement") != 0)
			note_syntax(c);
	}
}

/* No level of nesting is checked here: the grammar ends at the sixth, below the cap of eight. */
static void
compile_document(struct compiler *c, json_t *doc, struct policy *out)
{
	json_t *list = json_object_get(doc, "Statement");
	struct statement *statements;

	if (!json_is_object(doc) || list == NULL || list_size(list) == 0 ||
	    list_size(list) > MAX_STATEMENTS) {
		note_syntax(c);
		return;
	}
	check_document(c, doc);
	check_version(c, json_object_get(doc, "Version"));
	statements = arena_array(c->a, struct statement, list_size(list));
	c->sids = arena_array(c->a, struct str, list_size(list));
	for (size_t i = 0; i < list_size(list); i++)
		compile_statement(c, list_item(list, i), &statements[i]);
	out->statements = statements;
	out->count = list_size(list);
}

/* U+0009, U+000A, U+000D, U+0020-U+00FF (2.1); the text is valid UTF-8 by now. */
static bool
has_policy_characters(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 ? c != '\t' && c != '\n' && c != '\r' : c > 0xc3)
			return false;
	}
	return true;
}

static bool
refuse_length(struct err *e, const char *bound, int limit)
{
	return err_set(e, ERR_VALIDATION, "1 validation error detected: Value at 'resourcePolicy' "
	    "failed to satisfy constraint: Member must have length %s than or equal to %d", bound,
	    limit);
}

static bool
check_length(struct str text, const struct policy_options *o, struct err *e)
{
	bool is_secret = o->kind == POLICY_SECRET;

	if (is_secret && text.n == 0)
		return refuse_length(e, "greater", 1);
	if (is_secret && (text.n > MAX_BYTES || str_code_points(text) > MAX_SECRET_CHARACTERS))
		return refuse_length(e, "less", MAX_SECRET_CHARACTERS);
	if (text.n > MAX_BYTES)
		return err_set(e, ERR_MALFORMED_POLICY, "Syntax errors in policy.");
	return true;
}

static bool
answer(const struct compiler *c, struct err *e)
{
	const char *fixed = c->fault == FAULT_SERVICE ? c->kind->service :
	    c->fault == FAULT_PRINCIPAL ? c->kind->principal : c->kind->syntax;

	return err_set(e, ERR_MALFORMED_POLICY, "%s", fixed != NULL ? fixed : c->text);
}

struct policy *
policy_compile(struct str text, const struct policy_options *o, struct err *e)
{
	AUTO(arena) *doc_arena = arena_new();
	AUTO(policy) *p = NULL;
	struct compiler c = { .o = o, .kind = &kinds[o->kind], .fault = FAULT_NONE };
	json_t *doc;

	if (!check_length(text, o, e))
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->arena = c.a = arena_new();
	doc = json_parse(doc_arena, text, JSON_STRICT_KEYS, e);
	if (doc == NULL)
		note(&c, FAULT_JSON, "This policy contains invalid Json");
	else if (!has_policy_characters(text))
		note_syntax(&c);
	else
		compile_document(&c, doc, p);
	if (c.fault != FAULT_NONE) {
		answer(&c, e);
		return NULL;
	}
	return TAKE(p);
}

void
policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	arena_free(p->arena);
	free(p);
}

size_t
policy_counted_size(struct str text)
{
	bool in_string = false;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool is_white = c == ' ' || c == '\t' || c == '\n' || c == '\r';

		if (c == '"')
			in_string = !in_string;
		else if (c == '\\' && in_string && i + 1 < text.n)
			n += ((unsigned char)text.p[i++] & 0xc0) != 0x80;
		if (in_string || !is_white)
			n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	}
	return n;
}
