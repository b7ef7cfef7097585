/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner.c - the runner's process: one loop that reads calls from pawld, finds or starts a sandbox
 * for each, and writes the results back. Who runs where is decided here; how a sandbox lives is
 * sandbox.c's business.
 *
 * A call gets, in this order: a warm sandbox that fits; a new one, as long as the function and the
 * runner have room; a new one in place of a free sandbox; or FUNC_THROTTLED. Calls do not queue
 * here: pawld's rotation engine does that (spec/rotation.md 3.10).
 */
#include "runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"
#include "base/frame_runner.h"
#include "base/json.h"
#include "base/log.h"
#include "runner/cgroup.h"
#include "runner/invocation.h"
#include "runner/jail.h"
#include "runner/package.h"
#include "runner/package_cache.h"
#include "runner/procfs.h"
#include "runner/sandbox.h"

#define DEFAULT_CONCURRENCY 4
#define MAX_SANDBOXES 256
#define MEMORY_WATCH_MS 100
#define FOLDER_WAIT_MS 10000	/* for the runner before us to be gone */

struct runner {
	uv_loop_t loop;
	uv_pipe_t pipe;
	uv_signal_t child, orphaned;
	uv_timer_t memory;
	struct buf in;
	struct sandbox_host host;
	unsigned sandboxes_max;
	/* A sandbox that is ending keeps its slot (and so its user) until its last process is gone,
	 * hence more slots than sandboxes. */
	struct sandbox *slots[2 * MAX_SANDBOXES];
	unsigned slot_count;
};

/* ---- results */

struct sending {
	uv_write_t req;
	struct buf bytes;
};

static void
on_sent(uv_write_t *req, int status)
{
	struct sending *s = (struct sending *)req;

	(void)status;
	buf_free(&s->bytes);
	free(s);
}

static void
send_bytes(struct runner *r, struct buf *bytes)
{
	struct sending *s = xcalloc(1, sizeof(*s));
	uv_buf_t b = uv_buf_init(bytes->p, (unsigned)bytes->n);

	s->bytes = *bytes;
	*bytes = (struct buf)BUF_INIT;
	if (uv_write(&s->req, (uv_stream_t *)&r->pipe, &b, 1, on_sent) == 0)
		return;
	buf_free(&s->bytes);	/* the read side ends the process */
	free(s);
}

static void
on_result(void *arg, struct invocation *inv, const struct outcome *o)
{
	struct runner *r = arg;
	struct buf b = BUF_INIT;

	if (outcome_encode(&b, inv->call, o))
		send_bytes(r, &b);
	else
		log_error("the result of call %lld is longer than a frame", (long long)inv->call);
	buf_free(&b);
	invocation_free(inv);
}

static void
refuse(struct runner *r, struct invocation *inv, enum runner_outcome how, const char *type,
    const char *message)
{
	struct outcome o = outcome_error(inv, how, type, message);

	o.log_tail = STR_LIT("");
	on_result(r, inv, &o);
}

/* ---- who runs where */

struct room {
	unsigned function, all;			/* sandboxes that are not ending */
	struct sandbox *free_function, *free_any;	/* free longest */
};

static void
older(struct sandbox **oldest, struct sandbox *s)
{
	if (*oldest == NULL || sandbox_free_since(s) < sandbox_free_since(*oldest))
		*oldest = s;
}

static struct room
look_around(struct runner *r, struct str arn)
{
	struct room room = { 0 };

	for (unsigned i = 0; i < r->slot_count; i++) {
		struct sandbox *s = r->slots[i];
		bool same;

		if (s == NULL || sandbox_is_ending(s))
			continue;
		same = str_eq(sandbox_identity(s)->arn, arn);
		room.all++;
		room.function += same;
		if (!sandbox_is_free(s))
			continue;
		older(&room.free_any, s);
		if (same)
			older(&room.free_function, s);
	}
	return room;
}

static struct sandbox *
find_warm(struct runner *r, const struct invocation *inv)
{
	for (unsigned i = 0; i < r->slot_count; i++) {
		struct sandbox *s = r->slots[i];

		if (s != NULL && sandbox_is_free(s) && invocation_fits(sandbox_identity(s), inv))
			return s;
	}
	return NULL;
}

static bool
start_new(struct runner *r, struct invocation *inv)
{
	for (unsigned i = 0; i < r->slot_count; i++) {
		if (r->slots[i] != NULL)
			continue;
		r->slots[i] = sandbox_new(&r->host, i, inv);
		sandbox_start(r->slots[i]);
		return true;
	}
	return false;
}

/* Makes room by ending a free sandbox; false when none is free. */
static bool
make_room(const struct room *room, unsigned limit, unsigned limit_all)
{
	struct sandbox *victim = NULL;

	if (room->function >= limit)
		victim = room->free_function;
	else if (room->all >= limit_all)
		victim = room->free_any;
	else
		return true;
	if (victim != NULL)
		sandbox_retire(victim);
	return victim != NULL;
}

static void
run(struct runner *r, struct invocation *inv)
{
	struct sandbox *warm = find_warm(r, inv);
	unsigned limit = inv->concurrency > 0 ? (unsigned)inv->concurrency : DEFAULT_CONCURRENCY;
	struct room room;

	if (warm != NULL) {
		sandbox_give(warm, inv);
		return;
	}
	room = look_around(r, inv->arn);
	if (!make_room(&room, limit, r->sandboxes_max) || !start_new(r, inv))
		refuse(r, inv, RUN_THROTTLED, "TooManyRequestsException", "Rate Exceeded.");
}

static void
on_retry(void *arg, struct invocation *inv)
{
	run(arg, inv);
}

static void
on_gone(void *arg, struct sandbox *s)
{
	struct runner *r = arg;

	r->slots[sandbox_slot(s)] = NULL;
}

/* ---- messages */

static bool
on_invoke(struct runner *r, struct frame *f)
{
	struct err e;
	struct invocation *inv = invocation_decode(f, &e);

	if (inv == NULL) {
		log_err(LOG_ERR, "message", &e);
		return false;
	}
	if (invocation_check(inv, &e))
		run(r, inv);
	else
		refuse(r, inv, RUN_INVALID, err_type(e.code), e.msg);
	return true;
}

/* The function itself and every qualifier of it. */
static bool
is_of_function(struct str arn, struct str function)
{
	if (arn.n < function.n || memcmp(arn.p, function.p, function.n) != 0)
		return false;
	return arn.n == function.n || arn.p[function.n] == ':';
}

static void
on_retire(struct runner *r, struct frame *f)
{
	struct frame_field field;

	while (frame_next(f, &field)) {
		if (field.tag != TAG_ARN || field.value.n == 0)
			continue;
		for (unsigned i = 0; i < r->slot_count; i++) {
			struct sandbox *s = r->slots[i];

			if (s != NULL && is_of_function(sandbox_identity(s)->arn, field.value))
				sandbox_retire(s);
		}
	}
}

static bool
take_frames(struct runner *r)
{
	struct str in = buf_view(&r->in);
	enum frame_state state;
	struct frame f;

	while ((state = frame_take(&in, &f)) == FRAME_READY) {
		if (f.type == MSG_RETIRE)
			on_retire(r, &f);
		else if (f.type != MSG_INVOKE || !on_invoke(r, &f))
			return false;
	}
	if (state == FRAME_BAD)
		return false;
	frame_drop(&r->in, r->in.n - in.n);
	return true;
}

/* ---- processes */

static struct sandbox *
find_session(struct runner *r, pid_t session)
{
	for (unsigned i = 0; i < r->slot_count; i++) {
		if (r->slots[i] != NULL && sandbox_pid(r->slots[i]) == session)
			return r->slots[i];
	}
	return NULL;
}

/*
 * Ends processes that left their sandbox. The runner is a subreaper, so what lost its parent is
 * its child: one in no sandbox's session took a session of its own, and goes. One in the session
 * of a sandbox whose process has ended goes as well.
 */
static void
sweep(struct runner *r, pid_t ended)
{
	pid_t self = getpid(), own_session = getsid(0);
	struct procfs_walk w;
	struct procfs_stat st;

	if (!procfs_open(&w))
		return;
	while (procfs_next(&w, &st)) {
		bool strays = st.parent == self && st.session != own_session &&
		    find_session(r, st.session) == NULL;

		if (!st.is_zombie && (st.session == ended || strays))
			kill(st.pid, SIGKILL);
	}
	procfs_close(&w);
}

static void
on_package(struct runner *r, const char *sha256, bool ok, const struct err *e)
{
	for (unsigned i = 0; i < r->slot_count; i++) {
		if (r->slots[i] != NULL)
			sandbox_package(r->slots[i], str_of(sha256), ok, e);
	}
}

static void
on_child(uv_signal_t *h, int signal_no)
{
	struct runner *r = h->data;
	int status;
	pid_t pid;

	(void)signal_no;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct sandbox *s = find_session(r, pid);
		char sha256[65];
		struct err e;
		bool ok;

		if (package_cache_reaped(r->host.packages, pid, status, sha256, &ok, &e))
			on_package(r, sha256, ok, &e);
		if (s == NULL)
			continue;
		sweep(r, pid);
		sandbox_exited(s, status);
	}
}

/* One walk over all processes for all sandboxes. */
static void
on_memory(uv_timer_t *t)
{
	struct runner *r = t->data;
	int64_t sums[2 * MAX_SANDBOXES] = { 0 };
	bool any = false;
	struct procfs_walk w;
	struct procfs_stat st;

	for (unsigned i = 0; i < r->slot_count; i++)
		any = any || (r->slots[i] != NULL && sandbox_is_running(r->slots[i]));
	if (!any || !procfs_open(&w))
		return;
	while (procfs_next(&w, &st)) {
		for (unsigned i = 0; i < r->slot_count; i++) {
			struct sandbox *s = r->slots[i];
			pid_t above = s == NULL ? 0 : sandbox_above(s);

			if (s != NULL && sandbox_pid(s) == st.session && st.pid != above &&
			    (above == 0 || st.parent != above))
				sums[i] += procfs_own_memory(st.pid);
		}
	}
	procfs_close(&w);
	for (unsigned i = 0; i < r->slot_count; i++) {
		if (r->slots[i] != NULL && sandbox_is_running(r->slots[i]))
			sandbox_memory(r->slots[i], sums[i]);
	}
}

/* ---- life */

/* Nothing of a sandbox outlives the runner: by name here, and by PR_SET_PDEATHSIG when the runner
 * dies without coming here. */
static void
leave(struct runner *r)
{
	struct err e;
	AUTO_BUF b = BUF_INIT;

	for (unsigned i = 0; i < r->slot_count; i++) {
		struct sandbox *s = r->slots[i];

		if (s == NULL)
			continue;
		sandbox_kill(s);
		if (sandbox_pid(s) > 0)
			jail_kill_user(r->host.jail, i);
		if (r->host.cgroup != NULL)
			cgroup_end(r->host.cgroup, i);
	}
	buf_printf(&b, "%s/sandboxes", r->host.folder);
	if (!package_remove(b.p, &e))
		log_err(LOG_DEBUG, "sandboxes", &e);
	_exit(0);
}

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	struct runner *r = h->data;

	buf_reserve(&r->in, hint);
	*out = uv_buf_init(r->in.p + r->in.n, (unsigned)hint);
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct runner *r = s->data;

	(void)b;
	if (n < 0)
		leave(r);
	r->in.n += (size_t)n;
	if (take_frames(r))
		return;
	log_error("pawld and its runner do not understand each other");
	leave(r);
}

static void
on_orphaned(uv_signal_t *h, int signal_no)
{
	(void)signal_no;
	leave(h->data);
}

/* A new pawld may be started while the runner of one that was killed still ends its sandboxes and
 * removes their folders, by names that ours would have too. The lock belongs to the open file, which
 * what we fork shares, so it is free when the last process of that runner is gone. */
static bool
hold_folder(const struct runner_config *c, struct err *e)
{
	int64_t give_up = monotonic_ms() + FOLDER_WAIT_MS;
	const struct timespec moment = { 0, 5000000 };
	AUTO_BUF b = BUF_INIT;
	int fd;

	buf_printf(&b, "%s/lock", c->folder);
	fd = open(b.p, O_RDWR | O_CREAT | O_CLOEXEC, 0600);	/* stays open for our life */
	if (fd < 0)
		return err_sys(e, ERR_IO, "open %s", b.p);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK || monotonic_ms() > give_up)
			return err_sys(e, ERR_IO, "lock %s", b.p);
		nanosleep(&moment, NULL);
	}
	return true;
}

static bool
make_folders(const struct runner_config *c, struct err *e)
{
	AUTO_BUF b = BUF_INIT;
	struct err ignored;

	if (mkdir(c->folder, 0700) != 0 && errno != EEXIST)
		return err_sys(e, ERR_IO, "create %s", c->folder);
	if (!hold_folder(c, e))
		return false;
	buf_printf(&b, "%s/sandboxes", c->folder);
	if (!package_remove(b.p, &ignored))
		log_err(LOG_WARN, "left over", &ignored);
	if (mkdir(b.p, 0711) != 0 && errno != EEXIST)
		return err_sys(e, ERR_IO, "create %s", b.p);
	buf_reset(&b);
	buf_printf(&b, "%s/logs", c->folder);
	if (mkdir(b.p, 0700) != 0 && errno != EEXIST)
		return err_sys(e, ERR_IO, "create %s", b.p);
	return true;
}

static bool
make_host(struct runner *r, const struct runner_config *c, struct err *e)
{
	const struct jail_config jc = { c->folder, c->libexec, c->python, c->node };
	AUTO_BUF how = BUF_INIT;

	if (!make_folders(c, e))
		return false;
	r->host = (struct sandbox_host){ .loop = &r->loop, .folder = c->folder,
	    .libexec = c->libexec, .python = c->python, .node = c->node,
	    .keepalive_ms = c->keepalive_ms, .init_timeout_ms = c->init_timeout_ms,
	    .on_result = on_result, .on_retry = on_retry, .on_gone = on_gone, .arg = r };
	r->host.packages = package_cache_new(c->folder, e);
	if (r->host.packages == NULL)
		return false;
	r->host.jail = jail_new(&jc, e);
	if (r->host.jail == NULL)
		return false;
	r->host.cgroup = c->cgroup;
	jail_describe(r->host.jail, &how);
	log_info("functions run with " STR_FMT "%s", STR_ARG(buf_view(&how)),
	    r->host.cgroup != NULL ? ", control groups" :
	    ", memory watched from outside");
	if (!jail_hides_files(r->host.jail))
		log_warn("this kernel has neither Landlock nor namespaces for us: functions can read "
		    "what pawld's user can, its data folder included");
	return true;
}

static int
open_handles(struct runner *r, int fd)
{
	int e = uv_loop_init(&r->loop);

	if (e != 0)
		return e;
	uv_pipe_init(&r->loop, &r->pipe, 0);
	uv_signal_init(&r->loop, &r->child);
	uv_signal_init(&r->loop, &r->orphaned);
	uv_timer_init(&r->loop, &r->memory);
	r->pipe.data = r->child.data = r->orphaned.data = r->memory.data = r;
	if ((e = uv_pipe_open(&r->pipe, fd)) != 0 ||
	    (e = uv_signal_start(&r->child, on_child, SIGCHLD)) != 0 ||
	    (e = uv_signal_start(&r->orphaned, on_orphaned, SIGUSR1)) != 0 ||
	    (e = uv_timer_start(&r->memory, on_memory, MEMORY_WATCH_MS, MEMORY_WATCH_MS)) != 0)
		return e;
	return uv_read_start((uv_stream_t *)&r->pipe, on_alloc, on_read);
}

/* What was pawld's and is not the runner's: descriptors, the terminal, signal handlers. */
static void
become_runner(const struct runner_config *c, pid_t parent)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* Ctrl-C and a stop of the whole unit are for pawld, which lets what runs finish and then
	 * closes the socket. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i < c->close_count; i++)
		close(c->close_fds[i]);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	if (getppid() != parent)
		_exit(0);
	setsid();
	prctl(PR_SET_NAME, "pawl-runner");
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	umask(077);
}

__attribute__((noreturn)) static void
runner_main(const struct runner_config *c, int fd, pid_t parent)
{
	struct runner *r = xcalloc(1, sizeof(*r));
	unsigned n = c->sandboxes > 0 && c->sandboxes <= MAX_SANDBOXES ? (unsigned)c->sandboxes : 16;
	struct err e;
	int error;

	become_runner(c, parent);
	json_setup();
	r->sandboxes_max = n;
	r->slot_count = 2 * n;
	if (!make_host(r, c, &e)) {
		log_err(LOG_ERR, "runner", &e);
		_exit(1);
	}
	error = open_handles(r, fd);
	if (error != 0) {
		log_error("runner: %s", uv_strerror(error));
		_exit(1);
	}
	uv_run(&r->loop, UV_RUN_DEFAULT);
	leave(r);
	_exit(0);
}

bool
runner_fork(const struct runner_config *c, pid_t *out_pid, int *out_fd, struct err *e)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return err_sys(e, ERR_INTERNAL, "socketpair");
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		runner_main(c, fds[1], parent);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return err_sys(e, ERR_INTERNAL, "fork of the runner");
	}
	*out_pid = pid;
	*out_fd = fds[0];
	return true;
}
