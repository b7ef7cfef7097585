/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - SHA-256, HMAC-SHA256, HKDF-SHA256 over OpenSSL 3, algorithms fetched once at start.
 * crypto_setup() must run before any other call of this folder; contexts are per thread inside.
 */
#pragma once
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define SHA256_LEN 32

MUST_CHECK bool crypto_setup(struct err *e);
void sha256(struct str data, uint8_t out[SHA256_LEN]);
void sha256_hex(struct str data, char out[2 * SHA256_LEN + 1]);
void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_LEN]);
/* The same over several pieces. */
void hmac_sha256_parts(struct str key, const struct str *parts, size_t n, uint8_t out[SHA256_LEN]);
/* len <= 255 * 32 */
void hkdf_sha256(struct str ikm, struct str salt, struct str info, uint8_t *out, size_t len);
bool bytes_equal_ct(const void *a, const void *b, size_t n);	/* constant time */
