/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - bytes that grow at the end. Wiped when it grows and when it is freed, because answers
 * and request bodies hold secrets. Running out of memory ends the process (arena.h).
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap;
};

#define BUF_INIT { NULL, 0, 0 }

void buf_free(struct buf *b);		/* wipes; the buf can be used again */
void buf_reset(struct buf *b);		/* wipes, keeps the memory */
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_z(struct buf *b, const char *z);
void buf_c(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_u32be(struct buf *b, uint32_t v);
void buf_u64be(struct buf *b, uint64_t v);
static inline struct str
buf_view(const struct buf *b)
{
	return (struct str){ b->p == NULL ? "" : b->p, b->n };
}
