/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/random.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/codec.h"

/* Nothing is kept between calls, so a fork or a restored machine image never repeats bytes. */
void
random_bytes(void *out, size_t n)
{
	uint8_t *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			fprintf(stderr, "pawl: getrandom: %s\n", strerror(errno));
			abort();
		}
		p += got;
		n -= (size_t)got;
	}
}

uint32_t
random_below(uint32_t n)
{
	uint32_t v, reject;

	assert(n >= 1);
	reject = (0U - n) % n;	/* 2^32 mod n: below it one residue would be drawn too often */
	do {
		random_bytes(&v, sizeof(v));
	} while (v < reject);
	return v % n;
}

/* Draws bytes in runs: a password of 4,096 characters would otherwise cost as many system calls. */
void
random_text(const char *alphabet, size_t n, char *out)
{
	size_t letters = strlen(alphabet);
	unsigned limit;
	uint8_t run[64];

	assert(letters >= 1 && letters <= 256);
	limit = 256U - 256U % (unsigned)letters;
	for (size_t i = 0; i < n;) {
		random_bytes(run, sizeof(run));
		for (size_t k = 0; k < sizeof(run) && i < n; k++) {
			if (run[k] < limit)
				out[i++] = alphabet[run[k] % letters];
		}
	}
	out[n] = '\0';
	explicit_bzero(run, sizeof(run));
}

void
random_uuid(char out[37])
{
	uint8_t bytes[16];

	random_bytes(bytes, sizeof(bytes));
	uuid_format(bytes, out);
}
