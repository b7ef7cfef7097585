/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - what every subcommand of `pawl` is given, and the ends it may come to.
 * A command parses its own words (args.h), prints its answer on stdout or one line on stderr, and
 * returns the exit status. One thread; everything lives in the arena until the program ends.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli {
	struct arena *arena;
	const char *command;		/* the subcommand's name, NULL before it is known */
	const char *data, *socket;	/* as given; NULL: see daemon.h */
	const char *account, *region;	/* NULL: the server's; wherever the secret is */
	bool json, help;
};

int cmd_audit(struct cli *c, int argc, char **argv);
int cmd_clock(struct cli *c, int argc, char **argv);
int cmd_dev(struct cli *c, int argc, char **argv);
int cmd_init(struct cli *c, int argc, char **argv);
int cmd_rotation(struct cli *c, int argc, char **argv);
int cmd_schedule(struct cli *c, int argc, char **argv);
int cmd_status(struct cli *c, int argc, char **argv);

extern const char cmd_audit_help[], cmd_clock_help[], cmd_dev_help[], cmd_init_help[],
    cmd_rotation_help[], cmd_schedule_help[], cmd_status_help[];

/* "pawl: ..." on stderr; returns CLI_FAILED. */
int cli_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* The same for an err: its text and, when there is one, its detail. */
int cli_fail_err(const struct err *e);
/* "pawl: ...; see 'pawl help COMMAND'"; returns CLI_USAGE. */
int cli_usage(const struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
