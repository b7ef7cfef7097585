/* SPDX-License-Identifier: Apache-2.0 */
#include "base/frame.h"

#define HEAD 4			/* the length */
#define FIELD_HEAD 6		/* tag and length */

static uint32_t
get_u32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static void
put_u32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(unsigned char)(v >> (24 - 8 * i));
}

size_t
frame_open(struct buf *b, unsigned type)
{
	size_t at = b->n;

	buf_u32be(b, 0);	/* frame_close fills it in */
	buf_c(b, (char)type);
	return at;
}

void
frame_add(struct buf *b, unsigned tag, struct str value)
{
	/* What is longer than a frame is cut short: frame_close refuses the frame anyway. */
	size_t n = value.n > FRAME_MAX ? FRAME_MAX : value.n;

	if (value.p == NULL)
		return;
	buf_c(b, (char)(tag >> 8));
	buf_c(b, (char)tag);
	buf_u32be(b, (uint32_t)n);
	buf_add(b, value.p, n);
}

void
frame_add_int(struct buf *b, unsigned tag, int64_t value)
{
	char p[8];

	put_u32(p, (uint32_t)((uint64_t)value >> 32));
	put_u32(p + 4, (uint32_t)(uint64_t)value);
	frame_add(b, tag, (struct str){ p, sizeof(p) });
}

bool
frame_close(struct buf *b, size_t at)
{
	size_t n = b->n - at - HEAD;

	if (n > FRAME_MAX) {
		explicit_bzero(b->p + at, b->n - at);
		b->n = at;
		return false;
	}
	put_u32(b->p + at, (uint32_t)n);
	return true;
}

/* Every field lies inside the frame, and the last one ends with it. */
static bool
fields_are_whole(struct str s)
{
	while (s.n > 0) {
		size_t n;

		if (s.n < FIELD_HEAD)
			return false;
		n = get_u32(s.p + 2);
		if (n > s.n - FIELD_HEAD)
			return false;
		s = str_skip(s, FIELD_HEAD + n);
	}
	return true;
}

enum frame_state
frame_take(struct str *in, struct frame *out)
{
	struct str body;
	size_t n;

	if (in->n < HEAD)
		return FRAME_MORE;
	n = get_u32(in->p);
	if (n < 1 || n > FRAME_MAX)
		return FRAME_BAD;
	if (in->n - HEAD < n)
		return FRAME_MORE;
	body = (struct str){ in->p + HEAD, n };
	if (!fields_are_whole(str_skip(body, 1)))
		return FRAME_BAD;
	out->type = (unsigned char)body.p[0];
	out->rest = str_skip(body, 1);
	*in = str_skip(*in, HEAD + n);
	return FRAME_READY;
}

void
frame_drop(struct buf *in, size_t n)
{
	if (n == 0)
		return;
	memmove(in->p, in->p + n, in->n - n);
	explicit_bzero(in->p + in->n - n, n);
	in->n -= n;
}

bool
frame_next(struct frame *f, struct frame_field *out)
{
	const unsigned char *u = (const unsigned char *)f->rest.p;

	if (f->rest.n == 0)
		return false;
	out->tag = (unsigned)u[0] << 8 | u[1];
	out->value = (struct str){ f->rest.p + FIELD_HEAD, get_u32(f->rest.p + 2) };
	f->rest = str_skip(f->rest, FIELD_HEAD + out->value.n);
	return true;
}

bool
frame_int(const struct frame_field *f, int64_t *out)
{
	if (f->value.n != 8)
		return false;
	*out = (int64_t)((uint64_t)get_u32(f->value.p) << 32 | get_u32(f->value.p + 4));
	return true;
}

bool
frame_int_in(const struct frame_field *f, int64_t min, int64_t max, int64_t *out)
{
	int64_t v;

	if (!frame_int(f, &v) || v < min || v > max)
		return false;
	*out = v;
	return true;
}
