/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that lives as long as one request or one rotation and is wiped whole.
 *
 * Allocation never fails: running out of memory ends the process with a line on stderr, so that
 * error paths stay short. Blocks are aligned for any type and zeroed. Threads: one owner at a time.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct arena;

struct arena *arena_new(void);
/* Wipes and releases everything; NULL is fine. */
void arena_free(struct arena *a);
/* Wipes all, keeps the first block for reuse. */
void arena_reset(struct arena *a);

void *arena_alloc(struct arena *a, size_t n);
#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc_array((a), (n), sizeof(type)))
void *arena_alloc_array(struct arena *a, size_t n, size_t size);

/* Copies; the copy is NUL-terminated for convenience, though `n` is what counts. */
struct str arena_str(struct arena *a, struct str s);
char *arena_strdup(struct arena *a, const char *z);
char *arena_strz(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Calls fn(p) when the arena is reset or freed, latest first: for what a library allocated. */
void arena_defer(struct arena *a, void (*fn)(void *), void *p);

/* malloc and realloc that end the process instead of failing. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *z);
