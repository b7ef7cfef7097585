/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

struct str
vectors_read(struct arena *a, const char *dir, const char *name)
{
	const char *path = arena_printf(a, "%s/%s", dir, name);
	FILE *f = fopen(path, "rb");
	AUTO_BUF b = BUF_INIT;
	char chunk[4096];
	size_t n;

	if (f == NULL)
		return STR_NULL;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	return arena_str(a, buf_view(&b));
}

json_t *
vectors_read_json(struct tally *t, struct arena *a, const char *dir, const char *name)
{
	struct str text = vectors_read(a, dir, name);
	struct err e;
	json_t *v;

	if (text.p == NULL)
		return NULL;
	v = json_parse(a, text, JSON_STRICT_KEYS, &e);
	if (v == NULL)
		vectors_check(t, name, e.msg, false);
	return v;
}

void
vectors_equal(struct tally *t, const char *where, const char *what, struct str got, struct str want)
{
	if (str_eq(got, want)) {
		t->passed++;
		return;
	}
	t->failed++;
	printf("%s: %s: got '" STR_FMT "', wanted '" STR_FMT "'\n", where, what, STR_ARG(got),
	    STR_ARG(want));
}

void
vectors_check(struct tally *t, const char *where, const char *what, bool is_good)
{
	if (is_good) {
		t->passed++;
		return;
	}
	t->failed++;
	printf("%s: %s\n", where, what);
}

const char *
vectors_text(struct arena *a, const json_t *object, const char *key)
{
	return arena_strz(a, json_member_str(object, key));
}

static int
is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool
run_subfolders(struct tally *t, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_visible, alphasort);
	bool any = false;

	for (int i = 0; i < n; i++) {
		AUTO(arena) *a = arena_new();

		if (names[i]->d_type == DT_DIR || names[i]->d_type == DT_UNKNOWN ||
		    names[i]->d_type == DT_LNK)
			any |= vectors_run(t, arena_printf(a, "%s/%s", dir, names[i]->d_name));
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return any;
}

bool
vectors_run(struct tally *t, const char *dir)
{
	return vectors_sigv4_case(t, dir) || vectors_sigv4_requests(t, dir) ||
	    vectors_iam(t, dir) || run_subfolders(t, dir);
}
