/* SPDX-License-Identifier: Apache-2.0 */
#include "api/secretsmanager/filter.h"

static const char *const filter_keys[] = { "description", "name", "tag-key", "tag-value",
	"primary-region", "owning-service", "all", NULL };

const struct field filter_fields[] = {
	{ "Key", FIELD_STRING, AT(struct filter_input, key), .values = filter_keys },
	{ "Values", FIELD_STRING_LIST, AT(struct filter_input, values), .min = 1, .max = 10,
	  .element_max = 512, .element_pattern = "^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$",
	  .element_matches = is_filter_value },
	FIELD_END(struct filter_input)
};

bool
filters_check(const struct struct_list *filters, struct err *e)
{
	const struct filter_input *f = filters->v;

	for (size_t i = 0; i < filters->n; i++) {
		if (f[i].key.p == NULL)
			return err_set(e, ERR_INVALID_PARAMETER, "Invalid filter key");
		if (!f[i].values.set)
			return err_set(e, ERR_INVALID_PARAMETER,
			    "Invalid filter values for key: " STR_FMT, STR_ARG(f[i].key));
	}
	return true;
}

/* ---- word match */

enum letter { SEPARATOR, DIGIT, LOWER, UPPER };

static enum letter
kind_of(struct str s, size_t i)
{
	unsigned char c;

	if (i >= s.n)
		return SEPARATOR;
	c = (unsigned char)s.p[i];
	if (c >= '0' && c <= '9')
		return DIGIT;
	if ((c >= 'a' && c <= 'z') || c >= 0x80)
		return LOWER;
	return c >= 'A' && c <= 'Z' ? UPPER : SEPARATOR;
}

/* Does a new token begin at i, inside a run? (a), (b) and (c) of 6.3. */
static bool
begins(struct str s, size_t i)
{
	enum letter before = kind_of(s, i - 1), here = kind_of(s, i), after = kind_of(s, i + 1);

	if (here == DIGIT)
		return before == LOWER || before == UPPER;
	if (here == UPPER)
		return before == LOWER || after == LOWER;
	return false;
}

/* Takes the next token off the front of *s. */
static bool
next_token(struct str whole, size_t *at, struct str *out)
{
	size_t start;

	while (*at < whole.n && kind_of(whole, *at) == SEPARATOR)
		(*at)++;
	if (*at >= whole.n)
		return false;
	start = (*at)++;
	while (*at < whole.n && kind_of(whole, *at) != SEPARATOR && !begins(whole, *at))
		(*at)++;
	*out = (struct str){ whole.p + start, *at - start };
	return true;
}

static bool
some_token_begins_with(struct str text, struct str prefix)
{
	struct str token;
	size_t at = 0;

	while (next_token(text, &at, &token)) {
		if (token.n >= prefix.n &&
		    str_eq_nocase((struct str){ token.p, prefix.n }, prefix))
			return true;
	}
	return false;
}

bool
words_match(struct str text, struct str value)
{
	struct str token;
	size_t at = 0, n = 0;

	while (next_token(value, &at, &token)) {
		n++;
		if (!some_token_begins_with(text, token))
			return false;
	}
	return n > 0;
}

/* ---- keys */

static bool
begins_with(struct str text, struct str prefix)
{
	return text.n >= prefix.n && str_eq((struct str){ text.p, prefix.n }, prefix);
}

static bool
any_tag(const struct secret *s, bool by_key, struct str value,
    bool (*match)(struct str text, struct str value))
{
	for (size_t i = 0; i < s->tags.n; i++) {
		if (match(by_key ? s->tags.v[i].key : s->tags.v[i].value, value))
			return true;
	}
	return false;
}

static bool
matches_key(struct str key, const struct secret *s, struct str value)
{
	bool is_primary = s->replica_count > 0;
	struct str region = s->primary_region.n > 0 ? s->primary_region :
	    is_primary ? s->region : STR_NULL;

	if (str_is(key, "name"))
		return begins_with(s->name, value);
	if (str_is(key, "tag-key"))
		return any_tag(s, true, value, begins_with);
	if (str_is(key, "tag-value"))
		return any_tag(s, false, value, begins_with);
	if (str_is(key, "description"))
		return s->description.n > 0 && words_match(s->description, value);
	if (str_is(key, "primary-region"))
		return region.p != NULL && begins_with(region, value);
	if (str_is(key, "all"))
		return words_match(s->name, value) || words_match(s->description, value) ||
		    any_tag(s, true, value, words_match) || any_tag(s, false, value, words_match);
	return false;		/* owning-service: pawl's secrets have none */
}

static bool
matches(const struct filter_input *f, const struct secret *s)
{
	for (size_t i = 0; i < f->values.n; i++) {
		struct str value = f->values.v[i];
		bool negated = value.n > 0 && value.p[0] == '!';

		if (matches_key(f->key, s, negated ? str_skip(value, 1) : value) != negated)
			return true;
	}
	return false;
}

bool
filters_match(const struct struct_list *filters, const struct secret *s)
{
	const struct filter_input *f = filters->v;

	for (size_t i = 0; i < filters->n; i++) {
		if (!matches(&f[i], s))
			return false;
	}
	return true;
}

void
filters_scope(const struct struct_list *filters, struct buf *out)
{
	const struct filter_input *f = filters->v;

	for (size_t i = 0; i < filters->n; i++) {
		buf_printf(out, "|" STR_FMT, STR_ARG(f[i].key));
		for (size_t k = 0; k < f[i].values.n; k++)
			buf_printf(out, "\x1f%zu:" STR_FMT, f[i].values.v[k].n,
			    STR_ARG(f[i].values.v[k]));
	}
}
