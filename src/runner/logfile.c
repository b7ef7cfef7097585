/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/logfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/log.h"

#define MAX_LINE 4096

/* Letters, digits, '-' and '_', as the model of FunctionName has it. */
static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
	}
	return s.n > 0 && s.n <= 140;
}

void
logfile_init(struct logfile *l, const char *folder, struct str account, struct str region,
    struct str name)
{
	AUTO_BUF b = BUF_INIT;

	*l = (struct logfile){ .fd = -1, .max = LOGFILE_BYTES };
	if (!is_name(account) || !is_name(region) || !is_name(name))
		return;
	buf_printf(&b, "%s/logs/" STR_FMT "." STR_FMT "." STR_FMT ".log", folder, STR_ARG(account),
	    STR_ARG(region), STR_ARG(name));
	l->path = xstrdup(b.p);
}

static bool
open_file(struct logfile *l)
{
	struct stat st;

	l->fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (l->fd < 0 || fstat(l->fd, &st) != 0)
		return false;
	l->size = (long)st.st_size;
	return true;
}

/* .log.2 to .log.3 and so on. Two sandboxes of one function share the files: one may go on writing
 * to what the other has just renamed, which loses nothing. */
static void
shift(const struct logfile *l)
{
	AUTO_BUF from = BUF_INIT, to = BUF_INIT;

	for (int i = LOGFILE_COUNT - 2; i >= 0; i--) {
		buf_reset(&from);
		buf_reset(&to);
		if (i == 0)
			buf_printf(&from, "%s", l->path);
		else
			buf_printf(&from, "%s.%d", l->path, i);
		buf_printf(&to, "%s.%d", l->path, i + 1);
		if (rename(from.p, to.p) != 0)
			continue;	/* not there yet */
	}
}

static void
write_line(struct logfile *l, int64_t now_ms)
{
	AUTO_BUF b = BUF_INIT;
	char stamp[21];

	time_format_iso(now_ms / SECOND_MS, stamp);
	buf_printf(&b, "%.19s.%03dZ ", stamp, (int)(now_ms % SECOND_MS));
	buf_str(&b, buf_view(&l->line));
	buf_c(&b, '\n');
	buf_reset(&l->line);
	if (l->fd >= 0 && l->size > 0 && l->size + (long)b.n > l->max) {
		close(l->fd);
		l->fd = -1;
		shift(l);
	}
	if (l->fd < 0 && !open_file(l)) {
		log_warn("%s cannot be written", l->path);
		free(l->path);
		l->path = NULL;		/* said once */
		return;
	}
	if (write(l->fd, b.p, b.n) == (ssize_t)b.n)
		l->size += (long)b.n;
}

void
logfile_add(struct logfile *l, struct str text, int64_t now_ms)
{
	for (size_t i = 0; i < text.n && l->path != NULL; i++) {
		if (text.p[i] != '\n')
			buf_c(&l->line, text.p[i]);
		if (text.p[i] == '\n' || l->line.n == MAX_LINE)
			write_line(l, now_ms);
	}
}

void
logfile_done(struct logfile *l, int64_t now_ms)
{
	if (l->path != NULL && l->line.n > 0)
		write_line(l, now_ms);
	buf_free(&l->line);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	free(l->path);
	l->path = NULL;
}
