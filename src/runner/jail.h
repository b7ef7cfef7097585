/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jail.h - what a function process may see and do (spec/rotation.md 5.5, spec/security.md 7.5).
 *
 * Always: own session, no new privileges, no core, rlimits, a list of refused system calls
 * (libseccomp), nothing inherited but three descriptors. As far as this machine allows, tried out
 * once at start:
 *
 *	own user	root starts each sandbox under a user id of its own, JAIL_FIRST_UID + slot
 *	private root	mount, ipc and uts namespaces; a read-only tree of system files, the code
 *			at /var/task, a private /tmp. Without root by a user namespace
 *	private		a pid namespace: a function sees, signals and leaves behind none but its own
 *	processes
 *	Landlock	the same by path, without a namespace; also keeps a function from signalling
 *			or tracing anything outside its sandbox
 *
 * The data folder of pawld is in no list, so with a private root or Landlock no function sees it.
 * With neither, only its permissions protect it; jail_describe says what holds.
 *
 * Threads: the runner's only one. Everything is prepared before fork; the child makes system calls
 * only. Memory: a spec borrows until jail_spawn returns.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

#define JAIL_FIRST_UID 64000u

struct jail;

struct jail_config {
	const char *folder;		/* the runner's own; exists */
	const char *libexec;
	const char *python, *node;	/* may be NULL or missing */
};
MUST_CHECK struct jail *jail_new(const struct jail_config *c, struct err *e);
void jail_free(struct jail *j);
bool jail_has_own_users(const struct jail *j);
bool jail_has_private_root(const struct jail *j);
/* Two processes of ours stand between the runner and the function. */
bool jail_has_processes_above(const struct jail *j);
/* False when nothing but file permissions keeps a function from what the runner's user may read. */
bool jail_hides_files(const struct jail *j);
void jail_describe(const struct jail *j, struct buf *out);
/* The user of a sandbox: its own, or the runner's. */
uid_t jail_uid(const struct jail *j, unsigned slot);

struct jail_spec {
	unsigned slot;
	int64_t memory_mb;	/* bounds a private /tmp, which lives in memory, too */
	const char *dir;	/* the sandbox's folder on the host, holding tmp/ and root/ */
	const char *code;	/* unpacked package on the host, or NULL */
	const char *ca;		/* a file of `dir` the function may read, or NULL */
	const char *cert;	/* shown as /etc/pki/tls/cert.pem in a private root, or NULL */
	/* as the sandbox sees them */
	const char *exe, *cwd;
	char *const *argv, *const *envp;
	int log_fd;		/* becomes stdout and stderr */
	int cgroup_fd;		/* cgroup.procs to join, or -1 */
};

/* Where things are for the process inside. */
const char *jail_path_task(const struct jail *j, const char *code);
const char *jail_path_tmp(const struct jail *j, const char *host);
const char *jail_path_runtimes(const struct jail *j);
const char *jail_path_rotators(const struct jail *j);
const char *jail_path_ca(const struct jail *j, const char *host);

/* Why the program never started, or how it ended; read from the descriptor jail_spawn gives. */
struct jail_failure {
	int step;		/* an enum of jail.c; jail_step_name */
	int error;		/* errno */
};
#define JAIL_STEP_EXEC 100	/* the program itself could not be executed */
#define JAIL_STEP_ENDED 101	/* no failure: it ended, and `error` is waitpid's status */
const char *jail_step_name(int step);

/* The process is its own session and process group; it ends when the function does. *out_status then
 * yields a struct jail_failure: the first of them counts. With none, the process's own status is the
 * function's. The caller closes it. */
MUST_CHECK bool jail_spawn(const struct jail *j, const struct jail_spec *s, pid_t *out_pid,
    int *out_status, struct err *e);
/* Ends every process of a sandbox's own user; nothing when users are shared. */
void jail_kill_user(const struct jail *j, unsigned slot);
