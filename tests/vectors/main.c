/* SPDX-License-Identifier: Apache-2.0 */
/* vectors DIR... - runs folders of test vectors; the last line is "N passed, N failed". */
#include <stdio.h>

#include "base/json.h"
#include "crypto/digest.h"
#include "vectors.h"

int
main(int argc, char **argv)
{
	struct tally t = { 0, 0 };
	struct err e;

	json_setup();
	if (!crypto_setup(&e)) {
		fprintf(stderr, "vectors: %s\n", e.detail);
		return 2;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: vectors DIR...\n");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		if (!vectors_run(&t, argv[i]))
			vectors_check(&t, argv[i], "no vectors found", false);
	}
	printf("%zu passed, %zu failed\n", t.passed, t.failed);
	return t.failed != 0;
}
