/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions (spec/security.md 2.4): the operator table, the typing of policy values at compile
 * time, and the set logic at evaluation. Results have three values, because a request value too
 * long to compare must neither let an Allow in nor a Deny out.
 */
#include "auth/policy_form.h"

#include <arpa/inet.h>

#include "base/clock.h"
#include "base/codec.h"

enum order { LESS = 1, EQUAL = 2, GREATER = 4 };

struct operator {
	const char *name;
	bool (*parse)(struct arena *a, unsigned flags, struct condition_value *v);
	bool (*match)(const struct operator *op, const struct condition_value *v, struct str given,
	    const struct policy_request *r);
	unsigned accept;		/* numbers, dates: how the request may stand to it */
	bool is_negated;
	bool pins;			/* may narrow a public policy (2.14) */
};

/* ---- strings and ARNs */

static bool
parse_pattern(struct arena *a, unsigned flags, struct condition_value *v)
{
	v->is_valid = pattern_compile(a, v->text, flags, &v->pattern);
	return v->is_valid;
}

static bool
parse_text(struct arena *a, unsigned flags, struct condition_value *v)
{
	return parse_pattern(a, flags, v);
}

static bool
parse_glob(struct arena *a, unsigned flags, struct condition_value *v)
{
	return parse_pattern(a, flags | PATTERN_WILDCARDS, v);
}

static bool
parse_arn(struct arena *a, unsigned flags, struct condition_value *v)
{
	return parse_pattern(a, flags | PATTERN_WILDCARDS | PATTERN_ARN, v);
}

static bool
match_text(const struct operator *op, const struct condition_value *v, struct str given,
    const struct policy_request *r)
{
	(void)op;
	return pattern_match(&v->pattern, given, 0, r) == PATTERN_YES;
}

static bool
match_folded(const struct operator *op, const struct condition_value *v, struct str given,
    const struct policy_request *r)
{
	(void)op;
	return pattern_match(&v->pattern, given, PATTERN_FOLD, r) == PATTERN_YES;
}

static bool
match_arn(const struct operator *op, const struct condition_value *v, struct str given,
    const struct policy_request *r)
{
	(void)op;
	return is_arn(given) && pattern_match(&v->pattern, given, PATTERN_ARN, r) == PATTERN_YES;
}

/* ---- numbers: exact decimals, compared digit by digit */

struct decimal {
	bool is_negative;
	struct str whole, fraction;	/* no leading, no trailing zeros */
};

static struct str
take_digits(struct str *s)
{
	size_t n = 0;
	struct str out;

	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	out = (struct str){ s->p, n };
	*s = str_skip(*s, n);
	return out;
}

static bool
decimal_parse(struct str s, struct decimal *d)
{
	size_t digits;

	d->is_negative = s.n > 0 && s.p[0] == '-';
	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_skip(s, 1);
	d->whole = take_digits(&s);
	d->fraction = STR_LIT("");
	digits = d->whole.n;
	if (digits > 0 && s.n > 1 && s.p[0] == '.') {
		s = str_skip(s, 1);
		d->fraction = take_digits(&s);
	}
	while (d->whole.n > 0 && d->whole.p[0] == '0')
		d->whole = str_skip(d->whole, 1);
	while (d->fraction.n > 0 && d->fraction.p[d->fraction.n - 1] == '0')
		d->fraction.n--;
	if (d->whole.n + d->fraction.n == 0)
		d->is_negative = false;		/* -0 is 0 */
	return digits > 0 && s.n == 0;
}

static int
decimal_cmp(const struct decimal *l, const struct decimal *r)
{
	int c;

	if (l->is_negative != r->is_negative)
		return l->is_negative ? -1 : 1;
	if (l->whole.n != r->whole.n)
		c = l->whole.n < r->whole.n ? -1 : 1;
	else if ((c = str_cmp(l->whole, r->whole)) == 0)
		c = str_cmp(l->fraction, r->fraction);
	return l->is_negative ? -c : c;
}

static bool
is_accepted(const struct operator *op, int c)
{
	return (op->accept & (c < 0 ? LESS : c > 0 ? GREATER : EQUAL)) != 0;
}

static bool
parse_number(struct arena *a, unsigned flags, struct condition_value *v)
{
	struct decimal d;

	(void)a, (void)flags;
	v->is_valid = decimal_parse(v->text, &d);
	return true;
}

static bool
match_number(const struct operator *op, const struct condition_value *v, struct str given,
    const struct policy_request *r)
{
	struct decimal left, right;

	(void)r;
	return decimal_parse(given, &left) && decimal_parse(v->text, &right) &&
	    is_accepted(op, decimal_cmp(&left, &right));
}

/* ---- dates: ISO 8601 or epoch seconds, on either side */

static bool
date_parse(struct str s, int64_t *out)
{
	unsigned long long seconds;

	if (!str_to_u64(s, INT64_MAX, &seconds))
		return time_parse_iso(s, out);
	*out = (int64_t)seconds;
	return true;
}

static bool
parse_date(struct arena *a, unsigned flags, struct condition_value *v)
{
	(void)a, (void)flags;
	v->is_valid = date_parse(v->text, &v->date_s);
	return true;
}

static bool
match_date(const struct operator *op, const struct condition_value *v, struct str given,
    const struct policy_request *r)
{
	int64_t t;

	(void)r;
	return date_parse(given, &t) && is_accepted(op, t < v->date_s ? -1 : t > v->date_s);
}

/* ---- booleans, bytes */

static bool
bool_parse(struct str s, bool *out)
{
	*out = str_eq_nocase(s, STR_LIT("true"));
	return *out || str_eq_nocase(s, STR_LIT("false"));
}

static bool
parse_bool(struct arena *a, unsigned flags, struct condition_value *v)
{
	(void)a, (void)flags;
	v->is_valid = bool_parse(v->text, &v->flag);
	return true;
}

static bool
match_bool(const struct operator *op, const struct condition_value *v, struct str given,
    const struct policy_request *r)
{
	bool flag;

	(void)op, (void)r;
	return bool_parse(given, &flag) && flag == v->flag;
}

static bool
parse_binary(struct arena *a, unsigned flags, struct condition_value *v)
{
	uint8_t *out = arena_alloc(a, v->text.n / 4 * 3 + 3);
	size_t n;

	(void)flags;
	v->is_valid = base64_decode(v->text, out, &n);
	if (v->is_valid)
		v->bytes = (struct str){ (const char *)out, n };
	return true;
}

static bool
match_binary(const struct operator *op, const struct condition_value *v, struct str given,
    const struct policy_request *r)
{
	uint8_t out[POLICY_MAX_TEXT / 4 * 3 + 3];
	size_t n;

	(void)op, (void)r;
	return given.n <= POLICY_MAX_TEXT && base64_decode(given, out, &n) &&
	    str_eq((struct str){ (const char *)out, n }, v->bytes);
}

/* ---- addresses */

#define V4_MAPPED "\0\0\0\0\0\0\0\0\0\0\xff\xff"
#define V4_MAPPED_LEN 12

/* A v4 address written as v6 is a v4 address. */
static void
unmap(struct ip_range *r)
{
	if (r->bits != 128 || r->prefix < 96 || memcmp(r->bytes, V4_MAPPED, V4_MAPPED_LEN) != 0)
		return;
	memmove(r->bytes, r->bytes + V4_MAPPED_LEN, 4);
	r->bits = 32;
	r->prefix -= 96;
}

/* A bare address is a range of one; host bits are ignored when ranges are compared. */
static bool
range_parse(struct str s, struct ip_range *out)
{
	char text[INET6_ADDRSTRLEN];
	unsigned long long prefix;
	struct str address;

	if (!str_split(&s, '/', &address) || address.n >= sizeof(text) ||
	    (address.n > 0 && memchr(address.p, '\0', address.n) != NULL))
		return false;
	memcpy(text, address.p, address.n);
	text[address.n] = '\0';
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->bits = 32;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->bits = 128;
	else
		return false;
	out->prefix = out->bits;
	if (s.p != NULL) {
		if (!str_to_u64(s, (unsigned)out->bits, &prefix))
			return false;
		out->prefix = (int)prefix;
	}
	unmap(out);
	return true;
}

static bool
parse_range(struct arena *a, unsigned flags, struct condition_value *v)
{
	(void)a, (void)flags;
	v->is_valid = range_parse(v->text, &v->range);
	return true;
}

static bool
match_range(const struct operator *op, const struct condition_value *v, struct str given,
    const struct policy_request *r)
{
	const struct ip_range *range = &v->range;
	struct ip_range address;
	int whole = range->prefix / 8, rest = range->prefix % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	(void)op, (void)r;
	return range_parse(given, &address) && address.prefix == address.bits &&
	    address.bits == range->bits &&
	    memcmp(address.bytes, range->bytes, (size_t)whole) == 0 &&
	    (rest == 0 || (address.bytes[whole] & mask) == (range->bytes[whole] & mask));
}

/* ---- the table */

static const struct operator operators[] = {
	{ "StringEquals", parse_text, match_text, .pins = true },
	{ "StringNotEquals", parse_text, match_text, .is_negated = true },
	{ "StringEqualsIgnoreCase", parse_text, match_folded, .pins = true },
	{ "StringNotEqualsIgnoreCase", parse_text, match_folded, .is_negated = true },
	{ "StringLike", parse_glob, match_text, .pins = true },
	{ "StringNotLike", parse_glob, match_text, .is_negated = true },
	{ "NumericEquals", parse_number, match_number, EQUAL },
	{ "NumericNotEquals", parse_number, match_number, EQUAL, .is_negated = true },
	{ "NumericLessThan", parse_number, match_number, LESS },
	{ "NumericLessThanEquals", parse_number, match_number, LESS | EQUAL },
	{ "NumericGreaterThan", parse_number, match_number, GREATER },
	{ "NumericGreaterThanEquals", parse_number, match_number, GREATER | EQUAL },
	{ "DateEquals", parse_date, match_date, EQUAL },
	{ "DateNotEquals", parse_date, match_date, EQUAL, .is_negated = true },
	{ "DateLessThan", parse_date, match_date, LESS },
	{ "DateLessThanEquals", parse_date, match_date, LESS | EQUAL },
	{ "DateGreaterThan", parse_date, match_date, GREATER },
	{ "DateGreaterThanEquals", parse_date, match_date, GREATER | EQUAL },
	{ "Bool", parse_bool, match_bool },
	{ "BinaryEquals", parse_binary, match_binary },
	{ "IpAddress", parse_range, match_range },
	{ "NotIpAddress", parse_range, match_range, .is_negated = true },
	{ "ArnEquals", parse_arn, match_arn, .pins = true },
	{ "ArnLike", parse_arn, match_arn, .pins = true },
	{ "ArnNotEquals", parse_arn, match_arn, .is_negated = true },
	{ "ArnNotLike", parse_arn, match_arn, .is_negated = true },
	{ "Null", parse_bool, NULL },		/* asks for the key, not for its value */
};

static bool
is_null(const struct operator *op)
{
	return op->match == NULL;
}

static struct str
without_suffix(struct str s, const char *suffix, bool *had_it)
{
	size_t n = strlen(suffix);

	*had_it = s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
	if (*had_it)
		s.n -= n;
	return s;
}

bool
condition_parse_operator(struct str name, struct condition *out)
{
	out->set = str_starts(name, "ForAllValues:") ? SET_ALL :
	    str_starts(name, "ForAnyValue:") ? SET_ANY : SET_NONE;
	if (out->set != SET_NONE)
		(void)str_split(&name, ':', &(struct str){ NULL, 0 });
	name = without_suffix(name, "IfExists", &out->if_exists);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!str_is(name, operators[i].name))
			continue;
		out->op = &operators[i];
		return !is_null(out->op) || (!out->if_exists && out->set == SET_NONE);
	}
	return false;
}

bool
condition_parse_value(struct arena *a, const struct condition *c, bool has_variables,
    struct condition_value *v)
{
	return c->op->parse(a, has_variables ? PATTERN_VARIABLES : 0, v);
}

bool
condition_is_typed(const struct condition *c)
{
	return c->op->accept != 0;
}

bool
condition_is_arn_operator(const struct condition *c)
{
	return c->op->match == match_arn;
}

bool
condition_pins(const struct condition *c)
{
	return c->op->pins;
}

/* ---- evaluation */

static enum tri
tri_of(bool b)
{
	return b ? TRI_YES : TRI_NO;
}

static enum tri
tri_not(enum tri t)
{
	return t == TRI_UNSURE ? TRI_UNSURE : tri_of(t == TRI_NO);
}

/* Several values for one key are alternatives; for a negated operator none may match. */
static enum tri
match_value(const struct condition *c, struct str given, const struct policy_request *r)
{
	bool hit = false;

	if (given.n > POLICY_MAX_TEXT)
		return TRI_UNSURE;
	if (given.p == NULL)
		given = STR_LIT("");
	for (size_t i = 0; i < c->count && !hit; i++)
		hit = c->values[i].is_valid && c->op->match(c->op, &c->values[i], given, r);
	return tri_of(hit != c->op->is_negated);
}

static enum tri
match_absent(const struct condition *c)
{
	switch (c->set) {
	case SET_ALL:
		return TRI_YES;
	case SET_ANY:
		return tri_of(c->if_exists);
	case SET_NONE:
		break;
	}
	return tri_of(c->if_exists || c->op->is_negated);
}

static bool
holds_only_empty_strings(const struct policy_key *k)
{
	for (size_t i = 0; i < k->count; i++) {
		if (k->values[i].n > 0)
			return false;
	}
	return true;
}

/* ForAllValues is a conjunction over the request's values, ForAnyValue the opposite of one. */
static enum tri
match_set(const struct condition *c, const struct policy_key *k, const struct policy_request *r)
{
	bool wants_all = c->set == SET_ALL;
	enum tri sum = tri_of(wants_all);

	if (wants_all && holds_only_empty_strings(k))
		return TRI_YES;
	for (size_t i = 0; i < k->count; i++) {
		enum tri one = match_value(c, k->values[i], r);

		if (one == tri_not(tri_of(wants_all)))
			return one;
		if (one == TRI_UNSURE)
			sum = TRI_UNSURE;
	}
	return sum;
}

static enum tri
match_null(const struct condition *c, bool is_absent)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->values[i].is_valid && c->values[i].flag == is_absent)
			return TRI_YES;
	}
	return TRI_NO;
}

enum tri
condition_match(const struct condition *c, const struct policy_request *r)
{
	const struct policy_key *k = policy_key_find(r, c->key);

	if (is_null(c->op))
		return match_null(c, k == NULL);
	if (k == NULL)
		return match_absent(c);
	if (c->set != SET_NONE)
		return match_set(c, k, r);
	/* AWS gives no match here, whatever the operator (2.4). */
	if (k->is_multivalued)
		return TRI_NO;
	return match_value(c, k->values[0], r);
}
