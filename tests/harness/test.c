/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

#define MAX_TESTS 512

static struct CMUnitTest tests[MAX_TESTS];
static size_t count;

void
test_register(const char *name, void (*fn)(void **state))
{
	if (count == MAX_TESTS) {
		fprintf(stderr, "more than %d tests in one program\n", MAX_TESTS);
		_exit(2);
	}
	tests[count++] = (struct CMUnitTest){ .name = name, .test_func = fn };
}

int
main(int argc, char **argv)
{
	int failed;

	json_setup();
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	failed = _cmocka_run_group_tests(argv[0], tests, count, NULL, NULL);
	if (failed < 0)
		failed = (int)count;
	printf("%zu passed, %d failed\n", count - (size_t)failed, failed);
	return failed != 0;
}
