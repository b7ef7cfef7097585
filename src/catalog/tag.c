/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/tag.h"

#include "catalog/limits.h"
#include "catalog/messages.h"

static struct tag *
find(const struct tags *t, struct str key)
{
	for (size_t i = 0; i < t->n; i++) {
		if (str_eq(t->v[i].key, key))
			return &t->v[i];
	}
	return NULL;
}

/* No more are compared than can be attached: a body holds enough tags for their pairs to take
 * minutes. */
bool
tags_check(const struct tags *t, struct err *e)
{
	for (size_t i = 0; i < t->n && i <= LIMIT_TAGS_PER_SECRET; i++) {
		if (t->v[i].key.p == NULL)
			return err_set(e, ERR_INVALID_PARAMETER, MSG_TAG_KEY);
		if (str_starts(t->v[i].key, "aws:") || str_starts(t->v[i].value, "aws:"))
			return err_set(e, ERR_INVALID_PARAMETER, MSG_TAG_AWS);
		if (find(&(struct tags){ t->v, i }, t->v[i].key) != NULL)
			return err_set(e, ERR_INVALID_PARAMETER, MSG_TAG_TWICE);
	}
	return t->n <= LIMIT_TAGS_PER_SECRET || err_set(e, ERR_INVALID_PARAMETER, MSG_TAGS);
}

bool
tags_set(struct arena *a, struct secret *s, const struct tags *t, struct err *e)
{
	struct tags merged = { arena_array(a, struct tag, s->tags.n + t->n), s->tags.n };

	if (s->tags.n > 0)
		memcpy(merged.v, s->tags.v, s->tags.n * sizeof(struct tag));
	for (size_t i = 0; i < t->n; i++) {
		struct tag *old = find(&merged, t->v[i].key);
		struct str value = t->v[i].value.p == NULL ? STR_LIT("") : t->v[i].value;

		if (old != NULL)
			old->value = value;
		else
			merged.v[merged.n++] = (struct tag){ t->v[i].key, value };
	}
	if (merged.n > LIMIT_TAGS_PER_SECRET)
		return err_set(e, ERR_INVALID_PARAMETER, MSG_TAGS);
	s->tags = merged;
	s->ever_tagged |= t->n > 0;
	return true;
}

void
tags_unset(struct secret *s, const struct str *keys, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->tags.n; i++) {
		bool goes = false;

		for (size_t k = 0; k < n; k++)
			goes |= str_eq(s->tags.v[i].key, keys[k]);
		if (!goes)
			s->tags.v[kept++] = s->tags.v[i];
	}
	s->tags.n = kept;
}
