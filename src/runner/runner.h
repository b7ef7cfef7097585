/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner.h - the process that runs functions. Forked from pawld before keys are loaded and before
 * any thread exists; it holds no key, no store and no listening socket of pawld, only its end of a
 * socketpair and its own folder. When that socket closes, it kills every sandbox and exits.
 *
 * pawld goes on when its runner dies, but may not fork another: by then it holds keys. So a keeper
 * (keeper.c) is forked early in the runner's place, and it forks the runners, one at a time.
 */
#pragma once
#include <sys/types.h>

#include "base/err.h"

struct cgroup;

struct runner_config {
	const char *folder;		/* unpacked code, sandboxes' tmp; created 0700 */
	const char *libexec;		/* rotators/ and runtimes/ */
	const char *python, *node;	/* interpreters */
	int keepalive_ms, init_timeout_ms;	/* 60,000 and 10,000 */
	int sandboxes;			/* in all, 16 */
	int respawn_max_ms;		/* pause between runners that die young; 0 = 5,000 */
	struct cgroup *cgroup;		/* runner_keep finds it; NULL = none */
	int close_fds[16];		/* descriptors of pawld's to close in the runner */
	int close_count;
};
/* Forks; the parent gets the runner's pid and its own end of the socketpair. */
MUST_CHECK bool runner_fork(const struct runner_config *c, pid_t *out_pid, int *out_fd,
    struct err *e);
/*
 * Forks the keeper, which starts a runner at once and another whenever one has ended. Each comes
 * over *out_fd (fdpass.h) as pawld's end of the runner's socketpair and the runner's pid, after all
 * processes of the one before are gone. When *out_fd is closed, the keeper sees its runner out and
 * exits; when the keeper dies, so does its runner.
 */
MUST_CHECK bool runner_keep(const struct runner_config *c, pid_t *out_keeper_pid, int *out_fd,
    struct err *e);
