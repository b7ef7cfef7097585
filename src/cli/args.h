/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.h - the words of a command line: options in any place, then what is left.
 * --data, --socket, --account, --region, --json and --help are understood everywhere.
 */
#pragma once
#include "cli/cli.h"

struct flag {
	const char *name;
	const char **text;	/* takes a value, stored here ... */
	bool *given;		/* ... or takes none */
};

/* Afterwards argv[0..*argc) are the words that are no options. argv[0] as given is skipped. False
 * when a complaint was printed or --help was asked for: return CLI_USAGE then. */
MUST_CHECK bool args_parse(struct cli *c, int *argc, char ***argv, const struct flag *own,
    size_t n);
/* The same for what stands before the command's name: stops at the first word. */
MUST_CHECK bool args_parse_global(struct cli *c, int *argc, char ***argv);
/* A whole number from min to max; complains otherwise. NULL text leaves *out alone. */
MUST_CHECK bool args_number(const struct cli *c, const char *name, const char *text, unsigned min,
    unsigned max, unsigned *out);
