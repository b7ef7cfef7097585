/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/logtail.h"

#include "base/frame.h"

#define MASK "****"

/* Length of the longest mask found at the start of `s`, or 0. *cut: `s` ends inside one. */
static size_t
match_at(struct str s, const struct str *masks, size_t count, bool *cut)
{
	size_t longest = 0;

	*cut = false;
	for (size_t i = 0; i < count; i++) {
		struct str m = masks[i];
		size_t n = m.n < s.n ? m.n : s.n;

		if (m.n < LOGTAIL_MASK_MIN || memcmp(m.p, s.p, n) != 0)
			continue;
		if (n < m.n)
			*cut = true;
		else if (m.n > longest)
			longest = m.n;
	}
	return longest;
}

/* Moves decided bytes from `in` to `out`; stops at what the next bytes may still change. */
static size_t
mask_some(struct buf *out, struct str in, const struct str *masks, size_t count, bool at_end)
{
	size_t i = 0;

	while (i < in.n) {
		bool cut;
		size_t n = match_at(str_skip(in, i), masks, count, &cut);

		if (cut && !at_end)
			break;
		if (n == 0)
			buf_c(out, in.p[i]);
		else
			buf_z(out, MASK);
		i += n == 0 ? 1 : n;
	}
	return i;
}

void
mask_text(struct buf *out, struct str text, const struct str *masks, size_t count)
{
	mask_some(out, text, masks, count, true);
}

static void
trim(struct buf *b)
{
	if (b->n > LOGTAIL_BYTES)
		frame_drop(b, b->n - LOGTAIL_BYTES);
}

static void
decide(struct logtail *t, bool at_end)
{
	size_t before = t->tail.n;
	size_t done = mask_some(&t->tail, buf_view(&t->held), t->masks, t->mask_count, at_end);

	if (t->sink != NULL && t->tail.n > before)
		t->sink(t->arg, str_skip(buf_view(&t->tail), before));
	frame_drop(&t->held, done);
	if (t->tail.n > 2 * LOGTAIL_BYTES)
		trim(&t->tail);
}

void
logtail_set_masks(struct logtail *t, const struct str *masks, size_t count)
{
	decide(t, true);
	t->masks = masks;
	t->mask_count = count;
}

void
logtail_add(struct logtail *t, struct str bytes)
{
	buf_str(&t->held, bytes);
	decide(t, false);
}

struct str
logtail_end(struct logtail *t)
{
	struct str s;

	decide(t, true);
	trim(&t->tail);
	s = buf_view(&t->tail);
	/* A cut inside a character would make the text invalid for whoever shows it. */
	while (s.n > 0 && ((unsigned char)s.p[0] & 0xc0) == 0x80)
		s = str_skip(s, 1);
	return s;
}

bool
logtail_at_line_start(const struct logtail *t)
{
	const struct buf *b = t->held.n > 0 ? &t->held : &t->tail;

	return b->n == 0 || b->p[b->n - 1] == '\n';
}

void
logtail_clear(struct logtail *t)
{
	buf_reset(&t->held);
	buf_reset(&t->tail);
}

void
logtail_free(struct logtail *t)
{
	buf_free(&t->held);
	buf_free(&t->tail);
}
