/* SPDX-License-Identifier: Apache-2.0 */
/* procfs.h - the processes of this machine, as far as the runner cares. */
#pragma once
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct procfs_stat {
	pid_t pid, parent, group, session;
	bool is_zombie;
};

struct procfs_walk { DIR *dir; };
bool procfs_open(struct procfs_walk *w);
/* The next process; those that vanish meanwhile are left out. */
bool procfs_next(struct procfs_walk *w, struct procfs_stat *out);
void procfs_close(struct procfs_walk *w);
bool procfs_read(pid_t pid, struct procfs_stat *out);
/* Resident memory that is the process's own, without shared files; 0 when it is gone. */
int64_t procfs_own_memory(pid_t pid);
/* The sum over a session, without process `above` and its children. */
int64_t procfs_session_memory(pid_t session, pid_t above);
