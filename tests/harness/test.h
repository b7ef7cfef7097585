/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test.h - unit tests on cmocka, one program per file under tests/unit/.
 * TEST("a sentence from the specification") { ... } registers itself; main() is in test.c, which
 * prints cmocka's report and, as its last line, "N passed, N failed".
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

void test_register(const char *name, void (*fn)(void **state));

#define TEST_CAT_(a, b) a##b
#define TEST_CAT(a, b) TEST_CAT_(a, b)
#define TEST(name) \
	static void TEST_CAT(test_at_, __LINE__)(void **state); \
	__attribute__((constructor)) static void TEST_CAT(test_add_, __LINE__)(void) \
	{ test_register(name, TEST_CAT(test_at_, __LINE__)); } \
	static void TEST_CAT(test_at_, __LINE__)(void **state __attribute__((unused)))

/* A failing call shows the error it got. */
#define CHECK_OK(call, e) \
	do { \
		if (!(call)) \
			fail_msg("%s: %s: %s %s", #call, err_type((e)->code), (e)->msg, (e)->detail); \
	} while (0)
#define CHECK_ERR(call, e, want) \
	do { \
		if (call) \
			fail_msg("%s succeeded, wanted %s", #call, err_type(want)); \
		assert_string_equal(err_type((e)->code), err_type(want)); \
	} while (0)
#define CHECK_STR(got, want) \
	do { \
		struct str got_ = (got), want_ = str_of(want); \
		if (!str_eq(got_, want_)) \
			fail_msg("got '" STR_FMT "', wanted '" STR_FMT "'", STR_ARG(got_), STR_ARG(want_)); \
	} while (0)
