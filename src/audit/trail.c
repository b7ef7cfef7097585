/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/trail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/trail_impl.h"
#include "base/cleanup.h"

static bool
write_at(int fd, struct str data, off_t at)
{
	while (data.n > 0) {
		ssize_t wrote = pwrite(fd, data.p, data.n, at);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		data = str_skip(data, (size_t)wrote);
		at += wrote;
	}
	return true;
}

static void
close_pair(struct trail *t)
{
	if (t->log_fd >= 0)
		close(t->log_fd);
	if (t->chain_fd >= 0)
		close(t->chain_fd);
	t->log_fd = t->chain_fd = -1;
}

void
trail_close(struct trail *t)
{
	close_pair(t);
	if (t->folder_fd >= 0)
		close(t->folder_fd);
	t->folder_fd = -1;
}

/* An I/O error: the request that needed the record fails. */
static bool
failed(const struct trail *t, const char *what, struct err *e)
{
	return err_internal(e, "audit: cannot %s in %s: %s", what, t->folder, strerror(errno));
}

bool
trail_open_pair(struct trail *t, int flags, struct err *e)
{
	flags |= O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	t->chain_fd = openat(t->folder_fd, "audit.chain", flags, 0600);
	t->log_fd = openat(t->folder_fd, "audit.log", flags, 0600);
	if (t->chain_fd < 0 || t->log_fd < 0) {
		failed(t, "open audit.log or audit.chain", e);
		close_pair(t);
		return false;
	}
	return true;
}

bool
trail_create_pair(struct trail *t, const struct chain_head *first, struct err *e)
{
	char line[CHAIN_LINE_LEN];

	if (!trail_open_pair(t, O_TRUNC, e))
		return false;
	chain_line(first, line);
	if (!write_at(t->chain_fd, (struct str){ line, sizeof(line) }, 0) ||
	    fsync(t->chain_fd) != 0 || fsync(t->log_fd) != 0 || fsync(t->folder_fd) != 0) {
		failed(t, "begin new files", e);
		close_pair(t);
		return false;
	}
	t->head = t->synced = *first;
	t->log_size = 0;
	t->chain_size = CHAIN_LINE_LEN;
	t->has_bad_tail = false;
	return true;
}

static bool
is_trusted(const struct trail *t, struct err *e)
{
	if (t->flush_failed)
		return err_internal(e, "audit: %s could not be flushed; a restart reads it again",
		    t->folder);
	return true;
}

bool
trail_sync(struct trail *t, struct err *e)
{
	if (!is_trusted(t, e))
		return false;
	if (t->log_fd < 0 || t->synced.seq == t->head.seq)
		return true;	/* a closed pair was synced by rotate() */
	if (fdatasync(t->log_fd) != 0 || fdatasync(t->chain_fd) != 0) {
		t->flush_failed = true;	/* the kernel may have dropped the pages: no second try */
		return failed(t, "flush audit.log", e);
	}
	t->synced = t->head;
	return true;
}

/* A crash between the two renames leaves a log without its chain: trail_open finishes it, and so
 * does the next call after a failure. */
static bool
rotate(struct trail *t, struct err *e)
{
	char log[64], chain[64];

	if (!trail_sync(t, e))
		return false;
	snprintf(log, sizeof(log), "audit.log.%u", t->rotated + 1);
	snprintf(chain, sizeof(chain), "audit.chain.%u", t->rotated + 1);
	if (renameat(t->folder_fd, "audit.log", t->folder_fd, log) != 0 && errno != ENOENT)
		return failed(t, "rename audit.log", e);
	if (renameat(t->folder_fd, "audit.chain", t->folder_fd, chain) != 0)
		return failed(t, "rename audit.chain", e);
	t->rotated++;
	close_pair(t);
	return true;
}

/* Both files open, without leftovers of a failed write, with room. */
static bool
make_ready(struct trail *t, struct err *e)
{
	if (!is_trusted(t, e))
		return false;
	if (t->log_fd >= 0 && t->has_bad_tail) {
		if (ftruncate(t->log_fd, t->log_size) != 0 ||
		    ftruncate(t->chain_fd, t->chain_size) != 0)
			return failed(t, "cut off a failed write", e);
		t->has_bad_tail = false;
	}
	if (t->log_fd >= 0 && (size_t)t->log_size >= t->rotate_bytes && !rotate(t, e))
		return false;
	if (t->log_fd < 0) {
		struct chain_head first = t->head;

		return trail_create_pair(t, &first, e);
	}
	return true;
}

bool
trail_append(struct trail *t, const struct trail_batch *b, struct err *e)
{
	if (b->log.n == 0)
		return true;
	if (!make_ready(t, e))
		return false;
	if (!write_at(t->log_fd, buf_view(&b->log), t->log_size)) {
		t->has_bad_tail = true;
		return failed(t, "write audit.log", e);
	}
	if (!write_at(t->chain_fd, buf_view(&b->chain), t->chain_size)) {
		t->has_bad_tail = true;
		return failed(t, "write audit.chain", e);
	}
	t->log_size += (off_t)b->log.n;
	t->chain_size += (off_t)b->chain.n;
	t->head = b->head;
	return true;
}

void
trail_batch_start(const struct trail *t, struct trail_batch *b)
{
	b->log.n = b->chain.n = 0;	/* records hold no secret: nothing to wipe */
	b->head = t->head;
}

void
trail_batch_add(const struct trail *t, struct trail_batch *b, uint64_t row, struct str record)
{
	char line[CHAIN_LINE_LEN];

	chain_step(&b->head, t->keyring, row, record);
	chain_line(&b->head, line);
	buf_str(&b->log, record);
	buf_c(&b->log, '\n');
	buf_add(&b->chain, line, sizeof(line));
}

void
trail_batch_done(struct trail_batch *b)
{
	buf_free(&b->log);
	buf_free(&b->chain);
}
