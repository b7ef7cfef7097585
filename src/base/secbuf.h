/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secbuf.h - bytes that must not reach swap, a core file or freed memory: keys and plaintext that
 * outlive a request.
 *
 * Backed by locked, undumpable pages where the kernel allows it (a refused mlock is reported once
 * by secbuf_is_locked). Wiped on free; a child process reads zeros. There is no conversion to
 * char *: secbuf_expose is the only way in, so that a reviewer can grep for it. Threads: contents
 * are the owner's business; allocation is thread-safe.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct secbuf;

struct secbuf *secbuf_new(size_t n);			/* zeroed */
struct secbuf *secbuf_copy(const void *p, size_t n);
void secbuf_free(struct secbuf *s);			/* wipes; NULL is fine */
size_t secbuf_len(const struct secbuf *s);
uint8_t *secbuf_expose(struct secbuf *s);
const uint8_t *secbuf_expose_const(const struct secbuf *s);
/* Constant time for equal lengths. */
bool secbuf_equal(const struct secbuf *a, const struct secbuf *b);
/* False when the kernel refused to lock memory (RLIMIT_MEMLOCK). */
bool secbuf_is_locked(void);

AUTO_FREE(secbuf, secbuf_free)
