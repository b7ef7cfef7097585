/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wildcards, ARNs and variables (spec/security.md 2.2, 2.3).
 *
 * A pattern is a list of tokens; a variable's value takes part as literal bytes and is never read
 * as a pattern. Matching is the two-pointer loop with one saved star: O(n * m), no recursion.
 * An ARN is matched part by part without splitting it: a wildcard may not consume one of the
 * value's first five colons, so the pattern's own colons must line up with them.
 */
#include "auth/policy_form.h"

#include <stdlib.h>

/* ---- compiling */

struct scanner {
	struct arena *a;
	unsigned flags;
	struct str rest;
	struct token *tokens;
	size_t count, variables;
	char *bytes;			/* all literal runs, one after the other */
	size_t used;
	bool in_run;			/* the last token is the run being gathered */
};

/* A pattern of n bytes has at most that many tokens, and complete_arn adds ten. */
#define MAX_TOKENS(n) ((n) + 10)

static bool
is_key_char(char c)
{
	return (unsigned char)c > 0x20 ? strchr("{}$,'\"*?", c) == NULL : c == ' ';
}

static void
add_char(struct scanner *s, char c)
{
	if (!s->in_run)
		s->tokens[s->count++] = (struct token){ .kind = TOKEN_TEXT,
			.text = { s->bytes + s->used, 0 } };
	s->in_run = true;
	s->bytes[s->used++] = c;
	s->tokens[s->count - 1].text.n++;
}

static void
add_wild(struct scanner *s, enum token_kind kind)
{
	s->tokens[s->count++] = (struct token){ .kind = kind };
	s->in_run = false;
}

/* The rest after `key,`: blanks and 'default' before the closing brace. */
static bool
scan_default(struct scanner *s, struct str *out)
{
	const char *end;

	while (s->rest.n > 0 && s->rest.p[0] == ' ')
		s->rest = str_skip(s->rest, 1);
	if (s->rest.n == 0 || s->rest.p[0] != '\'')
		return false;
	s->rest = str_skip(s->rest, 1);
	end = memchr(s->rest.p, '\'', s->rest.n);
	if (end == NULL)
		return false;
	*out = arena_str(s->a, (struct str){ s->rest.p, (size_t)(end - s->rest.p) });
	s->rest = str_skip(s->rest, out->n + 1);
	return true;
}

/* After "${": an escaped character, or a key with an optional default. */
static bool
scan_variable(struct scanner *s)
{
	struct token t = { .kind = TOKEN_VARIABLE, .variable = s->variables };
	size_t n = 0;

	if (s->rest.n >= 2 && s->rest.p[1] == '}' && strchr("*?$", s->rest.p[0]) != NULL &&
	    s->rest.p[0] != '\0') {
		add_char(s, s->rest.p[0]);
		s->rest = str_skip(s->rest, 2);
		return true;
	}
	while (n < s->rest.n && is_key_char(s->rest.p[n]))
		n++;
	t.text = arena_str(s->a, (struct str){ s->rest.p, n });
	s->rest = str_skip(s->rest, n);
	if (s->rest.n > 0 && s->rest.p[0] == ',') {
		s->rest = str_skip(s->rest, 1);
		if (!scan_default(s, &t.fallback))
			return false;
	}
	if (n == 0 || s->rest.n == 0 || s->rest.p[0] != '}' ||
	    s->variables == POLICY_MAX_VARIABLES)
		return false;
	s->rest = str_skip(s->rest, 1);
	s->tokens[s->count++] = t;
	s->variables++;
	s->in_run = false;
	return true;
}

static bool
scan(struct scanner *s)
{
	while (s->rest.n > 0) {
		char c = s->rest.p[0];

		if ((s->flags & PATTERN_VARIABLES) && str_starts(s->rest, "${")) {
			s->rest = str_skip(s->rest, 2);
			if (!scan_variable(s))
				return false;
			continue;
		}
		if ((s->flags & PATTERN_WILDCARDS) && c == '*')
			add_wild(s, TOKEN_RUN);
		else if ((s->flags & PATTERN_WILDCARDS) && c == '?')
			add_wild(s, TOKEN_ONE);
		else
			add_char(s, s->rest.p[0]);
		s->rest = str_skip(s->rest, 1);
	}
	return true;
}

static size_t
count_colons(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ':';
	return n;
}

/* "arn:aws:secretsmanager:*" covers everything of the service: missing parts are "*". */
static void
complete_arn(struct scanner *s, size_t colons)
{
	for (; colons < 5; colons++) {
		add_char(s, ':');
		add_wild(s, TOKEN_RUN);
	}
}

static void
finish(const struct scanner *s, struct pattern *out)
{
	struct token *tokens = arena_array(s->a, struct token, s->count);

	if (s->count > 0)
		memcpy(tokens, s->tokens, s->count * sizeof(tokens[0]));
	out->tokens = tokens;
	out->count = s->count;
	out->variables = s->variables;
}

bool
pattern_compile(struct arena *a, struct str text, unsigned flags, struct pattern *out)
{
	struct scanner s = { .a = a, .flags = flags, .rest = text };
	bool ok;

	if (text.n > POLICY_MAX_TEXT)
		return false;
	s.bytes = arena_alloc(a, MAX_TOKENS(text.n));
	s.tokens = xcalloc(MAX_TOKENS(text.n), sizeof(s.tokens[0]));
	ok = scan(&s);
	if (ok) {
		out->is_everything = s.count == 1 && s.tokens[0].kind == TOKEN_RUN;
		if ((flags & PATTERN_ARN) && s.variables == 0)
			complete_arn(&s, count_colons(text));
		finish(&s, out);
	}
	free(s.tokens);
	return ok;
}

/* ---- matching */

struct matcher {
	const struct pattern *p;
	struct str value;
	size_t barrier_end;		/* colons before it stop wildcards */
	bool fold;
	struct str variables[POLICY_MAX_VARIABLES];
};

/* Bytes of the character at `at`, which is before the end. */
static size_t
char_len(struct str s, size_t at)
{
	size_t n = 1;

	while (at + n < s.n && ((unsigned char)s.p[at + n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Steps over one character a wildcard may consume; false at the end or at a barrier. */
static bool
consume(const struct matcher *m, size_t *at)
{
	if (*at >= m->value.n || (*at < m->barrier_end && m->value.p[*at] == ':'))
		return false;
	*at += char_len(m->value, *at);
	return true;
}

static struct str
text_of(const struct matcher *m, const struct token *t)
{
	return t->kind == TOKEN_VARIABLE ? m->variables[t->variable] : t->text;
}

static bool
consume_text(const struct matcher *m, const struct token *t, size_t *at)
{
	struct str text = text_of(m, t);
	struct str here = str_skip(m->value, *at);

	if (here.n < text.n)
		return false;
	here.n = text.n;
	if (!(m->fold ? str_eq_nocase(here, text) : str_eq(here, text)))
		return false;
	*at += text.n;
	return true;
}

static bool
is_barred(const struct matcher *m, size_t from, size_t to)
{
	size_t end = to < m->barrier_end ? to : m->barrier_end;

	return from < end && memchr(m->value.p + from, ':', end - from) != NULL;
}

/*
 * Lets the star before `token` take at least one character more, at once as far as the text that
 * follows can next begin: a long value costs one search and not one attempt per byte.
 */
static bool
extend_star(const struct matcher *m, size_t token, size_t *at)
{
	const struct token *t = token < m->p->count ? &m->p->tokens[token] : NULL;
	size_t next = *at;
	const char *found;

	if (!consume(m, &next))
		return false;
	if (t == NULL) {
		found = m->value.p + m->value.n;
	} else if (t->kind == TOKEN_ONE || t->kind == TOKEN_RUN || m->fold) {
		found = m->value.p + next;
	} else {
		struct str text = text_of(m, t), rest = str_skip(m->value, next);

		found = memmem(rest.p, rest.n, text.p, text.n);
		if (found == NULL)
			return false;
	}
	if (is_barred(m, next, (size_t)(found - m->value.p)))
		return false;
	*at = (size_t)(found - m->value.p);
	return true;
}

static bool
run_matcher(const struct matcher *m)
{
	size_t token = 0, at = 0, star_token = 0, star_at = 0;
	bool has_star = false;

	for (;;) {
		const struct token *t = token < m->p->count ? &m->p->tokens[token] : NULL;
		bool ok;

		if (t == NULL && at == m->value.n)
			return true;
		if (t != NULL && t->kind == TOKEN_RUN) {
			has_star = true;
			star_token = ++token;
			star_at = at;
			continue;
		}
		ok = t != NULL && (t->kind == TOKEN_ONE ? consume(m, &at) :
		    consume_text(m, t, &at));
		if (ok) {
			token++;
			continue;
		}
		if (!has_star || !extend_star(m, star_token, &star_at))
			return false;
		token = star_token;
		at = star_at;
	}
}

static size_t
end_of_fifth_colon(struct str s)
{
	size_t colons = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ':' && ++colons == 5)
			return i + 1;
	}
	return 0;
}

bool
is_arn(struct str s)
{
	return str_starts(s, "arn:") && end_of_fifth_colon(s) > 0;
}

const struct policy_key *
policy_key_find(const struct policy_request *r, struct str name)
{
	for (size_t i = 0; i < r->key_count; i++) {
		if (str_eq_nocase(r->keys[i].name, name))
			return r->keys[i].count > 0 ? &r->keys[i] : NULL;
	}
	return NULL;
}

/* Multivalued keys cannot be used and count as unset. */
static bool
resolve(struct matcher *m, const struct policy_request *r)
{
	for (size_t i = 0; i < m->p->count; i++) {
		const struct token *t = &m->p->tokens[i];
		const struct policy_key *k;

		if (t->kind != TOKEN_VARIABLE)
			continue;
		k = r == NULL ? NULL : policy_key_find(r, t->text);
		if (k != NULL && !k->is_multivalued)
			m->variables[t->variable] = k->values[0];
		else if (t->fallback.p != NULL)
			m->variables[t->variable] = t->fallback;
		else
			return false;
	}
	return true;
}

enum pattern_result
pattern_match(const struct pattern *p, struct str value, unsigned flags,
    const struct policy_request *r)
{
	struct matcher m;

	m.p = p;
	m.value = value.p == NULL ? STR_LIT("") : value;
	m.barrier_end = 0;
	m.fold = (flags & PATTERN_FOLD) != 0;
	if (p->variables > 0 && !resolve(&m, r))
		return PATTERN_UNSET;
	if (flags & PATTERN_ARN) {
		m.barrier_end = end_of_fifth_colon(value);
		if (m.barrier_end == 0)
			return PATTERN_NO;
	}
	return run_matcher(&m) ? PATTERN_YES : PATTERN_NO;
}

/* ---- matching alone */

bool
policy_action_matches(struct str pattern, struct str action)
{
	AUTO(arena) *a = arena_new();
	struct pattern p;

	return action.n <= POLICY_MAX_TEXT &&
	    pattern_compile(a, pattern, PATTERN_WILDCARDS, &p) &&
	    pattern_match(&p, action, PATTERN_FOLD, NULL) == PATTERN_YES;
}

bool
policy_resource_matches(struct str pattern, struct str arn)
{
	AUTO(arena) *a = arena_new();
	struct pattern p;

	return arn.n <= POLICY_MAX_TEXT &&
	    pattern_compile(a, pattern, PATTERN_WILDCARDS | PATTERN_ARN, &p) &&
	    (p.is_everything || pattern_match(&p, arn, PATTERN_ARN, NULL) == PATTERN_YES);
}
