/* SPDX-License-Identifier: Apache-2.0 */
/* Labels: the primitive moves of spec/api.md 4.2 and its worked traces, step by step. */
#include "catalog_fixture.h"

/* One step of a trace, and what DescribeSecret shows after it. */
enum move {
	PUT,			/* a new version; labels as PutSecretValue's VersionStages */
	PROMOTE,		/* UpdateSecretVersionStage of AWSCURRENT */
	ATTACH,
	REMOVE,
};
struct step {
	enum move move;
	const char *version;
	const char *labels[5];	/* none: PutSecretValue without VersionStages */
	const char *after;
};
struct trace { const char *name; struct step steps[6]; };

static bool
asks_for(const struct step *t, const char *label)
{
	for (size_t i = 0; t->labels[i] != NULL; i++) {
		if (strcmp(t->labels[i], label) == 0)
			return true;
	}
	return false;
}

/* The row of 4.2 for PutSecretValue, in the primitives it is written in. */
static void
put(struct world *w, struct secret *s, const struct step *t)
{
	struct str version = str_of(t->version);

	if (t->labels[0] == NULL || asks_for(t, "AWSCURRENT") || s->staged_count == 0) {
		stage_promote(w->arena, s, version);
		stage_remove(s, AWSPENDING);
	}
	for (size_t i = 0; t->labels[i] != NULL; i++) {
		if (strcmp(t->labels[i], "AWSCURRENT") != 0)
			stage_attach(w->arena, s, str_of(t->labels[i]), version);
	}
}

static void
take(struct world *w, struct secret *s, const struct step *t)
{
	switch (t->move) {
	case PUT:
		put(w, s, t);
		break;
	case PROMOTE:
		stage_promote(w->arena, s, str_of(t->version));
		break;
	case ATTACH:
		stage_attach(w->arena, s, str_of(t->labels[0]), str_of(t->version));
		break;
	case REMOVE:
		stage_remove(s, str_of(t->labels[0]));
		break;
	}
}

static const struct trace traces[] = {
	{ "a rotation, then a plain put", {
	    { PUT, "v1", { 0 }, "v1:AWSCURRENT" },
	    { PUT, "v2", { "AWSPENDING" }, "v1:AWSCURRENT v2:AWSPENDING" },
	    { PROMOTE, "v2", { 0 }, "v1:AWSPREVIOUS v2:AWSCURRENT,AWSPENDING" },
	    { PUT, "v3", { 0 }, "v2:AWSPREVIOUS v3:AWSCURRENT" },
	} },
	{ "labels of one's own stay, AWSPENDING and they are moved by the next put", {
	    { PUT, "v1", { 0 }, "v1:AWSCURRENT" },
	    { PUT, "v2", { "AWSSOMETHING", "AWSPENDING", "PUT1" },
	      "v1:AWSCURRENT v2:AWSPENDING,AWSSOMETHING,PUT1" },
	    { PROMOTE, "v2", { 0 }, "v1:AWSPREVIOUS v2:AWSCURRENT,AWSPENDING,AWSSOMETHING,PUT1" },
	    { PUT, "v3", { "AWSPENDING", "PUT2" },
	      "v1:AWSPREVIOUS v2:AWSCURRENT,AWSSOMETHING,PUT1 v3:AWSPENDING,PUT2" },
	    { PROMOTE, "v3", { 0 },
	      "v2:AWSPREVIOUS,AWSSOMETHING,PUT1 v3:AWSCURRENT,AWSPENDING,PUT2" },
	} },
	{ "AWSPREVIOUS leaves the older version, which keeps its own labels", {
	    { PUT, "v1", { 0 }, "v1:AWSCURRENT" },
	    { PUT, "v2", { "AWSCURRENT", "PUT0" }, "v1:AWSPREVIOUS v2:AWSCURRENT,PUT0" },
	    { PUT, "v3", { "AWSPENDING", "PUT1" },
	      "v1:AWSPREVIOUS v2:AWSCURRENT,PUT0 v3:AWSPENDING,PUT1" },
	    { PROMOTE, "v3", { 0 }, "v2:AWSPREVIOUS,PUT0 v3:AWSCURRENT,AWSPENDING,PUT1" },
	    { PUT, "v4", { "AWSPENDING", "PUT2" },
	      "v2:AWSPREVIOUS,PUT0 v3:AWSCURRENT,PUT1 v4:AWSPENDING,PUT2" },
	    { PROMOTE, "v4", { 0 },
	      "v2:PUT0 v3:AWSPREVIOUS,PUT1 v4:AWSCURRENT,AWSPENDING,PUT2" },
	} },
	{ "a label is on one version at most", {
	    { PUT, "v1", { 0 }, "v1:AWSCURRENT" },
	    { PUT, "v2", { "one", "two", "three" }, "v1:AWSCURRENT v2:one,three,two" },
	    { PUT, "v3", { "one", "two", "four" }, "v1:AWSCURRENT v2:three v3:four,one,two" },
	} },
	{ "a rollback exchanges AWSCURRENT and AWSPREVIOUS", {
	    { PUT, "v1", { 0 }, "v1:AWSCURRENT" },
	    { PUT, "v2", { 0 }, "v1:AWSPREVIOUS v2:AWSCURRENT" },
	    { PROMOTE, "v1", { 0 }, "v1:AWSCURRENT v2:AWSPREVIOUS" },
	    { PROMOTE, "v2", { 0 }, "v1:AWSPREVIOUS v2:AWSCURRENT" },
	} },
	{ "promoting the current version moves nothing", {
	    { PUT, "v1", { 0 }, "v1:AWSCURRENT" },
	    { PUT, "v2", { 0 }, "v1:AWSPREVIOUS v2:AWSCURRENT" },
	    { PROMOTE, "v2", { 0 }, "v1:AWSPREVIOUS v2:AWSCURRENT" },
	} },
	{ "without a current version there is no AWSPREVIOUS to leave behind", {
	    { ATTACH, "v1", { "AWSPENDING" }, "v1:AWSPENDING" },
	    { PROMOTE, "v1", { 0 }, "v1:AWSCURRENT,AWSPENDING" },
	    { REMOVE, NULL, { "AWSPENDING" }, "v1:AWSCURRENT" },
	    { REMOVE, NULL, { "nobody" }, "v1:AWSCURRENT" },
	} },
	{ "a version that loses its last label is not listed, and may come back", {
	    { ATTACH, "v1", { "one" }, "v1:one" },
	    { ATTACH, "v2", { "one" }, "v2:one" },
	    { REMOVE, NULL, { "one" }, "" },
	    { ATTACH, "v1", { "one" }, "v1:one" },
	} },
	{ "labels are told apart byte by byte and shown in byte order", {
	    { ATTACH, "v1", { "b" }, "v1:b" },
	    { ATTACH, "v1", { "B" }, "v1:B,b" },
	    { ATTACH, "v1", { "aa" }, "v1:B,aa,b" },
	    { ATTACH, "v1", { "a" }, "v1:B,a,aa,b" },
	    { ATTACH, "v1", { "a" }, "v1:B,a,aa,b" },
	    { ATTACH, "v2", { "B" }, "v1:a,aa,b v2:B" },
	} },
};

TEST("the worked traces of 4.2, label by label, through the store")
{
	for (size_t i = 0; i < COUNT(traces); i++) {
		struct world w;
		struct secret *s;

		world_open(&w);
		s = world_secret(&w, "s");
		for (size_t k = 0; k < COUNT(traces[i].steps) && traces[i].steps[k].after; k++) {
			take(&w, s, &traces[i].steps[k]);
			world_put(&w, s);
			world_commit(&w);
			s = world_find(&w, "s");
			if (strcmp(labels_of(&w, s), traces[i].steps[k].after) != 0)
				fail_msg("%s, step %zu: got '%s', wanted '%s'", traces[i].name,
				    k + 1, labels_of(&w, s), traces[i].steps[k].after);
		}
		world_close(&w);
	}
}

TEST("look-ups find a label's version, a version's labels, and say when there is none")
{
	struct world w;
	struct secret *s;

	world_open(&w);
	s = world_secret(&w, "s");
	assert_null(stage_holder(s, AWSCURRENT).p);
	assert_null(stage_find(s, STR_LIT("v1")));
	assert_false(stage_is_on(s, AWSCURRENT, STR_LIT("v1")));
	stage_promote(w.arena, s, STR_LIT("v1"));
	stage_promote(w.arena, s, STR_LIT("v2"));
	CHECK_STR(stage_holder(s, AWSCURRENT), "v2");
	CHECK_STR(stage_holder(s, AWSPREVIOUS), "v1");
	assert_int_equal(stage_find(s, STR_LIT("v2"))->n, 1);
	assert_true(stage_is_on(s, AWSCURRENT, STR_LIT("v2")));
	assert_false(stage_is_on(s, AWSCURRENT, STR_LIT("v1")));
	assert_false(stage_is_on(s, STR_LIT("awscurrent"), STR_LIT("v2")));
	world_close(&w);
}

TEST("a secret has twenty labels over all its versions and not one more")
{
	struct world w;
	struct secret *s;
	struct err e;

	world_open(&w);
	s = world_secret(&w, "s");
	for (int i = 0; i < 20; i++) {
		char label[8], version[8];

		snprintf(label, sizeof(label), "l%02d", i);
		snprintf(version, sizeof(version), "v%d", i % 3);
		stage_attach(w.arena, s, str_of(label), str_of(version));
		CHECK_OK(stage_check_limit(s, &e), &e);
	}
	assert_int_equal(stage_label_count(s), 20);
	stage_attach(w.arena, s, STR_LIT("l19"), STR_LIT("v0"));	/* moving is no adding */
	CHECK_OK(stage_check_limit(s, &e), &e);
	stage_attach(w.arena, s, STR_LIT("one more"), STR_LIT("v0"));
	CHECK_ERR(stage_check_limit(s, &e), &e, ERR_LIMIT);
	assert_string_equal(e.msg, "You can't attach more than 20 staging labels to a secret.");
	world_close(&w);
}
