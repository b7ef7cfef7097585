/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/stage.h"

#include "catalog/limits.h"
#include "catalog/messages.h"

const struct staged *
stage_find(const struct secret *s, struct str version_id)
{
	for (size_t i = 0; i < s->staged_count; i++) {
		if (str_eq(s->staged[i].version_id, version_id))
			return &s->staged[i];
	}
	return NULL;
}

static bool
carries(const struct staged *v, struct str label)
{
	for (size_t i = 0; i < v->n; i++) {
		if (str_eq(v->labels[i], label))
			return true;
	}
	return false;
}

struct str
stage_holder(const struct secret *s, struct str label)
{
	for (size_t i = 0; i < s->staged_count; i++) {
		if (carries(&s->staged[i], label))
			return s->staged[i].version_id;
	}
	return STR_NULL;
}

bool
stage_is_on(const struct secret *s, struct str label, struct str version_id)
{
	const struct staged *v = stage_find(s, version_id);

	return v != NULL && carries(v, label);
}

static void
take_label(struct staged *v, struct str label)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->n; i++) {
		if (!str_eq(v->labels[i], label))
			v->labels[kept++] = v->labels[i];
	}
	v->n = kept;
}

void
stage_remove(struct secret *s, struct str label)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->staged_count; i++) {
		take_label(&s->staged[i], label);
		if (s->staged[i].n > 0)
			s->staged[kept++] = s->staged[i];
	}
	s->staged_count = kept;
}

/* The entry of a version, added at the end when it has none yet. */
static struct staged *
entry(struct arena *a, struct secret *s, struct str version_id)
{
	struct staged *grown;

	for (size_t i = 0; i < s->staged_count; i++) {
		if (str_eq(s->staged[i].version_id, version_id))
			return &s->staged[i];
	}
	grown = arena_array(a, struct staged, s->staged_count + 1);
	if (s->staged_count > 0)
		memcpy(grown, s->staged, s->staged_count * sizeof(*grown));
	grown[s->staged_count].version_id = arena_str(a, version_id);
	s->staged = grown;
	return &s->staged[s->staged_count++];
}

void
stage_attach(struct arena *a, struct secret *s, struct str label, struct str version_id)
{
	struct staged *v;
	struct str *labels;
	size_t at = 0;

	if (stage_is_on(s, label, version_id))
		return;
	label = arena_str(a, label);
	stage_remove(s, label);
	v = entry(a, s, version_id);
	labels = arena_array(a, struct str, v->n + 1);
	while (at < v->n && str_cmp(v->labels[at], label) < 0) {
		labels[at] = v->labels[at];
		at++;
	}
	labels[at] = label;
	for (size_t i = at; i < v->n; i++)
		labels[i + 1] = v->labels[i];
	v->labels = labels;
	v->n++;
}

void
stage_promote(struct arena *a, struct secret *s, struct str version_id)
{
	struct str from = stage_holder(s, AWSCURRENT);

	if (from.p != NULL && str_eq(from, version_id))
		return;
	stage_attach(a, s, AWSCURRENT, version_id);
	if (from.p != NULL)
		stage_attach(a, s, AWSPREVIOUS, from);
}

size_t
stage_label_count(const struct secret *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->staged_count; i++)
		n += s->staged[i].n;
	return n;
}

bool
stage_check_limit(const struct secret *s, struct err *e)
{
	if (stage_label_count(s) > LIMIT_LABELS_PER_SECRET)
		return err_set(e, ERR_LIMIT, MSG_LABELS);
	return true;
}
