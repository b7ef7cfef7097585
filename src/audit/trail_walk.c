/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/trail.h"
#include "base/cleanup.h"

static FILE *
open_to_read(int folder_fd, const char *stem, const char *suffix, struct err *e)
{
	char name[64];
	FILE *f = NULL;
	int fd;

	snprintf(name, sizeof(name), "%s%s", stem, suffix);
	fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		f = fdopen(fd, "r");
	if (f == NULL) {
		err_sys(e, errno == ENOENT || errno == ELOOP ? ERR_CORRUPT : ERR_IO,
		    "cannot open %s", name);
		if (fd >= 0)
			close(fd);
	}
	return f;
}

bool
trail_walk_open(struct trail_walk *w, int folder_fd, const char *suffix, const struct keyring *k,
    struct err *e)
{
	char line[CHAIN_LINE_LEN];

	*w = (struct trail_walk){ .keyring = k, .chain_end = CHAIN_LINE_LEN };
	w->chain = open_to_read(folder_fd, "audit.chain", suffix, e);
	if (w->chain != NULL)
		w->log = open_to_read(folder_fd, "audit.log", suffix, e);
	if (w->log == NULL) {
		trail_walk_close(w);
		return false;
	}
	if (fread(line, 1, sizeof(line), w->chain) != sizeof(line) ||
	    !chain_parse(line, &w->head)) {
		trail_walk_close(w);
		return err_set(
		    e, ERR_CORRUPT, "audit.chain%s:1: is not a chain's first line", suffix);
	}
	return true;
}

enum trail_step
trail_walk_next(struct trail_walk *w)
{
	char line[CHAIN_LINE_LEN];
	size_t entry = fread(line, 1, sizeof(line), w->chain);
	ssize_t len = getline(&w->buf, &w->cap, w->log);
	struct chain_head want = w->head, got;

	w->line++;
	if (entry == 0)
		return len < 0 ? TRAIL_END : TRAIL_LOG_LONGER;
	if (len < 0 || w->buf[len - 1] != '\n')
		return TRAIL_CHAIN_LONGER;
	if (entry < sizeof(line))
		return TRAIL_LOG_LONGER;
	w->record = (struct str){ w->buf, (size_t)len - 1 };
	if (!chain_parse(line, &got))
		return TRAIL_WRONG;
	chain_step(&want, w->keyring, got.row, w->record);
	if (!chain_head_equal(&want, &got))
		return TRAIL_WRONG;
	w->head = got;
	w->log_end += len;
	w->chain_end += CHAIN_LINE_LEN;
	return TRAIL_RECORD;
}

void
trail_walk_close(struct trail_walk *w)
{
	if (w->log != NULL)
		fclose(w->log);
	if (w->chain != NULL)
		fclose(w->chain);
	free(w->buf);
	w->log = w->chain = NULL;
	w->buf = NULL;
}

/* N of "audit.log.N", or 0. */
static unsigned
rotated_number(const char *name)
{
	static const char stem[] = "audit.log.";
	unsigned long long n;

	if (strncmp(name, stem, sizeof(stem) - 1) != 0 || name[sizeof(stem) - 1] == '0' ||
	    !str_to_u64(str_of(name + sizeof(stem) - 1), 999999999, &n))
		return 0;
	return (unsigned)n;
}

static int
by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

bool
trail_list(int folder_fd, unsigned **out, size_t *out_n, struct err *e)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	unsigned *list = NULL;
	size_t n = 0;

	if (d == NULL) {
		err_sys(e, ERR_IO, "cannot list the audit folder");
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(d)) != NULL) {
		unsigned number = rotated_number(entry->d_name);

		if (number == 0)
			continue;
		list = xrealloc(list, (n + 1) * sizeof(*list));
		list[n++] = number;
	}
	closedir(d);
	if (n > 0)
		qsort(list, n, sizeof(*list), by_number);
	*out = list;
	*out_n = n;
	return true;
}

bool
trail_is_gap(struct str record)
{
	static const char name[] = "\"eventName\":\"PawlAuditGap\"";

	/* A bare substring will do: quotes inside a text are escaped. */
	return record.n > 0 && memmem(record.p, record.n, name, sizeof(name) - 1) != NULL;
}
