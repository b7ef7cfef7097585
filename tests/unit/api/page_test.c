/* SPDX-License-Identifier: Apache-2.0 */
/* NextToken (spec/api.md 6.4): ours, for the same question, or refused. */
#include "api/secretsmanager/page.h"

#include "base/codec.h"
#include "catalog/messages.h"
#include "catalog_fixture.h"

#define SCOPE STR_LIT("secrets:0:0:0")

static struct op_ctx
caller(const struct world *w)
{
	return (struct op_ctx){ .cat = w->cat, .account = ACCOUNT, .region = REGION };
}

static struct str
token(struct op_ctx *ctx, int64_t number, const char *id)
{
	const struct page_mark mark = { number, str_of(id) };
	struct str out;
	struct err e;

	CHECK_OK(page_close(ctx, SCOPE, &mark, &out, &e), &e);
	return out;
}

static void
check_refused(struct op_ctx *ctx, struct str text, struct str scope)
{
	struct page_mark mark;
	struct err e;

	CHECK_ERR(page_open(ctx, text, scope, &mark, &e), &e, ERR_NEXT_TOKEN);
	assert_string_equal(e.msg, MSG_TOKEN_PAGE);
}

TEST("a token gives back the mark it was made of, and no token is the first page")
{
	static const struct { int64_t number; const char *id; } rows[] = {
		{ 0, "" }, { 1, "x" }, { -1, "arn" }, { INT64_MAX, "long enough to be an ARN" },
		{ INT64_MIN, "y" },
	};
	struct world w;
	struct op_ctx ctx;
	struct page_mark mark;
	struct err e;

	world_open(&w);
	ctx = caller(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str text = token(&ctx, rows[i].number, rows[i].id);

		CHECK_OK(page_open(&ctx, text, SCOPE, &mark, &e), &e);
		assert_int_equal(mark.number, rows[i].number);
		CHECK_STR(mark.id, rows[i].id);
	}
	CHECK_OK(page_open(&ctx, STR_NULL, SCOPE, &mark, &e), &e);
	assert_null(mark.id.p);
	world_close(&w);
}

TEST("a token tells nothing: two of the same mark differ, and neither holds it in the clear")
{
	struct world w;
	struct op_ctx ctx;
	struct str one, two;
	uint8_t plain[4096];
	size_t n;

	world_open(&w);
	ctx = caller(&w);
	one = token(&ctx, 7, "a-name-to-be-hidden");
	two = token(&ctx, 7, "a-name-to-be-hidden");
	assert_false(str_eq(one, two));
	assert_true(one.n <= 4096);
	assert_true(base64_decode(one, plain, &n));
	assert_null(memmem(plain, n, "hidden", 6));
	world_close(&w);
}

TEST("a token of another question, account, region or server is refused")
{
	struct world w, other;
	struct op_ctx ctx, elsewhere;
	struct str text;

	world_open(&w);
	world_open(&other);
	ctx = elsewhere = caller(&w);
	text = token(&ctx, 1, "x");
	check_refused(&ctx, text, STR_LIT("secrets:0:0:1"));
	check_refused(&ctx, text, STR_LIT("versions:0:0:0"));
	check_refused(&ctx, text, STR_LIT(""));
	elsewhere.account = STR_LIT("210987654321");
	check_refused(&elsewhere, text, SCOPE);
	elsewhere = ctx;
	elsewhere.region = STR_LIT("eu-west-2");
	check_refused(&elsewhere, text, SCOPE);
	elsewhere = caller(&other);
	check_refused(&elsewhere, text, SCOPE);
	world_close(&other);
	world_close(&w);
}

TEST("a token with any bit flipped, cut anywhere, or longer, is refused")
{
	struct world w;
	struct op_ctx ctx;
	struct str text;
	uint8_t blob[512];
	size_t n;

	world_open(&w);
	ctx = caller(&w);
	text = token(&ctx, 1, "x");
	assert_true(base64_decode(text, blob, &n));
	for (size_t i = 0; i < n * 8; i++) {
		AUTO_BUF b = BUF_INIT;

		blob[i / 8] ^= (uint8_t)(1u << i % 8);
		base64_add(&b, blob, n);
		check_refused(&ctx, buf_view(&b), SCOPE);
		blob[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < n; i++) {
		AUTO_BUF b = BUF_INIT;

		base64_add(&b, blob, i);
		check_refused(&ctx, buf_view(&b), SCOPE);
	}
	for (size_t i = 1; i < text.n; i++)
		check_refused(&ctx, (struct str){ text.p, i }, SCOPE);
	blob[n] = 0;
	{
		AUTO_BUF b = BUF_INIT;

		base64_add(&b, blob, n + 1);
		check_refused(&ctx, buf_view(&b), SCOPE);
	}
	world_close(&w);
}

TEST("what is no token at all is refused the same way")
{
	static const char *const rows[] = { "", "x", "====", "not base64!", "AAAA",
		"c2VjcmV0czowOjA6MA==", "eyJvZmZzZXQiOjEwMH0=" };
	struct world w;
	struct op_ctx ctx;
	AUTO_BUF longest = BUF_INIT;

	world_open(&w);
	ctx = caller(&w);
	for (size_t i = 0; i < COUNT(rows); i++)
		check_refused(&ctx, str_of(rows[i]), SCOPE);
	for (int i = 0; i < 4096; i++)
		buf_c(&longest, 'A');
	check_refused(&ctx, buf_view(&longest), SCOPE);
	buf_z(&longest, "AAAA");
	check_refused(&ctx, buf_view(&longest), SCOPE);
	world_close(&w);
}
