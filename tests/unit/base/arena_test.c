/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/cleanup.h"
#include "test.h"

TEST("every allocation is zeroed, aligned for any type, and apart from the others")
{
	AUTO(arena) *a = arena_new();
	char *p[200];

	for (size_t i = 0; i < 200; i++) {
		p[i] = arena_alloc(a, i * 17);
		assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < i * 17; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], (int)i, i * 17);
	}
	for (size_t i = 0; i < 200; i++) {
		for (size_t k = 0; k < i * 17; k++)
			assert_int_equal((unsigned char)p[i][k], i);
	}
}

TEST("one block may be larger than any before")
{
	AUTO(arena) *a = arena_new();
	char *p = arena_alloc(a, 1000000);

	memset(p, 1, 1000000);
	assert_non_null(arena_array(a, uint64_t, 0));
	assert_non_null(arena_array(a, uint64_t, 1000));
}

TEST("copies end in NUL, keep NUL inside, and leave absent absent")
{
	AUTO(arena) *a = arena_new();
	struct str s = arena_str(a, STR_LIT("a\0b"));

	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 4);
	assert_null(arena_str(a, STR_NULL).p);
	assert_null(arena_strdup(a, NULL));
	assert_non_null(arena_str(a, STR_LIT("")).p);
	assert_string_equal(arena_strz(a, STR_NULL), "");
	assert_string_equal(arena_strdup(a, "z"), "z");
	assert_string_equal(arena_printf(a, "%s-%05d", "n", 42), "n-00042");
}

TEST("a reset arena wipes its first block and hands it out again")
{
	AUTO(arena) *a = arena_new();
	char *p = arena_strdup(a, "secret");

	arena_alloc(a, 100000);
	arena_reset(a);
	assert_memory_equal(p, "\0\0\0\0\0\0", 6);
	assert_ptr_equal(arena_alloc(a, 1), p);
}

static char order[8];
static size_t ran;

static void
note(void *p)
{
	order[ran++] = *(char *)p;
}

TEST("deferred calls run latest first, once, before the memory goes")
{
	struct arena *a = arena_new();

	ran = 0;
	arena_defer(a, note, arena_strdup(a, "1"));
	arena_defer(a, note, arena_strdup(a, "2"));
	arena_reset(a);
	assert_memory_equal(order, "21", 2);
	arena_reset(a);
	assert_int_equal(ran, 2);
	arena_defer(a, note, arena_strdup(a, "3"));
	arena_free(a);
	assert_memory_equal(order, "213", 3);
	arena_free(NULL);
}

TEST("TAKE gives a pointer away")
{
	struct arena *a = arena_new(), *b = TAKE(a);

	assert_null(a);
	assert_non_null(b);
	arena_free(b);
}
