/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.c - fuzz target of src/api/secretsmanager/filter.c against a model that follows the words
 * of spec/api.md 6.1-6.3 and nothing else.
 * Input: lines. name, description, tag key, tag value, then filters: a digit for the key and its
 * values, separated by tabs.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/secretsmanager/filter.h"

#define MAX_FILTERS 10
#define MAX_VALUES 10
/* The model compares every token with every token. */
#define LONGEST 2048

static const char *const keys[] = { "name", "description", "tag-key", "tag-value", "all",
	"primary-region", "owning-service" };
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* Not assert(): the oracle must hold in every build. */
static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- the model: first where tokens begin and end, then all pairs */

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
is_upper(int c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_lower(int c)
{
	return (c >= 'a' && c <= 'z') || c >= 0x80;
}

static bool
is_word(int c)
{
	return is_digit(c) || is_upper(c) || is_lower(c);
}

struct words {
	struct str v[LONGEST];
	size_t n;
};

static int
at(struct str s, size_t i)
{
	return i < s.n ? (unsigned char)s.p[i] : ' ';
}

static bool
cut_before(struct str s, size_t i)
{
	int before = at(s, i - 1), c = at(s, i), after = at(s, i + 1);

	return (is_digit(c) && (is_lower(before) || is_upper(before))) ||
	    (is_upper(c) && is_lower(before)) || (is_upper(c) && is_lower(after));
}

static void
words_of(struct str s, struct words *out)
{
	out->n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_word(at(s, i)))
			continue;
		if (i == 0 || !is_word(at(s, i - 1)) || cut_before(s, i))
			out->v[out->n++] = (struct str){ s.p + i, 0 };
		out->v[out->n - 1].n++;
	}
}

static int
folded(int c)
{
	return is_upper(c) ? c - 'A' + 'a' : c;
}

static bool
begins(struct str whole, struct str part, bool fold)
{
	for (size_t i = 0; i < part.n; i++) {
		int x = at(whole, i), y = at(part, i);

		if (i >= whole.n || (fold ? folded(x) != folded(y) : x != y))
			return false;
	}
	return true;
}

static bool
model_words(struct str text, struct str value)
{
	static struct words t, v;
	bool all = true;

	words_of(text, &t);
	words_of(value, &v);
	for (size_t i = 0; i < v.n; i++) {
		bool any = false;

		for (size_t k = 0; k < t.n; k++)
			any = any || begins(t.v[k], v.v[i], true);
		all = all && any;
	}
	return all && v.n > 0;
}

static bool
model_value(const struct secret *s, struct str key, struct str value)
{
	const struct tag *tag = s->tags.n > 0 ? &s->tags.v[0] : NULL;

	if (str_is(key, "name"))
		return begins(s->name, value, false);
	if (str_is(key, "description"))
		return s->description.n > 0 && model_words(s->description, value);
	if (str_is(key, "tag-key"))
		return tag != NULL && begins(tag->key, value, false);
	if (str_is(key, "tag-value"))
		return tag != NULL && begins(tag->value, value, false);
	if (str_is(key, "all"))
		return model_words(s->name, value) || model_words(s->description, value) ||
		    (tag != NULL && (model_words(tag->key, value) || model_words(tag->value, value)));
	return false;	/* no primary region, no owning service */
}

static bool
model(const struct struct_list *filters, const struct secret *s)
{
	const struct filter_input *f = filters->v;
	bool every = true;

	for (size_t i = 0; i < filters->n; i++) {
		bool some = false;

		for (size_t k = 0; k < f[i].values.n; k++) {
			struct str value = f[i].values.v[k];

			some = some || (str_starts(value, "!") ?
			    !model_value(s, f[i].key, str_skip(value, 1)) :
			    model_value(s, f[i].key, value));
		}
		every = every && some;
	}
	return every;
}

/* ---- the input */

static struct str
line(struct str *rest)
{
	struct str l = STR_LIT("");

	if (rest->p == NULL || !str_split(rest, '\n', &l))
		return STR_LIT("");
	return l;
}

static void
read_filter(struct arena *a, struct str text, struct filter_input *out)
{
	struct str value;

	out->key = str_of(keys[(unsigned char)text.p[0] % KEY_COUNT]);
	out->values.v = arena_array(a, struct str, MAX_VALUES);
	out->values.set = true;
	text = str_skip(text, 1);
	while (out->values.n < MAX_VALUES && str_split(&text, '\t', &value))
		out->values.v[out->values.n++] = value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) *a = arena_new();
	struct str rest = { (const char *)data, size }, l;
	struct filter_input *f = arena_array(a, struct filter_input, MAX_FILTERS);
	struct struct_list filters = { .v = f, .set = true };
	struct tag tag;
	struct secret s = { .name = STR_LIT("") };
	AUTO_BUF scope = BUF_INIT;
	struct err e;

	if (size == 0 || size > LONGEST)
		return 0;
	s.name = line(&rest);
	s.description = line(&rest);
	tag = (struct tag){ line(&rest), STR_NULL };
	tag.value = line(&rest);
	s.tags = (struct tags){ &tag, tag.key.n > 0 };
	while (filters.n < MAX_FILTERS && (l = line(&rest)).n > 0)
		read_filter(a, l, &f[filters.n++]);
	must(words_match(s.name, s.description) == model_words(s.name, s.description));
	must(filters_check(&filters, &e));
	must(filters_match(&filters, &s) == model(&filters, &s));
	filters_scope(&filters, &scope);
	return 0;
}
