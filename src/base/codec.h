/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - hex, base64 and UUID texts. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define UUID_LEN 36

void hex_encode(const void *p, size_t n, char *out);	/* 2n lower-case digits, no NUL */
/* Exactly 2n digits, lower case only. */
bool hex_decode_lower(struct str hex, uint8_t *out, size_t n);

#define BASE64_LEN(n) (((n) + 2) / 3 * 4)
void base64_add(struct buf *b, const void *p, size_t n);
/* Standard alphabet with padding, no line breaks, canonical; anything else is false.
 * `out` needs s.n / 4 * 3 bytes. */
bool base64_decode(struct str s, uint8_t *out, size_t *out_len);

/* Writes a version 4 UUID over 16 random bytes: 36 characters and a NUL. */
void uuid_format(const uint8_t random[16], char out[UUID_LEN + 1]);
