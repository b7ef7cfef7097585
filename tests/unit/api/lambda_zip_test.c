/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>
#include <zip.h>

#include "api/lambda/code.h"
#include "base/cleanup.h"

#define MSG_UNZIP "Could not unzip uploaded file. Please check your file, then try to upload again."

/* A zip with one file of that name, in the arena. */
static struct str
zip_of(struct arena *a, const char *name, const char *content)
{
	zip_source_t *whole = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *z = zip_open_from_source(whole, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	struct str out;
	zip_stat_t st;

	zip_source_keep(whole);
	if (name != NULL)
		assert_true(zip_file_add(z, name, zip_source_buffer(z, content, strlen(content), 0),
		    ZIP_FL_ENC_UTF_8) >= 0);
	assert_int_equal(zip_close(z), 0);
	assert_int_equal(zip_source_stat(whole, &st), 0);
	out = (struct str){ arena_alloc(a, st.size), st.size };
	assert_int_equal(zip_source_open(whole), 0);
	assert_int_equal(zip_source_read(whole, (void *)(uintptr_t)out.p, out.n), (int)out.n);
	zip_source_close(whole);
	zip_source_free(whole);
	return out;
}

TEST("a zip whose files stay below its folder is accepted")
{
	static const char *const names[] = { "index.py", "a/b/c.py", "..a/b..", "a.b/.hidden" };
	AUTO(arena) *a = arena_new();
	struct err e;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK_OK(zip_check(zip_of(a, names[i], "x = 1"), &e), &e);
}

TEST("a name that leads out of its folder is refused with AWS's text")
{
	static const char *const names[] = { "/absolute.py", "../escape.py", "a/../../escape.py",
		"a/..", "./a", "a\\b", "a\nb" };
	AUTO(arena) *a = arena_new();
	struct err e;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_ERR(zip_check(zip_of(a, names[i], "x = 1"), &e), &e, ERR_LAMBDA_PARAMETER);
		assert_string_equal(e.msg, MSG_UNZIP);
	}
}

TEST("what is no zip, and every zip that was cut short, is refused")
{
	AUTO(arena) *a = arena_new();
	struct str whole = zip_of(a, "index.py", "x = 1");
	struct err e;

	CHECK_ERR(zip_check(STR_LIT("not a zip"), &e), &e, ERR_LAMBDA_PARAMETER);
	for (size_t n = 1; n < whole.n; n++) {
		/* a copy of exactly n bytes, so that a sanitizer sees a read beyond them */
		AUTO_BUF cut = BUF_INIT;

		buf_add(&cut, whole.p, n);
		CHECK_ERR(zip_check(buf_view(&cut), &e), &e, ERR_LAMBDA_PARAMETER);
		assert_string_equal(e.msg, MSG_UNZIP);
	}
}

TEST("a zip without a file, and no bytes at all, are refused")
{
	/* an end record and nothing before it */
	static const char empty[22] = { 'P', 'K', 5, 6 };
	struct err e;

	CHECK_ERR(zip_check(STR_LIT(""), &e), &e, ERR_LAMBDA_PARAMETER);
	assert_string_equal(e.msg, "Uploaded file must be a non-empty zip");
	CHECK_ERR(zip_check((struct str){ empty, sizeof(empty) }, &e), &e, ERR_LAMBDA_PARAMETER);
	assert_string_equal(e.msg, "Uploaded file must be a non-empty zip");
}

/* Overwrites the four bytes of every size that the central directory declares. */
static void
declare_size(struct str zip, uint32_t size)
{
	char *p = (char *)(uintptr_t)zip.p;

	for (size_t i = 0; i + 28 <= zip.n; i++) {
		if (memcmp(p + i, "PK\1\2", 4) != 0)
			continue;
		for (size_t k = 0; k < 4; k++)
			p[i + 24 + k] = (char)(size >> (8 * k));
	}
}

TEST("262144000 declared bytes are accepted, one more is refused")
{
	AUTO(arena) *a = arena_new();
	struct str zip = zip_of(a, "index.py", "x = 1");
	struct err e;

	declare_size(zip, 262144000);
	CHECK_OK(zip_check(zip, &e), &e);
	declare_size(zip, 262144001);
	CHECK_ERR(zip_check(zip, &e), &e, ERR_LAMBDA_PARAMETER);
	assert_string_equal(e.msg, "Unzipped size must be smaller than 262144000 bytes");
}
