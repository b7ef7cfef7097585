/* SPDX-License-Identifier: Apache-2.0 */
/* Pages (spec/api.md 6.4): every order, and marks that survive what happens between two pages. */
#include "catalog/listing.h"
#include "catalog_fixture.h"

static bool
all(void *arg, const struct secret *s)
{
	(void)arg;
	(void)s;
	return true;
}

static bool
not_named(void *arg, const struct secret *s)
{
	return !str_starts(s->name, arg);
}

static struct listing
ask(enum listing_order order, bool descending, size_t max)
{
	return (struct listing){ .account = ACCOUNT, .region = REGION, .order = order,
		.descending = descending, .wanted = all, .max = max, .after = STR_NULL };
}

static void
next_page(struct world *w, struct listing *l)
{
	struct err e;

	CHECK_OK(listing_page(&w->cat, l, &e), &e);
	if (l->n > 0)
		l->after = arena_str(w->arena, l->last);
}

/* "a b ": a page's names. */
static const char *
names(struct world *w, const struct listing *l)
{
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		buf_printf(&b, STR_FMT " ", STR_ARG(l->page[i]->name));
	return arena_strz(w->arena, buf_view(&b));
}

/* "a b | c d | e ": pages to the end. */
static const char *
pages(struct world *w, struct listing l)
{
	AUTO_BUF b = BUF_INIT;

	do {
		next_page(w, &l);
		buf_printf(&b, "%s%s", names(w, &l), l.more ? "| " : "");
	} while (l.more);
	return arena_strz(w->arena, buf_view(&b));
}

/* Made in this order, a second apart; changed and read at odds with it. */
static void
populate(struct world *w)
{
	static const struct { const char *name; int64_t changed, accessed_days; } rows[] = {
		{ "d", 50, 0 }, { "a", 40, 3 }, { "c", 60, 1 }, { "b", 40, 0 }, { "e", 10, 2 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct secret *s = world_secret(w, rows[i].name);

		s->changed_ms = rows[i].changed;
		s->accessed_day_ms = rows[i].accessed_days * DAY_MS;
		world_put(w, s);
		world_advance(w, SECOND_MS);
	}
	world_commit(w);
}

TEST("each order, in pages of two, forward and back; ties by ARN")
{
	static const struct { enum listing_order order; bool descending; const char *want; } rows[] = {
		{ LISTING_CREATED, false, "d a | c b | e " },
		{ LISTING_CREATED, true, "e b | c a | d " },
		{ LISTING_NAME, false, "a b | c d | e " },
		{ LISTING_NAME, true, "e d | c b | a " },
		{ LISTING_CHANGED, false, "e a | b d | c " },
		{ LISTING_CHANGED, true, "c d | b a | e " },
		{ LISTING_ACCESSED, false, "b d | c e | a " },	/* never read: first */
		{ LISTING_ACCESSED, true, "a e | c d | b " },
	};
	struct world w;

	world_open(&w);
	populate(&w);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(pages(&w, ask(rows[i].order, rows[i].descending, 2)), rows[i].want);
	world_close(&w);
}

TEST("a page that takes all there is says that there is no more")
{
	struct world w;

	world_open(&w);
	assert_string_equal(pages(&w, ask(LISTING_CREATED, false, 2)), "");
	assert_string_equal(pages(&w, ask(LISTING_NAME, true, 2)), "");
	populate(&w);
	assert_string_equal(pages(&w, ask(LISTING_CREATED, false, 5)), "d a c b e ");
	assert_string_equal(pages(&w, ask(LISTING_CHANGED, true, 5)), "c d b a e ");
	world_close(&w);
}

TEST("secrets of one millisecond are listed in the order they were made")
{
	struct world w;

	world_open(&w);
	world_secret(&w, "z");
	world_secret(&w, "y");
	world_secret(&w, "x");
	world_commit(&w);
	world_secret(&w, "w");
	assert_string_equal(pages(&w, ask(LISTING_CREATED, false, 3)), "z y x | w ");
	assert_string_equal(pages(&w, ask(LISTING_CREATED, true, 3)), "w x y | z ");
	world_close(&w);
}

TEST("what is made or removed between two pages is neither skipped nor repeated")
{
	static const struct {
		enum listing_order order;
		bool descending;
		const char *first, *removed, *rest;
	} rows[] = {
		{ LISTING_CREATED, false, "d a ", "c", "b e new " },
		{ LISTING_CREATED, false, "d a ", "a", "c b e new " },	/* the mark's own secret */
		{ LISTING_CREATED, true, "e b ", "b", "c a d " },	/* new lies before the mark */
		{ LISTING_NAME, false, "a b ", "b", "c d e new " },
		{ LISTING_NAME, false, "a b ", "d", "c e new " },
		{ LISTING_NAME, true, "e d ", "d", "c b a " },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct listing l = ask(rows[i].order, rows[i].descending, 2);
		struct world w;
		struct err e;

		world_open(&w);
		populate(&w);
		next_page(&w, &l);
		assert_string_equal(names(&w, &l), rows[i].first);
		CHECK_OK(secret_remove(&w.cat, world_find(&w, rows[i].removed), &e), &e);
		world_secret(&w, "new");
		world_commit(&w);
		l.max = 10;
		next_page(&w, &l);
		assert_string_equal(names(&w, &l), rows[i].rest);
		world_close(&w);
	}
}

TEST("secrets that are not wanted take no room on a page, nor do expired ones")
{
	static const enum listing_order orders[] = { LISTING_CREATED, LISTING_NAME };
	struct world w;
	struct secret *s;

	world_open(&w);
	populate(&w);
	s = world_find(&w, "d");
	s->deletion_ms = w.cat.now_ms;
	world_put(&w, s);
	world_commit(&w);
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct listing l = ask(orders[i], false, 2);

		l.wanted = not_named;
		l.arg = (char *)"a";
		assert_string_equal(pages(&w, l), i == 0 ? "c b | e " : "b c | e ");
	}
	world_close(&w);
}

TEST("a listing sees its own account and region only")
{
	struct world w;
	struct listing l = ask(LISTING_NAME, false, 5);

	world_open(&w);
	populate(&w);
	l.region = STR_LIT("eu-west-2");
	assert_string_equal(pages(&w, l), "");
	l.region = REGION;
	l.account = STR_LIT("210987654321");
	assert_string_equal(pages(&w, l), "");
	world_close(&w);
}

TEST("a mark that no page gave is refused where it cannot be a place")
{
	struct world w;
	struct listing l = ask(LISTING_CREATED, false, 5);
	struct err e;

	world_open(&w);
	populate(&w);
	l.after = STR_LIT("too short");
	CHECK_ERR(listing_page(&w.cat, &l, &e), &e, ERR_INTERNAL);
	l = ask(LISTING_NAME, false, 5);
	l.after = STR_LIT("zzz");		/* of a sorted listing any text is a place */
	CHECK_OK(listing_page(&w.cat, &l, &e), &e);
	assert_int_equal(l.n, 0);
	world_close(&w);
}
