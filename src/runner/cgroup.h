/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.h - one cgroup v2 group per sandbox: a memory bound the kernel keeps, a bound on
 * processes, and an end that nothing escapes. Only where the runner's own group was delegated to it
 * with the memory controller (systemd: Delegate=yes); elsewhere cgroup_new gives NULL and the
 * runner watches resident memory instead.
 * Threads: the runner's loop.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define CGROUP_PIDS 256

struct cgroup;			/* the runner's folder in the hierarchy */
/* NULL when there is none to use. */
struct cgroup *cgroup_new(void);
void cgroup_free(struct cgroup *c);

/* Creates the group of a slot and opens its cgroup.procs; -1 on failure. */
int cgroup_open(const struct cgroup *c, unsigned slot, int64_t memory_mb);
/* Kills what is left in it and removes it. */
void cgroup_end(const struct cgroup *c, unsigned slot);
/* The most it used, in bytes; 0 when unknown. */
int64_t cgroup_peak(const struct cgroup *c, unsigned slot);
/* For tests: a folder that stands in for the runner's. */
struct cgroup *cgroup_at(const char *folder);
