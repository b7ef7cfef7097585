/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"

struct cgroup {
	char *folder;
};

static bool
write_at(const char *folder, const char *name, const char *text)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_FD fd = -1;

	buf_printf(&path, "%s/%s", folder, name);
	fd = open(path.p, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool
read_at(const char *folder, const char *name, char *out, size_t cap)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_FD fd = -1;
	ssize_t n;

	buf_printf(&path, "%s/%s", folder, name);
	fd = open(path.p, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, out, cap - 1);
	if (n < 0)
		return false;
	out[n] = '\0';
	return true;
}

struct cgroup *
cgroup_at(const char *folder)
{
	struct cgroup *c = xcalloc(1, sizeof(*c));

	c->folder = xstrdup(folder);
	return c;
}

void
cgroup_free(struct cgroup *c)
{
	if (c == NULL)
		return;
	free(c->folder);
	free(c);
}

/* The v2 line of /proc/self/cgroup is "0::/path". */
static bool
own_folder(char *out, size_t cap)
{
	char text[4096], *line, *end;

	if (!read_at("/proc/self", "cgroup", text, sizeof(text)))
		return false;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (line == NULL)
		return false;
	line = strchr(line, '/');
	if (line == NULL)
		return false;
	end = strchr(line, '\n');
	if (end != NULL)
		*end = '\0';
	return snprintf(out, cap, "/sys/fs/cgroup%s", strcmp(line, "/") == 0 ? "" : line) < (int)cap;
}

/* Controllers go to children only while a group holds no process itself, so pawld and the runner
 * move into a leaf. A group with other processes in it (a terminal's, a container's) is not ours to
 * rearrange. */
static bool
move_into_leaf(const char *folder)
{
	char leaf[4200], procs[4096], copy[4096], *line, *rest = copy;

	if (!read_at(folder, "cgroup.procs", procs, sizeof(procs)))
		return false;
	memcpy(copy, procs, sizeof(copy));
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (line[0] != '\0' && atoi(line) != getpid() && atoi(line) != getppid())
			return false;
	}
	snprintf(leaf, sizeof(leaf), "%s/pawld", folder);
	if (mkdir(leaf, 0755) != 0 && errno != EEXIST)
		return false;
	for (rest = procs; (line = strsep(&rest, "\n")) != NULL;) {
		if (line[0] != '\0' && !write_at(leaf, "cgroup.procs", line))
			return false;
	}
	return true;
}

struct cgroup *
cgroup_new(void)
{
	char folder[2048], controllers[256];

	if (!own_folder(folder, sizeof(folder)) ||
	    !read_at(folder, "cgroup.controllers", controllers, sizeof(controllers)) ||
	    strstr(controllers, "memory") == NULL || strstr(controllers, "pids") == NULL)
		return NULL;
	if (access(folder, W_OK) != 0 || !move_into_leaf(folder) ||
	    !write_at(folder, "cgroup.subtree_control", "+memory +pids"))
		return NULL;
	return cgroup_at(folder);
}

static void
group_path(const struct cgroup *c, unsigned slot, struct buf *out)
{
	buf_printf(out, "%s/function-%u", c->folder, slot);
}

int
cgroup_open(const struct cgroup *c, unsigned slot, int64_t memory_mb)
{
	AUTO_BUF path = BUF_INIT, procs = BUF_INIT;
	char text[32];

	group_path(c, slot, &path);
	if (mkdir(path.p, 0755) != 0 && errno != EEXIST)
		return -1;
	snprintf(text, sizeof(text), "%lld", (long long)memory_mb * 1024 * 1024);
	if (!write_at(path.p, "memory.max", text))
		return -1;
	write_at(path.p, "memory.swap.max", "0");	/* absent without swap accounting */
	write_at(path.p, "memory.oom.group", "1");
	snprintf(text, sizeof(text), "%d", CGROUP_PIDS);
	write_at(path.p, "pids.max", text);
	buf_printf(&procs, "%s/cgroup.procs", path.p);
	return open(procs.p, O_WRONLY | O_CLOEXEC);
}

void
cgroup_end(const struct cgroup *c, unsigned slot)
{
	AUTO_BUF path = BUF_INIT;

	group_path(c, slot, &path);
	write_at(path.p, "cgroup.kill", "1");
	rmdir(path.p);		/* while they die it is busy; the next use of the slot takes it over */
}

int64_t
cgroup_peak(const struct cgroup *c, unsigned slot)
{
	AUTO_BUF path = BUF_INIT;
	char text[64];

	group_path(c, slot, &path);
	if (!read_at(path.p, "memory.peak", text, sizeof(text)))
		return 0;
	return atoll(text);
}
