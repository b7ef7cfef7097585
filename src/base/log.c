/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Set once before threads start, then read only. */
static const char *program = "pawl";
static enum log_level most = LOG_INFO;

void
log_setup(const char *name, enum log_level level)
{
	program = name;
	most = level;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	char text[3072], line[8192], stamp[21];
	size_t n;
	va_list ap;

	if (level > most)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	time_format_iso((int64_t)time(NULL), stamp);
	n = (size_t)snprintf(line, sizeof(line), "%s %s %s: ", stamp, program, names[level]);
	for (const char *p = text; *p != '\0' && n + 6 < sizeof(line); p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= 0x20 && c != 0x7f)
			line[n++] = *p;
		else
			n += (size_t)snprintf(line + n, 5, "\\x%02x", c);
	}
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return;		/* nowhere left to complain */
}

void
log_err(enum log_level level, const char *what, const struct err *e)
{
	log_line(level, "%s: %s: %s%s%s (%s)", what, err_type(e->code), e->msg,
	    e->detail[0] != '\0' ? ": " : "", e->detail, e->at == NULL ? "-" : e->at);
}
