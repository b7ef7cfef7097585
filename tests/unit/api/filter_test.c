/* SPDX-License-Identifier: Apache-2.0 */
/* Filters (spec/api.md 6.1-6.3): every row of its tables, and how they combine. */
#include "api/secretsmanager/filter.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
check_words(const char *text, const char *value, bool want)
{
	if (words_match(str_of(text), str_of(value)) != want)
		fail_msg("'%s' %s '%s'", value, want ? "does not match" : "matches", text);
}

struct word_row { const char *value, *text; bool matches; };

static void
check_word_rows(const struct word_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_words(rows[i].text, rows[i].value, rows[i].matches);
}

TEST("a text falls into the tokens of 6.3, and each token is found by its beginning only")
{
	static const struct word_row rows[] = {
		{ "secret", "SecretFTag3fa9c1", true }, { "f", "SecretFTag3fa9c1", true },
		{ "tag", "SecretFTag3fa9c1", true }, { "3fa", "SecretFTag3fa9c1", true },
		{ "9c", "SecretFTag3fa9c1", true }, { "1", "SecretFTag3fa9c1", true },
		{ "ag", "SecretFTag3fa9c1", false }, { "fa", "SecretFTag3fa9c1", false },
		{ "c1", "SecretFTag3fa9c1", false }, { "ftag", "SecretFTag3fa9c1", false },
		{ "uat", "uat/COMPANYthings/x", true }, { "compan", "uat/COMPANYthings/x", true },
		{ "ythings", "uat/COMPANYthings/x", true }, { "x", "uat/COMPANYthings/x", true },
		{ "prod", "prod+AppBeta+x", true }, { "app", "prod+AppBeta+x", true },
		{ "beta", "prod+AppBeta+x", true }, { "x", "prod+AppBeta+x", true },
		{ "creds", "credsDatabase#892", true }, { "database", "credsDatabase#892", true },
		{ "892", "credsDatabase#892", true }, { "8", "credsDatabase#892", true },
		{ "92", "credsDatabase#892", false },
	};

	check_word_rows(rows, COUNT(rows));
}

TEST("AppBeta and Beta are found whatever character separates them")
{
	for (const char *c = "/_+=.@-"; *c != '\0'; c++) {
		char name[32];

		snprintf(name, sizeof(name), "prod%cAppBeta%cx", *c, *c);
		check_words(name, "AppBeta", true);
		check_words(name, "Beta", true);
		check_words(name, "ppBeta", false);
		check_words(name, "eta", false);
	}
	check_words("prod-AppBeta/x", "AppBeta", true);	/* pawl splits normally */
}

TEST("the rows of 6.3: what a value matches, and beside it what it does not")
{
	static const char *const nobody[] = { "things", "N", "pany", "ret", "+" };
	static const char *const texts[] = { "prod/AppBeta/x", "uat/COMPANY/x",
		"uat/COMPANYthings/x", "SecretOne", "SecretTwo", "Thirdsecret" };
	static const struct word_row rows[] = {
		{ "company", "uat/COMPANY/x", true }, { "company", "uat/COMPANYthings/x", false },
		{ "Ythings", "uat/COMPANYthings/x", true },
		{ "secret", "SecretOne", true }, { "secret", "SecretTwo", true },
		{ "secret", "Thirdsecret", false },
		{ "sec", "SecretOne", true }, { "sec", "Thirdsecret", false },
		{ "d t", "DescTwo", true },
		{ "a", "a secret", true }, { "a", "an secret", true }, { "a", "asecret", true },
		{ "a", "thesecret", false },
		{ "a secret", "a secret", true }, { "a secret", "an secret", true },
		{ "a secret", "asecret", false }, { "a secret", "thesecret", false },
		{ "one two", "one two", true }, { "one two", "one and two", true },
		{ "one two", "one", false }, { "one two", "two", false },
		{ "o t", "one two", true }, { "o t", "one", false },
	};

	check_word_rows(rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(nobody); i++) {
		for (size_t k = 0; k < COUNT(texts); k++)
			check_words(texts[k], nobody[i], false);
	}
}

TEST("case is folded; bytes of other alphabets are letters; without a token nothing matches")
{
	static const struct word_row rows[] = {
		{ "SECRET", "a secret", true }, { "secret", "A SECRET", true },
		{ "caf\xc3\xa9", "the caf\xc3\xa9 key", true },
		{ "\xc3\xa9t\xc3\xa9", "un \xc3\xa9t\xc3\xa9", true },
		{ "t\xc3\xa9", "un \xc3\xa9t\xc3\xa9", false },
		{ "", "anything", false }, { " ", "anything", false }, { "a", "", false },
		{ "+-/", "a+-/b", false },
	};

	check_word_rows(rows, COUNT(rows));
}

/* ---- filters on a secret */

static struct tag tags[] = {
	{ { "team", 4 }, { "RedTeam", 7 } }, { { "stage", 5 }, { "prod", 4 } } };
static struct replica replicas[] = { { .region = { "eu-west-2", 9 } } };

static struct secret
plain(void)
{
	return (struct secret){ .name = STR_LIT("prod/AppBeta"), .region = STR_LIT("eu-west-1"),
		.description = STR_LIT("a secret for Tests"), .tags = { tags, 2 } };
}

static struct secret
bare(void)
{
	return (struct secret){ .name = STR_LIT("bare"), .region = STR_LIT("eu-west-1") };
}

/* "key=value|value;key=value" */
static bool
matches(const struct secret *s, const char *text)
{
	AUTO(arena) *a = arena_new();
	struct filter_input *f = arena_array(a, struct filter_input, 10);
	struct struct_list list = { .v = f, .set = true };
	struct str rest = str_of(text), one, value;

	while (str_split(&rest, ';', &one)) {
		struct filter_input *in = &f[list.n++];

		assert_true(str_split(&one, '=', &in->key));
		in->values = (struct str_list){ .v = arena_array(a, struct str, 10), .set = true };
		while (str_split(&one, '|', &value))
			in->values.v[in->values.n++] = value;
	}
	return filters_match(&list, s);
}

struct filter_row { const char *filters; bool matches; };

static void
check_filters(const struct secret *s, const struct filter_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (matches(s, rows[i].filters) != rows[i].matches)
			fail_msg("%s %s", rows[i].filters,
			    rows[i].matches ? "does not match" : "matches");
	}
}

TEST("each key looks at its attribute, in its manner and case")
{
	struct secret s = plain();
	static const struct filter_row rows[] = {
		{ "name=prod", true }, { "name=prod/App", true }, { "name=Prod", false },
		{ "name=App", false }, { "name=prod/AppBeta1", false }, { "name=prod App", false },
		{ "tag-key=te", true }, { "tag-key=Te", false }, { "tag-key=am", false },
		{ "tag-value=Red", true }, { "tag-value=red", false }, { "tag-value=Team", false },
		{ "description=secret", true }, { "description=SECRET a", true },
		{ "description=ecret", false }, { "description=team", false },
		{ "all=beta", true }, { "all=tests", true }, { "all=team", true },
		{ "all=stage", true }, { "all=nothing", false },
		{ "all=beta secret", false }, { "all=team red", true },
		{ "primary-region=eu", false }, { "owning-service=a", false },
	};

	check_filters(&s, rows, COUNT(rows));
}

TEST("primary-region matches primaries that have replicas, and replicas, by their primary's region")
{
	struct secret primary = plain(), replica = plain();
	static const struct filter_row at_home[] = { { "primary-region=eu-west-1", true },
		{ "primary-region=eu", true }, { "primary-region=eu-west-2", false },
		{ "primary-region=EU", false } };
	static const struct filter_row abroad[] = { { "primary-region=us-east-1", true },
		{ "primary-region=eu", false } };

	primary.replicas = replicas;
	primary.replica_count = 1;
	replica.primary_region = STR_LIT("us-east-1");
	check_filters(&primary, at_home, COUNT(at_home));
	check_filters(&replica, abroad, COUNT(abroad));
}

TEST("filters AND, values OR, a leading exclamation mark negates its value")
{
	struct secret s = plain(), none = bare();
	static const struct filter_row rows[] = {
		{ "name=prod;tag-key=team", true }, { "name=prod;tag-key=x", false },
		{ "name=prod;name=prod/A", true }, { "name=prod;name=x", false },
		{ "name=x|prod", true }, { "name=x|y", false },
		{ "tag-key=team;tag-value=prod", true },	/* not of one tag */
		{ "name=!prod", false }, { "name=!x", true }, { "name=!!prod", true },
		{ "name=!prod|prod", true }, { "name=!prod|x", false },
		{ "description=!a", false }, { "description=!c", true },
		{ "all=!beta", false }, { "owning-service=!a", true }, { "primary-region=!eu", true },
	};
	static const struct filter_row without[] = {
		{ "description=!a", true }, { "description=a", false },
		{ "tag-key=!team", true }, { "tag-value=!x", true }, { "tag-key=", false },
		{ "tag-key=!", true }, { "name=", true }, { "name=!", false },
		{ "description=", false }, { "all=", false }, { "all=!", true },
	};

	check_filters(&s, rows, COUNT(rows));
	check_filters(&none, without, COUNT(without));
}

TEST("the empty prefix matches every secret that has the attribute; no filter matches all")
{
	struct secret s = plain();
	static const struct filter_row rows[] = { { "tag-key=", true }, { "tag-value=", true },
		{ "name=", true }, { "description=", false } };
	struct struct_list none = { .n = 0 };

	check_filters(&s, rows, COUNT(rows));
	assert_true(filters_match(&none, &s));
}

TEST("a filter without a key, or without values, is refused in AWS's words")
{
	struct filter_input f[] = { { STR_LIT("name"), { .set = true } }, { STR_NULL, { 0 } } };
	struct struct_list list = { .v = f, .n = 1, .set = true };
	struct err e;

	CHECK_OK(filters_check(&list, &e), &e);
	list.n = 2;
	CHECK_ERR(filters_check(&list, &e), &e, ERR_INVALID_PARAMETER);
	assert_string_equal(e.msg, "Invalid filter key");
	f[1].key = STR_LIT("tag-key");
	CHECK_ERR(filters_check(&list, &e), &e, ERR_INVALID_PARAMETER);
	assert_string_equal(e.msg, "Invalid filter values for key: tag-key");
}

TEST("a page's scope tells every set of filters from every other")
{
	static const char *const sets[] = { "name=a", "name=b", "tag-key=a", "name=a|b", "name=ab",
		"name=a;name=b", "name=b;name=a", "name=!a" };
	struct str scopes[COUNT(sets)];
	AUTO(arena) *a = arena_new();

	for (size_t i = 0; i < COUNT(sets); i++) {
		struct filter_input *f = arena_array(a, struct filter_input, 4);
		struct struct_list list = { .v = f, .set = true };
		struct str rest = str_of(sets[i]), one, value;
		AUTO_BUF b = BUF_INIT;

		while (str_split(&rest, ';', &one)) {
			struct filter_input *in = &f[list.n++];

			assert_true(str_split(&one, '=', &in->key));
			in->values.v = arena_array(a, struct str, 4);
			while (str_split(&one, '|', &value))
				in->values.v[in->values.n++] = value;
		}
		filters_scope(&list, &b);
		scopes[i] = arena_str(a, buf_view(&b));
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(scopes[i], scopes[k]));
	}
}
