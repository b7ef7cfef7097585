/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the trail is taken up again, after a stop, a kill, a crash of the machine or a visitor.
 *
 * The newest pair is walked whole. What fits is kept. At its end one file may be longer than the
 * other, as a kill between two writes leaves it: that is cut off and counted. Everything else is
 * refused: a record that does not fit its chain line, and an end before `floor`, which is the last
 * record that the store knows to be on disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/trail_impl.h"
#include "base/cleanup.h"

static bool
exists(const struct trail *t, const char *name)
{
	return faccessat(t->folder_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* 0 when the file is absent. */
static off_t
size_of(const struct trail *t, const char *name)
{
	struct stat st;

	return fstatat(t->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : 0;
}

static bool
open_folder(struct trail *t, struct err *e)
{
	unsigned *list;
	size_t n;

	if (mkdir(t->folder, 0700) != 0 && errno != EEXIST)
		return err_sys(e, ERR_CONFIG, "cannot make the audit folder %s", t->folder);
	t->folder_fd = open(t->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->folder_fd < 0)
		return err_sys(e, ERR_CONFIG, "cannot open the audit folder %s", t->folder);
	if (!trail_list(t->folder_fd, &list, &n, e))
		return false;
	t->rotated = n == 0 ? 0 : list[n - 1];
	free(list);
	return true;
}

/* A kill between rotate()'s two renames. */
static bool
finish_rotation(struct trail *t, struct err *e)
{
	char log[64], chain[64];

	snprintf(log, sizeof(log), "audit.log.%u", t->rotated);
	snprintf(chain, sizeof(chain), "audit.chain.%u", t->rotated);
	if (t->rotated == 0 || exists(t, chain) || exists(t, "audit.log") ||
	    !exists(t, "audit.chain"))
		return true;
	if (renameat(t->folder_fd, "audit.chain", t->folder_fd, chain) != 0)
		return err_sys(e, ERR_CONFIG, "cannot rename %s/audit.chain", t->folder);
	return true;
}

/* Where the pair before the newest one ends; all 0 when there is none. */
static bool
read_previous(const struct trail *t, struct chain_head *out, struct err *e)
{
	char name[64], line[CHAIN_LINE_LEN];
	AUTO_FD fd = -1;
	off_t size;

	*out = (struct chain_head){ 0 };
	if (t->rotated == 0)
		return true;
	snprintf(name, sizeof(name), "audit.chain.%u", t->rotated);
	fd = openat(t->folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	size = size_of(t, name);
	if (fd < 0 || size < CHAIN_LINE_LEN || size % CHAIN_LINE_LEN != 0 ||
	    pread(fd, line, sizeof(line), size - CHAIN_LINE_LEN) != CHAIN_LINE_LEN ||
	    !chain_parse(line, out))
		return err_set(
		    e, ERR_CORRUPT, "%s is missing or does not end in a chain line", name);
	return true;
}

static uint64_t
count_lines(FILE *f)
{
	uint64_t n = 0;
	int c;

	while ((c = getc(f)) != EOF)
		n += c == '\n';
	return n;
}

/* What follows in the file that is longer, after the step that found it so. A record or a chain
 * line that is cut short was being written: it is cut off, but does not count. */
static void
count_rest(struct trail_walk *w, enum trail_step step, struct trail_gap *gap)
{
	if (fseeko(w->log, w->log_end, SEEK_SET) != 0 ||
	    fseeko(w->chain, w->chain_end, SEEK_SET) != 0)
		return;
	if (step == TRAIL_LOG_LONGER)
		gap->without_chain = count_lines(w->log);
	if (step == TRAIL_CHAIN_LONGER)
		gap->without_record = count_lines(w->chain);
}

/* Without older pairs anything may be first: the operator deleted them. */
static bool
check_first(const struct trail *t, const struct trail_walk *w, const struct chain_head *previous,
    struct err *e)
{
	if (t->rotated > 0 && !chain_is_restart(&w->head) && !chain_head_equal(&w->head, previous))
		return err_set(
		    e, ERR_CORRUPT, "audit.chain:1: does not follow the files before it");
	return true;
}

static bool
check_floor(const struct trail_walk *w, const struct chain_head *floor, struct err *e)
{
	if (w->head.seq == floor->seq && !chain_is_restart(&w->head) &&
	    !chain_head_equal(&w->head, floor))
		return err_set(e, ERR_CORRUPT, "audit.log:%llu: is not the record that was written",
		    (unsigned long long)w->line);
	return true;
}

/* To the end of what fits; gives sizes and head to `t`. On failure the head is where it broke. */
static bool
walk_newest(struct trail *t, struct trail_walk *w, const struct chain_head *floor,
    struct trail_gap *gap, struct err *e)
{
	enum trail_step step;

	do {
		t->head = w->head;
		if (!check_floor(w, floor, e))
			return false;
		step = trail_walk_next(w);
	} while (step == TRAIL_RECORD);
	if (step == TRAIL_WRONG)
		return err_set(e, ERR_CORRUPT, "audit.log:%llu: the record does not fit the chain",
		    (unsigned long long)w->line);
	if (w->head.seq < floor->seq)
		return err_set(e, ERR_CORRUPT,
		    "audit.log:%llu: the file ends at record %llu, though %llu were written",
		    (unsigned long long)w->line, (unsigned long long)w->head.seq,
		    (unsigned long long)floor->seq);
	t->log_size = w->log_end;
	t->chain_size = w->chain_end;
	count_rest(w, step, gap);
	gap->after = w->head.seq;
	return true;
}

static bool
check_newest(struct trail *t, const struct chain_head *previous, const struct chain_head *floor,
    struct trail_gap *gap, struct err *e)
{
	struct trail_walk w;
	bool ok;

	if (!trail_walk_open(&w, t->folder_fd, "", t->keyring, e))
		return false;
	ok = check_first(t, &w, previous, e) && walk_newest(t, &w, floor, gap, e);
	trail_walk_close(&w);
	return ok;
}

/* There is no newest pair yet, or a kill came while it was made. */
static bool
begin(struct trail *t, const struct chain_head *previous, const struct chain_head *floor,
    struct err *e)
{
	if (previous->seq < floor->seq)
		return err_set(e, ERR_CORRUPT,
		    "audit.log is missing, though %llu records were written",
		    (unsigned long long)floor->seq);
	if (!chain_is_restart(floor) && previous->seq == floor->seq &&
	    !chain_head_equal(previous, floor))
		return err_set(e, ERR_CORRUPT, "audit.chain.%u is not the file that was written",
		    t->rotated);
	return trail_create_pair(t, previous, e);
}

static bool
resume(struct trail *t, const struct chain_head *floor, struct trail_gap *gap, struct err *e)
{
	struct chain_head previous;

	if (!finish_rotation(t, e) || !read_previous(t, &previous, e))
		return false;
	t->head = previous;
	if (size_of(t, "audit.chain") < CHAIN_LINE_LEN && size_of(t, "audit.log") == 0)
		return begin(t, &previous, floor, e);
	if (!check_newest(t, &previous, floor, gap, e))
		return false;
	if (!trail_open_pair(t, 0, e))
		return false;
	if (ftruncate(t->log_fd, t->log_size) != 0 || ftruncate(t->chain_fd, t->chain_size) != 0 ||
	    fsync(t->log_fd) != 0 || fsync(t->chain_fd) != 0)
		return err_sys(e, ERR_CONFIG, "cannot cut off the end of %s/audit.log", t->folder);
	t->synced = t->head;
	return true;
}

/* Both files out of the way under a name that trail_list does not list. */
static bool
set_aside(struct trail *t, struct err *e)
{
	static const char *const stems[] = { "audit.log", "audit.chain" };
	char to[64];

	for (unsigned n = t->rotated + 1;; n++) {
		snprintf(to, sizeof(to), "audit.log.%u.broken", n);
		if (exists(t, to))
			continue;
		snprintf(to, sizeof(to), "audit.chain.%u.broken", n);
		if (exists(t, to))
			continue;
		for (size_t i = 0; i < 2; i++) {
			snprintf(to, sizeof(to), "%s.%u.broken", stems[i], n);
			if (renameat(t->folder_fd, stems[i], t->folder_fd, to) != 0 &&
			    errno != ENOENT)
				return err_sys(e, ERR_CONFIG, "cannot rename %s/%s", t->folder,
				    stems[i]);
		}
		return true;
	}
}

/* A new chain, numbered on from the highest record known. */
static bool
begin_anew(struct trail *t, const struct chain_head *floor, struct trail_gap *gap, struct err *e)
{
	struct chain_head first = { .seq = t->head.seq, .row = t->head.row };

	if (floor->seq > first.seq)
		first.seq = floor->seq;
	if (floor->row > first.row)
		first.row = floor->row;
	if (!set_aside(t, e) || !trail_create_pair(t, &first, e))
		return false;
	*gap = (struct trail_gap){ .is_new_chain = true, .after = first.seq };
	return true;
}

bool
trail_open(struct trail *t, const char *folder, const struct keyring *k, size_t rotate_bytes,
    const struct chain_head *floor, bool resume_broken, struct trail_gap *out_gap, struct err *e)
{
	struct trail_gap gap = { 0 };

	*t = (struct trail){ .keyring = k, .rotate_bytes = rotate_bytes, .folder_fd = -1,
		.log_fd = -1, .chain_fd = -1 };
	if (strlen(folder) >= sizeof(t->folder))
		return err_set(e, ERR_CONFIG, "the audit folder's name is too long");
	snprintf(t->folder, sizeof(t->folder), "%s", folder);
	if (!open_folder(t, e))
		return false;
	if (!resume(t, floor, &gap, e)) {
		if (e->code != ERR_CORRUPT)
			return false;
		if (!resume_broken) {
			e->code = ERR_CONFIG;
			return err_prefix(e, "the audit trail in %s is broken; 'pawl audit verify' "
			    "walks it, 'pawl audit repair --acknowledge-gap' begins anew", folder);
		}
		if (!begin_anew(t, floor, &gap, e))
			return false;
	}
	*out_gap = gap;
	return true;
}
