/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logfile.h - what functions printed, masked, for `pawl function logs` (spec/rotation.md 5.7):
 * <folder>/logs/<account>.<region>.<name>.log, each line with its time; four files of 16 MiB at
 * most, .log the newest, then .log.1 to .log.3.
 *
 * Failing to write is no failure of the function: the line is lost and the first loss is logged.
 * Threads: the runner's loop.
 */
#pragma once
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define LOGFILE_BYTES (16L * 1024 * 1024)
#define LOGFILE_COUNT 4

struct logfile {
	char *path;			/* NULL: names that cannot be a file's */
	int fd;
	long size;
	long max;			/* LOGFILE_BYTES, less in tests */
	struct buf line;		/* begun, without its end */
};

void logfile_init(struct logfile *l, const char *folder, struct str account, struct str region,
    struct str name);
/* Adds text; lines are written when they end or grow beyond a page. */
void logfile_add(struct logfile *l, struct str text, int64_t now_ms);
/* Ends the line begun and closes. */
void logfile_done(struct logfile *l, int64_t now_ms);
