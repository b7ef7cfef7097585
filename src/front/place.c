/* SPDX-License-Identifier: Apache-2.0 */
#include "front/place.h"

#include <errno.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
place_default(struct arena *a)
{
	const char *state = getenv("STATE_DIRECTORY"), *home = getenv("HOME");
	const struct passwd *pw;

	if (state != NULL && state[0] != '\0')
		return arena_strdup(a, state);
	if (home == NULL || home[0] == '\0') {
		pw = getpwuid(geteuid());
		home = pw != NULL ? pw->pw_dir : "/var/lib";
	}
	return arena_printf(a, "%s/.local/share/pawl", home);
}

bool
place_make(const char *path, struct err *e)
{
	char part[4096];

	if (strlen(path) >= sizeof(part))
		return err_set(e, ERR_CONFIG, "%.64s...: too long a path", path);
	for (size_t i = 1; path[i - 1] != '\0'; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return err_sys(e, ERR_CONFIG, "%s: cannot make the folder", part);
	}
	return true;
}

char *
place_temporary(struct arena *a, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char *path = arena_printf(a, "%s/pawl-dev-XXXXXX", tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");

	if (mkdtemp(path) != NULL)
		return path;
	err_sys(e, ERR_CONFIG, "%s: cannot make a temporary folder", path);
	return NULL;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	(void)remove(path);
	return 0;
}

void
place_remove(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
