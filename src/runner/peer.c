/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/peer.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner/procfs.h"

/* One line of /proc/net/tcp:
 *   sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ...
 * with addresses as the network-order word printed in the machine's order. */
static bool
parse_line(const char *line, uint16_t port, uint16_t to, struct peer_owner *out)
{
	unsigned local_ip, local_port, remote_ip, remote_port, uid;
	unsigned long inode;

	if (sscanf(line, " %*u: %x:%x %x:%x %*x %*x:%*x %*x:%*x %*x %u %*d %lu", &local_ip,
	    &local_port, &remote_ip, &remote_port, &uid, &inode) != 6)
		return false;
	if (local_port != port || remote_port != to || local_ip != htonl(INADDR_LOOPBACK) ||
	    remote_ip != htonl(INADDR_LOOPBACK))
		return false;
	*out = (struct peer_owner){ uid, inode };
	return true;
}

bool
peer_find_owner(uint16_t port, uint16_t to, struct peer_owner *out)
{
	FILE *f = fopen("/proc/net/tcp", "re");
	char line[512];
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = parse_line(line, port, to, out);
	fclose(f);
	return found;
}

static bool
has_socket(pid_t pid, unsigned long inode)
{
	char path[64], want[64], link[64];
	bool found = false;
	struct dirent *d;
	DIR *dir;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!found && (d = readdir(dir)) != NULL) {
		n = readlinkat(dirfd(dir), d->d_name, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		found = strcmp(link, want) == 0;
	}
	closedir(dir);
	return found;
}

bool
peer_is_in_session(unsigned long inode, pid_t session)
{
	struct procfs_walk w;
	struct procfs_stat st;
	bool found = false;

	if (!procfs_open(&w))
		return false;
	while (!found && procfs_next(&w, &st))
		found = st.session == session && has_socket(st.pid, inode);
	procfs_close(&w);
	return found;
}
