/* SPDX-License-Identifier: Apache-2.0 */
/* pawl rotation - what rotates, how it went, and freeing what is stuck. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/daemon.h"
#include "cli/rotation_text.h"

#define RUNS_MAX 200

const char cmd_rotation_help[] =
    "usage: pawl rotation list [--account ID] [--region R] [--json]\n"
    "       pawl rotation show SECRET [--runs N] [--logs] [--region R] [--json]\n"
    "       pawl rotation retry | clear-pending | promote | rollback SECRET [--region R]\n"
    "\n"
    "SECRET is a name or an ARN. A name is looked for in all regions unless --region is given.\n"
    "\n"
    "  list           every secret with rotation: schedule, dates, last run, last error\n"
    "  show           one secret's settings and its last runs (5, or N) with every step; --logs\n"
    "                 adds what the function printed. When it is stuck: how to free it\n"
    "  retry          try the last, unfinished rotation again now, with the same version\n"
    "  clear-pending  take AWSPENDING off: give the unfinished version up\n"
    "  promote        make the version with AWSPENDING current, when the target uses it already\n"
    "  rollback       make the version with AWSPREVIOUS current again\n"
    "\n"
    "The last three move labels as UpdateSecretVersionStage does:\n"
    "  aws secretsmanager update-secret-version-stage --secret-id S ...\n"
    "  clear-pending  --version-stage AWSPENDING --remove-from-version-id PENDING\n"
    "  promote        --version-stage AWSCURRENT --move-to-version-id PENDING\n"
    "                 --remove-from-version-id CURRENT\n"
    "  rollback       --version-stage AWSCURRENT --move-to-version-id PREVIOUS\n"
    "                 --remove-from-version-id CURRENT\n";

/* ---- list */

/* One page; *next is where the following one begins, NULL after the last. */
static json_t *
ask_page(struct cli *c, const json_t *from, json_t **next)
{
	AUTO_BUF request = BUF_INIT;
	struct jsonw w = request_open(c, &request);
	json_t *page;

	if (from != NULL) {
		jsonw_key(&w, "From");
		jsonw_open(&w);
		jsonw_kstr(&w, "After", json_member_str(from, "After"));
		jsonw_kstr(&w, "Region", json_member_str(from, "Region"));
		jsonw_close(&w);
	}
	jsonw_close(&w);
	page = daemon_ask(c, "/rotation/list", &request);
	*next = json_object_get(page, "Next");
	return page;
}

static int
list(struct cli *c, int argc, char **argv)
{
	json_t *first, *page, *next, *rows;

	if (argc > 0)
		return cli_usage(c, "list takes no '%s'", argv[0]);
	first = ask_page(c, NULL, &next);
	rows = json_object_get(first, "Rotations");
	if (!json_is_array(rows))
		return CLI_FAILED;
	while (next != NULL) {
		page = ask_page(c, next, &next);
		if (page == NULL)
			return CLI_FAILED;
		json_array_extend(rows, json_object_get(page, "Rotations"));
	}
	json_object_del(first, "Next");
	if (c->json)
		print_json(first);
	else
		rotation_print_list(c->arena, rows);
	return CLI_OK;
}

/* ---- show */

static int
show(struct cli *c, int argc, char **argv, const char *runs_text, bool with_logs)
{
	AUTO_BUF request = BUF_INIT;
	struct jsonw w = request_open(c, &request);
	unsigned runs = 5;
	json_t *v;

	if (argc != 1)
		return cli_usage(c, "show which secret?");
	if (!args_number(c, "runs", runs_text, 0, RUNS_MAX, &runs))
		return CLI_USAGE;
	if (with_logs || c->json) {
		jsonw_key(&w, "Logs");
		jsonw_bool(&w, true);
	}
	jsonw_kint(&w, "Runs", runs);
	jsonw_kz(&w, "Secret", argv[0]);
	jsonw_close(&w);
	v = daemon_ask(c, "/rotation/show", &request);
	if (v == NULL)
		return CLI_FAILED;
	if (c->json)
		print_json(v);
	else
		rotation_print_one(c->arena, v);
	return CLI_OK;
}

/* ---- repair */

static const struct repair {
	const char *name, *path, *done;
} repairs[] = {
	{ "retry", "/rotation/retry", "is tried again now" },
	{ "clear-pending", "/rotation/clear-pending", "has lost AWSPENDING" },
	{ "promote", "/rotation/promote", "is AWSCURRENT now" },
	{ "rollback", "/rotation/rollback", "is AWSCURRENT again" },
};

static int
repair(struct cli *c, const struct repair *r, int argc, char **argv)
{
	AUTO_BUF request = BUF_INIT;
	struct jsonw w = request_open(c, &request);
	json_t *v;

	if (argc != 1)
		return cli_usage(c, "%s which secret?", r->name);
	jsonw_kz(&w, "Secret", argv[0]);
	jsonw_close(&w);
	v = daemon_ask(c, r->path, &request);
	if (v == NULL)
		return CLI_FAILED;
	if (c->json)
		print_json(v);
	else
		printf("%s: version %s %s\n", member_text(c->arena, v, "Name"),
		    member_text(c->arena, v, "VersionId"), r->done);
	return CLI_OK;
}

int
cmd_rotation(struct cli *c, int argc, char **argv)
{
	const char *runs = NULL;
	bool with_logs = false;
	const struct flag own[] = { { "runs", &runs, NULL }, { "logs", NULL, &with_logs } };

	if (!args_parse(c, &argc, &argv, own, sizeof(own) / sizeof(own[0])))
		return CLI_USAGE;
	if (argc == 0)
		return cli_usage(c, "rotation: list, show or repair?");
	if (strcmp(argv[0], "list") == 0)
		return list(c, argc - 1, argv + 1);
	if (strcmp(argv[0], "show") == 0)
		return show(c, argc - 1, argv + 1, runs, with_logs);
	for (size_t i = 0; i < sizeof(repairs) / sizeof(repairs[0]); i++) {
		if (strcmp(argv[0], repairs[i].name) == 0)
			return repair(c, &repairs[i], argc - 1, argv + 1);
	}
	return cli_usage(c, "there is no 'rotation %s'", argv[0]);
}
