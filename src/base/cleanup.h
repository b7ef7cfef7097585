/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleanup.h - release on scope exit. AUTO(arena) *a = arena_new(); frees with arena_free on every
 * exit; TAKE(p) gives it away. A type joins with AUTO_FREE(type, function) in its own header.
 */
#pragma once
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"

#define AUTO_FREE(type, fn) \
	static inline void auto_##type(struct type **p) { fn(*p); }
#define AUTO(type) __attribute__((cleanup(auto_##type))) struct type
#define AUTO_BUF __attribute__((cleanup(buf_free))) struct buf
#define AUTO_FD __attribute__((cleanup(auto_fd))) int
#define TAKE(p) __extension__({ __typeof__(p) take_ = (p); (p) = NULL; take_; })

AUTO_FREE(arena, arena_free)

static inline void
auto_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
