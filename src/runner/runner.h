/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner.h - the process that runs functions. Forked from pawld before keys are loaded and before
 * any thread exists; it holds no key, no store and no listening socket of pawld, only its end of a
 * socketpair and its own folder. When that socket closes, it kills every sandbox and exits.
 */
#pragma once
#include <sys/types.h>

#include "base/err.h"

struct runner_config {
	const char *folder;		/* unpacked code, sandboxes' tmp; created 0700 */
	const char *libexec;		/* rotators/ and runtimes/ */
	const char *python, *node;	/* interpreters */
	int keepalive_ms, init_timeout_ms;	/* 60,000 and 10,000 */
	int sandboxes;			/* in all, 16 */
	int close_fds[16];		/* descriptors of pawld's to close in the runner */
	int close_count;
};
/* Forks; the parent gets the runner's pid and its own end of the socketpair. */
MUST_CHECK bool runner_fork(const struct runner_config *c, pid_t *out_pid, int *out_fd,
    struct err *e);
