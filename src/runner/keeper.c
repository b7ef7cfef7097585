/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.c - the process between pawld and its runner. Forked before keys and threads exist, it is
 * what a new runner may be a copy of; it reads no byte from functions and none from pawld.
 *
 *	start a runner, hand it to pawld --runner ended--> end what it left, pause --> start ...
 *	any --pawld's end closed--> see the runner out, exit
 */
#include "runner/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "runner/cgroup.h"
#include "runner/procfs.h"
#include "runner/runner.h"

#define YOUNG_MS 1000
#define FIRST_PAUSE_MS 100
#define MOST_PAUSE_MS 5000
/* A runner without its socket kills its sandboxes and exits; then it is made to. */
#define EXIT_GRACE_MS 2000
/* What SIGKILL does not end in this time hangs in the kernel and is nobody's to wait for. */
#define ORPHANS_MS 2000

struct keeper {
	struct runner_config runner;
	int fd;			/* to pawld, which only ever closes it */
	int children;		/* signalfd: SIGCHLD */
	pid_t pid;		/* the runner; 0 = there is none */
	int status;		/* waitpid's, of the last one */
	unsigned young;		/* died young in a row */
};

int
keeper_pause_ms(int before_ms, int64_t lived_ms, unsigned young, int most_ms)
{
	int64_t next = before_ms == 0 ? FIRST_PAUSE_MS : (int64_t)before_ms * 2;

	if (lived_ms >= YOUNG_MS || young < 2)
		return 0;
	return next < most_ms ? (int)next : most_ms;
}

static void
reap(struct keeper *k)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != k->pid)
			continue;
		k->pid = 0;
		k->status = status;
	}
}

static void
take_signal(struct keeper *k)
{
	struct signalfd_siginfo ignored;

	if (read(k->children, &ignored, sizeof(ignored)) > 0)
		reap(k);
}

/* Sleeps until a child has ended or the time is over (-1 = never); false when pawld has closed. */
static bool
doze(struct keeper *k, int timeout_ms)
{
	struct pollfd p[] = { { k->fd, POLLIN, 0 }, { k->children, POLLIN, 0 } };

	if (poll(p, 2, timeout_ms) <= 0)
		return true;
	take_signal(k);
	return p[0].revents == 0;
}

/* The same without an eye on pawld. */
static void
await_child(struct keeper *k, int timeout_ms)
{
	struct pollfd p = { k->children, POLLIN, 0 };

	if (poll(&p, 1, timeout_ms) > 0)
		take_signal(k);
}

static bool
pause_for(struct keeper *k, int ms)
{
	int64_t end = monotonic_ms() + ms, now;

	do {
		now = monotonic_ms();
		if (!doze(k, now < end ? (int)(end - now) : 0))
			return false;
	} while (now < end);
	return true;
}

/* ---- what a runner leaves behind */

/* We are a subreaper, so what lost its runner is our child. */
static bool
kill_children(void)
{
	struct procfs_walk w;
	struct procfs_stat st;
	bool any = false;

	if (!procfs_open(&w))
		return false;
	while (procfs_next(&w, &st)) {
		if (st.parent != getpid())
			continue;
		any = true;
		kill(st.pid, SIGKILL);
	}
	procfs_close(&w);
	return any;
}

/* The next runner uses the same users, folders and groups: all of the last one goes first. The
 * children of what was killed become ours in turn. */
static void
end_orphans(struct keeper *k)
{
	int64_t end = monotonic_ms() + ORPHANS_MS;

	for (reap(k); kill_children() && monotonic_ms() < end;)
		await_child(k, 10);
	for (int i = 0; k->runner.cgroup != NULL && i < 2 * k->runner.sandboxes; i++)
		cgroup_end(k->runner.cgroup, (unsigned)i);
}

/* ---- life */

__attribute__((noreturn)) static void
leave(struct keeper *k)
{
	int64_t end = monotonic_ms() + EXIT_GRACE_MS;

	/* pawld closes its end of the runner's socket as well: it is leaving already. */
	while (k->pid > 0 && monotonic_ms() < end)
		await_child(k, (int)(end - monotonic_ms()));
	end_orphans(k);
	_exit(0);
}

/* False when none could be made. */
static bool
start_runner(struct keeper *k)
{
	struct err e;
	int fd;
	bool ok;

	if (!runner_fork(&k->runner, &k->pid, &fd, &e)) {
		log_err(LOG_ERR, "function runner", &e);
		return false;
	}
	ok = fdpass_send(k->fd, fd, k->pid, &e);
	close(fd);
	if (!ok)
		leave(k);
	return true;
}

static void
tell_end(const struct keeper *k, int pause_ms)
{
	const char *how = WIFSIGNALED(k->status) ? "signal" : "status";
	int number = WIFSIGNALED(k->status) ? WTERMSIG(k->status) : WEXITSTATUS(k->status);

	log_warn("the function runner ended (%s %d); another starts in %d ms", how, number,
	    pause_ms);
}

__attribute__((noreturn)) static void
keep(struct keeper *k)
{
	int most = k->runner.respawn_max_ms > 0 ? k->runner.respawn_max_ms : MOST_PAUSE_MS;
	int pause_ms = 0;

	for (;;) {
		int64_t born = monotonic_ms(), lived;
		bool started = start_runner(k);

		while (k->pid > 0) {
			if (!doze(k, -1))
				leave(k);
		}
		end_orphans(k);
		lived = monotonic_ms() - born;
		k->young = lived < YOUNG_MS ? k->young + 1 : 0;
		pause_ms = keeper_pause_ms(pause_ms, lived, k->young, most);
		/* A runner also ends because pawld is ending: then the socket is closed already. */
		if (!doze(k, 0))
			leave(k);
		if (started)
			tell_end(k, pause_ms);
		if (!pause_for(k, pause_ms))
			leave(k);
	}
}

__attribute__((noreturn)) static void
keeper_main(const struct runner_config *c, int fd)
{
	struct keeper k = { .runner = *c, .fd = fd };
	sigset_t child;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	/* As the runner: a stop is pawld's business. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child, NULL);
	setsid();
	prctl(PR_SET_NAME, "pawl-keeper");
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < c->close_count; i++)
		close(c->close_fds[i]);
	k.children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k.children < 0) {
		log_error("keeper: signalfd: %s", strerror(errno));
		_exit(1);
	}
	k.runner.cgroup = cgroup_new();
	k.runner.close_fds[0] = fd;
	k.runner.close_fds[1] = k.children;
	k.runner.close_count = 2;
	keep(&k);
}

bool
runner_keep(const struct runner_config *c, pid_t *out_keeper_pid, int *out_fd, struct err *e)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return err_sys(e, ERR_INTERNAL, "socketpair");
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		keeper_main(c, fds[1]);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return err_sys(e, ERR_INTERNAL, "fork of the runner's keeper");
	}
	*out_keeper_pid = pid;
	*out_fd = fds[0];
	return true;
}
