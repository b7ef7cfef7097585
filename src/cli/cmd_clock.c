/* SPDX-License-Identifier: Apache-2.0 */
/* pawl clock - a dev server's time: look at it, set it, let it run ahead. */
#include <string.h>

#include "base/clock.h"
#include "cli/args.h"
#include "cli/daemon.h"
#include "cli/duration.h"
#include "cli/output.h"

#include <stdio.h>

const char cmd_clock_help[] =
    "usage: pawl clock [show]\n"
    "       pawl clock set TIME | now\n"
    "       pawl clock advance SPAN\n"
    "\n"
    "For 'pawld --dev' only; a production server refuses.\n"
    "\n"
    "  show       print the server's time\n"
    "  set        jump to TIME (2026-03-01, 2026-03-01T08:00:00Z, ...), forward or backward,\n"
    "             or back to the system's time; what lies between is missed, as if the server\n"
    "             had been off\n"
    "  advance    let SPAN pass (30d, 12h, 90m, 45s, 1d12h): every window, retry and deletion in\n"
    "             it happens at its time and in order; returns when all have ended\n";

static int
answer(struct cli *c, const char *path, const struct buf *request)
{
	json_t *v = daemon_ask(c, path, request);
	int64_t offset;

	if (v == NULL)
		return CLI_FAILED;
	if (c->json) {
		print_json(v);
		return CLI_OK;
	}
	offset = json_integer_value(json_object_get(v, "OffsetMs"));
	printf("%s", time_text(c->arena, member_ms(v, "Now")));
	if (offset != 0)
		printf(", %s %s the system's clock", duration_text(c->arena,
		    offset < 0 ? -offset : offset), offset < 0 ? "behind" : "ahead of");
	putchar('\n');
	return CLI_OK;
}

static int
set(struct cli *c, const char *when)
{
	AUTO_BUF request = BUF_INIT;
	struct jsonw w = request_open(c, &request);
	int64_t epoch_s;

	if (strcmp(when, "now") != 0) {
		if (!time_parse_iso(str_of(when), &epoch_s))
			return cli_usage(c, "'%s' is no time: write 2026-03-01T08:00:00Z", when);
		if (epoch_s < 0)
			return cli_usage(c, "'%s' is before 1970", when);
		jsonw_kint(&w, "Ms", epoch_s * 1000);
	}
	jsonw_close(&w);
	return answer(c, "/clock/set", &request);
}

static int
advance(struct cli *c, const char *span)
{
	AUTO_BUF request = BUF_INIT;
	struct jsonw w = request_open(c, &request);
	struct err e;
	int64_t ms;

	if (!duration_parse(str_of(span), &ms, &e))
		return cli_usage(c, "%s", e.msg);
	jsonw_kint(&w, "Ms", ms);
	jsonw_close(&w);
	return answer(c, "/clock/advance", &request);
}

int
cmd_clock(struct cli *c, int argc, char **argv)
{
	if (!args_parse(c, &argc, &argv, NULL, 0))
		return CLI_USAGE;
	if (argc == 0 || (argc == 1 && strcmp(argv[0], "show") == 0))
		return answer(c, "/clock", NULL);
	if (argc == 2 && strcmp(argv[0], "set") == 0)
		return set(c, argv[1]);
	if (argc == 2 && strcmp(argv[0], "advance") == 0)
		return advance(c, argv[1]);
	return cli_usage(c, "clock: want show, set TIME or advance SPAN");
}
