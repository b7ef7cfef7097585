/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/procfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
procfs_open(struct procfs_walk *w)
{
	w->dir = opendir("/proc");
	return w->dir != NULL;
}

static bool
read_small(pid_t pid, const char *name, char *out, size_t cap)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, out, cap - 1);
	close(fd);
	if (n <= 0)
		return false;
	out[n] = '\0';
	return true;
}

bool
procfs_read(pid_t pid, struct procfs_stat *out)
{
	char text[1024], state, *after;
	int parent, group, session;

	if (!read_small(pid, "stat", text, sizeof(text)))
		return false;
	/* The name is the process's own choice and may hold ") R 1"; the last ')' ends it. */
	after = strrchr(text, ')');
	if (after == NULL || sscanf(after + 1, " %c %d %d %d", &state, &parent, &group,
	    &session) != 4)
		return false;
	*out = (struct procfs_stat){ .pid = pid, .parent = parent, .group = group,
	    .session = session, .is_zombie = state == 'Z' || state == 'X' };
	return true;
}

int64_t
procfs_own_memory(pid_t pid)
{
	long long resident, shared;
	char text[128];

	if (!read_small(pid, "statm", text, sizeof(text)) ||
	    sscanf(text, "%*d %lld %lld", &resident, &shared) != 2 || shared > resident)
		return 0;
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

bool
procfs_next(struct procfs_walk *w, struct procfs_stat *out)
{
	struct dirent *d;

	while ((d = readdir(w->dir)) != NULL) {
		int pid = atoi(d->d_name);

		if (pid > 0 && procfs_read(pid, out))
			return true;
	}
	return false;
}

void
procfs_close(struct procfs_walk *w)
{
	closedir(w->dir);
}

int64_t
procfs_session_memory(pid_t session, pid_t above)
{
	struct procfs_walk w;
	struct procfs_stat st;
	int64_t sum = 0;

	if (!procfs_open(&w))
		return 0;
	while (procfs_next(&w, &st)) {
		if (st.session == session &&
		    (above == 0 || (st.pid != above && st.parent != above)))
			sum += procfs_own_memory(st.pid);
	}
	procfs_close(&w);
	return sum;
}
