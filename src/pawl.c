/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pawl - the command line: what the AWS tools cannot do. A client like any other; all it knows it
 * asks the daemon, on the admin socket. The table below is the dispatcher and the help.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/args.h"

static int cmd_version(struct cli *c, int argc, char **argv);
static int cmd_help(struct cli *c, int argc, char **argv);

static const char cmd_version_help[] = "usage: pawl version\n\nPrints pawl's version.\n";
static const char cmd_help_help[] = "usage: pawl help [COMMAND]\n\nExplains a command.\n";

static const struct command {
	const char *name;
	int (*run)(struct cli *c, int argc, char **argv);
	const char *summary;
	const char *help;
} commands[] = {
	{ "init", cmd_init, "make a data folder and its first access key", cmd_init_help },
	{ "status", cmd_status, "show what the daemon is and how it is", cmd_status_help },
	{ "rotation", cmd_rotation, "list and show rotations; free one that is stuck",
	  cmd_rotation_help },
	{ "schedule", cmd_schedule, "explain what a rotation rule means", cmd_schedule_help },
	{ "audit", cmd_audit, "check that the audit trail is whole", cmd_audit_help },
	{ "clock", cmd_clock, "turn the clock of a dev server", cmd_clock_help },
	{ "dev", cmd_dev, "empty a dev server between tests", cmd_dev_help },
	{ "version", cmd_version, "print the version", cmd_version_help },
	{ "help", cmd_help, "explain a command", cmd_help_help },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_usage(FILE *out)
{
	fputs("usage: pawl [--data DIR | --socket PATH] [--json] COMMAND [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\nThe daemon's folder is --data, else $PAWL_DATA, else $STATE_DIRECTORY, else\n"
	    "~/.local/share/pawl. 'pawl help COMMAND' says more. Secrets, users, functions and\n"
	    "keys are the AWS tools' business: aws --endpoint-url ... secretsmanager help\n", out);
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int
cmd_version(struct cli *c, int argc, char **argv)
{
	if (!args_parse(c, &argc, &argv, NULL, 0))
		return CLI_USAGE;
	if (argc > 0)
		return cli_usage(c, "version takes no '%s'", argv[0]);
	printf(c->json ? "{\"Version\": \"%s\"}\n" : "pawl %s\n", PAWL_VERSION);
	return CLI_OK;
}

static int
cmd_help(struct cli *c, int argc, char **argv)
{
	const struct command *asked;

	if (!args_parse(c, &argc, &argv, NULL, 0))
		return CLI_USAGE;
	if (argc == 0) {
		print_usage(stdout);
		return CLI_OK;
	}
	asked = find(argv[0]);
	if (asked == NULL) {
		c->command = NULL;
		return cli_usage(c, "there is no command '%s'", argv[0]);
	}
	fputs(asked->help, stdout);
	return CLI_OK;
}

static int
run(struct cli *c, int argc, char **argv)
{
	const struct command *command;
	int status;

	if (!args_parse_global(c, &argc, &argv)) {
		if (!c->help)
			return CLI_USAGE;
		print_usage(stdout);
		return CLI_OK;
	}
	if (argc == 0) {
		print_usage(stderr);
		return CLI_USAGE;
	}
	command = find(argv[0]);
	if (command == NULL)
		return cli_usage(c, "there is no command '%s'", argv[0]);
	c->command = command->name;
	status = command->run(c, argc, argv);
	if (!c->help)
		return status;
	fputs(command->help, stdout);
	return CLI_OK;
}

int
main(int argc, char **argv)
{
	struct cli c = { .arena = arena_new() };
	int status;

	signal(SIGPIPE, SIG_IGN);	/* libcurl; a closed stdout shows below */
	json_setup();
	status = run(&c, argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("pawl: stdout");
		status = status == CLI_OK ? CLI_FAILED : status;
	}
	arena_free(c.arena);
	return status;
}
