/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - messages between pawld and its runner over a stream socket.
 *
 * A frame is
 *	u32 length of all that follows	big endian, at most FRAME_MAX
 *	u8  type
 *	fields, each: u16 tag, u32 length, that many bytes
 * A tag may appear more than once; its order is kept. What types and tags mean is in
 * base/frame_runner.h.
 *
 * The runner handles bytes from functions, so the reader takes every byte as hostile: frame_take
 * checks the whole frame before it hands any of it out, and frame_next cannot fail after that.
 * Memory: a taken frame borrows from the input. Threads: none.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define FRAME_MAX (32u * 1024 * 1024)

struct frame {
	unsigned type;
	struct str rest;	/* fields not yet walked */
};

struct frame_field {
	unsigned tag;
	struct str value;	/* never absent, may be empty */
};

/* Writing: open, add, close. The result of open goes to close. */
size_t frame_open(struct buf *b, unsigned type);
/* An absent string (p == NULL) adds nothing. */
void frame_add(struct buf *b, unsigned tag, struct str value);
void frame_add_int(struct buf *b, unsigned tag, int64_t value);
/* False, with the frame taken off the buf again, when it is longer than FRAME_MAX. */
MUST_CHECK bool frame_close(struct buf *b, size_t at);

enum frame_state {
	FRAME_MORE,	/* not all here yet; nothing was taken */
	FRAME_READY,	/* *out is filled, and *in starts behind it */
	FRAME_BAD,	/* not a frame; the stream cannot be trusted any more */
};
MUST_CHECK enum frame_state frame_take(struct str *in, struct frame *out);
/* Wipes and forgets the first n bytes of what was read so far, once its frames are done with. */
void frame_drop(struct buf *in, size_t n);
/* The next field; false at the end. */
bool frame_next(struct frame *f, struct frame_field *out);
/* False when the field is not eight bytes. */
MUST_CHECK bool frame_int(const struct frame_field *f, int64_t *out);
/* The same, and false outside min..max. */
MUST_CHECK bool frame_int_in(const struct frame_field *f, int64_t min, int64_t max, int64_t *out);
