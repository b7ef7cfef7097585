/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdio.h>

int
cli_fail(const char *fmt, ...)
{
	va_list ap;

	fputs("pawl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CLI_FAILED;
}

int
cli_fail_err(const struct err *e)
{
	return cli_fail("%s%s%s", e->msg, e->detail[0] == '\0' ? "" : ": ", e->detail);
}

int
cli_usage(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	fputs("pawl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see 'pawl help%s%s'\n", c->command == NULL ? "" : " ",
	    c->command == NULL ? "" : c->command);
	return CLI_USAGE;
}
