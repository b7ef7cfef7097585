/* SPDX-License-Identifier: Apache-2.0 */
/* pawl dev - for tests against 'pawld --dev'. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/daemon.h"
#include "cli/output.h"

const char cmd_dev_help[] =
    "usage: pawl dev reset\n"
    "\n"
    "For 'pawld --dev' only; a production server refuses.\n"
    "\n"
    "  reset      wait for rotations under way, then remove all secrets, schedules, functions and\n"
    "             KMS keys of all accounts, and set the clock to the system's time; access keys\n"
    "             and the audit trail stay\n";

int
cmd_dev(struct cli *c, int argc, char **argv)
{
	json_t *v;

	if (!args_parse(c, &argc, &argv, NULL, 0))
		return CLI_USAGE;
	if (argc != 1 || strcmp(argv[0], "reset") != 0)
		return cli_usage(c, "dev: want reset");
	v = daemon_ask(c, "/dev/reset", NULL);
	if (v == NULL)
		return CLI_FAILED;
	if (c->json)
		print_json(v);
	else
		printf("%lld records removed\n",
		    (long long)json_integer_value(json_object_get(v, "Records")));
	return CLI_OK;
}
