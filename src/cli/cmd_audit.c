/* SPDX-License-Identifier: Apache-2.0 */
/* pawl audit - is the audit trail whole? */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/daemon.h"
#include "cli/output.h"

const char cmd_audit_help[] =
    "usage: pawl audit verify\n"
    "\n"
    "  verify     walk the audit files from the oldest record and check their hash chain; fails\n"
    "             with file and line of the first record that was changed, removed or added\n";

int
cmd_audit(struct cli *c, int argc, char **argv)
{
	json_t *v;

	if (!args_parse(c, &argc, &argv, NULL, 0))
		return CLI_USAGE;
	if (argc != 1 || strcmp(argv[0], "verify") != 0)
		return cli_usage(c, "audit: want verify");
	v = daemon_ask(c, "/audit/verify", NULL);
	if (v == NULL)
		return CLI_FAILED;
	if (c->json)
		print_json(v);
	else
		printf("%lld records in %s, nothing missing or changed\n",
		    (long long)json_integer_value(json_object_get(v, "Records")),
		    member_text(c->arena, v, "Folder"));
	return CLI_OK;
}
