/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "runner/api_listener.h"
#include "runner/env.h"
#include "runner/exit_text.h"
#include "runner/logfile.h"
#include "runner/logtail.h"
#include "runner/package.h"
#include "runner/procfs.h"

#define TERM_GRACE_MS 500
/* After a result the runtime asks for the next event at once; one that does not is stuck. */
#define SETTLE_MS 5000
/* What a process sent before it ended is still in sockets; this long it is waited for. */
#define DRAIN_STEP_MS 2
#define DRAIN_STEPS 50
#define LOG_CHUNK 65536
#define MIB (1024 * 1024)

enum sandbox_state { PREPARING, STARTING, BUSY, SETTLING, IDLE, ENDING };

struct sandbox {
	const struct sandbox_host *host;
	unsigned slot;
	enum sandbox_state state;
	struct invocation *identity;
	struct invocation *inv;		/* the call it has, if any */
	bool warm;			/* has served a call before this one */
	bool retired;			/* takes no further call */
	bool uses_package;
	char *dir;

	pid_t pid;			/* 0 before it was started and after it was reaped */
	pid_t session;			/* stays */
	int status_fd;
	int exit_status;
	int drain_steps;

	struct runtime_api *api;
	struct api_listener *listener;
	uv_pipe_t log;
	uv_timer_t timer;		/* of the state: init, deadline, settle, keep-alive, grace */
	int open_handles;		/* until the sandbox can be freed */
	struct logtail tail;
	struct logfile file;
	char chunk[LOG_CHUNK];

	int64_t free_since_ms;
	uint64_t started_ns, delivered_ns, init_ns;
	int64_t memory_bytes;		/* most of this call */
};

bool
sandbox_is_ending(const struct sandbox *s)
{
	return s->state == ENDING;
}

bool
sandbox_is_free(const struct sandbox *s)
{
	return (s->state == IDLE || s->state == SETTLING) && s->inv == NULL && s->pid > 0 &&
	    !s->retired;
}

int64_t
sandbox_free_since(const struct sandbox *s)
{
	return s->free_since_ms;
}

const struct invocation *
sandbox_identity(const struct sandbox *s)
{
	return s->identity;
}

unsigned
sandbox_slot(const struct sandbox *s)
{
	return s->slot;
}

pid_t
sandbox_pid(const struct sandbox *s)
{
	return s->session;
}

pid_t
sandbox_above(const struct sandbox *s)
{
	return jail_has_processes_above(s->host->jail) ? s->session : 0;
}

bool
sandbox_is_running(const struct sandbox *s)
{
	return s->pid > 0 && (s->state == STARTING || s->state == BUSY);
}

static int64_t
wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * SECOND_MS + ts.tv_nsec / 1000000;
}

static void on_timer(uv_timer_t *t);

static void
set_timer(struct sandbox *s, int64_t ms)
{
	uv_timer_start(&s->timer, on_timer, ms < 0 ? 0 : (uint64_t)ms, 0);
}

/* ---- output */

static void
on_masked(void *arg, struct str masked)
{
	struct sandbox *s = arg;

	logfile_add(&s->file, masked, wall_ms());
}

static void
take_output(struct sandbox *s, const char *p, size_t n)
{
	/* Between two calls there is nobody it belongs to, and no masks to look for. */
	if (s->inv != NULL)
		logtail_add(&s->tail, (struct str){ p, n });
}

/* What was printed before the answer is in the pipe by now; the loop may not have read it yet. */
static void
drain_output(struct sandbox *s)
{
	ssize_t n;
	int fd;

	if (uv_fileno((uv_handle_t *)&s->log, &fd) != 0)
		return;
	for (int i = 0; i < 64 && (n = read(fd, s->chunk, sizeof(s->chunk))) > 0; i++)
		take_output(s, s->chunk, (size_t)n);
}

static void
on_log_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	struct sandbox *s = h->data;

	(void)hint;
	*out = uv_buf_init(s->chunk, sizeof(s->chunk));
}

static void
on_log_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
	struct sandbox *s = h->data;

	if (n < 0)
		uv_read_stop(h);
	else
		take_output(s, b->base, (size_t)n);
}

__attribute__((format(printf, 2, 3))) static void
platform_line(struct sandbox *s, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0)
		take_output(s, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* ---- the end of a call */

static double
ms_since(uint64_t since_ns)
{
	return (double)(uv_hrtime() - since_ns) / 1e6;
}

static void
write_report(struct sandbox *s, double ms, int64_t billed_ms, int64_t memory_mb)
{
	struct invocation *inv = s->inv;

	if (!logtail_at_line_start(&s->tail))
		platform_line(s, "\n");
	platform_line(s, "END RequestId: " STR_FMT "\n", STR_ARG(inv->request_id));
	platform_line(s, "REPORT RequestId: " STR_FMT "\tDuration: %.2f ms\tBilled Duration: %lld ms"
	    "\tMemory Size: %lld MB\tMax Memory Used: %lld MB", STR_ARG(inv->request_id), ms,
	    (long long)billed_ms, (long long)inv->memory_mb, (long long)memory_mb);
	if (!s->warm && s->init_ns > 0)
		platform_line(s, "\tInit Duration: %.2f ms", (double)s->init_ns / 1e6);
	platform_line(s, "\n");
}

static void
mask_error(struct invocation *inv, struct outcome *o)
{
	struct str *texts[] = { &o->payload, &o->error_type, &o->error_message };

	if (o->outcome == RUN_OK || inv->mask_count == 0)
		return;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		AUTO_BUF b = BUF_INIT;

		mask_text(&b, *texts[i], inv->masks, inv->mask_count);
		*texts[i] = arena_str(inv->arena, buf_view(&b));
	}
}

static int64_t
peak_mb(struct sandbox *s)
{
	int64_t peak = s->host->cgroup != NULL ? cgroup_peak(s->host->cgroup, s->slot) : 0;

	if (s->pid > 0)
		sandbox_memory(s, procfs_session_memory(s->session, sandbox_above(s)));
	if (s->memory_bytes > peak)
		peak = s->memory_bytes;
	return (peak + MIB - 1) / MIB;
}

/* Gives the call back with what became of it. */
static void
finish(struct sandbox *s, struct outcome o)
{
	struct invocation *inv = s->inv;
	uint64_t since = s->delivered_ns != 0 ? s->delivered_ns : s->started_ns;
	double ms = since == 0 ? 0 : ms_since(since);

	drain_output(s);
	o.duration_ms = (int64_t)(ms + 0.5);
	o.billed_ms = (int64_t)ms + ((double)(int64_t)ms < ms);
	o.max_memory_mb = peak_mb(s);
	write_report(s, ms, o.billed_ms, o.max_memory_mb);
	o.log_tail = arena_str(inv->arena, logtail_end(&s->tail));
	mask_error(inv, &o);
	logtail_clear(&s->tail);
	logtail_set_masks(&s->tail, NULL, 0);
	s->inv = NULL;
	s->delivered_ns = 0;
	s->memory_bytes = 0;
	s->host->on_result(s->host->arg, inv, &o);
}

/* finish, with an error whose text starts as the platform's do. */
__attribute__((format(printf, 4, 5))) static void
finish_error(struct sandbox *s, enum runner_outcome how, const char *type, const char *fmt, ...)
{
	AUTO_BUF b = BUF_INIT;
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&b, "RequestId: " STR_FMT " Error: %s", STR_ARG(s->inv->request_id), text);
	finish(s, outcome_error(s->inv, how, type, b.p));
}

static void
hand_back(struct sandbox *s)
{
	struct invocation *inv = s->inv;

	logtail_clear(&s->tail);
	logtail_set_masks(&s->tail, NULL, 0);
	s->inv = NULL;
	s->host->on_retry(s->host->arg, inv);
}

/* ---- the end of the sandbox */

static void
kill_group(struct sandbox *s, int signal_no)
{
	if (s->session > 0)
		kill(-s->session, signal_no);
}

static void
remove_dir(const struct sandbox *s)
{
	struct err e;

	/* A tmp that a function filled may take long to remove: then another process does. In a
	 * private root it was a mount, and went with the last process. */
	if (jail_has_private_root(s->host->jail)) {
		if (!package_remove(s->dir, &e))
			log_err(LOG_WARN, "sandbox folder", &e);
		return;
	}
	if (fork() != 0)
		return;
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	if (!package_remove(s->dir, &e))
		log_err(LOG_WARN, "sandbox folder", &e);
	_exit(0);
}

static void
sandbox_free(struct sandbox *s)
{
	if (s->uses_package)
		package_cache_release(s->host->packages, s->identity->code_sha256);
	runtime_api_free(s->api);
	logtail_free(&s->tail);
	logfile_done(&s->file, wall_ms());
	invocation_free(s->identity);
	invocation_free(s->inv);
	if (s->status_fd >= 0)
		close(s->status_fd);
	explicit_bzero(s->chunk, sizeof(s->chunk));
	free(s->dir);
	free(s);
}

static void
one_closed(struct sandbox *s)
{
	if (--s->open_handles > 0)
		return;
	s->host->on_gone(s->host->arg, s);
	sandbox_free(s);
}

static void
on_handle_closed(uv_handle_t *h)
{
	one_closed(h->data);
}

static void
on_listener_closed(void *arg)
{
	one_closed(arg);
}

/* The process is reaped or never was: nothing but our own handles is left. */
static void
close_all(struct sandbox *s)
{
	if (s->session > 0) {
		jail_kill_user(s->host->jail, s->slot);
		if (s->host->cgroup != NULL)
			cgroup_end(s->host->cgroup, s->slot);
	}
	if (s->dir != NULL)
		remove_dir(s);
	uv_close((uv_handle_t *)&s->log, on_handle_closed);
	uv_close((uv_handle_t *)&s->timer, on_handle_closed);
	if (s->listener != NULL)
		api_listener_close(s->listener, on_listener_closed, s);
	else
		one_closed(s);
}

/* No more calls; the process is asked to go, or made to. */
static void
end(struct sandbox *s, bool gently)
{
	if (s->state == ENDING)
		return;
	s->state = ENDING;
	uv_timer_stop(&s->timer);
	if (s->pid <= 0) {
		close_all(s);
		return;
	}
	kill_group(s, gently ? SIGTERM : SIGKILL);
	if (gently)
		set_timer(s, TERM_GRACE_MS);
}

void
sandbox_kill(struct sandbox *s)
{
	kill_group(s, SIGKILL);
}

void
sandbox_retire(struct sandbox *s)
{
	s->retired = true;
	if (s->inv == NULL)
		end(s, true);
}

/* ---- exit */

/* True when the program never started; else its exit status is known afterwards. */
static bool
read_failure(struct sandbox *s, struct jail_failure *f)
{
	if (s->status_fd < 0 || read(s->status_fd, f, sizeof(*f)) != sizeof(*f))
		return false;
	if (f->step != JAIL_STEP_ENDED)
		return true;
	s->exit_status = f->error;
	return false;
}

static void
report_exec_failure(struct sandbox *s, const struct jail_failure *f)
{
	if (f->step == JAIL_STEP_EXEC)
		finish_error(s, RUN_INVALID, "Runtime.InvalidEntrypoint", "fork/exec: %s",
		    strerror(f->error));
	else
		finish_error(s, RUN_INVALID, "Runtime.Unknown",
		    "the sandbox could not be set up: %s: %s", jail_step_name(f->step),
		    strerror(f->error));
}

static void
report_exit(struct sandbox *s)
{
	char text[128];

	exit_text(s->exit_status, text, sizeof(text));
	if (s->state == STARTING)
		platform_line(s, "INIT_REPORT Init Duration: %.2f ms\tPhase: init\tStatus: error\t"
		    "Error Type: Runtime.ExitError\n", ms_since(s->started_ns));
	finish_error(s, RUN_ERROR, "Runtime.ExitError", "%s", text);
}

/* Everything the process sent has been read. */
static void
conclude(struct sandbox *s)
{
	struct jail_failure f;

	drain_output(s);
	if (s->inv != NULL && read_failure(s, &f))
		report_exec_failure(s, &f);
	else if (s->inv != NULL && s->state == SETTLING)
		hand_back(s);
	else if (s->inv != NULL)
		report_exit(s);
	s->state = ENDING;
	close_all(s);
}

void
sandbox_exited(struct sandbox *s, int status)
{
	s->pid = 0;
	s->exit_status = status;
	kill_group(s, SIGKILL);		/* what it left behind */
	s->drain_steps = DRAIN_STEPS;
	uv_timer_stop(&s->timer);
	set_timer(s, 0);
}

/* True when the loop still has bytes of the dead process to read. */
static bool
is_draining(struct sandbox *s)
{
	if (s->listener == NULL || s->state == ENDING)
		return false;
	return s->drain_steps-- > 0 && (s->drain_steps >= DRAIN_STEPS - 2 ||
	    api_listener_open(s->listener) > 0);
}

/* ---- timers */

static void
time_out(struct sandbox *s)
{
	char stamp[21];

	kill_group(s, SIGKILL);
	time_format_iso((int64_t)time(NULL), stamp);
	drain_output(s);
	platform_line(s, "%s " STR_FMT " Task timed out after %lld.00 seconds\n", stamp,
	    STR_ARG(s->inv->request_id), (long long)s->inv->timeout_s);
	finish_error(s, RUN_TIMEOUT, "Sandbox.Timedout", "Task timed out after %lld.00 seconds",
	    (long long)s->inv->timeout_s);
	end(s, false);
}

/* The first time the init runs again, in the call's own time; the second time that is up. */
static void
init_timed_out(struct sandbox *s)
{
	if (s->inv->second_init_ms != 0) {
		time_out(s);
		return;
	}
	s->inv->second_init_ms = monotonic_ms();
	hand_back(s);
	end(s, false);
}

static void
on_timer(uv_timer_t *t)
{
	struct sandbox *s = t->data;

	if (s->session > 0 && s->pid == 0) {
		if (is_draining(s))
			set_timer(s, DRAIN_STEP_MS);
		else
			conclude(s);
		return;
	}
	switch (s->state) {
	case STARTING:
		init_timed_out(s);
		break;
	case BUSY:
		time_out(s);
		break;
	case SETTLING:
		if (s->inv != NULL)
			hand_back(s);
		end(s, false);
		break;
	case IDLE:
		end(s, true);
		break;
	case ENDING:
		kill_group(s, SIGKILL);
		break;
	case PREPARING:
		break;
	}
}

/* ---- calls */

static void
random_hex(char *out, size_t bytes)
{
	uint8_t raw[32];

	/* Names of logs and traces; nothing relies on their secrecy. */
	if (getrandom(raw, bytes, 0) != (ssize_t)bytes)
		memset(raw, 0, sizeof(raw));
	hex_encode(raw, bytes, out);
	out[2 * bytes] = '\0';
}

static void
deliver(struct sandbox *s)
{
	struct invocation *inv = s->inv;
	int64_t left = inv->timeout_s * SECOND_MS;
	char root[25], parent[17];
	struct runtime_event ev = { .request_id = inv->request_id, .arn = inv->arn,
	    .client_context = inv->client_context, .payload = inv->payload };

	if (inv->second_init_ms != 0)
		left -= monotonic_ms() - inv->second_init_ms;
	random_hex(root, 12);
	random_hex(parent, 8);
	ev.trace_id = str_of(arena_printf(inv->arena, "Root=1-%08llx-%s;Parent=%s;Sampled=0",
	    (unsigned long long)(wall_ms() / SECOND_MS) & 0xffffffffULL, root, parent));
	ev.deadline_ms = wall_ms() + left;
	platform_line(s, "START RequestId: " STR_FMT " Version: " STR_FMT "\n",
	    STR_ARG(inv->request_id),
	    STR_ARG(inv->version.n > 0 ? inv->version : STR_LIT("$LATEST")));
	s->state = BUSY;
	s->delivered_ns = uv_hrtime();
	set_timer(s, left);
	runtime_api_deliver(s->api, &ev);
}

static void
on_ready(void *arg)
{
	struct sandbox *s = arg;

	if (s->state == ENDING || s->pid == 0)
		return;
	if (s->state == STARTING)
		s->init_ns = uv_hrtime() - s->started_ns;
	if (s->inv != NULL) {
		deliver(s);
		return;
	}
	s->state = IDLE;
	set_timer(s, s->host->keepalive_ms);
}

void
sandbox_give(struct sandbox *s, struct invocation *inv)
{
	s->inv = inv;
	s->warm = true;
	s->init_ns = 0;
	logtail_set_masks(&s->tail, inv->masks, inv->mask_count);
	if (s->state == IDLE)
		deliver(s);
	/* else the runtime is about to ask for it */
}

/* The state first: with the result out, the next call may be given at once. */
static void
finish_and_settle(struct sandbox *s, struct outcome o)
{
	s->state = SETTLING;
	s->free_since_ms = monotonic_ms();
	if (s->pid > 0)
		set_timer(s, SETTLE_MS);
	finish(s, o);
	if (s->retired && s->inv == NULL)
		end(s, true);
}

static void
on_response(void *arg, struct str body)
{
	struct sandbox *s = arg;

	if (s->state != BUSY)
		return;			/* it has just timed out */
	finish_and_settle(s, (struct outcome){ .outcome = RUN_OK,
	    .payload = arena_str(s->inv->arena, body), .error_type = STR_LIT(""),
	    .error_message = STR_LIT("") });
}

static void
on_error(void *arg, struct str type, struct str body)
{
	struct sandbox *s = arg;

	if (s->state == BUSY)
		finish_and_settle(s, outcome_from_runtime(s->inv, type, body));
}

static void
on_too_large(void *arg, uint64_t size)
{
	struct sandbox *s = arg;
	char text[128];

	if (s->state != BUSY)
		return;
	snprintf(text, sizeof(text), "Response payload size (%llu bytes) exceeded maximum allowed "
	    "payload size (%u bytes).", (unsigned long long)size, RUNTIME_MAX_RESULT);
	finish_and_settle(s, outcome_error(s->inv, RUN_ERROR, "Function.ResponseSizeTooLarge", text));
}

static void
on_init_error(void *arg, struct str type, struct str body)
{
	struct sandbox *s = arg;

	if (s->state != STARTING)
		return;
	platform_line(s, "INIT_REPORT Init Duration: %.2f ms\tPhase: init\tStatus: error\t"
	    "Error Type: " STR_FMT "\n", ms_since(s->started_ns), STR_ARG(type));
	finish(s, outcome_from_runtime(s->inv, type, body));
	end(s, true);
}

/* ---- start */

static bool
make_dir(struct sandbox *s, struct err *e)
{
	uid_t uid = jail_uid(s->host->jail, s->slot);
	AUTO_BUF b = BUF_INIT;

	buf_printf(&b, "%s/sandboxes/%u-%llx", s->host->folder, s->slot,
	    (unsigned long long)uv_hrtime());
	s->dir = xstrdup(b.p);
	if (mkdir(s->dir, 0711) != 0)
		return err_sys(e, ERR_IO, "create %s", s->dir);
	buf_reset(&b);
	buf_printf(&b, "%s/root", s->dir);
	if (mkdir(b.p, 0711) != 0)
		return err_sys(e, ERR_IO, "create %s", b.p);
	buf_reset(&b);
	buf_printf(&b, "%s/tmp", s->dir);
	if (mkdir(b.p, 0700) != 0 ||
	    (jail_has_own_users(s->host->jail) && chown(b.p, uid, uid) != 0))
		return err_sys(e, ERR_IO, "create %s", b.p);
	return true;
}

/* Adds a file to another. A certificate bundle is small; a huge one is not one. */
static bool
append_file(int out, const char *from)
{
	AUTO_FD in = open(from, O_RDONLY | O_CLOEXEC);
	char buf[16384];
	ssize_t n = 0;

	for (int i = 0; in >= 0 && i < 512 && (n = read(in, buf, sizeof(buf))) > 0; i++) {
		if (write(out, buf, (size_t)n) != n)
			return false;
	}
	return in >= 0 && n == 0;
}

static bool
concatenate(const char *to, const char *a, const char *b)
{
	AUTO_FD out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);

	/* The mode again: the runner's umask may have taken the others' bits. */
	return out >= 0 && fchmod(out, 0444) == 0 && append_file(out, a) &&
	    (b == NULL || append_file(out, b));
}

/* A copy, because the function's user need not be able to read where the bundle is kept. */
static bool
copy_certificates(struct sandbox *s, struct jail_spec *spec, struct err *e)
{
	static const char system_bundle[] = "/etc/ssl/certs/ca-certificates.crt";
	struct arena *a = s->inv->arena;
	const char *given = s->inv->ca_bundle.n > 0 ? arena_strz(a, s->inv->ca_bundle) : NULL;

	if (given != NULL) {
		spec->ca = arena_printf(a, "%s/ca.pem", s->dir);
		if (!concatenate(spec->ca, given, NULL))
			return err_sys(e, ERR_IO, "CA bundle '%s'", given);
	}
	if (jail_has_private_root(s->host->jail) && access(system_bundle, R_OK) == 0 &&
	    access("/etc/pki/tls", F_OK) != 0) {
		spec->cert = arena_printf(a, "%s/cert.pem", s->dir);
		if (!concatenate(spec->cert, system_bundle, given))
			return err_sys(e, ERR_IO, "%s", spec->cert);
	}
	return true;
}

/* The program and its arguments, as the sandbox sees them. *host is where to look for it first. */
static bool
choose_command(struct sandbox *s, struct jail_spec *spec, const char **host, struct err *e)
{
	struct arena *a = s->inv->arena;
	const struct sandbox_host *h = s->host;
	char **argv = arena_array(a, char *, 3);
	const char *interpreter = NULL, *script = NULL;

	switch (s->inv->runtime_kind) {
	case RUNTIME_PROVIDED:
		spec->exe = arena_printf(a, "%s/bootstrap", spec->cwd);
		*host = arena_printf(a, "%s/bootstrap", spec->code);
		break;
	case RUNTIME_BUILTIN:
		spec->exe = arena_printf(a, "%s/" STR_FMT, jail_path_rotators(h->jail),
		    STR_ARG(s->inv->builtin));
		*host = arena_printf(a, "%s/rotators/" STR_FMT, h->libexec, STR_ARG(s->inv->builtin));
		break;
	case RUNTIME_PYTHON:
		interpreter = h->python;
		script = "python/bootstrap.py";
		break;
	case RUNTIME_NODE:
		interpreter = h->node;
		script = "node/bootstrap.mjs";
		break;
	}
	if (interpreter != NULL && (access(interpreter, X_OK) != 0 ||
	    access(arena_printf(a, "%s/runtimes/%s", h->libexec, script), R_OK) != 0))
		interpreter = NULL;
	if (interpreter == NULL && spec->exe == NULL)
		return err_set(e, ERR_LAMBDA_PARAMETER, "Runtime " STR_FMT
		    " is not available on this server.", STR_ARG(s->inv->runtime));
	if (interpreter != NULL) {
		spec->exe = *host = interpreter;
		argv[1] = arena_printf(a, "%s/%s", jail_path_runtimes(h->jail), script);
	}
	argv[0] = arena_strdup(a, spec->exe);
	spec->argv = argv;
	return true;
}

static bool
open_log(struct sandbox *s, int *out_write, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_sys(e, ERR_INTERNAL, "pipe");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	if (uv_pipe_open(&s->log, fds[0]) != 0 ||
	    uv_read_start((uv_stream_t *)&s->log, on_log_alloc, on_log_read) != 0) {
		close(fds[1]);
		return err_internal(e, "the log pipe cannot be read");
	}
	*out_write = fds[1];
	return true;
}

static bool
open_api(struct sandbox *s, struct err *e)
{
	const struct runtime_hooks hooks = { on_ready, on_response, on_error, on_init_error,
		on_too_large, s };

	s->api = runtime_api_new(&hooks);
	s->listener = api_listener_new(s->host->loop, s->api, e);
	return s->listener != NULL;
}

static char **
build_env(struct sandbox *s, const struct jail_spec *spec)
{
	struct jail *jail = s->host->jail;
	struct arena *a = s->inv->arena;
	char stream[33];
	struct env_place place = {
		.task = spec->cwd,
		.tmp = jail_path_tmp(jail, arena_printf(a, "%s/tmp", s->dir)),
		.runtimes = jail_path_runtimes(jail),
		.ca = spec->ca == NULL ? NULL : jail_path_ca(jail, spec->ca),
		.port = api_listener_port(s->listener),
		.now_ms = wall_ms(),
		.stream_id = stream,
	};

	random_hex(stream, 16);
	return env_build(a, s->inv, &place);
}

static bool
spawn(struct sandbox *s, struct jail_spec *spec, struct err *e)
{
	struct cgroup *g = s->host->cgroup;
	bool ok;

	spec->envp = build_env(s, spec);
	if (g != NULL && (spec->cgroup_fd = cgroup_open(g, s->slot, s->inv->memory_mb)) < 0)
		return err_internal(e, "the control group of slot %u cannot be made", s->slot);
	ok = open_log(s, &spec->log_fd, e) &&
	    jail_spawn(s->host->jail, spec, &s->pid, &s->status_fd, e);
	if (spec->log_fd >= 0)
		close(spec->log_fd);
	if (spec->cgroup_fd >= 0)
		close(spec->cgroup_fd);
	if (!ok)
		return false;
	s->session = s->pid;
	api_listener_admit(s->listener, jail_uid(s->host->jail, s->slot),
	    jail_has_own_users(s->host->jail) ? 0 : s->session);
	return true;
}

/* The process, once its code is there. */
static bool
launch(struct sandbox *s, struct err *e)
{
	struct jail_spec spec = { .slot = s->slot, .memory_mb = s->inv->memory_mb, .cgroup_fd = -1,
	    .log_fd = -1 };
	const char *host = NULL;

	if (s->uses_package)
		spec.code = package_cache_path(s->host->packages, s->identity->code_sha256);
	spec.cwd = jail_path_task(s->host->jail, spec.code);
	if (!choose_command(s, &spec, &host, e))
		return false;
	if (access(host, X_OK) != 0)
		return err_set(e, ERR_LAMBDA_PARAMETER, "Couldn't find valid bootstrap(s): [%s]",
		    spec.exe);
	if (!make_dir(s, e))
		return false;
	spec.dir = s->dir;
	if (!copy_certificates(s, &spec, e) || !open_api(s, e))
		return false;
	s->started_ns = uv_hrtime();
	return spawn(s, &spec, e);
}

static void
launch_or_fail(struct sandbox *s)
{
	struct err e;

	if (launch(s, &e)) {
		s->state = STARTING;
		set_timer(s, s->inv->second_init_ms != 0 ? s->inv->timeout_s * SECOND_MS :
		    s->host->init_timeout_ms);
		return;
	}
	if (e.code == ERR_LAMBDA_PARAMETER) {
		finish_error(s, RUN_INVALID, "Runtime.InvalidEntrypoint", "%s", e.msg);
	} else {
		log_err(LOG_ERR, "sandbox", &e);
		finish_error(s, RUN_ERROR, "Runtime.Unknown", "the sandbox could not be started");
	}
	end(s, false);
}

static void
package_failed(struct sandbox *s, const struct err *e)
{
	if (e->code != ERR_LAMBDA_PARAMETER)
		log_err(LOG_ERR, "package", e);
	else
		log_warn("package of " STR_FMT ": %s", STR_ARG(s->identity->arn), e->detail);
	finish_error(s, RUN_INVALID, "InvalidZipFileException", "%s (%s)", e->msg, e->detail);
	end(s, false);
}

void
sandbox_package(struct sandbox *s, struct str sha256, bool ok, const struct err *e)
{
	if (s->state != PREPARING || !s->uses_package ||
	    !str_eq(sha256, s->identity->code_sha256))
		return;
	if (ok) {
		launch_or_fail(s);
		return;
	}
	s->uses_package = false;	/* a failed package is forgotten with its uses */
	package_failed(s, e);
}

void
sandbox_start(struct sandbox *s)
{
	enum package_state state;
	struct err e;

	if (s->inv->runtime_kind == RUNTIME_BUILTIN) {
		launch_or_fail(s);
		return;
	}
	state = package_cache_get(s->host->packages, s->inv->code_sha256, s->inv->code_path, &e);
	s->uses_package = state != PACKAGE_FAILED;
	if (state == PACKAGE_FAILED)
		package_failed(s, &e);
	else if (state == PACKAGE_READY)
		launch_or_fail(s);
}

struct sandbox *
sandbox_new(const struct sandbox_host *host, unsigned slot, struct invocation *inv)
{
	struct sandbox *s = xcalloc(1, sizeof(*s));

	s->host = host;
	s->slot = slot;
	s->inv = inv;
	s->identity = invocation_identity(inv);
	s->status_fd = -1;
	logfile_init(&s->file, host->folder, inv->account, inv->region, inv->name);
	s->tail.sink = on_masked;
	s->tail.arg = s;
	logtail_set_masks(&s->tail, inv->masks, inv->mask_count);
	uv_timer_init(host->loop, &s->timer);
	uv_pipe_init(host->loop, &s->log, 0);
	s->timer.data = s->log.data = s;
	s->open_handles = 3;		/* and the listener, or its absence */
	return s;
}

void
sandbox_memory(struct sandbox *s, int64_t bytes)
{
	if (bytes > s->memory_bytes)
		s->memory_bytes = bytes;
	if (s->host->cgroup == NULL && bytes > s->identity->memory_mb * MIB && s->pid > 0) {
		log_info("a sandbox of " STR_FMT " uses more than its %lld MB",
		    STR_ARG(s->identity->arn), (long long)s->identity->memory_mb);
		kill_group(s, SIGKILL);
	}
}
