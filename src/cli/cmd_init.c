/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pawl init - a new data folder. Making keys and records is the daemon's business, so this only
 * finds pawld and becomes `pawld --init`.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/daemon.h"

const char cmd_init_help[] =
    "usage: pawl init [--data DIR] [--account ID] [--key-file FILE] [--engine lmdb]\n"
    "\n"
    "Makes the data folder with an empty store, the root key that unlocks it (DIR/root.key, or\n"
    "FILE) and the administrator's first access key, which is printed once as JSON and kept\n"
    "nowhere in the clear. Refuses a folder that is initialised already; no daemon may run on\n"
    "it.\n";

/* The folder this program lies in, without a slash at its end. */
static bool
own_folder(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return false;
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return true;
}

/* Beside us (a build folder), in ../sbin (installed), else wherever PATH finds it. */
static const char *
find_pawld(struct arena *a)
{
	static const char *const places[] = { "pawld", "../sbin/pawld" };
	char folder[PATH_MAX];

	for (size_t i = 0; own_folder(folder) && i < sizeof(places) / sizeof(places[0]); i++) {
		const char *path = arena_printf(a, "%s/%s", folder, places[i]);

		if (access(path, X_OK) == 0)
			return path;
	}
	return "pawld";
}

int
cmd_init(struct cli *c, int argc, char **argv)
{
	const char *key_file = NULL, *engine = NULL, *pawld;
	const struct flag own[] = { { "key-file", &key_file, NULL }, { "engine", &engine, NULL } };
	const char *words[16] = { "pawld", "--init", "--data" };
	size_t n = 3;

	if (!args_parse(c, &argc, &argv, own, sizeof(own) / sizeof(own[0])))
		return CLI_USAGE;
	if (argc > 0)
		return cli_usage(c, "init takes no '%s'", argv[0]);
	words[n++] = data_folder(c);
	if (c->account != NULL) {
		words[n++] = "--account";
		words[n++] = c->account;
	}
	if (key_file != NULL) {
		words[n++] = "--key-file";
		words[n++] = key_file;
	}
	if (engine != NULL) {
		words[n++] = "--store";
		words[n++] = engine;
	}
	pawld = find_pawld(c->arena);
	execvp(pawld, (char *const *)(uintptr_t)words);
	return cli_fail("cannot run %s: %s", pawld, strerror(errno));
}
